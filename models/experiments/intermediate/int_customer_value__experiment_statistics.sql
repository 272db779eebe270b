{%- set outcomes = ["response_rate", "response_value", "purchase_rate", "spend"] -%}
{#- What should be alike in all arms, since nothing had been done yet. -#}
{%- set covariates = ["spend_before", "purchases_before"] -%}
with

outcomes as (

    select
        experiment,
        variant,
        segment,
        {% for metric in outcomes + covariates %}
            cast({{ metric }} as {{ type_double() }}) as {{ metric }},
        {% endfor %}
        cast(exposure as {{ type_double() }}) as exposure,
        is_control
    from {{ ref("int_customer_value__experiment_outcomes") }}

),

by_metric as (
    {% for metric in outcomes + covariates %}
        select
            experiment,
            variant,
            segment,
            '{{ metric }}' as metric,
            {{ metric }} as outcome,
            spend_before,
            exposure,
            is_control,
            {{ metric in covariates }} as is_covariate
        from outcomes
        where {{ metric }} is not null
        {{ "union all" if not loop.last }}
    {% endfor %}
),

by_segment as (

    select
        experiment,
        variant,
        segment,
        metric,
        outcome,
        spend_before,
        exposure,
        is_control,
        is_covariate
    from by_metric
    where not is_covariate
    union all
    select
        experiment,
        variant,
        'all' as segment,
        metric,
        outcome,
        spend_before,
        exposure,
        is_control,
        is_covariate
    from by_metric

),

statistics as (

    select
        ---------- strings
        experiment,
        variant,
        segment,
        metric,

        ---------- numerics
        count(*) as customer_count,
        {{ exact_sum("outcome") }} as outcome_sum,
        {{ exact_sum("outcome * outcome", is_square=true) }} as outcome_square_sum,
        {{ exact_sum("spend_before") }} as before_sum,
        {{ exact_sum("spend_before * spend_before", is_square=true) }}
            as before_square_sum,
        {{ exact_sum("outcome * spend_before", is_square=true) }} as product_sum,
        {{ exact_sum("exposure") }} as exposure_sum,
        {{ exact_sum("outcome * exposure") }} as exposed_outcome_sum,

        ---------- booleans
        is_control,
        is_covariate
    from by_segment
    group by experiment, variant, segment, metric, is_control, is_covariate

)

select * from statistics
