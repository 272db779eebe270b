{# The date_format that examples of dates look like, as the end of a sentence; empty where none is
   recognised. A day and a month that could be either are both named. #}
{% macro date_format_of(examples) %}
    {%- set day = "[0-9]{1,2}" -%}
    {%- set dates = [
        ["[0-9]{10}([.][0-9]+)?", ["epoch_seconds"]],
        ["[0-9]{13}", ["epoch_milliseconds"]],
        ["[0-9]{5}([.][0-9]+)?", ["spreadsheet_serial"]],
        ["[0-9]{14}", ["%Y%m%d%H%M%S"]],
        ["[0-9]{4}/" ~ day ~ "/" ~ day, ["%Y/%m/%d"]],
        [day ~ " [A-Za-z]{3} [0-9]{4}", ["%d %b %Y"]],
        [day ~ "-[A-Za-z]{3}-[0-9]{4}", ["%d-%b-%Y"]],
        [day ~ "-[A-Za-z]{3}-[0-9]{2}", ["%d-%b-%y"]],
        ["[A-Za-z]{3} " ~ day ~ ", [0-9]{4}", ["%b %d, %Y"]],
        ["[A-Za-z]{4,} " ~ day ~ ", [0-9]{4}", ["%B %d, %Y"]],
    ] -%}
    {%- for sign in ["/", ".", "-"] -%}
        {%- for year, letter in [("[0-9]{4}", "%Y"), ("[0-9]{2}", "%y")] -%}
            {%- do dates.append([
                day ~ modules.re.escape(sign) ~ day ~ modules.re.escape(sign) ~ year,
                ["%d" ~ sign ~ "%m" ~ sign ~ letter, "%m" ~ sign ~ "%d" ~ sign ~ letter]
            ]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set zones = [["", ""], [" ?[+-][0-9]{2}:?[0-9]{2}", "%z"], [" [A-Z]{3,4}", " %Z"]] -%}
    {%- set times = [
        ["", ""],
        ["[0-9]{1,2}:[0-9]{2}", "%H:%M"],
        ["[0-9]{1,2}:[0-9]{2}:[0-9]{2}", "%H:%M:%S"],
        ["[0-9]{1,2}:[0-9]{2}:[0-9]{2}[.][0-9]+", "%H:%M:%S.%f"],
        ["[0-9]{1,2}:[0-9]{2} ?[AaPp][Mm]", "%I:%M %p"],
        ["[0-9]{1,2}:[0-9]{2}:[0-9]{2} ?[AaPp][Mm]", "%I:%M:%S %p"],
    ] -%}
    {%- for date, formats in dates + [["[0-9]{4}-" ~ day ~ "-" ~ day, ["%Y-%m-%d"]]] -%}
        {%- for time, time_format in times -%}
            {%- for zone, zone_format in zones -%}
                {%- set glue = "(, | |T)" if time else "" -%}
                {%- set pattern = "^" ~ date ~ glue ~ time ~ zone ~ "$" -%}
                {%- set fitting = [] -%}
                {%- for example in examples if modules.re.match(pattern, example) -%}
                    {%- do fitting.append(example) -%}
                {%- endfor -%}
                {%- if examples and fitting | length == examples | length -%}
                    {%- set firsts, seconds = [], [] -%}
                    {%- for example in examples -%}
                        {%- set numbers = modules.re.findall("[0-9]+", example) -%}
                        {%- do firsts.append(numbers[0] | int) -%}
                        {%- do seconds.append((numbers[1] if numbers | length > 1 else 0) | int) -%}
                    {%- endfor -%}
                    {%- set likely = formats -%}
                    {%- if formats | length == 2 and firsts | max > 12 -%}
                        {%- set likely = formats[:1] -%}
                    {%- elif formats | length == 2 and seconds | max > 12 -%}
                        {%- set likely = formats[1:] -%}
                    {%- endif -%}
                    {%- set space = " " -%}
                    {%- if time and "T" in examples[0] -%}{%- set space = "T" -%}{%- endif -%}
                    {%- if time and ", " ~ examples[0].split(", ")[-1] in examples[0] -%}
                        {%- set space = ", " -%}
                    {%- endif -%}
                    {%- set endings = [] -%}
                    {%- for format in likely -%}
                        {%- do endings.append(
                            format ~ (space ~ time_format if time else "") ~ zone_format
                        ) -%}
                    {%- endfor -%}
                    {{- return(endings | join(" or ")) -}}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return("") -}}
{% endmacro %}
