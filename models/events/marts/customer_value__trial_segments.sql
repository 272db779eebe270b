with

trial_states as (

    select
        customer_id,
        feature_count,
        unknown_events,
        {{ trial_metrics() | join(",\n        ") }},
        state_date
    from {{ ref("int_customer_value__trial_states") }}
    where is_last

),

trial_thresholds as (

    select
        trial_day as threshold_day,
        trial_count,
    {% for metric in compared_trial_metrics() -%}
        {{ metric }}_p75
        {{- "," if not loop.last }}
    {% endfor %}
    from {{ ref("int_customer_value__trial_thresholds") }}

),

trials as (

    select
        customer_id,
        trial_status,
        as_of_date,
        started_date,
        converted_at
    from {{ ref("int_customer_value__trials_classified") }}
    where exclusion_reason is null

),

states as (

    select
        trial_states.*,
        trial_thresholds.*,
        trials.trial_status,
        trials.as_of_date,
        trials.started_date,
        trials.converted_at
    from trial_states
    inner join trials on trial_states.customer_id = trials.customer_id
    inner join trial_thresholds
        on trial_states.trial_day = trial_thresholds.threshold_day

),

{{ trial_segmented() }},

trial_segments as (

    select
        ---------- ids
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(trial_status as {{ dbt.type_string() }}) as trial_status,
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast(segment_reason as {{ dbt.type_string() }}) as segment_reason,

        ---------- numerics
        {{ trial_segment_numbers() | indent(4) }},

        ---------- dates
        cast(as_of_date as date) as as_of_date,
        cast(state_date as date) as state_date,
        cast(started_date as date) as trial_started_date,
        cast(
            case when trial_status = 'converted' then cast(converted_at as date) end
            as date
        ) as converted_date
    from segmented

)

select * from trial_segments
