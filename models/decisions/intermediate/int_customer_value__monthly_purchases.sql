with

forecasts as (

    select
        {{ "as_of_role as fit_role," if fits_groups() }}
        repeat_count,
        customer_age_days,
        month_ahead,
        alive_if_alive,
        active_if_alive,
        active_so_far_if_alive,
        purchases_if_alive,
        discounted_purchases_if_alive
    from {{ ref("score_customer_value__forecasts") }}
    where
        {{ fit_role_date("as_of_role") if fits_groups() else "as_of_role" }} = 'current'
        and month_ahead > 0

)

select * from forecasts
