{{ config(enabled=is_on("decisions")) }}
{% call where_built() %}
-- Each service activity that counts has a rate, so that none is free by mistake.
with

service_activities as (

    select distinct activity
    from {{ ref("int_customer_value__service_activities") }}
    where exclusion_reason is null

),

service_rates as (

    select lower(trim(cost_name)) as activity
    from {{ ref("customer_value__cost_rates") }}
    where driver = 'service' and cost_name is not null

)

select
    concat(
        'The input service_activities has the activity ',
        activity,
        ', and the seed cost_rates has no rate with the driver service for it: ',
        'add one, 0 if it costs nothing.'
    ) as sentence
from service_activities
where lower(activity) not in (select service_rates.activity from service_rates)
{% endcall %}
