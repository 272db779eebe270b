{# The csv files that an input names, as they have to be read: for each file its columns, the rows
   above its header and its separator. The quote is always " and doubled inside; nothing is left to
   a reader that guesses from the first rows. An empty file has no columns. #}
{% macro csv_files(input, reference) %}
    {%- set specification = customer_value.input_specifications()[input] -%}
    {%- set wanted = var(specification.map).values() if var(specification.map)
        else specification.columns -%}
    {%- set wanted = wanted | map("string") | map("trim") | map("lower") | list -%}
    {%- set paths = run_query(
        "select file from glob(" ~ customer_value.quoted_text(reference.path) ~ ") order by file"
    ).columns[0].values() -%}
    {%- set queries = [] -%}
    {%- for path in paths -%}
        {%- do queries.append(
            "(select " ~ loop.index0 ~ " as file_number, row_number() over () as line_number, line "
            ~ "from read_csv(" ~ customer_value.quoted_text(path) ~ ", columns = "
            ~ "{'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '', comment = '', "
            ~ "header = false, auto_detect = false, strict_mode = false, parallel = false, "
            ~ "max_line_size = 1000000, buffer_size = 4000000"
            ~ customer_value.csv_storage(path) ~ ") limit 30)"
        ) -%}
    {%- endfor -%}
    {%- set lines = {} -%}
    {%- if queries -%}
        {%- set rows = try_or_compiler_error(
            "The first lines of " ~ reference.path ~ " are no " ~ var("encoding") ~ " text: "
            ~ customer_value.csv_encoding_advice(),
            run_query,
            queries | join(" union all ") ~ " order by file_number, line_number"
        ).rows -%}
        {%- for file_number, line_number, line in rows -%}
            {%- do lines.setdefault(file_number | int, []).append(line or "") -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set files = [] -%}
    {%- for path in paths -%}
        {%- do files.append(
            customer_value.csv_header(path, lines.get(loop.index0, []), wanted)
        ) -%}
    {%- endfor -%}
    {{- return(files) -}}
{% endmacro %}


{# The header among the first lines of a file: the line, split at the separator, that has most of
   the wanted names; the first line with a text where none of them is found. #}
{% macro csv_header(path, lines, wanted) %}
    {%- set best = namespace(found=-1, fields=[], skipped=0, separator=",") -%}
    {%- for line in lines if line | trim -%}
        {%- set skipped = lines.index(line) -%}
        {%- for separator in [",", ";", "\t", "|"] -%}
            {%- set fields = customer_value.csv_fields(line, separator) -%}
            {%- set found = fields | map("lower") | select("in", wanted) | unique | list | length -%}
            {%- if found > best.found or (
                best.found == 0 and found == 0 and skipped == best.skipped
                and fields | length > best.fields | length
            ) -%}
                {%- set best.found, best.fields = found, fields -%}
                {%- set best.skipped, best.separator = skipped, separator -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set names, repeated = [], [] -%}
    {%- for field in best.fields -%}
        {%- set number = loop.index0 -%}
        {%- set name = field or "column" ~ number -%}
        {%- if name | lower in names | map("lower") | list -%}
            {%- do repeated.append(name) -%}
            {%- set name = name ~ "_" ~ number -%}
        {%- endif -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{- return({
        "path": path,
        "names": names,
        "repeated": repeated,
        "skipped": best.skipped,
        "separator": best.separator,
    }) -}}
{% endmacro %}


{# The fields of a line of a csv, without their quotes and the blanks around them. #}
{% macro csv_fields(line, separator) %}
    {%- set fields = [] -%}
    {%- set pattern = '("(?:[^"]|"")*"|[^%s]*)%s' | format(
        separator, modules.re.escape(separator)
    ) -%}
    {%- for field in modules.re.findall(pattern, line.strip("\ufeff\r\n") ~ separator) -%}
        {%- set field = field.strip() -%}
        {%- if field | length > 1 and field[0] == '"' and field[-1] == '"' -%}
            {%- set field = field[1:-1].replace('""', '"').strip() -%}
        {%- endif -%}
        {%- do fields.append(field) -%}
    {%- endfor -%}
    {{- return(fields) -}}
{% endmacro %}


{# How the bytes of a file are stored, as options of DuckDB. #}
{% macro csv_storage(path) %}
    {%- set options = "" -%}
    {%- if var("encoding") != "utf-8" -%}
        {%- set options = ", encoding = '" ~ var("encoding") ~ "'" -%}
    {%- endif -%}
    {%- set packed = {".gz": "gzip", "zst": "zstd"}.get(path[-3:] | lower) -%}
    {%- if packed -%}
        {%- set options = options ~ ", compression = '" ~ packed ~ "'" -%}
    {%- endif -%}
    {{- return(options) -}}
{% endmacro %}


{# What to do about a csv whose bytes the var encoding does not read, as the end of a sentence. DuckDB
   alone reads latin-1 without the bytes 80 to 9F, where windows-1252 has the signs of a spreadsheet. #}
{% macro csv_encoding_advice() %}
    {{- return({
        "utf-8": "name the encoding of the file in the var encoding (a file that a spreadsheet saved "
            ~ "is often latin-1), or save it as utf-8.",
        "latin-1": "it has bytes from 80 to 9F, as windows-1252 writes the euro sign, typographic "
            ~ "quotes and dashes. Save it as utf-8 (in a spreadsheet: CSV UTF-8; in a shell: iconv "
            ~ "-f windows-1252 -t utf-8), and leave the var encoding out.",
    }.get(
        var("encoding"),
        "save it as utf-8, and leave the var encoding out; or name the encoding that the file has."
    )) -}}
{% endmacro %}


{# The files as something to select from. Every column is text, so that ids keep their leading zeros
   and no date is guessed; files with other columns or another separator are read by themselves,
   and their columns matched by name. #}
{% macro csv_relation(files) %}
    {%- set groups = {} -%}
    {%- for file in files if file.names -%}
        {%- set options = [] -%}
        {%- for name in file.names -%}
            {%- do options.append(customer_value.quoted_text(name) ~ ": 'VARCHAR'") -%}
        {%- endfor -%}
        {%- set options = "], columns = {" ~ options | join(", ") ~ "}, delim = '"
            ~ file.separator ~ "', quote = '\"', escape = '\"', comment = '', header = true, "
            ~ "skip = " ~ file.skipped ~ ", auto_detect = false"
            ~ customer_value.csv_storage(file.path) ~ ")" -%}
        {%- do groups.setdefault(options, []).append(customer_value.quoted_text(file.path)) -%}
    {%- endfor -%}
    {%- set reads = [] -%}
    {%- for options, paths in groups.items() -%}
        {%- do reads.append("read_csv([" ~ paths | join(", ") ~ options) -%}
    {%- endfor -%}
    {%- if reads | length == 1 -%}
        {{- return(reads[0]) -}}
    {%- endif -%}
    {{- return(
        "(select * from " ~ reads | join(" union all by name select * from ") ~ ") as input_files"
    ) -}}
{% endmacro %}
