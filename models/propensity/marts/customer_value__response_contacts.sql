{%- set reasons = [
    "campaign_without_answers", "held_out", "before_the_history", "no_customer_yet",
    "answers_still_come", "between_training_and_test",
] %}
with

contacts as (

    select
        customer_id,
        campaign_id,
        coalesce(exclusion_reason, fold) as contact_use,
        split_by,
        label,
        contacted_date,
        as_of_date
    from {{ ref("int_customer_value__response_contacts") }}

),

observations as (

    select
        observation_id,
        fold
    from {{ ref("int_customer_value__propensity_observations") }}
    where target = 'response'

),

uses as (
    {% for use in ["training", "test"] + reasons %}
        select
            '{{ use }}' as contact_use,
            {{ loop.index }} as use_order
        {{ "union all" if not loop.last }}
    {% endfor %}
),

counted as (

    select
        contacts.contact_use,
        min(contacts.split_by) as split_by,
        count(*) as contact_count,
        sum(contacts.label) as response_count,
        count(observations.observation_id) as sampled_count,
        sum(case when observations.observation_id is not null then contacts.label end)
            as sampled_response_count,
        min(contacts.contacted_date) as first_contact_date,
        max(contacts.contacted_date) as last_contact_date
    from contacts
    left join observations
        on
            observations.observation_id = concat(
                contacts.customer_id,
                '|',
                cast(contacts.as_of_date as {{ dbt.type_string() }}),
                '|',
                contacts.campaign_id
            )
            and case
                when observations.fold = 'scaling' then 'training'
                else observations.fold
            end = contacts.contact_use
    group by contacts.contact_use

),

response_contacts as (

    select
        ---------- strings
        cast(uses.contact_use as {{ dbt.type_string() }}) as contact_use,
        cast(counted.split_by as {{ dbt.type_string() }}) as split_by,

        ---------- numerics
        cast(uses.use_order as {{ dbt.type_int() }}) as use_order,
        cast(coalesce(counted.contact_count, 0) as {{ dbt.type_bigint() }})
            as contact_count,
        cast(coalesce(counted.response_count, 0) as {{ dbt.type_bigint() }})
            as response_count,
        cast(coalesce(counted.sampled_count, 0) as {{ dbt.type_bigint() }})
            as sampled_count,
        cast(coalesce(counted.sampled_response_count, 0) as {{ dbt.type_bigint() }})
            as sampled_response_count,

        ---------- dates
        cast(counted.first_contact_date as date) as first_contact_date,
        cast(counted.last_contact_date as date) as last_contact_date
    from uses
    left join counted on uses.contact_use = counted.contact_use

)

select * from response_contacts
