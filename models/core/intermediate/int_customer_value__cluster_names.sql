{{ config(materialized="table") }}

with

centroids as (

    select
        cluster_id,
        feature,
        centre
    from {{ ref("fit_customer_value__clusters") }}
    where is_selected

),

labels as (

    select
        recency_level,
        frequency_level,
        monetary_level,
        cluster_name
    from {{ ref("customer_value__cluster_labels") }}

),

centroids_in_one_row as (

    select
        cluster_id,
        {% for feature in ["recency", "frequency", "monetary"] -%}
            {%- set centre = "max(case when feature = '" ~ feature
                ~ "' then centre end)" -%}
            {{ centroid_level(feature, centre) }} as {{ feature }}_level,
        {% endfor -%}
        max(case when feature = 'recency' then centre end) as recency_centre,
        max(case when feature = 'frequency' then centre end) as frequency_centre,
        max(case when feature = 'monetary' then centre end) as monetary_centre
    from centroids
    group by cluster_id

),

labelled as (

    select
        centroids_in_one_row.cluster_id,
        centroids_in_one_row.recency_centre,
        centroids_in_one_row.frequency_centre,
        centroids_in_one_row.monetary_centre,
        labels.cluster_name as cluster_label
    from centroids_in_one_row
    inner join labels
        on
            centroids_in_one_row.recency_level = labels.recency_level
            and centroids_in_one_row.frequency_level = labels.frequency_level
            and centroids_in_one_row.monetary_level = labels.monetary_level

),

-- Namesakes differ most in one of the features: their place in it, from the top, tells
-- them apart.
namesakes as (

    select
        cluster_id,
        cluster_label,
        {% for feature in ["recency", "frequency", "monetary"] %}
            max({{ feature }}_centre) over (partition by cluster_label)
            - min({{ feature }}_centre) over (partition by cluster_label)
                as {{ feature }}_range,
            row_number() over (
                partition by cluster_label
                order by {{ feature }}_centre desc, cluster_id asc
            ) as {{ feature }}_place,
        {% endfor %}
        count(*) over (partition by cluster_label) as namesake_count
    from labelled

),

placed as (

    select
        cluster_id,
        cluster_label,
        namesake_count,
        case
            when
                monetary_range >= frequency_range and monetary_range >= recency_range
                then 'monetary'
            when frequency_range >= recency_range then 'frequency'
            else 'recency'
        end as telling_feature,
        case
            when
                monetary_range >= frequency_range and monetary_range >= recency_range
                then monetary_place
            when frequency_range >= recency_range then frequency_place
            else recency_place
        end as place
    from namesakes

),

cluster_names as (

    select
        ---------- ids
        cluster_id,

        ---------- strings
        cluster_label,
        case
            when namesake_count = 1 then cluster_label
            else
                concat(
                    cluster_label,
                    ', ',
                    case
                        {% for feature, words in {
                            "monetary": ["higher spend", "lower spend", "spend"],
                            "frequency": ["more orders", "fewer orders", "orders"],
                            "recency": ["longer ago", "more recent", "days since"],
                        }.items() -%}
                            when
                                telling_feature = '{{ feature }}' and namesake_count > 2
                                then
                                    concat(
                                        '{{ words[2] }} ',
                                        cast(place as {{ dbt.type_string() }}),
                                        ' of ',
                                        cast(namesake_count as {{ dbt.type_string() }})
                                    )
                            when telling_feature = '{{ feature }}' and place = 1
                                then '{{ words[0] }}'
                            when telling_feature = '{{ feature }}'
                                then '{{ words[1] }}'
                        {% endfor %}
                    end
                )
        end as cluster_name
    from placed

)

select * from cluster_names
