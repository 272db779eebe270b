-- A campaign with variants is an experiment. Several contacts of a customer in it count
-- as one: their values and costs add up, and the first of them is the customer's start.
with

contacts as (

    select
        customer_id,
        campaign_id,
        variant,
        response_value,
        cost,
        case when is_responded then 1 when not is_responded then 0 end
            as response_count,
        case when is_exposed then 1 when not is_exposed then 0 end as exposure_count,
        contacted_date
    from {{ ref("int_customer_value__campaign_contacts") }}
    where exclusion_reason is null and variant is not null

),

planned_experiments as (

    select
        experiment,
        salt,
        control_share
    from {{ ref("int_customer_value__planned_experiments") }}

),

as_of_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

experiments as (

    select
        contacts.campaign_id,
        min(contacts.contacted_date) as start_date,
        -- Every customer has the same window after the contact: the longest one that is
        -- over for the last of them.
        least(
            {{ var("activity_days") }},
            {{ date_diff_days(
                "max(contacts.contacted_date)", "max(as_of_dates.as_of_date)"
            ) }} + 1
        ) as window_days,
        max(contacts.response_count) is not null as has_responses,
        max(contacts.response_value) is not null as has_response_values
    from contacts
    cross join as_of_dates
    group by contacts.campaign_id

),

customers as (

    select
        campaign_id,
        customer_id,
        min(variant) as variant,
        count(distinct variant) as variant_count,
        coalesce(max(response_count), 0) > 0 as is_responded,
        coalesce(sum(response_value), 0) as response_value,
        sum(cost) as cost,
        max(exposure_count) > 0 as is_exposed,
        min(contacted_date) as contacted_date
    from contacts
    group by campaign_id, customer_id

),

compared as (

    select
        customers.*,
        experiments.start_date,
        experiments.window_days,
        experiments.has_responses,
        experiments.has_response_values,
        customers.variant = '{{ var("control_variant") }}' as is_control,
        case
            when planned_experiments.experiment is not null
                then
                    {{ assigned_variant(
                        "planned_experiments.salt",
                        "customers.customer_id",
                        "planned_experiments.control_share"
                    ) }}
        end as assigned_variant
    from customers
    inner join experiments on customers.campaign_id = experiments.campaign_id
    left join planned_experiments
        on customers.campaign_id = planned_experiments.experiment

),

experiment_customers as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        campaign_id as experiment,
        variant,
        case
            when variant_count > 1 then 'both_arms'
            when is_exposed = is_control then 'exposure_at_odds'
            when is_control != (assigned_variant = '{{ var("control_variant") }}')
                then 'assignment_at_odds'
        end as exclusion_reason,

        ---------- numerics
        response_value,
        cost,
        window_days,

        ---------- booleans
        is_control,
        is_responded,
        has_responses,
        has_response_values,

        ---------- dates
        start_date,
        contacted_date
    from compared

)

select * from experiment_customers
