{# Forecasts, of a table with their date, horizon and first_purchase_date, and their window: as long
   as what is foreseen, but at most a third of the history. #}
{% macro with_forecast_windows(forecasts) -%}
    select
        *,
        cast(least(horizon_days, floor(observed_days / 3.0)) as integer) as window_days
    from (
        select
            *,
            {{ customer_value.date_diff_days("first_purchase_date", "as_of_date") }} + 1
                as observed_days
        from {{ forecasts }}
    ) as observed
{%- endmacro %}


{# The internal dates of forecasts with windows: 1, 1.5, 2 and 2.5 windows before the forecast's own
   date, where as long a history is left. A window of one day has no halves: the dates are distinct. #}
{% macro internal_dates(forecasts) -%}
    select *
    from (
        {%- for number, multiple in [(1, 1.0), (2, 1.5), (3, 2.0), (4, 2.5)] %}
            select
                forecast_role,
                {{ number }} as date_number,
                concat(forecast_role, '_{{ number }}') as as_of_role,
                window_days,
                first_purchase_date,
                {{ customer_value.date_add_days(
                    "as_of_date",
                    "-1 * cast(floor(" ~ multiple ~ " * window_days) as integer)"
                ) }} as as_of_date
            from {{ forecasts }}
            where
                window_days >= {{ 1 if multiple == multiple | int else 2 }}
                and observed_days - floor({{ multiple }} * window_days) >= window_days
            {{ "union all" if not loop.last }}
        {%- endfor %}
    ) as dates_before
{%- endmacro %}
