{{ config(enabled=is_on("events")) }}
{% call where_built() %}
-- Every row of the events and the trials as they came is kept or excluded.
with

came as (

    select
        'events' as input,
        count(*) as row_count
    from {{ ref("stg_customer_value__events") }}
    union all
    select
        'trials' as input,
        count(*) as row_count
    from {{ ref("stg_customer_value__trials") }}

),

accounted as (

    select
        input,
        sum(row_count) as row_count
    from {{ ref("int_customer_value__event_rows") }}
    group by input

)

select
    came.input,
    came.row_count,
    accounted.row_count as accounted_row_count
from came
left join accounted on came.input = accounted.input
where came.row_count != coalesce(accounted.row_count, 0)
{% endcall %}
