with

customer_sample as (

    select
        customer_id,
        as_of_role,
        recency_days,
        order_count,
        net_revenue,
        as_of_date
    from {{ ref("int_customer_value__customer_sample") }}

),

cluster_history as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        as_of_role,

        ---------- numerics
        {{ log_feature("recency_days") }} as recency,
        {{ log_feature("order_count") }} as frequency,
        {{ log_feature("net_revenue") }} as monetary,

        ---------- dates
        as_of_date
    from customer_sample

)

select * from cluster_history
