{%- set prefix = (var("return_order_prefix") or "") | string -%}
{%- set as_of_date = (var("as_of_date") or "") | string -%}
{%- set dropping = var("drop_identical_lines") -%}
{%- set columns = transaction_column_map() -%}
{#- A column that is not mapped is null in all rows: what only it decides goes. -#}
{%- set tells_duplicates = "line_id" in columns or dropping == true
    or (dropping == "auto" and "order_id" in columns) -%}
{%- set rate = " * coalesce(exchange_rates.rate, 1)" if "currency" in columns -%}
{%- set content = [] -%}
{%- for name in [
    "transacted_at", "customer_id", "order_id", "product_id", "quantity", "unit_price",
    "status", "currency",
] if name in columns -%}
    {%- do content.append(name) -%}
{%- endfor -%}
{%- do content.extend(["amount", "is_flagged_return"]) %}
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
    from {{ ref("stg_customer_value__transactions") }}

),

exchange_rates as (  -- noqa: ST03

    select
        upper(trim(currency)) as rate_currency,
        cast(rate as decimal(18, 8)) as rate
    from {{ ref("customer_value__exchange_rates") }}

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
                = '{{ dbt.escape_single_quotes(prefix) }}',
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
        {% if "currency" in columns -%}
            signed.currency is not null
            and exchange_rates.rate is null as is_unknown_currency,
        {%- else -%}
            false as is_unknown_currency,
        {%- endif %}
        cast(
            case
                when signed.is_return then -1 * abs(signed.amount)
                else signed.amount
            end{{ rate }} as {{ type_money() }}
        ) as counted_amount
    from signed
    {% if "currency" in columns -%}
        left join exchange_rates on signed.currency = exchange_rates.rate_currency
    {%- endif %}

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
                        '{{ dbt.escape_single_quotes(status | string | trim | lower) }}'
                        {{- ", " if not loop.last }}
                    {%- endfor -%}
                ) then 'excluded_status'
            {% endif -%}
        {% if var("excluded_products") -%}
                when lower(product_id) in (
                    {%- for product in var("excluded_products") -%}
                        '{{ dbt.escape_single_quotes(product | string | trim | lower) }}'
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
without_duplicates as (

    select
        *,
        {% if tells_duplicates -%}
            line_reason is null
            {% if dropping == "auto" -%}
                and (line_id is not null or order_id is not null)
            {%- elif not dropping -%}
                and line_id is not null
            {%- endif %}
            and row_number() over (
                partition by
                    line_reason,
                    line_id
                    {%- for column in content %},
                    case when line_id is null then {{ column }} end
                    {%- endfor %}
                order by {{ content | join(", ") }}
            ) > 1 as is_duplicate
        {%- else -%}
            false as is_duplicate
        {%- endif %}
    from judged_alone

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
        case when is_duplicate then 'duplicate_line' else line_reason end
            as line_reason
    from without_duplicates

)

select * from judged
