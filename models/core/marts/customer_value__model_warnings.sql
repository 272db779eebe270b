with

populations as (

    select
        as_of_role,
        customer_count,
        repeat_customer_count
    from {{ ref("int_customer_value__populations") }}

),

snapshots as (

    select
        as_of_date,
        first_purchase_date,
        last_purchase_date
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current

),

fits as (

    select
        as_of_role,
        model,
        finding,
        frequency_spend_correlation,
        is_converged,
        is_boundary
    from {{ ref("customer_value__model_fits") }}
    where
        model in (
            '{{ var("purchase_model") }}', 'gamma_gamma', '{{ var("value_model") }}'
        )

),

{% if is_on("validation") %}
    evaluations as (

        select
            model,
            bias_share,
            mae,
            gini_normalised,
            revenue_bias_share,
            revenue_mae,
            revenue_gini_normalised,
            is_baseline,
            is_selected,
            is_value_selected
        from {{ ref("customer_value__model_evaluation") }}

    ),
{% endif %}
first_dates as (

    select
        min(first_purchase_date) as first_date,
        max(as_of_date) as last_date
    from snapshots

),

-- One mistyped date, such as 2099, would make the as-of date and everybody look lapsed.
last_gaps as (

    select
        as_of_date,
        cast(
            {{ date_diff_days("max(last_purchase_date)", "as_of_date") }} as integer
        ) as days_since_purchase
    from snapshots
    where last_purchase_date < as_of_date
    group by as_of_date

),

-- New customers arrive at about the same pace; those who are first seen when the log
-- begins, and had bought before, come on top.
arrivals as (

    select
        {{ date_diff_days("first_dates.first_date", "first_dates.last_date") }} + 1
            as observed_days,
        sum(
            case
                when
                    {{ date_diff_days(
                        "first_dates.first_date", "snapshots.first_purchase_date"
                    ) }} < 30
                    then 1
                else 0
            end
        ) as first_month_count,
        sum(
            case
                when
                    {{ date_diff_days(
                        "first_dates.first_date", "snapshots.first_purchase_date"
                    ) }} between 30 and 59
                    then 1
                else 0
            end
        ) as second_month_count
    from snapshots
    cross join first_dates
    group by first_dates.first_date, first_dates.last_date

),

{% if is_on("validation") %}
    scores as (
        {% for measure in ["purchases", "revenue"] %}
            {% set prefix = "" if measure == "purchases" else measure ~ "_" %}
            {% for metric, sign in {"mae": 1, "gini_normalised": -1}.items() %}
                select
                    model,
                    '{{ measure }}' as measure,
                    '{{ metric }}' as metric,
                    {{ prefix }}{{ metric }} as score,
                    -- The lower the better.
                    {{ sign }} * {{ prefix }}{{ metric }} as loss,
                    is_baseline,
                    {{ "is_value_selected" if measure == "revenue" else "is_selected" }}
                        as is_selected
                from evaluations
                union all
            {% endfor %}
        {% endfor %}
        select
            model,
            'purchases' as measure,
            'none' as metric,
            cast(null as {{ type_double() }}) as score,
            cast(null as {{ type_double() }}) as loss,
            is_baseline,
            is_selected
        from evaluations
        where false
    ),

    best_baselines as (

        select
            model,
            measure,
            metric,
            score,
            loss,
            row_number() over (
                partition by measure, metric order by loss, model
            ) as place
        from scores
        where is_baseline and loss is not null

    ),
{% endif %}
warnings as (

    select
        'too_few_customers' as warning_code,
        as_of_role as subject,
        concat(
            'Only ',
            {{ number_text("customer_count", 0) }},
            ' customers (',
            as_of_role,
            '): below {{ var("minimum_customers") }} the fits and forecasts are rough.'
        ) as sentence
    from populations
    where customer_count < {{ var("minimum_customers") }}
    union all
    select
        'too_few_repeat_customers' as warning_code,
        as_of_role as subject,
        concat(
            'Only ',
            {{ number_text("repeat_customer_count", 0) }},
            ' customers bought on more than one day (',
            as_of_role,
            '): below {{ var("minimum_repeat_customers") }} the models have little to ',
            'learn from.'
        ) as sentence
    from populations
    where repeat_customer_count < {{ var("minimum_repeat_customers") }}
    union all
    select
        'short_history' as warning_code,
        'current' as subject,
        concat(
            'The log spans ',
            {{ number_text("observed_days", 0) }},
            ' days, less than {{ var("minimum_history_multiple") }} times the ',
            'horizon of {{ var("horizon_days") }}: the lifetime value looks further ',
            'ahead than the data reach back.'
        ) as sentence
    from arrivals
    where
        observed_days
        < {{ var("minimum_history_multiple") }} * {{ var("horizon_days") }}
    union all
    select
        'left_truncated' as warning_code,
        'current' as subject,
        concat(
            {{ number_text("first_month_count", 0) }},
            ' customers are first seen in the first 30 days of the log and ',
            {{ number_text("second_month_count", 0) }},
            ' in the next 30: many seem to be old customers whose earlier purchases ',
            'are missing, so ages are too low and repeat counts too.'
        ) as sentence
    from arrivals
    where
        observed_days >= 60
        and first_month_count
        > {{ var("maximum_early_arrival_ratio") }} * second_month_count
    union all
    select
        'isolated_as_of_date' as warning_code,
        'current' as subject,
        concat(
            'The as-of date ',
            cast(as_of_date as {{ dbt.type_string() }}),
            ' lies ',
            {{ number_text("days_since_purchase", 0) }},
            ' days after the last purchase before it: if a date in the log is ',
            'mistyped, set as_of_date.'
        ) as sentence
    from last_gaps
    where days_since_purchase > {{ var("activity_days") }}
    {% if is_on("validation") -%}
        union all
        select
            'no_holdout' as warning_code,
            'calibration' as subject,
            concat(
                'The log is too short to hold anything out, so the forecasts were not ',
                'checked against the future.'
            ) as sentence
        from first_dates
        where
            first_date is not null
            and not exists (
                select populations.as_of_role
                from populations
                where populations.as_of_role = 'calibration'
            )
    {%- endif %}
    union all
    select
        'frequency_spend_correlation' as warning_code,
        as_of_role as subject,
        concat(
            'Frequency and spend per purchase correlate with ',
            {{ number_text("frequency_spend_correlation", 2) }},
            ' (',
            as_of_role,
            '), beyond {{ var("maximum_spend_correlation") }}: the spend model takes ',
            'them to be independent, so lifetime values are biased for the most and ',
            'the least frequent customers.'
        ) as sentence
    from fits
    where
        abs(frequency_spend_correlation) > {{ var("maximum_spend_correlation") }}
    union all
    select
        'not_converged' as warning_code,
        concat(as_of_role, ' ', model) as subject,
        concat(model, ' (', as_of_role, '): ', finding) as sentence
    from fits
    where not is_converged and model != '{{ var("value_model") }}'
    union all
    select
        'value_model_not_estimated' as warning_code,
        as_of_role as subject,
        concat(
            'The var value_model asks for ',
            model,
            ', and the customers carry the probabilistic value: ',
            finding
        ) as sentence
    from fits
    where
        model = '{{ var("value_model") }}'
        and as_of_role = 'current'
        and not is_converged
    union all
    select
        'no_dropout_identified' as warning_code,
        concat(as_of_role, ' ', model) as subject,
        concat(model, ' (', as_of_role, '): ', finding) as sentence
    from fits
    where
        model != 'gamma_gamma'
        and finding like 'no dropout identified%'
    union all
    select
        'purchases_at_boundary' as warning_code,
        concat(as_of_role, ' ', model) as subject,
        concat(model, ' (', as_of_role, '): ', finding) as sentence
    from fits
    where
        model != 'gamma_gamma'
        and is_converged
        and is_boundary
        and finding not like 'no dropout identified%'
    union all
    select
        'spend_at_boundary' as warning_code,
        concat(as_of_role, ' ', model) as subject,
        concat(model, ' (', as_of_role, '): ', finding) as sentence
    from fits
    where
        model = 'gamma_gamma'
        and is_converged
        and is_boundary
    {% if is_on("validation") -%}
        union all
        select
            'baseline_beats_model' as warning_code,
            concat(scores.measure, ' ', scores.metric) as subject,
            concat(
                'On the holdout ',
                best_baselines.model,
                ' beats ',
                scores.model,
                case
                    when scores.metric = 'mae' then ' in the mean absolute error of '
                    else ' in ordering customers by '
                end,
                scores.measure,
                case
                    when scores.metric = 'mae' then ' ('
                    else ' (normalised Gini '
                end,
                {{ number_text("best_baselines.score", 3) }},
                ' against ',
                {{ number_text("scores.score", 3) }},
                ').'
            ) as sentence
        from scores
        inner join best_baselines
            on
                scores.measure = best_baselines.measure
                and scores.metric = best_baselines.metric
        where
            scores.is_selected
            and best_baselines.place = 1
            and best_baselines.loss < scores.loss
        union all
        select
            'holdout_bias' as warning_code,
            'purchases' as subject,
            concat(
                'On the holdout ',
                model,
                ' expected ',
                {{ number_text("100 * abs(bias_share)", 1) }},
                case when bias_share < 0 then ' % fewer' else ' % more' end,
                ' purchases than there were: take totals with that in mind.'
            ) as sentence
        from evaluations
        where is_selected and abs(bias_share) > {{ var("maximum_bias_share") }}
        union all
        select
            'holdout_bias' as warning_code,
            'revenue' as subject,
            concat(
                'On the holdout ',
                model,
                ' expected ',
                {{ number_text("100 * abs(revenue_bias_share)", 1) }},
                case when revenue_bias_share < 0 then ' % less' else ' % more' end,
                ' revenue than there was: take totals with that in mind.'
            ) as sentence
        from evaluations
        where
            is_value_selected
            and abs(revenue_bias_share) > {{ var("maximum_bias_share") }}
    {%- endif %}

),

model_warnings as (

    select
        ---------- strings
        cast(warning_code as {{ dbt.type_string() }}) as warning_code,
        cast(subject as {{ dbt.type_string() }}) as subject,
        cast(sentence as {{ dbt.type_string() }}) as sentence
    from warnings

)

select * from model_warnings
