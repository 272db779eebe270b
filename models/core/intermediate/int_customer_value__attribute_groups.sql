{{ config(materialized="table") }}

{#- How far a number is rounded by its size: to three digits, or to a whole number. -#}
{%- set digits_from = {100: 0, 10: 1, 1: 2, 0.1: 3, 0.01: 4} -%}
{%- set most_digits = 6 -%}
with

kinds as (

    select
        attribute,
        is_banded
    from {{ ref("int_customer_value__attribute_kinds") }}
    where is_grouping

),

attributes as (

    select
        customer_attributes.customer_id,
        customer_attributes.attribute,
        customer_attributes.attribute_value,
        kinds.is_banded
    from {{ ref("int_customer_value__customer_attributes") }} as customer_attributes
    inner join kinds on customer_attributes.attribute = kinds.attribute
    where
        customer_attributes.is_customer
        and customer_attributes.attribute_value is not null

),

-- Customers are counted once per value; the bands are made of the counts.
written_numbers as (

    select
        attribute,
        attribute_value,
        {{ try_cast("attribute_value", type_double()) }} as written_number,
        count(*) as customer_count
    from attributes
    where is_banded
    group by attribute, attribute_value

),

-- A number is banded as it is written in a name, so that two bands never share a limit.
numbers as (

    select
        attribute,
        attribute_value,
        customer_count,
        case
            {% for least, digits in digits_from.items() -%}
                when abs(written_number) >= {{ least }}
                    then round(written_number, {{ digits }})
            {% endfor -%}
            else round(written_number, {{ most_digits }})
        end as number
    from written_numbers

),

number_counts as (

    select
        attribute,
        number,
        sum(customer_count) as customer_count
    from numbers
    group by attribute, number

),

running as (

    select
        attribute,
        number,
        sum(customer_count) over (
            partition by attribute
            order by number
            rows between unbounded preceding and current row
        ) - customer_count as customers_below,
        sum(customer_count) over (partition by attribute) as customers_in_all
    from number_counts

),

-- Equal numbers are in the fifth in which the first of their customers is; where very
-- many are equal, some fifths have nobody.
fifths as (

    select
        attribute,
        number,
        cast(floor(5 * customers_below / customers_in_all) as {{ dbt.type_int() }})
            as fifth
    from running

),

bands as (

    select
        attribute,
        fifth,
        row_number() over (partition by attribute order by fifth) as band_number,
        min(number) as lowest,
        max(number) as highest
    from fifths
    group by attribute, fifth

),

limit_texts as (

    select
        attribute,
        fifth,
        band_number,
        {% for limit in ["lowest", "highest"] -%}
            case
                {% for digits in range(most_digits) -%}
                    when {{ limit }} = round({{ limit }}, {{ digits }})
                        then {{ number_text(limit, digits) }}
                {% endfor -%}
                else {{ number_text(limit, most_digits) }}
            end as {{ limit }}_text,
        {% endfor -%}
        lowest < highest as is_range
    from bands

),

-- The number of the band is first, so that bands are sorted as text.
band_names as (

    select
        attribute,
        fifth,
        concat(
            {{ number_text("band_number", 0) }},
            ': ',
            lowest_text,
            case when is_range then concat(' to ', highest_text) else '' end
        ) as band_name
    from limit_texts

),

banded as (

    select
        numbers.attribute,
        numbers.attribute_value,
        band_names.band_name
    from numbers
    inner join fifths
        on numbers.attribute = fifths.attribute and numbers.number = fifths.number
    inner join band_names
        on
            fifths.attribute = band_names.attribute
            and fifths.fifth = band_names.fifth

),

attribute_groups as (

    select
        ---------- ids
        attributes.customer_id,

        ---------- strings
        attributes.attribute,
        coalesce(banded.band_name, attributes.attribute_value) as group_name
    from attributes
    left join banded
        on
            attributes.attribute = banded.attribute
            and attributes.attribute_value = banded.attribute_value

)

select * from attribute_groups
