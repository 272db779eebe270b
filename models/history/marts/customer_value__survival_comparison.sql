with

comparisons as (

    select
        curve,
        grouping_name,
        group_count,
        customer_count,
        event_count,
        chi_square,
        degrees_of_freedom,
        p_value,
        finding
    from {{ ref("compare_customer_value__survival_curves") }}

),

survival_comparison as (

    select
        ---------- strings
        cast(curve as {{ dbt.type_string() }}) as curve,
        cast(grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(finding as {{ dbt.type_string() }}) as finding,

        ---------- numerics
        cast(group_count as {{ dbt.type_bigint() }}) as group_count,
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(event_count as {{ dbt.type_bigint() }}) as event_count,
        cast(chi_square as {{ type_double() }}) as chi_square,
        cast(degrees_of_freedom as {{ dbt.type_int() }}) as degrees_of_freedom,
        cast(p_value as {{ type_double() }}) as p_value
    from comparisons

)

select * from survival_comparison
