"""The whole project on a local Spark session, and beside it on DuckDB.

Once on the demo, all of it; and once on CDNOW's sample with every optional input, as far as
those are needed. Needs the extra spark and Java 17: make test-spark.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import Build, run_dbt
from helpers import CDNOW_SAMPLE_VARS, PACKAGE, ROOT, read_cdnow_sample, transaction_marts

pytest.importorskip("pyspark")
pytest.importorskip("dbt.adapters.spark")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("needs Java", allow_module_level=True)

MARTS = transaction_marts()
BUILD = ("build", "--exclude-resource-type", "unit_test")
# What the demo leaves empty or out, or fills from a seed alone, for want of the optional inputs.
MARTS_OF_INPUTS = [
    "attribute_coverage",
    "campaign_audience",
    "campaign_results",
    "cluster_rules",
    "cluster_stability",
    "cluster_tree",
    "concentration",
    "customer_profitability",
    "excluded_rows",
    "experiment_health",
    "experiment_results",
    "probability_evaluation",
    "propensity_fairness",
    "propensity_fits",
    "propensity_importance",
    "propensity_reasons",
    "recurring_revenue_months",
    "recurring_revenue_movements",
    "revenue_retention",
    "rule_performance",
    "segment_attribute_profile",
    "segment_attribute_tests",
    "segment_changes",
    "segment_portrait",
    "segment_stability",
    "subscribers",
    "subscription_fits",
    "subscription_survival",
    "survival_comparison",
    "trial_conversion_evaluation",
    "trial_segments",
]
SELECTED = (
    *("--indirect-selection", "buildable"),
    *(part for mart in MARTS_OF_INPUTS for part in ("--select", f"+{PACKAGE}{mart}")),
)
INPUT_VARS = {
    **CDNOW_SAMPLE_VARS,
    # Late enough that campaigns have a purchase model and a window behind them.
    "holdout_days": 180,
    "transactions": "shop.orders",
    "customer_attributes": "shop.people",
    "service_activities": "shop.service",
    "campaign_contacts": "shop.mailings",
    "subscriptions": "shop.memberships",
    "events": "shop.clicks",
    "trials": "shop.trials",
    "modules": [
        *("history", "validation", "decisions", "propensity", "experiments"),
        *("subscriptions", "audiences", "portraits", "events"),
    ],
}
# Who a customer is must be the same; money and forecasts to the last digits of a double.
RELATIVE = 1e-9


def inputs() -> dict[str, pd.DataFrame]:
    """Return CDNOW's sample, and the optional inputs made up for its customers."""
    orders = read_cdnow_sample()
    everybody = np.sort(orders["customer"].unique())
    random = np.random.default_rng(5)
    count = len(everybody)
    people = pd.DataFrame(
        {
            "customer_id": everybody,
            "region": np.where(random.random(count) < 0.4, "north", "south"),
            "channel": random.choice(np.array(["web", "shop", None], dtype=object), count),
            "note": pd.Series([None] * count, dtype="string"),
        }
    )
    service = pd.DataFrame(
        {
            "customer_id": random.choice(everybody, 3_000),
            "activity": random.choice(["Phone call", "E-mail"], 3_000),
            "performed_at": "1998-01-15",
            "quantity": random.integers(1, 9, 3_000),
        }
    )
    mailings = []
    for campaign, day in {
        "first": "1997-12-01",
        "second": "1998-02-01",
        "third": "1998-03-20",
        "fourth": "1998-05-02",
    }.items():
        is_mailed = random.random(count) < 0.5
        responded = random.random(count) < 0.2 + 0.1 * is_mailed
        is_reached = np.where(random.random(count) < 0.97, is_mailed, True)
        mailings.append(
            pd.DataFrame(
                {
                    "customer_id": everybody,
                    "campaign_id": campaign,
                    "contacted_at": day,
                    "variant": np.where(is_mailed, "mail", "control"),
                    "responded": np.where(responded, "yes", "no"),
                    "response_value": np.where(responded, random.gamma(2, 10, count).round(2), 0.0),
                    "cost": "1.50",
                    "exposed": np.where(is_reached, "true", "false"),
                }
            )
        )
    started = pd.Timestamp("1997-03-01") + pd.to_timedelta(random.integers(0, 300, count), "D")
    lasted = np.ceil(random.exponential(200, count)).astype(int)
    ended = started + pd.to_timedelta(lasted, "D")
    memberships = pd.DataFrame(
        {
            "customer_id": everybody,
            "subscription_id": [f"m{number}" for number in range(count)],
            "started_on": started.strftime("%Y-%m-%d"),
            "ended_on": ended.strftime("%Y-%m-%d").where(ended < pd.Timestamp("1998-06-30")),
            "amount": random.choice(["9.90", "19.90"], count),
            "billing_interval": random.choice(["month", "year"], count),
            "plan": random.choice(["small", "large"], count),
        }
    )
    triers = everybody[:200]
    begun = pd.Timestamp("1998-06-01") + pd.to_timedelta(random.integers(0, 28, 200), "D")
    trials = pd.DataFrame({"customer_id": triers, "trial_started_at": begun.strftime("%Y-%m-%d")})
    clicked = random.integers(0, 200, 4_000)
    moments = begun[clicked] + pd.to_timedelta(random.integers(0, 14 * 86_400, 4_000), "s")
    clicks = pd.DataFrame(
        {
            "event_id": np.arange(4_000) % 3_990,
            "customer_id": triers[clicked],
            "occurred_at": moments.strftime("%Y-%m-%d %H:%M:%S"),
            "event_name": random.choice(["login", "report_built", "page_viewed"], 4_000),
            "feature": random.choice(np.array(["a", "b", "c", None], dtype=object), 4_000),
        }
    )
    strangers = mailings[0].head(2).assign(customer_id=pd.Series(["nobody", None]))
    return {
        "orders": orders,
        "people": people,
        "service": service,
        "mailings": pd.concat([*mailings, strangers], ignore_index=True),
        "memberships": memberships,
        "trials": trials,
        "clicks": clicks[clicks["occurred_at"] < "1998-07-01"],
    }


def run_on_spark(directory: Path, script: str, *arguments: str) -> None:
    """Run a script of this folder whose tables are in the directory, and insist on success."""
    result = subprocess.run(
        [sys.executable, str(Path(__file__).with_name(script)), *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "CUSTOMER_VALUE_SPARK_DIR": str(directory / "warehouse"),
            "DBT_PROFILES_DIR": str(ROOT),
            "DBT_TARGET_PATH": str(directory / "target"),
            "DBT_LOG_PATH": str(directory),
            "DBT_USE_COLORS": "false",
        },
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """The inputs as parquet files."""
    directory = tmp_path_factory.mktemp("inputs")
    paths = {name: directory / f"{name}.parquet" for name in inputs()}
    for name, frame in inputs().items():
        duckdb.from_df(frame).write_parquet(str(paths[name]))
    return paths


@pytest.fixture(scope="module")
def on_spark(tmp_path_factory) -> Path:
    """Build and test the demo on Spark; return where its tables are."""
    directory = tmp_path_factory.mktemp("spark")
    run_on_spark(directory, "spark_dbt.py", *BUILD, "--target", "spark")
    return directory / "warehouse" / "customer_value.db"


@pytest.fixture(scope="module")
def on_duckdb(shared_build) -> Build:
    return shared_build("demo_beside_spark")


@pytest.fixture(scope="module")
def inputs_on_spark(tmp_path_factory, files) -> Path:
    """Build and test what the optional inputs fill on Spark; return where its tables are."""
    directory = tmp_path_factory.mktemp("spark_inputs")
    run_on_spark(directory, "spark_tables.py", "shop", *map(str, files.values()))
    command = [*BUILD, *SELECTED, "--target", "spark", "--vars", json.dumps(INPUT_VARS)]
    run_on_spark(directory, "spark_dbt.py", *command)
    return directory / "warehouse" / "customer_value.db"


@pytest.fixture(scope="module")
def inputs_on_duckdb(tmp_path_factory, files) -> Build:
    database = tmp_path_factory.mktemp("duckdb_inputs") / "inputs.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.sql("create schema shop")
        for name, path in files.items():
            connection.sql(f"create table shop.{name} as from '{path}'")
    result = run_dbt(*BUILD, *SELECTED, variables=INPUT_VARS, database=database)
    assert result.exit_code == 0, result.output
    return result


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Order the rows by everything but the doubles, which may differ in the last bits.

    The level of an interval is given, and equal on every engine.
    """
    keys = [str(column) for column in frame if frame[column].dtype.kind != "f" or column == "level"]
    return frame.sort_values(keys, ignore_index=True) if keys else frame


def compare(spark: Path, build: Build, mart: str) -> pd.DataFrame:
    expected = build.frame(f"select * from {mart}")
    found = duckdb.sql(f"select * from read_parquet('{spark}/{mart}/*.parquet')").df()
    assert list(found) == list(expected)
    pd.testing.assert_frame_equal(
        ordered(found), ordered(expected), check_dtype=False, rtol=RELATIVE, atol=0
    )
    return found


@pytest.mark.parametrize("mart", MARTS)
def test_spark_gives_what_duckdb_gives(on_spark, on_duckdb, mart):
    compare(on_spark, on_duckdb, mart)


@pytest.mark.parametrize("mart", [*MARTS_OF_INPUTS, "customers"])
def test_spark_gives_what_duckdb_gives_of_the_optional_inputs(
    inputs_on_spark, inputs_on_duckdb, mart
):
    assert len(compare(inputs_on_spark, inputs_on_duckdb, mart)) > 0
