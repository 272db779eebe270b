{# What a paid day counts for the mean spend and the margin of its customer: its spend up to the cap,
   and a share within -1 and 1 where its cost is known. Of a day that is none, null. #}
{% macro forecast_state_paid_columns(days, caps) -%}
    case
        when {{ days }}.is_paid
            then
                least(
                    cast({{ days }}.net_amount as {{ type_double() }}),
                    {{ caps }}.spend_cap
                )
    end as paid_value,
    case
        when {{ days }}.is_paid and {{ days }}.net_cost is not null
            then
                greatest(
                    1 - cast({{ days }}.net_cost as {{ type_double() }})
                    / cast({{ days }}.net_amount as {{ type_double() }}),
                    -1
                )
    end as paid_margin
{%- endmacro %}


{# How often a customer bought in the last quarter and half of the window and in all of it, and for how
   much, from the days that `is_counted` names, which lie `days_ago` before the date. #}
{% macro forecast_state_windows(is_counted, days_ago) -%}
    {% for name, divisor in [("quarter", 4), ("half", 2), ("whole", 1)] -%}
        count(
            case
                when
                    {{ is_counted }}
                    and {{ divisor }} * {{ days_ago }} < window_days
                    then 1
            end
        ) as {{ name }}_window_purchases,
    {% endfor -%}
    sum(
        case
            when {{ is_counted }} and {{ days_ago }} < window_days then net_amount
            else 0
        end
    ) as window_spend
{%- endmacro %}


{# What a forecast takes from a customer's days up to a date: from the sums of them in `states`, and
   the spend model of all customers in `modelled_dates`. #}
{% macro forecast_state_columns() -%}
    states.purchase_day_count,
    states.purchase_day_count - 1 as repeat_count,
    states.paid_repeat_count,
    states.net_revenue,
    cast(states.repeat_spend as {{ type_double() }})
    / nullif(states.paid_repeat_count, 0) as mean_repeat_value,
    {{ date_diff_days("states.last_purchase_date", "modelled_dates.as_of_date") }}
        as recency_days,
    {{ date_diff_days("states.first_purchase_date", "states.last_purchase_date") }}
        as last_purchase_age_days,
    {{ date_diff_days("states.first_purchase_date", "modelled_dates.as_of_date") }}
        as customer_age_days,
    states.paid_count,
    coalesce(
        states.paid_spend / nullif(states.paid_count, 0), modelled_dates.mean_value, 0
    ) as mean_paid_value,
    coalesce(
        (
            coalesce(states.paid_spend, 0)
            + modelled_dates.spend_shrinkage * modelled_dates.mean_value
        )
        / (states.paid_count + modelled_dates.spend_shrinkage),
        0
    ) as shrunk_purchase_value,
    modelled_dates.spend_shrinkage,
    modelled_dates.within_spend_variance,
    -- Shrunk as the spend is: the margin of all counts as so many own days.
    case
        when states.costed_count > 0
            then
                (
                    states.costed_count
                    * cast(states.contribution as {{ type_double() }})
                    / cast(states.costed_amount as {{ type_double() }})
                    + modelled_dates.margin_shrinkage * modelled_dates.mean_margin
                )
                / (states.costed_count + modelled_dates.margin_shrinkage)
        else modelled_dates.mean_margin
    end as margin_share,
    modelled_dates.mean_margin,
    states.quarter_window_purchases,
    states.half_window_purchases,
    states.whole_window_purchases,
    states.window_spend
{%- endmacro %}
