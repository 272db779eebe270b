"""The project inside somebody else's, and its commands from somewhere else."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from conftest import Build, build_arguments, run_dbt
from helpers import ROOT, copy_project
from test_fixture import COUNTED, LINES


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Callable[..., Build]:
    """A function that runs dbt in a project that has installed a copy of this one.

    Its models, seeds, macros, metric and time spine have names of ours.
    """
    directory = tmp_path_factory.mktemp("installed")
    package = copy_project(directory / "customer_value")
    project = package / "python_tests" / "consumer_project"
    shutil.copytree(ROOT / "python_tests" / "consumer_project", project)

    def run(*arguments: str, name: str = "web_shop", variables: dict | None = None) -> Build:
        return run_dbt(
            *arguments,
            database=directory / f"{name}.duckdb",
            project=project,
            variables=variables,
            target=directory / "target",
        )

    deps = run("deps")
    assert deps.exit_code == 0, deps.output
    return run


@pytest.fixture(scope="module")
def consumer(installed) -> Build:
    build = installed(*build_arguments())
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


def test_tables_with_one_name_are_side_by_side(consumer):
    """Neither project reads the other's models, seeds and macros for its own."""
    theirs = consumer.rows("select * from shop.customers order by all")
    assert theirs[0] == ("anna", 3)
    assert len(theirs) == 6  # fred counts for them, who has no purchase day
    assert consumer.rows("select segment, buyer_count from shop.segments") == [("theirs", 6)]
    assert consumer.rows("select * from shop.exchange_rates") == [("EUR", "USD")]
    ours = consumer.row("select sum(customer_count) from shop_customer_value.segment_profile")
    assert ours == (5,)
    named = consumer.row(
        "select count(*) from shop_customer_value_internal.segments where segment = 'Champions'"
    )
    assert named == (1,)
    days = consumer.row("select min(calendar_date) from shop_customer_value.calendar")
    assert days == (date(2024, 1, 1),)


def test_a_replaced_seed_is_read_checked_and_described_by_the_consumer(consumer):
    manifest = json.loads((consumer.database.parent / "target" / "manifest.json").read_text())
    nodes = manifest["nodes"]
    seed = "seed.web_shop.customer_value__exchange_rates"
    lines = nodes["model.customer_value.int_customer_value__transactions_classified"]
    assert seed in lines["depends_on"]["nodes"]
    assert nodes[seed]["description"] == "The rates that the shop's treasury keeps."
    (check,) = (node for node in nodes.values() if node["name"] == "exchange_rates_rows_are_sound")
    assert check["depends_on"]["nodes"] == [seed]


def test_our_descriptions_are_ours_and_theirs_are_theirs(consumer):
    manifest = json.loads((consumer.database.parent / "target" / "manifest.json").read_text())
    nodes = manifest["nodes"]
    word = "Theirs: a word of the shop."
    assert nodes["model.web_shop.customers"]["description"] == word
    columns = nodes["model.customer_value.customer_value__customers"]["columns"]
    assert columns["segment"]["description"] not in ("", word)


def test_the_consumers_metric_and_time_spine_are_alone_unless_ours_are_asked_for(installed):
    def names(**variables) -> tuple[set[str], list[str]]:
        parsed = installed("parse", variables=variables)
        assert parsed.exit_code == 0, parsed.output
        path = parsed.database.parent / "target" / "semantic_manifest.json"
        semantic = json.loads(path.read_text())
        spines = semantic["project_configuration"]["time_spines"]
        return (
            {metric["name"] for metric in semantic["metrics"]},
            [spine["node_relation"]["alias"] for spine in spines],
        )

    assert names() == ({"revenue"}, ["calendar"])
    metrics, spines = names(semantic_layer="metrics")
    assert {"revenue", "customer_value_revenue", "customer_value_value_at_risk"} <= metrics
    assert len(spines) == 1


def test_one_mart_with_what_it_reads_is_built_on_an_empty_database(installed):
    """Dbt selects each test that has one of the tables; others of its tables are not there."""
    build = installed(
        *build_arguments(), "--select", "+customer_value__excluded_rows", name="one_mart"
    )
    assert build.exit_code == 0, build.output
    assert "excluded_rows" in build.output
    sentence = "assert_kept_amount_is_customer_revenue tested nothing, since this command did not"
    assert sentence in build.output
    assert "assert_input_is_kept_or_excluded tested nothing" not in build.output


# Made rows with the columns of the connectors' packages, and what is kept of them at the rates
# of the consumer's own seed: 1 for EUR, 0.9 for USD.
CONNECTORS = {
    "shopify__orders": (
        """order_id,customer_id,processed_timestamp,order_adjusted_total,currency,financial_status
4501,77001,2024-02-03 10:15:00,50.00,USD,paid
4502,77001,2024-03-09 18:40:12,0.00,USD,refunded
4503,77002,2024-03-11 09:01:44,20.00,EUR,partially_refunded
4504,,2024-03-12 12:00:00,15.00,USD,paid
4505,77002,2024-04-01 08:30:00,99.00,USD,voided
""",
        {"kept": 65.0, "missing_customer": 13.5, "excluded_status": 89.1, "total": 167.6},
    ),
    "stripe__balance_transactions": (
        """balance_transaction_id,charge_id,customer_id,created_at,amount,currency,type
txn_1,ch_1,cus_A,2024-01-05 10:00:00,40.00,usd,charge
txn_2,ch_1,cus_A,2024-01-09 11:00:00,-10.00,usd,refund
txn_3,ch_2,cus_B,2024-02-01 09:30:00,30.00,eur,charge
txn_4,,,2024-02-05 00:00:00,-55.00,usd,payout
txn_2,ch_1,cus_A,2024-01-09 11:00:00,-10.00,usd,refund
""",
        {"kept": 57.0, "missing_customer": -49.5, "duplicate_line": -9.0, "total": -1.5},
    ),
}


@pytest.mark.parametrize("model", CONNECTORS)
def test_the_examples_of_connectors_are_read_as_documented(installed, model):
    """The vars are those of docs/as_a_package.md, word for word."""
    rows, expected = CONNECTORS[model]
    page = (ROOT / "docs" / "as_a_package.md").read_text()
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.S)]
    (variables,) = (
        block["vars"]["customer_value"]
        for block in blocks
        if block.get("vars", {}).get("customer_value", {}).get("transactions") == f"ref:{model}"
    )
    project = installed("deps").database.parent / "customer_value/python_tests/consumer_project"
    (project / "seeds" / f"{model}.csv").write_text(rows)
    build = installed(
        *build_arguments(),
        "--select",
        "+customer_value__excluded_rows",
        variables=variables,
        name=model,
    )
    assert build.exit_code == 0, build.output
    found = build.rows(
        "select exclusion_reason, amount from shop_customer_value.excluded_rows "
        "where input = 'transactions' and row_count > 0"
    )
    assert {reason: float(amount) for reason, amount in found} == pytest.approx(expected)


def test_any_project_can_select_the_core(installed):
    listed = installed(
        "--quiet", "ls", "--resource-type", "model", "--select", "customer_value.core"
    )
    assert listed.exit_code == 0, listed.output
    found = {line.rpartition(".")[2] for line in listed.output.splitlines() if line}
    core = {path.stem for path in (ROOT / "models" / "core").rglob("*__*.sql")}
    assert "customer_value__customers" in found
    assert found - {path.stem for path in (ROOT / "models" / "core").rglob("*.py")} <= core


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
