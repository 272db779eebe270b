-- An observation is a customer at an as-of date, labelled by a purchase in the window
-- after it, or a customer at the last as-of date before a contact, labelled by the
-- response.
with

propensity_dates as (

    select
        fold,
        as_of_date
    from {{ ref("int_customer_value__propensity_dates") }}

),

labels as (

    select
        customer_id,
        is_active,
        as_of_date
    from {{ ref("int_customer_value__active_labels") }}

),

all_contacts as (

    select
        customer_id,
        campaign_id,
        variant,
        is_responded,
        is_customer,
        contacted_date
    from {{ ref("int_customer_value__campaign_contacts") }}
    where exclusion_reason is null and is_customer

),

-- No answer counts as a no, except in a campaign without any answer.
answered as (

    select campaign_id
    from all_contacts
    where is_responded is not null
    group by campaign_id

),

contacts as (

    select
        all_contacts.customer_id,
        all_contacts.campaign_id,
        max(case when all_contacts.is_responded then 1 else 0 end) as label,
        min(all_contacts.contacted_date) as contacted_date
    from all_contacts
    inner join answered on all_contacts.campaign_id = answered.campaign_id
    where coalesce(all_contacts.variant, 'none') != '{{ var("control_variant") }}'
    group by all_contacts.customer_id, all_contacts.campaign_id

),

as_of_dates as (

    select distinct as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}

),

dated as (

    select
        contacts.customer_id,
        contacts.campaign_id,
        contacts.label,
        contacts.contacted_date,
        max(as_of_dates.as_of_date) as as_of_date
    from contacts
    inner join as_of_dates on contacts.contacted_date > as_of_dates.as_of_date
    group by
        contacts.customer_id,
        contacts.campaign_id,
        contacts.label,
        contacts.contacted_date

),

-- The last three tenths of the contacts, cut between days, are the test.
positioned as (

    select
        *,
        rank() over (order by contacted_date) - 1 as earlier_count,
        count(*) over () as contact_count
    from dated

),

test_starts as (

    select min(contacted_date) as test_start
    from positioned
    where earlier_count >= 0.7 * contact_count

),

responses as (

    select
        dated.customer_id,
        dated.campaign_id,
        dated.label,
        dated.as_of_date,
        case
            when dated.contacted_date >= test_starts.test_start then 'test'
            when
                {{ date_add_days("dated.contacted_date", var("activity_days")) }}
                <= test_starts.test_start
                then 'training'
        end as fold
    from dated
    cross join test_starts

),

observations as (

    select
        'purchase' as target,
        propensity_dates.fold,
        labels.customer_id,
        'none' as campaign_id,
        case when labels.is_active then 1 else 0 end as label,
        labels.as_of_date
    from labels
    inner join propensity_dates on labels.as_of_date = propensity_dates.as_of_date
    where propensity_dates.fold in ('training', 'test')
    union all
    select
        'response' as target,
        fold,
        customer_id,
        campaign_id,
        label,
        as_of_date
    from responses
    where fold is not null

),

numbered as (

    select
        *,
        count(*) over (partition by target, fold) as observation_count
    from observations

),

-- A bounded sample by customer: all dates of a customer are in it or none, and all are
-- in the scaling fold or none.
sampled as (

    select
        ---------- ids
        concat(
            customer_id,
            '|',
            cast(as_of_date as {{ dbt.type_string() }}),
            '|',
            campaign_id
        ) as observation_id,
        customer_id,

        ---------- strings
        target,
        case
            when
                fold = 'training'
                and {{ hash_unit("concat('calibration|', customer_id)") }} < 0.25
                then 'scaling'
            else fold
        end as fold,

        ---------- numerics
        label,

        ---------- dates
        as_of_date
    from numbered
    where
        {{ hash_unit("concat('propensity|', customer_id)") }}
        < cast({{ var("propensity_row_limit") }} as {{ type_double() }})
        / observation_count

)

select * from sampled
