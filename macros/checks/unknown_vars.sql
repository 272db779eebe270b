{# The vars that nobody reads, as sentences, since a name typed wrong would leave the default in force, and so the demo in the place of the input. Known are the vars of this project,
   and those that some model or test reads. Where the project is a package, vars at large may be
   another package's: only those that nearly have one of our names are refused. dbt 2 does not tell
   which vars were given. #}
{% macro unknown_vars() %}
    {%- if not adapter.config or adapter.config.vars is not defined -%}{{- return([]) -}}{%- endif -%}
    {%- set sentences = [] -%}
    {%- set known = [] -%}
    {%- for group in customer_value.var_specifications().values() -%}
        {%- do known.extend(group.keys()) -%}
    {%- endfor -%}
    {%- set project = adapter.config -%}
    {%- set vars = project.vars.to_dict() -%}
    {%- set is_root = project.project_name == "customer_value" -%}
    {%- set given = {} -%}
    {%- for name in vars.get("customer_value") or {} -%}
        {%- do given.update({name: true}) -%}
    {%- endfor -%}
    {%- for name in (project.cli_vars or {}).keys() | list + vars.keys() | list
        if name not in given and not vars.get(name) is mapping -%}
        {%- do given.update({name: is_root}) -%}
    {%- endfor -%}
    {%- for name, is_ours in given.items() if name not in known -%}
        {%- set nearest = customer_value.nearest_name(name, known) -%}
        {%- set is_near = customer_value.name_likeness(name, nearest) >= 0.7 -%}
        {%- if (is_ours or is_near) and not customer_value.is_var_read(name) -%}
            {%- do sentences.append(
                "There is no var " ~ name ~ (
                    ": did you mean " ~ nearest ~ "?" if is_near
                    else ", and nothing reads it: take it out."
                ) ~ " docs/vars.md lists them all."
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(sentences) -}}
{% endmacro %}


{# Whether a model, a test or a seed's property of any installed project reads a var. #}
{% macro is_var_read(name) %}
    {%- set reading = "var[(]\\s*['\"]" ~ modules.re.escape(name) ~ "['\"]" -%}
    {%- for node in graph.nodes.values() if modules.re.search(reading, node.raw_code or "") -%}
        {{- return(true) -}}
    {%- endfor -%}
    {{- return(false) -}}
{% endmacro %}


{# The name that is most like another one. #}
{% macro nearest_name(name, names) %}
    {%- set found = namespace(name=none, likeness=-1) -%}
    {%- for candidate in names -%}
        {%- set likeness = customer_value.name_likeness(name, candidate) -%}
        {%- if likeness > found.likeness -%}
            {%- set found.name, found.likeness = candidate, likeness -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(found.name) -}}
{% endmacro %}


{# How alike two names are, from 0 to 1: the share of their pairs of letters that both have
   (Dice's coefficient), case and separators aside. #}
{% macro name_likeness(one, other) %}
    {%- set pairs = [] -%}
    {%- for name in [one, other] -%}
        {%- set text = "^" ~ modules.re.sub("[^a-z0-9]", "", name | string | lower) ~ "$" -%}
        {%- set found = [] -%}
        {%- for i in range(text | length - 1) -%}
            {%- do found.append(text[i:i + 2]) -%}
        {%- endfor -%}
        {%- do pairs.append(found) -%}
    {%- endfor -%}
    {%- set rest = pairs[1] | list -%}
    {%- set shared = [] -%}
    {%- for pair in pairs[0] if pair in rest -%}
        {%- do rest.remove(pair) -%}
        {%- do shared.append(pair) -%}
    {%- endfor -%}
    {{- return(2 * shared | length / (pairs[0] | length + pairs[1] | length)) -}}
{% endmacro %}
