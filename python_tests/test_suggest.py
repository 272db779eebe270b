"""The suggested vars: what they map, that they build, and what make does with them."""

import os
import re
import subprocess
from pathlib import Path

import duckdb
import pytest
import yaml
from helpers import ROOT, copy_macros, reasons_of_the_list

THREE = """\
who,bought,paid
anna,31/01/2024,12.50
ben,01/02/2024,8.00
anna,14/02/2024,"1,020.00"
,15/02/2024,3
cara,16/02/2024,free
"""
RETAIL = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
536366,71053,LANTERN,6,12/13/2010 8:28,3.39,17850,United Kingdom
C536379,D,Discount,-1,12/1/2010 9:41,27.5,14527,United Kingdom
"""


@pytest.fixture(scope="module")
def macros(tmp_path_factory) -> Path:
    return copy_macros(tmp_path_factory.mktemp("suggest") / "project")


@pytest.fixture
def suggest(dbt, macros):
    """Return a function that suggests vars for an input, as text."""

    def run(value: str) -> str:
        result = dbt(
            *("--quiet", "run-operation", "suggest_vars"),
            variables={"transactions": value},
            project=macros,
        )
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_three_columns_whose_names_say_nothing_are_read_by_their_content(suggest, dbt, tmp_path):
    csv = tmp_path / "orders.csv"
    csv.write_text(THREE)
    printed = suggest(str(csv))
    variables = yaml.safe_load(printed)
    assert variables == {
        "transactions": str(csv),
        "transaction_columns": {"customer_id": "who", "transacted_at": "bought", "amount": "paid"},
        "date_format": "%d/%m/%Y",
    }
    assert "# 4 of 5 filled, 3 different" in printed
    assert "# A build leaves out 1 of 5 lines as missing_customer" in printed
    assert '# A build leaves out 1 of 5 lines as invalid_amount, such as "free"' in printed
    result = dbt(
        *("run", "--select", "+int_customer_value__line_totals"),
        variables={"modules": [], **variables},
    )
    assert result.exit_code == 0, result.output
    assert sorted(
        result.rows("select exclusion_reason, line_count from main_internal.int_line_totals")
    ) == [("invalid_amount", 1), ("kept", 3), ("missing_customer", 1)]


def test_names_tell_the_columns_of_an_export_and_returns_are_noticed(suggest, tmp_path):
    """Also from a table, whose types the text of a csv has lost."""
    with duckdb.connect(str(tmp_path / "test.duckdb")) as connection:
        (tmp_path / "retail.csv").write_text(RETAIL)
        connection.execute(f"create table retail as from '{tmp_path / 'retail.csv'}'")
    expected = {
        "customer_id": "CustomerID",
        "transacted_at": "InvoiceDate",
        "quantity": "Quantity",
        "unit_price": "UnitPrice",
        "order_id": "InvoiceNo",
        "product_id": "StockCode",
    }
    from_csv = suggest(str(tmp_path / "retail.csv"))
    assert yaml.safe_load(from_csv)["transaction_columns"] == expected
    assert yaml.safe_load(from_csv)["date_format"] == "%m/%d/%Y %H:%M"
    assert "# return_order_prefix: C" in from_csv
    from_table = suggest("main.retail")
    assert yaml.safe_load(from_table)["transaction_columns"] == expected


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("when,who,paid\n01/02/2024,a,1\n03/04/2024,b,2\n", "is the day or the month first?"),
        ("colour,shape\nred,round\n", "# MISSING: no column looks like amount"),
        ('customer,date,total\na,2024-01-31,"1.0,5"\nb,2024-01-31,2\n', 'such as "1.0,5"'),
    ],
    ids=["ambiguous", "no log", "no number"],
)
def test_what_cannot_be_told_is_asked(suggest, tmp_path, content, sentence):
    csv = tmp_path / "orders.csv"
    csv.write_text(content)
    printed = suggest(str(csv))
    assert sentence in printed
    assert yaml.safe_load(printed)["transactions"] == str(csv)


def test_a_decimal_comma_is_seen_by_what_it_makes_readable(suggest, tmp_path):
    csv = tmp_path / "orders.csv"
    csv.write_text(
        "customer;date;quantity;price\na;2024-01-31;2;1.234,50\nb;2024-02-01;1;0,99\nc;2024-02-02;1;3\n"
    )
    printed = suggest(str(csv))
    variables = yaml.safe_load(printed)
    assert variables["decimal_separator"] == ","
    assert variables["transaction_columns"]["unit_price"] == "price"
    assert "# 3 of 3 numbers can be read" in printed
    assert "# A build can read all lines." in printed


STRIPE = """\
id,created,customer,amount,amount_refunded,refunded,status,is_return
ch_1,1706743800,cus_1,10.00,0,false,succeeded,
ch_2,1706843800,cus_2,20.00,20.00,true,succeeded,N
ch_3,1706843801,,20.00,0,false,succeeded,
ch_4,later,cus_2,20.00,0,false,succeeded,
ch_5,1706843803,cus_2,20.00,some,false,succeeded,
ch_6,1706843804,cus_2,1_000,0,false,succeeded,
ch_7,1706843805,cus_2,20.00,0,false,succeeded,maybe
"""


def test_an_export_with_epochs_refunds_and_every_reason(suggest, tmp_path):
    """What a build counts is counted, and what only a build can tell is named."""
    csv = tmp_path / "charges.csv"
    csv.write_text(STRIPE)
    printed = suggest(str(csv))
    variables = yaml.safe_load(printed)
    assert variables["transaction_columns"] == {
        "customer_id": "customer",
        "transacted_at": "created",
        "amount": "amount",
        "refunded_amount": "amount_refunded",
        "status": "status",
        "is_return": "is_return",
    }
    assert variables["date_format"] == "epoch_seconds"
    assert "# refunded does not fit is_return" in printed
    for sentence in [
        "1 of 7 lines as missing_customer",
        '1 of 7 lines as invalid_timestamp, such as "later"',
        '2 of 7 lines as invalid_amount, such as "1_000 less 0", "20.00 less some"',
        '1 of 7 lines as invalid_flag, such as "maybe"',
    ]:
        assert f"# A build leaves out {sentence}" in printed
    # Nothing is excluded by default, so that the two reasons of vars have no lines.
    reasons = set(reasons_of_the_list()["transactions"])
    named = set(re.findall(r"\w+", printed))
    assert reasons - named == {"excluded_status", "excluded_product"}


@pytest.mark.parametrize(
    ("content", "date_format"),
    [
        ("customer,day,total\n44000,45322,10\n44001,45323.75,20\n", "spreadsheet_serial"),
        ("who,bought,paid\na,1706743800000,5\nb,1706743900000,6\n", "epoch_milliseconds"),
        ("a1,b2,c3\n45322,45400,3\n45323,45401,4\n", None),
    ],
    ids=["serials", "milliseconds", "two candidates"],
)
def test_numbers_that_are_dates_are_told_from_ids(suggest, tmp_path, content, date_format):
    csv = tmp_path / "orders.csv"
    csv.write_text(content)
    printed = suggest(str(csv))
    variables = yaml.safe_load(printed)
    names = content.splitlines()[0].split(",")
    if date_format:
        assert list(variables["transaction_columns"].values()) == names
        assert variables["date_format"] == date_format
    else:
        assert "# If a1 is the date, its date_format is spreadsheet_serial." in printed
        assert "date_format" not in variables


@pytest.mark.parametrize("column", ["Order date", "Moment"], ids=["a known name", "another"])
def test_dates_written_in_two_ways_are_said_with_the_share_of_each(suggest, tmp_path, column):
    csv = tmp_path / "orders.csv"
    dates = ["2024-01-31"] * 6 + ["31/01/2024"] * 3 + ["13/02/2024", "soon"]
    csv.write_text(
        f"Customer,{column},Total,Status,Note\n" + "".join(f"a,{d},1,,\n" for d in dates)
    )
    printed = suggest(str(csv))
    assert "date_format" not in yaml.safe_load(printed)
    assert (
        f"# CHECK: {column} is written in more than one way: ISO 8601 reads 6 of 11 dates, and "
        "%d/%m/%Y 4 others. A build reads one way only"
    ) in printed
    if column == "Moment":
        assert "# If Moment is the date, it is in ISO 8601 and needs no date_format." in printed
    else:
        assert "# A build leaves out 5 of 11 lines as invalid_timestamp" in printed


def test_an_impossible_date_is_no_second_way_of_writing_dates(suggest, tmp_path):
    csv = tmp_path / "orders.csv"
    dates = ["31.01.2024"] * 6 + ["31.02.2024"]
    csv.write_text("customer,date,total\n" + "".join(f"a,{d},1\n" for d in dates))
    printed = suggest(str(csv))
    assert "in more than one way" not in printed
    assert (
        "# CHECK: date has dates that are not calendar dates, or lie outside 1900 to 2261, "
        "such as 31.02.2024"
    ) in printed


NUMBERED = "{order},Line,Customer,Ordered,Total\n" + "".join(
    f"{'R' if number % 7 == 0 else 'S'}{number},{line},c{number % 9},2024-01-{number % 28 + 1:02},"
    f"{'-' if number % 7 == 0 else ''}5\n"
    for number in range(1, 40)
    for line in (1, 2)
)


@pytest.mark.parametrize("name", ["Order No", "Order Nr.", "Order #", "Invoice #", "invoice_nr"])
def test_a_number_of_an_order_is_known_by_its_usual_names(suggest, tmp_path, name):
    csv = tmp_path / "orders.csv"
    csv.write_text(NUMBERED.replace("{order}", name))
    printed = suggest(str(csv))
    assert yaml.safe_load(printed)["transaction_columns"] == {
        "customer_id": "Customer",
        "transacted_at": "Ordered",
        "amount": "Total",
        "order_id": name,
        "line_id": "Line",
    }
    assert "# return_order_prefix: R" in printed
    assert "Not read" not in printed


def test_an_input_that_is_not_there_gets_a_sentence(dbt, tmp_path):
    missing = str(tmp_path / "orders.csv")
    for value, sentence in {
        "": "There is no input to inspect",
        missing: "There is no file",
    }.items():
        result = dbt("run-operation", "suggest_vars", variables={"transactions": value})
        assert result.exit_code != 0
        assert sentence in result.output


@pytest.mark.parametrize("line", [1, 50], ids=["first lines", "later lines"])
@pytest.mark.parametrize(
    ("encoding", "advice"),
    [("latin-1", "iconv -f windows-1252"), ("utf-8", "in the var encoding")],
)
def test_text_that_the_encoding_does_not_read_gets_advice_that_is_not_followed_yet(
    dbt, macros, tmp_path, line, encoding, advice
):
    """A shop's euro sign in windows-1252 is a byte that DuckDB's latin-1 has not."""
    csv = tmp_path / "orders.csv"
    lines = ["who,bought,paid", *["José,2024-01-31,12.50"] * 60]
    lines[line] = "Zoë,2024-01-31,€12.50"
    csv.write_bytes("\n".join(lines).encode("cp1252"))
    variables = {"transactions": str(csv), "encoding": encoding}
    result = dbt("run-operation", "suggest_vars", variables=variables, project=macros)
    assert result.exit_code != 0
    said = " ".join(result.output.split())
    assert f"no {encoding} text" in said
    assert advice in said
    assert ("often latin-1" in said) == (encoding == "utf-8")
    csv.write_bytes("\n".join(lines).replace("€", "").encode("latin-1"))
    variables["encoding"] = "latin-1"
    assert not dbt("run-operation", "suggest_vars", variables=variables, project=macros).exit_code


@pytest.fixture
def make(tmp_path):
    """Return a function that runs make with a dbt that prints what it was called with."""
    binaries = tmp_path / "venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "dbt").write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    (binaries / "dbt").chmod(0o755)
    (tmp_path / "venv" / "build.stamp").touch()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", "--no-print-directory", "-f", str(ROOT / "Makefile"), *arguments]
            + [f"VENV={tmp_path / 'venv'}"],
            cwd=tmp_path,
            env={**os.environ, "MAKEFLAGS": ""},
            capture_output=True,
            text=True,
            check=False,
        )

    (tmp_path / "requirements.txt").touch()
    os.utime(tmp_path / "requirements.txt", (0, 0))
    return run


def test_make_saves_a_suggestion_and_builds_with_what_was_saved(make, tmp_path):
    unsaved = make("build", "FILE=my orders.csv")
    assert unsaved.returncode != 0
    assert "There is no my orders.csv.vars.yml" in unsaved.stderr
    shown = make("suggest", "FILE=my orders.csv")
    assert shown.stdout.startswith('--quiet|run-operation|suggest_vars|--vars|{transactions: "my o')
    assert not Path(tmp_path / "my orders.csv.vars.yml").exists()
    assert make("suggest", "FILE=my orders.csv", "SAVE=1").returncode == 0
    saved = tmp_path / "my orders.csv.vars.yml"
    assert saved.read_text() == shown.stdout
    again = make("suggest", "FILE=my orders.csv", "SAVE=1")
    assert "is there already: delete it" in again.stderr
    saved.write_text("# Looked over.\ntransactions: my orders.csv\n")
    built = make("build", "FILE=my orders.csv")
    assert "|--vars|# Looked over.\ntransactions: my orders.csv|" in built.stdout
    assert "Name a file or a table" in make("suggest").stderr


@pytest.mark.parametrize("end", ["\n", "\r", "\x85", "\u2028", "\u2029"])
def test_no_value_of_the_input_becomes_a_var(suggest, tmp_path, end):
    """What ends a line for YAML ends a comment, and a header or a status may hold it."""
    parquet = tmp_path / "orders.parquet"
    duckdb.sql(
        f"copy (select 'anna' as customer, '2024-01-31' as date, 12.5 as amount, "
        f"'paid{end}modules: []' as status, 1 as \"other{end}published_path: evil\") to '{parquet}'"
    )
    found = yaml.safe_load(suggest(str(parquet)))
    assert not {"modules", "published_path"} & set(found)
    assert found["transactions"] == str(parquet)
