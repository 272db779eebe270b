{#- The columns of cost, and the numbers of the log that they are counted by. -#}
{%- set cost_groups = ["order", "return", "service", "account"] -%}
{%- set cost_drivers = [
    "order_count", "line_count", "return_count", "customer_day_count"
] -%}
with

customers as (

    select
        customer_id,
        segment,
        net_revenue,
        order_count
    from {{ ref("customer_value__customers") }}

),

customer_days as (

    select
        customer_id,
        net_amount,
        net_cost,
        line_count,
        return_count
    from {{ ref("int_customer_value__customer_days") }}

),

service_activities as (

    select
        customer_id,
        lower(activity) as activity,
        quantity
    from {{ ref("int_customer_value__service_activities") }}
    where exclusion_reason is null

),

cost_rates as (

    select
        lower(trim(cost_name)) as cost_name,
        cost_group,
        driver,
        cast(unit_cost as {{ type_money() }}) as unit_cost,
        source
    from {{ ref("customer_value__cost_rates") }}

),

day_counts as (

    select
        customer_id,
        count(*) as customer_day_count,
        sum(net_amount - {{ margin_of_day() }}) as cost_of_goods,
        sum(line_count) as line_count,
        sum(return_count) as return_count
    from customer_days
    group by customer_id

),

service_costs as (

    select
        {% for group in cost_groups %}
            sum(
                case
                    when cost_rates.cost_group = '{{ group }}'
                        then service_activities.quantity * cost_rates.unit_cost
                    else 0
                end
            ) as {{ group }}_cost,
        {% endfor %}
        service_activities.customer_id
    from service_activities
    inner join cost_rates
        on
            service_activities.activity = cost_rates.cost_name
            and cost_rates.driver = 'service'
    group by service_activities.customer_id

),

-- What one unit of a driver costs, in each group of costs.
rates as (

    select
        {% for group in cost_groups %}
            {% for driver in cost_drivers %}
                -- Money has four decimals, to which a double is exact.
                cast(
                    coalesce(
                        sum(
                            case
                                when
                                    cost_group = '{{ group }}'
                                    and driver = '{{ driver }}'
                                    then unit_cost
                            end
                        ),
                        0
                    ) as {{ type_double() }}
                ) as {{ group }}_cost_per_{{ driver }},
            {% endfor %}
        {% endfor %}
        case
            when min(source) = max(source) then min(source)
            else concat(min(source), ' and others')
        end as rate_source
    from cost_rates

),

counted as (

    select
        customers.customer_id,
        customers.segment,
        customers.net_revenue,
        customers.order_count,
        day_counts.line_count,
        day_counts.return_count,
        day_counts.cost_of_goods,
        day_counts.customer_day_count,
        {% for group in cost_groups %}
            coalesce(service_costs.{{ group }}_cost, 0) as served_{{ group }}_cost,
        {% endfor %}
        rates.*
    from customers
    inner join day_counts on customers.customer_id = day_counts.customer_id
    left join service_costs on customers.customer_id = service_costs.customer_id
    cross join rates

),

costed as (

    select
        customer_id,
        segment,
        net_revenue,
        order_count,
        line_count,
        return_count,
        customer_day_count,
        rate_source,
        cast(cost_of_goods as {{ type_money() }}) as cost_of_goods
        {%- for group in cost_groups -%}
            ,
            cast(
                served_{{ group }}_cost
                {% for driver in cost_drivers %}
                    + {{ driver }} * {{ group }}_cost_per_{{ driver }}
                {% endfor %} as {{ type_money() }}
            ) as {{ group }}_cost
        {%- endfor %}
    from counted

),

with_profit as (

    select
        *,
        net_revenue
        - cost_of_goods
        - order_cost
        - return_cost
        - service_cost
        - account_cost as profit
    from costed

),

customer_profitability as (

    select
        ---------- ids
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast('cost_rates: all rows; var gross_margin' as {{ dbt.type_string() }})
            as assumption_row,
        cast(coalesce(rate_source, 'none') as {{ dbt.type_string() }})
            as assumption_source,

        ---------- numerics
        cast(net_revenue as {{ type_money() }}) as net_revenue,
        cost_of_goods,
        {% for group in cost_groups -%}
            {{ group }}_cost,
        {% endfor -%}
        cast(profit as {{ type_money() }}) as profit,
        cast(rank() over (order by profit desc) as {{ dbt.type_bigint() }})
            as profit_rank,
        cast(order_count as {{ dbt.type_bigint() }}) as order_count,
        cast(line_count as {{ dbt.type_bigint() }}) as line_count,
        cast(return_count as {{ dbt.type_bigint() }}) as return_count,
        cast(customer_day_count as {{ dbt.type_bigint() }}) as customer_day_count
    from with_profit

)

select * from customer_profitability
