{# The lines of the input of transactions under the standard names: typed, trimmed, nothing dropped. The
   CTEs up to `transactions`, for a statement that has rows of the input as the CTE `source`. #}
{% macro typed_transactions() -%}
{%- set columns = input_map("transactions") -%}
{%- set minor_units = var("minor_units") -%}
{%- set unread = unread_columns("transactions") -%}
{%- set type_read = type_amount() if minor_units == 1 else type_decimal(20, 4) -%}
typed as (

    select
        {{ parse_customer_id(
            input_column(columns, "customer_id")
        ) }} as customer_id,
        {{ parse_id(input_column(columns, "order_id")) }} as order_id,
        {{ parse_id(input_column(columns, "line_id")) }} as line_id,
        {{ parse_id(input_column(columns, "product_id")) }} as product_id,
        lower({{ text_id(input_column(columns, "status")) }}) as status,
        {{ text_id(input_column(columns, "customer_group")) }} as customer_group,
        {% if "currency" in columns -%}
            coalesce(
                upper({{ text_id(input_column(columns, "currency")) }}), 'NONE'
            ) as currency,
        {% else -%}
            cast(null as {{ dbt.type_string() }}) as currency,
        {% endif -%}
        {% for name in [
            "customer_id", "transacted_at", "amount", "quantity", "unit_price",
            "refunded_amount", "is_return", "cost",
        ] %}
            cast(
                {{ input_column(columns, name) }} as {{ dbt.type_string() }}
            ) as {{ name }}_as_written,
        {% endfor %}
        {{ parse_number(
            input_column(columns, "quantity"), type_amount()
        ) }} as quantity,
        {{ parse_number(
            input_column(columns, "unit_price"), type_decimal(20, 6)
        ) }} as price_read,
        {{ parse_number(
            input_column(columns, "amount"), type_read
        ) }} as amount_read,
        {{ parse_number(
            input_column(columns, "refunded_amount"), type_read
        ) }} as refund_read,
        {{ parse_number(
            input_column(columns, "cost"), type_read
        ) }} as cost_read,
        coalesce(
            {{ parse_boolean(input_column(columns, "is_return")) }}, false
        ) as is_flagged_return,
        {{ is_unknown_flag(input_column(columns, "is_return")) }} as is_return_unknown,
        {{ parse_timestamp(
            input_column(columns, "transacted_at")
        ) }} as parsed_at

    from source

),

-- Amounts in cents and the like become amounts in the currency.
in_units as (

    select
        *,
        {% if minor_units == 1 -%}
            price_read as unit_price,
            amount_read as line_amount,
            cost_read as cost,
            abs(refund_read) as refund
        {%- else -%}
            {%- set unit = "cast(" ~ 1 / minor_units ~ " as decimal(18, 8))" -%}
            {{ amount_product("price_read", unit, type_decimal(20, 6)) }} as unit_price,
            {{ amount_product("amount_read", unit, type_amount()) }} as line_amount,
            {{ amount_product("cost_read", unit, type_amount()) }} as cost,
            abs({{ amount_product("refund_read", unit, type_amount()) }}) as refund
        {%- endif %}
    from typed

),

priced as (

    select
        *,
        {% if "amount" in columns -%}
            line_amount as full_amount
        {%- else -%}
            {{ amount_product("quantity", "unit_price", type_amount()) }} as full_amount
        {%- endif %}
    from in_units

),

with_returns as (

    select
        *,
        {{ is_marked_return("is_flagged_return", "order_id") }}
        or coalesce(full_amount < 0, false) as is_return
    from priced

),

transactions as (

    select
        ---------- ids
        customer_id,
        order_id,
        line_id,
        product_id,

        ---------- strings
        status,
        customer_group,
        currency,
        {{ missing_customer_word(
            "customer_id", "customer_id_as_written"
        ) }} as missing_customer_as_written,
        transacted_at_as_written,
        concat(
            {% if "amount" in columns -%}
                amount_as_written,
            {% else -%}
                coalesce(quantity_as_written, ''),
                ' x ',
                coalesce(unit_price_as_written, ''),
            {% endif -%}
            coalesce(' less ' || refunded_amount_as_written, '')
        ) as amount_as_written,
        is_return_as_written,
        -- A quantity or price without which there is no amount has a reason instead.
        {% for name in unread -%}
            case
                when {{ name }} is null and {{ is_given(name ~ "_as_written") }}
                    then {{ name }}_as_written
            end as unread_{{ name }},
        {% endfor %}
        ---------- numerics
        quantity,
        unit_price,
        {% if "refunded_amount" in columns -%}
            -- A refund that cannot be read leaves the amount unknown. A return is what
            -- went back itself, and its refund is the same money.
            case
                when
                    not {{ is_given("refunded_amount_as_written") }}
                    or (is_return and refund is not null)
                    then full_amount
                else
                    {{ try_cast(
                        "(cast(full_amount as " ~ type_decimal(20, 4) ~ ") - refund)",
                        type_amount()
                    ) }}
            end as amount,
            case when not is_return then refund end as refunded_amount,
        {% else -%}
            full_amount as amount,
            refund as refunded_amount,
        {% endif -%}
        cost,

        ---------- booleans
        is_flagged_return,
        is_return_unknown,

        ---------- timestamps
        case
            when {{ is_known_moment("parsed_at", type_timestamp()) }}
                then parsed_at
        end as transacted_at

    from with_returns

)
{%- endmacro %}
