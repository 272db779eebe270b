with

forecasts as (

    select
        repeat_count,
        customer_age_days,
        month_ahead,
        alive_if_alive,
        active_if_alive,
        active_so_far_if_alive,
        purchases_if_alive,
        discounted_purchases_if_alive
    from {{ ref("score_customer_value__forecasts") }}
    where as_of_role = 'current' and month_ahead > 0

)

select * from forecasts
