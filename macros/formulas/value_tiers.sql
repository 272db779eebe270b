{% macro value_tiers() %}
    {{- return(["VIP", "High", "Medium", "Low"]) -}}
{% endmacro %}
