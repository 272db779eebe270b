{{ config(
    materialized="table", post_hook="{{ require_identifying_line_ids() }}"
) }}

{#- A date that is given has been applied to the lines already. -#}
{%- set gap_days = "" if var("as_of_date") else var("maximum_as_of_gap_days") -%}
{%- set has_limit = gap_days not in ["", none] %}
with

classified as (

    select
        customer_id,
        order_id,
        line_id,
        product_id,
        status,
        currency,
        excluded_value,
        quantity,
        unit_price,
        amount,
        is_marked_return,
        transacted_date,
        transacted_at,
        coalesce(exclusion_reason, 'kept') as line_reason,
        customer_id is not null and amount is not null as is_dated
    from {{ ref("int_customer_value__transactions_classified") }}

),

-- A line without a customer, a date or an amount moves no date; any other does.
lines_per_day as (

    select
        transacted_date,
        count(*) as line_count
    from classified
    where is_dated and transacted_date is not null
    group by transacted_date

),

running_lines as (

    select
        transacted_date,
        sum(line_count) over (
            order by transacted_date
            rows between unbounded preceding and current row
        ) as lines_up_to,
        sum(line_count) over () as line_count
    from lines_per_day

),

-- All but a hundredth of the lines, and but one at least, are the bulk of the log. What
-- lies far behind it is a slip of the pen, and no date as of which to see customers.
bulk as (

    select
        {% if has_limit -%}
            case
                when min(line_count) >= 10
                    then {{ date_add_days("min(transacted_date)", gap_days) }}
            end as limit_date
        {%- else -%}
            max(cast(null as date)) as limit_date
        {%- endif %}
    from running_lines
    where lines_up_to >= line_count - greatest(1, floor(line_count / 100))

),

lines as (

    select
        classified.customer_id,
        classified.order_id,
        classified.line_id,
        classified.product_id,
        classified.status,
        classified.currency,
        classified.quantity,
        classified.unit_price,
        classified.amount,
        classified.is_marked_return,
        classified.is_dated,
        classified.transacted_date,
        classified.transacted_at,
        bulk.limit_date,
        case
            when classified.transacted_date > bulk.limit_date
                then cast(classified.transacted_date as {{ dbt.type_string() }})
            else classified.excluded_value
        end as excluded_value,
        case
            when
                classified.is_dated
                and classified.line_reason != 'invalid_flag'
                and classified.transacted_date > bulk.limit_date
                then 'future_dated'
            else classified.line_reason
        end as exclusion_reason
    from classified
    cross join bulk

),

-- With neither an order id nor a line id nothing distinguishes a duplicate from a
-- second purchase: such lines are kept, and counted here.
identical_lines as (

    select
        exclusion_reason,
        count(*) - 1 as identical_line_count
    from lines
    where exclusion_reason = 'kept' and order_id is null and line_id is null
    group by
        exclusion_reason,
        customer_id,
        transacted_at,
        amount,
        product_id,
        quantity,
        unit_price,
        status,
        currency
    having count(*) > 1

),

identical_totals as (

    select
        exclusion_reason,
        sum(identical_line_count) as identical_line_count
    from identical_lines
    group by exclusion_reason

),

excluded_values as (

    select
        exclusion_reason,
        excluded_value
    from lines
    where exclusion_reason not in ('kept', 'missing_customer')

),

examples as (

    {{ most_frequent_values(
        "excluded_values", ["exclusion_reason"], "excluded_value"
    ) }}

),

by_reason as (

    select
        exclusion_reason,
        count(*) as line_count,
        count(line_id) as identified_line_count,
        count(
            case
                when amount < 0 and not is_marked_return and coalesce(quantity, 1) >= 0
                    then 1
            end
        ) as unmarked_negative_count,
        sum(amount) as amount,
        max(limit_date) as limit_date,
        max(
            case
                when
                    is_dated
                    and transacted_date <= coalesce(limit_date, transacted_date)
                    then transacted_date
            end
        ) as last_transacted_date
    from lines
    group by exclusion_reason

),

line_totals as (

    select
        ---------- strings
        by_reason.exclusion_reason,
        examples.examples as example_values,

        ---------- numerics
        by_reason.line_count,
        by_reason.identified_line_count,
        by_reason.unmarked_negative_count,
        cast(coalesce(by_reason.amount, 0) as {{ type_money() }}) as amount,
        cast(coalesce(identical_totals.identical_line_count, 0) as bigint)
            as identical_line_count,

        ---------- dates
        by_reason.limit_date,
        by_reason.last_transacted_date
    from by_reason
    left join identical_totals
        on by_reason.exclusion_reason = identical_totals.exclusion_reason
    left join examples on by_reason.exclusion_reason = examples.exclusion_reason

)

select * from line_totals
