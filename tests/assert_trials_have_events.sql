{{ config(enabled=is_on("events"), severity="warn") }}
{% call where_built() %}
-- Without events every trial is idle, or there is no day as of which to see it.
with

event_rows as (

    select
        sum(case when input = 'trials' then row_count else 0 end) as trial_count,
        sum(
            case
                when input = 'events' and exclusion_reason = 'kept' then row_count
                else 0
            end
        ) as event_count
    from {{ ref("int_customer_value__event_rows") }}

)

select
    concat(
        'There are ', {{ number_text("trial_count", 0) }},
        ' trials and no event that counts, so that the segments of trials mean nothing: ',
        'look at the var events and at the reasons in excluded_rows.'
    ) as sentence
from event_rows
where trial_count > 0 and event_count = 0
{% endcall %}
