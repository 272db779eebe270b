{%- set prefix = (var("return_order_prefix") or "") | string -%}
{%- set has_prefix = " or substr(order_id, 1, " ~ prefix | length ~ ") = "
    ~ quoted_text(prefix) -%}
{% call where_built() -%}
-- Every line of the input is kept or excluded with a reason, in rows and in money. The
-- input is read again from staging; returns count as negative, as they do downstream.
with

transactions as (

    select
        order_id,
        currency,
        amount,
        is_flagged_return
    from {{ ref("stg_customer_value__transactions") }}

),

exchange_rates as (

    select
        upper(trim(currency)) as rate_currency,
        cast(rate as decimal(18, 8)) as rate
    from {{ ref("customer_value__exchange_rates") }}

),

input_lines as (

    select
        transactions.*,
        coalesce(exchange_rates.rate, 1) as rate,
        case
            when is_flagged_return{{ has_prefix if prefix }} then -1 * abs(amount)
            else amount
        end as signed_amount
    from transactions
    left join exchange_rates on transactions.currency = exchange_rates.rate_currency

),

input_totals as (

    select
        count(*) as line_count,
        coalesce(
            sum({{ in_reporting_currency("signed_amount") }}), 0
        ) as amount
    from input_lines

),

accounted as (

    select
        sum(case when exclusion_reason != 'total' then row_count end) as line_count,
        sum(case when exclusion_reason != 'total' then amount end) as amount,
        sum(case when exclusion_reason = 'total' then row_count end)
            as total_line_count,
        sum(case when exclusion_reason = 'total' then amount end) as total_amount
    from {{ ref("customer_value__excluded_rows") }}
    where input = 'transactions'

)

select
    input_totals.line_count as input_line_count,
    accounted.line_count,
    accounted.total_line_count,
    input_totals.amount as input_amount,
    accounted.amount,
    accounted.total_amount
from input_totals
cross join accounted
where
    input_totals.line_count != accounted.line_count
    or input_totals.line_count != accounted.total_line_count
    or input_totals.amount != accounted.amount
    or input_totals.amount != accounted.total_amount
{% endcall %}
