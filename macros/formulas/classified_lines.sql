{# Lines with the first reason for leaving each out: the CTEs from the sign of an amount to the CTE
   `classified`, the rows of int_transactions_classified, for a statement that has the CTE
   `transactions`, rows of stg_transactions. Lines after `as_of_date` are in the future; where it is
   empty, none is. All lines with one line id must be among the rows, or none. #}
{% macro classified_lines(as_of_date) -%}
    {%- set dropping = var("drop_identical_lines") -%}
    {%- set columns = input_map("transactions") -%}
    {#- A column that is not mapped is null in all rows and decides nothing. -#}
    {%- set has_duplicates = "line_id" in columns or dropping == true
        or (dropping == "auto" and "order_id" in columns) -%}
    {%- set content = [] -%}
    {%- for name in [
        "transacted_at", "customer_id", "order_id", "product_id", "quantity", "unit_price",
        "refunded_amount", "cost", "status", "currency",
        "customer_group",
    ] if name in columns -%}
        {%- do content.append(name) -%}
    {%- endfor -%}
    {%- do content.extend(["amount", "is_flagged_return"]) -%}
    {%- set has_line_ids = "line_id" in columns -%}
    {#- Equal lines are alike, so that their order does not matter. -#}
    {%- set alike = ["line_reason"] + (["line_id"] if has_line_ids else []) -%}
    {%- for column in content -%}
        {#- An order is one customer's, also where several shops count theirs from 1. #}
        {%- set of_order = " or order_id is not null" if column == "customer_id" -%}
        {%- do alike.append(
            column if column == "order_id" or not has_line_ids
            else "case when line_id is null" ~ of_order ~ " then " ~ column ~ " end"
        ) -%}
    {%- endfor -%}
    {%- set copies = "over (partition by " ~ alike | join(", ") ~ " order by "
        ~ (content if has_line_ids else content[:1]) | join(", ") ~ ")" -%}
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
        {{ is_marked_return("is_flagged_return", "order_id") }} as is_marked_return
    from transactions

),

-- An amount in an unknown currency stays as it is, so that the totals still add up.
converted as (

    select
        signed.*,
        signed.is_marked_return or coalesce(signed.amount < 0, false) as is_return,
        case
            when signed.is_marked_return then -1 * abs(signed.amount)
            else signed.amount
        end as signed_amount,
        -- What comes back is not lost.
        case
            when signed.is_marked_return or coalesce(signed.amount < 0, false)
                then -1 * abs(signed.cost)
            else signed.cost
        end as signed_cost,
        -- What went back to the customer: what was refunded of a purchase, or a return.
        case
            when
                signed.refunded_amount != 0 and not signed.is_marked_return
                then signed.refunded_amount
            when signed.is_marked_return or signed.amount < 0
                then abs(signed.amount)
            else 0
        end as amount_back,
        {% if "currency" in columns -%}
            signed.currency is not null
            and exchange_rates.rate is null as is_unknown_currency,
        {%- else -%}
            false as is_unknown_currency,
        {%- endif %}
        {% if "currency" in columns -%}
            coalesce(exchange_rates.rate, 1) as rate
        {%- else -%}
            1 as rate
        {%- endif %}
    from signed
    {% if "currency" in columns -%}
        left join exchange_rates on signed.currency = exchange_rates.rate_currency
    {%- endif %}

),

counted as (

    select
        *,
        {% if "currency" in columns -%}
            {{ in_reporting_currency("signed_amount") }}
        {%- else -%}
            signed_amount
        {%- endif %} as counted_amount,
        {% if "currency" in columns -%}
            {{ in_reporting_currency("signed_cost") }}
        {%- else -%}
            signed_cost
        {%- endif %} as counted_cost,
        {% if "currency" in columns -%}
            {{ in_reporting_currency("amount_back") }}
        {%- else -%}
            amount_back
        {%- endif %} as counted_amount_back
    from converted

),

with_reason as (

    select
        *,
        case
            when customer_id is null then 'missing_customer'
            when transacted_at is null then 'invalid_timestamp'
            when counted_amount is null then 'invalid_amount'
            when is_return_unknown then 'invalid_flag'
            {% if as_of_date -%}
                when transacted_date > cast('{{ as_of_date }}' as date)
                    then 'future_dated'
            {% endif -%}
            when is_unknown_currency then 'unknown_currency'
            when status in ({{ quoted_words(var("excluded_statuses")) }})
                then 'excluded_status'
            when
                lower(product_id) in ({{ quoted_words(var("excluded_products")) }})
                then 'excluded_product'
        end as line_reason
    from counted

),

-- What the reason is about, as an example for people to look at. It is taken here, so
-- that the comparison of lines below carries few columns.
with_value as (

    select
        *,
        case line_reason
            when 'missing_customer' then missing_customer_as_written
            when 'invalid_timestamp' then transacted_at_as_written
            when 'invalid_amount' then amount_as_written
            when 'invalid_flag' then is_return_as_written
            when 'future_dated'
                then cast(transacted_date as {{ dbt.type_string() }})
            when 'unknown_currency' then currency
            when 'excluded_status' then status
            when 'excluded_product' then product_id
        end as line_value,
        coalesce(
            amount = 0
            and not is_return
            and coalesce(quantity, 1) != 0
            and coalesce(refunded_amount, 0) = 0,
            false
        ) as is_free_of_charge
    from with_reason

),

-- Two lines with one line id are duplicates, where orders have ids in one order of a
-- customer: many shops number the lines of each. A copy may differ, and then it
-- conflicts.
-- Without line ids, lines of one order that are equal in every mapped column are
-- duplicates. With neither, nothing distinguishes a duplicate from a second purchase:
-- they are kept, unless drop_identical_lines says otherwise.
without_duplicates as (

    select
        *,
        {% if has_duplicates -%}
            line_reason is null
            {% if dropping == "auto" and has_line_ids -%}
                and (line_id is not null or order_id is not null)
            {%- elif dropping == "auto" -%}
                and order_id is not null
            {%- elif not dropping -%}
                and line_id is not null
            {%- endif %}
            and row_number() {{ copies }} > 1 as is_duplicate,
        {%- else -%}
            false as is_duplicate,
        {%- endif %}
        {% if has_line_ids -%}
            line_id is not null
            and (
                {% for column in content -%}
                    {{ "or " if not loop.first -}}
                    {{ column }} is distinct from lag({{ column }}) {{ copies }}
                {% endfor -%}
            ) as is_changed
        {%- else -%}
            false as is_changed
        {%- endif %}
    from with_value

),

with_last_reason as (

    select
        *,
        case
            when is_duplicate and is_changed then 'conflicting_line'
            when is_duplicate then 'duplicate_line'
            else line_reason
        end as exclusion_reason
    from without_duplicates

),

classified as (

    select
        ---------- ids
        customer_id,
        {{ mapped_column(columns, "order_id") }},
        {{ mapped_column(columns, "line_id") }},
        {{ mapped_column(columns, "product_id") }},

        ---------- strings
        {{ mapped_column(columns, "status") }},
        {{ mapped_column(columns, "customer_group") }},
        {{ mapped_column(columns, "currency") }},
        exclusion_reason,
        case exclusion_reason
            {% if has_line_ids -%}
                when 'duplicate_line' then coalesce(line_id, order_id)
                when 'conflicting_line' then line_id
            {%- else -%}
                when 'duplicate_line' then order_id
            {%- endif %}
            else line_value
        end as excluded_value,
        {{ mapped_column(columns, "cost", as_name="unread_cost") }},
        {{ mapped_column(columns, "quantity", as_name="unread_quantity") }},
        {{ mapped_column(columns, "unit_price", as_name="unread_unit_price") }},

        ---------- numerics
        {{ mapped_column(columns, "quantity", type_amount()) }},
        {{ mapped_column(columns, "unit_price", type_decimal(20, 6)) }},
        counted_amount as amount,
        {{ mapped_column(columns, "cost", type_amount(), expression="counted_cost") }},
        counted_amount_back as amount_back,

        ---------- booleans
        is_return,
        is_marked_return,
        is_free_of_charge,

        ---------- dates
        transacted_date,

        ---------- timestamps
        transacted_at
    from with_last_reason

)
{%- endmacro %}


{# An amount of a line in the reporting currency, for a row with the rate of its currency. #}
{% macro in_reporting_currency(amount) -%}
    case
        when rate = 1 then cast({{ amount }} as {{ customer_value.type_money() }})
        else {{ customer_value.amount_product(amount, "rate", customer_value.type_money()) }}
    end
{%- endmacro %}


{# A column of a line that the input may lack. What is not mapped is null in all rows, and DuckDB
   would sort and write it with every line; so it comes last of all. #}
{% macro mapped_column(columns, name, type=none, as_name=none, expression=none) -%}
    {%- set found = as_name or name -%}
    {%- if name not in columns -%}
        cast(null as {{ type or dbt.type_string() }}) as {{ found }}
    {%- elif expression -%}
        {{ expression }} as {{ found }}
    {%- else -%}
        {{ found }}
    {%- endif -%}
{%- endmacro %}
