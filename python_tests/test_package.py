"""The project inside somebody else's, and its commands from somewhere else."""

import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from conftest import Build, build_arguments, run_dbt
from helpers import ROOT, copy_project
from test_fixture import COUNTED, LINES


@pytest.fixture(scope="module")
def consumer(tmp_path_factory) -> Build:
    """A project that installs a copy of this one, as its packages.yml says: two folders up."""
    directory = tmp_path_factory.mktemp("installed")
    package = copy_project(directory / "customer_value")
    project = package / "python_tests" / "consumer_project"
    shutil.copytree(ROOT / "python_tests" / "consumer_project", project)
    database = directory / "web_shop.duckdb"
    deps = run_dbt("deps", database=database, project=project)
    assert deps.exit_code == 0, deps.output
    build = run_dbt(*build_arguments(), database=database, project=project)
    assert build.exit_code == 0, build.output
    return build


def test_the_consumer_finds_its_customers_in_its_own_schema(consumer):
    """Six paid buyers, one of whom had everything reversed on the day."""
    found = consumer.rows(
        "select customer_id, net_revenue from shop_customer_value.customers order by all"
    )
    assert found == [
        ("anna", Decimal("156.5")),
        ("bela", Decimal(15)),
        ("cleo", Decimal(200)),
        ("dora", Decimal("22.5")),
        ("emil", Decimal("99.99")),
    ]


def test_the_consumers_own_model_reads_the_mart(consumer):
    found = consumer.rows("select customer_id from shop.best_customers order by all")
    assert found == [("anna",), ("cleo",)]


def test_the_consumers_marts_are_published_beside_its_database(consumer):
    file = consumer.database.parent / "web_shop_published" / "current" / "marts.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.execute("select count(*) from customers").fetchall()
    assert found == [(5,)]


def test_what_is_no_mart_stays_out_of_the_consumers_schema(consumer):
    tables = consumer.rows(
        "select table_name from duckdb_tables() where schema_name = 'shop_customer_value'"
    )
    names = {name for (name,) in tables}
    assert {"customers", "segment_profile", "excluded_rows"} <= names
    assert not {name for name in names if name.startswith(("stg_", "int_", "fit_", "score_"))}


def test_the_dbt_command_works_from_any_directory(tmp_path):
    """The plain executable, as a user types it, with the project elsewhere."""
    project = copy_project(tmp_path / "project")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "six.csv").write_text(LINES)
    ours = ("CUSTOMER_VALUE_DB", "DBT_TARGET_PATH", "DBT_LOG_PATH", "DBT_PROFILES_DIR")
    result = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            *build_arguments(),
            *("--project-dir", str(project), "--profiles-dir", str(project)),
            *("--vars", "{modules: [], transactions: six.csv, as_of_date: '2015-02-07'}"),
        ],
        cwd=elsewhere,
        env={name: value for name, value in os.environ.items() if name not in ours},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    # By default the database is a file where dbt is run, as relative inputs are.
    with duckdb.connect(str(elsewhere / "customer_value.duckdb"), read_only=True) as connection:
        found = connection.execute("select customer_id from customers order by all").fetchall()
    assert [name for (name,) in found] == [row[0] for row in COUNTED]


def test_the_documentation_is_one_file(demo, tmp_path):
    # dbt opens the database to write, which would lock out the tests that read it meanwhile.
    database = Path(shutil.copy(demo.database, tmp_path))
    result = run_dbt("docs", "generate", "--static", database=database, target=tmp_path)
    assert result.exit_code == 0, result.output
    page = (tmp_path / "static_index.html").read_text()
    assert "lifetime_value_365d" in page
    # The lineage is drawn from these, from the input to what people look at.
    assert '"child_map"' in page
    assert '"exposure.customer_value.published_file"' in page
