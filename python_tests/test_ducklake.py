"""The core in a DuckLake, where DuckDB has the extension."""

import json
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from conftest import CORE
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
def test_six_customers_are_in_the_lake_as_counted_by_hand(tmp_path):
    (tmp_path / "six.csv").write_text(LINES)
    variables = {**CORE, "transactions": str(tmp_path / "six.csv"), "as_of_date": "2015-02-07"}
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
        found = connection.execute(
            "select customer_id, net_revenue from lake.main.customers order by customer_id"
        ).fetchall()
    assert found == [(row[0], Decimal(row[-1])) for row in COUNTED]
