{# The one key of a customer in an audience; the names of audiences have no bars. #}
{% macro membership_id(audience, customer_id) -%}
    {{ dbt.hash("concat(" ~ audience ~ ", '|', " ~ customer_id ~ ")") }}
{%- endmacro %}
