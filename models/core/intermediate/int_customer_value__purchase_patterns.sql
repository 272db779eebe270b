{{ config(materialized="table") }}

with

snapshots as (

    select
        repeat_count,
        last_purchase_age_days,
        customer_age_days,
        is_current
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current or is_calibration

),

-- The past dates that a correction is learned at or that forecasts are judged on, each
-- once, of a sample that is small enough.
past_rows as (

    select
        as_of_role,
        repeat_count,
        last_purchase_age_days,
        customer_age_days
    from {{ ref("int_customer_value__forecast_rows") }}
    where
        is_fitted and date_number > 0
    {% if fits_groups() -%}
        -- Of groups that have a model of their own every row, and of all customers too.
        union all
        select
            fit_role as as_of_role,
            repeat_count,
            last_purchase_age_days,
            customer_age_days
        from {{ ref("int_customer_value__forecast_rows") }}
        where
            fit_role != as_of_role
            and (date_number > 0 or as_of_role in ('current', 'calibration'))
    {%- endif %}

),

patterns as (

    select
        repeat_count,
        last_purchase_age_days,
        customer_age_days,
        is_current,
        count(*) as customer_count
    from snapshots
    group by
        repeat_count,
        last_purchase_age_days,
        customer_age_days,
        is_current

),

-- By how often they came back, about how long ago, and since when they are known.
in_line as (

    select
        *,
        sum(customer_count) over (
            partition by is_current
            -- Narrow keys sort in half the time.
            order by
                cast(repeat_count as integer),
                cast(
                    floor(sqrt(customer_age_days - last_purchase_age_days)) as integer
                ),
                cast(customer_age_days as integer),
                cast(customer_age_days - last_purchase_age_days as integer)
            rows between unbounded preceding and current row
        ) as customers_up_to,
        sum(customer_count) over (partition by is_current) as population_count
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
        case when is_current then 'current' else 'calibration' end as as_of_role,
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
union all
select
    as_of_role,
    repeat_count,
    last_purchase_age_days,
    customer_age_days,
    count(*) as customer_count
from past_rows
group by as_of_role, repeat_count, last_purchase_age_days, customer_age_days
