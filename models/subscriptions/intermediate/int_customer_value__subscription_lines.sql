{{ config(materialized="table", post_hook="{{ require_paid_lines() }}") }}

{%- set as_of_date = (var("as_of_date") or "") | string -%}
{%- set input = subscription_input() -%}
{%- set content = [
    "customer_id", "subscription_id", "plan", "started_date", "amount", "interval_months",
    "interval_days",
] -%}
{%- if input == "subscriptions" -%}
    {%- set content = content + ["ended_date", "is_paused", "trial_ended_date"] -%}
{%- endif %}
with

{% if input == "subscription_payments" %}
    -- A payment covers one billing interval. Without ids of subscriptions a customer
    -- has one of them.
    read_lines as (

        select
            customer_id,
            coalesce(subscription_id, customer_id) as subscription_id,
            payment_id as line_id,
            plan,
            cast(null as {{ dbt.type_string() }}) as churn_reason,
            currency,
            amount,
            interval_months,
            interval_days,
            false as is_paused,
            false as is_paused_unknown,
            false as has_invalid_date,
            paid_date as started_date,
            {{ billing_cycles_later("paid_date", "1") }} as ended_date,
            cast(null as date) as trial_ended_date,
            cast(null as date) as cancelled_date
        from (
            select
                customer_id,
                subscription_id,
                payment_id,
                plan,
                currency,
                amount,
                interval_months,
                interval_days,
                paid_date
            from {{ ref("stg_customer_value__subscription_payments") }}
        ) as payments

    ),

{% elif input == "subscription_changes" %}
    read_lines as (

        select
            customer_id,
            customer_id as subscription_id,
            cast(null as {{ dbt.type_string() }}) as line_id,
            cast(null as {{ dbt.type_string() }}) as plan,
            cast(null as {{ dbt.type_string() }}) as churn_reason,
            currency,
            mrr_change as amount,
            interval_months,
            interval_days,
            false as is_paused,
            false as is_paused_unknown,
            false as has_invalid_date,
            changed_date as started_date,
            cast(null as date) as ended_date,
            cast(null as date) as trial_ended_date,
            cast(null as date) as cancelled_date
        from {{ ref("stg_customer_value__subscription_changes") }}

    ),

{% else %}
    read_lines as (

        select
            customer_id,
            subscription_id,
            cast(null as {{ dbt.type_string() }}) as line_id,
            plan,
            churn_reason,
            currency,
            {{ amount_product("amount", "quantity", type_amount()) }} as amount,
            interval_months,
            interval_days,
            is_paused,
            is_paused_unknown,
            has_invalid_date,
            started_date,
            ended_date,
            trial_ended_date,
            cancelled_date
        from {{ ref("stg_customer_value__subscriptions") }}

    ),

{% endif -%}
-- A row shows the day on which it begins, and the one on which it is cancelled.
shown_dates as (

    select started_date as shown_date
    from read_lines
    where customer_id is not null and amount is not null and started_date is not null
    union all
    select cancelled_date as shown_date
    from read_lines
    where
        customer_id is not null
        and amount is not null
        and cancelled_date > started_date

),

dates_per_day as (

    select
        shown_date,
        count(*) as date_count
    from shown_dates
    group by shown_date

),

{{ bulk_of_days("dates_per_day", "shown_date", "date_count") }},

-- The last day on which the log shows anything begin or be cancelled is the as-of date,
-- unless the var gives one: the ends of periods lie in the future. A day far behind all
-- others is mistyped.
as_of_dates as (

    select
        max(bulk.bulk_date) as bulk_date,
        {% if as_of_date -%}
            max(cast('{{ as_of_date }}' as date)) as as_of_date
        {%- else -%}
            max(dates_per_day.shown_date) as as_of_date
        {%- endif %}
    from dates_per_day
    cross join bulk
    where bulk.limit_date is null or dates_per_day.shown_date <= bulk.limit_date

),

with_reason as (

    select
        read_lines.*,
        as_of_dates.as_of_date,
        as_of_dates.bulk_date,
        case
            when read_lines.customer_id is null then 'missing_customer'
            when read_lines.subscription_id is null then 'missing_subscription'
            when read_lines.started_date is null or read_lines.has_invalid_date
                then 'invalid_date'
            when read_lines.amount is null then 'invalid_amount'
            when read_lines.is_paused_unknown then 'invalid_flag'
            when
                read_lines.interval_months is null
                and read_lines.interval_days is null
                then 'missing_interval'
            when read_lines.ended_date <= read_lines.started_date
                then 'end_before_start'
            when read_lines.started_date > as_of_dates.as_of_date then 'future_dated'
        end as line_reason
    from read_lines
    cross join as_of_dates

),

-- Changes add up, and two equal ones may both be meant; any other line that equals
-- another is a duplicate, unless its id says otherwise.
numbered as (

    select
        *,
        row_number() over (
            partition by
                line_reason,
                line_id,
                {% for column in content -%}
                    case when line_id is null then {{ column }} end
                    {{- "," if not loop.last }}
                {% endfor %}
            order by {{ content | join(", ") }}, cancelled_date, churn_reason
        ) as copy_number
    from with_reason

),

-- Of two periods of a subscription that begin on one day the longer one counts, and of
-- equally long ones the dearer.
ranked as (

    select
        *,
        {% if input == "subscriptions" -%}
            row_number() over (
                partition by
                    customer_id,
                    subscription_id,
                    started_date,
                    coalesce(line_reason, 'none'),
                    copy_number,
                    case when amount > 0 or is_paused then 'billed' else 'other' end
                order by
                    coalesce(ended_date, cast('2999-12-31' as date)) desc,
                    amount desc,
                    {{ content | join(", ") }}
            )
        {%- else -%}
            1
        {%- endif %} as rank_on_day
    from numbered

),

subscription_lines as (

    select
        ---------- ids
        customer_id,
        subscription_id,

        ---------- strings
        plan,
        churn_reason,
        currency,
        case
            when line_reason is not null then line_reason
            {% if input != "subscription_changes" -%}
                when copy_number > 1 then 'duplicate_period'
            {%- endif %}
            {% if input == "subscriptions" -%}
                when rank_on_day > 1 and (amount > 0 or is_paused)
                    then 'overlapped_period'
            {%- endif %}
        end as exclusion_reason,

        ---------- numerics
        cast(amount as {{ type_money() }}) as amount,
        coalesce(interval_months, 0) as interval_months,
        coalesce(interval_days, 0) as interval_days,

        ---------- booleans
        is_paused,

        ---------- dates
        started_date,
        ended_date,
        trial_ended_date,
        cancelled_date,
        as_of_date,
        bulk_date
    from ranked

)

select * from subscription_lines
