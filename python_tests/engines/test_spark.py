"""The whole project on a local Spark session, and beside it on DuckDB.

Needs the extra spark and Java 17: make test-spark.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from helpers import ROOT

pytest.importorskip("pyspark")
pytest.importorskip("dbt.adapters.spark")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("needs Java", allow_module_level=True)

MARTS = sorted(path.stem for path in (ROOT / "models" / "marts").rglob("*.sql"))
# Who a customer is must be the same; money and forecasts to the last digits of a double.
RELATIVE = 1e-9


@pytest.fixture(scope="module")
def on_spark(tmp_path_factory) -> Path:
    """Build and test the demo on Spark; return where its tables are."""
    directory = tmp_path_factory.mktemp("spark")
    result = subprocess.run(
        [
            *(sys.executable, str(Path(__file__).with_name("spark_dbt.py"))),
            *("build", "--target", "spark", "--exclude-resource-type", "unit_test"),
            *("--target-path", str(directory / "target"), "--log-path", str(directory)),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "CUSTOMER_VALUE_SPARK_DIR": str(directory / "warehouse"),
            "DBT_PROFILES_DIR": str(ROOT),
            "DBT_USE_COLORS": "false",
        },
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
    return directory / "warehouse" / "customer_value.db"


@pytest.fixture(scope="module")
def on_duckdb(shared_build):
    return shared_build("demo_beside_spark")


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Order the rows by everything but the doubles, which may differ in the last bits."""
    keys = [str(column) for column in frame if frame[column].dtype.kind != "f"]
    return frame.sort_values(keys, ignore_index=True) if keys else frame


@pytest.mark.parametrize("mart", MARTS)
def test_spark_gives_what_duckdb_gives(on_spark, on_duckdb, mart):
    expected = on_duckdb.frame(f"select * from {mart}")
    found = duckdb.sql(f"select * from read_parquet('{on_spark}/{mart}/*.parquet')").df()
    assert list(found) == list(expected)
    pd.testing.assert_frame_equal(
        ordered(found), ordered(expected), check_dtype=False, rtol=RELATIVE, atol=0
    )
