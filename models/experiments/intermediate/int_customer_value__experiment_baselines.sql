-- What to expect without a campaign: what the customers of a segment did in the last
-- activity_days that are over.
with

labels as (

    select
        customer_id,
        cast(spend as {{ type_double() }}) as spend,
        is_active,
        as_of_date
    from {{ ref("int_customer_value__active_labels") }}

),

scores as (

    select
        customer_id,
        segment,
        as_of_date
    from {{ ref("int_customer_value__customer_scores") }}

),

last_dates as (

    select max(as_of_date) as as_of_date
    from labels

),

last_scores as (

    select
        scores.customer_id,
        scores.segment,
        scores.as_of_date
    from scores
    inner join last_dates on scores.as_of_date = last_dates.as_of_date

),

customers as (

    select
        labels.customer_id,
        last_scores.segment,
        labels.spend,
        cast(case when labels.is_active then 1 else 0 end as {{ type_double() }})
            as purchase_rate
    from labels
    inner join last_scores
        on
            labels.customer_id = last_scores.customer_id
            and labels.as_of_date = last_scores.as_of_date

),

by_segment as (

    select
        segment,
        purchase_rate,
        spend
    from customers
    union all
    select
        'all' as segment,
        purchase_rate,
        spend
    from customers

),

summed as (
    {% for metric in ["purchase_rate", "spend"] %}
        select
            segment,
            '{{ metric }}' as metric,
            cast(count(*) as {{ type_double() }}) as value_count,
            {{ exact_sum(metric) }} as value_sum,
            {{ exact_sum(metric ~ " * " ~ metric, is_square=true) }} as square_sum,
            {{ exact_sum("purchase_rate") }} as buyer_count
        from by_segment
        group by segment
        {{ "union all" if not loop.last }}
    {% endfor %}
),

baselines as (

    select
        ---------- strings
        segment,
        metric,

        ---------- numerics
        cast(value_count as {{ dbt.type_bigint() }}) as customer_count,
        value_sum / value_count as baseline_mean,
        sqrt({{ sample_variance("value_count", "value_sum", "square_sum") }})
            as baseline_deviation,
        value_sum / nullif(buyer_count, 0) as buyer_mean,
        square_sum / nullif(buyer_count, 0) as buyer_square_mean
    from summed

)

select * from baselines
