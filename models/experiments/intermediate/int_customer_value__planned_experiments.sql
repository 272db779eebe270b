with

experiments as (

    select
        experiment,
        salt,
        control_share,
        wished_lift
    from {{ ref("customer_value__experiments") }}

),

planned_experiments as (

    select
        ---------- strings
        experiment,
        coalesce(salt, experiment) as salt,

        ---------- numerics
        cast(coalesce(control_share, {{ var("control_share") }}) as {{ type_double() }})
            as control_share,
        cast(coalesce(wished_lift, {{ var("wished_lift") }}) as {{ type_double() }})
            as wished_lift
    from experiments

)

select * from planned_experiments
