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

{% if cluster_behaviours() %}
    behaviours as (

        select
            customer_id as behaviour_customer_id,
            {{ cluster_behaviours() | join(", ") }}
        from {{ ref("int_customer_value__customer_snapshots") }}
        where is_current

    ),
{% endif %}

features as (

    select
        customer_id,
    {% for feature, column in cluster_features().items() -%}
        {{ cluster_feature(column) }} as {{ feature }}
        {{- "," if not loop.last }}
    {% endfor %}
    from customer_sample
    {% if cluster_behaviours() -%}
        left join behaviours
            on customer_sample.customer_id = behaviours.behaviour_customer_id
    {%- endif %}
    {% if cluster_additions() -%}
        left join {{ cluster_addition_rows() }} as cluster_additions
            on customer_sample.customer_id = cluster_additions.added_customer_id
    {%- endif %}

)

select * from features
