{#- What a var names, or lies after a day that a var sets, is left out as asked. -#}
{%- set asked_for = "'kept', 'excluded_status', 'excluded_product'"
    ~ (", 'future_dated'" if var("as_of_date") else "") -%}
{%- set named_inputs = [] -%}
{%- for input in input_specifications() if input_value(input) -%}
    {%- do named_inputs.append(quoted_text(input)) -%}
{%- endfor -%}
{%- set metrics = {
    "mae": {"sign": 1, "words": "the mean absolute error of"},
    "rmse": {"sign": 1, "words": "the root mean squared error of"},
    "gini_normalised": {"sign": -1, "words": "the normalised Gini of the order by"},
} -%}
with

log_warnings as (

    select
        warning_code,
        subject,
        sentence
    from {{ ref("int_customer_value__log_warnings") }}

),

input_warnings as (

    select
        warning_code,
        subject,
        sentence
    from {{ ref("int_customer_value__input_warnings") }}

),

excluded_rows as (

    select
        input,
        exclusion_reason,
        example_values,
        row_count,
        cast(amount as {{ type_double() }}) as amount
    from {{ ref("customer_value__excluded_rows") }}

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
        fit_group = 'all'
        and model in (
            '{{ model_in_use() }}', 'gamma_gamma', '{{ var("value_model") }}'
        )

),

{% if is_on("validation") %}
    evaluations as (

        select
            model,
            bias_share,
            mae,
            rmse,
            gini_normalised,
            revenue_bias_share,
            revenue_mae,
            revenue_rmse,
            revenue_gini_normalised,
            is_baseline,
            is_selected,
            is_value_selected
        from {{ ref("customer_value__model_evaluation") }}

    ),

    -- What is said of revenue is about the model whose value the customers carry.
    value_models as (

        select model
        from evaluations
        where is_value_selected

    ),

    group_biases as (

        select
            group_name,
            model,
            revenue_bias_share_at_level
        from {{ ref("customer_value__group_calibration") }}
        where
            grouping_name = 'segment'
            and is_selected
            and revenue_share >= 0.05
            and model in (select value_models.model from value_models)
            and abs(revenue_bias_share_at_level) > {{ var("maximum_group_bias_share") }}

    ),

    -- Totals lean one way where every date has them too high, or too low.
    dates_and_means as (

        select
            *,
            min(case when evaluation != 'all' then bias_share end)
                over (partition by model)
            >= 0
            or max(case when evaluation != 'all' then bias_share end)
                over (partition by model)
            <= 0 as has_one_sign,
            min(case when evaluation != 'all' then revenue_bias_share end)
                over (partition by model)
            >= 0
            or max(case when evaluation != 'all' then revenue_bias_share end)
                over (partition by model)
            <= 0 as revenue_has_one_sign
        from {{ ref("customer_value__rolling_evaluation") }}

    ),

    rolling as (

        select
            model,
            date_count,
            bias_share,
            bias_share_deviation,
            mae,
            revenue_bias_share,
            revenue_bias_share_deviation,
            revenue_mae,
            has_one_sign,
            revenue_has_one_sign,
            is_baseline,
            is_selected
        from dates_and_means
        where evaluation = 'all' and date_count > 1

    ),

    rolling_biases as (
        {% for measure in ["purchases", "revenue"] %}
            {% set prefix = "" if measure == "purchases" else measure ~ "_" %}
            select
                '{{ measure }}' as measure,
                model,
                date_count,
                {% for name in [
                    "bias_share", "bias_share_deviation", "mae", "has_one_sign"
                ] -%}
                    {{ prefix ~ name ~ " as " ~ name if prefix else name }},
                {% endfor -%}
                is_baseline,
                is_selected
            from rolling
            {% if prefix -%}
                where
                    is_baseline
                    or model in (select value_models.model from value_models)
            {%- endif %}
            {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    rolling_contests as (

        select
            selected.measure,
            selected.model,
            selected.date_count,
            selected.mae,
            baselines.model as baseline,
            baselines.mae as baseline_mae,
            row_number() over (
                partition by selected.measure order by baselines.mae, baselines.model
            ) as place
        from rolling_biases as selected
        inner join rolling_biases as baselines
            on selected.measure = baselines.measure
        where selected.is_selected and baselines.is_baseline

    ),
{% endif %}
-- A reason is named where it takes more than a share of the rows, or of the money.
excluded_shares as (

    select
        input,
        exclusion_reason,
        example_values,
        row_count,
        cast(row_count as {{ type_double() }})
        / sum(row_count) over (partition by input) as row_share,
        abs(amount)
        / nullif(sum(abs(amount)) over (partition by input), 0) as amount_share
    from excluded_rows
    where exclusion_reason != 'total' and row_count > 0

),

excluded_lines as (

    select
        input,
        exclusion_reason,
        concat(
            {{ number_text("row_count", 0) }},
            case
                when input = 'transactions' and row_count = 1 then ' line ('
                when input = 'transactions' then ' lines ('
                when row_count = 1 then concat(' row of ', input, ' (')
                else concat(' rows of ', input, ' (')
            end,
            {{ number_text("100 * row_share", 1) }},
            ' %',
            case
                when amount_share > 0
                    then
                        ', and '
                        || {{ number_text("100 * amount_share", 1) }}
                        || ' % of the money'
                else ''
            end,
            case
                when row_count = 1 then ') is left out as '
                else ') are left out as '
            end,
            exclusion_reason,
            coalesce(', such as ' || example_values, ''),
            case
                when exclusion_reason = 'invalid_amount'
                    then
                        '; amounts that cannot be read count as 0.00, so revenue is '
                        || 'too high or too low'
                else ''
            end,
            case exclusion_reason
                {% for reason, advice in exclusion_advice().items() -%}
                    when '{{ reason }}'
                        then {{ quoted_text(": " ~ advice) }}
                {% endfor -%}
                else ''
            end,
            '.'
        ) as sentence
    from excluded_shares
    where
        exclusion_reason not in ({{ asked_for }})
        and (
            row_share > {{ var("maximum_excluded_share") }}
            or amount_share > {{ var("maximum_excluded_share") }}
        )

),

{% if is_on("validation") %}
    scores as (
        {% for measure in ["purchases", "revenue"] %}
            {% set prefix = "" if measure == "purchases" else measure ~ "_" %}
            {% for metric, of in metrics.items() %}
                select
                    model,
                    '{{ measure }}' as measure,
                    '{{ metric }}' as metric,
                    '{{ of.words }} {{ measure }}' as metric_in_words,
                    {{ prefix }}{{ metric }} as score,
                    -- The lower the better, as it is printed.
                    {{ of.sign }} * round({{ prefix }}{{ metric }}, 3) as loss,
                    is_baseline,
                    {{ "is_value_selected" if measure == "revenue" else "is_selected" }}
                        as is_selected
                from evaluations
                {{ "union all" if not (loop.last and measure == "revenue") }}
            {% endfor %}
        {% endfor %}
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
-- What a fit says of both dates, figures aside, is said once.
findings as (

    select
        case
            when model = '{{ var("value_model") }}'
                then
                    case
                        when as_of_role = 'current' and not is_converged
                            then 'value_model_not_estimated'
                    end
            when not is_converged then 'not_converged'
            when finding like 'no dropout identified%' and model != 'gamma_gamma'
                then 'no_dropout_identified'
            when is_boundary and model = 'gamma_gamma' then 'spend_at_boundary'
            when is_boundary then 'purchases_at_boundary'
        end as warning_code,
        as_of_role,
        model,
        finding
    from fits

),

fit_warnings as (

    select
        warning_code,
        model,
        coalesce(
            max(case when as_of_role = 'current' then finding end), max(finding)
        ) as finding,
        case
            when count(*) > 1 then 'current and calibration'
            else max(as_of_role)
        end as fitted_roles,
        case
            when count(*) = 1 then max(as_of_role)
            when min(finding) = max(finding) then 'current and calibration'
            else 'current, and much the same at the calibration date'
        end as roles_in_words
    from findings
    where warning_code is not null
    group by warning_code, model, {{ regexp_remove("finding", "[0-9]") }}

),

{% if is_on("validation") %}
    role_counts as (

        select
            count(*) as role_count,
            count(case when as_of_role = 'calibration' then 1 end) as calibration_count
        from {{ ref("int_customer_value__populations") }}

    ),
{% endif %}
correlations as (

    select
        count(*) as role_count,
        max(as_of_role) as only_role,
        max(case when as_of_role = 'current' then frequency_spend_correlation end)
            as current_correlation,
        max(case when as_of_role = 'calibration' then frequency_spend_correlation end)
            as calibration_correlation
    from fits
    where
        abs(round(frequency_spend_correlation, 2))
        > {{ var("maximum_spend_correlation") }}

),

{% if is_on("validation") or is_on("propensity") %}
    probability_levels as (

        {% if is_on("validation") -%}
            select
                target,
                model,
                observation_count,
                base_rate as outcome_share,
                mean_probability
            from {{ ref("customer_value__probability_evaluation") }}
            where target = 'active' and is_selected
        {%- endif %}
        {% if is_on("validation") and is_on("propensity") -%}
            union all
        {%- endif %}
        {% if is_on("propensity") -%}
            select
                target,
                model,
                test_observation_count as observation_count,
                test_outcome_share as outcome_share,
                test_mean_probability as mean_probability
            from {{ ref("customer_value__propensity_fits") }}
            where test_observation_count > 0
        {%- endif %}

    ),
{% endif %}
warnings as (

    select
        warning_code,
        subject,
        sentence
    from log_warnings
    {% for name in ["subscription", "audience"] if is_on(name ~ "s") -%}
        union all
        select
            warning_code,
            subject,
            sentence
        from {{ ref("int_customer_value__" ~ name ~ "_warnings") }}
    {% endfor %}
    union all
    select
        warning_code,
        subject,
        sentence
    from input_warnings
    union all
    select
        'excluded_lines' as warning_code,
        concat(input, ' ', exclusion_reason) as subject,
        sentence
    from excluded_lines
    {% if named_inputs -%}
        union all
        select
            'empty_input' as warning_code,
            input as subject,
            concat(
                'The input that the var ',
                input,
                ' names has no rows: check whether its export failed, or leave the ',
                'var empty.'
            ) as sentence
        from excluded_rows
        where
            exclusion_reason = 'total'
            and row_count = 0
            and input in ({{ named_inputs | join(", ") }})
    {%- endif %}
    union all
    select
        warning_code,
        concat(fitted_roles, ' ', model) as subject,
        case
            when warning_code = 'value_model_not_estimated'
                then
                    concat(
                        'The var value_model asks for ',
                        model,
                        case
                            when model = 'corrected'
                                then ', but the customers carry the value of its base. '
                            else ', but the customers carry the probabilistic value. '
                        end,
                        finding
                    )
            else concat(model, ' (', roles_in_words, '): ', finding)
        end as sentence
    from fit_warnings
    union all
    select
        'frequency_spend_correlation' as warning_code,
        case
            when role_count > 1 then 'current and calibration' else only_role
        end as subject,
        concat(
            'Frequency and spend per purchase correlate with ',
            case
                when role_count > 1
                    then
                        {{ number_text("current_correlation", 2) }}
                        || ' today and '
                        || {{ number_text("calibration_correlation", 2) }}
                        || ' at the calibration date'
                when only_role = 'current'
                    then {{ number_text("current_correlation", 2) }} || ' today'
                else
                    {{ number_text("calibration_correlation", 2) }}
                    || ' at the calibration date'
            end,
            ', beyond {{ var("maximum_spend_correlation") }}: the spend model assumes ',
            'independence, so lifetime values are biased for the most and ',
            'the least frequent customers.'
        ) as sentence
    from correlations
    where role_count > 0
    {% if is_on("validation") -%}
        union all
        select
            'no_holdout' as warning_code,
            'calibration' as subject,
            concat(
                'The log is too short to hold anything out, so the forecasts were not ',
                'checked against the future.'
            ) as sentence
        from role_counts
        where role_count > 0 and calibration_count = 0
        union all
        select
            'baseline_beats_model' as warning_code,
            concat(scores.measure, ' ', scores.metric) as subject,
            concat(
                'On the holdout the rule ',
                best_baselines.model,
                ' beats the model ',
                scores.model,
                ' in ',
                scores.metric_in_words,
                ' (',
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
                'On the holdout the model ',
                model,
                ' expected ',
                {{ number_text("100 * abs(bias_share)", 1) }},
                case when bias_share < 0 then ' % fewer' else ' % more' end,
                ' purchases than there were: allow for that in totals.'
            ) as sentence
        from evaluations
        where is_selected and abs(bias_share) > {{ var("maximum_bias_share") }}
        union all
        select
            'holdout_bias' as warning_code,
            'revenue' as subject,
            concat(
                'On the holdout the model ',
                model,
                ' expected ',
                {{ number_text("100 * abs(revenue_bias_share)", 1) }},
                case when revenue_bias_share < 0 then ' % less' else ' % more' end,
                ' revenue than there was: allow for that in totals.'
            ) as sentence
        from evaluations
        where
            is_value_selected
            and abs(revenue_bias_share) > {{ var("maximum_bias_share") }}
        union all
        select
            'holdout_bias' as warning_code,
            concat('earlier dates ', measure) as subject,
            concat(
                'Over ',
                cast(date_count as {{ dbt.type_string() }}),
                ' earlier dates the model ',
                model,
                ' expected ',
                {{ number_text("100 * abs(bias_share)", 1) }},
                case
                    when bias_share >= 0 then ' % more '
                    when measure = 'purchases' then ' % fewer '
                    else ' % less '
                end,
                measure,
                ' than observed on average, with a standard deviation of ',
                {{ number_text("100 * bias_share_deviation", 1) }},
                case
                    when has_one_sign then ' points: its totals err in one direction.'
                    else
                        ' points: its totals are too high at some dates and too low at '
                        || 'others.'
                end
            ) as sentence
        from rolling_biases
        where
            is_selected
            and abs(bias_share) > {{ var("maximum_bias_share") }}
            -- One date with anything to compare is no direction.
            and bias_share_deviation is not null
        union all
        select
            'baseline_beats_model' as warning_code,
            concat('earlier dates ', measure) as subject,
            concat(
                'Over ',
                cast(date_count as {{ dbt.type_string() }}),
                ' earlier dates the rule ',
                baseline,
                ' beats the model ',
                model,
                ' in the mean absolute error of ',
                measure,
                ' (',
                {{ number_text("baseline_mae", 3) }},
                ' against ',
                {{ number_text("mae", 3) }},
                ').'
            ) as sentence
        from rolling_contests
        where place = 1 and round(baseline_mae, 3) < round(mae, 3)
        union all
        select
            'group_bias' as warning_code,
            group_name as subject,
            concat(
                'On the holdout the model ',
                model,
                ' expected ',
                {{ number_text("100 * abs(revenue_bias_share_at_level)", 1) }},
                case
                    when revenue_bias_share_at_level < 0 then ' % less' else ' % more'
                end,
                ' revenue of ',
                group_name,
                ' than observed, once the error of the total is taken out: allow for ',
                'that in decisions on this segment.'
            ) as sentence
        from group_biases
    {%- endif %}
    {% if is_on("validation") or is_on("propensity") -%}
        union all
        select
            'probability_level' as warning_code,
            target as subject,
            concat(
                case
                    when target = 'active' then 'On the holdout ' else 'On the test '
                end,
                'the model ',
                model,
                ' predicted the target ',
                target,
                ' with a probability of ',
                {{ number_text("100 * mean_probability", 1) }},
                ' % on average, but it came true for ',
                {{ number_text("100 * outcome_share", 1) }},
                ' %: use the order of the customers, not the level.'
            ) as sentence
        from probability_levels
        where
            abs(mean_probability - outcome_share)
            > {{ var("maximum_bias_share") }} * outcome_share
            -- Three standard errors, of the share or of what is expected: where all or
            -- none came true, the share has none.
            and (mean_probability - outcome_share)
            * (mean_probability - outcome_share)
            * observation_count
            > 9 * greatest(
                mean_probability * (1 - mean_probability),
                outcome_share * (1 - outcome_share)
            )
            and {{ number_text("100 * mean_probability", 1) }}
            != {{ number_text("100 * outcome_share", 1) }}
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
