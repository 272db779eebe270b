{# The columns of an input of which a value that cannot be read counts as empty and is a warning,
   with what follows, as the end of a sentence. #}
{% macro unread_columns(input) %}
    {%- set specification = customer_value.input_specifications()[input] -%}
    {%- set found = {} -%}
    {%- for name, column in specification.columns.items() if column.if_unread is defined -%}
        {%- do found.update({name: column.if_unread}) -%}
    {%- endfor -%}
    {%- if specification.other_columns -%}
        {%- do found.update(specification.other_columns.if_unread) -%}
    {%- endif -%}
    {{- return(found) -}}
{% endmacro %}
