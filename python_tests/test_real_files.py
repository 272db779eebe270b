"""Files as shops export them: how people write money, dates, flags and ids, and csv itself."""

import gzip
import json
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from conftest import run_dbt
from helpers import ROOT, copy_project

HEADER = "customer_id,transacted_at,amount\n"

# Lines of one shop in New York: what is written, and what a person would make of it.
MONEY = {
    "1,23,456.78": "123456.78",
    "1'234.50": "1234.50",
    "1 234 567.89": "1234567.89",
    "1\u00a0234.50": "1234.50",
    "Rs. 1,23,456.50": "123456.50",
    "CHF 12.50": "12.50",
    "40 zł": "40",
    "$.50": "0.50",
    "40.00-": "-40",
    "\u221240.00": "-40",
    "'-40.00": "-40",
    "USD -40.00": "-40",
    "-$40.00": "-40",
    "($40.00)": "-40",
    "$(40.00)": "-40",
    "9999999999999.99": "9999999999999.99",
    "100.-": "100",
    "CHF 1'234.\u2013": "1234",
    "-100.--": "-100",
    "eur 5": "5",
    "5.50 usd": "5.50",
    "(Chf 5)": "-5",
    "100000000000000": None,
    "1_000": None,
    "5 pcs": None,
    "100,-": None,
    "12,34": None,
    "12 34": None,
    "1.234,56": None,
    "40.00 CR": None,
    "-40.00-": None,
    "ten": None,
}
MOMENTS = {
    "2024-01-31 23:30:00 -0500": "2024-01-31 23:30:00",
    "2024-01-31 23:30:00 -05:00": "2024-01-31 23:30:00",
    "2024-01-31T23:30-0500": "2024-01-31 23:30:00",
    "2024-02-01 04:30:00 UTC": "2024-01-31 23:30:00",
    "2024-02-01T04:30:00z": "2024-01-31 23:30:00",
    "2024-02-01 05:30:00 Europe/Paris": "2024-01-31 23:30:00",
    "2024-02-01T05:30:00+01:00[Europe/Paris]": "2024-01-31 23:30:00",
    "20240201T043000Z": "2024-01-31 23:30:00",
    "20240131": "2024-01-31 00:00:00",
    "20240131T233000": "2024-01-31 23:30:00",
    "2024-01-31T23": "2024-01-31 23:00:00",
    "2024-01-31T23:30:00,5": "2024-01-31 23:30:00.5",
    "2024-01-31 11:30 PM": None,
    "2024-07-01 12:00:00 BST": None,
    "epoch": None,
    "31.01.2024": None,
}
FLAGS = {
    "1.0": True, "1": True, "Y": True, "t": True, "TRUE": True, "yes": True, "on": True,
    "0.0": False, "N": False, "f": False, "off": False, "nan": False, "": False,
    "X": None, "2": None, "maybe": None,
}  # fmt: skip
NOBODY = ["0", "0.0", "guest", "Guest", "NULL", "None", "n/a", "\\N", "<NA>", "nan", "-1", "-", ""]
SAME = ["13085", "13085.0", " 13085 ", "13085.00"]


def kept_lines(build) -> dict[str, tuple]:
    """Return line -> customer, order, time, amount, whether a return, reason."""
    rows = build.rows(
        "select line_id, customer_id, order_id, cast(transacted_at as varchar), amount, is_return, "
        "exclusion_reason from main_internal.int_transactions_classified"
    )
    return {line: values for line, *values in rows}


@pytest.fixture(scope="module")
def spelled(tmp_path_factory):
    """One file with a line per spelling, built once."""
    directory = tmp_path_factory.mktemp("spelled")
    path = directory / "lines.csv"
    rows = [("line", "order", "client", "at", "total", "back", "refund")]
    rows += [(f"m{i}", f"m{i}", "a", "2024-01-05", text, "", "") for i, text in enumerate(MONEY)]
    rows += [(f"t{i}", f"t{i}", "a", text, "5", "", "") for i, text in enumerate(MOMENTS)]
    rows += [(f"f{i}", f"f{i}", "a", "2024-01-05", "5", t, "") for i, t in enumerate(FLAGS)]
    rows += [(f"n{i}", f"n{i}", text, "2024-01-05", "5", "", "") for i, text in enumerate(NOBODY)]
    rows += [(f"s{i}", text, text, "2024-01-05", "5", "", "") for i, text in enumerate(SAME)]
    rows += [
        ("r0", "r0", "b", "2024-01-05", "100", "", "0.00"),
        ("r1", "r1", "b", "2024-01-06", "80", "", "80.00"),
        ("r2", "r2", "c", "2024-01-06", "50", "", "-20.00"),
        ("r3", "r3", "c", "2024-01-06", "50", "", "all of it"),
        ("r4", "r4", "c", "2024-01-07", "10", "yes", "10"),
        ("r5", "r5", "c", "2024-01-08", "-5", "", "5"),
        ("l1", "o1", "d", "2024-01-06", "1", "", ""),
        ("l2", "o1", "d", "2024-01-06", "2", "", ""),
        ("l1", "o2", "d", "2024-01-07", "3", "", ""),
        ("l1", "o2", "d", "2024-01-07", "3", "", ""),
    ]
    text = "".join(
        ",".join('"' + field.replace('"', '""') + '"' for field in row) + "\n" for row in rows
    )
    path.write_text(text)
    result = run_dbt(
        *("build", "--exclude-resource-type", "unit_test"),
        variables={
            "modules": [],
            "transactions": str(path),
            "timezone": "America/New_York",
            "gross_margin": 0.35,
            "transaction_columns": {
                "line_id": "line",
                "order_id": "order",
                "customer_id": "client",
                "transacted_at": "at",
                "amount": "total",
                "is_return": "back",
                "refunded_amount": "refund",
            },
        },
        database=directory / "lines.duckdb",
    )
    assert result.exit_code == 0, result.output
    return result


def test_money_is_read_as_people_write_it_and_never_guessed(spelled):
    lines = kept_lines(spelled)
    for number, (text, amount) in enumerate(MONEY.items()):
        found, reason = lines[f"m{number}"][3], lines[f"m{number}"][5]
        assert found == (None if amount is None else Decimal(amount)), text
        assert reason == (None if amount else "invalid_amount"), text


def test_iso_8601_is_read_in_all_its_spellings_and_zones_are_honoured(spelled):
    lines = kept_lines(spelled)
    for number, (text, moment) in enumerate(MOMENTS.items()):
        found, reason = lines[f"t{number}"][2], lines[f"t{number}"][5]
        assert found == moment, text
        assert reason == (None if moment else "invalid_timestamp"), text


def test_a_flag_is_yes_or_no_or_a_line_with_a_reason(spelled):
    lines = kept_lines(spelled)
    for number, (text, flag) in enumerate(FLAGS.items()):
        *_, is_return, reason = lines[f"f{number}"]
        assert is_return == bool(flag), text
        assert reason == ("invalid_flag" if flag is None else None), text


def test_nobody_is_no_customer_and_a_float_is_no_other_one(spelled):
    lines = kept_lines(spelled)
    assert {lines[f"n{number}"][5] for number in range(len(NOBODY))} == {"missing_customer"}
    ids = {(lines[f"s{i}"][0], lines[f"s{i}"][1]) for i in range(len(SAME)) if f"s{i}" in lines}
    assert ids == {("13085", "13085")}
    assert {row for (row,) in spelled.rows("select customer_id from customers")} == {
        "a", "b", "c", "d", "13085",
    }  # fmt: skip


def test_refunds_are_taken_off_and_a_refunded_order_is_no_gift(spelled):
    found = spelled.rows(
        "select customer_id, order_count, net_revenue from customers "
        "where customer_id in ('b', 'c') order by customer_id"
    )
    # What went back by a return went back once.
    assert found == [("b", 1, Decimal(100)), ("c", 1, Decimal(30 - 10 - 5))]
    assert kept_lines(spelled)["r3"][5] == "invalid_amount"


def test_a_line_number_of_an_order_is_found_and_said(spelled):
    found = spelled.row("select order_count, net_revenue from customers where customer_id = 'd'")
    assert found == (2, Decimal(6))
    assert "line_id is unique in its order" in spelled.output
    counts = dict(
        spelled.rows(
            "select exclusion_reason, row_count from excluded_rows where input = 'transactions'"
        )
    )
    # l1 of o2 twice; the four spellings of one order id are four line ids.
    assert counts["duplicate_line"] == 1
    assert counts["conflicting_line"] == 0


LINE_IDS = {"customer_id": "c", "transacted_at": "2024-01-05", "line_id": "1", "amount": "5"}


@pytest.mark.parametrize("has_orders", [False, True], ids=["without orders", "with orders"])
def test_line_ids_that_identify_nothing_get_a_sentence(dbt, tmp_path, has_orders):
    """The same line number with another amount: of the log, or even of one order."""
    lines = [{**LINE_IDS, "amount": str(5 + number)} for number in range(4)]
    if has_orders:
        lines = [{**line, "order_id": "o1"} for line in lines]
    path = tmp_path / "lines.csv"
    path.write_text("\n".join(",".join(line) for line in [lines[0], *map(dict.values, lines)]))
    result = dbt(
        *("run", "--select", "+int_customer_value__line_totals"),
        variables={"modules": [], "transactions": str(path)},
    )
    assert result.exit_code != 0
    sentence = "The column mapped to line_id, line_id, has an id of another line "
    sentence += "of the order in 3 of 4 lines" if has_orders else "in 3 of 4 lines"
    assert sentence in " ".join(result.output.split())


def test_line_ids_of_a_model_without_a_map_are_judged_too(dbt, tmp_path):
    """Its columns are known only once it is built: one line number of every order is sound."""
    project = copy_project(tmp_path / "project")
    model = project / "models" / "shop_lines.sql"
    model.write_text(
        "\nunion all ".join(
            f"select 'c' as customer_id, date '2024-01-05' as transacted_at, 'o{order}' as "
            f"order_id, {line} as line_id, {order + line} as amount"
            for order in range(3)
            for line in range(3)
        )
    )

    def run():
        return dbt(
            *("run", "--select", "+int_customer_value__line_totals"),
            variables={"modules": [], "transactions": "ref:shop_lines"},
            project=project,
            target=tmp_path / "target",
        )

    result = run()
    assert result.exit_code == 0, result.output
    assert result.rows("select line_count, amount from main_internal.int_line_totals") == [
        (9, Decimal(18))
    ]
    model.write_text(model.read_text().replace("'o1'", "'o0'").replace("'o2'", "'o0'"))
    result = run()
    assert result.exit_code != 0
    assert "has an id of another line of the order in 6 of 9 lines" in " ".join(
        result.output.split()
    )


def test_the_values_that_could_not_be_read_are_shown(spelled):
    (examples,) = spelled.row(
        "select example_values from excluded_rows where exclusion_reason = 'invalid_flag'"
    )
    assert examples == '"2", "X", "maybe"'


def test_money_of_any_size_and_csv_of_any_kind(built, tmp_path):
    """Files of one glob with other columns, separators and packing; amounts of 10^13."""
    first = "customer_id,transacted_at,quantity,unit_price,currency,note\n" + "".join(
        f"c{number % 50},2024-01-{1 + number % 28:02},1,5,USD,n\n" for number in range(21000)
    )
    # Beyond the first 20,480 rows: a quoted id, a quoted amount, a newline, a doubled quote.
    first += (
        '"c5",2024-02-01,"1,000","1,234.50",USD,n\n'
        'big,2024-02-01,10000000,"1,000,000",USD,"two\nlines"\n'
        'big,2024-02-02,1,99999999999999,USD,"a "" quote"\n'
        "big,2024-02-03,1000000000,1000000000,USD,n\n"
        "foreign,2024-02-03,1,9999999999999,XYZ,n\n"
    )
    (tmp_path / "p1.csv").write_text(first)
    second = "Export of February;;;;\n\ncurrency;unit_price;quantity;transacted_at;customer_id\n"
    second += "USD;7;2;2024-02-01;c6\n"
    (tmp_path / "p2.csv.gz").write_bytes(gzip.compress(second.encode()))
    (tmp_path / "p3.csv").write_text("")
    build = built({"transactions": str(tmp_path / "p*.csv*")}, core_only=True)
    money = dict(
        build.rows(
            "select customer_id, net_revenue from customers where customer_id in "
            "('c5', 'c6', 'big', 'foreign')"
        )
    )
    assert money == {
        "c5": Decimal(420 * 5 + 1234500),
        "c6": Decimal(420 * 5 + 14),
        "big": Decimal(10**13 + 99999999999999),
    }
    counts = dict(
        build.rows(
            "select exclusion_reason, row_count from excluded_rows where input = 'transactions'"
        )
    )
    assert counts["invalid_amount"] == 1
    assert counts["unknown_currency"] == 1
    assert counts["total"] == 21006
    assert "p2.csv.gz is read with semicolons" in build.output
    assert "from its line 3, the header" in build.output
    assert "p3.csv is empty and left out" in build.output


def test_columns_of_dates_are_read_as_they_are_and_one_date_of_2099_moves_nothing(built, tmp_path):
    path = tmp_path / "lines.parquet"
    duckdb.sql(
        "copy (select i as customer_id, date '2024-01-03' + cast(i as int) as transacted_at, "
        "500 as amount from range(1, 21) as r (i) union all "
        f"select 3, date '2099-01-01', 700) to '{path}'"
    )
    build = built(
        {
            "modules": [],
            "transactions": str(path),
            "date_format": "%Y-%d-%m",
            "minor_units": 100,
        }
    )
    assert build.row("select as_of_date, net_revenue from customers where customer_id = '3'") == (
        build.row("select date '2024-01-23', 5.0")[0],
        Decimal(5),
    )
    counts = dict(
        build.rows(
            "select exclusion_reason, row_count from excluded_rows where input = 'transactions'"
        )
    )
    assert (counts["kept"], counts["future_dated"]) == (20, 1)


def test_who_bought_today_is_not_lost_on_the_first_day(built, tmp_path):
    """With no spread in a metric there is no order, and its score is the neutral one."""
    path = tmp_path / "day.csv"
    path.write_text(HEADER + "".join(f"c{number},2024-01-01,25\n" for number in range(10)))
    build = built({"transactions": str(path)}, core_only=True)
    assert build.rows("select distinct rfm_code, segment = 'Lost' from customers") == [
        ("333", False)
    ]


PRINTING = """
{% macro print_readings(lines, dates, names, moments) %}
    {%- set found = {"headers": [], "formats": [], "names": [], "texts": [], "serials": {}} -%}
    {%- for text, wanted in lines -%}
        {%- do found.headers.append(customer_value.csv_header("f", text.split("\\n"), wanted)) -%}
    {%- endfor -%}
    {%- for examples in dates -%}
        {%- do found.formats.append(customer_value.date_format_of(examples)) -%}
    {%- endfor -%}
    {%- for name in names -%}
        {%- do found.names.append(run_query(
            "select " ~ customer_value.quoted_name(name) ~ " from (select 1 as "
            ~ customer_value.quoted_name(name) ~ ")"
        ).column_names[0]) -%}
        {%- do found.texts.append(
            run_query("select " ~ customer_value.quoted_text(name)).columns[0][0]
        ) -%}
    {%- endfor -%}
    {%- for format, text in moments.items() -%}
        {%- do found.serials.update({format: run_query(
            "select cast(" ~ customer_value.parse_timestamp(
                customer_value.quoted_text(text), date_format=format
            ) ~ " as varchar)"
        ).columns[0][0] | string}) -%}
    {%- endfor -%}
    {%- do print(tojson(found)) -%}
{% endmacro %}
"""
HOSTILE = ['Bestell"Datum', "x' or 1=1 --", 'x"||(select 1)||"x', "a;drop table b", "é\\'{{x}}"]
LOOKS = {
    ("13/02/2024", "14/02/2024"): "%d/%m/%Y",
    ("1/31/2024",): "%m/%d/%Y",
    ("01/02/2024",): "%d/%m/%Y or %m/%d/%Y",
    ("31.01.24 23:30",): "%d.%m.%y %H:%M",
    ("1/31/2024 11:30:00 PM",): "%m/%d/%Y %I:%M:%S %p",
    ("Jan 31, 2024",): "%b %d, %Y",
    ("31-Jan-2024",): "%d-%b-%Y",
    ("2024-01-31 11:30 PM",): "%Y-%m-%d %I:%M %p",
    ("1706743800",): "epoch_seconds",
    ("1706743800000",): "epoch_milliseconds",
    ("45322.979",): "spreadsheet_serial",
    ("yesterday",): "",
}
HEADERS = [
    ("Report;;\n\nclient;day;total\na;b;c", ["client", "day"], ["client", "day", "total"], 2, ";"),
    ('"client, id"\t"a ""b"""\tday', ["day"], ["client, id", 'a "b"', "day"], 0, "\t"),
    ("\ufeffid,day,", ["id"], ["id", "day", "column2"], 0, ","),
    ("id|day|x,y", ["id", "day"], ["id", "day", "x,y"], 0, "|"),
    ("foo,bar\n1,2", ["id"], ["foo", "bar"], 0, ","),
]


def test_headers_formats_names_and_serials(tmp_path_factory):
    """One command for the macros that read what a file says about itself."""
    directory = tmp_path_factory.mktemp("readings")
    project = copy_project(directory / "project")
    (project / "macros" / "readings.sql").write_text(PRINTING)
    moments = {
        "epoch_seconds": "1706743800",
        "epoch_milliseconds": "1706743800500",
        "spreadsheet_serial": "45322.979166666664",
        "%d.%m.%Y %H:%M %Z": "31.01.2024 23:30 Europe/Paris",
        "%Y-%m-%d') + interval 1 year --": "2024-01-31') + interval 1 year --",
    }
    result = run_dbt(
        *("--quiet", "run-operation", "print_readings", "--args"),
        json.dumps(
            {
                "lines": [[text, wanted] for text, wanted, *_ in HEADERS],
                "dates": [list(examples) for examples in LOOKS],
                "names": HOSTILE,
                "moments": moments,
            }
        ),
        database=directory / "readings.duckdb",
        project=project,
    )
    assert result.exit_code == 0, result.output
    found = json.loads(result.output.strip().splitlines()[-1])
    for (text, _, names, skipped, separator), header in zip(HEADERS, found["headers"], strict=True):
        assert (header["names"], header["skipped"], header["separator"]) == (
            names,
            skipped,
            separator,
        ), text
    assert found["formats"] == list(LOOKS.values())
    assert found["names"] == found["texts"] == HOSTILE
    assert list(found["serials"].values()) == [
        "2024-01-31 23:30:00",
        "2024-01-31 23:30:00.5",
        "2024-01-31 23:30:00",
        "2024-01-31 22:30:00",
        "2024-01-31 00:00:00",
    ]


# The columns of each input, a line of it, and which of them a hostile header stands for.
INPUTS = {
    "transactions": {"customer_id": "7", "transacted_at": "2024-01-01", "amount": "7"},
    "customer_attributes": {"customer_id": "7", "note": "7"},
    "campaign_contacts": {"customer_id": "7", "campaign_id": "7", "contacted_at": "2024-01-01"},
    "service_activities": {"customer_id": "7", "activity": "7", "performed_at": "2024-01-01"},
    "subscriptions": {
        "subscription_id": "7",
        "customer_id": "7",
        "started_on": "2024-01-01",
        "ended_on": "",
        "amount": "7",
        "billing_interval": "month",
    },
}
HOSTILE_COLUMNS = {
    "transactions": "product_id",
    "campaign_contacts": "campaign_id",
    "service_activities": "activity",
    "subscriptions": "plan",
}


def test_a_hostile_header_table_or_attribute_is_a_name_on_every_input(dbt, tmp_path):
    """The reported header put the content of a local file into the staging view."""
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    evil = f"x\"||(select content from read_text('{secret}'))||\"x"
    attribute = f"x' || (select content from read_text('{secret}')) || 'x"
    variables: dict = {}
    for name, line in INPUTS.items():
        variables[name] = str(tmp_path / f"{name}'s.csv")
        fields = ",".join('"' + field.replace('"', '""') + '"' for field in [*line, evil])
        Path(variables[name]).write_text(f"{fields}\n{','.join(line.values())},harmless\n")
        if name in HOSTILE_COLUMNS:
            map_name = f"{name.rstrip('s').replace('activitie', 'activity')}_columns"
            variables[map_name] = {column: column for column in line} | {
                HOSTILE_COLUMNS[name]: evil
            }
    variables["customer_attribute_columns"] = {
        "customer_id": "customer_id", "note": "note", attribute: evil
    }  # fmt: skip
    # A table may be called as badly as a column.
    table = "x\" as t, (select 'the secret') --"
    with duckdb.connect(str(tmp_path / "test.duckdb")) as connection:
        connection.execute(
            f"""create table "{table.replace('"', '""')}" as """
            f"""from '{variables["campaign_contacts"].replace("'", "''")}'"""
        )
    variables["campaign_contacts"] = f"main.{table}"
    select = [f"stg_customer_value__{name}" for name in INPUTS]
    result = dbt("run", "--select", *select, variables=variables)
    assert result.exit_code == 0, result.output
    views = {name: result.rows(f"select * from main_internal.stg_{name}") for name in INPUTS}
    assert "the secret" not in repr(views)
    assert ("7", attribute, "harmless", None, False) in views["customer_attributes"]
    assert all("harmless" in repr(rows) for rows in views.values())


def test_every_staging_model_reads_its_input_by_the_macros_that_quote():
    """So what holds of one input holds of all; nothing else pastes a column or a relation."""
    specifications = (ROOT / "macros" / "inputs" / "input_specifications.sql").read_text()
    inputs = re.findall(r'^        "(\w+)": \{$', specifications, re.M)
    assert set(INPUTS) < set(inputs)
    reading = re.compile(r"input_column\(columns, \"?\w+\"?\)|input_relation\(\"\w+\"\)")
    mistaken = []
    for name in inputs:
        (path,) = (ROOT / "models").rglob(f"stg_customer_value__{name}.sql")
        text = path.read_text()
        assert f'from {{{{ input_relation("{name}") }}}}' in text
        # What two staging models share stands in a macro.
        typed = ROOT / "macros" / "inputs" / f"typed_{name}.sql"
        text += typed.read_text() if typed.exists() else ""
        rest = re.sub(r'"\w+" in columns|set columns = .*|attribute_names\(columns\)', "", text)
        for line in reading.sub("input_relation", rest).splitlines():
            if re.search(r"\bcolumns\b|\bvar\(|\bfrom \{\{(?! input_relation)", line):
                mistaken.append((name, line.strip()))
    assert mistaken == [("transactions", '{%- set minor_units = var("minor_units") -%}')]


def test_no_var_of_text_enters_sql_unquoted():
    """Every var that may hold any text goes through quoted_text, quoted_words or quoted_name."""
    specifications = (ROOT / "macros" / "checks" / "var_specifications.sql").read_text()
    free = re.findall(r'"(\w+)": \{\s*"kind": "(?:text|list)"', specifications)
    assert {"date_format", "excluded_statuses", "return_order_prefix", "control_variant"} <= set(
        free
    )
    printed = re.compile(r"\{\{\s*var\(\s*\"(\w+)\"\s*\)(?:\s*\|\s*\w+)*\s*\}\}")
    mistaken = []
    for folder in ("models", "macros", "tests"):
        for path in (ROOT / folder).rglob("*.sql"):
            mistaken += [(path.name, n) for n in printed.findall(path.read_text()) if n in free]
    assert mistaken == []
