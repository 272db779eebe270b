"""`modules: []`: today's scores, without the past and without any other capability."""

import re
from functools import cache

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import CORE, Build, build_arguments, run_dbt
from helpers import (
    CDNOW_SAMPLE_VARS,
    PACKAGE,
    mart_names,
    read_cdnow_sample,
    write_cdnow_sample,
)

CAPABILITIES = ("history", "validation", "decisions", "propensity", "experiments")
LEFT_OUT = ("previous_segment", "segment_changed_since", "purchase_propensity_90d")


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    csv = tmp_path_factory.mktemp("texts") / "sample.csv"
    write_cdnow_sample(csv)
    return {"transactions": str(csv), **CDNOW_SAMPLE_VARS}


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """The same lines as a warehouse might hold them: ids, dates and amounts with types."""
    parquet = tmp_path_factory.mktemp("numbers") / "sample.parquet"
    sample = read_cdnow_sample()
    duckdb.sql(
        "copy (select cast(customer as bigint) as customer, strptime(date, '%Y%m%d') as date, "
        f"cast(cds as int) as cds, cast(dollars as double) as dollars from sample) to '{parquet}'"
    )
    assert len(sample) == 6919
    return {"transactions": str(parquet), **CDNOW_SAMPLE_VARS, "date_format": ""}


@pytest.fixture(scope="module")
def core_of(tmp_path_factory):
    """Return a function that builds the core of an input once for this module."""

    @cache
    def build(name: str, transactions: str, date_format: str) -> Build:
        result = run_dbt(
            *build_arguments(),
            variables={
                **CORE,
                **CDNOW_SAMPLE_VARS,
                "transactions": transactions,
                "date_format": date_format,
            },
            database=tmp_path_factory.mktemp(name) / f"{name}.duckdb",
        )
        assert result.exit_code == 0, result.output
        return result

    return lambda name, given: build(name, given["transactions"], given["date_format"])


def test_the_core_gives_the_scores_of_the_whole_build(cdnow_sample, core_of, texts):
    result = core_of("texts", texts)
    scores = f"select * exclude ({', '.join(LEFT_OUT)}) from customers order by customer_id"
    assert result.rows(scores) == cdnow_sample.rows(scores)
    assert result.rows(f"select distinct {', '.join(LEFT_OUT)} from customers") == [
        (None, *result.row("select max(as_of_date) from customers"), None)
    ]
    # No challenger of the model in use was looked at, and no past date but the corrections'.
    assert set(
        result.rows(
            "select distinct as_of_role, model, replicate from main_internal.fit_forecast_models "
            "where model != 'gamma_gamma'"
        )
    ) == {
        ("current", "bg_nbd", 0),
        *((role, "mbg_nbd", 0) for role in ("current", "current_1", "current_2", "current_3")),
    }
    assert "model_evaluation" not in result.marts()


def test_what_a_capability_means_depends_on_no_command(cdnow_sample, dbt, texts, tmp_path):
    """A core on top of a whole build: a mart is that of the whole build, or there is a sentence."""
    database = tmp_path / cdnow_sample.database.name
    database.write_bytes(cdnow_sample.database.read_bytes())
    core = dbt(*build_arguments(), variables={**CORE, **texts}, database=database)
    assert core.exit_code == 0, core.output
    assert core.rows("select distinct previous_segment from customers") == [(None,)]
    (leftover,) = [line for line in core.output.splitlines() if "earlier build" in line]
    optional = {mart for name in CAPABILITIES for mart in mart_names(name)}
    assert {mart for mart in optional if re.search(rf"\b{mart}\b", leftover)} == optional
    assert not re.search(r"\bcustomers\b", leftover)

    migration = ("run", "--select", f"{PACKAGE}migration_stability")
    alone = dbt(*migration, variables=texts, database=database)
    assert alone.exit_code != 0
    assert "The core in this database was built with modules: []" in alone.output
    assert alone.dump("migration_stability") == cdnow_sample.dump("migration_stability")

    again = dbt(
        *("build", "--select", f"+{PACKAGE}customers", "--exclude-resource-type", "unit_test"),
        variables=texts,
        database=database,
    )
    assert again.exit_code == 0, again.output
    assert again.dump("customers") == cdnow_sample.dump("customers")
    marts = [f"{PACKAGE}{mart}" for mart in sorted(optional)]
    by_themselves = dbt("run", "--select", *marts, variables=texts, database=database)
    assert by_themselves.exit_code == 0, by_themselves.output
    for mart in sorted(optional):
        assert by_themselves.dump(mart) == cdnow_sample.dump(mart), mart


def test_the_published_copy_holds_the_marts_that_are_on(core_of, texts):
    core = core_of("texts", texts)
    folder = core.database.with_name(f"{core.database.stem}_published") / "current"
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as published:
        tables = {name for (name,) in published.execute("show tables").fetchall()}
    assert tables - {"publication"} == core.marts()
    assert core.marts() == set(mart_names("core")) - {"attribute_coverage"}


def test_the_selector_core_is_the_project_without_capabilities(dbt):
    def models(*arguments) -> set[str]:
        result = dbt(
            *("ls", "--quiet", "--resource-type", "model", *arguments), variables={"modules": []}
        )
        assert result.exit_code == 0, result.output
        return set(result.output.split())

    whole = models()
    published = {name for name in whole if ".publication." in name}
    assert len(published) == 2
    assert models("--selector", "core") == whole - published
    # 35 that make and score the customers, and twelve for the warnings, the corrected forecast,
    # groups that are fitted apart, and who has lapsed.
    assert len(whole - published) <= 47


@pytest.mark.parametrize(
    ("modules", "sentence"),
    [
        (["history", "loyalty"], "names loyalty, which is not a capability"),
        (["decisions"], "names decisions, which needs history"),
        ("history", "it must be a list of history, validation"),
        (None, "it must be a list of history, validation"),
    ],
)
def test_capabilities_that_cannot_be_built_get_a_sentence(dbt, modules, sentence):
    result = dbt(
        "run", "--select", "int_customer_value__as_of_dates", variables={"modules": modules}
    )
    assert result.exit_code != 0
    assert sentence in " ".join(result.output.split())
    assert result.marts() == set()


def test_numbered_customers_are_those_of_text(core_of, texts, numbers):
    of_texts, of_numbers = core_of("texts", texts), core_of("numbers", numbers)
    kinds = "select typeof(customer_id) from main_internal.stg_transactions limit 1"
    assert of_texts.row(kinds) == of_numbers.row(kinds) == ("VARCHAR",)
    # The sample writes its ids with leading zeros, which a number has not.
    query = "select * replace (cast(customer_id as int) as customer_id) from customers order by 1"
    assert of_numbers.rows(query) == of_texts.rows(query)


def test_moments_are_orders_where_there_are_no_order_ids(dbt, tmp_path):
    """A log with an order id for each moment of a customer says the same as one without."""
    random = np.random.default_rng(20050501)
    line_count = 3000
    log = pd.DataFrame(
        {
            "customer_id": random.integers(1, 700, line_count),
            "transacted_at": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(random.integers(0, 200, line_count), unit="D")
            + pd.to_timedelta(random.choice([9, 17], line_count), unit="h"),
            "amount": random.choice([-20.0, 0.0, 5.5, 10.0, 20.0, 20.0, 35.25], line_count),
        }
    )
    orders = log["customer_id"].astype(str) + " " + log["transacted_at"].astype(str)
    found = {}
    for name, lines in {"purchases": log, "orders": log.assign(order_id=orders)}.items():
        parquet = tmp_path / f"{name}.parquet"
        lines.to_parquet(parquet)
        result = dbt(
            *(
                "build",
                "--select",
                "+int_customer_value__customer_totals",
                "--indirect-selection",
                "buildable",
            ),
            *("--exclude-resource-type", "unit_test"),
            variables={"transactions": str(parquet), "drop_identical_lines": False},
            database=tmp_path / f"{name}.duckdb",
        )
        assert result.exit_code == 0, result.output
        found[name] = {
            "totals": result.rows(
                "select * from main_internal.int_customer_totals order by customer_id"
            ),
            "days": result.rows("from main_internal.int_customer_days order by all"),
        }
    assert found["purchases"] == found["orders"]
    assert len(found["orders"]["totals"]) > 500
