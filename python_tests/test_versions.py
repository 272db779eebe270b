"""The strict parse and the core on other versions than the locked ones.

`make test-previous` makes the environment of requirements-previous.txt and names its dbt in
CUSTOMER_VALUE_OTHER_DBT; `make test-next` and `make test-dbt2` do the same with theirs. There can
be several behind colons. A dbt 2 downloads its driver of DuckDB, so it parses and lists only, but
where it finds a libduckdb: LD_LIBRARY_PATH=/its/folder make test-dbt2.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import CORE
from helpers import ROOT, run_on_project
from test_fixture import COUNTED, LINES

INSTALLED = [str(ROOT / f".venv-{name}/bin/dbt") for name in ("previous", "next", "dbt2")]
COMMANDS = [
    command
    for command in os.environ.get("CUSTOMER_VALUE_OTHER_DBT", ":".join(INSTALLED)).split(":")
    if Path(command).exists()
]
pytestmark = pytest.mark.skipif(
    not COMMANDS, reason="make test-previous, test-next and test-dbt2 install other versions"
)


def run(command: str, *arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a dbt on this project with its database and artifacts in a directory."""
    return run_on_project(
        *(command, *arguments),
        database=directory / "other.duckdb",
        CUSTOMER_VALUE_LAKE=str(directory / "six.ducklake"),
    )


@pytest.fixture(scope="module", params=COMMANDS, ids=lambda path: str(Path(path).parents[1].name))
def command(request) -> str:
    return request.param


def is_dbt_2(command: str, directory: Path) -> bool:
    words = run(command, "--version", directory=directory).stdout.split()
    return any(word.startswith("2.") for word in words[:4])


def needs_driver_of_dbt_2(command: str, directory: Path) -> None:
    if not is_dbt_2(command, directory):
        pytest.skip("about dbt 2")
    if run(command, "debug", directory=directory).returncode != 0:
        pytest.skip("dbt 2 finds no libduckdb in LD_LIBRARY_PATH")


def six(directory: Path) -> dict:
    """Return the vars for six customers whose log is written into a directory."""
    (directory / "six.csv").write_text(LINES)
    return {**CORE, "transactions": str(directory / "six.csv"), "as_of_date": "2015-02-07"}


def test_it_parses_without_a_warning(command, tmp_path):
    strict = [] if is_dbt_2(command, tmp_path) else ["--warn-error"]
    parsed = run(command, *strict, "parse", "--no-partial-parse", directory=tmp_path)
    assert parsed.returncode == 0, parsed.stdout + parsed.stderr


@pytest.mark.parametrize("modules", [[], ["validation"]], ids=["core", "validation"])
def test_dbt_2_lists_what_it_would_build_with_capabilities_off(command, tmp_path, modules):
    """It resolves more here than where it parses: the metrics of models that are off."""
    if not is_dbt_2(command, tmp_path):
        pytest.skip("dbt-core resolves everything where it parses")
    variables = json.dumps({"modules": modules})
    listed = run(command, "ls", "--vars", variables, directory=tmp_path)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert "customer_value__customers" in listed.stdout


def test_dbt_2_says_at_once_that_it_runs_no_python_models(command, tmp_path):
    needs_driver_of_dbt_2(command, tmp_path)
    built = run(command, "build", "--vars", json.dumps(six(tmp_path)), directory=tmp_path)
    assert built.returncode != 0
    assert "build with python -m runner" in built.stdout + built.stderr
    assert "Succeeded" not in built.stdout


def test_the_core_is_as_counted_by_hand_and_readable_by_the_locked_duckdb(command, tmp_path):
    build: tuple[str, ...]
    if is_dbt_2(command, tmp_path):
        needs_driver_of_dbt_2(command, tmp_path)
        build = (sys.executable, "-m", "runner", "--dbt", command, "--")
    else:
        build = (command, "build", "--exclude-resource-type", "unit_test")
    built = run(*build, "--vars", json.dumps(six(tmp_path)), directory=tmp_path)
    assert built.returncode == 0, built.stdout + built.stderr
    assert "{:" not in built.stdout
    with duckdb.connect(str(tmp_path / "other.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select customer_id, repeat_count, last_purchase_age_days, customer_age_days, "
            "mean_repeat_value, cast(net_revenue as double) from customers order by customer_id"
        ).fetchall()
    assert found == COUNTED
