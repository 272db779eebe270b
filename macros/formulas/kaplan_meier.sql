{# The Kaplan-Meier curve of every group, as a select over `events`: one row per group and
   day with event_count and censored_count, for any number of subjects.

       | group_name | day | event_count | censored_count |
       |------------|-----|-------------|----------------|
       | 6-MP       | 6   | 3           | 1              |

   gives, with a day 0 for every group,

       | group_name | day | at_risk_count | ... | survival | standard_error | ...
       |------------|-----|---------------|-----|----------|----------------|
       | 6-MP       | 0   | 21            |     | 1        | 0              |
       | 6-MP       | 6   | 21            |     | 0.857    | 0.076          |

   `keys` are the columns that name a group. Whoever is censored on a day was at risk on
   it. The variance is Greenwood's, the interval the log-log one (Kalbfleisch & Prentice
   1980), which stays between 0 and 1; where nobody is left there is neither, and before
   the first event the interval is the point 1.

   Logarithms are summed as decimals: a sum of doubles depends on the order of the rows. #}
{% macro kaplan_meier(events, keys) -%}
    {%- set key_list = keys | join(", ") -%}
    {%- set exact = type_decimal(38, 30) -%}
    with

    days as (

        select
            {{ key_list }},
            day,
            event_count,
            censored_count
        from {{ events }}
        union all
        select distinct
            {{ key_list }},
            0 as day,
            0 as event_count,
            0 as censored_count
        from {{ events }}

    ),

    counts as (

        select
            {{ key_list }},
            day,
            sum(event_count) as event_count,
            sum(censored_count) as censored_count
        from days
        group by {{ key_list }}, day

    ),

    -- At risk on a day is everyone whose time ends on it or later.
    risks as (

        select
            *,
            sum(event_count + censored_count) over (
                partition by {{ key_list }}
                order by day desc
                rows between unbounded preceding and current row
            ) as at_risk_count
        from counts

    ),

    terms as (

        select
            *,
            case
                when event_count < at_risk_count
                    then
                        cast(
                            ln(
                                1 - cast(event_count as {{ type_double() }})
                                / at_risk_count
                            ) as {{ exact }}
                        )
            end as log_survival_term,
            case
                when event_count < at_risk_count
                    then
                        cast(
                            cast(event_count as {{ type_double() }})
                            / at_risk_count
                            / (at_risk_count - event_count) as {{ exact }}
                        )
            end as greenwood_term
        from risks

    ),

    sums as (

        select
            *,
            cast(
                sum(log_survival_term) over (
                    partition by {{ key_list }}
                    order by day
                    rows between unbounded preceding and current row
                ) as {{ type_double() }}
            ) as log_survival,
            cast(
                sum(greenwood_term) over (
                    partition by {{ key_list }}
                    order by day
                    rows between unbounded preceding and current row
                ) as {{ type_double() }}
            ) as greenwood_sum
        from terms

    )

    select
        {{ key_list }},
        day,
        at_risk_count,
        event_count,
        censored_count,
        case when event_count < at_risk_count then exp(log_survival) else 0 end
            as survival,
        case
            when event_count < at_risk_count
                then exp(log_survival) * sqrt(greenwood_sum)
        end as standard_error,
        case
            when event_count = at_risk_count then null
            when log_survival = 0 then 1
            else
                exp(
                    log_survival
                    * exp(1.959963984540054 * sqrt(greenwood_sum) / abs(log_survival))
                )
        end as lower_95,
        case
            when event_count = at_risk_count then null
            when log_survival = 0 then 1
            else
                exp(
                    log_survival
                    * exp(-1.959963984540054 * sqrt(greenwood_sum) / abs(log_survival))
                )
        end as upper_95
    from sums
{%- endmacro %}
