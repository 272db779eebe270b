{%- set cap = var("spend_cap_percentile") %}
with

snapshots as (

    select
        customer_id,
        paid_repeat_count,
        mean_repeat_value,
        as_of_date
    from {{ ref("int_customer_snapshots") }}
    where (is_current or is_calibration) and paid_repeat_count > 0

),

populations as (

    select
        as_of_role,
        as_of_date,
        customer_count
    from {{ ref("int_fit_populations") }}

),

spenders as (

    select
        populations.as_of_role,
        snapshots.paid_repeat_count,
        snapshots.mean_repeat_value
    from snapshots
    inner join populations on snapshots.as_of_date = populations.as_of_date
    where {{ in_fit_sample("snapshots.customer_id", "populations.customer_count") }}

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
