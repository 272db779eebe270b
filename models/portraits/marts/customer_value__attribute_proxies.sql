{%- set groupings = "'" ~ customer_groupings() | list | join("', '") ~ "'" -%}
with

answers as (

    select
        customer_id,
        attribute,
        attribute_value
    from {{ ref("int_customer_value__portrait_answers") }}
    where is_answer and kind != 'multi-select'

),

kinds as (

    select
        attribute,
        role
    from {{ ref("int_customer_value__attribute_kinds") }}
    where is_compared

),

-- What a model or a rule may see of a customer: other attributes, and the groups.
sensitive as (

    select
        answers.customer_id,
        answers.attribute,
        answers.attribute_value
    from answers
    inner join kinds on answers.attribute = kinds.attribute
    where kinds.role = 'sensitive'

),

others as (

    select
        answers.customer_id,
        -- An attribute may have the name of a grouping.
        case
            when answers.attribute in ({{ groupings }})
                then concat(answers.attribute, ' (attribute)')
            else answers.attribute
        end as attribute,
        answers.attribute_value
    from answers
    inner join kinds on answers.attribute = kinds.attribute
    where kinds.role = 'profile'
    {% for name, column in customer_groupings().items() %}
        union all
        select
            customer_id,
            cast('{{ name }}' as {{ dbt.type_string() }}) as attribute,
            {{ column }} as attribute_value
        from {{ ref("customer_value__customers") }}
        where {{ column }} is not null
    {% endfor %}

),

cells as (

    select
        sensitive.attribute as sensitive_attribute,
        others.attribute as proxy,
        sensitive.attribute_value as sensitive_value,
        others.attribute_value as proxy_value,
        cast(count(*) as {{ type_double() }}) as customer_count
    from sensitive
    inner join others on sensitive.customer_id = others.customer_id
    group by
        sensitive.attribute,
        others.attribute,
        sensitive.attribute_value,
        others.attribute_value

),

with_margins as (

    select
        *,
        sum(customer_count) over (
            partition by sensitive_attribute, proxy, sensitive_value
        ) as row_total,
        sum(customer_count) over (
            partition by sensitive_attribute, proxy, proxy_value
        ) as column_total
    from cells

),

-- Chi-square over n; a cell without customers adds nothing.
squares as (

    select
        sensitive_attribute,
        proxy,
        sum(customer_count) as customer_count,
        cast(count(distinct sensitive_value) as {{ type_double() }}) as row_count,
        cast(count(distinct proxy_value) as {{ type_double() }}) as column_count,
        {{ exact_sum("customer_count * customer_count / (row_total * column_total)") }}
        - 1 as mean_square
    from with_margins
    group by sensitive_attribute, proxy

),

effects as (

    select
        sensitive_attribute,
        proxy,
        customer_count,
        sqrt(greatest(mean_square, 0) / (least(row_count, column_count) - 1))
            as effect_size,
        {{ corrected_cramers_v(
            "mean_square", "row_count", "column_count", "customer_count"
        ) }} as corrected_effect_size
    from squares
    where row_count > 1 and column_count > 1 and customer_count > 1

),

attribute_proxies as (

    select
        ---------- strings
        cast(sensitive_attribute as {{ dbt.type_string() }}) as sensitive_attribute,
        cast(proxy as {{ dbt.type_string() }}) as proxy,

        ---------- numerics
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(effect_size as {{ type_double() }}) as effect_size,
        cast(corrected_effect_size as {{ type_double() }}) as corrected_effect_size,

        ---------- booleans
        coalesce(corrected_effect_size > 0.3, false) as is_proxy
    from effects

)

select * from attribute_proxies
