with

statistics as (

    select
        grouping_name,
        attribute,
        tested_values,
        test,
        statistic,
        degrees_of_freedom,
        residual_degrees_of_freedom,
        customer_count,
        effect_size,
        corrected_effect_size,
        small_cell_share,
        is_deciding,
        is_input,
        {{ comparable_effect("test", "corrected_effect_size") }}
            as comparable_effect
    from {{ ref("int_customer_value__portrait_statistics") }}

),

comparisons as (

    select
        grouping_name,
        attribute,
        tested_values,
        test,
        p_value,
        q_value
    from {{ ref("compare_customer_value__portraits") }}

),

totals as (

    select count(*) as customer_count
    from {{ ref("customer_value__customers") }}

),

tests as (

    select
        statistics.*,
        comparisons.p_value,
        comparisons.q_value,
        kinds.kind,
        kinds.role,
        cast(kinds.response_count as {{ type_double() }})
        / nullif(totals.customer_count, 0) as response_share
    from statistics
    left join comparisons
        on
            statistics.grouping_name = comparisons.grouping_name
            and statistics.attribute = comparisons.attribute
            and statistics.tested_values = comparisons.tested_values
            and statistics.test = comparisons.test
    left join {{ ref("int_customer_value__attribute_kinds") }} as kinds
        on statistics.attribute = kinds.attribute
    cross join totals

),

segment_attribute_tests as (

    select
        ---------- strings
        cast(grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(attribute as {{ dbt.type_string() }}) as attribute,
        cast(tested_values as {{ dbt.type_string() }}) as tested_values,
        cast(test as {{ dbt.type_string() }}) as test,
        cast(kind as {{ dbt.type_string() }}) as kind,
        cast(role as {{ dbt.type_string() }}) as role,
        cast(
            concat(
                case
                    when is_input
                        then
                            concat(
                                'Not tested: the groups were formed from it, so they ',
                                'differ in it by construction.'
                            )
                    when q_value is null then 'Nothing to compare.'
                    when q_value > 0.05 then 'No difference beyond chance.'
                    when comparable_effect < 0.1
                        then 'The groups differ beyond chance, but too little to name.'
                    else 'The groups differ.'
                end,
                case
                    when q_value is not null and small_cell_share > 0.2
                        then
                            concat(
                                ' ',
                                {{ number_text("100 * small_cell_share", 0) }},
                                ' % of the cells expect fewer than 5 customers: treat ',
                                'the test with caution.'
                            )
                    else ''
                end
            ) as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(response_share as {{ type_double() }}) as response_share,
        cast(statistic as {{ type_double() }}) as statistic,
        cast(degrees_of_freedom as {{ dbt.type_bigint() }}) as degrees_of_freedom,
        cast(residual_degrees_of_freedom as {{ dbt.type_bigint() }})
            as residual_degrees_of_freedom,
        cast(p_value as {{ type_double() }}) as p_value,
        cast(q_value as {{ type_double() }}) as q_value,
        cast(effect_size as {{ type_double() }}) as effect_size,
        cast(corrected_effect_size as {{ type_double() }}) as corrected_effect_size,
        cast(small_cell_share as {{ type_double() }}) as small_cell_share,

        ---------- booleans
        is_input,
        is_deciding,
        is_deciding
        and coalesce(q_value <= 0.05 and comparable_effect >= 0.1, false) as is_finding
    from tests

)

select * from segment_attribute_tests
