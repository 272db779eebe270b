"""`dbt build --selector core`: today's scores, without the past and without propensity."""

import re
from functools import cache

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import Build, run_dbt
from helpers import CDNOW_SAMPLE_VARS, read_cdnow_sample, write_cdnow_sample

CORE = ("build", "--selector", "core")
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
            *CORE,
            variables={
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
    # Neither past dates nor challengers of the model in use were looked at.
    assert result.rows(
        "select distinct as_of_role, model from main_internal.fit_purchase_models"
    ) == [("current", "bg_nbd")]
    assert "model_evaluation" not in result.marts()


def test_a_core_on_top_of_a_whole_build_says_nothing_of_the_past(
    cdnow_sample, dbt, texts, tmp_path
):
    """What is stored of the past is of yesterday's data, and is not read."""
    database = tmp_path / cdnow_sample.database.name
    database.write_bytes(cdnow_sample.database.read_bytes())
    result = dbt(*CORE, variables=texts, database=database)
    assert result.exit_code == 0, result.output
    assert result.rows("select distinct previous_segment from customers") == [(None,)]
    # Once the past is built again it is read again.
    again = dbt(
        *(
            "build",
            "--select",
            "+customer_value__customers",
            "--exclude-resource-type",
            "unit_test",
        ),
        variables=texts,
        database=database,
    )
    assert again.exit_code == 0, again.output
    assert again.dump("customers") == cdnow_sample.dump("customers")


def test_numbered_customers_are_those_of_text(core_of, texts, numbers):
    of_texts, of_numbers = core_of("texts", texts), core_of("numbers", numbers)
    kinds = "select typeof(customer_id) from main_internal.stg_transactions limit 1"
    assert of_texts.row(kinds) == ("VARCHAR",)
    assert of_numbers.row(kinds) == ("BIGINT",)
    # The sample writes its ids with leading zeros, which a number has not.
    query = "select * replace (cast(customer_id as int) as customer_id) from customers order by 1"
    assert of_numbers.rows(query) == of_texts.rows(query)


def test_the_unit_tests_hold_where_customers_are_numbered(core_of, dbt, numbers):
    """Their rows have ids that are numbers where tables may hold numbers."""
    tested = dbt(
        *("test", "--select", "test_type:unit,int_customer_value__*transactions*"),
        *(
            "test_type:unit,int_customer_value__customer_totals",
            "test_type:unit,int_customer_value__as_of_dates",
        ),
        variables=numbers,
        database=core_of("numbers", numbers).database,
    )
    assert tested.exit_code == 0, tested.output
    passed = re.search(r"PASS=(\d+)", tested.output)
    assert passed and int(passed[1]) > 10


def test_a_learned_value_needs_the_past_and_says_so(dbt, texts):
    result = dbt(*CORE, variables={**texts, "value_model": "ridge"})
    assert result.exit_code != 0
    assert "value_model: ridge learns from past dates" in result.output
    assert result.marts() == set()


def test_lines_that_are_days_and_netted_lines_add_up_to_the_same(dbt, tmp_path):
    """With an order id for each moment every line is netted; without, only where it must be."""
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
                "+int_customer_value__customer_days",
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
                "select * exclude (is_netted) replace (cast(customer_id as int) as customer_id) "
                "from main_internal.int_customer_totals order by customer_id"
            ),
            "days": result.rows("from main_internal.int_customer_days order by all"),
        }
        netted = result.rows(
            "select is_netted, count(*) from main_internal.int_customer_totals "
            "group by is_netted order by is_netted"
        )
        assert [is_netted for is_netted, _ in netted] == (
            [True] if name == "orders" else [False, True]
        )
        assert all(customer_count > 20 for _, customer_count in netted)
    assert found["purchases"] == found["orders"]
    assert len(found["orders"]["totals"]) > 500
