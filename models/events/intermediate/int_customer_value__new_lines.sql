{%- set has_line_ids = "line_id" in input_map("transactions") -%}
{%- set built_table = ref("int_customer_value__transactions_classified") -%}
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

arrived as (

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
        missing_customer_as_written,
        transacted_at_as_written,
        amount_as_written,
        is_return_as_written,
        unread_cost,
        unread_quantity,
        unread_unit_price
    from {{ ref("stg_customer_value__new_transactions") }}

),

{% if has_line_ids -%}
    -- A line that was kept at the build has the right to its id.
    built_lines as (

        select
            customer_id,
            order_id,
            line_id,
            transacted_at
        from {{ built_table }}
        where
            exclusion_reason is null
            and line_id in (
                select line_id
                from arrived
                where line_id is not null
            )

    ),
{%- endif %}

-- Built lines are here for their ids alone.
transactions as (

    select * from arrived
    {% if has_line_ids -%}
        union all
        select
            customer_id,
            order_id,
            line_id,
            {% for name in ["product_id", "status", "customer_group", "currency"] -%}
                cast(null as {{ dbt.type_string() }}) as {{ name }},
            {% endfor -%}
            null as quantity,
            null as unit_price,
            null as refunded_amount,
            0 as amount,
            null as cost,
            false as is_flagged_return,
            false as is_return_unknown,
            transacted_at,
            {% for name in [
                "missing_customer_as_written", "transacted_at_as_written",
                "amount_as_written", "is_return_as_written", "unread_cost",
                "unread_quantity", "unread_unit_price",
            ] -%}
                cast(null as {{ dbt.type_string() }}) as {{ name }}
                {{- "," if not loop.last }}
            {% endfor %}
        from built_lines
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
        -- Whether a copy differs is seen at the build, where both lines are at hand.
        case
            when classified.exclusion_reason = 'conflicting_line' then 'duplicate_line'
            else classified.exclusion_reason
        end as exclusion_reason,

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
