{# Money of any size: 24 digits before the point, so that the sum of a log in any currency fits. #}
{% macro type_money() %}decimal(28, 4){% endmacro %}


{# The amount of one line: below 10^14, which engines compute in half the time of wider ones. A
   larger one is null, and its line has a reason. #}
{% macro type_amount() %}decimal(18, 4){% endmacro %}
