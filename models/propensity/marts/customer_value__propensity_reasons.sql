{#- By name: of equal contributions the first name is the stronger reason. -#}
{%- set features = propensity_features() | sort -%}
with

contributions as (

    select
        target,
        model,
        {% for feature in features %}
            {{ feature }},
        {% endfor %}
        customer_id
    from {{ ref("int_customer_value__propensity_contributions") }}
    where fold = 'current'

),

attribute_contributions as (

    select
        target,
        model,
        customer_id,
        feature,
        contribution
    from {{ ref("int_customer_value__propensity_attribute_contributions") }}
    where is_selected

),

tree_scores as (

    select
        target,
        model,
        {% for place in [1, 2, 3] %}
            reason_{{ place }},
            contribution_{{ place }},
        {% endfor %}
        customer_id
    from {{ ref("score_customer_value__propensity") }}
    where fold = 'current'

),

ranks as (

    select 1 as reason_rank
    union all
    select 2 as reason_rank
    union all
    select 3 as reason_rank

),

-- A contribution as one whole number: its size in billionths, then two digits for the
-- feature. So the strongest are found within the row; one row per feature would make
-- eighteen times the customers to sort.
keys as (

    select
        {% for feature in features -%}
            100 * cast(round(abs({{ feature }}) * 1e9, 0) as {{ dbt.type_bigint() }})
            + {{ 99 - loop.index }} as {{ feature }}_key,
        {% endfor -%}
        contributions.*
    from contributions

),

strongest as (

    select
        *,
        greatest({{ features | join("_key, ") }}_key) as key_1  -- noqa: LT05
    from keys

),
{% for place in [2, 3] %}
    {{ "second" if place == 2 else "third" }}_strongest as (

        select
            *,
            greatest(
                {% for feature in features %}
                    case
                        when {{ feature }}_key >= key_{{ place - 1 }} then 0
                        else {{ feature }}_key
                    end{{ "," if not loop.last }}
                {% endfor %}
            ) as key_{{ place }}
        from {{ "strongest" if place == 2 else "second_strongest" }}

    ),
{% endfor %}
keyed_reasons as (

    select
        third_strongest.*,
        ranks.reason_rank,
        case ranks.reason_rank
            when 1 then third_strongest.key_1
            when 2 then third_strongest.key_2
            else third_strongest.key_3
        end as reason_key
    from third_strongest
    cross join ranks

),

-- A contribution that is zero in all nine digits is no reason.
linear_reasons as (

    select
        target,
        model,
        customer_id,
        case mod(reason_key, 100)
            {% for feature in features %}
                when {{ 99 - loop.index }} then '{{ feature }}'
            {% endfor %}
        end as feature,
        case mod(reason_key, 100)
            {% for feature in features %}
                when {{ 99 - loop.index }} then {{ feature }}
            {% endfor %}
        end as contribution
    from keyed_reasons
    where reason_key >= 100
    union all
    select
        target,
        model,
        customer_id,
        feature,
        contribution
    from attribute_contributions
    where round(contribution, 9) != 0

),

ranked_reasons as (

    select
        target,
        model,
        customer_id,
        feature,
        contribution,
        row_number() over (
            partition by target, customer_id
            order by abs(round(contribution, 9)) desc, feature asc
        ) as reason_rank
    from linear_reasons

),

reasons as (

    select *
    from ranked_reasons
    where reason_rank <= 3
    {% for place in [1, 2, 3] %}
        union all
        select
            target,
            model,
            customer_id,
            reason_{{ place }} as feature,
            contribution_{{ place }} as contribution,
            {{ place }} as reason_rank
        from tree_scores
        where reason_{{ place }} is not null
    {% endfor %}
),

propensity_reasons as (

    select
        ---------- ids
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(target as {{ dbt.type_string() }}) as target,
        cast(model as {{ dbt.type_string() }}) as model,
        cast(feature as {{ dbt.type_string() }}) as feature,
        cast(
            case when contribution > 0 then 'raises' else 'lowers' end
            as {{ dbt.type_string() }}
        ) as effect,

        ---------- numerics
        cast(reason_rank as {{ dbt.type_int() }}) as reason_rank,
        cast(contribution as {{ type_double() }}) as contribution
    from reasons

)

select * from propensity_reasons
