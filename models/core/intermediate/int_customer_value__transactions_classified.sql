{{ config(materialized="table") }}

{%- set prefix = (var("return_order_prefix") or "") | string -%}
{%- set as_of_date = (var("as_of_date") or "") | string -%}
{%- set dropping = var("drop_identical_lines") -%}
{%- set columns = input_map("transactions") -%}
{#- A column that is not mapped is null in all rows and decides nothing. -#}
{%- set has_duplicates = "line_id" in columns or dropping == true
    or (dropping == "auto" and "order_id" in columns) -%}
{%- set rate = " * coalesce(exchange_rates.rate, 1)" if "currency" in columns -%}
{%- set content = [] -%}
{%- for name in [
    "transacted_at", "customer_id", "order_id", "product_id", "quantity", "unit_price",
    "status", "currency",
] if name in columns -%}
    {%- do content.append(name) -%}
{%- endfor -%}
{%- do content.extend(["amount", "is_flagged_return"]) -%}
{%- set excluded = {} -%}
{%- for name in ["excluded_statuses", "excluded_products"] -%}
    {%- set texts = [] -%}
    {%- for text in var(name) -%}
        {%- do texts.append(
            "'" ~ dbt.escape_single_quotes(text | string | trim | lower) ~ "'"
        ) -%}
    {%- endfor -%}
    {#- Nothing is in a list of null alone. #}
    {%- do excluded.update({name: texts | join(", ") or "null"}) -%}
{%- endfor %}
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
        transacted_at,
        transacted_at_as_written,
        amount_as_written
    from {{ ref("stg_customer_value__transactions") }}

),

exchange_rates as (  -- noqa: ST03

    select
        upper(trim(currency)) as rate_currency,
        cast(rate as decimal(18, 8)) as rate
    from {{ ref("customer_value__exchange_rates") }}

),

-- A return is a negative amount, a flagged line, or a line whose order id has the
-- prefix of returns; the amount of the latter two counts as negative whatever its sign.
signed as (

    select
        *,
        cast(transacted_at as date) as transacted_date,
        coalesce(is_flagged_return, false)
        or coalesce(amount < 0, false)
        {% if prefix -%}
            or coalesce(
                substr(order_id, 1, {{ prefix | length }})
                = '{{ dbt.escape_single_quotes(prefix) }}',
                false
            )
        {%- endif %} as is_return
    from transactions

),

-- An amount in an unknown currency stays as it is, so that the totals still add up.
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

with_reason as (

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
            when status in ({{ excluded.excluded_statuses }}) then 'excluded_status'
            when lower(product_id) in ({{ excluded.excluded_products }})
                then 'excluded_product'
        end as line_reason
    from converted

),

-- Two lines with one line id are duplicates. Without line ids, lines of one order that
-- are equal in every mapped column are. With neither, nothing distinguishes a duplicate
-- from a second purchase: they are kept, unless drop_identical_lines says otherwise.
without_duplicates as (

    select
        *,
        {% if has_duplicates -%}
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
    from with_reason

),

with_last_reason as (

    select
        *,
        case when is_duplicate then 'duplicate_line' else line_reason end
            as exclusion_reason
    from without_duplicates

),

classified as (

    select
        ---------- ids
        customer_id,
        order_id,
        line_id,
        product_id,

        ---------- strings
        status,
        currency,
        exclusion_reason,
        -- What the reason is about, as an example for people to look at.
        case exclusion_reason
            when 'invalid_timestamp' then transacted_at_as_written
            when 'invalid_amount' then amount_as_written
            when 'future_dated'
                then cast(transacted_date as {{ dbt.type_string() }})
            when 'unknown_currency' then currency
            when 'excluded_status' then status
            when 'excluded_product' then product_id
            when 'duplicate_line' then coalesce(line_id, order_id)
        end as excluded_value,

        ---------- numerics
        quantity,
        unit_price,
        counted_amount as amount,

        ---------- booleans
        is_return,
        coalesce(
            amount = 0 and not is_return and coalesce(quantity, 1) != 0, false
        ) as is_free_of_charge,

        ---------- dates
        transacted_date,

        ---------- timestamps
        transacted_at
    from with_last_reason

)

select * from classified
