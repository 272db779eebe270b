{%- set features = ["recency", "frequency", "monetary"] -%}
with

refit as (

    select
        cluster_id,
        max(survivor_count) as survivor_count,
        max(earlier_customer_share) as earlier_customer_share,
        max(assignment_rand_index) as assignment_rand_index,
        max(refit_rand_index) as refit_rand_index,
        sqrt(
            {{ exact_sum(
                "(centre - earlier_centre_on_todays_scale)"
                ~ " * (centre - earlier_centre_on_todays_scale)"
            ) }}
        ) as drift,
    {% for feature in features -%}
        max(case when feature = '{{ feature }}' then earlier_centre end)
            as {{ feature }}_centre
        {{- "," if not loop.last }}
    {% endfor %}
    from {{ ref("compare_customer_value__cluster_refit") }}
    group by cluster_id

),

dates as (

    select max(as_of_date) as earlier_date
    from {{ ref("int_customer_value__cluster_history") }}
    where as_of_role = 'calibration'

),

labels as (

    select
        recency_level,
        frequency_level,
        monetary_level,
        cluster_name
    from {{ ref("customer_value__cluster_labels") }}

),

cluster_names as (

    select
        cluster_id,
        cluster_label,
        cluster_name
    from {{ ref("int_customer_value__cluster_names") }}

),

named as (

    select
        refit.*,
        cluster_names.cluster_label,
        cluster_names.cluster_name,
        labels.cluster_name as earlier_label,
        dates.earlier_date
    from refit
    inner join cluster_names on refit.cluster_id = cluster_names.cluster_id
    left join labels
        on
            {% for feature in features -%}
                {{ "and " if not loop.first }}labels.{{ feature }}_level
                = {{ centroid_level(feature, "refit." ~ feature ~ "_centre") }}
            {% endfor %}
    cross join dates

),

cluster_stability as (

    select
        ---------- ids
        cast(cluster_id as {{ dbt.type_int() }}) as cluster_id,

        ---------- strings
        cast(cluster_name as {{ dbt.type_string() }}) as cluster_name,
        cast(cluster_label as {{ dbt.type_string() }}) as cluster_label,
        cast(earlier_label as {{ dbt.type_string() }}) as earlier_label,

        ---------- numerics
        cast(drift as {{ type_double() }}) as drift,
        cast(earlier_customer_share as {{ type_double() }}) as earlier_customer_share,
        cast(survivor_count as {{ dbt.type_bigint() }}) as survivor_count,
        cast(assignment_rand_index as {{ type_double() }}) as assignment_rand_index,
        cast(refit_rand_index as {{ type_double() }}) as refit_rand_index,

        ---------- booleans
        coalesce(earlier_label = cluster_label, false) as is_label_kept,

        ---------- dates
        cast(earlier_date as date) as earlier_date
    from named

)

select * from cluster_stability
