with

candidates as (

    select distinct
        cluster_count,
        inertia,
        silhouette,
        stability,
        smallest_cluster_share,
        fit_customer_count,
        is_selected,
        finding
    from {{ ref("fit_customer_value__clusters") }}

),

-- How far apart the groups are that would be joined next, from the tree above the
-- customers.
tree_gaps as (

    {% if is_on("portraits") -%}
        select
            cluster_count,
            height - lag(height) over (order by cluster_count desc) as tree_gap
        from {{ ref("fit_customer_value__cluster_tree") }}
        where cluster_count is not null
    {%- else -%}
        select
            cluster_count,
            cast(null as {{ type_double() }}) as tree_gap
        from candidates
        where 1 = 0
    {%- endif %}

),

cluster_selection as (

    select
        ---------- strings
        cast(candidates.finding as {{ dbt.type_string() }}) as finding,

        ---------- numerics
        cast(candidates.cluster_count as {{ dbt.type_int() }}) as cluster_count,
        cast(candidates.inertia as {{ type_double() }}) as inertia,
        cast(candidates.silhouette as {{ type_double() }}) as silhouette,
        cast(candidates.stability as {{ type_double() }}) as stability,
        cast(tree_gaps.tree_gap as {{ type_double() }}) as tree_gap,
        cast(candidates.smallest_cluster_share as {{ type_double() }})
            as smallest_cluster_share,
        cast(candidates.fit_customer_count as {{ dbt.type_bigint() }})
            as fit_customer_count,

        ---------- booleans
        candidates.is_selected
    from candidates
    left join tree_gaps on candidates.cluster_count = tree_gaps.cluster_count

)

select * from cluster_selection
