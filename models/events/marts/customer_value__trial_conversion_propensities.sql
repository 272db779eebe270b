with

coefficients as (

    select
        decision_day,
        {% for feature in trial_conversion_features() -%}
            max(case when feature = '{{ feature }}' then estimate end)
                as {{ feature }}_estimate,
            max(case when feature = '{{ feature }}' then feature_mean end)
                as {{ feature }}_mean,
            max(case when feature = '{{ feature }}' then feature_deviation end)
                as {{ feature }}_deviation,
        {% endfor -%}
        max(case when feature = 'intercept' then estimate end) as base_log_odds
    from {{ ref("fit_customer_value__trial_conversion") }}
    where kind = 'coefficient' and is_published
    group by decision_day

),

snapshots as (

    select
        customer_id,
        decision_day,
        {{ trial_conversion_features() | join(",\n        ") }},
        fold,
        decided_at
    from {{ ref("int_customer_value__trial_snapshots") }}

),

trials as (

    select
        customer_id,
        trial_status,
        started_date
    from {{ ref("int_customer_value__trials_classified") }}
    where exclusion_reason is null

),

-- What is known of a trial moves its log-odds from those of the mean trial.
moved as (

    select
        snapshots.customer_id,
        snapshots.decision_day,
        snapshots.fold,
        snapshots.decided_at,
        {% for feature in trial_conversion_features() -%}
            coefficients.{{ feature }}_estimate
            * (snapshots.{{ feature }} - coefficients.{{ feature }}_mean)
            / coefficients.{{ feature }}_deviation as {{ feature }}_contribution,
        {% endfor -%}
        coefficients.base_log_odds
    from snapshots
    inner join coefficients on snapshots.decision_day = coefficients.decision_day

),

scored as (

    select
        *,
        {% for feature in trial_conversion_features() -%}
            {{ feature }}_contribution
            +
        {% endfor -%}
        base_log_odds as log_odds,
        max(decision_day) over (partition by customer_id) as last_decision_day
    from moved

),

trial_conversion_propensities as (

    select
        ---------- ids
        cast(scored.customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(trials.trial_status as {{ dbt.type_string() }}) as trial_status,
        cast(scored.fold as {{ dbt.type_string() }}) as fold,

        ---------- numerics
        cast(scored.decision_day as {{ dbt.type_int() }}) as decision_day,
        cast(1 / (1 + exp(-scored.log_odds)) as {{ type_double() }}) as probability,
        cast(scored.log_odds as {{ type_double() }}) as log_odds,
        cast(scored.base_log_odds as {{ type_double() }}) as base_log_odds,
        {% for feature in trial_conversion_features() -%}
            cast(scored.{{ feature }}_contribution as {{ type_double() }})
                as {{ feature }}_contribution,
        {% endfor %}
        ---------- booleans
        cast(
            scored.decision_day = scored.last_decision_day as {{ dbt.type_boolean() }}
        ) as is_last_decision,

        ---------- dates
        cast(trials.started_date as date) as trial_started_date,

        ---------- timestamps
        cast(scored.decided_at as {{ type_timestamp() }}) as decided_at
    from scored
    inner join trials on scored.customer_id = trials.customer_id

)

select * from trial_conversion_propensities
