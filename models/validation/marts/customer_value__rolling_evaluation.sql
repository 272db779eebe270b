{%- set wins = {
    "mae": "mae",
    "rmse": "rmse",
    "gini": "gini_normalised desc",
    "revenue_mae": "revenue_mae",
    "revenue_rmse": "revenue_rmse",
    "revenue_gini": "revenue_gini_normalised desc",
} -%}
{%- set means = [
    "bias_share", "mae", "rmse", "gini_normalised", "revenue_bias_share",
    "revenue_mae", "revenue_rmse", "revenue_gini_normalised"
] -%}
{%- set deviated_means = means
    + ["bias_share_deviation", "revenue_bias_share_deviation"] %}
with

-- The calibration date is another question, with a horizon of its own.
forecast_metrics as (

    select *
    from {{ ref("int_customer_value__forecast_metrics") }}
    where forecast_role != 'calibration'

),

-- Of equal scores all win; what is not predicted does not.
ranked as (

    select
        *,
    {% for name, order in wins.items() -%}
        case
            when
                {{ order.split(" ")[0] }} is not null
                and rank() over (
                    partition by forecast_role order by {{ order }} nulls last
                    ) = 1
                then 1
            else 0
        end as {{ name }}_win_count
        {{- "," if not loop.last }}
    {% endfor %}
    from forecast_metrics

),

dates as (

    select
        cast(as_of_date as {{ dbt.type_string() }}) as evaluation,
        model,
        is_baseline,
        1 as date_count,
        customer_count,
        {% for name in means -%}
            {{ name }},
        {% endfor -%}
        cast(null as {{ type_double() }}) as bias_share_deviation,
        cast(null as {{ type_double() }}) as revenue_bias_share_deviation,
        {% for name in wins -%}
            {{ name }}_win_count,
        {% endfor -%}
        as_of_date
    from ranked

),

all_dates as (

    select
        'all' as evaluation,
        model,
        is_baseline,
        count(*) as date_count,
        max(customer_count) as customer_count,
        {% for name in means -%}
            {{ exact_sum(name) }} / count({{ name }}) as {{ name }},
        {% endfor -%}
        {% for name in ["bias_share", "revenue_bias_share"] -%}
            sqrt(
                greatest(
                    {{ exact_sum(name ~ " * " ~ name) }}
                    - {{ exact_sum(name) }} * {{ exact_sum(name) }} / count({{ name }}),
                    0
                ) / nullif(count({{ name }}) - 1, 0)
            ) as {{ name }}_deviation,
        {% endfor -%}
        {% for name in wins -%}
            sum({{ name }}_win_count) as {{ name }}_win_count,
        {% endfor -%}
        cast(null as date) as as_of_date
    from ranked
    group by model, is_baseline

),

evaluations as (

    select * from dates
    union all
    select * from all_dates

),

rolling_evaluation as (

    select
        ---------- strings
        cast(evaluation as {{ dbt.type_string() }}) as evaluation,
        cast(model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(date_count as {{ dbt.type_int() }}) as date_count,
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        {% for name in deviated_means -%}
            cast({{ name }} as {{ type_double() }}) as {{ name }},
        {% endfor -%}
        {% for name in wins -%}
            cast({{ name }}_win_count as {{ dbt.type_int() }}) as {{ name }}_win_count,
        {% endfor %}

        ---------- booleans
        is_baseline,
        model = '{{ forecast_in_use() }}' as is_selected,

        ---------- dates
        cast(as_of_date as date) as as_of_date
    from evaluations

)

select * from rolling_evaluation
