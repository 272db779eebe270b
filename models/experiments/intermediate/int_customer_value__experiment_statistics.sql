{%- set metrics = ["response_rate", "response_value", "purchase_rate", "spend"] -%}
with

outcomes as (

    select
        experiment,
        variant,
        segment,
        {% for metric in metrics %}
            cast({{ metric }} as {{ type_double() }}) as {{ metric }},
        {% endfor %}
        cast(spend_before as {{ type_double() }}) as spend_before,
        is_control
    from {{ ref("int_customer_value__experiment_outcomes") }}

),

by_metric as (
    {% for metric in metrics %}
        select
            experiment,
            variant,
            segment,
            '{{ metric }}' as metric,
            {{ metric }} as outcome,
            spend_before,
            is_control
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
        is_control
    from by_metric
    union all
    select
        experiment,
        variant,
        'all' as segment,
        metric,
        outcome,
        spend_before,
        is_control
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
        {{ exact_sum("outcome * outcome") }} as outcome_square_sum,
        {{ exact_sum("spend_before") }} as before_sum,
        {{ exact_sum("spend_before * spend_before") }} as before_square_sum,
        {{ exact_sum("outcome * spend_before") }} as product_sum,

        ---------- booleans
        is_control
    from by_segment
    group by experiment, variant, segment, metric, is_control

)

select * from statistics
