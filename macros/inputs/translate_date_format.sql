{# strptime's letters in the pattern language of an engine: `letters` is letter -> pattern. #}
{% macro translate_date_format(date_format, letters) %}
    {%- set result = namespace(text=date_format) -%}
    {%- for letter, pattern in letters.items() -%}
        {%- set result.text = result.text | replace("%" ~ letter, pattern) -%}
    {%- endfor -%}
    {{- return(result.text) -}}
{% endmacro %}
