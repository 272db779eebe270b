{# Prints a block of vars for the input that the var transactions names, from the names and the
   content of its columns: dbt --quiet run-operation suggest_vars --vars '{transactions: shop.csv}'
   It only suggests. A build guesses nothing, and reads what the block says once it was saved. #}
{% macro suggest_vars() %}
    {%- if not execute -%}{{- return("") -}}{%- endif -%}
    {%- set value = customer_value.input_value("transactions") -%}
    {%- set names = customer_value.suggestible_columns(value) -%}
    {%- set relation = customer_value.input_relation("transactions") -%}
    {%- set columns = customer_value.column_contents(relation, names) -%}
    {%- set row_count = run_query("select count(*) from " ~ relation).columns[0][0] | int -%}
    {%- set lines = [
        "# " ~ value ~ ": " ~ customer_value.grouped_digits(row_count) ~ " lines, " ~ names | length ~ " columns",
        "# A suggestion: check it, and save it for make build FILE=, or put it under",
        "# vars: customer_value: in dbt_project.yml.",
        "transactions: " ~ value | tojson,
    ] -%}
    {%- if row_count == 0 -%}
        {%- do lines.append("# The input has no rows: nothing can be suggested.") -%}
        {{- return(customer_value.suggest_vars_lines(lines)) -}}
    {%- endif -%}
    {%- set formats = customer_value.readable_date_formats(relation, columns, row_count) -%}
    {%- set moments = customer_value.readable_moments(relation, columns) -%}
    {%- set map = customer_value.suggested_map(columns, formats, moments) -%}
    {%- do moments.update(formats) -%}
    {%- set separator = customer_value.suggested_separator(columns, map) -%}
    {%- do lines.append("transaction_columns:") -%}
    {%- for standard, name in map.items() -%}
        {%- do lines.append(
            "  " ~ standard ~ ": " ~ name | tojson ~ "  # "
            ~ customer_value.column_in_words(
                standard, columns[name], moments.get(name), separator, row_count
            )
        ) -%}
    {%- endfor -%}
    {%- set format = moments.get(map.get("transacted_at")) or {"formats": []} -%}
    {%- if format.formats and format.formats[0] -%}
        {%- set remark = "" -%}
        {%- if format.formats | length > 1 -%}
            {%- set remark = "  # CHECK: " ~ format.formats[1] ~ " reads as many: is the day or "
                ~ "the month first?" -%}
        {%- elif format.formats[0].startswith("epoch") -%}
            {%- set remark = "  # moments in UTC, taken to the var timezone" -%}
        {%- endif -%}
        {%- do lines.append("date_format: " ~ format.formats[0] | tojson ~ remark) -%}
    {%- endif -%}
    {%- if format.formats -%}
        {%- do lines.extend(customer_value.suggested_unity(
            relation, map.transacted_at, format, columns[map.transacted_at].filled
        )) -%}
    {%- endif -%}
    {%- if separator == "," -%}
        {%- do lines.append(
            'decimal_separator: ","  # more numbers can be read than with a point'
        ) -%}
    {%- endif -%}
    {%- do lines.extend(customer_value.suggested_exclusions(relation, map, separator)) -%}
    {%- set specification = customer_value.input_specifications()["transactions"] -%}
    {%- for standard in ["customer_id", "transacted_at", "amount"] if standard not in map
        and not (standard == "amount" and "quantity" in map and "unit_price" in map) -%}
        {%- do lines.append(
            "# MISSING: no column looks like " ~ standard ~ " ("
            ~ specification.columns[standard].meaning ~ "): add it to the map."
        ) -%}
        {%- for name, of in moments.items() if standard == "transacted_at" -%}
            {%- do lines.append("# If " ~ name ~ " is the date, " ~ (
                "its date_format is " ~ of.formats[0] if of.formats[0]
                else "it is in ISO 8601 and needs no date_format"
            ) ~ ".") -%}
            {%- do lines.extend(
                customer_value.suggested_unity(relation, name, of, columns[name].filled)
            ) -%}
        {%- endfor -%}
    {%- else -%}
        {%- do lines.extend(customer_value.suggested_account(
            relation, map, (format.formats or [""])[0], separator, row_count
        )) -%}
    {%- endfor -%}
    {%- set rest = names | reject("in", map.values() | list) | list -%}
    {%- for name in rest if modules.re.sub("[^a-z]", "", name | lower) in [
        "refunded", "isrefunded", "wasrefunded", "returned", "isreturned", "wasreturned"
    ] -%}
        {%- do lines.append(
            "# " ~ name ~ " does not fit is_return, which marks a line that reverses another one: for a "
            ~ "sale that was refunded later, map the refunded amount to refunded_amount."
        ) -%}
    {%- endfor -%}
    {%- if rest -%}
        {%- do lines.append("# Not read: " ~ rest | join(", ")) -%}
    {%- endif -%}
    {%- do customer_value.suggest_vars_lines(lines) -%}
{% endmacro %}


{# Prints each line as one line: what YAML takes for the end of a line, in a value or a name of the
   input, would end the comment that quotes it, and what follows would be read as a var. #}
{% macro suggest_vars_lines(lines) %}
    {%- for line in lines -%}
        {%- do print(modules.re.sub("[\\x00-\\x1f\\x7f\\x85\\u2028\\u2029]+", " ", line)) -%}
    {%- endfor -%}
{% endmacro %}


{# The columns of the input, or a sentence about why there are none. #}
{% macro suggestible_columns(value) %}
    {%- set reference = customer_value.input_reference(value) -%}
    {%- if reference.kind == "demo" -%}
        {{- exceptions.raise_compiler_error(
            "There is no input to inspect: make suggest FILE=orders.csv, or name a table or a file "
            ~ "in the var transactions."
        ) -}}
    {%- elif reference.kind == "file" and target.type == "duckdb" and run_query(
        "select count(*) from glob(" ~ customer_value.quoted_text(value) ~ ")"
    ).columns[0][0] == 0 -%}
        {{- exceptions.raise_compiler_error(
            "There is no file " ~ value ~ ": give a path that exists, relative to the folder dbt "
            ~ "is run in or absolute."
        ) -}}
    {%- endif -%}
    {%- set names = customer_value.input_columns("transactions") -%}
    {%- if not names -%}
        {{- exceptions.raise_compiler_error(
            "There is no table or view " ~ value ~ ", or it has no columns: give schema.table as "
            ~ "it is called in the target."
        ) -}}
    {%- endif -%}
    {{- return(names) -}}
{% endmacro %}


{# What each column holds: rows that are filled, different values, numbers with a decimal point and
   with a comma, ISO dates. #}
{% macro column_contents(relation, names) %}
    {%- set sums = [] -%}
    {%- for name in names -%}
        {%- set column = customer_value.input_column({"column": name}, "column") -%}
        {%- set text = customer_value.text_id(column) -%}
        {%- do sums.extend([
            "count(" ~ text ~ ")",
            "count(distinct " ~ text ~ ")",
            "count(" ~ customer_value.parse_number(column, "decimal(38, 4)", ".") ~ ")",
            "count(" ~ customer_value.parse_number(column, "decimal(38, 4)", ",") ~ ")",
            "count(" ~ customer_value.parse_timestamp(column, "") ~ ")",
            "max(length(" ~ text ~ "))",
        ]) -%}
    {%- endfor -%}
    {%- set aliased = [] -%}
    {%- for sum in sums -%}
        {%- do aliased.append(sum ~ " as c" ~ loop.index) -%}
    {%- endfor -%}
    {%- set row = run_query("select " ~ aliased | join(", ") ~ " from " ~ relation).rows[0] -%}
    {%- set found = {} -%}
    {%- for name in names -%}
        {%- set at = 6 * loop.index0 -%}
        {%- do found.update({name: {
            "filled": row[at] | int, "distinct": row[at + 1] | int,
            ".": row[at + 2] | int, ",": row[at + 3] | int,
            "numbers": [row[at + 2] | int, row[at + 3] | int] | max,
            "dates": row[at + 4] | int, "length": (row[at + 5] or 0) | int,
        }}) -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}


{# Column -> the formats that read most of its dates, and how many; '' is ISO 8601. Day and month
   may be read either way: then there are two formats. #}
{% macro readable_date_formats(relation, columns, row_count) %}
    {%- set days = [
        "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d",
        "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y",
        "%d %B %Y", "%B %d, %Y", "%Y%m%d", "%Y%m%d%H%M%S",
    ] -%}
    {%- set times = ["", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S %z"] -%}
    {%- set found = {} -%}
    {%- for name, of in columns.items() if of.filled and of.length <= 40 -%}
        {%- if of.dates == of.filled and of.numbers < of.filled -%}
            {%- do found.update({name: {"formats": [""], "count": of.dates}}) -%}
        {%- elif of.length >= 6 and (of.numbers < of.filled or of.length in [8, 14]) -%}
            {%- set column = customer_value.input_column({"column": name}, "column") -%}
            {%- set formats, counts = [], [] -%}
            {%- for day in days -%}
                {%- for time in times -%}
                    {%- do formats.append(day ~ time) -%}
                    {%- do counts.append(
                        "count(" ~ customer_value.parse_timestamp(column, day ~ time) ~ ") as c"
                        ~ formats | length
                    ) -%}
                {%- endfor -%}
            {%- endfor -%}
            {#- A hundred formats are tried on some of the rows, and the few that are left on all. #}
            {%- set tried = namespace(formats=formats, counts=counts, best=0, rows=(
                "(select " ~ column ~ " from " ~ relation ~ " where "
                ~ customer_value.text_id(column) ~ " is not null limit 10000) as some_rows"
            )) -%}
            {%- for place in ["some rows", "all rows"] -%}
                {%- set most = [] -%}
                {%- for count in (run_query(
                    "select " ~ tried.counts | join(", ") ~ " from " ~ tried.rows
                ).rows[0] if tried.counts else []) -%}
                    {%- do most.append(count | int) -%}
                {%- endfor -%}
                {%- set tried.best = most | max | default(0, true) -%}
                {%- set readable, counted = [], [] -%}
                {%- for count in most -%}
                    {%- if count and count == tried.best -%}
                        {%- do readable.append(tried.formats[loop.index0]) -%}
                        {%- do counted.append(tried.counts[loop.index0]) -%}
                    {%- endif -%}
                {%- endfor -%}
                {%- set tried.formats, tried.counts, tried.rows = readable, counted, relation -%}
            {%- endfor -%}
            {%- set iso = of.dates if of.numbers < of.filled else 0 -%}
            {%- set best = [tried.best, iso] | max -%}
            {%- if 2 * best >= of.filled -%}
                {%- do found.update({name: {
                    "formats": [""] if iso == best else tried.formats, "count": best
                }}) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}


{# A comment on a column whose dates are written in two ways, of which a build reads one, or are
   written like the others and none. #}
{% macro suggested_unity(relation, name, format, filled) %}
    {%- if format["count"] == filled -%}{{- return([]) -}}{%- endif -%}
    {%- set column = customer_value.input_column({"column": name}, "column") -%}
    {%- set text = customer_value.text_id(column) -%}
    {%- set rest = " from " ~ relation ~ " where " ~ text ~ " is not null and "
        ~ customer_value.parse_timestamp(column, format.formats[0]) ~ " is null" -%}
    {%- set examples = run_query(
        "select " ~ text ~ " as label" ~ rest ~ " group by " ~ text
        ~ " order by count(*) desc, 1 limit 10"
    ).columns[0].values() -%}
    {%- set dates = [] -%}
    {%- for example in examples if customer_value.date_format_of([example]) -%}
        {%- do dates.append(example) -%}
    {%- endfor -%}
    {%- if not dates -%}{{- return([]) -}}{%- endif -%}
    {%- set other = customer_value.date_format_of(dates)
        or customer_value.date_format_of(dates[:1]) -%}
    {%- set other = other.split(" or ")[0] -%}
    {%- set count = run_query(
        "select count(" ~ customer_value.parse_timestamp(column, other) ~ ") as c" ~ rest
    ).columns[0][0] | int -%}
    {%- if not count -%}
        {{- return([
            "# CHECK: " ~ name ~ " has dates that are not calendar dates, or lie outside 1900 "
            ~ "to 2261, such as " ~ dates[0]
        ]) -}}
    {%- endif -%}
    {{- return([
        "# CHECK: " ~ name ~ " is written in more than one way: "
        ~ (format.formats[0] or "ISO 8601") ~ " reads "
        ~ customer_value.grouped_digits(format["count"]) ~ " of "
        ~ customer_value.grouped_digits(filled) ~ " dates, and " ~ other ~ " "
        ~ customer_value.grouped_digits(count) ~ " others. A build reads one way only: write all "
        ~ "dates in one, best as 2024-01-31."
    ]) -}}
{% endmacro %}


{# Column -> the word for numbers that are moments, such as epoch_seconds, and how many of its
   values are such a moment from 1990 to 2099. Ids and amounts may look like one, too. #}
{% macro readable_moments(relation, columns) %}
    {%- set tried, counts = [], [] -%}
    {%- for name, of in columns.items() if of.filled and 2 * of.numbers >= of.filled -%}
        {%- set column = customer_value.input_column({"column": name}, "column") -%}
        {%- for word in customer_value.date_words() -%}
            {%- do tried.append([name, of.filled, word]) -%}
            {%- do counts.append(
                "count(case when " ~ customer_value.parse_timestamp(column, word)
                ~ " between cast('1990-01-01' as " ~ customer_value.type_timestamp()
                ~ ") and cast('2099-12-31' as " ~ customer_value.type_timestamp()
                ~ ") then 1 end) as c" ~ tried | length
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set found = {} -%}
    {%- for count in (run_query(
        "select " ~ counts | join(", ") ~ " from " ~ relation
    ).rows[0] if counts else []) -%}
        {%- set name, filled, word = tried[loop.index0] -%}
        {%- if 2 * count >= filled -%}
            {%- do found.update({name: {"formats": [word], "count": count | int}}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}


{# Standard name -> column: by the column's name, where its content fits; in a file of three columns
   whose names say nothing, by the content alone. Numbers are dates where the name says so, and in
   such a file where one column alone looks like it. #}
{% macro suggested_map(columns, formats, moments) %}
    {%- set words = {
        "transacted_at": ["transactedat", "orderdate", "createdat", "created", "orderedat", "ordered",
            "invoicedate", "purchasedat", "purchasetimestamp", "paidat", "transactiondate",
            "datetime", "timestamp", "date", "day", "time", "when"],
        "customer_id": ["customerid", "customeruniqueid", "clientid", "buyerid", "userid",
            "memberid", "householdid", "accountid", "customer", "client", "buyer", "user",
            "member", "household", "email", "shopper", "payer", "account"],
        "quantity": ["quantity", "lineitemquantity", "qty", "units", "pieces", "cds"],
        "unit_price": ["unitprice", "itemprice", "lineitemprice", "price"],
        "amount": ["amount", "linetotal", "totalamount", "ordertotal", "totalprice",
            "grosssales", "netsales", "paymentvalue", "salesvalue", "total", "revenue", "sales",
            "spend", "value", "dollars", "netamount", "sum", "paid"],
        "refunded_amount": ["refundedamount", "amountrefunded", "refundamount", "totalrefunded",
            "totalrefund", "totalrefunds", "refundedtotal", "refundtotal"],
        "order_id": ["orderid", "ordernumber", "orderno", "ordernr", "ordername", "invoiceno",
            "invoicenumber", "invoicenr", "invoice", "basketid", "receiptid", "receiptno",
            "receiptnumber", "receipt", "transactionid", "paymentid", "chargeid", "order",
            "basket"],
        "line_id": ["lineid", "orderitemid", "lineitemid", "rowid", "linenumber", "lineno",
            "linenr", "line"],
        "product_id": ["productid", "sku", "lineitemsku", "stockcode", "itemid", "product",
            "item", "article", "variantid"],
        "status": ["orderstatus", "financialstatus", "status", "state"],
        "currency": ["currencycode", "currency"],
        "is_return": ["isreturn", "isrefund", "return"],
    } -%}
    {%- set places = [] -%}
    {%- for standard, known in words.items() -%}
        {%- for name, of in columns.items() if of.filled -%}
            {%- set plain = modules.re.sub("[^a-z0-9]", "", name | lower) -%}
            {%- set fits = (formats.get(name) or moments.get(name))
                if standard == "transacted_at"
                else 2 * of.numbers >= of.filled
                if standard in ["amount", "refunded_amount", "quantity", "unit_price"]
                else not (standard == "customer_id" and formats.get(name)) -%}
            {%- set place = namespace(value=none) -%}
            {%- for word in known if fits and place.value is none -%}
                {%- if plain == word -%}
                    {%- set place.value = loop.index0 -%}
                {%- endif -%}
            {%- endfor -%}
            {#- Many a name ends or begins with "line" and is no number of one. -#}
            {%- for word in known if fits and place.value is none and word | length > 3
                and word != "line" -%}
                {%- if plain.endswith(word) or (plain.startswith(word) and standard not in
                    ["amount", "refunded_amount", "unit_price", "quantity", "order_id",
                    "is_return"]) -%}
                    {%- set place.value = 100 + loop.index0 -%}
                {%- endif -%}
            {%- endfor -%}
            {%- if place.value is not none -%}
                {%- do places.append([place.value, standard, name]) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {#- A Shopify export calls the order's number Name. #}
    {%- if "Name" in columns and "Financial Status" in columns -%}
        {%- do places.append([0, "order_id", "Name"]) -%}
    {%- endif -%}
    {%- set map, taken = {}, [] -%}
    {%- for place, standard, name in places | sort(attribute="0")
        if standard not in map and name not in taken -%}
        {%- do map.update({standard: name}) -%}
        {%- do taken.append(name) -%}
    {%- endfor -%}
    {#- An amount is the quantity times the price already. #}
    {%- if "amount" in map -%}{%- do map.pop("unit_price", none) -%}{%- endif -%}
    {%- if columns | length <= 4 -%}
        {%- for name in formats if "transacted_at" not in map and name not in map.values() -%}
            {%- do map.update({"transacted_at": name}) -%}
        {%- endfor -%}
        {%- set epochs = [] -%}
        {%- for name, of in moments.items() if name not in map.values()
            and of.formats[0] != "spreadsheet_serial" -%}
            {%- do epochs.append(name) -%}
        {%- endfor -%}
        {%- if "transacted_at" not in map and epochs | length == 1 -%}
            {%- do map.update({"transacted_at": epochs[0]}) -%}
        {%- endif -%}
        {%- for name, of in columns.items() if "amount" not in map and "unit_price" not in map
            and name not in map.values() and of.numbers == of.filled and name not in formats
            and name != columns | list | first -%}
            {%- do map.update({"amount": name}) -%}
        {%- endfor -%}
        {%- for name in columns if "customer_id" not in map and name not in map.values()
            and name not in formats -%}
            {%- do map.update({"customer_id": name}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set ordered = {} -%}
    {%- for standard in customer_value.input_specifications()["transactions"].columns
        if standard in map -%}
        {%- do ordered.update({standard: map[standard]}) -%}
    {%- endfor -%}
    {{- return(ordered) -}}
{% endmacro %}


{# The decimal sign with which more numbers of the mapped columns can be read. #}
{% macro suggested_separator(columns, map) %}
    {%- set counts = {".": 0, ",": 0} -%}
    {%- for standard in ["amount", "quantity", "unit_price"] if standard in map -%}
        {%- for separator in counts -%}
            {%- do counts.update({
                separator: counts[separator] + columns[map[standard]][separator]
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return("," if counts[","] > counts["."] else ".") -}}
{% endmacro %}


{# What a column holds, as a comment behind its line of the map. #}
{% macro column_in_words(standard, of, format, separator, row_count) %}
    {%- set of_all = " of " ~ customer_value.grouped_digits(row_count) -%}
    {%- if standard == "transacted_at" -%}
        {{- return(
            customer_value.grouped_digits(format["count"]) ~ of_all ~ " dates can be read"
        ) -}}
    {%- elif standard in ["amount", "refunded_amount", "quantity", "unit_price"] -%}
        {{- return(customer_value.grouped_digits(of[separator]) ~ of_all ~ " numbers can be read") -}}
    {%- endif -%}
    {{- return(
        customer_value.grouped_digits(of.filled) ~ of_all ~ " filled, "
        ~ customer_value.grouped_digits(of.distinct) ~ " different"
    ) -}}
{% endmacro %}


{# Comments on the values of the status and the currency, and on order ids that look like returns:
   what is left out is for people to decide. #}
{% macro suggested_exclusions(relation, map, separator) %}
    {%- set lines = [] -%}
    {%- for standard, advice in {
        "status": "# excluded_statuses: []  # list those that are not sales; there are: ",
        "currency": "# Several currencies need rates in the seed exchange_rates; there are: ",
    }.items() if standard in map -%}
        {%- set text = customer_value.text_id(customer_value.input_column(map, standard)) -%}
        {%- set rows = run_query(
            "select " ~ text ~ " as label, count(*) as line_count from " ~ relation ~ " group by "
            ~ text ~ " order by 2 desc, 1 limit 12"
        ).rows -%}
        {%- set values = [] -%}
        {%- for row in rows -%}
            {%- do values.append((row[0] or "(empty)") ~ " " ~ customer_value.grouped_digits(row[1] | int)) -%}
        {%- endfor -%}
        {%- do lines.append(advice ~ values | join(", ")) -%}
    {%- endfor -%}
    {%- set measure = map.get("amount") or map.get("quantity") -%}
    {%- if "order_id" in map and measure -%}
        {%- set text = customer_value.text_id(customer_value.input_column(map, "order_id")) -%}
        {%- set number = customer_value.parse_number(
            customer_value.input_column({"column": measure}, "column"), "decimal(38, 4)", separator
        ) -%}
        {%- set rows = run_query(
            "select prefix, count(*) as line_count from (select upper(substr(" ~ text
            ~ ", 1, 1)) as prefix, " ~ number ~ " as amount from " ~ relation ~ ") as ids "
            ~ "group by prefix having count(case when amount < 0 then 1 end) * 10 >= count(*) * 9 "
            ~ "and prefix between 'A' and 'Z' order by 2 desc limit 1"
        ).rows -%}
        {%- for prefix, line_count in rows -%}
            {%- do lines.append(
                "# return_order_prefix: " ~ prefix ~ "  # nearly all of the "
                ~ customer_value.grouped_digits(line_count | int) ~ " lines with such an order id are negative"
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(lines) -}}
{% endmacro %}


{# Comments on the lines that a build with the suggested vars would leave out, by the first reason
   that applies; those that depend on other lines or on a seed are named only. #}
{% macro suggested_account(relation, map, date_format, separator, row_count) %}
    {%- set column = {} -%}
    {%- for standard in customer_value.input_specifications()["transactions"].columns -%}
        {%- do column.update({standard: customer_value.input_column(map, standard)}) -%}
    {%- endfor -%}
    {%- set text = dbt.type_string() -%}
    {%- set money = customer_value.type_amount() -%}
    {%- if "amount" in map -%}
        {%- set amount = customer_value.parse_number(column.amount, money, separator) -%}
        {%- set written = "cast(" ~ column.amount ~ " as " ~ text ~ ")" -%}
    {%- else -%}
        {%- set amount = customer_value.amount_product(
            customer_value.parse_number(column.quantity, money, separator),
            customer_value.parse_number(
                column.unit_price, customer_value.type_decimal(20, 6), separator
            ),
            money
        ) -%}
        {%- set written = "concat(cast(" ~ column.quantity ~ " as " ~ text ~ "), ' x ', cast("
            ~ column.unit_price ~ " as " ~ text ~ "))" -%}
    {%- endif -%}
    {%- set time = customer_value.type_timestamp() -%}
    {%- set moment = customer_value.parse_timestamp(column.transacted_at, date_format) -%}
    {%- set no_amount = amount ~ " is null" -%}
    {%- if "refunded_amount" in map -%}
        {%- set no_amount = "(" ~ no_amount ~ " or ("
            ~ customer_value.is_given(column.refunded_amount) ~ " and "
            ~ customer_value.parse_number(column.refunded_amount, money, separator)
            ~ " is null))" -%}
        {%- set written = "concat(" ~ written ~ ", ' less ', cast(" ~ column.refunded_amount
            ~ " as " ~ text ~ "))" -%}
    {%- endif -%}
    {%- set conditions = {
        "missing_customer": [
            customer_value.parse_customer_id(column.customer_id, is_forgetting=false)
                ~ " is null",
            "null",
        ],
        "invalid_timestamp": [
            "not coalesce(" ~ customer_value.is_known_moment(moment, time) ~ ", false)",
            column.transacted_at,
        ],
        "invalid_amount": [no_amount, written],
        "invalid_flag": [customer_value.is_unknown_flag(column.is_return), column.is_return],
        "excluded_status": [
            "lower(" ~ customer_value.text_id(column.status) ~ ") in ("
            ~ customer_value.quoted_words(var("excluded_statuses")) ~ ")",
            column.status,
        ],
        "excluded_product": [
            "lower(" ~ customer_value.parse_id(column.product_id) ~ ") in ("
            ~ customer_value.quoted_words(var("excluded_products")) ~ ")",
            column.product_id,
        ],
    } -%}
    {%- set known = customer_value.exclusion_reasons().transactions -%}
    {%- set reasons, values = [], [] -%}
    {%- for reason in known if reason in conditions -%}
        {%- do reasons.append("when " ~ conditions[reason][0] ~ " then '" ~ reason ~ "'") -%}
        {%- do values.append(
            "when " ~ conditions[reason][0] ~ " then cast(" ~ conditions[reason][1] ~ " as "
            ~ text ~ ")"
        ) -%}
    {%- endfor -%}
    {%- set rows = run_query(
        "select reason, example, count(*) as line_count from (select case "
        ~ reasons | join(" ") ~ " end as reason, case " ~ values | join(" ")
        ~ " end as example from " ~ relation ~ ") as judged where reason is not null "
        ~ "group by reason, example order by 3 desc, 1, 2"
    ).rows -%}
    {%- set counts, examples = {}, {} -%}
    {%- for reason, example, line_count in rows -%}
        {%- do counts.update({reason: counts.get(reason, 0) + line_count | int}) -%}
        {%- do examples.setdefault(reason, []).append(
            ((example or "(empty)") | string)[:40] | tojson
        ) -%}
    {%- endfor -%}
    {%- set lines = [] -%}
    {%- for reason in known if reason in counts -%}
        {%- do lines.append(
            "# A build leaves out " ~ customer_value.grouped_digits(counts[reason]) ~ " of "
            ~ customer_value.grouped_digits(row_count) ~ " lines as " ~ reason
            ~ (", such as " ~ examples[reason][:3] | join(", ")
            if reason != "missing_customer" else "")
        ) -%}
    {%- else -%}
        {%- do lines.append("# A build can read all lines.") -%}
    {%- endfor -%}
    {%- do lines.append(
        "# Only a build can determine which lines it leaves out as "
        ~ known | reject("in", conditions) | join(", ") ~ "."
    ) -%}
    {{- return(lines) -}}
{% endmacro %}
