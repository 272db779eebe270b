{{ config(materialized="table") }}

-- What the model of responses learns from: contacts whose answer is known, split
-- between days, so that it is tested on later contacts. Where no day splits them,
-- customers are split at random.
with

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

snapshots as (

    select
        customer_id,
        first_purchase_date,
        as_of_date as current_as_of_date
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current

),

as_of_dates as (

    select
        as_of_date,
        max(days_before_current) as days_before_current
    from {{ ref("int_customer_value__as_of_dates") }}
    group by as_of_date

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
        customer_id,
        campaign_id,
        max(case when is_responded then 1 else 0 end) as label,
        max(
            case
                when variant = {{ quoted_text(var("control_variant")) }} then 1 else 0
            end
        )
            as held_out_count,
        min(contacted_date) as contacted_date
    from all_contacts
    group by customer_id, campaign_id

),

contact_days as (

    select distinct contacted_date
    from contacts

),

-- The features are those of the last as-of date before the contact.
feature_dates as (

    select
        contact_days.contacted_date,
        max(as_of_dates.as_of_date) as as_of_date
    from contact_days
    inner join as_of_dates on contact_days.contacted_date > as_of_dates.as_of_date
    group by contact_days.contacted_date

),

current_dates as (

    select max(as_of_date) as current_date_observed
    from as_of_dates
    where days_before_current = 0

),

-- The first reason that applies is the reason for not learning from a contact. Every
-- answer has the activity_days to come, in training and test alike.
classified as (

    select
        contacts.customer_id,
        contacts.campaign_id,
        contacts.label,
        contacts.contacted_date,
        feature_dates.as_of_date,
        case
            when answered.campaign_id is null then 'campaign_without_answers'
            when contacts.held_out_count > 0 then 'held_out'
            when feature_dates.as_of_date is null then 'before_the_history'
            when
                coalesce(
                    snapshots.first_purchase_date > feature_dates.as_of_date, true
                )
                then 'no_customer_yet'
            when
                {{ date_add_days("contacts.contacted_date", var("activity_days")) }}
                > current_dates.current_date_observed
                then 'answers_still_come'
        end as exclusion_reason
    from contacts
    cross join current_dates
    left join answered on contacts.campaign_id = answered.campaign_id
    left join feature_dates on contacts.contacted_date = feature_dates.contacted_date
    left join snapshots on contacts.customer_id = snapshots.customer_id

),

days as (

    select
        contacted_date,
        count(*) as contact_count
    from classified
    where exclusion_reason is null
    group by contacted_date

),

-- A contact is trained on if its answer was known when the test began.
splits as (

    select
        test_days.contacted_date as test_start_date,
        cast(
            sum(
                case
                    when
                        {{ date_add_days("days.contacted_date", var("activity_days")) }}
                        <= test_days.contacted_date
                        then days.contact_count
                    else 0
                end
            ) as {{ type_double() }}
        ) as training_count,
        sum(
            case
                when days.contacted_date >= test_days.contacted_date
                    then days.contact_count
                else 0
            end
        ) as test_count
    from days as test_days
    cross join days
    group by test_days.contacted_date

),

ranked_splits as (

    select
        test_start_date,
        row_number() over (
            order by
                abs(training_count / (training_count + test_count) - 0.7) asc,
                test_start_date desc
        ) as split_rank
    from splits
    where training_count > 0

),

split as (

    select max(test_start_date) as test_start_date
    from ranked_splits
    where split_rank = 1

),

with_fold as (

    select
        classified.*,
        split.test_start_date,
        case
            when classified.exclusion_reason is not null then null
            when split.test_start_date is null
                then
                    case
                        when
                            {{ hash_unit(
                                "concat('response test|', classified.customer_id)"
                            ) }} < 0.3
                            then 'test'
                        else 'training'
                    end
            when classified.contacted_date >= split.test_start_date then 'test'
            when
                {{ date_add_days("classified.contacted_date", var("activity_days")) }}
                <= split.test_start_date
                then 'training'
        end as fold
    from classified
    cross join split

),

response_contacts as (

    select
        ---------- ids
        customer_id,
        campaign_id,

        ---------- strings
        fold,
        case
            when exclusion_reason is not null then exclusion_reason
            when fold is null then 'between_training_and_test'
        end as exclusion_reason,
        case when test_start_date is null then 'customer' else 'day' end as split_by,

        ---------- numerics
        label,

        ---------- dates
        contacted_date,
        as_of_date,
        test_start_date
    from with_fold

)

select * from response_contacts
