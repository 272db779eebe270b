{%- set unread = {"transactions": unread_columns("transactions")} -%}
{%- if is_on("decisions") -%}
    {%- do unread.update({
        "customer_attributes": unread_columns("customer_attributes")
    }) -%}
{%- endif %}
with

customer_totals as (

    select
        customer_id,
        order_count
    from {{ ref("int_customer_value__customer_totals") }}

),

line_totals as (

    select
        line_count,
        unmarked_negative_count
    from {{ ref("int_customer_value__line_totals") }}
    where exclusion_reason = 'kept'

),

overrides as (

    select
        trim(customer_id) as customer_id,
        cast(end_date as date) as end_date
    from {{ ref("customer_value__customer_overrides") }}

),

as_of_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

-- Who stands for many people has many times the orders of everybody else.
most_orders as (

    select
        customer_id,
        order_count,
        row_number() over (order by order_count desc, customer_id asc) as place
    from customer_totals
    order by order_count desc, customer_id asc
    limit 2

),

order_totals as (

    select
        count(*) as customer_count,
        sum(order_count) as order_count
    from customer_totals

),

leaders as (

    select
        max(case when place = 1 then customer_id end) as customer_id,
        max(case when place = 1 then order_count end) as order_count,
        max(case when place = 2 then order_count end) as next_order_count
    from most_orders

),

-- Most ids have no letters, or small ones, and need not be compared.
capitalised as (

    select
        lower(customer_id) as folded_id,
        min(customer_id) as customer_id,
        count(*) as id_count
    from customer_totals
    where customer_id != lower(customer_id)
    group by lower(customer_id)

),

ids_in_two_cases as (

    select
        capitalised.folded_id,
        capitalised.customer_id
    from capitalised
    left join customer_totals on capitalised.folded_id = customer_totals.customer_id
    where capitalised.id_count > 1 or customer_totals.customer_id is not null

),

folded_ids as (

    select
        count(*) as customer_count,
        min(customer_id) as customer_id
    from ids_in_two_cases

),

-- What has ended changes nothing, whomever it names.
unknown_overrides as (

    select
        count(*) as row_count,
        min(overrides.customer_id) as customer_id
    from overrides
    inner join as_of_dates on overrides.end_date >= as_of_dates.as_of_date
    left join customer_totals on overrides.customer_id = customer_totals.customer_id
    where customer_totals.customer_id is null

),

-- A value that decides nothing about its row is still not lost in silence. The lines
-- are read once for all columns.
unread_lines as (

    select
        unread_{{ unread.transactions | join(",\n        unread_") }}  -- noqa: LT05
    from {{ ref("int_customer_value__transactions_classified") }}
    where
        exclusion_reason is null
        and coalesce(
            unread_{{ unread.transactions | join(",\n            unread_") }}  -- noqa: LT05
        ) is not null

),

unread_values as (
    {% for name in unread.transactions %}
        select
            'transactions' as input,
            '{{ name }}' as column_name,
            unread_{{ name }} as written
        from unread_lines
        where unread_{{ name }} is not null
        {{ "union all" if not loop.last }}
    {% endfor %}
    {% for name in unread.get("customer_attributes", []) %}
        union all
        select
            'customer_attributes' as input,
            attribute as column_name,
            attribute_value as written
        from {{ ref("int_customer_value__customer_attributes") }}
        where
            attribute = '{{ name }}'
            and {{ is_given("attribute_value") }}
            and {{ parse_attribute_number("attribute_value", type_money()) }} is null
    {% endfor %}
),

unread_columns as (

    {{ most_frequent_values(
        "unread_values", ["input", "column_name"], "written"
    ) }}

),

warnings as (

    select
        'crowded_customer_id' as warning_code,
        'customer_id' as subject,
        concat(
            'The customer ',
            leaders.customer_id,
            ' has ',
            {{ number_text("leaders.order_count", 0) }},
            ' of ',
            {{ number_text("order_totals.order_count", 0) }},
            ' orders, and the next one ',
            {{ number_text("leaders.next_order_count", 0) }},
            ': if the id stands for guests or the till, list it in the var ',
            'missing_customer_ids.'
        ) as sentence
    from leaders
    cross join order_totals
    where
        order_totals.customer_count >= 10
        and leaders.order_count
        > {{ var("maximum_customer_order_share") }} * order_totals.order_count
        and leaders.order_count >= 5 * leaders.next_order_count
    union all
    select
        'ids_in_two_cases' as warning_code,
        'customer_id' as subject,
        concat(
            {{ number_text("customer_count", 0) }},
            case
                when customer_count = 1 then ' id of a customer differs'
                else ' ids of customers differ'
            end,
            ' from another one in upper and lower case only, ',
            'such as ',
            customer_id,
            ': if they are one customer, set customer_id_format to email, or correct ',
            'them.'
        ) as sentence
    from folded_ids
    where customer_count > 0
    union all
    select
        'unknown_overrides' as warning_code,
        'customer_overrides' as subject,
        concat(
            {{ number_text("row_count", 0) }},
            case
                when row_count = 1
                    then ' row of the seed customer_overrides names a customer '
                else ' rows of the seed customer_overrides name customers '
            end,
            'without a purchase, such as ',
            coalesce(customer_id, 'an empty id'),
            case
                when row_count = 1 then ', and changes nothing: write ids '
                else ', and change nothing: write ids '
            end,
            'as customers has them, with leading zeros, or remove the rows.'
        ) as sentence
    from unknown_overrides
    where row_count > 0
    union all
    select
        'negative_amounts' as warning_code,
        'amount' as subject,
        concat(
            {{ number_text("100.0 * unmarked_negative_count / line_count", 1) }},
            ' % of the kept lines have a negative amount that no flag, order id or ',
            'negative quantity marks as a return: if amount is a profit, map what ',
            'customers paid instead.'
        ) as sentence
    from line_totals
    where
        unmarked_negative_count > {{ var("maximum_negative_share") }} * line_count
    union all
    select
        'unread_values' as warning_code,
        concat(input, ' ', column_name) as subject,
        concat(
            {{ number_text("value_count", 0) }},
            case
                when value_count = 1 then ' value of '
                else ' values of '
            end,
            column_name,
            ' in ',
            input,
            ' cannot be read as a number, such as ',
            examples,
            case
                when value_count = 1 then ', and counts as empty'
                else ', and count as empty'
            end,
            case concat(input, ' ', column_name)
                {% for input, columns in unread.items() -%}
                    {% for name, consequence in columns.items() if consequence -%}
                        when '{{ input }} {{ name }}'
                            then {{ quoted_text(consequence) }}
                    {% endfor -%}
                {% endfor -%}
                else ''
            end,
            ': correct the values, or map another column.'
        ) as sentence
    from unread_columns

),

input_warnings as (

    select
        ---------- strings
        warning_code,
        subject,
        sentence
    from warnings

)

select * from input_warnings
