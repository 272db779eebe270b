with

forecast_models as (

    select distinct
        {{ fit_role_date("as_of_role") }} as as_of_role,
        {{ fit_role_group("as_of_role") }} as fit_group,
        model,
        log_likelihood,
        customer_count,
        fit_customer_count,
        is_converged,
        is_boundary,
        finding,
        mean_purchase_value,
        frequency_spend_correlation
    from {{ ref("fit_customer_value__forecast_models") }}
    where replicate = 0

),

corrections as (

    select distinct
        forecast_role as as_of_role,
        row_count,
        is_estimated,
        finding
    from {{ ref("fit_customer_value__corrections") }}

),

{% if is_on("validation") %}
    value_challengers as (

        select
            as_of_role,
            model,
            fit_customer_count,
            is_estimated,
            finding
        from {{ ref("fit_customer_value__value_learners") }}
        where row_kind = 'finding'

    ),
{% endif %}
populations as (

    select
        as_of_role,
        customer_count,
        as_of_date
    from {{ ref("int_customer_value__populations") }}

),

all_models as (

    select
        as_of_role,
        fit_group,
        model,
        log_likelihood,
        customer_count,
        fit_customer_count,
        is_converged,
        is_boundary,
        finding,
        mean_purchase_value,
        frequency_spend_correlation
    from forecast_models
    union all
    -- A correction's rows are of several dates.
    select
        corrections.as_of_role,
        'all' as fit_group,
        'corrected' as model,
        cast(null as {{ type_double() }}) as log_likelihood,
        populations.customer_count,
        corrections.row_count as fit_customer_count,
        corrections.is_estimated as is_converged,
        false as is_boundary,
        corrections.finding,
        cast(null as {{ type_double() }}) as mean_purchase_value,
        cast(null as {{ type_double() }}) as frequency_spend_correlation
    from corrections
    inner join populations on corrections.as_of_role = populations.as_of_role
    {% if is_on("validation") -%}
        union all
        select
            value_challengers.as_of_role,
            'all' as fit_group,
            value_challengers.model,
            cast(null as {{ type_double() }}) as log_likelihood,
            populations.customer_count,
            value_challengers.fit_customer_count,
            value_challengers.is_estimated as is_converged,
            false as is_boundary,
            value_challengers.finding,
            cast(null as {{ type_double() }}) as mean_purchase_value,
            cast(null as {{ type_double() }}) as frequency_spend_correlation
        from value_challengers
        inner join populations on value_challengers.as_of_role = populations.as_of_role
    {%- endif %}

),

model_fits as (

    select
        ---------- strings
        cast(all_models.as_of_role as {{ dbt.type_string() }}) as as_of_role,
        cast(all_models.fit_group as {{ dbt.type_string() }}) as fit_group,
        cast(all_models.model as {{ dbt.type_string() }}) as model,
        cast('day' as {{ dbt.type_string() }}) as unit,
        cast(all_models.finding as {{ dbt.type_string() }}) as finding,

        ---------- numerics
        cast(all_models.log_likelihood as {{ type_double() }}) as log_likelihood,
        cast(all_models.customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(all_models.fit_customer_count as {{ dbt.type_bigint() }})
            as fit_customer_count,
        cast(all_models.mean_purchase_value as {{ type_double() }})
            as mean_purchase_value,
        cast(all_models.frequency_spend_correlation as {{ type_double() }})
            as frequency_spend_correlation,
        cast({{ var("activity_days") }} as {{ dbt.type_int() }}) as activity_days,
        cast({{ var("horizon_days") }} as {{ dbt.type_int() }}) as horizon_days,

        ---------- booleans
        all_models.is_converged,
        all_models.is_boundary,

        ---------- dates
        cast(populations.as_of_date as date) as as_of_date
    from all_models
    inner join populations on all_models.as_of_role = populations.as_of_role

)

select * from model_fits
