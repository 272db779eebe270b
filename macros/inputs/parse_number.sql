{# A number from a column of numbers, or from text in the ways people write it, with the decimal
   sign of the var decimal_separator: digits grouped by the other sign, an apostrophe or a blank,
   the last group of three; a currency's name or sign before or after; a minus in front, behind or
   as parentheses; a dash in the place of no cents (100.-). Text in any other form is null, so that
   1.234,56 is never read as 1.23456. #}
{% macro parse_number(expression, type, separator=none) -%}
    {%- set text = "cast(" ~ expression ~ " as " ~ dbt.type_string() ~ ")" -%}
    {%- set separator = separator or var("decimal_separator") -%}
    {%- set blank = "[ \t\u00a0\u2007\u2009\u202f]*" -%}
    {%- set group = ("," if separator == "." else ".") ~ "'’ \u00a0\u2007\u2009\u202f" -%}
    {%- set whole = "([0-9]{1,3}([" ~ group ~ "][0-9]{2,3})*[" ~ group ~ "][0-9]{3}|[0-9]" -%}
    {%- set digits = whole ~ "*)([" ~ separator ~ "][0-9]+)?" -%}
    {%- set sign = "[-+−–﹣－]?" -%}
    {#- The last is the euro of windows-1252, where a table was made by reading it as latin-1. -#}
    {%- set currency = "([A-Z]{3}|[A-Z]{0,3}[$€£¥₹₩₽₺₫₪₴₦฿₱₲₵₸円元\u0080]|[Rr][Ss][.]?|[Kk][Rr]"
        ~ "[.]?|zł|Kč|Fr[.]?|Ft|RM|Rp[.]?|лв[.]?)?" -%}
    {%- set before = "^" ~ blank ~ "['’]?" ~ blank -%}
    {%- set signed = before ~ sign ~ blank ~ currency ~ blank ~ sign ~ blank ~ digits ~ blank
        ~ sign ~ blank ~ currency ~ blank ~ sign ~ blank ~ "$" -%}
    {%- set dashed = before ~ sign ~ blank ~ currency ~ blank ~ sign ~ blank ~ whole ~ "+)["
        ~ separator ~ "](--?|[–—])" ~ blank ~ currency ~ blank ~ "$" -%}
    {%- set enclosed = before ~ currency ~ blank ~ "[(]" ~ blank ~ currency ~ blank ~ digits
        ~ blank ~ currency ~ blank ~ "[)]" ~ blank ~ currency ~ blank ~ "$" -%}
    {%- set minus = "[-−–﹣－]" -%}
    {#- The codes of currencies are read in small letters too; other words are no currency. -#}
    {%- set spellings = [
        [text, ""],
        ["upper(" ~ text ~ ")", regexp_matches(
            "lower(" ~ text ~ ")", "^[^a-z]*(" ~ currency_codes() | join("|") ~ ")[^a-z]*$"
        ) ~ " and "],
    ] -%}
    {%- if expression == no_column() -%}
        cast(null as {{ type }})
    {%- else -%}
        case
            when {{ is_number(expression) }} then {{ try_cast(expression, type) }}
            {% if separator == "." -%}
                when
                    {{ try_cast(expression, type) }} is not null
                    -- DuckDB takes 1_000 for a number.
                    and replace({{ text }}, '_', '') = {{ text }}
                    then {{ try_cast(expression, type) }}
            {% endif -%}
            {% for spelling, condition in spellings -%}
                {#- The point of Rs. and its like is no decimal sign. -#}
                {%- set number = regexp_remove(
                    regexp_remove(spelling, "[A-Za-zв][.]"), "[^0-9" ~ separator ~ "]"
                ) -%}
                {%- if separator == "," -%}
                    {%- set number = "replace(" ~ number ~ ", ',', '.')" -%}
                {%- endif -%}
                when
                    {{ condition }}{{ regexp_matches(spelling, signed) }}
                    and not {{ regexp_matches(spelling, "[-+−–﹣－].*[-+−–﹣－]") }}
                    then
                        case when {{ regexp_matches(spelling, minus) }} then -1 else 1 end
                        * {{ try_cast(number, type) }}
                when {{ condition }}{{ regexp_matches(spelling, enclosed) }}
                    then -1 * {{ try_cast(number, type) }}
                when
                    {{ condition }}{{ regexp_matches(spelling, dashed) }}
                    and not {{ regexp_matches(spelling, "[-+−–﹣－].*[-+−–﹣－].*[0-9]") }}
                    then
                        case
                            when {{ regexp_matches(spelling, minus ~ ".*[0-9]") }} then -1 else 1
                        end
                        * {{ try_cast(regexp_remove(spelling, "[^0-9]"), type) }}
            {% endfor %}
        end
    {%- endif -%}
{%- endmacro %}


{# The codes of ISO 4217, in small letters. #}
{% macro currency_codes() %}
    {{- return((
        "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd btn "
        ~ "bwp byn bzd cad cdf chf clp cny cop crc cup cve czk djf dkk dop dzd egp ern etb eur fjd "
        ~ "fkp gbp gel ghs gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils inr iqd irr isk jmd jod "
        ~ "jpy kes kgs khr kmf kpw krw kwd kyd kzt lak lbp lkr lrd lsl lyd mad mdl mga mkd mmk mnt "
        ~ "mop mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg "
        ~ "qar ron rsd rub rwf sar sbd scr sdg sek sgd shp sle sos srd ssp stn svc syp szl thb tjs "
        ~ "tmt tnd top try ttd twd tzs uah ugx usd uyu uzs ves vnd vuv wst xaf xcd xof xpf yer zar "
        ~ "zmw zwg"
    ).split(" ")) -}}
{% endmacro %}
