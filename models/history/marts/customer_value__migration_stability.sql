with

migration as (

    select
        grouping_name,
        from_group,
        to_group,
        customer_count,
        from_date,
        to_date
    from {{ ref("customer_value__migration") }}

),

-- The adjusted Rand index of Hubert & Arabie (1985) needs the ordered pairs of
-- customers, n (n - 1), in cells, in rows, in columns and in all. Newcomers have no
-- earlier group to be compared with.
totals as (

    select
        grouping_name,
        from_date,
        to_date,
        sum(case when from_group != 'New' then customer_count else 0 end)
            as customer_count,
        sum(case when from_group = 'New' then customer_count else 0 end)
            as new_customer_count,
        sum(case when from_group = to_group then customer_count else 0 end)
            as staying_customer_count,
        sum(
            case
                when from_group != 'New' then customer_count * (customer_count - 1)
                else 0
            end
        ) as pairs_in_cells
    from migration
    group by grouping_name, from_date, to_date

),

from_groups as (

    select
        grouping_name,
        to_date,
        sum(customer_count) as customer_count
    from migration
    where from_group != 'New'
    group by grouping_name, to_date, from_group

),

to_groups as (

    select
        grouping_name,
        to_date,
        sum(customer_count) as customer_count
    from migration
    where from_group != 'New'
    group by grouping_name, to_date, to_group

),

pairs_in_from_groups as (

    select
        grouping_name,
        to_date,
        sum(customer_count * (customer_count - 1)) as pair_count
    from from_groups
    group by grouping_name, to_date

),

pairs_in_to_groups as (

    select
        grouping_name,
        to_date,
        sum(customer_count * (customer_count - 1)) as pair_count
    from to_groups
    group by grouping_name, to_date

),

pairs as (

    select
        totals.*,
        cast(totals.pairs_in_cells as {{ type_double() }}) as in_cells,
        cast(pairs_in_from_groups.pair_count as {{ type_double() }}) as in_from_groups,
        cast(pairs_in_to_groups.pair_count as {{ type_double() }}) as in_to_groups,
        cast(
            totals.customer_count * (totals.customer_count - 1) as {{ type_double() }}
        ) as in_all
    from totals
    left join pairs_in_from_groups
        on
            totals.grouping_name = pairs_in_from_groups.grouping_name
            and totals.to_date = pairs_in_from_groups.to_date
    left join pairs_in_to_groups
        on
            totals.grouping_name = pairs_in_to_groups.grouping_name
            and totals.to_date = pairs_in_to_groups.to_date

),

migration_stability as (

    select
        ---------- strings
        cast(grouping_name as {{ dbt.type_string() }}) as grouping_name,

        ---------- numerics
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(new_customer_count as {{ dbt.type_bigint() }}) as new_customer_count,
        cast(staying_customer_count as {{ dbt.type_bigint() }})
            as staying_customer_count,
        cast(
            cast(staying_customer_count as {{ type_double() }})
            / nullif(customer_count, 0) as {{ type_double() }}
        ) as staying_share,
        -- Two partitions into one group, or into single customers, agree: 1.
        cast(
            coalesce(
                (in_cells - in_from_groups * in_to_groups / nullif(in_all, 0))
                / nullif(
                    (in_from_groups + in_to_groups) / 2
                    - in_from_groups * in_to_groups / nullif(in_all, 0),
                    0
                ),
                1
            ) as {{ type_double() }}
        ) as adjusted_rand_index,

        ---------- dates
        cast(from_date as date) as from_date,
        cast(to_date as date) as to_date
    from pairs

)

select * from migration_stability
