{% test no_warning(model, warning_code=none) %}

select
    warning_code,
    subject,
    sentence
from {{ model }}
{% if warning_code -%}
    where warning_code = '{{ warning_code }}'
{%- endif %}

{% endtest %}
