{# After an incremental run: rows of dates that are none of the history any more, and those
   made under another fingerprint, go. A date may have none to put in their place. #}
{% macro delete_outdated_history() %}
    {%- set history_dates = ref("int_customer_value__history_dates") -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            as_of_date not in (
                select as_of_date from {{ history_dates }} where not {{ may_change() }}
            )
            and concat(cast(as_of_date as {{ dbt.type_string() }}), fingerprint) not in (
                select concat(cast(as_of_date as {{ dbt.type_string() }}), fingerprint)
                from {{ history_dates }}
            )
    {%- endif -%}
{% endmacro %}
