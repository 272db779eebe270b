with

customers as (

    select
        customer_id,
        repeat_count,
        customer_age_days,
        net_revenue,
        expected_purchase_value,
        lifetime_value_365d,
        {{ month_start("first_purchase_date") }} as cohort_start_date
    from {{ ref("customer_value__customers") }}

),

customer_forecasts as (

    select
        customer_id,
        {{ "fit_role," if fits_groups() }}
        probability_alive,
        purchases_factor,
        margin_share
    from {{ ref("int_customer_value__customer_forecasts") }}

),

customer_months as (

    select
        customer_id,
        net_margin,
        month_start_date,
        cohort_start_date
    from {{ ref("int_customer_value__customer_months") }}

),

attributes as (

    select
        customer_id,
        max(case when attribute = 'channel' then attribute_value end) as channel,
        max(
            case
                when attribute = 'acquisition_cost'
                    then {{ parse_attribute_number("attribute_value", type_money()) }}
            end
        ) as own_cost
    from {{ ref("int_customer_value__customer_attributes") }}
    where is_customer and attribute in ('channel', 'acquisition_cost')
    group by customer_id

),

costs as (

    select
        grouping_name,
        {{ any_if_empty("group_name") }} as group_name,
        cost_basis,
        cost,
        source
    from {{ ref("customer_value__acquisition_costs") }}

),

monthly_purchases as (

    select
        {{ "fit_role," if fits_groups() }}
        repeat_count,
        customer_age_days,
        month_ahead,
        alive_if_alive,
        active_if_alive,
        active_so_far_if_alive,
        purchases_if_alive,
        discounted_purchases_if_alive
    from {{ ref("int_customer_value__monthly_purchases") }}

),

channel_counts as (

    select count(channel) as channel_count
    from attributes

),

-- Customers are read once; cohorts and channels add up what is left of them.
values_by_pattern as (

    select
        customers.cohort_start_date,
        attributes.channel,
        {{ "customer_forecasts.fit_role," if fits_groups() }}
        customers.repeat_count,
        customers.customer_age_days,
        count(*) as customer_count,
        sum(customers.net_revenue) as net_revenue,
        sum(cast(customers.lifetime_value_365d as {{ type_money() }}))
            as forecast_value,
        sum(attributes.own_cost) as own_cost,
        count(attributes.own_cost) as own_cost_count,
        {{ value_weight_columns("customer_forecasts.", "customers.") }}
    from customers
    inner join customer_forecasts
        on customers.customer_id = customer_forecasts.customer_id
    left join attributes on customers.customer_id = attributes.customer_id
    group by
        customers.cohort_start_date,
        attributes.channel,
        {{ "customer_forecasts.fit_role," if fits_groups() }}
        customers.repeat_count,
        customers.customer_age_days

),

margins_by_month as (

    select
        customer_months.cohort_start_date,
        attributes.channel,
        greatest(
            {{ date_diff_months(
                "customer_months.cohort_start_date", "customer_months.month_start_date"
            ) }},
            0
        ) as months_since,
        sum(customer_months.net_margin) as net_margin
    from customer_months
    left join attributes on customer_months.customer_id = attributes.customer_id
    group by
        customer_months.cohort_start_date,
        attributes.channel,
        greatest(
            {{ date_diff_months(
                "customer_months.cohort_start_date", "customer_months.month_start_date"
            ) }},
            0
        )

),

{% set groupings = {
    "cohort": "concat(cast(extract(year from cohort_start_date) as " ~ dbt.type_string()
        ~ "), case when extract(month from cohort_start_date) < 10 then '-0' else '-' end, "
        ~ "cast(extract(month from cohort_start_date) as " ~ dbt.type_string() ~ "))",
    "channel": "coalesce(channel, 'unknown')",
} -%}
patterns as (
    {% for grouping, name in groupings.items() %}
        select
            '{{ grouping }}' as grouping_name,
            {{ name }} as group_name,
            {{ "fit_role," if fits_groups() }}
            repeat_count,
            customer_age_days,
            customer_count,
            net_revenue,
            forecast_value,
            own_cost,
            own_cost_count,
            alive_customers,
            returning_customers,
            buying_customers,
            buying_value,
            buying_margin
        from values_by_pattern
        {% if grouping == "channel" -%}
            where (select channel_counts.channel_count from channel_counts) > 0
        {%- endif %}
        {{ "union all" if not loop.last }}
    {% endfor %}
),

margins as (
    {% for grouping, name in groupings.items() %}
        select
            '{{ grouping }}' as grouping_name,
            {{ name }} as group_name,
            months_since,
            net_margin
        from margins_by_month
        {% if grouping == "channel" -%}
            where (select channel_counts.channel_count from channel_counts) > 0
        {%- endif %}
        {{ "union all" if not loop.last }}
    {% endfor %}
),

expected as (

    {{ expected_months(
        "patterns", ["grouping_name", "group_name"], with_absent=false
    ) }}

),

-- A group that a row names has a cost even if nobody came of it.
named_groups as (

    select
        grouping_name,
        group_name
    from patterns
    union all
    select
        grouping_name,
        group_name
    from costs
    where group_name != '*'

),

group_names as (

    select distinct
        grouping_name,
        group_name
    from named_groups

),

totals as (

    select
        grouping_name,
        group_name,
        sum(customer_count) as customer_count,
        sum(net_revenue) as net_revenue,
        sum(forecast_value) as forecast_value,
        sum(own_cost) as own_cost,
        sum(own_cost_count) as own_cost_count,
        -- Whole months since the mean customer's first purchase.
        floor(
            sum(cast(customer_count * customer_age_days as {{ type_double() }}))
            / sum(customer_count)
            * 12
            / 365
        ) as mean_age_months
    from patterns
    group by grouping_name, group_name

),

past_margins as (

    select
        grouping_name,
        group_name,
        sum(net_margin) as past_margin
    from margins
    group by grouping_name, group_name

),

with_cost as (

    select
        group_names.grouping_name,
        group_names.group_name,
        coalesce(totals.customer_count, 0) as customer_count,
        coalesce(totals.net_revenue, 0) as net_revenue,
        coalesce(past_margins.past_margin, 0) as past_margin,
        coalesce(totals.forecast_value, 0) as forecast_value,
        coalesce(totals.mean_age_months, 0) as mean_age_months,
        coalesce(totals.own_cost_count, 0) as own_cost_count,
        coalesce(named.source, unnamed.source) as seed_source,
        case when named.source is not null then group_names.group_name else '*' end
            as seed_group_name,
        coalesce(named.source, unnamed.source) is not null
        and coalesce(totals.own_cost_count, 0) < greatest(
            coalesce(totals.customer_count, 0), 1
        ) as is_seed_used,
        coalesce(totals.own_cost_count, 0) > 0
        and (
            coalesce(named.cost_basis, 'per_customer') != 'total'
            or totals.own_cost_count = totals.customer_count
        ) as is_own_cost_used,
        -- Own costs first, and the rest at the seed's. A total is that of the whole
        -- group, those with a cost of their own included: only own costs of all replace
        -- it.
        case
            when totals.own_cost_count = totals.customer_count then totals.own_cost
            when named.cost_basis = 'total' then named.cost
            else
                coalesce(totals.own_cost, 0)
                + coalesce(named.cost, unnamed.cost)
                * (totals.customer_count - totals.own_cost_count)
        end as acquisition_cost
    from group_names
    left join totals
        on
            group_names.grouping_name = totals.grouping_name
            and group_names.group_name = totals.group_name
    left join past_margins
        on
            group_names.grouping_name = past_margins.grouping_name
            and group_names.group_name = past_margins.group_name
    left join costs as named
        on
            group_names.grouping_name = named.grouping_name
            and group_names.group_name = named.group_name
    left join costs as unnamed
        on
            group_names.grouping_name = unnamed.grouping_name
            and unnamed.group_name = '*'

),

cumulated as (

    select
        grouping_name,
        group_name,
        months_since,
        sum(sum(net_margin)) over (
            partition by grouping_name, group_name
            order by months_since
            rows between unbounded preceding and current row
        ) as cumulative_margin
    from margins
    group by grouping_name, group_name, months_since

),

observed_paybacks as (

    select
        with_cost.grouping_name,
        with_cost.group_name,
        min(cumulated.months_since) as payback_month
    from with_cost
    inner join cumulated
        on
            with_cost.grouping_name = cumulated.grouping_name
            and with_cost.group_name = cumulated.group_name
    where cumulated.cumulative_margin >= with_cost.acquisition_cost
    group by with_cost.grouping_name, with_cost.group_name

),

expected_cumulated as (

    select
        grouping_name,
        group_name,
        month_ahead,
        sum(discounted_margin) over (
            partition by grouping_name, group_name
            order by month_ahead
            rows between unbounded preceding and current row
        ) as cumulative_margin
    from expected

),

expected_paybacks as (

    select
        with_cost.grouping_name,
        with_cost.group_name,
        min(expected_cumulated.month_ahead) as payback_month_ahead
    from with_cost
    inner join expected_cumulated
        on
            with_cost.grouping_name = expected_cumulated.grouping_name
            and with_cost.group_name = expected_cumulated.group_name
    where
        with_cost.past_margin + expected_cumulated.cumulative_margin
        >= with_cost.acquisition_cost
    group by with_cost.grouping_name, with_cost.group_name

),

acquisition_return as (

    select
        ---------- strings
        cast(with_cost.grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(with_cost.group_name as {{ dbt.type_string() }}) as group_name,
        cast(
            case
                when with_cost.acquisition_cost is null then 'no cost given'
                when observed_paybacks.payback_month is not null then 'observed'
                when expected_paybacks.payback_month_ahead is not null then 'forecast'
                else 'not within {{ var("forecast_months") }} months'
            end as {{ dbt.type_string() }}
        ) as payback_status,
        cast(
            concat(
                case
                    when with_cost.is_own_cost_used
                        then 'customer_attributes: acquisition_cost'
                    else ''
                end,
                case
                    when with_cost.is_own_cost_used and with_cost.is_seed_used
                        then ', '
                    else ''
                end,
                case
                    when with_cost.is_seed_used
                        then
                            concat(
                                'acquisition_costs: ',
                                with_cost.grouping_name,
                                ' ',
                                with_cost.seed_group_name
                            )
                    else ''
                end
            ) as {{ dbt.type_string() }}
        ) as assumption_row,
        cast(
            case
                when with_cost.is_seed_used then with_cost.seed_source
                when with_cost.is_own_cost_used then 'customer_attributes'
                else 'none'
            end as {{ dbt.type_string() }}
        ) as assumption_source,

        ---------- numerics
        cast(with_cost.customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(with_cost.net_revenue as {{ type_money() }}) as net_revenue,
        cast(with_cost.past_margin as {{ type_money() }}) as past_margin,
        cast(with_cost.forecast_value as {{ type_money() }}) as forecast_value,
        cast(with_cost.acquisition_cost as {{ type_money() }}) as acquisition_cost,
        cast(
            cast(with_cost.acquisition_cost as {{ type_double() }})
            / nullif(with_cost.customer_count, 0) as {{ type_double() }}
        ) as cost_per_customer,
        cast(
            cast(
                with_cost.past_margin + with_cost.forecast_value
                as {{ type_double() }}
            ) / nullif(with_cost.customer_count, 0) as {{ type_double() }}
        ) as lifetime_value_per_customer,
        cast(
            cast(
                with_cost.past_margin + with_cost.forecast_value
                as {{ type_double() }}
            ) / nullif(cast(with_cost.acquisition_cost as {{ type_double() }}), 0)
            as {{ type_double() }}
        ) as ltv_to_cac,
        cast(
            case
                when with_cost.acquisition_cost is null then null
                else
                    coalesce(
                        observed_paybacks.payback_month,
                        with_cost.mean_age_months
                        + expected_paybacks.payback_month_ahead
                    )
            end as {{ dbt.type_int() }}
        ) as payback_month
    from with_cost
    left join observed_paybacks
        on
            with_cost.grouping_name = observed_paybacks.grouping_name
            and with_cost.group_name = observed_paybacks.group_name
    left join expected_paybacks
        on
            with_cost.grouping_name = expected_paybacks.grouping_name
            and with_cost.group_name = expected_paybacks.group_name

)

select * from acquisition_return
