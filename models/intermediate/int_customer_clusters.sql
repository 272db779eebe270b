{%- set features = ["recency", "frequency", "monetary"] -%}
{%- set most_clusters = [var("cluster_counts") | max, 1] | max -%}
with

customers_scored as (

    select * from {{ ref("int_customer_scores") }}

),

centroids as (

    select
        cluster_id,
        feature,
        centre,
        lower_cap,
        upper_cap,
        feature_mean,
        feature_deviation
    from {{ ref("fit_clusters") }}
    where is_selected

),

labels as (

    select
        recency_level,
        frequency_level,
        monetary_level,
        cluster_name
    from {{ ref("cluster_labels") }}

),

-- A centroid within half a standard deviation of the population's mean is typical.
centroids_in_one_row as (

    select
        cluster_id,
        case
            when max(case when feature = 'recency' then centre end) > 0.5 then 'lapsed'
            when max(case when feature = 'recency' then centre end) < -0.5 then 'recent'
            else 'typical'
        end as recency_level,
        case
            when max(case when feature = 'frequency' then centre end) > 0.5
                then 'frequent'
            when max(case when feature = 'frequency' then centre end) < -0.5 then 'rare'
            else 'typical'
        end as frequency_level,
        case
            when max(case when feature = 'monetary' then centre end) > 0.5 then 'high'
            when max(case when feature = 'monetary' then centre end) < -0.5 then 'low'
            else 'typical'
        end as monetary_level
    from centroids
    group by cluster_id

),

numbered_names as (

    select
        centroids_in_one_row.cluster_id,
        labels.cluster_name,
        row_number() over (
            partition by labels.cluster_name order by centroids_in_one_row.cluster_id
        ) as namesake_number
    from centroids_in_one_row
    inner join labels
        on
            centroids_in_one_row.recency_level = labels.recency_level
            and centroids_in_one_row.frequency_level = labels.frequency_level
            and centroids_in_one_row.monetary_level = labels.monetary_level

),

cluster_names as (

    select
        cluster_id as named_cluster_id,
        case
            when namesake_number = 1 then cluster_name
            else
                concat(
                    cluster_name,
                    ' ',
                    cast(namesake_number as {{ dbt.type_string() }})
                )
        end as cluster_name
    from numbered_names

),

model_in_one_row as (

    select
        {% for feature in features -%}
            {% for column in [
                "lower_cap", "upper_cap", "feature_mean", "feature_deviation"
            ] -%}
                max(case when feature = '{{ feature }}' then {{ column }} end)
                    as {{ feature }}_{{ column }},
            {% endfor -%}
            {% for cluster in range(1, most_clusters + 1) -%}
                max(
                    case
                        when feature = '{{ feature }}' and cluster_id = {{ cluster }}
                            then centre
                    end
                ) as {{ feature }}_centre_{{ cluster }},
            {% endfor -%}
        {% endfor -%}
        count(*) as centroid_feature_count
    from centroids

),

-- The caps and the scale of the fit, then the squared distance to each centroid; a
-- cluster that the selected model does not have is infinitely far away.
standardised as (

    select
        customers_scored.*,
        {% for cluster in range(1, most_clusters + 1) -%}
            {% for feature in features -%}
                model_in_one_row.{{ feature }}_centre_{{ cluster }},
            {% endfor -%}
        {% endfor -%}
        {% for feature, column in [
            ("recency", "recency_days"),
            ("frequency", "order_count"),
            ("monetary", "net_revenue"),
        ] -%}
            (
                least(
                    greatest({{ cluster_feature(column) }}, {{ feature }}_lower_cap),
                    {{ feature }}_upper_cap
                ) - {{ feature }}_feature_mean
            ) / {{ feature }}_feature_deviation as {{ feature }}
            {{- "," if not loop.last }}
        {% endfor %}
    from customers_scored
    cross join model_in_one_row

),

distances as (

    select
        standardised.*,
        {% for cluster in range(1, most_clusters + 1) -%}
            coalesce(
                {% for feature in features -%}
                    ({{ feature }} - {{ feature }}_centre_{{ cluster }})
                    * ({{ feature }} - {{ feature }}_centre_{{ cluster }})
                    {{- " + " if not loop.last }}
                {% endfor -%},
                1e300
            ) as distance_{{ cluster }}{{ "," if not loop.last }}
        {% endfor %}
    from standardised

),

nearest as (

    select
        distances.*,
        case
            {% for cluster in range(1, most_clusters + 1) -%}
                when
                    distance_{{ cluster }} = least(
                        {%- for other in range(1, most_clusters + 1) -%}
                            distance_{{ other }}{{ ", " if not loop.last }}
                        {%- endfor -%}
                    ) then {{ cluster }}
            {% endfor -%}
        end as cluster_id
    from distances

),

clustered as (

    select
        ---------- ids
        customer_id,
        cluster_id,

        ---------- strings
        rfm_code,
        segment,
        cluster_name,

        ---------- numerics
        r_score,
        f_score,
        m_score,
        order_count,
        purchase_day_count,
        repeat_count,
        paid_repeat_count,
        net_revenue,
        mean_repeat_value,
        average_order_value,
        recency_days,
        last_purchase_age_days,
        customer_age_days,
        mean_days_between_purchases,
        days_between_purchases_cv,

        ---------- booleans
        is_current,
        is_calibration,

        ---------- dates
        as_of_date,
        first_purchase_date,
        last_purchase_date
    from nearest
    left join cluster_names on cluster_id = named_cluster_id

)

select * from clustered
