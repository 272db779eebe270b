{%- set has_line_ids = "line_id" in input_map("transactions") -%}
{%- set gap_days = var("maximum_as_of_gap_days") %}
with

built_dates as (

    select as_of_date as built_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

-- A line far behind all others is mistyped, here as in the build.
line_limits as (

    select max(limit_date) as limit_date
    from {{ ref("int_customer_value__line_totals") }}

),

limits as (

    select
        built_dates.built_date,
        {% if gap_days in ["", none] -%}
            line_limits.limit_date
        {%- else -%}
            coalesce(
                line_limits.limit_date,
                {{ date_add_days("built_dates.built_date", gap_days) }}
            ) as limit_date
        {%- endif %}
    from built_dates
    cross join line_limits

),

all_lines as (

    select
        customer_id,
        order_id,
        line_id,
        product_id,
        status,
        customer_group,
        currency,
        quantity,
        unit_price,
        refunded_amount,
        amount,
        cost,
        is_flagged_return,
        is_return_unknown,
        transacted_at,
        transacted_at_as_written,
        amount_as_written,
        is_return_as_written,
        unread_cost,
        unread_quantity,
        unread_unit_price
    from {{ ref("stg_customer_value__transactions") }}

),

arrived as (

    select all_lines.*
    from all_lines
    cross join limits
    where
        cast(all_lines.transacted_at as date) > limits.built_date
        and (
            limits.limit_date is null
            or cast(all_lines.transacted_at as date) <= limits.limit_date
        )

),

-- A line is no duplicate before it was compared with all lines of its id.
transactions as (

    select * from arrived
    {% if has_line_ids -%}
        union all
        select all_lines.*
        from all_lines
        cross join limits
        where
            all_lines.line_id in (
                select line_id
                from arrived
                where line_id is not null
            )
            and not coalesce(
                cast(all_lines.transacted_at as date) > limits.built_date
                and (
                    limits.limit_date is null
                    or cast(all_lines.transacted_at as date) <= limits.limit_date
                ),
                false
            )
    {%- endif %}

),

{{ classified_lines("") }},

new_lines as (

    select
        ---------- ids
        classified.customer_id,
        classified.order_id,
        classified.line_id,

        ---------- strings
        classified.exclusion_reason,

        ---------- numerics
        classified.amount,
        classified.cost,
        classified.amount_back,

        ---------- booleans
        classified.is_return,
        classified.is_free_of_charge,

        ---------- dates
        limits.built_date,
        classified.transacted_date,

        ---------- timestamps
        classified.transacted_at
    from classified
    cross join limits
    where
        classified.transacted_date > limits.built_date
        and (
            limits.limit_date is null
            or classified.transacted_date <= limits.limit_date
        )

)

select * from new_lines
