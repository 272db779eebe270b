{%- set advice = "customers who buy this often do not keep their quintiles, so set "
    ~ "rfm_scoring to thresholds, or use the clusters, and give audiences a "
    ~ "minimum_days_in." %}
with

segment_changes as (

    select
        customer_id,
        grouping_name,
        from_group,
        to_group,
        caused_by,
        from_date,
        to_date
    from {{ ref("customer_value__segment_changes") }}
    where from_group != 'New'

),

steps as (

    select
        grouping_name,
        customer_count,
        from_date,
        to_date,
        max(to_date) over (partition by grouping_name) as last_date
    from {{ ref("customer_value__migration_stability") }}

),

-- A change is undone where the next date has the customer back in the earlier group.
with_next as (

    select
        segment_changes.*,
        next_changes.customer_id is not null as is_undone
    from segment_changes
    left join segment_changes as next_changes
        on
            segment_changes.customer_id = next_changes.customer_id
            and segment_changes.grouping_name = next_changes.grouping_name
            and segment_changes.to_date = next_changes.from_date
            and segment_changes.from_group = next_changes.to_group

),

flows as (

    select
        grouping_name,
        to_date,
        from_group,
        to_group,
        count(*) as customer_count,
        count(case when is_undone then 1 end) as undone_count,
        {% for cause in ["purchase", "return", "ageing", "others_moved"] -%}
            count(case when caused_by = '{{ cause }}' then 1 end) as {{ cause }}_count,
        {% endfor -%}
        row_number() over (
            partition by grouping_name, to_date
            order by count(*) desc, from_group asc, to_group asc
        ) as place
    from with_next
    group by grouping_name, to_date, from_group, to_group

),

counted as (

    select
        grouping_name,
        to_date,
        sum(customer_count) as changed_count,
        sum(undone_count) as undone_count,
        {% for cause in ["purchase", "return", "ageing", "others_moved"] -%}
            sum({{ cause }}_count) as {{ cause }}_count,
        {% endfor -%}
        max(case when place = 1 then concat(from_group, ' → ', to_group) end)
            as largest_flow_name,
        max(case when place = 1 then customer_count end) as largest_flow_count
    from flows
    group by grouping_name, to_date

),

with_shares as (

    select
        steps.*,
        counted.largest_flow_name,
        coalesce(counted.largest_flow_count, 0) as largest_flow_count,
        coalesce(counted.changed_count, 0) as changed_count,
        {% for cause in ["purchase", "return", "ageing", "others_moved"] -%}
            coalesce(counted.{{ cause }}_count, 0) as {{ cause }}_count,
        {% endfor -%}
        case
            when steps.to_date < steps.last_date then coalesce(counted.undone_count, 0)
        end as undone_count
    from steps
    left join counted
        on
            steps.grouping_name = counted.grouping_name
            and steps.to_date = counted.to_date

),

with_percent as (

    select
        *,
        {{ number_text("100.0 * undone_count / nullif(changed_count, 0)", 0) }}
            as undone_percent
    from with_shares

),

segment_stability as (

    select
        ---------- strings
        cast(grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(largest_flow_name as {{ dbt.type_string() }}) as largest_flow_name,
        -- Of a few changes any share may be undone by chance.
        cast(
            case
                when
                    changed_count >= 30
                    and undone_count > {{ var("maximum_undone_share") }} * changed_count
                    then
                        concat(
                            undone_percent,
                            ' % of the changes are undone by the next date: ',
                            case
                                when grouping_name = 'segment'
                                    then {{ quoted_text(advice) }}
                                else 'give audiences of these groups a minimum_days_in.'
                            end
                        )
            end as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(changed_count as {{ dbt.type_bigint() }}) as changed_count,
        cast(
            cast(changed_count as {{ type_double() }}) / nullif(customer_count, 0)
            as {{ type_double() }}
        ) as changed_share,
        cast(undone_count as {{ dbt.type_bigint() }}) as undone_count,
        cast(
            cast(undone_count as {{ type_double() }}) / nullif(changed_count, 0)
            as {{ type_double() }}
        ) as undone_share,
        {% for cause in ["purchase", "return", "ageing", "others_moved"] -%}
            cast({{ cause }}_count as {{ dbt.type_bigint() }}) as {{ cause }}_count,
        {% endfor -%}
        cast(largest_flow_count as {{ dbt.type_bigint() }}) as largest_flow_count,

        ---------- dates
        cast(from_date as date) as from_date,
        cast(to_date as date) as to_date
    from with_percent

)

select * from segment_stability
