{% call where_built() -%}
-- Each of the 125 score triples has exactly one segment, and each is a known one.
with

scores as (
    {% for score in range(1, 6) %}
        select {{ score }} as score
        {{ "union all" if not loop.last }}
    {% endfor %}
),

triples as (

    select
        recency.score as r_score,
        frequency.score as f_score,
        monetary.score as m_score
    from scores as recency
    cross join scores as frequency
    cross join scores as monetary

),

rfm_legend as (

    select
        r_score,
        f_score,
        m_score,
        segment
    from {{ ref("customer_value__rfm_legend") }}

),

segments as (

    select segment
    from {{ ref("customer_value__segments") }}

),

legend as (

    select
        rfm_legend.r_score,
        rfm_legend.f_score,
        rfm_legend.m_score,
        segments.segment
    from rfm_legend
    left join segments on rfm_legend.segment = segments.segment

)

select
    triples.r_score,
    triples.f_score,
    triples.m_score,
    count(legend.segment) as segment_count
from triples
full outer join legend
    on
        triples.r_score = legend.r_score
        and triples.f_score = legend.f_score
        and triples.m_score = legend.m_score
{# dbt build --empty empties the seeds for the tests as well. #}
{% if flags.EMPTY %}where false{% endif %}
group by triples.r_score, triples.f_score, triples.m_score
having count(legend.segment) != 1 or triples.r_score is null
{% endcall %}
