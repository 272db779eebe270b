{# After an incremental run: the stored dates that are no as-of dates any more go. #}
{% macro delete_dates_not_in_force() %}
    {%- set as_of_dates = ref("int_as_of_dates") -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where as_of_date not in (select as_of_date from {{ as_of_dates }})
    {%- endif -%}
{% endmacro %}
