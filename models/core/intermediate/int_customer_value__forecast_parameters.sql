with

forecast_models as (

    select
        as_of_role,
        model,
        parameter,
        estimate,
        mean_purchase_value
    from {{ ref("fit_customer_value__forecast_models") }}
    where replicate = 0

),

purchase_parameters as (

    select
        as_of_role,
        model,
        max(case when parameter = 'r' then estimate end) as r,
        max(case when parameter = 'alpha' then estimate end) as alpha,
        max(case when parameter = 'a' then estimate end) as a,
        max(case when parameter = 'b' then estimate end) as b,
        max(case when parameter in ('a', 's') then estimate end) as dropout
    from forecast_models
    where model != 'gamma_gamma'
    group by as_of_role, model

),

spend_parameters as (

    select
        as_of_role,
        max(case when parameter = 'p' then estimate end) as p,
        max(case when parameter = 'q' then estimate end) as q,
        max(case when parameter = 'v' then estimate end) as v,
        max(mean_purchase_value) as mean_purchase_value
    from forecast_models
    where model = 'gamma_gamma'
    group by as_of_role

),

forecast_parameters as (

    select
        ---------- strings
        purchase_parameters.as_of_role,
        purchase_parameters.model,

        ---------- numerics
        purchase_parameters.r,
        purchase_parameters.alpha,
        purchase_parameters.a,
        purchase_parameters.b,
        purchase_parameters.dropout,
        spend_parameters.p,
        spend_parameters.q,
        spend_parameters.v,
        spend_parameters.mean_purchase_value
    from purchase_parameters
    left join spend_parameters
        on
            {{ fit_role_date("purchase_parameters.as_of_role") }}
            = spend_parameters.as_of_role

)

select * from forecast_parameters
