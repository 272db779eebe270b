-- A table of all values per attribute; one of yes and no per option, and for whether
-- they answered.
with

counts as (

    select
        grouping_name,
        group_name,
        attribute,
        tested_values,
        attribute_value,
        kind,
        is_answer,
        cast(customer_count as {{ type_double() }}) as customer_count,
        cast(base_count as {{ type_double() }}) as base_count,
        cast(all_customer_count as {{ type_double() }}) as all_customer_count,
        cast(all_base_count as {{ type_double() }}) as all_base_count
    from {{ ref("int_customer_value__portrait_counts") }}

),

numbers as (

    select
        attribute,
        kind,
        attribute_number,
        segment,
        value_tier,
        cluster_name,
        cast(count(*) as {{ type_double() }}) as customer_count
    from {{ ref("int_customer_value__portrait_answers") }}
    where attribute_number is not null
    group by attribute, kind, attribute_number, segment, value_tier, cluster_name

),

cells as (

    select
        *,
        customer_count as observed,
        base_count * all_customer_count / all_base_count as expected
    from counts
    where
        base_count > 0
        and all_customer_count > 0
        and not (kind = 'numeric' and tested_values = 'all values')
    union all
    -- Those who did not choose the option, or did answer.
    select
        *,
        base_count - customer_count as observed,
        base_count * (all_base_count - all_customer_count) / all_base_count as expected
    from counts
    where
        base_count > 0
        and tested_values != 'all values'
        and all_customer_count < all_base_count

),

squares as (

    select
        grouping_name,
        attribute,
        tested_values,
        count(distinct group_name) as group_count,
        count(*) / count(distinct group_name) as value_count,
        max(all_base_count) as customer_count,
        {{ exact_sum("(observed - expected) * (observed - expected) / expected") }}
            as chi_square,
        avg(case when expected < 5 then 1.0 else 0.0 end) as small_cell_share
    from cells
    group by grouping_name, attribute, tested_values

),

tables_tested as (

    select
        *,
        cast(group_count as {{ type_double() }}) as row_count,
        cast(value_count as {{ type_double() }}) as column_count,
        least(group_count, value_count) - 1 as smaller
    from squares
    where group_count > 1 and value_count > 1 and customer_count > 1

),

-- The rank of a number is the middle one of those who share it.
totals as (

    select
        attribute,
        attribute_number,
        sum(customer_count) as tie_count
    from numbers
    group by attribute, attribute_number

),

ranks as (

    select
        *,
        sum(tie_count) over (partition by attribute) as all_count,
        (1 - tie_count) / 2
        + sum(tie_count) over (
            partition by attribute
            order by attribute_number
            rows between unbounded preceding and current row
        ) as middle_rank
    from totals

),

spreads as (

    select
        attribute,
        max(all_count) as all_count,
        {{ exact_sum("attribute_number * tie_count") }} / max(all_count) as mean,
        1
        - {{ exact_sum(
            "tie_count * tie_count * tie_count - tie_count", is_square=true
        ) }}
        / nullif(
            max(all_count) * max(all_count) * max(all_count) - max(all_count), 0
        ) as tie_correction
    from ranks
    group by attribute

),

distances as (

    select
        ranks.attribute,
        ranks.tie_count,
        ranks.attribute_number - spreads.mean as distance,
        spreads.all_count
    from ranks
    inner join spreads on ranks.attribute = spreads.attribute

),

deviations as (

    select
        attribute,
        sqrt(
            {{ exact_sum("tie_count * distance * distance", is_square=true) }}
            / max(all_count)
        ) as deviation
    from distances
    group by attribute

),

placed as (

    select
        numbers.*,
        spreads.all_count,
        spreads.tie_correction,
        (numbers.attribute_number - spreads.mean) / deviations.deviation
            as standard_number,
        ranks.middle_rank - (spreads.all_count + 1) / 2 as rank_deviation
    from numbers
    inner join ranks
        on
            numbers.attribute = ranks.attribute
            and numbers.attribute_number = ranks.attribute_number
    inner join spreads on numbers.attribute = spreads.attribute
    inner join deviations on numbers.attribute = deviations.attribute
    where deviations.deviation > 0

),

group_means as (

    {% for name, column in customer_groupings().items() -%}
        select
            cast('{{ name }}' as {{ dbt.type_string() }}) as grouping_name,
            {{ column }} as group_name,
            attribute,
            kind,
            max(all_count) as all_count,
            max(tie_correction) as tie_correction,
            sum(customer_count) as customer_count,
            {{ exact_sum("customer_count * standard_number") }} as standard_sum,
            {{ exact_sum("customer_count * rank_deviation") }} as rank_sum
        from placed
        where {{ column }} is not null
        group by {{ column }}, attribute, kind
        {{ "union all" if not loop.last }}
    {% endfor %}

),

-- Of standardised numbers the squares add up to their number.
between_groups as (

    select
        grouping_name,
        attribute,
        kind,
        max(all_count) as all_count,
        max(tie_correction) as tie_correction,
        cast(count(*) as {{ type_double() }}) as group_count,
        {{ exact_sum("standard_sum * standard_sum / customer_count") }}
            as between_square,
        {{ exact_sum("rank_sum * rank_sum / customer_count", is_square=true) }}
            as rank_square
    from group_means
    group by grouping_name, attribute, kind

),

numbers_tested as (

    select
        *,
        12 * rank_square / (all_count * (all_count + 1)) / tie_correction
            as kruskal_wallis
    from between_groups
    where group_count > 1 and all_count > group_count

),

tests as (

    select
        grouping_name,
        attribute,
        tested_values,
        'chi-square' as test,
        chi_square as statistic,
        (row_count - 1) * (column_count - 1) as degrees_of_freedom,
        cast(null as {{ type_double() }}) as residual_degrees_of_freedom,
        customer_count,
        sqrt(chi_square / customer_count / smaller) as effect_size,
        {{ corrected_cramers_v(
            "chi_square / customer_count", "row_count", "column_count", "customer_count"
        ) }} as corrected_effect_size,
        small_cell_share
    from tables_tested
    union all
    select
        grouping_name,
        attribute,
        'all values' as tested_values,
        'Kruskal-Wallis' as test,
        kruskal_wallis as statistic,
        group_count - 1 as degrees_of_freedom,
        null as residual_degrees_of_freedom,
        all_count as customer_count,
        kruskal_wallis / (all_count - 1) as effect_size,
        greatest(
            (kruskal_wallis - (group_count - 1)) / (all_count - group_count), 0
        ) as corrected_effect_size,
        null as small_cell_share
    from numbers_tested
    union all
    select
        grouping_name,
        attribute,
        'all values' as tested_values,
        'F' as test,
        (between_square / (group_count - 1))
        / nullif((all_count - between_square) / (all_count - group_count), 0)
            as statistic,
        group_count - 1 as degrees_of_freedom,
        all_count - group_count as residual_degrees_of_freedom,
        all_count as customer_count,
        between_square / all_count as effect_size,
        greatest(
            between_square / all_count
            - (group_count - 1)
            * (1 - between_square / all_count)
            / (all_count - group_count),
            0
        ) as corrected_effect_size,
        null as small_cell_share
    from numbers_tested
    where kind = 'numeric'

),

kinds as (

    select
        attribute,
        kind
    from {{ ref("int_customer_value__attribute_kinds") }}

),

portrait_statistics as (

    select
        ---------- strings
        tests.grouping_name,
        tests.attribute,
        tests.tested_values,
        tests.test,

        ---------- numerics
        tests.statistic,
        tests.degrees_of_freedom,
        tests.residual_degrees_of_freedom,
        tests.customer_count,
        tests.effect_size,
        tests.corrected_effect_size,
        tests.small_cell_share,

        ---------- booleans
        -- Each question once: of numbers by their ranks, of all else by the table.
        tests.test != 'F'
        and (tests.test != 'Kruskal-Wallis' or kinds.kind = 'numeric') as is_deciding,
        {{ is_grouping_input("tests.grouping_name", "tests.attribute") }} as is_input
    from tests
    inner join kinds on tests.attribute = kinds.attribute

)

select * from portrait_statistics
