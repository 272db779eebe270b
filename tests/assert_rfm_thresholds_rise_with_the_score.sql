-- Each metric has the five scores once; higher scores start at higher values, for days
-- since the last purchase at lower ones.
with

thresholds as (

    select
        metric,
        score,
        from_value,
        case when metric = 'recency_days' then -1 else 1 end as direction,
        lag(from_value) over (partition by metric order by score) as from_value_below
    from {{ ref("customer_value__rfm_thresholds") }}

),

wrong_order as (

    select metric
    from thresholds
    where direction * (from_value - from_value_below) <= 0

),

wrong_scores as (

    select metric
    from thresholds
    group by metric
    having count(*) != 5 or min(score) != 1 or max(score) != 5

)

select metric from wrong_order
union all
select metric from wrong_scores
