{# A number from a column of numbers, or from text in the ways people write it, with the decimal
   sign of the var decimal_separator: digits grouped by the other sign, an apostrophe or a blank,
   the last group of three; a currency's name or sign before or after; a minus in front, behind or
   as parentheses. Text in any other form is null, so that 1.234,56 is never read as 1.23456. #}
{% macro parse_number(expression, type, separator=none) -%}
    {%- set text = "cast(" ~ expression ~ " as " ~ dbt.type_string() ~ ")" -%}
    {%- set separator = separator or var("decimal_separator") -%}
    {%- set blank = "[ \t\u00a0\u2007\u2009\u202f]*" -%}
    {%- set group = ("," if separator == "." else ".") ~ "'’ \u00a0\u2007\u2009\u202f" -%}
    {%- set digits = "([0-9]{1,3}([" ~ group ~ "][0-9]{2,3})*[" ~ group ~ "][0-9]{3}|[0-9]*)(["
        ~ separator ~ "][0-9]+)?" -%}
    {%- set sign = "[-+−–﹣－]?" -%}
    {#- The last is the euro of windows-1252, as latin-1 reads it. -#}
    {%- set currency = "([A-Z]{3}|[A-Z]{0,3}[$€£¥₹₩₽₺₫₪₴₦฿₱₲₵₸円元\u0080]|[Rr][Ss][.]?|[Kk][Rr]"
        ~ "[.]?|zł|Kč|Fr[.]?|Ft|RM|Rp[.]?|лв[.]?)?" -%}
    {%- set before = "^" ~ blank ~ "['’]?" ~ blank -%}
    {%- set signed = before ~ sign ~ blank ~ currency ~ blank ~ sign ~ blank ~ digits ~ blank
        ~ sign ~ blank ~ currency ~ blank ~ sign ~ blank ~ "$" -%}
    {%- set enclosed = before ~ currency ~ blank ~ "[(]" ~ blank ~ currency ~ blank ~ digits
        ~ blank ~ currency ~ blank ~ "[)]" ~ blank ~ currency ~ blank ~ "$" -%}
    {#- The point of Rs. and its like is no decimal sign. -#}
    {%- set number = regexp_remove(
        regexp_remove(text, "[A-Za-zв][.]"), "[^0-9" ~ separator ~ "]"
    ) -%}
    {%- if separator == "," -%}
        {%- set number = "replace(" ~ number ~ ", ',', '.')" -%}
    {%- endif -%}
    case
        when {{ is_number(expression) }} then {{ try_cast(expression, type) }}
        {% if separator == "." -%}
            when {{ try_cast(expression, type) }} is not null
                then {{ try_cast(expression, type) }}
        {% endif -%}
        when
            {{ regexp_matches(text, signed) }}
            and not {{ regexp_matches(text, "[-+−–﹣－].*[-+−–﹣－]") }}
            then
                case when {{ regexp_matches(text, "[-−–﹣－]") }} then -1 else 1 end
                * {{ try_cast(number, type) }}
        when {{ regexp_matches(text, enclosed) }}
            then -1 * {{ try_cast(number, type) }}
    end
{%- endmacro %}
