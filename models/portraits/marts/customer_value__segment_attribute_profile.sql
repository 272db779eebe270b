with

counts as (

    select
        grouping_name,
        group_name,
        attribute,
        attribute_value,
        tested_values,
        kind,
        value_order,
        is_answer,
        cast(customer_count as {{ type_double() }}) as customer_count,
        cast(base_count as {{ type_double() }}) as base_count,
        cast(all_customer_count as {{ type_double() }}) as all_customer_count,
        cast(all_base_count as {{ type_double() }}) as all_base_count
    from {{ ref("int_customer_value__portrait_counts") }}

),

tests as (

    select
        grouping_name,
        attribute,
        tested_values,
        q_value,
        role,
        is_finding,
        {{ comparable_effect("test", "corrected_effect_size") }}
            as comparable_effect
    from {{ ref("customer_value__segment_attribute_tests") }}
    where is_deciding

),

shares as (

    select
        *,
        customer_count / nullif(base_count, 0) as group_share,
        all_customer_count / nullif(all_base_count, 0) as base_share,
        all_customer_count - customer_count as other_count,
        all_base_count - base_count as other_base_count,
        (all_customer_count - customer_count)
        / nullif(all_base_count - base_count, 0) as other_share
    from counts

),

-- The interval of the difference from all others: Newcombe (1998), method 10, made of
-- the two intervals of Wilson (1927).
scores as (

    select
        *,
        {{ wilson_bound("group_share", "base_count", "-") }} as group_lower,
        {{ wilson_bound("group_share", "base_count", "+") }} as group_upper,
        {{ wilson_bound("other_share", "other_base_count", "-") }} as other_lower,
        {{ wilson_bound("other_share", "other_base_count", "+") }} as other_upper
    from shares

),

intervals as (

    select
        *,
        group_share / nullif(base_share, 0) as lift,
        group_share
        - other_share
        - sqrt(
            (group_share - group_lower) * (group_share - group_lower)
            + (other_upper - other_share) * (other_upper - other_share)
        ) as difference_lower_95,
        group_share
        - other_share
        + sqrt(
            (group_upper - group_share) * (group_upper - group_share)
            + (other_share - other_lower) * (other_share - other_lower)
        ) as difference_upper_95
    from scores

),

-- A cell counts by its customers, or, where there are too few of them, by those it
-- should have.
judged as (

    select
        intervals.*,
        tests.q_value,
        tests.role,
        tests.comparable_effect,
        coalesce(
            tests.is_finding
            and (intervals.lift >= 1.2 or intervals.lift <= 0.8)
            and greatest(
                intervals.customer_count, intervals.base_count * intervals.base_share
            ) >= 50
            and (
                intervals.difference_lower_95 > 0
                or intervals.difference_upper_95 < 0
            ),
            false
        ) as is_distinctive
    from intervals
    left join tests
        on
            intervals.grouping_name = tests.grouping_name
            and intervals.attribute = tests.attribute
            and intervals.tested_values = tests.tested_values

),

segment_attribute_profile as (

    select
        ---------- strings
        cast(grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(group_name as {{ dbt.type_string() }}) as group_name,
        cast(attribute as {{ dbt.type_string() }}) as attribute,
        cast(attribute_value as {{ dbt.type_string() }}) as attribute_value,
        cast(kind as {{ dbt.type_string() }}) as kind,

        ---------- numerics
        cast(value_order as {{ dbt.type_bigint() }}) as value_order,
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(base_count as {{ dbt.type_bigint() }}) as base_count,
        cast(all_customer_count as {{ dbt.type_bigint() }}) as all_customer_count,
        cast(all_base_count as {{ dbt.type_bigint() }}) as all_base_count,
        cast(group_share as {{ type_double() }}) as group_share,
        cast(base_share as {{ type_double() }}) as base_share,
        cast(lift as {{ type_double() }}) as lift,
        cast(difference_lower_95 as {{ type_double() }}) as difference_lower_95,
        cast(difference_upper_95 as {{ type_double() }}) as difference_upper_95,
        cast(comparable_effect as {{ type_double() }}) as comparable_effect,
        cast(q_value as {{ type_double() }}) as q_value,

        ---------- booleans
        is_answer,
        is_distinctive
    from judged

)

select * from segment_attribute_profile
