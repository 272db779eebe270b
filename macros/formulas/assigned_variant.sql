{# The arm of a customer in an experiment: its md5 says, so that nobody ever changes the
   arm because somebody else came or because their own stratum moved. #}
{% macro assigned_variant(salt, customer_id, control_share) -%}
    case
        when {{ assignment_unit(salt, customer_id) }} < {{ control_share }}
            then '{{ dbt.escape_single_quotes(var("control_variant")) }}'
        else 'treatment'
    end
{%- endmacro %}


{% macro assignment_unit(salt, customer_id) -%}
    {{ hash_unit("concat(" ~ salt ~ ", '|', " ~ customer_id ~ ")") }}
{%- endmacro %}
