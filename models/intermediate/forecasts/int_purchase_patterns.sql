{{ config(materialized="table") }}

with

snapshots as (

    select
        repeat_count,
        recency_days,
        last_purchase_age_days,
        customer_age_days,
        case when is_current then 'current' else 'calibration' end as as_of_role
    from {{ ref("int_customer_snapshots") }}
    where is_current or is_calibration

),

patterns as (

    select
        as_of_role,
        repeat_count,
        recency_days,
        last_purchase_age_days,
        customer_age_days,
        count(*) as customer_count
    from snapshots
    group by
        as_of_role,
        repeat_count,
        recency_days,
        last_purchase_age_days,
        customer_age_days

),

-- By how often they came back, about how long ago, and since when they are known.
in_line as (

    select
        *,
        sum(customer_count) over (
            partition by as_of_role
            order by
                repeat_count,
                floor(sqrt(recency_days)),
                customer_age_days,
                recency_days
            rows between unbounded preceding and current row
        ) as customers_up_to,
        sum(customer_count) over (partition by as_of_role) as population_count
    from patterns

),

shares as (

    select
        *,
        least(
            cast({{ var("fit_customer_limit") }} as {{ type_double() }})
            / population_count,
            1
        ) as sample_share
    from in_line

),

-- Every n-th of the line (a systematic sample: Cochran 1977, Sampling Techniques,
-- chapter 8), so that the fits see each kind of customer in its share: a random sample
-- of that size leaves the parameters several times as far from those of everybody.
sampled as (

    select
        as_of_role,
        repeat_count,
        last_purchase_age_days,
        customer_age_days,
        cast(
            floor(customers_up_to * sample_share + 0.5)
            - floor((customers_up_to - customer_count) * sample_share + 0.5)
            as bigint
        ) as customer_count
    from shares

)

select * from sampled
where customer_count > 0
