-- What followed a campaign, with or without a control. Several contacts of a customer
-- in it count as one, from the first on.
with

contacts as (

    select
        customer_id,
        campaign_id,
        response_value,
        cost,
        case when is_responded then 1 when not is_responded then 0 end
            as response_count,
        case
            when variant = {{ quoted_text(var("control_variant")) }} then 0 else 1
        end as contacted_count,
        contacted_date
    from {{ ref("int_customer_value__campaign_contacts") }}
    where exclusion_reason is null

),

purchase_days as (

    select
        customer_id,
        spend,
        purchase_date
    from {{ ref("int_customer_value__purchase_days") }}

),

as_of_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

log_starts as (

    select min(purchase_date) as log_start_date
    from purchase_days

),

-- Who is in the control and in a treated variant was contacted, from the first contact
-- on.
customers as (

    select
        campaign_id,
        customer_id,
        max(contacted_count) as contacted_count,
        max(case when contacted_count = 1 then response_count end) as response_count,
        sum(case when contacted_count = 1 then response_value end) as response_value,
        sum(case when contacted_count = 1 then cost end) as cost,
        sum(contacted_count) as contact_count,
        sum(case when contacted_count = 1 and cost is not null then 1 else 0 end)
            as costed_contact_count,
        min(case when contacted_count = 1 then contacted_date end)
            as first_contact_date,
        max(case when contacted_count = 1 then contacted_date end) as last_contact_date,
        min(contacted_date) as first_date,
        max(contacted_date) as last_date
    from contacts
    group by campaign_id, customer_id

),

-- Everybody has the same window after the contact: the longest one that is over for the
-- last of them.
windows as (

    select
        customers.campaign_id,
        coalesce(min(customers.first_contact_date), min(customers.first_date))
            as first_contact_date,
        coalesce(max(customers.last_contact_date), max(customers.last_date))
            as last_contact_date,
        max(log_starts.log_start_date) as log_start_date,
        least(
            {{ var("activity_days") }},
            {{ date_diff_days(
                "coalesce(max(customers.last_contact_date), max(customers.last_date))",
                "max(as_of_dates.as_of_date)"
            ) }} + 1
        ) as window_days
    from customers
    cross join as_of_dates
    cross join log_starts
    group by customers.campaign_id

),

-- What a log does not reach is not nothing.
known_windows as (

    select
        *,
        coalesce(first_contact_date >= log_start_date, false) as is_after_known,
        coalesce(
            {{ date_add_days("first_contact_date", "-1 * window_days") }}
            >= log_start_date,
            false
        ) as is_before_known
    from windows

),

-- The day of the contact belongs to the window after it.
purchases as (

    select
        customers.campaign_id,
        customers.customer_id,
        sum(
            case
                when purchase_days.purchase_date >= customers.first_contact_date
                    then purchase_days.spend
            end
        ) as spend,
        sum(
            case
                when purchase_days.purchase_date < customers.first_contact_date
                    then purchase_days.spend
            end
        ) as previous_spend
    from customers
    inner join known_windows as windows
        on customers.campaign_id = windows.campaign_id
    inner join purchase_days
        on
            customers.customer_id = purchase_days.customer_id
            and purchase_days.purchase_date
            >= {{ date_add_days(
                "customers.first_contact_date", "-1 * windows.window_days"
            ) }}
            and purchase_days.purchase_date
            < {{ date_add_days("customers.first_contact_date", "windows.window_days") }}
    where customers.contacted_count = 1
    group by customers.campaign_id, customers.customer_id

),

counted as (

    select
        customers.campaign_id,
        sum(customers.contacted_count) as contacted_customer_count,
        sum(1 - customers.contacted_count) as held_out_customer_count,
        sum(customers.response_count) as responding_customer_count,
        sum(customers.response_value) as response_value,
        sum(customers.cost) as cost,
        sum(customers.contact_count) as contact_count,
        sum(customers.costed_contact_count) as costed_contact_count,
        count(purchases.spend) as buying_customer_count,
        coalesce(sum(purchases.spend), 0) as spend,
        count(purchases.previous_spend) as previous_buying_customer_count,
        coalesce(sum(purchases.previous_spend), 0) as previous_spend
    from customers
    left join purchases
        on
            customers.campaign_id = purchases.campaign_id
            and customers.customer_id = purchases.customer_id
    group by customers.campaign_id

),

campaign_results as (

    select
        ---------- ids
        cast(counted.campaign_id as {{ dbt.type_string() }}) as campaign_id,

        ---------- strings
        cast(
            concat(
                case
                    when counted.contacted_customer_count = 0
                        then 'Nobody was contacted: all are held out.'
                    when counted.held_out_customer_count > 0
                        then
                            'Others were held out, so experiment_results may state '
                            || 'what it caused.'
                    else
                        'Nobody was held out, so its effect is not known.'
                end,
                case
                    when not windows.is_after_known
                        then
                            ' The log begins after the first contact, so purchases '
                            || 'are not compared.'
                    when not windows.is_before_known
                        then ' The log begins too late to know the purchases before.'
                    else ''
                end,
                case
                    when
                        windows.is_after_known
                        and windows.window_days < {{ var("activity_days") }}
                        then
                            concat(
                                ' Of the days after the last contact the log has ',
                                cast(windows.window_days as {{ dbt.type_string() }}),
                                ', the day itself included.'
                            )
                    else ''
                end,
                case
                    when
                        counted.costed_contact_count > 0
                        and counted.costed_contact_count < counted.contact_count
                        then
                            concat(
                                ' The cost is that of ',
                                {{ number_text("counted.costed_contact_count", 0) }},
                                ' of ',
                                {{ number_text("counted.contact_count", 0) }},
                                ' contacts; it is not known for the others.'
                            )
                    else ''
                end
            ) as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(counted.contacted_customer_count as {{ dbt.type_bigint() }})
            as contacted_customer_count,
        cast(counted.held_out_customer_count as {{ dbt.type_bigint() }})
            as held_out_customer_count,
        cast(counted.responding_customer_count as {{ dbt.type_bigint() }})
            as responding_customer_count,
        cast(counted.responding_customer_count as {{ type_double() }})
        / nullif(counted.contacted_customer_count, 0) as response_rate,
        cast(counted.response_value as {{ type_money() }}) as response_value,
        cast(counted.cost as {{ type_money() }}) as cost,
        cast(windows.window_days as {{ dbt.type_int() }}) as window_days,
        cast(
            case when windows.is_after_known then counted.buying_customer_count end
            as {{ dbt.type_bigint() }}
        ) as buying_customer_count,
        cast(
            case
                when windows.is_before_known then counted.previous_buying_customer_count
            end
            as {{ dbt.type_bigint() }}
        ) as previous_buying_customer_count,
        cast(
            case when windows.is_after_known then counted.spend end
            as {{ type_money() }}
        ) as spend,
        cast(
            case when windows.is_before_known then counted.previous_spend end
            as {{ type_money() }}
        ) as previous_spend,

        ---------- dates
        cast(windows.first_contact_date as date) as first_contact_date,
        cast(windows.last_contact_date as date) as last_contact_date
    from counted
    inner join known_windows as windows on counted.campaign_id = windows.campaign_id

)

select * from campaign_results
