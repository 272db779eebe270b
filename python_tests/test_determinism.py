"""The same input gives the same tables, whatever the order of its rows."""

import subprocess
import sys

import duckdb
import pytest
import yaml
from conftest import ONLINE_RETAIL, ONLINE_RETAIL_VARS, run_dbt
from helpers import (
    CDNOW_SAMPLE_VARS,
    ROOT,
    copy_project,
    read_cdnow_sample,
    transaction_marts,
    write_cdnow_sample,
)

MARTS = transaction_marts()


@pytest.fixture(scope="module")
def shuffled_sample(shared_build, tmp_path_factory):
    csv = tmp_path_factory.mktemp("shuffled") / "sample.csv"
    write_cdnow_sample(csv, read_cdnow_sample().sample(frac=1, random_state=3))
    return shared_build("cdnow_shuffled", {"transactions": str(csv), **CDNOW_SAMPLE_VARS})


@pytest.fixture(scope="module")
def shuffled_retail(shared_build, tmp_path_factory):
    """Half a million rows: enough for DuckDB to read them with several threads."""
    if not ONLINE_RETAIL.exists():
        pytest.skip("needs the UCI Online Retail file beside the project")
    parquet = tmp_path_factory.mktemp("retail") / "shuffled.parquet"
    duckdb.sql(
        f"copy (select * from '{ONLINE_RETAIL}' order by "
        f"md5(concat_ws('-', InvoiceNo, StockCode, Quantity, UnitPrice))) to '{parquet}'"
    )
    return shared_build(
        "online_retail_shuffled", {"transactions": str(parquet), **ONLINE_RETAIL_VARS}
    )


@pytest.mark.parametrize("mart", MARTS)
def test_two_builds_of_one_input_are_identical(cdnow_sample, rebuilt_sample, mart):
    assert rebuilt_sample.dump(mart) == cdnow_sample.dump(mart)


@pytest.mark.parametrize("mart", MARTS)
def test_shuffled_rows_make_no_difference(cdnow_sample, shuffled_sample, mart):
    assert shuffled_sample.dump(mart) == cdnow_sample.dump(mart)


@pytest.mark.parametrize("mart", MARTS)
def test_shuffled_rows_of_a_large_input_make_no_difference(online_retail, shuffled_retail, mart):
    assert shuffled_retail.dump(mart) == online_retail.dump(mart)


def test_a_dump_holds_every_customer(cdnow_sample):
    assert cdnow_sample.dump("customers").count("datetime.date(1998, 6, 30)") >= 2357


@pytest.fixture(scope="module")
def simulated_log(tmp_path_factory):
    """Enough rows for several threads: DuckDB gives each 122,880 of them."""
    parquet = tmp_path_factory.mktemp("simulated") / "transactions.parquet"
    simulate = [sys.executable, str(ROOT / "benchmarks" / "simulate.py")]
    command = [*simulate, "--customers", "60000", "--output", str(parquet)]
    subprocess.run(command, check=True, capture_output=True)
    return parquet


def test_threads_and_memory_change_no_value(simulated_log, tmp_path):
    """The 400 MB make DuckDB go to disk; with 200 it gives up, with 300 at times."""
    project = copy_project(tmp_path / "project")
    profiles = yaml.safe_load((project / "profiles.yml").read_text())
    settings = profiles["customer_value"]["outputs"]["dev"]["settings"]

    def dumps(name: str, threads: int, memory: str) -> dict[str, tuple[int, str]]:
        settings.update(threads=threads, memory_limit=memory)
        (project / "profiles.yml").write_text(yaml.safe_dump(profiles))
        built = run_dbt(
            *("build", "--threads", str(threads)),
            *("--exclude-resource-types", "test", "unit_test"),
            variables={"transactions": str(simulated_log)},
            database=tmp_path / f"{name}.duckdb",
            project=project,
        )
        assert built.exit_code == 0, built.output
        return {
            mart: built.row(
                f"select count(*), md5(string_agg(md5(mart::text), '' order by md5(mart::text))) "
                f"from {mart} as mart"
            )
            for mart in MARTS
        }

    in_memory = dumps("eight", 8, "4GB")
    assert in_memory["customers"][0] == 60_000
    assert dumps("one", 1, "400MB") == in_memory
