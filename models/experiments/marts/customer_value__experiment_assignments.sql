with

experiments as (

    select
        experiment,
        salt,
        control_share
    from {{ ref("int_customer_value__planned_experiments") }}

),

customers as (

    select
        customer_id,
        segment,
        value_tier
    from {{ ref("customer_value__customers") }}

),

{% if is_on("propensity") %}
    audience as (

        select customer_id
        from {{ ref("customer_value__campaign_audience") }}

    ),

    audience_sizes as (

        select count(*) as audience_count
        from audience

    ),

{% endif -%}
-- The experiment of the campaign is about its audience, where there is one; others are
-- about all customers.
populations as (

    select
        customers.customer_id,
        customers.segment,
        customers.value_tier,
        experiments.experiment,
        experiments.salt,
        experiments.control_share
    from customers
    cross join experiments
    {% if is_on("propensity") %}
        cross join audience_sizes
        left join audience on customers.customer_id = audience.customer_id
        where
            experiments.experiment
            != {{ quoted_text(var("campaign_experiment")) }}
            or audience.customer_id is not null
            or audience_sizes.audience_count = 0
    {% endif %}
),

experiment_assignments as (

    select
        ---------- ids
        cast(populations.customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(populations.experiment as {{ dbt.type_string() }}) as experiment,
        cast(
            {{ assigned_variant(
                "populations.salt", "populations.customer_id",
                "populations.control_share"
            ) }} as {{ dbt.type_string() }}
        ) as variant,
        cast(populations.segment as {{ dbt.type_string() }}) as segment,
        cast(populations.value_tier as {{ dbt.type_string() }}) as value_tier,

        ---------- numerics
        cast(
            {{ assignment_unit("populations.salt", "populations.customer_id") }}
            as {{ type_double() }}
        ) as assignment_unit
    from populations

)

select * from experiment_assignments
