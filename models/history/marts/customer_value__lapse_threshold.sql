with

threshold as (

    select
        reason,
        lapse_after_days,
        percentile_95_days,
        gap_count
    from {{ ref("int_customer_value__lapse_threshold") }}

),

lapse_threshold as (

    select
        ---------- strings
        cast(reason as {{ dbt.type_string() }}) as reason,

        ---------- numerics
        cast(lapse_after_days as {{ dbt.type_bigint() }}) as lapse_after_days,
        cast(percentile_95_days as {{ dbt.type_bigint() }}) as percentile_95_days,
        cast(gap_count as {{ dbt.type_bigint() }}) as gap_count
    from threshold

)

select * from lapse_threshold
