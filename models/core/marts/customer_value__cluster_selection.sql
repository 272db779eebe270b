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

cluster_selection as (

    select
        ---------- strings
        cast(finding as {{ dbt.type_string() }}) as finding,

        ---------- numerics
        cast(cluster_count as {{ dbt.type_int() }}) as cluster_count,
        cast(inertia as {{ type_double() }}) as inertia,
        cast(silhouette as {{ type_double() }}) as silhouette,
        cast(stability as {{ type_double() }}) as stability,
        cast(smallest_cluster_share as {{ type_double() }}) as smallest_cluster_share,
        cast(fit_customer_count as {{ dbt.type_bigint() }}) as fit_customer_count,

        ---------- booleans
        is_selected
    from candidates

)

select * from cluster_selection
