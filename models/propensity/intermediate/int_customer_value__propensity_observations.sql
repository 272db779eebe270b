-- An observation is a customer at an as-of date, labelled by a purchase in the window
-- after it, or a customer at the last as-of date before a contact, labelled by the
-- response. Where there are subscriptions, it is also a subscriber some days before a
-- renewal, labelled by whether it was not paid.
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

responses as (

    select
        customer_id,
        campaign_id,
        fold,
        label,
        as_of_date
    from {{ ref("int_customer_value__response_contacts") }}
    where fold is not null

),

{% if is_on("subscriptions") %}
    renewals as (

        select
            customer_id,
            fold,
            label,
            as_of_date
        from {{ ref("int_customer_value__renewals_due") }}
        where fold in ('training', 'test')

    ),

{% endif -%}
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
    {% if is_on("subscriptions") -%}
        union all
        select
            'subscription_churn' as target,
            fold,
            customer_id,
            'none' as campaign_id,
            label,
            as_of_date
        from renewals
    {%- endif %}

),

counted as (

    select
        *,
        cast({{ var("propensity_row_limit") }} as {{ type_double() }}) as row_limit,
        count(*) over (partition by target, fold) as observation_count,
        sum(label) over (partition by target, fold) as outcome_count
    from observations

),

-- Responses are rare: the training keeps all of them, up to half of its rows, and a
-- sample of the other contacts, which weigh the more. The test is as the contacts are.
with_rate as (

    select
        *,
        case
            when target != 'response' or fold = 'test'
                then row_limit / observation_count
            when label = 1
                then
                    greatest(
                        row_limit / observation_count, row_limit / 2 / outcome_count
                    )
            else
                (
                    row_limit - least(
                        outcome_count,
                        greatest(
                            row_limit * outcome_count / observation_count, row_limit / 2
                        )
                    )
                ) / nullif(observation_count - outcome_count, 0)
        end as sampling_rate
    from counted

),

-- A bounded sample by customer: all observations of a customer that have one rate are
-- in it or none, and all are in the scaling fold or none.
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
        -- A sample in which all have one rate needs no weights.
        case
            when target != 'response' or fold = 'test' then 1
            else 1 / least(sampling_rate, 1)
        end as sample_weight,

        ---------- dates
        as_of_date
    from with_rate
    where {{ hash_unit("concat('propensity|', customer_id)") }} < sampling_rate

)

select * from sampled
