{{ config(materialized="table") }}

with

terms as (

    select
        as_of_role,
        plan,
        term_state,
        spell_number,
        interval_months,
        interval_days
    from {{ ref("int_customer_value__subscription_terms") }}

),

counts as (

    select
        as_of_role,
        plan,
        interval_months,
        interval_days,
        count(case when spell_number = 1 then 1 end) as term_count,
        count(
            case when spell_number = 1 and term_state = 'churned' then 1 end
        ) as lost_count,
        count(*) over (
            partition by as_of_role, interval_months, interval_days
        ) as plan_count
    from terms
    group by as_of_role, plan, interval_months, interval_days

),

-- A plan with few terms or losses has no curve of its own: those of one interval share
-- one.
subscription_groups as (

    select
        ---------- strings
        as_of_role,
        plan,
        concat(
            case
                when plan_count > 1 and (term_count < 100 or lost_count < 20)
                    then 'pooled'
                else plan
            end,
            ', ',
            case
                when interval_days > 0
                    then cast(interval_days as {{ dbt.type_string() }})
                else cast(interval_months as {{ dbt.type_string() }})
            end,
            case when interval_days > 0 then ' day' else ' month' end,
            case when interval_days = 1 or interval_months = 1 then '' else 's' end
        ) as subscription_group,

        ---------- numerics
        interval_months,
        interval_days,
        term_count,
        lost_count,

        ---------- booleans
        plan_count > 1 and (term_count < 100 or lost_count < 20) as is_pooled
    from counts

)

select * from subscription_groups
