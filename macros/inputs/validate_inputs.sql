{# At the start of a command, stops with one sentence where an input cannot be read as mapped. #}
{% macro validate_inputs() %}
    {%- for input in customer_value.input_specifications() -%}
        {{- customer_value.validate_input(input) -}}
        {%- if input in customer_value.switching_inputs("subscriptions") -%}
            {{- customer_value.require_billing_interval(input) -}}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{# The same for one input; staging calls it again, for an input that another model builds. #}
{% macro validate_input(input, is_staging=false) %}
    {%- set names = customer_value.readable_input_columns(input, is_staging) -%}
    {%- if not names -%}{{- return("") -}}{%- endif -%}
    {%- set specification = customer_value.input_specifications()[input] -%}
    {%- set value = customer_value.input_value(input) -%}
    {%- set listing = "its columns are: " ~ names | join(", ") ~ "." -%}
    {%- set there = names | map("lower") | list -%}
    {%- for standard, name in (var(specification.map) or {}).items()
        if name | lower not in there -%}
        {{- exceptions.raise_compiler_error(
            specification.map ~ " maps " ~ standard ~ " to " ~ name ~ ", and " ~ value
            ~ " has no such column; " ~ listing
        ) -}}
    {%- endfor -%}
    {%- set columns = customer_value.input_map(input) -%}
    {%- set missing = [] -%}
    {%- for name, column in specification.columns.items()
        if column.is_required and name not in columns -%}
        {%- if not column.instead -%}
            {%- do missing.append(name) -%}
        {%- elif column.instead | reject("in", columns) | list -%}
            {%- do missing.append(name ~ " (or " ~ column.instead | join(" and ") ~ ")") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if missing -%}
        {{- exceptions.raise_compiler_error(
            value ~ " has " ~ specification.absence | format(missing | join(" and "))
            ~ " in the var " ~ specification.map ~ "; " ~ listing
        ) -}}
    {%- elif specification.other_columns -%}
        {{- customer_value.require_attributes(value, columns, specification.map, listing) -}}
    {%- endif -%}
    {{- customer_value.require_columns_in_every_file(input, columns) -}}
    {%- for name in specification.reserved_names or [] if name in columns -%}
        {{- exceptions.raise_compiler_error(
            "An attribute cannot be called " ~ name ~ ", which is a grouping already: give "
            ~ "it another name in the var " ~ specification.map ~ "."
        ) -}}
    {%- endfor -%}
{% endmacro %}


{# Stops where no csv file of an input has a header; says what is read differently than one would
   think: rows above the header, another separator, empty files. #}
{% macro require_csv_headers(input, reference) %}
    {%- set files = customer_value.csv_files(input, reference) -%}
    {%- if not files | selectattr("names") | list -%}
        {{- exceptions.raise_compiler_error(
            "The var " ~ input ~ " names " ~ reference.path ~ ", and "
            ~ ("the file is empty" if files | length == 1 else "all of its files are empty")
            ~ ": a csv has the names of its columns in its first line."
        ) -}}
    {%- endif -%}
    {%- set separators = {";": "semicolons", "\t": "tabs", "|": "vertical bars"} -%}
    {%- for file in files -%}
        {%- if not file.names -%}
            {%- do customer_value.report_sentence(file.path ~ " is empty and left out") -%}
        {%- elif file.skipped or file.separator in separators -%}
            {%- do customer_value.report_sentence(
                file.path ~ " is read"
                ~ (" with " ~ separators[file.separator] ~ " between its columns"
                if file.separator in separators else "")
                ~ (" from its line " ~ (file.skipped + 1) ~ ", the header, on; what is above it "
                ~ "is left out" if file.skipped else "")
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- customer_value.require_readable_rows(reference, files) -}}
{% endmacro %}


{# Stops at the first row of csv files that does not fit its header, with the place and the reason:
   the reader would stop in the middle of a build. #}
{% macro require_readable_rows(reference, files) %}
    {#- One query, since dbt 2 keeps no temporary table for the next. -#}
    {%- set rows = try_or_compiler_error(
        reference.path ~ " cannot be read as a csv: its lines may end in two different ways. Save "
        ~ "it again; the engine's message is in the log of dbt.",
        run_query,
        "drop table if exists reject_errors; drop table if exists reject_scans; "
        ~ "select count(*) from " ~ customer_value.csv_relation(files)
            | replace("auto_detect = false", "auto_detect = false, store_rejects = true")
        ~ "; select count(distinct line) over () as line_count, file_path, line, error_type, "
        ~ "error_message from reject_errors inner join reject_scans using (scan_id, file_id) "
        ~ "order by file_path, line, column_idx limit 1"
    ).rows -%}
    {%- if rows -%}
        {%- set place = rows[0][1] ~ ", line " ~ rows[0][2] -%}
        {%- set more = " (as do %s other lines)" | format(rows[0][0] - 1) if rows[0][0] > 1 -%}
        {%- if "COLUMNS" in rows[0][3] -%}
            {%- set counts = modules.re.findall("[0-9]+", rows[0][4]) -%}
            {{- exceptions.raise_compiler_error(
                place ~ " has " ~ counts[1] ~ " columns where the header has " ~ counts[0] ~ more
                ~ ": correct it; a text that contains the separator needs quotes around it."
            ) -}}
        {%- elif "ENCODING" in rows[0][3] -%}
            {{- exceptions.raise_compiler_error(
                place ~ " is not " ~ var("encoding") ~ " text: "
                ~ customer_value.csv_encoding_advice()
            ) -}}
        {%- endif -%}
        {{- exceptions.raise_compiler_error(
            place ~ " cannot be read: " ~ rows[0][4] ~ " A quote begins a text that ends with "
            ~ "another quote; a quote inside the text is doubled."
        ) -}}
    {%- endif -%}
{% endmacro %}


{# Stops where a file has a column twice, or lacks one that other files of the glob have, which
   would be null in all of its lines. #}
{% macro require_columns_in_every_file(input, columns) %}
    {%- set reference = customer_value.input_reference(customer_value.input_value(input)) -%}
    {%- if reference.kind != "file" -%}{{- return("") -}}{%- endif -%}
    {%- set specification = customer_value.input_specifications()[input] -%}
    {%- set files = [] -%}
    {%- if reference.format == "csv" -%}
        {%- set files = customer_value.csv_files(input, reference)
            | selectattr("names") | list -%}
    {%- else -%}
        {%- set names = {} -%}
        {%- for path, name in run_query(
            "select file_name, name from parquet_schema("
            ~ customer_value.quoted_text(reference.path) ~ ") order by file_name"
        ).rows -%}
            {%- do names.setdefault(path, []).append(name) -%}
        {%- endfor -%}
        {%- for path in names -%}
            {%- do files.append({"path": path, "names": names[path], "repeated": []}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for standard, column in columns.items() -%}
        {%- set having, lacking = [], [] -%}
        {%- for file in files -%}
            {%- if column | lower in file.names | map("lower") | list -%}
                {%- do having.append(file.path) -%}
            {%- else -%}
                {%- do lacking.append(file.path) -%}
            {%- endif -%}
            {%- if column | lower in file.repeated | map("lower") | list -%}
                {{- exceptions.raise_compiler_error(
                    file.path ~ " has more than one column called " ~ column ~ ", which is read as "
                    ~ standard ~ ": give each of them a name of its own."
                ) -}}
            {%- endif -%}
        {%- endfor -%}
        {#- No file has a column that the folders of a parquet glob name. #}
        {%- if having and lacking -%}
            {{- exceptions.raise_compiler_error(
                lacking[0] ~ " has no column " ~ column ~ ", which " ~ having[0] ~ " has and which "
                ~ "is read as " ~ standard ~ (": " ~ lacking | length ~ " files lack it" if
                lacking | length > 1 else "") ~ ". Rename or add it there, leave it out of the var "
                ~ specification.map ~ ", or name fewer files."
            ) -}}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
