with

customer_sample as (

    select
        customer_id,
        recency_days,
        order_count,
        net_revenue
    from {{ ref("int_customer_value__customer_sample") }}
    where as_of_role = 'current'

),

features as (

    select
        customer_id,
        {{ log_feature("recency_days") }} as recency,
        {{ log_feature("order_count") }} as frequency,
        {{ log_feature("net_revenue") }} as monetary
    from customer_sample

)

select * from features
