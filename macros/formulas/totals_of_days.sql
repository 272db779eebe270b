{# What the netted days of a customer add up to: the one definition of it, over all days, or
   with the clause `over` up to and with each of them, under names that end in `suffix`. #}
{% macro totals_of_days(over="", suffix="") -%}
    {%- set is_paid_repeat -%}
        is_purchase_day and days_since_previous_purchase is not null and net_amount > 0
    {%- endset -%}
    {%- set repeat_spend -%}
        case
            when is_purchase_day and days_since_previous_purchase is not null
                then net_amount
        end
    {%- endset -%}
    cast(sum(order_count) {{ over }} as bigint) as order_count{{ suffix }},
    count(case when is_purchase_day then 1 end) {{ over }}
        as purchase_day_count{{ suffix }},
    count(case when {{ is_paid_repeat }} then 1 end) {{ over }}
        as paid_repeat_count{{ suffix }},
    cast(sum(net_amount) {{ over }} as {{ type_money() }}) as net_revenue{{ suffix }},
    cast(sum({{ repeat_spend }}) {{ over }} as {{ type_money() }})
        as repeat_spend{{ suffix }},
    cast(
        sum(
            cast(days_since_previous_purchase as bigint) * days_since_previous_purchase
        ) {{ over }} as bigint
    ) as squared_days_between_purchases{{ suffix }},
    max(case when is_purchase_day then activity_date end) {{ over }}
        as last_purchase_date{{ suffix }}
{%- endmacro %}
