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

{% if cluster_behaviours() %}
    behaviours as (

        select
            customer_id as behaviour_customer_id,
            as_of_date as behaviour_date,
            {{ cluster_behaviours() | join(", ") }}
        from {{ ref("int_customer_value__customer_snapshots") }}
        where is_current or is_calibration

    ),
{% endif %}

cluster_history as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        as_of_role,

        ---------- numerics
        {% for feature, column in cluster_features().items() -%}
            {{ cluster_feature(column) }} as {{ feature }},
        {% endfor %}

        ---------- dates
        as_of_date
    from customer_sample
    {% if cluster_behaviours() -%}
        left join behaviours
            on
                customer_sample.customer_id = behaviours.behaviour_customer_id
                and customer_sample.as_of_date = behaviours.behaviour_date
    {%- endif %}
    {% if cluster_additions() -%}
        left join {{ cluster_addition_rows() }} as cluster_additions
            on customer_sample.customer_id = cluster_additions.added_customer_id
    {%- endif %}

)

select * from cluster_history
