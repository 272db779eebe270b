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

experiment_assignments as (

    select
        ---------- ids
        cast(customers.customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(experiments.experiment as {{ dbt.type_string() }}) as experiment,
        cast(
            {{ assigned_variant(
                "experiments.salt", "customers.customer_id", "experiments.control_share"
            ) }} as {{ dbt.type_string() }}
        ) as variant,
        cast(customers.segment as {{ dbt.type_string() }}) as segment,
        cast(customers.value_tier as {{ dbt.type_string() }}) as value_tier,

        ---------- numerics
        cast(
            {{ assignment_unit("experiments.salt", "customers.customer_id") }}
            as {{ type_double() }}
        ) as assignment_unit
    from customers
    cross join experiments

)

select * from experiment_assignments
