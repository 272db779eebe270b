{#- Which rules were in force cannot be computed again: a full refresh keeps it. -#}
{{ config(
    materialized="incremental",
    full_refresh=false,
    on_schema_change="append_new_columns",
    pre_hook="{{ customer_value.forget_erased() }}"
) }}
{%- do require_kept_history() %}

with

{{ trial_rule_set() }},

-- Who has ended or converted was in a segment before: rules of today are not those of
-- then.
running_trials as (

    select
        customer_id,
        segment,
        state_date
    from {{ ref("customer_value__trial_segments") }}
    where trial_status = 'running'

),

past_entries as (

    {% if is_incremental() -%}
        select
            customer_id,
            rule_set_hash,
            segment,
            entry_number,
            entered_date,
            recorded_at
        from {{ this }}
    {%- else -%}
        select
            customer_id,
            '' as rule_set_hash,
            segment,
            0 as entry_number,
            state_date as entered_date,
            cast(null as {{ type_timestamp() }}) as recorded_at
        from running_trials
        where 1 = 0
    {%- endif %}

),

last_moments as (

    select
        max(recorded_at) as last_recorded_at,
        -- A build that looks back records nothing.
        {{ "max(entered_date)" if var("as_of_date") else "cast(null as date)" }}
            as first_date
    from past_entries

),

last_numbers as (

    select
        customer_id,
        max(entry_number) as entry_number
    from past_entries
    group by customer_id

),

-- An entry of a later day is not where the trial was. Where events dated ahead had
-- moved the as-of date, such entries stay in the log and must not hide the true ones.
ranked_entries as (

    select
        past_entries.customer_id,
        past_entries.rule_set_hash,
        past_entries.segment,
        row_number() over (
            partition by past_entries.customer_id
            order by past_entries.entry_number desc
        ) as place
    from past_entries
    inner join running_trials on past_entries.customer_id = running_trials.customer_id
    where past_entries.entered_date <= running_trials.state_date

),

last_entries as (

    select
        customer_id,
        rule_set_hash,
        segment
    from ranked_entries
    where place = 1

),

trial_segment_changes as (

    select
        ---------- ids
        cast(running_trials.customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(rule_set.rule_set_hash as {{ dbt.type_string() }}) as rule_set_hash,
        cast(running_trials.segment as {{ dbt.type_string() }}) as segment,

        ---------- numerics
        cast(
            coalesce(last_numbers.entry_number, 0) + 1 as {{ dbt.type_int() }}
        ) as entry_number,

        ---------- dates
        cast(running_trials.state_date as date) as entered_date,

        ---------- timestamps
        cast(
            {{ build_moment("last_moments.last_recorded_at") }}
            as {{ type_timestamp() }}
        ) as recorded_at
    from running_trials
    cross join rule_set
    cross join last_moments
    left join last_entries on running_trials.customer_id = last_entries.customer_id
    left join last_numbers on running_trials.customer_id = last_numbers.customer_id
    where
        (
            last_entries.customer_id is null
            or last_entries.segment != running_trials.segment
            or last_entries.rule_set_hash != rule_set.rule_set_hash
        )
        and coalesce(running_trials.state_date >= last_moments.first_date, true)

)

select * from trial_segment_changes
