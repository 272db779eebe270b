"""The core and the history in a DuckLake, where DuckDB has the extension."""

import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from test_fixture import COUNTED, LINES
from test_versions import run


def has_ducklake() -> bool:
    """Return whether the extension is installed; dbt would otherwise download it."""
    try:
        duckdb.connect().execute("load ducklake")
    except duckdb.Error:
        return False
    return True


@pytest.mark.skipif(not has_ducklake(), reason="DuckDB's extension ducklake is not installed")
def test_six_customers_are_in_the_lake_as_counted_by_hand_and_a_later_build_corrects_the_past(
    tmp_path,
):
    def built(lines: str, query: str) -> list[tuple]:
        (tmp_path / "six.csv").write_text(lines)
        variables = {
            "modules": ["history"],
            "transactions": str(tmp_path / "six.csv"),
            "as_of_date": "2015-02-07",
        }
        build = run(
            str(Path(sys.executable).with_name("dbt")),
            *("build", "--exclude-resource-type", "unit_test", "--target", "lake"),
            *("--vars", json.dumps(variables)),
            directory=tmp_path,
        )
        assert build.returncode == 0, build.stdout + build.stderr
        with duckdb.connect() as connection:
            connection.execute("load ducklake")
            connection.execute(f"attach 'ducklake:{tmp_path / 'six.ducklake'}' as lake (read_only)")
            return connection.execute(query).fetchall()

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
