-- What is learned from: a customer at a date and whether they bought in the window
-- after it, or a customer at the last as-of date before a contact and whether they
-- responded.
with

propensity_dates as (

    select
        propensity_role,
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
        contacted_date
    from {{ ref("int_customer_value__campaign_contacts") }}
    where exclusion_reason is null

),

-- No answer is a no, unless a campaign knows of no answer at all.
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
        max(case when all_contacts.is_responded then 1 else 0 end) as is_responded,
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
        contacts.is_responded,
        contacts.contacted_date,
        max(as_of_dates.as_of_date) as as_of_date
    from contacts
    inner join as_of_dates on contacts.contacted_date > as_of_dates.as_of_date
    group by
        contacts.customer_id,
        contacts.campaign_id,
        contacts.is_responded,
        contacts.contacted_date

),

-- The last three tenths of the contacts, whole days of them, are the test.
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
        dated.is_responded,
        dated.as_of_date,
        case
            when dated.contacted_date >= test_starts.test_start then 'test'
            when
                {{ date_add_days("dated.contacted_date", var("activity_days")) }}
                <= test_starts.test_start
                then 'train'
        end as propensity_role
    from dated
    cross join test_starts

),

observations as (

    select
        'purchase' as target,
        propensity_dates.propensity_role,
        labels.customer_id,
        'none' as campaign_id,
        case when labels.is_active then 1 else 0 end as label,
        labels.as_of_date
    from labels
    inner join propensity_dates on labels.as_of_date = propensity_dates.as_of_date
    where propensity_dates.propensity_role in ('train', 'test')
    union all
    select
        'response' as target,
        propensity_role,
        customer_id,
        campaign_id,
        is_responded as label,
        as_of_date
    from responses
    where propensity_role is not null

),

numbered as (

    select
        *,
        count(*) over (partition by target, propensity_role) as observation_count
    from observations

),

-- A bounded sample, by customer, so that nobody's dates are torn apart.
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
        propensity_role,

        ---------- numerics
        label,
        case
            when {{ hash_unit("concat('calibration|', customer_id)") }} < 0.25 then 1
            else 0
        end as is_calibration_fold,

        ---------- dates
        as_of_date
    from numbered
    where
        {{ hash_unit("concat('propensity|', customer_id)") }}
        < cast({{ var("propensity_row_limit") }} as {{ type_double() }})
        / observation_count

)

select * from sampled
