{%- set cap = var("spend_cap_percentile") %}
with

spenders as (

    select
        as_of_role,
        paid_repeat_count,
        mean_repeat_value
    from {{ ref("int_customer_value__customer_sample") }}
    where paid_repeat_count > 0
    {% if is_on("validation") -%}
        union all
        select
            as_of_role,
            paid_repeat_count,
            mean_repeat_value
        from {{ ref("int_customer_value__forecast_rows") }}
        where
            date_number = 0
            and is_fitted
            and as_of_role not in ('current', 'calibration')
            and paid_repeat_count > 0
    {%- endif %}

),

caps as (

    select
        as_of_role,
        {% if cap < 100 -%}
            {{ percentile("mean_repeat_value", cap / 100) }} as spend_cap
        {%- else -%}
            max(mean_repeat_value) as spend_cap
        {%- endif %}
    from spenders
    group by as_of_role

),

-- The fit sees capped values, so that one huge order does not set everyone's mean; the
-- scores use the real ones.
patterns as (

    select
        spenders.as_of_role,
        spenders.paid_repeat_count,
        least(spenders.mean_repeat_value, caps.spend_cap) as mean_repeat_value,
        count(*) as customer_count
    from spenders
    inner join caps on spenders.as_of_role = caps.as_of_role
    group by
        spenders.as_of_role,
        spenders.paid_repeat_count,
        least(spenders.mean_repeat_value, caps.spend_cap)

)

select * from patterns
