{{ config(materialized="table") }}

with

trial_states as (

    select
        trial_day,
        available_features,
        {{ compared_trial_metrics() | join(",\n        ") }}
    from {{ ref("int_customer_value__trial_states") }}

),

trial_thresholds as (

    select
        trial_day,
        count(*) as trial_count,
        max(available_features) as available_features,
    {% for metric in compared_trial_metrics() -%}
        {{ percentile("cast(" ~ metric ~ " as " ~ type_double() ~ ")", 0.75) }}
            as {{ metric }}_p75
        {{- "," if not loop.last }}
    {% endfor %}
    from trial_states
    group by trial_day

)

select * from trial_thresholds
