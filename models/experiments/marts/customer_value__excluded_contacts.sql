{%- set reasons = [
    "missing_customer", "missing_campaign", "invalid_timestamp", "future_dated",
    "unknown_customer", "duplicate_contact", "kept", "total",
] %}
with

contacts as (

    select
        response_value,
        cost,
        coalesce(exclusion_reason, 'kept') as exclusion_reason
    from {{ ref("int_customer_value__campaign_contacts") }}

),

reasons as (
    {% for reason in reasons %}
        select
            '{{ reason }}' as exclusion_reason,
            {{ loop.index }} as reason_order
        {{ "union all" if not loop.last }}
    {% endfor %}
),

by_reason as (

    select
        exclusion_reason,
        count(*) as contact_count,
        sum(response_value) as response_value,
        sum(cost) as cost
    from contacts
    group by exclusion_reason

),

totals as (

    select
        exclusion_reason,
        contact_count,
        response_value,
        cost
    from by_reason
    union all
    select
        'total' as exclusion_reason,
        sum(contact_count) as contact_count,
        sum(response_value) as response_value,
        sum(cost) as cost
    from by_reason

),

excluded_contacts as (

    select
        ---------- strings
        cast(reasons.exclusion_reason as {{ dbt.type_string() }}) as exclusion_reason,

        ---------- numerics
        cast(reasons.reason_order as {{ dbt.type_int() }}) as reason_order,
        cast(coalesce(totals.contact_count, 0) as {{ dbt.type_bigint() }})
            as contact_count,
        cast(coalesce(totals.response_value, 0) as {{ type_money() }})
            as response_value,
        cast(coalesce(totals.cost, 0) as {{ type_money() }}) as cost
    from reasons
    left join totals on reasons.exclusion_reason = totals.exclusion_reason

)

select * from excluded_contacts
