{%- set tiers = {
    "VIP": "the top " ~ percent_text(var("vip_share")) ~ " by lifetime value",
    "High": "the next, up to " ~ percent_text(var("high_share")),
    "Medium": "the next, up to " ~ percent_text(var("medium_share")),
    "Low": "the rest, and whoever is expected to bring nothing",
} -%}
with

customers as (

    select
        customer_id,
        value_tier,
        order_count,
        net_revenue,
        recency_days,
        lifetime_value_365d
    from {{ ref("customer_value__customers") }}

),

tiers as (
    {% for tier, meaning in tiers.items() %}
        select
            '{{ tier }}' as value_tier,
            '{{ meaning }}' as meaning,
            {{ loop.index }} as tier_order
        {{ "union all" if not loop.last }}
    {% endfor %}
),

customers_by_tier as (

    select
        tiers.value_tier,
        tiers.meaning,
        tiers.tier_order,
        customers.customer_id,
        customers.order_count,
        customers.net_revenue,
        customers.recency_days,
        customers.lifetime_value_365d
    from tiers
    left join customers on tiers.value_tier = customers.value_tier

),

profiles as (

    select
        value_tier,
        meaning,
        tier_order,
        {{ customer_profile_columns() }}
    from customers_by_tier
    group by value_tier, meaning, tier_order

),

value_tier_profile as (

    select
        ---------- strings
        cast(value_tier as {{ dbt.type_string() }}) as value_tier,
        cast(meaning as {{ dbt.type_string() }}) as meaning,

        ---------- numerics
        cast(tier_order as {{ dbt.type_int() }}) as tier_order,
        {{ customer_profile_measures() }}
    from profiles

)

select * from value_tier_profile
