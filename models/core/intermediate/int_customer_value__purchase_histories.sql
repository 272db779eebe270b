with

customer_sample as (

    select
        as_of_role,
        repeat_count,
        last_purchase_age_days,
        customer_age_days
    from {{ ref("int_customer_value__customer_sample") }}

),

snapshots as (  -- noqa: ST03

    select
        repeat_count,
        last_purchase_age_days,
        customer_age_days
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current

),

-- The forecasts of all customers take the lookup where the model in use needs it; the
-- comparison of the models looks at the sample.
histories as (

    select
        as_of_role,
        repeat_count,
        last_purchase_age_days,
        customer_age_days
    from customer_sample
    {% if var("purchase_model") == "pareto_nbd" -%}
        union all
        select
            'current' as as_of_role,
            repeat_count,
            last_purchase_age_days,
            customer_age_days
        from snapshots
    {%- endif %}

),

purchase_histories as (

    select distinct
        as_of_role,
        repeat_count,
        last_purchase_age_days,
        customer_age_days
    from histories

)

select * from purchase_histories
