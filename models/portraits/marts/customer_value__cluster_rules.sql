{%- set features = ["recency_days", "order_count", "net_revenue"] -%}
{#- Below this share of the customers the rules do not describe the clusters. -#}
{%- set fidelity_limit = 0.85 -%}
with

customers as (

    select
        cluster_id,
        recency_days,
        order_count,
        net_revenue
    from {{ ref("customer_value__customers") }}

),

clusters as (

    select
        cluster_id,
        cluster_name
    from {{ ref("int_customer_value__cluster_names") }}

),

rules as (

    select * from {{ ref("fit_customer_value__cluster_rules") }}

),

-- The rules divide the customers: each meets one of them.
matches as (

    select
        rules.cluster_id,
        rules.rule_number,
        count(*) as customer_count,
        sum(case when customers.cluster_id = rules.cluster_id then 1 else 0 end)
            as right_count
    from customers
    inner join rules
        on
            1 = 1
            {% for feature in features -%}
                and (
                    rules.{{ feature }}_above is null
                    or cast(customers.{{ feature }} as {{ type_double() }})
                    > rules.{{ feature }}_above
                )
                and (
                    rules.{{ feature }}_up_to is null
                    or cast(customers.{{ feature }} as {{ type_double() }})
                    <= rules.{{ feature }}_up_to
                )
            {% endfor %}
    group by rules.cluster_id, rules.rule_number

),

sizes as (

    select
        cluster_id,
        cast(count(*) as {{ type_double() }}) as cluster_customer_count
    from customers
    group by cluster_id

),

totals as (

    select
        cast(sum(right_count) as {{ type_double() }}) / nullif(sum(customer_count), 0)
            as fidelity
    from matches

),

placed as (

    select
        clusters.cluster_id,
        clusters.cluster_name,
        coalesce(rules.rule_number, 0) as rule_number,
        coalesce(rules.rule_text, 'no rule of three conditions leads to it')
            as rule_text,
        coalesce(rules.rule_sql, '1 = 0') as rule_sql,
        coalesce(matches.customer_count, 0) as customer_count,
        cast(matches.right_count as {{ type_double() }})
        / nullif(matches.customer_count, 0) as rule_precision,
        coalesce(matches.right_count / nullif(sizes.cluster_customer_count, 0), 0)
            as coverage,
        totals.fidelity
    from clusters
    left join rules on clusters.cluster_id = rules.cluster_id
    left join matches
        on
            rules.cluster_id = matches.cluster_id
            and rules.rule_number = matches.rule_number
    left join sizes on clusters.cluster_id = sizes.cluster_id
    cross join totals

),

cluster_rules as (

    select
        ---------- ids
        cast(cluster_id as {{ dbt.type_int() }}) as cluster_id,

        ---------- strings
        cast(cluster_name as {{ dbt.type_string() }}) as cluster_name,
        cast(rule_text as {{ dbt.type_string() }}) as rule_text,
        cast(rule_sql as {{ dbt.type_string() }}) as rule_sql,
        cast(
            concat(
                case
                    when fidelity >= {{ fidelity_limit }}
                        then 'Describable: three conditions place '
                    else 'Not describable by three conditions: they place only '
                end,
                {{ number_text("100 * fidelity", 0) }},
                ' % of the customers in their cluster.'
            ) as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(rule_number as {{ dbt.type_bigint() }}) as rule_number,
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(rule_precision as {{ type_double() }}) as rule_precision,
        cast(coverage as {{ type_double() }}) as coverage,
        cast(fidelity as {{ type_double() }}) as fidelity
    from placed

)

select * from cluster_rules
