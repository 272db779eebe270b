{# Prints docs/vars.md: dbt --quiet run-operation document_vars > docs/vars.md #}
{% macro document_vars() %}
    {%- set lines = [
        "<!-- document_vars: written by dbt --quiet run-operation document_vars -->",
        "# Vars and inputs",
        "",
        "Set vars under `vars: customer_value:` in dbt_project.yml, or with `--vars`. Every one is",
        "checked before the first model runs, and a wrong value stops the build with a sentence.",
    ] -%}
    {%- for group, vars in customer_value.var_specifications().items() -%}
        {%- do lines.extend(
            ["", "## " ~ group, "", "| var | default | must be | meaning |", "|--|--|--|--|"]
        ) -%}
        {%- for name, specification in vars.items() -%}
            {%- set value = var(name) -%}
            {%- if value is string and value == "" -%}
                {%- set value = "empty" ~ (
                    ": " ~ specification.empty if specification.empty else ""
                ) -%}
            {%- elif value is mapping and not value -%}
                {%- set value = "{}: " ~ specification.empty -%}
            {%- elif value is not string -%}
                {%- set value = value | tojson -%}
            {%- endif -%}
            {%- do lines.append(
                "| `" ~ name ~ "` | " ~ value ~ " | "
                ~ customer_value.expected_var(specification) ~ " | "
                ~ specification.meaning ~ " |"
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do lines.extend(["", "## Columns of the inputs"]) -%}
    {%- for input, specification in customer_value.input_specifications().items() -%}
        {%- do lines.extend([
            "", "### " ~ input, "",
            specification.row[:1] | upper ~ specification.row[1:] ~ "; the var `"
            ~ specification.map ~ "` maps the columns.",
            "", "| standard name | needed | type | meaning |", "|--|--|--|--|",
        ]) -%}
        {%- for name, column in specification.columns.items() -%}
            {%- set needed = "yes" if column.is_required else "" -%}
            {%- if column.instead -%}
                {%- set needed = "or `" ~ column.instead | join("` and `") ~ "`" -%}
            {%- endif -%}
            {%- do lines.append(
                "| `" ~ name ~ "` | " ~ needed ~ " | " ~ column.type ~ " | "
                ~ column.meaning ~ " |"
            ) -%}
        {%- endfor -%}
        {%- if specification.other_columns -%}
            {%- do lines.append(
                "| any other | yes | " ~ specification.other_columns.type ~ " | "
                ~ specification.other_columns.meaning ~ " |"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do lines.append("<!-- /document_vars -->") -%}
    {%- do print(lines | join("\n")) -%}
{% endmacro %}
