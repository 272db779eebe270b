{# Why a customer must not be addressed on a channel, for a row joined to `permissions`, or null.
   Once there is an input of consents, who has not consented must not be. #}
{% macro suppression_reason() -%}
    {%- set consent = "not coalesce(permissions.is_consented, false)"
        if input_value("consents") else "coalesce(permissions.is_refused, false)" -%}
    case
        when permissions.suppression_reason is not null
            then permissions.suppression_reason
        when coalesce(permissions.is_refused, false) then 'refused'
        when {{ consent }} then 'no_consent'
    end
{%- endmacro %}
