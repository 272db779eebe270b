{%- set outcomes = ["response_rate", "response_value", "purchase_rate", "spend"] -%}
{#- What should be alike in all arms, since nothing had been done yet. -#}
{%- set covariates = ["spend_before", "purchases_before"] -%}
with

outcomes as (

    select
        experiment,
        variant,
        segment,
        score_band,
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
            score_band,
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

by_group as (
    {% for grouping, group_name in {
        "all": "'all'", "segment": "segment", "score_band": "score_band",
    }.items() %}
        select
            experiment,
            variant,
            '{{ grouping }}' as grouping_name,
            {{ group_name }} as group_name,
            metric,
            outcome,
            spend_before,
            exposure,
            is_control,
            is_covariate
        from by_metric
        {% if grouping != "all" -%}
            where {{ group_name }} is not null and not is_covariate
        {%- endif %}
        {{ "union all" if not loop.last }}
    {% endfor %}
),

statistics as (

    select
        ---------- strings
        experiment,
        variant,
        grouping_name,
        group_name,
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
    from by_group
    group by
        experiment, variant, grouping_name, group_name, metric, is_control, is_covariate

)

select * from statistics
