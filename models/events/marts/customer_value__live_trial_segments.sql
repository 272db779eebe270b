{{ config(materialized="view") }}

with

live_states as (

    select
        customer_id,
        {{ trial_metrics() | join(",\n        ") }},
        feature_count,
        unknown_events,
        live_date,
        started_date
    from {{ ref("int_customer_value__live_trial_states") }}

),

thresholds as (

    select
        trial_day,
        trial_count,
    {% for metric in compared_trial_metrics() -%}
        {{ metric }}_p75
        {{- "," if not loop.last }}
    {% endfor %}
    from {{ ref("int_customer_value__trial_thresholds") }}

),

last_days as (

    select max(trial_day) as last_day
    from thresholds

),

built_segments as (

    select
        customer_id,
        segment,
        as_of_date
    from {{ ref("customer_value__trial_segments") }}

),

-- A day that nobody had reached at the build is compared with the last one that was.
states as (

    select
        live_states.*,
        built_segments.segment as built_segment,
        built_segments.as_of_date as built_as_of_date,
        coalesce(thresholds.trial_count, 0) as trial_count,
    {% for metric in compared_trial_metrics() -%}
        coalesce(thresholds.{{ metric }}_p75, 0) as {{ metric }}_p75
        {{- "," if not loop.last }}
    {% endfor %}
    from live_states
    cross join last_days
    left join thresholds
        on
            thresholds.trial_day = case
                when live_states.trial_day > last_days.last_day then last_days.last_day
                else live_states.trial_day
            end
    left join built_segments on live_states.customer_id = built_segments.customer_id

),

{{ trial_segmented() }},

live_trial_segments as (

    select
        ---------- ids
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast(segment_reason as {{ dbt.type_string() }}) as segment_reason,
        cast(built_segment as {{ dbt.type_string() }}) as built_segment,

        ---------- numerics
        {{ trial_segment_numbers() | indent(4) }},

        ---------- booleans
        cast(built_segment is null as {{ dbt.type_boolean() }}) as is_new_trial,
        cast(
            coalesce(segment != built_segment, false) as {{ dbt.type_boolean() }}
        ) as is_segment_changed,

        ---------- dates
        cast(live_date as date) as live_date,
        cast(built_as_of_date as date) as built_as_of_date,
        cast(started_date as date) as trial_started_date
    from segmented

)

select * from live_trial_segments
