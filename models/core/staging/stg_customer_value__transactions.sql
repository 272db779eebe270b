{%- set columns = input_map("transactions") -%}
{{ validate_input("transactions", is_staging=true) }}
with

source as (

    select * from {{ input_relation("transactions") }}

),

typed as (

    select
        {{ parse_customer_id(
            input_column(columns, "customer_id")
        ) }} as customer_id,
        {{ text_id(input_column(columns, "order_id")) }} as order_id,
        {{ text_id(input_column(columns, "line_id")) }} as line_id,
        {{ text_id(input_column(columns, "product_id")) }} as product_id,
        lower({{ text_id(input_column(columns, "status")) }}) as status,
        {% if "currency" in columns -%}
            coalesce(
                upper({{ text_id(input_column(columns, "currency")) }}), 'NONE'
            ) as currency,
        {% else -%}
            cast(null as {{ dbt.type_string() }}) as currency,
        {% endif -%}
        {{ parse_number(
            input_column(columns, "quantity"), "decimal(18, 4)"
        ) }} as quantity,
        {{ parse_number(
            input_column(columns, "unit_price"), "decimal(18, 6)"
        ) }} as unit_price,
        {{ parse_number(
            input_column(columns, "amount"), type_money()
        ) }} as line_amount,
        coalesce(
            {{ parse_boolean(input_column(columns, "is_return")) }}, false
        ) as is_flagged_return,
        {% for name in ["transacted_at", "amount", "quantity", "unit_price"] %}
            cast(
                {{ input_column(columns, name) }} as {{ dbt.type_string() }}
            ) as {{ name }}_as_written,
        {% endfor %}
        {{ parse_timestamp(
            input_column(columns, "transacted_at")
        ) }} as parsed_at

    from source

),

cleaned as (

    select
        ---------- ids
        customer_id,
        order_id,
        line_id,
        product_id,

        ---------- strings
        status,
        currency,
        transacted_at_as_written,
        {% if "amount" in columns -%}
            amount_as_written,
        {% else -%}
            concat(
                coalesce(quantity_as_written, ''),
                ' x ',
                coalesce(unit_price_as_written, '')
            ) as amount_as_written,
        {% endif %}

        ---------- numerics
        quantity,
        unit_price,
        {% if "amount" in columns -%}
            line_amount as amount,
        {% else -%}
            {{ try_cast("quantity * unit_price", type_money()) }} as amount,
        {% endif %}

        ---------- booleans
        is_flagged_return,

        ---------- timestamps
        -- 9999-12-31 and its like stand for "no date" in many systems.
        case
            when
                parsed_at >= cast('1900-01-01' as {{ type_timestamp() }})
                and parsed_at < cast('2262-01-01' as {{ type_timestamp() }})
                then parsed_at
        end as transacted_at

    from typed

)

select * from cleaned
