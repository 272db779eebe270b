{{ config(materialized="view") }}

{%- set ranks = var("rfm_scoring") == "ntile" -%}
{%- set has_orders = "order_id" in input_map("transactions") -%}
{%- set built_lines = ref("int_customer_value__transactions_classified") -%}
{%- set line_columns = [
    "customer_id", "order_id", "amount", "cost", "amount_back", "is_return",
    "is_free_of_charge", "transacted_date", "transacted_at"
] -%}
{%- set day_columns = [
    "customer_id", "net_amount", "order_count", "refund_count", "refunded_amount",
    "days_since_previous_purchase", "paid_repeat_count", "repeat_spend",
    "is_purchase_day", "transacted_date"
] -%}
{%- set sums_of_money = ["refunded_amount", "net_revenue", "repeat_spend"] -%}
{%- set sums_of_days = [
    "order_count", "refund_count", "purchase_day_count", "paid_repeat_count",
    "squared_days_between_purchases"
] + sums_of_money %}
with

built_dates as (

    select as_of_date as built_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

new_lines as (

    select
        {{ line_columns | join(",\n        ") }},
        exclusion_reason
    from {{ ref("int_customer_value__new_lines") }}

),

-- As in the build, a line without a customer or an amount moves no date; any other
-- does.
live_dates as (

    select
        built_dates.built_date,
        coalesce(
            max(
                case
                    when
                        new_lines.customer_id is not null
                        and new_lines.amount is not null
                        then new_lines.transacted_date
                end
            ),
            built_dates.built_date
        ) as live_date
    from built_dates
    left join new_lines on built_dates.built_date < new_lines.transacted_date
    group by built_dates.built_date

),

kept_new_lines as (

    select {{ line_columns | join(",\n        ") }}
    from new_lines
    where exclusion_reason is null

),

new_line_counts as (

    select
        customer_id,
        count(*) as new_line_count
    from kept_new_lines
    group by customer_id

),

-- An order that runs on may have counted before.
kept_lines as (

    select {{ line_columns | join(",\n        ") }}
    from kept_new_lines
    {% if has_orders -%}
        union all
        select built_lines.{{ line_columns | join(",\n        built_lines.") }}
        from {{ built_lines }} as built_lines
        inner join (
            select distinct
                customer_id,
                order_id
            from kept_new_lines
            where order_id is not null
        ) as new_orders
            on
                built_lines.customer_id = new_orders.customer_id
                and built_lines.order_id = new_orders.order_id
        cross join built_dates
        where
            built_lines.exclusion_reason is null
            and built_lines.transacted_date <= built_dates.built_date
    {%- endif %}

),

-- What the build knew of those who have new lines; nothing of who was no customer.
customers_before as (

    select
        new_line_counts.customer_id,
        new_line_counts.new_line_count,
        totals_before.{{ sums_of_days | join(",\n        totals_before.") }},
        totals_before.first_purchase_date,
        totals_before.last_purchase_date
    from new_line_counts
    left join {{ ref("int_customer_value__customer_totals") }} as totals_before
        on new_line_counts.customer_id = totals_before.customer_id

),

{{ days_of_lines(after="(select built_date from built_dates)") }},

-- They may have returned something.
newcomers as (

    select customer_id
    from customers_before
    where first_purchase_date is null

),

days as (

    select {{ day_columns | join(",\n        ") }}
    from purchases
    union all
    select days_before.{{ day_columns | join(",\n        days_before.") }}
    from {{ ref("int_customer_value__customer_days") }} as days_before
    inner join newcomers on days_before.customer_id = newcomers.customer_id

),

{{ totals_of_days("days") }},

changed_totals as (

    select
        sums.customer_id,
        {% for column in sums_of_days -%}
            cast(
                coalesce(customers_before.{{ column }}, 0)
                + coalesce(sums.{{ column }}, 0)
                as {{ type_money() if column in sums_of_money else "bigint" }}
            ) as {{ column }},
        {% endfor -%}
        coalesce(customers_before.first_purchase_date, sums.first_purchase_date)
            as first_purchase_date,
        coalesce(sums.last_purchase_date, customers_before.last_purchase_date)
            as last_purchase_date,
        customers_before.new_line_count
    from sums
    inner join customers_before on sums.customer_id = customers_before.customer_id

),

built_totals as (

    select
        customer_id,
        {{ sums_of_days | join(",\n        ") }},
        first_purchase_date,
        last_purchase_date
    from {{ ref("int_customer_value__customer_totals") }}

),

-- Whoever has no new line has grown older, and nothing else.
live_totals as (

    select
        customer_id,
        {{ sums_of_days | join(",\n        ") }},
        first_purchase_date,
        last_purchase_date,
        new_line_count
    from changed_totals
    where first_purchase_date is not null
    union all
    select
        built_totals.customer_id,
        built_totals.{{ sums_of_days | join(",\n        built_totals.") }},
        built_totals.first_purchase_date,
        built_totals.last_purchase_date,
        0 as new_line_count
    from built_totals
    left join new_line_counts
        on built_totals.customer_id = new_line_counts.customer_id
    where new_line_counts.customer_id is null

),

built_customers as (

    select
        customer_id,
        rfm_code,
        segment,
        value_tier,
        recommended_action,
        r_score,
        f_score,
        m_score,
        probability_alive,
        lifetime_value_365d
    from {{ ref("customer_value__customers") }}

),

{% if fits_groups() -%}
    fit_roles as (

        select
            customer_id,
            fit_role
        from {{ ref("int_customer_value__customer_forecasts") }}

    ),
{%- endif %}

boundaries as (

    select
        as_of_date as boundary_date,
        {{ score_boundary_columns() }}
    from {{ ref("int_customer_value__score_boundaries") }}

),

legend as (

    select
        r_score,
        f_score,
        m_score,
        segment
    from {{ ref("customer_value__rfm_legend") }}

),

forecast_parameters as (

    select
        as_of_role,
        model,
        r,
        alpha,
        a,
        b,
        dropout
    from {{ ref("int_customer_value__forecast_parameters") }}
    where model = '{{ model_in_use() }}'

),

lapse_threshold as (

    select lapse_after_days
    from {{ ref("int_customer_value__lapse_threshold") }}

),

with_ages as (

    select
        live_totals.*,
        live_dates.built_date,
        live_dates.live_date,
        live_totals.purchase_day_count - 1 as repeat_count,
        cast(
            {{ date_diff_days(
                "live_totals.last_purchase_date", "live_dates.live_date"
            ) }} as bigint
        ) as recency_days,
        cast(
            {{ date_diff_days(
                "live_totals.first_purchase_date", "live_totals.last_purchase_date"
            ) }} as bigint
        ) as last_purchase_age_days,
        cast(
            {{ date_diff_days(
                "live_totals.first_purchase_date", "live_dates.live_date"
            ) }} as bigint
        ) as customer_age_days
    from live_totals
    cross join live_dates

),

-- Who was no customer at the build has the parameters of all.
measured as (

    select
        with_ages.*,
        boundaries.*,
        forecast_parameters.model,
        forecast_parameters.r,
        forecast_parameters.alpha,
        forecast_parameters.a,
        forecast_parameters.b,
        forecast_parameters.dropout,
        cast(null as {{ type_double() }}) as alive_if_silent,
        cast(with_ages.last_purchase_age_days as {{ type_double() }})
        / nullif(with_ages.repeat_count, 0) as mean_days_between_purchases,
        built_customers.customer_id is null as is_new_customer,
        built_customers.rfm_code as built_rfm_code,
        built_customers.r_score as built_r_score,
        built_customers.f_score as built_f_score,
        built_customers.m_score as built_m_score,
        built_customers.segment as built_segment,
        built_customers.value_tier as built_value_tier,
        built_customers.recommended_action as built_recommended_action,
        built_customers.probability_alive as built_probability_alive,
        built_customers.lifetime_value_365d as built_lifetime_value_365d
    from with_ages
    left join boundaries on with_ages.built_date = boundaries.boundary_date
    left join built_customers on with_ages.customer_id = built_customers.customer_id
    {% if fits_groups() -%}
        left join fit_roles on with_ages.customer_id = fit_roles.customer_id
    {%- endif %}
    left join forecast_parameters
        on
            {{ "coalesce(fit_roles.fit_role, 'current')" if fits_groups()
                else "'current'" }} = forecast_parameters.as_of_role

),

scored as (

    select
        *,
        {% if ranks -%}
            built_r_score as r_score,
            built_f_score as f_score,
            built_m_score as m_score,
        {%- else -%}
            {{ rfm_score("recency_days", "desc", from_boundaries=true) }} as r_score,
            {{ rfm_score("order_count", "asc", from_boundaries=true) }} as f_score,
            {{ rfm_score("net_revenue", "asc", from_boundaries=true) }} as m_score,
        {%- endif %}
        case
            when model = 'bg_nbd' and repeat_count = 0 then null
            else {{ probability_alive() }}
        end as known_probability_alive
    from measured

),

live_customers as (

    select
        ---------- ids
        cast(scored.customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(
            scored.r_score * 100 + scored.f_score * 10 + scored.m_score
            as {{ dbt.type_string() }}
        ) as rfm_code,
        cast(legend.segment as {{ dbt.type_string() }}) as segment,
        cast(scored.built_rfm_code as {{ dbt.type_string() }}) as built_rfm_code,
        cast(scored.built_segment as {{ dbt.type_string() }}) as built_segment,
        cast(scored.built_value_tier as {{ dbt.type_string() }}) as built_value_tier,
        cast(scored.built_recommended_action as {{ dbt.type_string() }})
            as built_recommended_action,

        ---------- numerics
        cast(scored.r_score as {{ dbt.type_int() }}) as r_score,
        cast(scored.f_score as {{ dbt.type_int() }}) as f_score,
        cast(scored.m_score as {{ dbt.type_int() }}) as m_score,
        cast(scored.order_count as {{ dbt.type_bigint() }}) as order_count,
        cast(scored.purchase_day_count as {{ dbt.type_bigint() }})
            as purchase_day_count,
        cast(scored.repeat_count as {{ dbt.type_bigint() }}) as repeat_count,
        cast(scored.net_revenue as {{ type_money() }}) as net_revenue,
        cast(scored.refund_count as {{ dbt.type_bigint() }}) as refund_count,
        cast(scored.refunded_amount as {{ type_money() }}) as refunded_amount,
        cast(scored.repeat_spend as {{ type_double() }})
        / nullif(scored.paid_repeat_count, 0) as mean_repeat_value,
        cast(scored.net_revenue as {{ type_double() }})
        / nullif(scored.order_count, 0) as average_order_value,
        cast(scored.recency_days as {{ dbt.type_bigint() }}) as recency_days,
        cast(scored.last_purchase_age_days as {{ dbt.type_bigint() }})
            as last_purchase_age_days,
        cast(scored.customer_age_days as {{ dbt.type_bigint() }}) as customer_age_days,
        cast(scored.mean_days_between_purchases as {{ type_double() }})
            as mean_days_between_purchases,
        cast(
            {{ days_between_purchases_cv(
                "scored.repeat_count",
                "scored.squared_days_between_purchases",
                days="scored."
            ) }} as {{ type_double() }}
        ) as days_between_purchases_cv,
        cast(scored.known_probability_alive as {{ type_double() }})
            as probability_alive,
        cast(scored.built_probability_alive as {{ type_double() }})
            as built_probability_alive,
        cast(scored.built_lifetime_value_365d as {{ type_double() }})
            as built_lifetime_value_365d,
        cast(scored.new_line_count as {{ dbt.type_bigint() }}) as new_line_count,

        ---------- booleans
        scored.is_new_customer,
        scored.recency_days > lapse_threshold.lapse_after_days as is_lapsed,
        coalesce(legend.segment != scored.built_segment, scored.is_new_customer)
            as is_segment_changed,

        ---------- dates
        cast(scored.live_date as date) as live_date,
        cast(scored.built_date as date) as built_as_of_date,
        cast(scored.first_purchase_date as date) as first_purchase_date,
        cast(scored.last_purchase_date as date) as last_purchase_date
    from scored
    left join legend
        on
            scored.r_score = legend.r_score
            and scored.f_score = legend.f_score
            and scored.m_score = legend.m_score
    cross join lapse_threshold

)

select * from live_customers
