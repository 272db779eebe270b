{% macro type_money() %}decimal(18, 4){% endmacro %}
