{# The rows of a CTE with the number of the nearest centroid, as cluster_id, by the selected
   model; the CTE `customers` has the three measures and cluster_behaviours. #}
{% macro with_nearest_cluster(customers) -%}
    {%- set columns = cluster_features() -%}
    {%- set features = columns | list -%}
    {%- set most_clusters = largest_cluster_count() -%}
    select
        *,
        {{ nearest_cluster(most_clusters) }} as cluster_id
    from (
        select
            *,
            {{ distances_to_centroids(features, most_clusters) | indent(4) }}
        from (
            select
                {{ customers }}.*,
                model_in_one_row.*,
                -- The caps and the scale of the fit.
                {%- for feature, column in columns.items() %}
                {{ standardised_feature(column, feature) | indent(12) }}
                    as {{ feature }}{{ "," if not loop.last }}
                {%- endfor %}
            from {{ customers }}
            {%- if customer_value.cluster_additions() %}
            left join {{ cluster_addition_rows() | indent(12) }} as cluster_additions
                on {{ customers }}.customer_id = cluster_additions.added_customer_id
            {%- endif %}
            cross join (
                select
                    {{ cluster_model_columns(features, most_clusters) | indent(12) }}
                from {{ ref("fit_customer_value__clusters") }}
                where is_selected
            ) as model_in_one_row
        ) as standardised
    ) as distances
{%- endmacro %}


{# The scale of every feature and the place of every centroid on it, as columns of one row. #}
{% macro cluster_model_columns(features, most_clusters) -%}
    {%- set columns = [] -%}
    {%- for feature in features -%}
        {%- for column in ["lower_cap", "upper_cap", "feature_mean", "feature_deviation"] -%}
            {%- do columns.append(
                "max(case when feature = '" ~ feature ~ "' then " ~ column ~ " end) as "
                ~ feature ~ "_" ~ column
            ) -%}
        {%- endfor -%}
        {%- for cluster in range(1, most_clusters + 1) -%}
            {%- do columns.append(
                "max(case when feature = '" ~ feature ~ "' and cluster_id = " ~ cluster
                ~ " then centre end) as " ~ feature ~ "_centre_" ~ cluster
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ columns | join(",\n        ") }}
{%- endmacro %}


{# The feature of a customer in the fit's standard deviations, capped as the fit was; a missing one
   is in the middle. #}
{% macro standardised_feature(column, feature) -%}
    {% if column not in ["recency_days", "order_count", "net_revenue"] -%}
        case when {{ column }} is null then 0 else
    {%- endif %}
    (
        least(
            greatest({{ log_feature(column) }}, {{ feature }}_lower_cap),
            {{ feature }}_upper_cap
        ) - {{ feature }}_feature_mean
    ) / {{ feature }}_feature_deviation
    {%- if column not in ["recency_days", "order_count", "net_revenue"] %} end{% endif %}
{%- endmacro %}


{# The squared distance to every centroid; infinite where the model in use has none by
   that number. #}
{% macro distances_to_centroids(features, most_clusters) -%}
    {%- for cluster in range(1, most_clusters + 1) -%}
    coalesce(
        {%- for feature in features %}
        ({{ feature }} - {{ feature }}_centre_{{ cluster }})
        * ({{ feature }} - {{ feature }}_centre_{{ cluster }}){{ " +" if not loop.last }}
        {%- endfor %},
        1e300
    ) as distance_{{ cluster }}{{ "," if not loop.last }}
    {% endfor -%}
{%- endmacro %}


{# The cluster with the smallest distance, the lower number where two are equal. #}
{% macro nearest_cluster(most_clusters) -%}
    {%- set distances = [] -%}
    {%- for cluster in range(1, most_clusters + 1) -%}
        {%- do distances.append("distance_" ~ cluster) -%}
    {%- endfor -%}
    case least({{ distances | join(", ") }})
        {%- for cluster in range(1, most_clusters + 1) %}
        when distance_{{ cluster }} then {{ cluster }}
        {%- endfor %}
    end
{%- endmacro %}
