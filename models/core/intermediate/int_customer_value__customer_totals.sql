{{ config(materialized="table", post_hook="{{ require_kept_lines() }}") }}

{%- set is_log_of_purchases = is_log_of_purchases() %}
with

kept_lines as (

    select
        customer_id,
        order_id,
        transacted_at,
        transacted_date,
        amount,
        is_free_of_charge
    from {{ ref("int_customer_value__transactions_judged") }}
    where line_reason is null

),

{% if is_log_of_purchases -%}
    -- Most customers of such a log have never two lines on one day, nor a line that is
    -- no purchase. Theirs are summed as they stand: two aggregations less of the log.
    {{ lines_as_days("kept_lines") }},

    sums_of_lines as (

        select
            customer_id,
            {{ totals_of_days() }},
            min(activity_date) as first_purchase_date,
            max(
                case
                    when
                        net_amount > 0
                        and coalesce(days_since_previous_purchase, 1) > 0
                        then 0
                    else 1
                end
            ) = 1 as is_netted
        from lines_as_days
        group by customer_id

    ),

    lines_to_net as (

        select kept_lines.*
        from kept_lines
        inner join sums_of_lines on kept_lines.customer_id = sums_of_lines.customer_id
        where sums_of_lines.is_netted

    ),
{%- endif %}

{{ netted_days("lines_to_net" if is_log_of_purchases else "kept_lines") }},

sums_of_days as (

    select
        customer_id,
        {{ totals_of_days() }},
        min(case when is_purchase_day then activity_date end) as first_purchase_date,
        true as is_netted
    from netted_days
    group by customer_id

),

sums as (

    select * from sums_of_days
    {% if is_log_of_purchases -%}
        union all
        select * from sums_of_lines
        where not is_netted
    {%- endif %}

),

-- Who never has a purchase day is no customer; the lines keep the reason.
totals as (

    select
        ---------- ids
        customer_id,

        ---------- numerics
        order_count,
        purchase_day_count,
        paid_repeat_count,
        net_revenue,
        repeat_spend,
        squared_days_between_purchases,

        ---------- booleans
        is_netted,

        ---------- dates
        first_purchase_date,
        last_purchase_date
    from sums
    where first_purchase_date is not null

)

select * from totals
