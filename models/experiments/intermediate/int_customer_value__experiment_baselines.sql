-- What can be expected without any campaign: what the customers of a segment did in the
-- last activity_days that are over.
with

labels as (

    select
        customer_id,
        is_buyer,
        cast(spend as {{ type_double() }}) as spend,
        as_of_date
    from {{ ref("int_customer_value__activity_labels") }}

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

-- The date first, so that nobody is scored as of any other.
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
        labels.is_buyer,
        labels.spend
    from labels
    inner join last_scores
        on
            labels.customer_id = last_scores.customer_id
            and labels.as_of_date = last_scores.as_of_date

),

by_segment as (

    select
        segment,
        cast(is_buyer as {{ type_double() }}) as purchase_rate,
        spend
    from customers
    union all
    select
        'all' as segment,
        cast(is_buyer as {{ type_double() }}) as purchase_rate,
        spend
    from customers

),

summed as (
    {% for metric in ["purchase_rate", "spend"] %}
        select
            segment,
            '{{ metric }}' as metric,
            cast(count(*) as {{ type_double() }}) as n,
            {{ exact_sum(metric) }} as value_sum,
            {{ exact_sum(metric ~ " * " ~ metric) }} as square_sum
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
        n as customer_count,
        value_sum / n as baseline_mean,
        sqrt(greatest(square_sum - value_sum * value_sum / n, 0) / nullif(n - 1, 0))
            as baseline_deviation
    from summed

)

select * from baselines
