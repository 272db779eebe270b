"""The logs that the benchmarks simulate: the same purchases in three shapes."""

import subprocess
import sys

import duckdb
import pandas as pd
import pytest
from helpers import ROOT


@pytest.fixture(scope="module")
def logs(tmp_path_factory) -> dict[str, pd.DataFrame]:
    directory = tmp_path_factory.mktemp("simulated")
    found = {}
    for shape in ("bare", "purchases", "lines"):
        folder = directory / shape
        folder.mkdir()
        simulate = [sys.executable, str(ROOT / "benchmarks" / "simulate.py"), "--customers", "500"]
        files = ["--output", str(folder / "a.parquet"), "--last-day", str(folder / "b.parquet")]
        subprocess.run([*simulate, *files, "--shape", shape], check=True, capture_output=True)
        last = duckdb.sql(f"select min(transacted_at) from '{folder}/b.parquet'").fetchall()[0][0]
        before = duckdb.sql(f"select max(transacted_at) from '{folder}/a.parquet'").fetchall()[0][0]
        assert before.date() < last.date()
        found[shape] = duckdb.sql(f"from '{folder}/*.parquet' order by transacted_at").df()
    return found


def test_a_purchase_has_an_order_id_of_its_own(logs):
    purchases = logs["purchases"]
    assert purchases["order_id"].is_unique
    pd.testing.assert_frame_equal(purchases.drop(columns="order_id"), logs["bare"])


def test_the_lines_of_an_order_add_up_to_it(logs):
    lines, purchases = logs["lines"], logs["purchases"].set_index("order_id")
    bought = lines[lines["amount"] >= 0].groupby("order_id")
    assert bought["amount"].sum().round(2).equals(purchases["amount"].sort_index())
    assert (bought["customer_id"].min() == bought["customer_id"].max()).all()
    assert (bought["product_id"].nunique() == bought.size()).all()
    assert bought.size().mean() == pytest.approx(3, abs=0.15)


def test_some_lines_come_back_on_a_later_day_for_what_they_cost(logs):
    lines = logs["lines"]
    returned = lines[lines["amount"] < 0]
    assert len(returned) / len(lines) == pytest.approx(0.02, abs=0.006)
    both = returned.merge(lines[lines["amount"] >= 0], on=["order_id", "product_id"])
    assert len(both) == len(returned)
    assert (both["amount_x"] == -both["amount_y"]).all()
    assert (both["transacted_at_x"].dt.date > both["transacted_at_y"].dt.date).all()
