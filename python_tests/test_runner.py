"""Python models fitted between the runs of a dbt that runs SQL only."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from conftest import CORE, Build
from helpers import ROOT, run_on_project
from test_fixture import COUNTED, LINES


@pytest.fixture(scope="module")
def runner():
    spec = importlib.util.spec_from_file_location("runner_main", ROOT / "runner" / "__main__.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def node(name: str, *parents: str, suffix: str = "sql") -> dict:
    return {
        "name": name,
        "original_file_path": f"models/{name}.{suffix}",
        "depends_on": {"nodes": list(parents)},
    }


def test_each_model_comes_behind_what_it_reads(runner):
    nodes = {
        "staged": node("staged", "seed"),
        "fit": node("fit", "staged", suffix="py"),
        "scored": node("scored", "fit", suffix="py"),
        "beside": node("beside", "staged"),
        "mart": node("mart", "scored", "beside"),
        "refit": node("refit", "mart", suffix="py"),
    }
    assert runner.waves(nodes) == [
        (["staged", "beside"], ["fit", "scored"]),
        (["mart"], ["refit"]),
    ]


def test_models_that_read_each_other_get_a_sentence(runner):
    circle = {"a": node("a", "b"), "b": node("b", "a")}
    with pytest.raises(ValueError, match="depend on each other in a circle"):
        runner.waves(circle)


def test_six_customers_come_out_as_counted_by_hand(tmp_path):
    """The project's own dbt plays the part of one that runs SQL only: it is given no Python."""
    (tmp_path / "six.csv").write_text(LINES)
    database = tmp_path / "six.duckdb"
    variables = {**CORE, "transactions": str(tmp_path / "six.csv"), "as_of_date": "2015-02-07"}
    dbt = Path(sys.executable).with_name("dbt")
    result = run_on_project(
        *(sys.executable, "-m", "runner", "--dbt", str(dbt), "--database", str(database)),
        *("--", "--vars", json.dumps(variables)),
        database=database,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "python table model" not in result.stdout
    build = Build(result.returncode, result.stdout, database)
    found = build.rows(
        "select customer_id, repeat_count, last_purchase_age_days, customer_age_days, "
        "mean_repeat_value, cast(net_revenue as double) from customers order by customer_id"
    )
    assert found == COUNTED
    # Every test passed, so the copy for readers is there, too.
    assert "tested nothing" not in result.stdout
    assert (tmp_path / "six_published" / "current" / "marts.duckdb").exists()
