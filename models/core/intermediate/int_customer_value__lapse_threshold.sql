{{ config(materialized="table") }}

{%- set given = var("lapse_after_days") -%}
with

customer_days as (

    select days_since_previous_purchase
    from {{ ref("int_customer_value__customer_days") }}
    where days_since_previous_purchase is not null

),

gaps as (

    select
        days_since_previous_purchase,
        count(*) as gap_count
    from customer_days
    group by days_since_previous_purchase

),

running as (

    select
        days_since_previous_purchase,
        sum(gap_count) over (
            order by days_since_previous_purchase
            rows between unbounded preceding and current row
        ) as gaps_up_to_here,
        sum(gap_count) over () as gap_count
    from gaps

),

-- The smallest whole number of days within which at least 95 % of the gaps lie.
observed as (

    select
        min(
            case
                when 100 * gaps_up_to_here >= 95 * gap_count
                    then days_since_previous_purchase
            end
        ) as percentile_95_days,
        coalesce(max(gap_count), 0) as gap_count
    from running

),

threshold as (

    select
        ---------- strings
        {% if given not in ["", none] -%}
            'Set by the var lapse_after_days.' as reason,
        {%- else -%}
            case
                when gap_count > 0
                    then
                        concat(
                            'The 95th percentile of the ',
                            cast(gap_count as {{ dbt.type_string() }}),
                            ' gaps between purchase days: 19 of 20 returns came within',
                            ' it.'
                        )
                else
                    'Nobody has bought on a second day, so the var activity_days is '
                    || 'taken.'
            end as reason,
        {%- endif %}

        ---------- numerics
        {% if given not in ["", none] -%}
            {{ given }} as lapse_after_days,
        {%- else -%}
            cast(coalesce(percentile_95_days, {{ var("activity_days") }}) as bigint)
                as lapse_after_days,
        {%- endif %}
        percentile_95_days,
        gap_count
    from observed

)

select * from threshold
