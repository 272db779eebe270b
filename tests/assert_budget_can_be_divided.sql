{{ config(enabled=is_on("decisions")) }}
{% call where_built(earlier=["int_segment_forecast_months"]) %}
-- Each segment has a response, what is to be divided has somebody to go to, and the
-- floors leave room for the budget.
with

segments as (

    select segment
    from {{ ref("customer_value__segments") }}

),

current_budget as (

    select
        {{ any_if_empty("segment") }} as segment,
        spend
    from {{ ref("customer_value__current_budget") }}

),

budget_response as (

    select {{ any_if_empty("segment") }} as segment
    from {{ ref("customer_value__budget_response") }}

),

forecast_segments as (

    select distinct segment
    from {{ ref("int_customer_value__segment_forecast_months") }}

),

segments_to_divide_among as (

    select count(*) as segment_count
    from forecast_segments
    where segment not in (select current_budget.segment from current_budget)

),

floors as (

    select
        count(*) as segment_count,
        count(*) * {{ var("budget_floor_share") }} as floor_share
    from forecast_segments

)

select
    concat(
        'The seed budget_response has no row for the segment ',
        segment,
        ': add one, or one with * for every other segment.'
    ) as sentence
from segments
where
    segment not in (select budget_response.segment from budget_response)
    and '*' not in (select budget_response.segment from budget_response)
union all
select
    concat(
        'The seed current_budget has a row for *, and no segment without a row of its ',
        'own has customers: add its spend to the others.'
    ) as sentence
from current_budget
cross join segments_to_divide_among
where
    current_budget.segment = '*'
    and current_budget.spend > 0
    and segments_to_divide_among.segment_count = 0
union all
select
    concat(
        'The var budget_floor_share is {{ var("budget_floor_share") }}: the floors of ',
        cast(segment_count as {{ dbt.type_string() }}),
        ' segments exceed the budget; it may be 1 over their number at most.'
    ) as sentence
from floors
where floor_share > 1
{% endcall %}
