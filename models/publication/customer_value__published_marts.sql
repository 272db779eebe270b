{#- dbt puts this model behind what it names, and behind all tests of that: so every
    public mart that is built is named. One that is forgotten stops the build with a
    sentence, and fails a test. -#}
{%- set marts = built_marts() -%}
{%- do require_named_marts(marts) -%}

with marts as (

    {% for mart in marts %}
        select
            '{{ mart }}' as table_name,
            {{ quoted_text(ref("customer_value__" ~ mart)) }}
                as relation_name
        {{ "union all" if not loop.last }}
    {% endfor %}

),

final as (

    select
        table_name,
        relation_name,
        {{ quoted_text(publication_refusal(flags.WHICH)) }} as refusal
    from marts

)

select * from final
