{%- set campaign = quoted_text(var("campaign_experiment")) -%}
{%- set response_value = var("response_value") -%}
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
        cast(expected_purchase_value as {{ type_double() }}) as expected_purchase_value,
        margin_share
    from {{ ref("customer_value__customers") }}

),

contacts as (

    select cast(response_value as {{ type_double() }}) as response_value
    from {{ ref("int_customer_value__campaign_contacts") }}
    where exclusion_reason is null and is_responded and response_value is not null

),

planned_experiments as (
    {% if is_on("experiments") %}
        select
            experiment,
            salt,
            control_share
        from {{ ref("int_customer_value__planned_experiments") }}
    {% else %}
        select
            {{ campaign }} as experiment,
            {{ campaign }} as salt,
            cast({{ var("control_share") }} as {{ type_double() }}) as control_share
    {% endif %}
),

-- The experiment of this campaign draws its control from the audience; whoever another
-- one holds out is not in it.
campaign_plans as (

    select
        coalesce(
            max(case when experiment = {{ campaign }} then salt end), {{ campaign }}
        ) as salt,
        coalesce(
            max(case when experiment = {{ campaign }} then control_share end),
            {{ var("control_share") }}
        ) as control_share
    from planned_experiments

),

held_out_elsewhere as (

    select distinct customers.customer_id
    from customers
    cross join planned_experiments
    where
        planned_experiments.experiment != {{ campaign }}
        and {{ assigned_variant(
            "planned_experiments.salt",
            "customers.customer_id",
            "planned_experiments.control_share"
        ) }} = {{ quoted_text(var("control_variant")) }}

),

-- By the response where that could be learned, otherwise by the purchase.
targets as (

    select max(case when target in ('purchase', 'response') then target end) as target
    from scores

),

response_values as (

    select
        {% if response_value not in ["", none] %}
            max(cast({{ response_value }} as {{ type_double() }}))
        {% else %}
            {{ exact_sum("response_value") }} / nullif(count(*), 0)
        {% endif %} as mean_response_value
    from {{ "targets" if response_value not in ["", none] else "contacts" }}

),

-- A response is worth what the var or the contacts say; where they do not, nobody
-- knows.
-- A purchase is worth what it is expected to bring.
valued as (

    select
        scores.target,
        scores.customer_id,
        scores.probability,
        {{ assigned_variant(
            "campaign_plans.salt", "scores.customer_id", "campaign_plans.control_share"
        ) }} as variant,
        scores.probability
        * customers.margin_share
        * case
            when scores.target = 'response' then response_values.mean_response_value
            else customers.expected_purchase_value
        end as expected_margin
    from scores
    inner join targets on scores.target = targets.target
    inner join customers on scores.customer_id = customers.customer_id
    cross join response_values
    cross join campaign_plans
    left join held_out_elsewhere
        on scores.customer_id = held_out_elsewhere.customer_id
    where held_out_elsewhere.customer_id is null

),

ranked as (

    select
        *,
        case when variant = {{ quoted_text(var("control_variant")) }} then 0 else 1 end
            as contact_count,
        row_number() over (
            order by
                expected_margin desc nulls last, probability desc, customer_id asc
        ) as audience_rank,
        cast(
            sum(cast(probability as {{ type_decimal(38, 12) }})) over ()
            as {{ type_double() }}
        ) / count(*) over () as mean_probability
    from valued

),

cumulated as (

    select
        *,
        sum(contact_count) over (
            order by audience_rank
            rows between unbounded preceding and current row
        ) as cumulative_contact_count,
        cast(
            sum(
                cast(contact_count * probability as {{ type_decimal(38, 12) }})
            ) over (
                order by audience_rank
                rows between unbounded preceding and current row
            ) as {{ type_double() }}
        ) as cumulative_probability
    from ranked

),

-- Those held out are between the first and the last of those contacted, and cost
-- nothing.
-- What a contact costs is compared with its value where that is known.
chosen as (

    select *
    from cumulated
    where
        (cumulative_contact_count + 1 - contact_count) * {{ var("contact_cost") }}
        <= {{ var("campaign_budget") }}
        and coalesce(expected_margin >= {{ var("contact_cost") }}, true)

),

campaign_audience as (

    select
        ---------- ids
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast({{ campaign }} as {{ dbt.type_string() }}) as experiment,
        cast(variant as {{ dbt.type_string() }}) as variant,
        cast(target as {{ dbt.type_string() }}) as target,

        ---------- numerics
        cast(audience_rank as {{ dbt.type_bigint() }}) as audience_rank,
        cast(probability as {{ type_double() }}) as probability,
        cast(expected_margin as {{ type_double() }}) as expected_margin,
        cast(
            cumulative_contact_count * {{ var("contact_cost") }} as {{ type_money() }}
        ) as cumulative_cost,
        cast(cumulative_probability as {{ type_double() }})
            as expected_response_total,
        cast(
            cumulative_probability
            / nullif(cumulative_contact_count * mean_probability, 0)
            as {{ type_double() }}
        ) as lift_over_random,

        ---------- booleans
        contact_count = 0 as is_held_out
    from chosen

)

select * from campaign_audience
