{%- set features = cluster_features() | list -%}
with

nodes as (

    select * from {{ ref("fit_customer_value__cluster_tree") }}

),

centroids as (

    select
        cluster_id,
    {% for feature in features -%}
        max(case when feature = '{{ feature }}' then centre end)
            as {{ feature }}_centre
        {{- "," if not loop.last }}
    {% endfor %}
    from {{ ref("fit_customer_value__clusters") }}
    where is_selected
    group by cluster_id

),

cluster_names as (

    select
        cluster_id,
        cluster_name
    from {{ ref("int_customer_value__cluster_names") }}

),

distances as (

    select
        nodes.node_id,
        centroids.cluster_id,
        row_number() over (
            partition by nodes.node_id
            order by
                {% for feature in features -%}
                    {{ "+ " if not loop.first }}(
                        nodes.{{ feature }} - centroids.{{ feature }}_centre
                    )
                    * (nodes.{{ feature }} - centroids.{{ feature }}_centre)
                {% endfor %},
                centroids.cluster_id
        ) as place
    from nodes
    cross join centroids

),

with_gap as (

    select
        nodes.*,
        -- Nodes are numbered in the order of their heights; a small group has none.
        nodes.height
        - lag(nodes.height) over (order by nodes.node_id) as previous_gap,
        max(nodes.sample_customer_count) over () as all_customer_count
    from nodes

),

cluster_tree as (

    select
        ---------- ids
        cast(with_gap.node_id as {{ dbt.type_bigint() }}) as node_id,
        cast(with_gap.left_node_id as {{ dbt.type_bigint() }}) as left_node_id,
        cast(with_gap.right_node_id as {{ dbt.type_bigint() }}) as right_node_id,

        ---------- strings
        cast(cluster_names.cluster_name as {{ dbt.type_string() }}) as cluster_name,

        ---------- numerics
        cast(with_gap.cluster_count as {{ dbt.type_bigint() }}) as cluster_count,
        cast(with_gap.height as {{ type_double() }}) as height,
        cast(
            case when with_gap.cluster_count is not null then with_gap.previous_gap end
            as {{ type_double() }}
        ) as height_gap,
        cast(with_gap.sample_customer_count as {{ dbt.type_bigint() }})
            as sample_customer_count,
        cast(
            cast(with_gap.sample_customer_count as {{ type_double() }})
            / with_gap.all_customer_count as {{ type_double() }}
        ) as customer_share,
        cast(with_gap.horizontal_position as {{ type_double() }}) as horizontal_position
    from with_gap
    left join distances
        on with_gap.node_id = distances.node_id and distances.place = 1
    left join cluster_names on distances.cluster_id = cluster_names.cluster_id

)

select * from cluster_tree
