{# The arm of a customer in an experiment. The md5 decides, so that no customer changes
   arms because others join or because the customer's own stratum changes. #}
{% macro assigned_variant(salt, customer_id, control_share) -%}
    case
        when {{ assignment_unit(salt, customer_id) }} < {{ control_share }}
            then {{ quoted_text(var("control_variant")) }}
        else 'treatment'
    end
{%- endmacro %}


{% macro assignment_unit(salt, customer_id) -%}
    {{ hash_unit("concat(" ~ salt ~ ", '|', " ~ customer_id ~ ")") }}
{%- endmacro %}
