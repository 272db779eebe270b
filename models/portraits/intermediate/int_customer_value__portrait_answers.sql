{{ config(materialized="table") }}

{#- Numbers with at most so many values are shown one by one, others by quintile. -#}
{%- set most_numbers = 6 -%}
with

customers as (

    select
        customer_id,
        segment,
        value_tier,
        cluster_name
    from {{ ref("customer_value__customers") }}

),

kinds as (

    select
        attribute,
        kind,
        value_count
    from {{ ref("int_customer_value__attribute_kinds") }}
    where is_compared

),

attributes as (

    select
        customer_attributes.customer_id,
        customer_attributes.attribute,
        customer_attributes.attribute_value,
        kinds.kind,
        kinds.value_count,
        case
            when kinds.kind in ('numeric', 'ordinal')
                then
                    {{ try_cast("customer_attributes.attribute_value", type_double()) }}
        end as attribute_number
    from {{ ref("int_customer_value__customer_attributes") }} as customer_attributes
    inner join kinds on customer_attributes.attribute = kinds.attribute
    where
        customer_attributes.is_customer
        and customer_attributes.attribute_value is not null

),

options as (

    {% for place in range(1, most_attribute_options() + 1) -%}
        select
            customer_id,
            attribute,
            kind,
            value_count,
            trim({{ dbt.split_part("attribute_value", "';'", place) }}) as answer,
            attribute_number
        from attributes
        where kind = 'multi-select'
        {{ "union all" if not loop.last }}
    {% endfor %}

),

answers as (

    select distinct *
    from options
    where answer != ''
    union all
    select
        customer_id,
        attribute,
        kind,
        value_count,
        attribute_value as answer,
        attribute_number
    from attributes
    where kind != 'multi-select'

),

quintiles as (

    select
        attribute,
        {% for place in range(1, 5) -%}
            {{ percentile("attribute_number", place / 5) }} as quintile_{{ place }},
        {% endfor -%}
        max(abs(attribute_number)) as largest_number
    from answers
    where kind = 'numeric' and value_count > {{ most_numbers }}
    group by attribute

),

-- A limit is compared as it is written: whole, or with two or four digits where numbers
-- are small.
limits as (

    select
        attribute,
    {% for place in range(1, 5) -%}
        case
            when largest_number >= 100 then round(quintile_{{ place }}, 0)
            when largest_number >= 1 then round(quintile_{{ place }}, 2)
            else round(quintile_{{ place }}, 4)
        end as limit_{{ place }},
        case
            when largest_number >= 100 then {{ number_text("quintile_" ~ place, 0) }}
            when largest_number >= 1 then {{ number_text("quintile_" ~ place, 2) }}
            else {{ number_text("quintile_" ~ place, 4) }}
        end as text_{{ place }}
        {{- "," if not loop.last }}
    {% endfor %}
    from quintiles

),

binned as (

    select
        answers.*,
        {% for place in range(1, 5) -%}
            limits.text_{{ place }},
        {% endfor -%}
        -- So many limits are below the number.
        case
            when limits.limit_1 is null then null
            when answers.attribute_number > limits.limit_4 then 4
            when answers.attribute_number > limits.limit_3 then 3
            when answers.attribute_number > limits.limit_2 then 2
            when answers.attribute_number > limits.limit_1 then 1
            else 0
        end as bin,
        count(answers.attribute_number) over (partition by answers.attribute)
        = count(*) over (partition by answers.attribute) as has_numbers
    from answers
    left join limits on answers.attribute = limits.attribute

),

valued as (

    select
        customer_id,
        attribute,
        kind,
        value_count,
        attribute_number,
        case bin
            when 0 then concat('up to ', text_1)
            when 1 then concat(text_1, ' to ', text_2)
            when 2 then concat(text_2, ' to ', text_3)
            when 3 then concat(text_3, ' to ', text_4)
            when 4 then concat('above ', text_4)
            -- An answer in the words for none, or for all, stays an answer.
            else
                concat(
                    answer,
                    case
                        when lower(answer) in ('no answer', 'all values')
                            then ' (given)'
                        else ''
                    end
                )
        end as attribute_value,
        case
            when kind in ('numeric', 'ordinal') and has_numbers
                then coalesce(cast(bin as {{ type_double() }}), attribute_number)
        end as place
    from binned

),

counted as (

    select
        *,
        count(*) over (partition by attribute, attribute_value) as frequency
    from valued

),

ranked as (

    select
        *,
        dense_rank() over (
            partition by attribute order by frequency desc, attribute_value asc
        ) as frequency_rank,
        dense_rank() over (
            partition by attribute order by place asc, attribute_value asc
        ) as place_rank
    from counted

),

sized as (

    select
        *,
        max(frequency_rank) over (partition by attribute) as answer_count
    from ranked

),

-- Of very many values the most frequent ones keep their names; the others are other,
-- once for a customer who chose several of them.
given_answers as (

    select distinct
        customer_id,
        attribute,
        attribute_number,
        case
            when
                kind in ('nominal', 'multi-select')
                and answer_count > 50
                and frequency_rank > 20
                then 'other'
            else attribute_value
        end as attribute_value,
        case
            when kind in ('numeric', 'ordinal') then place_rank
            when answer_count > 50 and frequency_rank > 20 then 99999
            else frequency_rank
        end as value_order,
        -- The steps of an attribute whose order is that of the alphabet.
        case
            when kind = 'numeric' then attribute_number
            when kind = 'ordinal' then cast(place_rank as {{ type_double() }})
        end as ranked_number
    from sized

),

portrait_answers as (

    select
        ---------- ids
        customers.customer_id,

        ---------- strings
        kinds.attribute,
        kinds.kind,
        coalesce(given_answers.attribute_value, 'no answer') as attribute_value,
        customers.segment,
        customers.value_tier,
        customers.cluster_name,

        ---------- numerics
        coalesce(given_answers.value_order, 100000) as value_order,
        given_answers.ranked_number as attribute_number,
        row_number() over (
            partition by kinds.attribute, customers.customer_id
            order by given_answers.value_order, given_answers.attribute_value
        ) as answer_number,

        ---------- booleans
        given_answers.customer_id is not null as is_answer
    from customers
    cross join kinds
    left join given_answers
        on
            customers.customer_id = given_answers.customer_id
            and kinds.attribute = given_answers.attribute

)

select * from portrait_answers
