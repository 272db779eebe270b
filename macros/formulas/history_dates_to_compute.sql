{# The dates of the history that a model which keeps its rows from run to run has to compute,
   out of a CTE `history_dates`: new ones, and those whose fingerprint is no longer the stored
   one. Where a limit is set, a date further back keeps what it said, unless it has become the
   first one. #}
{% macro history_dates_to_compute() -%}
    select
        history_dates.as_of_date,
        history_dates.previous_date,
        history_dates.fingerprint
    from history_dates
    {%- if is_incremental() %}
    left join (
        select
            as_of_date,
            max(fingerprint) as fingerprint
        from {{ this }}
        group by as_of_date
    ) as stored_dates on history_dates.as_of_date = stored_dates.as_of_date
    where
        stored_dates.as_of_date is null
        or (
            stored_dates.fingerprint != history_dates.fingerprint
            and {{ may_change("history_dates.") }}
        )
    {%- endif %}
{%- endmacro %}


{# Whether what is stored of a date of the history may be replaced. #}
{% macro may_change(prefix="") -%}
    {%- set late_arrival_days = var("late_arrival_days") -%}
    {%- if late_arrival_days in ["", none] -%}
    true
    {%- else -%}
    (
        {{ prefix }}days_before_current <= {{ late_arrival_days }}
        or {{ prefix }}previous_date is null
    )
    {%- endif -%}
{%- endmacro %}
