{%- set prefix = (var("return_order_prefix") or "") | string -%}
{%- set as_of_date = (var("as_of_date") or "") | string -%}
{%- set dropping = var("drop_identical_lines") %}
with

transactions as (

    select
        customer_id,
        order_id,
        line_id,
        product_id,
        status,
        currency,
        quantity,
        unit_price,
        amount,
        is_flagged_return,
        transacted_at
    from {{ ref("stg_transactions") }}

),

exchange_rates as (

    select
        upper(trim(currency)) as rate_currency,
        cast(rate as decimal(18, 8)) as rate
    from {{ ref("exchange_rates") }}

),

-- A return is a negative amount, a line flagged as one, or one whose order id says so;
-- the latter two count as negative whatever their sign.
signed as (

    select
        customer_id,
        order_id,
        line_id,
        product_id,
        status,
        currency,
        quantity,
        unit_price,
        transacted_at,
        is_flagged_return,
        cast(transacted_at as date) as transacted_date,
        coalesce(is_flagged_return, false)
        or coalesce(amount < 0, false)
        {% if prefix -%}
            or coalesce(
                substr(order_id, 1, {{ prefix | length }})
                = '{{ prefix | replace("'", "''") }}',
                false
            )
        {%- endif %} as is_return,
        amount
    from transactions

),

-- What cannot be converted keeps its own amount, so that the totals still add up.
converted as (

    select
        signed.*,
        signed.currency is not null
        and exchange_rates.rate is null as is_unknown_currency,
        cast(
            case
                when signed.is_return then -1 * abs(signed.amount)
                else signed.amount
            end * coalesce(exchange_rates.rate, 1) as {{ type_money() }}
        ) as counted_amount
    from signed
    left join exchange_rates on signed.currency = exchange_rates.rate_currency

),

judged_alone as (

    select
        *,
        case
            when customer_id is null then 'missing_customer'
            when transacted_at is null then 'invalid_timestamp'
            when amount is null then 'invalid_amount'
            {% if as_of_date -%}
                when transacted_date > cast('{{ as_of_date }}' as date)
                    then 'future_dated'
            {% endif -%}
            when is_unknown_currency then 'unknown_currency'
        {% if var("excluded_statuses") -%}
                when status in (
                    {%- for status in var("excluded_statuses") -%}
                        '{{ status | string | trim | lower | replace("'", "''") }}'
                        {{- ", " if not loop.last }}
                    {%- endfor -%}
                ) then 'excluded_status'
            {% endif -%}
        {% if var("excluded_products") -%}
                when lower(product_id) in (
                    {%- for product in var("excluded_products") -%}
                        '{{ product | string | trim | lower | replace("'", "''") }}'
                        {{- ", " if not loop.last }}
                    {%- endfor -%}
                ) then 'excluded_product'
            {% endif -%}
        end as line_reason
    from converted

),

-- Two lines with one line id are duplicates. Without line ids, lines of one order that
-- are equal in every mapped column are. With neither, nothing tells a duplicate from a
-- second purchase: drop_identical_lines decides, and keeps them unless told otherwise.
numbered_by_line_id as (

    select
        *,
        row_number() over (
            partition by line_id
            order by
                transacted_at,
                customer_id,
                order_id,
                product_id,
                counted_amount,
                quantity,
                unit_price,
                status,
                currency
        ) as copy_number
    from judged_alone
    where line_reason is null and line_id is not null

),

numbered_by_content as (

    select
        *,
        row_number() over (
            partition by
                customer_id,
                order_id,
                transacted_at,
                product_id,
                amount,
                quantity,
                unit_price,
                status,
                currency,
                is_flagged_return
            order by customer_id
        ) as copy_number
    from judged_alone
    where
        line_reason is null
        and line_id is null
        {% if dropping == "auto" -%}
            and order_id is not null
        {%- elif not dropping -%}
            and false
        {%- endif %}

),

not_numbered as (

    select
        *,
        1 as copy_number
    from judged_alone
    where
        line_reason is not null
        {% if dropping == "auto" -%}
            or (line_id is null and order_id is null)
        {%- elif not dropping -%}
            or line_id is null
        {%- endif %}

),

without_duplicates as (

    select * from numbered_by_line_id
    union all
    select * from numbered_by_content
    union all
    select * from not_numbered

),

judged as (

    select
        customer_id,
        order_id,
        line_id,
        product_id,
        status,
        currency,
        quantity,
        unit_price,
        is_return,
        transacted_at,
        transacted_date,
        counted_amount as amount,
        coalesce(
            amount = 0 and not is_return and coalesce(quantity, 1) != 0, false
        ) as is_free_of_charge,
        case when copy_number > 1 then 'duplicate_line' else line_reason end
            as line_reason
    from without_duplicates

)

select * from judged
