{%- set with_interval = "'" ~ value_models_without_learner() | join("', '") ~ "'" -%}
with

customers as (

    select
        customer_id,
        segment,
        value_model,
        expected_purchases_365d,
        lifetime_value_365d,
        margin_share,
        as_of_date
    from {{ ref("customer_value__customers") }}

),

purchase_days as (

    select
        customer_id,
        spend,
        purchase_date
    from {{ ref("int_customer_value__purchase_days") }}

),

observed as (

    select min(purchase_date) as first_purchase_date
    from purchase_days

),

-- The days of a year ago that correspond to those foreseen, where the log has them all.
last_year as (

    select
        customers.segment,
        cast(count(*) as {{ type_double() }}) as purchases,
        {{ exact_sum("purchase_days.spend * customers.margin_share") }} as margin
    from purchase_days
    inner join customers on purchase_days.customer_id = customers.customer_id
    cross join observed
    where
        {{ date_diff_days("purchase_days.purchase_date", "customers.as_of_date") }}
        < 365
        and {{ date_diff_days("purchase_days.purchase_date", "customers.as_of_date") }}
        >= {{ [365 - var("horizon_days"), 0] | max }}
        and {{ date_diff_days("observed.first_purchase_date", "customers.as_of_date") }}
        >= 364
        and {{ "1 = 1" if var("horizon_days") <= 365 else "1 = 0" }}
    group by customers.segment

),

last_year_totals as (

    select
        'segment' as scope,
        segment,
        purchases,
        margin
    from last_year
    union all
    select
        'total' as scope,
        'all' as segment,
        {{ exact_sum("purchases") }} as purchases,
        {{ exact_sum("margin") }} as margin
    from last_year
    having count(*) > 0

),

ratios as (

    select
        scope,
        segment,
        measure,
        level,
        lower_ratio,
        upper_ratio,
        parameter_deviation,
        process_deviation,
        level_deviation,
        replicate_count
    from {{ ref("score_customer_value__forecast_intervals") }}

),

segment_totals as (

    select
        'segment' as scope,
        segment,
        {{ exact_sum("expected_purchases_365d") }} as expected_purchases,
        {{ exact_sum("lifetime_value_365d") }} as lifetime_value,
        -- The intervals are the purchase and the spend model's, corrected or not; a
        -- learner has none.
        min(case when value_model in ({{ with_interval }}) then 1 else 0 end)
            as has_value_interval
    from customers
    group by segment

),

-- No row where there are no customers at all.
totals as (

    select
        'total' as scope,
        'all' as segment,
        {{ exact_sum("expected_purchases_365d") }} as expected_purchases,
        {{ exact_sum("lifetime_value_365d") }} as lifetime_value,
        -- The intervals are the purchase and the spend model's, corrected or not, and
        -- not a learner's.
        min(case when value_model in ({{ with_interval }}) then 1 else 0 end)
            as has_value_interval
    from customers
    having count(*) > 0

),

scopes as (

    select * from segment_totals
    union all
    select * from totals

),

points as (

    select
        scope,
        segment,
        'expected_purchases' as measure,
        expected_purchases as point_forecast,
        1 as has_interval,
        false as is_worthless
    from scopes
    union all
    select
        scope,
        segment,
        'lifetime_value' as measure,
        lifetime_value as point_forecast,
        has_value_interval as has_interval,
        lifetime_value = 0
        and expected_purchases > 0
        and has_value_interval = 1 as is_worthless
    from scopes

),

levels as (

    select 0.80 as level
    union all
    select 0.95 as level

),

points_by_level as (

    select
        points.scope,
        points.segment,
        points.measure,
        points.point_forecast,
        points.has_interval,
        points.is_worthless,
        cast(levels.level as {{ type_double() }}) as level
    from points
    cross join levels

),

forecast_intervals as (

    select
        ---------- strings
        cast(points_by_level.scope as {{ dbt.type_string() }}) as scope,
        cast(points_by_level.segment as {{ dbt.type_string() }}) as segment,
        cast(points_by_level.measure as {{ dbt.type_string() }}) as measure,

        ---------- numerics
        cast(points_by_level.level as {{ type_double() }}) as level,
        cast(points_by_level.point_forecast as {{ type_double() }}) as point_forecast,
        -- Purchases that bring no margin are worth 0 for certain. A forecast of no
        -- purchases is no certainty: nobody has come back, so no rate is known.
        {% for bound in ["lower", "upper"] -%}
            cast(
                case
                    when points_by_level.is_worthless then 0
                    when points_by_level.point_forecast != 0
                        then points_by_level.point_forecast * ratios.{{ bound }}_ratio
                end as {{ type_double() }}
            ) as {{ bound }}_bound,
        {% endfor -%}
        cast(
            case
                when points_by_level.measure = 'expected_purchases'
                    then last_year_totals.purchases
                else last_year_totals.margin
            end as {{ type_double() }}
        ) as last_year_actual,
        cast(ratios.parameter_deviation as {{ type_double() }}) as parameter_deviation,
        cast(ratios.process_deviation as {{ type_double() }}) as process_deviation,
        cast(ratios.level_deviation as {{ type_double() }}) as level_deviation,
        cast(ratios.replicate_count as {{ dbt.type_int() }}) as replicate_count
    from points_by_level
    left join last_year_totals
        on
            points_by_level.scope = last_year_totals.scope
            and points_by_level.segment = last_year_totals.segment
    left join ratios
        on
            points_by_level.scope = ratios.scope
            and points_by_level.segment = ratios.segment
            and points_by_level.measure = ratios.measure
            and points_by_level.has_interval = 1
            and round(100 * points_by_level.level) = round(100 * ratios.level)

)

select * from forecast_intervals
