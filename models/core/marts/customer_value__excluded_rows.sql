{%- set reasons = {"transactions": exclusion_reasons().transactions} -%}
{%- if looks_back() -%}
    {%- do reasons.update({
        "campaign_contacts": exclusion_reasons().campaign_contacts
    }) -%}
{%- endif -%}
{%- if is_on("decisions") -%}
    {%- do reasons.update({
        "service_activities": exclusion_reasons().service_activities
    }) -%}
{%- endif -%}
{%- if is_on("subscriptions") -%}
    {%- do reasons.update({subscription_input(): exclusion_reasons().subscriptions}) -%}
{%- endif -%}
{%- if is_on("audiences") -%}
    {%- for input in ["suppressions", "consents"] -%}
        {%- do reasons.update({input: exclusion_reasons()[input]}) -%}
    {%- endfor -%}
{%- endif -%}
{%- if is_on("events") -%}
    {%- for input in ["events", "trials"] -%}
        {%- do reasons.update({input: exclusion_reasons()[input]}) -%}
    {%- endfor -%}
{%- endif %}
with

line_totals as (

    select
        exclusion_reason,
        line_count,
        amount,
        identical_line_count,
        example_values
    from {{ ref("int_customer_value__line_totals") }}

),

customer_days as (

    select
        customer_id,
        net_amount,
        line_count,
        is_purchase_day
    from {{ ref("int_customer_value__customer_days") }}

),

{% if looks_back() %}
    campaign_contacts as (

        select
            response_value,
            cost,
            coalesce(exclusion_reason, 'kept') as exclusion_reason
        from {{ ref("int_customer_value__campaign_contacts") }}

    ),
{% endif %}
{% if is_on("decisions") %}
    service_activities as (

        select coalesce(exclusion_reason, 'kept') as exclusion_reason
        from {{ ref("int_customer_value__service_activities") }}

    ),
{% endif %}
{% if is_on("subscriptions") %}
    subscription_lines as (

        select
            amount,
            coalesce(exclusion_reason, 'kept') as exclusion_reason
        from {{ ref("int_customer_value__subscription_lines") }}

    ),
{% endif %}
{% if is_on("audiences") %}
    permission_rows as (

        select
            input,
            exclusion_reason,
            row_count
        from {{ ref("int_customer_value__permission_rows") }}

    ),
{% endif %}
{% if is_on("events") %}
    event_rows as (

        select
            input,
            exclusion_reason,
            row_count
        from {{ ref("int_customer_value__event_rows") }}

    ),
{% endif %}
reasons as (
    {% for input, names in reasons.items() %}
        {%- set input_loop = loop %}
        {% for name in names + ["kept", "total"] %}
            select
                '{{ input }}' as input,
                '{{ name }}' as exclusion_reason,
                {{ loop.index }} as reason_order
            {{ "union all" if not (loop.last and input_loop.last) }}
        {% endfor %}
    {% endfor %}
),

-- The kept lines of somebody who never has a purchase day are lines of no customer.
days_without_customer as (

    select
        customer_id,
        sum(line_count) as line_count,
        sum(net_amount) as amount
    from customer_days
    group by customer_id
    having max(case when is_purchase_day then 1 else 0 end) = 0

),

lines_without_customer as (

    select
        coalesce(sum(line_count), 0) as line_count,
        coalesce(sum(amount), 0) as amount
    from days_without_customer

),

counted as (

    select
        'transactions' as input,
        line_totals.exclusion_reason,
        case
            when line_totals.exclusion_reason = 'kept'
                then line_totals.line_count - lines_without_customer.line_count
            else line_totals.line_count
        end as row_count,
        case
            when line_totals.exclusion_reason = 'kept'
                then line_totals.amount - lines_without_customer.amount
            else line_totals.amount
        end as amount,
        cast(null as {{ type_money() }}) as cost,
        line_totals.identical_line_count,
        line_totals.example_values
    from line_totals
    cross join lines_without_customer
    union all
    select
        'transactions' as input,
        'customer_without_purchase' as exclusion_reason,
        line_count as row_count,
        amount,
        cast(null as {{ type_money() }}) as cost,
        0 as identical_line_count,
        cast(null as {{ dbt.type_string() }}) as example_values
    from lines_without_customer
    {% if looks_back() -%}
        union all
        select
            'campaign_contacts' as input,
            exclusion_reason,
            count(*) as row_count,
            coalesce(sum(response_value), 0) as amount,
            coalesce(sum(cost), 0) as cost,
            0 as identical_line_count,
            cast(null as {{ dbt.type_string() }}) as example_values
        from campaign_contacts
        group by exclusion_reason
    {%- endif %}
    {% if is_on("decisions") -%}
        union all
        select
            'service_activities' as input,
            exclusion_reason,
            count(*) as row_count,
            cast(null as {{ type_money() }}) as amount,
            cast(null as {{ type_money() }}) as cost,
            0 as identical_line_count,
            cast(null as {{ dbt.type_string() }}) as example_values
        from service_activities
        group by exclusion_reason
    {%- endif %}
    {% if is_on("subscriptions") -%}
        union all
        select
            '{{ subscription_input() }}' as input,
            exclusion_reason,
            count(*) as row_count,
            coalesce(sum(amount), 0) as amount,
            cast(null as {{ type_money() }}) as cost,
            0 as identical_line_count,
            cast(null as {{ dbt.type_string() }}) as example_values
        from subscription_lines
        group by exclusion_reason
    {%- endif %}
    {% if is_on("audiences") -%}
        union all
        select
            input,
            exclusion_reason,
            row_count,
            cast(null as {{ type_money() }}) as amount,
            cast(null as {{ type_money() }}) as cost,
            0 as identical_line_count,
            cast(null as {{ dbt.type_string() }}) as example_values
        from permission_rows
    {%- endif %}
    {% if is_on("events") -%}
        union all
        select
            input,
            exclusion_reason,
            row_count,
            cast(null as {{ type_money() }}) as amount,
            cast(null as {{ type_money() }}) as cost,
            0 as identical_line_count,
            cast(null as {{ dbt.type_string() }}) as example_values
        from event_rows
    {%- endif %}

),

totals as (

    select * from counted
    union all
    select
        input,
        'total' as exclusion_reason,
        sum(row_count) as row_count,
        sum(amount) as amount,
        sum(cost) as cost,
        sum(identical_line_count) as identical_line_count,
        cast(null as {{ dbt.type_string() }}) as example_values
    from counted
    group by input

),

excluded_rows as (

    select
        ---------- strings
        cast(reasons.input as {{ dbt.type_string() }}) as input,
        cast(reasons.exclusion_reason as {{ dbt.type_string() }}) as exclusion_reason,
        cast(totals.example_values as {{ dbt.type_string() }}) as example_values,

        ---------- numerics
        cast(reasons.reason_order as {{ dbt.type_int() }}) as reason_order,
        cast(coalesce(totals.row_count, 0) as {{ dbt.type_bigint() }}) as row_count,
        cast(
            case
                when
                    reasons.input not in (
                        'service_activities', 'suppressions', 'consents', 'events',
                        'trials'
                    )
                    then coalesce(totals.amount, 0)
            end as {{ type_money() }}
        ) as amount,
        cast(
            case
                when reasons.input = 'campaign_contacts' then coalesce(totals.cost, 0)
            end as {{ type_money() }}
        ) as cost,
        cast(coalesce(totals.identical_line_count, 0) as {{ dbt.type_bigint() }})
            as identical_line_count
    from reasons
    left join totals
        on
            reasons.input = totals.input
            and reasons.exclusion_reason = totals.exclusion_reason

)

select * from excluded_rows
