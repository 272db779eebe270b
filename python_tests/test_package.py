"""The project inside somebody else's, and its commands from somewhere else."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from conftest import CORE, Build, build_arguments, run_dbt
from helpers import ROOT, copy_project, mart_names, run_on_project
from test_fixture import COUNTED, LINES


@pytest.fixture(scope="module")
def consumer_folder(tmp_path_factory) -> Path:
    """The folder of somebody's project, inside a copy of this one."""
    package = copy_project(tmp_path_factory.mktemp("installed") / "customer_value")
    project = package / "python_tests" / "consumer_project"
    return Path(shutil.copytree(ROOT / "python_tests" / "consumer_project", project))


@pytest.fixture(scope="module")
def installed(consumer_folder) -> Callable[..., Build]:
    """A function that runs dbt in a project that has installed a copy of this one.

    Its models, seeds, macros, metric and time spine have names of ours.
    """
    directory = consumer_folder.parents[2]

    def run(*arguments: str, name: str = "web_shop", variables: dict | None = None) -> Build:
        return run_dbt(
            *arguments,
            database=directory / f"{name}.duckdb",
            project=consumer_folder,
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


def test_a_build_with_metrics_in_another_project_gets_a_sentence(installed):
    """Dbt itself would not find their semantic models; the command of the page does."""
    variables = {"semantic_layer": "metrics"}
    # What an earlier dbt parse left would be read as it is.
    listed = installed("ls", "--no-partial-parse", variables=variables)
    assert listed.exit_code != 0
    said = " ".join(listed.output.split())
    assert (
        "semantic_layer is metrics, and dbt-core 1.12 cannot build the metrics of an installed"
        in said
    )
    (command,) = re.findall(r"(dbt parse --vars '.*?')", said)
    assert command in (ROOT / "docs" / "as_a_package.md").read_text()


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


def test_the_customers_with_what_they_read_are_built_on_an_empty_database(installed):
    build = installed(
        *build_arguments(),
        *("--select", "+customer_value__customers"),
        variables=CORE,
        name="customers",
    )
    assert build.exit_code == 0, build.output
    assert build.row("select count(*) from shop_customer_value.customers") == (5,)
    assert "assert_kept_amount_is_customer_revenue tested nothing" in build.output


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
        """balance_transaction_id,charge_id,customer_id,balance_transaction_created_at,\
balance_transaction_amount,balance_transaction_currency,balance_transaction_type
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
def test_the_examples_of_connectors_are_read_as_documented(installed, consumer_folder, model):
    """The vars are those of docs/as_a_package.md, word for word."""
    rows, expected = CONNECTORS[model]
    page = (ROOT / "docs" / "as_a_package.md").read_text()
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.S)]
    (variables,) = (
        block["vars"]["customer_value"]
        for block in blocks
        if block.get("vars", {}).get("customer_value", {}).get("transactions") == f"ref:{model}"
    )
    (consumer_folder / "seeds" / f"{model}.csv").write_text(rows)
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


@pytest.fixture
def configured(consumer_folder) -> Iterator[Callable[[dict], None]]:
    """A function that adds to the consumer's dbt_project.yml for one test."""
    file = consumer_folder / "dbt_project.yml"
    text = file.read_text()

    def configure(additions: dict) -> None:
        settings = yaml.safe_load(text)
        for key, addition in additions.items():
            settings[key] = {**settings.get(key, {}), **addition}
        file.write_text(yaml.safe_dump(settings))

    yield configure
    file.write_text(text)


def test_modules_exposures_and_contracts_can_be_left_out_from_outside(installed, configured):
    """By the settings of docs/as_a_package.md, word for word."""
    page = (ROOT / "docs" / "as_a_package.md").read_text()
    (block,) = re.findall(r"```yaml\n([^`]*exposures:[^`]*)```", page)
    settings = yaml.safe_load(block)
    variables = settings.pop("vars")["customer_value"]
    assert variables == {"modules": ["history"]}
    configured(settings)
    parsed = installed("parse", variables=variables)
    assert parsed.exit_code == 0, parsed.output
    manifest = json.loads((parsed.database.parent / "target" / "manifest.json").read_text())
    ours = [n for n in manifest["nodes"].values() if n["package_name"] == "customer_value"]
    names = {node["name"] for node in ours if node["resource_type"] == "model"}
    assert {"customer_value__customers", "customer_value__migration"} <= names
    assert not names & {f"customer_value__{table}" for table in mart_names("decisions")}
    assert {e["package_name"] for e in manifest["exposures"].values()} == {"web_shop"}
    assert not [node["name"] for node in ours if node["config"].get("contract", {}).get("enforced")]


def test_what_is_no_mart_is_refused_to_the_consumers_models(installed, consumer_folder):
    """In dbt's words, which the page of troubles has."""
    model = consumer_folder / "models" / "days.sql"
    model.write_text("select * from {{ ref('int_customer_value__customer_days') }}")
    parsed = installed("parse")
    model.unlink()
    assert parsed.exit_code != 0
    words = "which is not allowed because the referenced node is protected"
    assert words in " ".join(parsed.output.split())
    assert words in (ROOT / "docs" / "troubleshooting.md").read_text()


def test_the_dispatched_macros_stay_ours_as_documented(consumer_folder):
    """Where they would not, the shop's default__try_cast stops every command."""
    page = (ROOT / "docs" / "as_a_package.md").read_text()
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.S)]
    (dispatch,) = (block["dispatch"] for block in blocks if "dispatch" in block)
    settings = yaml.safe_load((consumer_folder / "dbt_project.yml").read_text())
    assert settings["dispatch"] == dispatch
    assert "default__try_cast" in (consumer_folder / "macros" / "shop.sql").read_text()


@pytest.mark.parametrize("setting", [{"+materialized": "table"}, {"+full_refresh": True}])
def test_what_cannot_be_built_again_is_not_begun_anew(installed, configured, setting):
    """Dbt prefers the settings of the root project to those of the model."""
    configured({"models": {"customer_value": setting}})
    modules = {"modules": ["history", "audiences", "events"]}
    for table in ("audience_changes", "customer_traits", "trial_segment_changes"):
        model = f"customer_value__{table}"
        compiled = installed("compile", "--select", model, variables=modules)
        assert compiled.exit_code != 0
        said = " ".join(compiled.output.split())
        assert (
            f"{table} keeps a history that cannot be rebuilt, and this build would restart" in said
        )


def test_a_module_is_not_left_out_by_its_folder(installed, configured):
    """Which tables there are follows from the var alone; the page of troubles has dbt's words."""
    configured({"models": {"customer_value": {"decisions": {"+enabled": False}}}})
    parsed = installed("parse")
    assert parsed.exit_code != 0
    said = re.search(r"depends on a node named '\w+' which is disabled", parsed.output)
    assert said is not None, parsed.output
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    assert "`depends on a node named ... which is disabled`" in page


def test_the_dry_run_of_the_documentation_runs_python_before_the_first_build(tmp_path):
    """What a runtime lacks is said: a library, or Python models at all, as in dbt 2."""
    page = (ROOT / "docs" / "engines.md").read_text()
    (command,) = re.findall(r"^dbt (build --empty .*) --target prod$", page, re.M)
    (tmp_path / "six.csv").write_text(LINES)

    def dry_run(version: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        dbt = "import dbt.context.base as base\n"
        dbt += f"base.dbt_version = '{version}' or base.dbt_version\n"
        dbt += "from dbt.cli.main import cli\ncli()"
        return run_on_project(
            *(sys.executable, "-c", dbt, *command.split()),
            *("--vars", json.dumps({"transactions": str(tmp_path / "six.csv")})),
            database=tmp_path / "dry.duckdb",
            **environment,
        )

    passed = dry_run()
    assert passed.returncode == 0, passed.stdout
    with duckdb.connect(str(tmp_path / "dry.duckdb"), read_only=True) as connection:
        counts = connection.execute(
            "select (select count(*) from model_parameters), "
            "(select count(*) from main_internal.fit_forecast_models)"
        ).fetchall()
    assert counts == [(0, 0)]

    (tmp_path / "lacking" / "scipy").mkdir(parents=True)
    (tmp_path / "lacking" / "scipy" / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'scipy'\")"
    )
    failed = dry_run(PYTHONPATH=str(tmp_path / "lacking"))
    assert failed.returncode != 0
    assert "No module named 'scipy'" in failed.stdout

    refused = dry_run(version="2.0.0")
    assert refused.returncode != 0
    sentence = "dbt 2.0.0 runs no Python models on DuckDB, and this command selects 1, such as "
    assert f"{sentence}fit_forecast_models: build with python -m runner" in " ".join(
        refused.stdout.split()
    )
    assert "START sql" not in refused.stdout


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
