{{ config(enabled=is_on("events"), severity="warn") }}
{% call where_built() %}
-- An event that comes later than the runs look back waits for a full refresh.
with

came as (

    select count(*) as row_count
    from {{ ref("stg_customer_value__events") }}

),

accounted as (

    select count(*) as row_count
    from {{ ref("int_customer_value__events_classified") }}

)

select
    concat(
        {{ number_text("came.row_count - accounted.row_count", 0) }},
        ' events came later than the var event_lookback_days looks back and are ',
        'in no table yet: dbt build --full-refresh --select ',
        'int_customer_value__events_classified+ reads all events.'
    ) as sentence
from came
cross join accounted
where came.row_count > accounted.row_count
{% endcall %}
