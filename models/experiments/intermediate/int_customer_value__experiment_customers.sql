{%- set control = quoted_text(var("control_variant")) %}
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
        planned_share,
        score,
        case when is_customer then 1 else 0 end as is_customer_count,
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
        min(
            case
                when contacts.variant != {{ control }}
                    then contacts.variant
            end
        ) as treated_variant,
        count(
            distinct case
                when contacts.variant != {{ control }}
                    then contacts.variant
            end
        ) as treated_variant_count,
        max(contacts.exposure_count) is not null as has_exposures,
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
        min(variant) as contacted_variant,
        count(distinct variant) as variant_count,
        min(
            case when variant != {{ control }} then variant end
        ) as treated_variant,
        count(
            distinct case
                when variant != {{ control }} then variant
            end
        ) as treated_variant_count,
        max(planned_share) as planned_share,
        max(score) as score,
        max(is_customer_count) > 0 as is_customer,
        coalesce(max(response_count), 0) > 0 as is_responded,
        coalesce(sum(response_value), 0) as response_value,
        sum(cost) as cost,
        coalesce(max(exposure_count), 0) > 0 as is_exposed,
        min(contacted_date) as contacted_date
    from contacts
    group by campaign_id, customer_id

),

assigned as (

    select
        customers.*,
        experiments.start_date,
        experiments.window_days,
        experiments.has_exposures,
        experiments.has_responses,
        experiments.has_response_values,
        experiments.treated_variant as only_treated_variant,
        experiments.treated_variant_count as experiment_variant_count,
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

-- Intention to treat: everybody counts in the arm that they were assigned to, whatever
-- reached them. Without a plan, the arm is that of the contacts.
with_arm as (

    select
        *,
        case
            when assigned_variant is null
                then case when variant_count = 1 then contacted_variant end
            when assigned_variant = {{ control }} then assigned_variant
            when treated_variant_count = 1 then treated_variant
            when treated_variant_count = 0 and experiment_variant_count = 1
                then only_treated_variant
        end as variant
    from assigned

),

experiment_customers as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        campaign_id as experiment,
        coalesce(variant, contacted_variant) as variant,
        case
            when variant is not null then null
            when variant_count > 1 then 'both_arms'
            else 'arm_unknown'
        end as exclusion_reason,

        ---------- numerics
        response_value,
        cost,
        planned_share,
        score,
        window_days,

        ---------- booleans
        coalesce(variant, contacted_variant)
        = {{ control }} as is_control,
        is_customer,
        case when has_exposures then is_exposed end as is_exposed,
        is_responded,
        has_responses,
        has_response_values,
        coalesce(
            case
                when assigned_variant = {{ control }}
                    then treated_variant_count > 0
                else
                    assigned_variant is not null
                    and variant_count > treated_variant_count
            end,
            false
        ) as is_assignment_at_odds,

        ---------- dates
        start_date,
        contacted_date
    from with_arm

)

select * from experiment_customers
