{# What is wrong with the var `modules`, as sentences: an unknown capability, one without another that
   it needs, or none where a var names what only capabilities read. #}
{% macro wrong_modules() %}
    {%- set capabilities = customer_value.capabilities() -%}
    {%- set given = var("modules") -%}
    {%- set sentences = [] -%}
    {%- for name in given -%}
        {%- if name not in capabilities -%}
            {%- do sentences.append(
                "The var modules names " ~ name ~ ", which is not a capability; the capabilities are "
                ~ capabilities | join(", ") ~ "."
            ) -%}
        {%- else -%}
            {%- for needed in capabilities[name].needs if needed not in given -%}
                {%- do sentences.append(
                    "The var modules names " ~ name ~ ", which needs " ~ needed
                    ~ ": add it to the list, or leave " ~ name ~ " out."
                ) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if var("value_model") not in customer_value.value_models_without_learner()
        and "validation" not in given -%}
        {%- do sentences.append(
            "The var value_model is " ~ var("value_model") ~ ", a learner of the capability "
            ~ "validation: add validation to the var modules, or set value_model to corrected."
        ) -%}
    {%- endif -%}
    {%- set fit_group = var("fit_group") -%}
    {%- for name, attributes in {
        "fit_group": [fit_group] if fit_group not in ["", none, "customer_group"] else [],
        "cluster_features": customer_value.cluster_attributes(),
    }.items() if attributes and not customer_value.looks_back() -%}
        {%- do sentences.append(
            "The var " ~ name ~ " names " ~ attributes | join(" and ") ~ ", and attributes are read "
            ~ "where a module is on: list one in the var modules, or leave " ~ attributes
            | join(" and ") ~ " out."
        ) -%}
    {%- endfor -%}
    {{- return(sentences) -}}
{% endmacro %}


{# Stops where the demo is that of a capability that is not listed: its models are disabled, and dbt
   would name one of them. Called where an input is read, while dbt parses. #}
{% macro require_capability_of_demo() %}
    {%- set demo = var("demo") -%}
    {%- set capability = {"subscriptions": "subscriptions", "trials": "events"}.get(demo) -%}
    {%- if capability and capability not in (var("modules") or []) -%}
        {{- exceptions.raise_compiler_error(
            "The var demo is " ~ demo ~ ", a demo of the capability " ~ capability ~ ": add "
            ~ capability ~ " to the var modules, or build another demo."
        ) -}}
    {%- endif -%}
{% endmacro %}


{# Stops a command that builds a part of the project on a core that was built for other
   capabilities: which dates and fits there are depends on them. #}
{% macro require_core_of_modules() %}
    {%- set node = "model.customer_value.int_customer_value__as_of_dates" -%}
    {%- if flags.WHICH not in ["build", "run"] or node in selected_resources -%}
        {{- return("") -}}
    {%- endif -%}
    {%- set relation = adapter.get_relation(
        target.database,
        customer_value.generate_schema_name("internal", none) | trim,
        "int_as_of_dates"
    ) -%}
    {%- if not relation -%}{{- return("") -}}{%- endif -%}
    {%- set built = run_query("select max(built_modules) from " ~ relation).columns[0][0] -%}
    {%- set asked = customer_value.modules_in_words() -%}
    {%- if built is not none and built != asked -%}
        {{- exceptions.raise_compiler_error(
            "The core in this database was built with modules: [" ~ built ~ "], and this command "
            ~ "builds a part of the project with modules: [" ~ asked ~ "]: run dbt build, or "
            ~ "select the part with all that it reads, as in dbt build --select +<model>."
        ) -}}
    {%- endif -%}
{% endmacro %}
