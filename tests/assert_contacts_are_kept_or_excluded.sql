{{ config(enabled=looks_back()) }}
{% call where_built() %}
-- Every row of the contacts as they came is kept or excluded, in rows and in money.
with

contacts as (

    select
        response_value,
        cost
    from {{ ref("stg_customer_value__campaign_contacts") }}

),

reasons as (

    select
        exclusion_reason,
        row_count,
        amount,
        cost
    from {{ ref("customer_value__excluded_rows") }}
    where input = 'campaign_contacts'

),

came as (

    select
        count(*) as contact_count,
        coalesce(sum(response_value), 0) as response_value,
        coalesce(sum(cost), 0) as cost
    from contacts

),

accounted as (

    select
        sum(row_count) as contact_count,
        sum(amount) as response_value,
        sum(cost) as cost
    from reasons
    where exclusion_reason != 'total'

)

select
    came.contact_count,
    accounted.contact_count as accounted_contact_count
from came
cross join accounted
where
    came.contact_count != accounted.contact_count
    or came.response_value != accounted.response_value
    or came.cost != accounted.cost
{% endcall %}
