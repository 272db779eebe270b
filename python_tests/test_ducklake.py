"""The core and the history in a DuckLake, where DuckDB's extension is at hand.

`make test-lake` installs the extension as a wheel, beside the DuckDB that it was built for.
"""

import importlib.util
import json
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from test_fixture import COUNTED, LINES
from test_versions import run


def extension() -> Path | None:
    """Return the file of the extension for this DuckDB, of the wheel or of an earlier install."""
    (version,) = duckdb.connect().execute("select version()").fetchall()[0]
    found = importlib.util.find_spec("duckdb_extension_ducklake")
    places = [Path.home() / ".duckdb" / "extensions"]
    if found is not None and found.origin is not None:
        places.insert(0, Path(found.origin).parent / "extensions")
    files = [file for place in places for file in place.glob(f"{version}/**/ducklake.*_extension")]
    return files[0] if files else None


pytestmark = pytest.mark.skipif(
    extension() is None, reason="make test-lake installs DuckDB's extension ducklake"
)


@pytest.fixture
def connection(tmp_path, monkeypatch) -> duckdb.DuckDBPyConnection:
    """A connection with the extension, which dbt finds installed in a home of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    connection = duckdb.connect()
    connection.execute(f"set home_directory = '{tmp_path}'")
    connection.execute(f"install '{extension()}'")
    connection.execute("load ducklake")
    return connection


@pytest.fixture
def built(tmp_path, connection) -> Callable[..., list[tuple]]:
    """A function that builds from lines into the lake and answers a query there."""

    def build(lines: str, query: str) -> list[tuple]:
        (tmp_path / "six.csv").write_text(lines)
        variables = {
            "modules": ["history"],
            "transactions": str(tmp_path / "six.csv"),
            "as_of_date": "2015-02-07",
        }
        command = run(
            str(Path(sys.executable).with_name("dbt")),
            *("build", "--exclude-resource-type", "unit_test", "--target", "lake"),
            *("--vars", json.dumps(variables)),
            directory=tmp_path,
        )
        assert command.returncode == 0, command.stdout + command.stderr
        connection.execute(f"attach 'ducklake:{tmp_path / 'six.ducklake'}' as lake (read_only)")
        rows = connection.execute(query).fetchall()
        connection.execute("detach lake")
        return rows

    return build


def test_six_customers_are_in_the_lake_as_counted_by_hand_and_a_later_build_corrects_the_past(
    built,
):
    found = built(
        LINES, "select customer_id, net_revenue from lake.main.customers order by customer_id"
    )
    assert found == [(row[0], Decimal(row[-1])) for row in COUNTED]

    # 43 in all; a line of January brought 7 and not 5.
    months = "select month_start_date, net_revenue from lake.main.monthly_kpis order by all"
    assert built(LINES.replace("3,2015-01-05,5", "3,2015-01-05,7"), months) == [
        (date(2015, 1, 1), Decimal(32)),
        (date(2015, 2, 1), Decimal(13)),
    ]
