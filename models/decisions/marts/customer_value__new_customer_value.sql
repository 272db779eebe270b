{#- So many customers, or purchases, of everybody's kind are added to what is seen of a
    channel, so that a small one is not taken at its word. -#}
{%- set usual_count = 10 -%}
with

customer_totals as (

    select
        customer_id,
        purchase_day_count,
        paid_repeat_count,
        cast(repeat_spend as {{ type_double() }}) as repeat_spend,
        {{ month_start("first_purchase_date") }} as cohort_start_date
    from {{ ref("int_customer_value__customer_totals") }}

),

first_purchases as (

    select
        customer_id,
        cast(spend as {{ type_double() }}) as first_value
    from {{ ref("int_customer_value__purchase_days") }}
    where purchase_number = 1

),

channels as (

    select
        customer_id,
        attribute_value as channel
    from {{ ref("int_customer_value__customer_attributes") }}
    where is_customer and attribute = 'channel'

),

forecasts as (

    select
        model,
        purchases_if_alive,
        discounted_purchases_if_alive
    from {{ ref("score_customer_value__forecasts") }}
    where
        as_of_role = 'current'
        and model = '{{ model_in_use() }}'
        and repeat_count = 0
        and customer_age_days = 0
        and month_ahead = 0
        and from_day = 0
        and to_day = {{ var("horizon_days") }}

),

parameters as (

    select
        {{ newcomer_columns() }}
    from {{ ref("int_customer_value__forecast_parameters") }}
    where as_of_role = 'current' and model = '{{ model_in_use() }}'

),

alive as (

    select
        model,
        {{ probability_alive() }} as probability_alive
    from parameters

),

-- What the purchase model expects of somebody of whom nothing but the first purchase is
-- known; in the MBG/NBD some have left right after it.
newcomers as (

    select
        alive.probability_alive * forecasts.purchases_if_alive as repeat_purchases,
        alive.probability_alive
        * forecasts.discounted_purchases_if_alive as discounted_purchases
    from forecasts
    inner join alive on forecasts.model = alive.model

),

-- Whoever comes has no days of their own yet: the margin is that of all.
margins as (

    select max(mean_margin) as mean_margin
    from {{ ref("int_customer_value__forecast_rows") }}
    where forecast_role = 'current' and date_number = 0

),

customers as (

    select
        customer_totals.customer_id,
        customer_totals.cohort_start_date,
        customer_totals.purchase_day_count - 1 as repeat_count,
        customer_totals.paid_repeat_count,
        coalesce(customer_totals.repeat_spend, 0) as repeat_spend,
        first_purchases.first_value,
        channels.channel
    from customer_totals
    inner join first_purchases
        on customer_totals.customer_id = first_purchases.customer_id
    left join channels on customer_totals.customer_id = channels.customer_id

),

-- Who came at the same time had the same time to come back.
cohorts as (

    select
        cohort_start_date,
        cast(sum(repeat_count) as {{ type_double() }})
        / count(*) as repeats_per_customer
    from customers
    group by cohort_start_date

),

grouped as (
    {% for grouping, name, condition in [
        ("all", "'all'", "1 = 1"),
        ("channel", "customers.channel", "customers.channel is not null"),
    ] %}
        select
            '{{ grouping }}' as grouping_name,
            {{ name }} as group_name,
            count(*) as customer_count,
            {{ exact_sum("customers.first_value") }} as first_value,
            {{ exact_sum("customers.repeat_spend") }} as repeat_spend,
            sum(customers.paid_repeat_count) as paid_repeat_count,
            sum(customers.repeat_count) as repeat_count,
            {{ exact_sum("cohorts.repeats_per_customer") }} as usual_repeat_count
        from customers
        inner join cohorts on customers.cohort_start_date = cohorts.cohort_start_date
        where {{ condition }}
        {{- " group by customers.channel" if grouping == "channel" }}
        {{ "union all" if not loop.last }}
    {% endfor %}
),

everybody as (

    select
        first_value / customer_count as first_value,
        coalesce(
            repeat_spend / nullif(paid_repeat_count, 0), first_value / customer_count
        ) as repeat_value
    from grouped
    where grouping_name = 'all' and customer_count > 0

),

expected as (

    select
        grouped.grouping_name,
        grouped.group_name,
        grouped.customer_count,
        (grouped.first_value + {{ usual_count }} * everybody.first_value)
        / (grouped.customer_count + {{ usual_count }}) as first_order_value,
        (grouped.repeat_spend + {{ usual_count }} * everybody.repeat_value)
        / (grouped.paid_repeat_count + {{ usual_count }}) as repeat_purchase_value,
        (grouped.repeat_count + {{ usual_count }})
        / (grouped.usual_repeat_count + {{ usual_count }}) as repeat_factor,
        newcomers.repeat_purchases,
        newcomers.discounted_purchases,
        margins.mean_margin
    from grouped
    cross join everybody
    cross join newcomers
    cross join margins

),

new_customer_value as (

    select
        ---------- strings
        cast(grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(group_name as {{ dbt.type_string() }}) as group_name,

        ---------- numerics
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(first_order_value as {{ type_double() }}) as first_order_value,
        cast(repeat_factor * repeat_purchases as {{ type_double() }})
            as expected_repeat_purchases_365d,
        cast(repeat_purchase_value as {{ type_double() }}) as repeat_purchase_value,
        cast(
            (
                first_order_value
                + repeat_factor * discounted_purchases * repeat_purchase_value
            ) * mean_margin as {{ type_double() }}
        ) as new_customer_value_365d
    from expected

)

select * from new_customer_value
