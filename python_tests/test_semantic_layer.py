"""Metrics asked of the semantic layer, against SQL over the marts."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import Build, run_dbt
from helpers import copy_project

pytest.importorskip("dbt_metricflow", reason="the extra `semantic` is not installed")

# One process for all queries: it takes seconds to start, and a query takes tenths of one.
ASK = """
import json, sys
from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

configuration = CLIConfiguration()
configuration.setup(configure_file_logging=False)
for query in json.load(sys.stdin):
    request = MetricFlowQueryRequest.create(**query)
    table = configuration.mf.query(mf_request=request).result_df
    rows = [[str(value) for value in row] for row in table.rows]
    print(json.dumps({"columns": list(table.column_names), "rows": rows}))
"""

BY_PERSON = """
    select {group}, count(*) as customers,
        count(case when repeat_count > 0 then 1 end) / count(*) as repeat_rate,
        sum(net_revenue) as revenue, sum(order_count) as orders,
        sum(net_revenue) / nullif(sum(order_count), 0) as average_order_value,
        sum(lifetime_value_365d) as predicted_value,
        sum(case when segment in ('Need Attention', 'About To Sleep', 'At Risk',
            'Cannot Lose Them') then lifetime_value_365d else 0 end) as value_at_risk
    from customers group by 1
"""
PERSON_METRICS = (
    "customers repeat_rate revenue orders average_order_value predicted_value value_at_risk"
)
# metrics, what to group them by, and the same from the marts.
QUERIES = {
    "segment": (PERSON_METRICS, "customer__segment", BY_PERSON.format(group="segment")),
    "cluster": (PERSON_METRICS, "customer__cluster_name", BY_PERSON.format(group="cluster_name")),
    "tier": (PERSON_METRICS, "customer__value_tier", BY_PERSON.format(group="value_tier")),
    "cohort": (
        PERSON_METRICS,
        "customer__cohort__month",
        BY_PERSON.format(group="date_trunc('month', first_purchase_date)"),
    ),
    "profile": (
        "customers revenue average_order_value predicted_value",
        "customer__segment",
        "select segment, customer_count, net_revenue, average_order_value, lifetime_value_365d "
        "from segment_profile where customer_count > 0",
    ),
    "month": (
        "revenue orders active_customers average_order_value",
        "metric_time__month",
        "select month_start_date, net_revenue, order_count, active_customer_count, "
        "average_order_value from monthly_kpis",
    ),
    "retention": (
        "retention_rate",
        "metric_time__month",
        "select month_start_date, retention_rate from monthly_kpis",
    ),
    "cohort retention": (
        "cohort_retention_rate",
        "cohort_month__acquisition_month__month cohort_month__months_since",
        "select cohort_start_date, months_since, case when is_complete then retention_share end "
        "from cohort_retention",
    ),
}


def prefixed(metrics: str) -> list[str]:
    """Return the names that dbt knows the metrics by."""
    return [f"customer_value_{metric}" for metric in metrics.split()]


@pytest.fixture(scope="module")
def shop(cdnow_sample, tmp_path_factory) -> Build:
    """A copy of the project and of a built database, parsed: MetricFlow reads its target/."""
    directory = tmp_path_factory.mktemp("semantic")
    database = directory / "semantic.duckdb"
    project = copy_project(directory / "project")
    # dbt opens it for writing, which would shut the other tests out.
    shutil.copy(cdnow_sample.database, database)
    build = run_dbt("parse", database=database, project=project, target=project / "target")
    assert build.exit_code == 0, build.output
    return build


def metricflow(shop: Build, *command: str, given: str = "") -> str:
    """Run a command in the project, with its database, and return what it prints."""
    project = shop.database.parent / "project"
    names = ("DBT_TARGET_PATH", "DBT_LOG_PATH", "DBT_PROJECT_DIR")
    result = subprocess.run(
        command,
        input=given,
        cwd=project,
        env={
            **{name: value for name, value in os.environ.items() if name not in names},
            "CUSTOMER_VALUE_DB": str(shop.database),
            "DBT_PROFILES_DIR": str(project),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def answers(shop) -> dict[str, pd.DataFrame]:
    """The answer to each of QUERIES."""
    asked = [
        {"metric_names": prefixed(metrics), "group_by_names": groups.split()}
        for metrics, groups, _ in QUERIES.values()
    ]
    output = metricflow(shop, sys.executable, "-c", ASK, given=json.dumps(asked))
    found = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    frames = [pd.DataFrame(answer["rows"], columns=answer["columns"]) for answer in found]
    return dict(zip(QUERIES, frames, strict=True))


def keys_of(values) -> tuple[str, ...]:
    return tuple(str(value).removesuffix(" 00:00:00") for value in values)


def numbers_of(values) -> list[float]:
    return [float("nan") if str(value) in ("None", "nan") else float(value) for value in values]


@pytest.mark.parametrize("name", QUERIES)
def test_a_metric_is_what_the_marts_say(shop, answers, name):
    metrics, groups, query = QUERIES[name]
    answer, keys = answers[name], groups.split()
    found = {keys_of(row[keys]): numbers_of(row[prefixed(metrics)]) for _, row in answer.iterrows()}
    expected = {keys_of(row[: len(keys)]): numbers_of(row[len(keys) :]) for row in shop.rows(query)}
    assert len(expected) > 2
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        assert found[key] == pytest.approx(values, rel=1e-6, nan_ok=True), key


def test_metricflow_accepts_the_metrics_and_the_columns_behind_them(shop):
    output = metricflow(shop, str(Path(sys.executable).with_name("mf")), "validate-configs")
    assert "Successfully validated metrics against data warehouse" in output
    assert "ERRORS: 0, FUTURE_ERRORS: 0, WARNINGS: 0" in output
