{% test no_warning(model, warning_code) %}

select
    subject,
    sentence
from {{ model }}
where warning_code = '{{ warning_code }}'

{% endtest %}
