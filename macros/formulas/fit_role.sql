{# The role under which a customer's purchase model was fitted: that of the date, with the name of the
   group where the customer's has parameters of its own. #}
{% macro fit_role(as_of_role, fit_group) -%}
    {% if customer_value.fits_groups() -%}
        case
            when {{ fit_group }} is null then {{ as_of_role }}
            else concat({{ as_of_role }}, '|', {{ fit_group }})
        end
    {%- else -%}
        {{ as_of_role }}
    {%- endif %}
{%- endmacro %}


{# The as-of role in a fit's role. #}
{% macro fit_role_date(fit_role) -%}
    {{ dbt.split_part(fit_role, "'|'", 1) if customer_value.fits_groups() else fit_role }}
{%- endmacro %}


{# The group in a fit's role; all where it is of all customers. #}
{% macro fit_role_group(fit_role) -%}
    {% if customer_value.fits_groups() -%}
        coalesce(nullif({{ dbt.split_part(fit_role, "'|'", 2) }}, ''), 'all')
    {%- else -%}
        'all'
    {%- endif %}
{%- endmacro %}


{# Whether groups have purchase models of their own. #}
{% macro fits_groups() %}
    {{- return((var("fit_group") or "") != "") -}}
{% endmacro %}


{# Stops with a sentence where nothing says which group a customer is of. #}
{% macro validate_fit_group() %}
    {%- set name = (var("fit_group") or "") if execute else "" -%}
    {%- if name == "customer_group" -%}
        {%- if "customer_group" not in customer_value.input_map("transactions") -%}
            {{- exceptions.raise_compiler_error(
                "The var fit_group is customer_group, and transaction_columns maps no such column: "
                ~ "map it, or name an attribute of customer_attributes."
            ) -}}
        {%- endif -%}
    {%- elif name and name not in customer_value.input_map("customer_attributes")
        and not customer_value.is_long_form(customer_value.input_map("customer_attributes")) -%}
        {{- exceptions.raise_compiler_error(
            "The var fit_group is " ~ name ~ ", which is not an attribute of customer_attributes: name "
            ~ "one of them, or map the column customer_group in transaction_columns and set "
            ~ "fit_group: customer_group."
        ) -}}
    {%- endif -%}
{% endmacro %}
