{%- set parameters = ["theta", "gamma", "delta", "c"] %}
with

fits as (

    select
        as_of_role,
        subscription_group,
        model,
        parameter,
        finding,
        estimate,
        standard_error,
        log_likelihood,
        p_value,
        calibration_error,
        largest_gap,
        term_count,
        lost_count,
        is_converged,
        is_boundary,
        is_selected
    from {{ ref("fit_customer_value__subscription_models") }}

),

subscription_fits as (

    select
        ---------- strings
        cast(as_of_role as {{ dbt.type_string() }}) as as_of_role,
        cast(subscription_group as {{ dbt.type_string() }}) as subscription_group,
        cast(model as {{ dbt.type_string() }}) as model,
        cast('renewal' as {{ dbt.type_string() }}) as unit,
        cast(max(finding) as {{ dbt.type_string() }}) as finding,

        ---------- numerics
        {% for parameter in parameters -%}
            cast(
                max(case when parameter = '{{ parameter }}' then estimate end)
                as {{ type_double() }}
            ) as {{ parameter }},
            cast(
                max(case when parameter = '{{ parameter }}' then standard_error end)
                as {{ type_double() }}
            ) as {{ parameter }}_standard_error,
        {% endfor -%}
        cast(max(log_likelihood) as {{ type_double() }}) as log_likelihood,
        cast(max(p_value) as {{ type_double() }}) as p_value,
        cast(max(calibration_error) as {{ type_double() }}) as calibration_error,
        cast(max(largest_gap) as {{ type_double() }}) as largest_gap,
        cast(max(term_count) as {{ dbt.type_bigint() }}) as term_count,
        cast(max(lost_count) as {{ dbt.type_bigint() }}) as lost_count,

        ---------- booleans
        max(case when is_converged then 1 else 0 end) = 1 as is_converged,
        max(case when is_boundary then 1 else 0 end) = 1 as is_boundary,
        max(case when is_selected then 1 else 0 end) = 1 as is_selected
    from fits
    group by as_of_role, subscription_group, model

)

select * from subscription_fits
