{# strptime's letters in the pattern language of the engine. #}
{% macro translate_date_format(date_format) %}
    {{- return(adapter.dispatch("translate_date_format", "customer_value")(date_format)) -}}
{% endmacro %}

{% macro _replace_letters(date_format, letters) %}
    {%- set result = namespace(text=date_format) -%}
    {%- for letter, pattern in letters.items() -%}
        {%- set result.text = result.text | replace("%" ~ letter, pattern) -%}
    {%- endfor -%}
    {{- return(result.text) -}}
{% endmacro %}

{% macro default__translate_date_format(date_format) %}
    {{- return(customer_value._replace_letters(date_format, {
        "Y": "YYYY", "y": "YY", "m": "MM", "d": "DD", "H": "HH24", "I": "HH12",
        "M": "MI", "S": "SS", "p": "AM", "b": "MON", "B": "MMMM", "f": "FF6",
        "z": "TZHTZM"
    })) -}}
{% endmacro %}

{% macro spark__translate_date_format(date_format) %}
    {{- return(customer_value._replace_letters(date_format, {
        "Y": "yyyy", "y": "yy", "m": "MM", "d": "dd", "H": "HH", "I": "hh",
        "M": "mm", "S": "ss", "p": "a", "b": "MMM", "B": "MMMM", "f": "SSSSSS",
        "z": "Z"
    })) -}}
{% endmacro %}
