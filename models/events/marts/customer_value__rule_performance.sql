with

{{ trial_rule_set() }},

entries as (

    select
        customer_id,
        rule_set_hash,
        segment,
        entry_number,
        entered_date
    from {{ ref("customer_value__trial_segment_changes") }}

),

trials as (

    select
        customer_id,
        is_outcome_known,
        is_converted_in_trial,
        trial_ends_at,
        converted_at
    from {{ ref("int_customer_value__trials_classified") }}
    where exclusion_reason is null

),

-- Everybody who was in the segment under the rules counts once, in any arm or none.
everybody as (

    select
        'all trials' as experiment,
        'all' as variant,
        false as is_control,
        customer_id,
        rule_set_hash,
        segment,
        min(entered_date) as counted_from_date
    from entries
    group by customer_id, rule_set_hash, segment

),

{% if is_on("experiments") %}
    experiment_customers as (

        select
            experiment,
            variant,
            customer_id,
            is_control,
            contacted_date
        from {{ ref("int_customer_value__experiment_customers") }}
        where exclusion_reason is null

    ),

    -- The segment and the rules on the day of the contact decide; later ones may be its
    -- effect.
    placed as (

        select
            experiment_customers.*,
            entries.rule_set_hash,
            entries.segment,
            row_number() over (
                partition by
                    experiment_customers.experiment, experiment_customers.customer_id
                order by entries.entry_number desc
            ) as place
        from experiment_customers
        inner join entries
            on
                experiment_customers.customer_id = entries.customer_id
                and experiment_customers.contacted_date >= entries.entered_date

    ),
{% endif %}

counted as (

    select
        experiment,
        variant,
        is_control,
        customer_id,
        rule_set_hash,
        segment,
        counted_from_date
    from everybody
    {% if is_on("experiments") -%}
        union all
        select
            experiment,
            variant,
            is_control,
            customer_id,
            rule_set_hash,
            segment,
            contacted_date as counted_from_date
        from placed
        where place = 1
    {%- endif %}

),

-- Customers who had converted before the contact, or whose trial was over, were no
-- longer on trial. Experiments go by days: a conversion on the day of the contact
-- counts as after it.
outcomes as (

    select
        counted.*,
        case when trials.is_outcome_known then 1 else 0 end as known,
        case
            when trials.is_outcome_known and trials.is_converted_in_trial then 1
            else 0
        end as converted
    from counted
    inner join trials on counted.customer_id = trials.customer_id
    where
        cast(trials.trial_ends_at as date) >= counted.counted_from_date
        and (
            trials.converted_at is null
            or cast(trials.converted_at as date) >= counted.counted_from_date
        )

),

arms as (

    select
        experiment,
        rule_set_hash,
        segment,
        variant,
        is_control,
        min(counted_from_date) as first_date,
        max(counted_from_date) as last_date,
        count(*) as trial_count,
        cast(sum(known) as {{ type_double() }}) as known_count,
        cast(sum(converted) as {{ type_double() }}) as conversions
    from outcomes
    group by experiment, rule_set_hash, segment, variant, is_control

),

controls as (

    select
        experiment,
        rule_set_hash,
        segment,
        known_count as control_known_count,
        conversions as control_conversions
    from arms
    where is_control

),

compared as (

    select
        arms.*,
        controls.control_known_count,
        controls.control_conversions,
        arms.conversions / nullif(arms.known_count, 0) as conversion_rate,
        controls.control_conversions / nullif(controls.control_known_count, 0)
            as control_rate,
        arms.known_count > 0 and controls.control_known_count > 0 as is_compared
    from arms
    left join controls
        on
            arms.experiment = controls.experiment
            and arms.rule_set_hash = controls.rule_set_hash
            and arms.segment = controls.segment
            and not arms.is_control

),

with_bounds as (

    select
        *,
        {% for bound, sign in {"lower": "-", "upper": "+"}.items() -%}
            {{ wilson_bound("conversion_rate", "known_count", sign) }}
                as conversion_rate_{{ bound }}_bound,
            case
                when is_compared
                    then
                        {{ ratio_bound(
                            "conversions", "known_count", "control_conversions",
                            "control_known_count", sign
                        ) }} - 1
            end as lift_{{ bound }}_bound,
        {% endfor -%}
        conversion_rate / nullif(control_rate, 0) - 1 as lift
    from compared

),

rule_performance as (

    select
        ---------- strings
        cast(with_bounds.experiment as {{ dbt.type_string() }}) as experiment,
        cast(with_bounds.rule_set_hash as {{ dbt.type_string() }}) as rule_set_hash,
        cast(with_bounds.segment as {{ dbt.type_string() }}) as segment,
        cast(with_bounds.variant as {{ dbt.type_string() }}) as variant,
        cast(
            case
                when with_bounds.experiment = 'all trials'
                    then
                        'Not an experiment: customers in a segment differ from others.'
                when with_bounds.is_control
                    then 'The control, with which the other arms are compared.'
                when not coalesce(with_bounds.is_compared, false)
                    then 'No trial in one of the two arms is over: nothing to compare.'
                when with_bounds.lift_lower_bound > 0
                    then 'More conversions than in the control, beyond chance.'
                when with_bounds.lift_upper_bound < 0
                    then 'Fewer conversions than in the control, beyond chance.'
                else 'No difference beyond chance.'
            end as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(with_bounds.trial_count as {{ dbt.type_bigint() }}) as trial_count,
        cast(with_bounds.known_count as {{ dbt.type_bigint() }}) as known_count,
        cast(with_bounds.conversions as {{ dbt.type_bigint() }}) as conversions,
        {% for column in [
            "conversion_rate",
            "conversion_rate_lower_bound",
            "conversion_rate_upper_bound",
            "control_rate",
            "lift",
            "lift_lower_bound",
            "lift_upper_bound",
        ] -%}
            cast(with_bounds.{{ column }} as {{ type_double() }}) as {{ column }},
        {% endfor %}
        ---------- booleans
        cast(with_bounds.is_control as {{ dbt.type_boolean() }}) as is_control,
        cast(
            with_bounds.rule_set_hash = rule_set.rule_set_hash
            as {{ dbt.type_boolean() }}
        ) as is_in_force,

        ---------- dates
        cast(with_bounds.first_date as date) as first_date,
        cast(with_bounds.last_date as date) as last_date
    from with_bounds
    cross join rule_set

)

select * from rule_performance
