{{ config(
    materialized="table", post_hook="{{ require_identifying_line_ids() }}"
) }}

{%- set line_reason = "coalesce(exclusion_reason, 'kept')" -%}
{%- set is_dated = "customer_id is not null and amount is not null" -%}
{%- set with_limit -%}
    case
        when
            is_dated
            and line_reason != 'invalid_flag'
            and transacted_date > bulk.limit_date
            then 'future_dated'
        else line_reason
    end
{%- endset %}
with

-- The lines are read three times below, a few columns of them each time, since the rows
-- of a log with all its columns are more than an engine keeps between two steps.
classified_days as (

    select
        {{ line_reason }} as line_reason,
        {{ is_dated }} as is_dated,
        transacted_date,
        count(*) as line_count,
        count(line_id) as identified_line_count,
        count(
            case
                when amount < 0 and not is_marked_return and coalesce(quantity, 1) >= 0
                    then 1
            end
        ) as unmarked_negative_count,
        sum(amount) as amount
    from {{ ref("int_customer_value__transactions_classified") }}
    group by
        {{ line_reason }},
        {{ is_dated }},
        transacted_date

),

-- A line without a customer, a date or an amount moves no date; any other does.
lines_per_day as (

    select
        transacted_date,
        sum(line_count) as line_count
    from classified_days
    where is_dated and transacted_date is not null
    group by transacted_date

),

{{ bulk_of_days("lines_per_day", "transacted_date", "line_count") }},

days as (

    select
        classified_days.*,
        bulk.limit_date,
        {{ with_limit | indent(8) }} as exclusion_reason
    from classified_days
    cross join bulk

),

-- With neither an order id nor a line id nothing distinguishes a duplicate from a
-- second purchase: such lines are kept, and counted here.
unidentified_lines as (

    select
        customer_id,
        product_id,
        status,
        currency,
        quantity,
        unit_price,
        amount,
        transacted_at,
        transacted_date
    from {{ ref("int_customer_value__transactions_classified") }}
    where exclusion_reason is null and order_id is null and line_id is null

),

identical_lines as (

    select count(*) - 1 as identical_line_count
    from unidentified_lines
    cross join bulk
    where
        bulk.limit_date is null
        or unidentified_lines.transacted_date <= bulk.limit_date
    group by
        unidentified_lines.customer_id,
        unidentified_lines.transacted_at,
        unidentified_lines.amount,
        unidentified_lines.product_id,
        unidentified_lines.quantity,
        unidentified_lines.unit_price,
        unidentified_lines.status,
        unidentified_lines.currency
    having count(*) > 1

),

identical_totals as (

    select
        'kept' as exclusion_reason,
        sum(identical_line_count) as identical_line_count
    from identical_lines

),

lines as (

    select
        {{ line_reason }} as line_reason,
        {{ is_dated }} as is_dated,
        excluded_value,
        transacted_date
    from {{ ref("int_customer_value__transactions_classified") }}

),

excluded_lines as (

    select
        lines.excluded_value,
        lines.transacted_date,
        {{ with_limit | indent(8) }} as exclusion_reason
    from lines
    cross join bulk
    where lines.line_reason != 'kept' or lines.transacted_date > bulk.limit_date

),

excluded_values as (

    select
        exclusion_reason,
        case
            when exclusion_reason = 'future_dated'
                then cast(transacted_date as {{ dbt.type_string() }})
            else excluded_value
        end as excluded_value
    from excluded_lines

),

examples as (

    {{ most_frequent_values(
        "excluded_values", ["exclusion_reason"], "excluded_value"
    ) }}

),

by_reason as (

    select
        exclusion_reason,
        sum(line_count) as line_count,
        sum(identified_line_count) as identified_line_count,
        sum(unmarked_negative_count) as unmarked_negative_count,
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
    from days
    group by exclusion_reason

),

line_totals as (

    select
        ---------- strings
        by_reason.exclusion_reason,
        examples.examples as example_values,

        ---------- numerics
        cast(by_reason.line_count as bigint) as line_count,
        cast(by_reason.identified_line_count as bigint) as identified_line_count,
        cast(by_reason.unmarked_negative_count as bigint) as unmarked_negative_count,
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
