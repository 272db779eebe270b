-- Kept plus excluded is the input, here too.
with

suppressions as (

    select customer_id
    from {{ ref("stg_customer_value__suppressions") }}

),

consents as (

    select
        customer_id,
        is_granted,
        decided_date
    from {{ ref("stg_customer_value__consents") }}

),

as_of_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

classified as (

    select
        'suppressions' as input,
        case
            when customer_id is null then 'missing_customer'
            else 'kept'
        end as exclusion_reason
    from suppressions
    union all
    select
        'consents' as input,
        case
            when consents.customer_id is null then 'missing_customer'
            when
                consents.is_granted and consents.decided_date > as_of_dates.as_of_date
                then 'future_dated'
            else 'kept'
        end as exclusion_reason
    from consents
    left join as_of_dates on consents.customer_id is not null

),

permission_rows as (

    select
        ---------- strings
        input,
        exclusion_reason,

        ---------- numerics
        count(*) as row_count
    from classified
    group by input, exclusion_reason

)

select * from permission_rows
