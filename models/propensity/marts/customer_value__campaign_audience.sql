with

scores as (

    select
        target,
        customer_id,
        probability
    from {{ ref("int_customer_value__propensity_scores") }}
    where fold = 'current'

),

customers as (

    select
        customer_id,
        cast(expected_purchase_value as {{ type_double() }}) as expected_purchase_value
    from {{ ref("customer_value__customers") }}

),

contacts as (

    select cast(response_value as {{ type_double() }}) as response_value
    from {{ ref("int_customer_value__campaign_contacts") }}
    where exclusion_reason is null and is_responded and response_value is not null

),

-- By the response where that could be learned, otherwise by the purchase.
targets as (

    select max(target) as target
    from scores

),

response_values as (

    select
        {{ exact_sum("response_value") }}
        / nullif(count(*), 0) as mean_response_value
    from contacts

),

valued as (

    select
        scores.target,
        scores.customer_id,
        scores.probability,
        scores.probability
        * {{ var("gross_margin") }}
        * case
            when
                scores.target = 'response'
                and response_values.mean_response_value is not null
                then response_values.mean_response_value
            else customers.expected_purchase_value
        end as expected_margin
    from scores
    inner join targets on scores.target = targets.target
    inner join customers on scores.customer_id = customers.customer_id
    cross join response_values

),

ranked as (

    select
        *,
        row_number() over (
            order by expected_margin desc, probability desc, customer_id asc
        ) as audience_rank,
        cast(
            sum(cast(probability as {{ type_decimal(38, 12) }})) over ()
            as {{ type_double() }}
        ) / count(*) over () as mean_probability
    from valued

),

chosen as (

    select
        *,
        cast(
            sum(cast(probability as {{ type_decimal(38, 12) }})) over (
                order by audience_rank
                rows between unbounded preceding and current row
            ) as {{ type_double() }}
        ) as cumulative_probability
    from ranked
    where
        audience_rank * {{ var("contact_cost") }} <= {{ var("campaign_budget") }}
        and expected_margin >= {{ var("contact_cost") }}

),

campaign_audience as (

    select
        ---------- ids
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(target as {{ dbt.type_string() }}) as target,

        ---------- numerics
        cast(audience_rank as {{ dbt.type_bigint() }}) as audience_rank,
        cast(probability as {{ type_double() }}) as probability,
        cast(expected_margin as {{ type_double() }}) as expected_margin,
        cast(audience_rank * {{ var("contact_cost") }} as {{ type_money() }})
            as cumulative_cost,
        cast(cumulative_probability as {{ type_double() }})
            as expected_response_total,
        cast(
            cumulative_probability / nullif(audience_rank * mean_probability, 0)
            as {{ type_double() }}
        ) as lift_over_random
    from chosen

)

select * from campaign_audience
