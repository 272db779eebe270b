"""Bad input gets one sentence that names what is wrong, and leaves no half-built mart."""

from pathlib import Path

import duckdb
import numpy as np
import pytest
from test_fixture import LINES

HEADER = "customer_id,transacted_at,amount\n"
USABLE = HEADER + "a,2024-01-01,10\na,2024-02-01,20\nb,2024-01-05,30\n"


@pytest.fixture
def csv_of(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "orders.csv"
        path.write_text(text)
        return str(path)

    return write


def assert_refused(build, *sentence: str) -> None:
    """Assert that a build failed with a sentence that holds all the given parts."""
    assert build.exit_code != 0, build.output
    assert "Traceback" not in build.output
    lines = [line for line in build.output.splitlines() if all(part in line for part in sentence)]
    assert lines, build.output
    assert build.marts() == set()


@pytest.mark.parametrize(
    ("text", "variables", "sentence"),
    [
        pytest.param(HEADER, {}, ["has no rows"], id="empty table"),
        pytest.param(
            HEADER + ",2024-01-01,10\nnan,2024-01-02,20\n",
            {},
            ["No line of", "2 missing_customer", "mapped to customer_id"],
            id="all rows without a customer",
        ),
        pytest.param(
            HEADER + "a,13/02/2024,10\nb,14/02/2024,20\n",
            {},
            ["No line of", "2 invalid_timestamp", "date_format"],
            id="all dates unreadable",
        ),
        pytest.param(
            HEADER + "a,1600-01-01,10\nb,1700-01-01,20\n",
            {},
            ["2 invalid_timestamp", "outside 1900 to 2261 counts as no date: correct them"],
            id="all dates before 1900",
        ),
        pytest.param(
            HEADER + "a,2024-01-31,10\nb,2024-02-01,20\n",
            {"date_format": "%d/%m/%Y"},
            ["2 invalid_timestamp", "which is ISO 8601: leave date_format (%d/%m/%Y) empty"],
            id="all dates in ISO 8601 beside a date_format",
        ),
        pytest.param(
            HEADER + "a,31/02/2024,10\nb,30/02/2024,20\n",
            {"date_format": "%d/%m/%Y"},
            ["2 invalid_timestamp", "not calendar dates in date_format %d/%m/%Y"],
            id="not calendar dates",
        ),
        pytest.param(
            HEADER + 'a,2024-01-01,ten\nb,2024-01-02,"1.234,56"\n',
            {},
            ["No line of", "2 invalid_amount", "mapped to amount"],
            id="all amounts unreadable",
        ),
        pytest.param(
            HEADER + "a,2024-01-01,-10\n",
            {},
            ["No line of", "1 customer_without_purchase", "these customers have returns only"],
            id="returns only",
        ),
        pytest.param(
            USABLE,
            {"as_of_date": "2023-12-31"},
            ["No line of", "3 future_dated", "as_of_date"],
            id="as of a date before the first purchase",
        ),
        pytest.param(
            USABLE,
            {"transaction_columns": {"customer_id": "client", "transacted_at": "transacted_at"}},
            ["maps customer_id to client", "customer_id, transacted_at, amount"],
            id="mapped column missing",
        ),
        pytest.param(
            "customer_id,transacted_at,total\na,2024-01-01,1\n",
            {},
            ["no column for amount", "customer_id, transacted_at, total"],
            id="no amount",
        ),
        pytest.param("", {}, ["orders.csv"], id="file without a header"),
    ],
)
def test_an_unusable_input_is_refused(build, csv_of, text, variables, sentence):
    assert_refused(build({"transactions": csv_of(text), **variables}), *sentence)


@pytest.mark.parametrize(
    ("transactions", "sentence"),
    [
        ("nowhere/orders.csv", ["nowhere/orders.csv", "does not exist"]),
        ("nowhere/*.parquet", ["nowhere/*.parquet", "does not exist"]),
        ("shop.orders", ["shop.orders", "no such table"]),
    ],
)
def test_a_missing_input_is_named(build, transactions, sentence):
    assert_refused(build({"transactions": transactions}), *sentence)


def test_a_log_is_no_database(dbt, csv_of):
    """DuckDB would open it as one in memory: green, and nothing is left."""
    result = dbt("run", database=Path(csv_of(USABLE)))
    assert result.exit_code != 0
    assert "orders.csv, which is a data file" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("annual_discount_rate", -0.1),
        ("rfm_scoring", "quartiles"),
        ("as_of_date", "30/06/1998"),
        ("as_of_date", "1998-02-30"),
        ("horizon_days", 0),
        ("activity_days", "a quarter"),
        ("holdout_days", -5),
        ("history_months", 1.5),
        ("forecast_months", 6),
        ("gross_margin", 40),
        ("purchase_model", "crystal_ball"),
        ("cluster_counts", []),
        ("cluster_counts", ["three"]),
        ("cluster_counts", 4),
        ("minimum_cluster_share", 0.9),
        ("spend_cap_percentile", 0.99),
        ("fit_customer_limit", 10),
        ("random_seed", -1),
        ("drop_identical_lines", "perhaps"),
        ("excluded_statuses", "cancelled"),
        ("return_order_prefix", 7),
        ("timezone", "Mars'--"),
        ("transaction_columns", ["customer_id"]),
    ],
)
def test_an_impossible_var_is_named(build, name, value):
    assert_refused(build({name: value}), f"The var {name} is")


def test_all_wrong_vars_are_named_at_once(build):
    """Also those of other kinds; what depends on a wrong var is not judged."""
    variables = {
        "gross_margin": 40,
        "horizon_days": 0,
        "vip_share": 1,
        "budget_floor_share": "much",
        "logo_colour": "red",
        "modules": ["decisions", "crystal_ball"],
        "transaction_columns": {"client": "customer_id"},
        "customer_attribute_columns": "age",
    }
    refused = build(variables)
    for sentence in [
        "The var gross_margin is 40; it must be a share",
        "The var horizon_days is 0; it must be a whole number",
        "The var vip_share is 1; it must be below high_share, which is 0.25",
        'The var budget_floor_share is "much"; it must be',
        "There is no var logo_colour",
        "names decisions, which needs history",
        "names crystal_ball, which is not a capability",
        "transaction_columns maps client, which is not a standard name",
        'The var customer_attribute_columns is "age"; it must be a map',
        "Set vars under vars: customer_value: in dbt_project.yml",
    ]:
        assert_refused(refused, sentence)


def test_a_timezone_that_does_not_exist_is_named(build, csv_of):
    text = HEADER + "a,2024-01-01T10:00:00Z,10\n"
    variables = {"transactions": csv_of(text), "timezone": "Mars/Olympus"}
    assert_refused(build(variables), "Mars/Olympus")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"client": "customer_id"}, ["maps client", "not a standard name", "customer_id"]),
        ({"customer_id": ""}, ["maps customer_id to nothing"]),
    ],
)
def test_an_impossible_column_map_is_named(build, csv_of, columns, sentence):
    variables = {"transactions": csv_of(USABLE), "transaction_columns": columns}
    assert_refused(build(variables), *sentence)


def test_a_refused_build_leaves_the_earlier_marts_as_they_were(built, build, csv_of):
    before = built({"transactions": csv_of(LINES)}, core_only=True)
    customers = before.dump("customers")
    after = build({"transactions": csv_of(HEADER)}, database=before.database)
    assert after.exit_code != 0
    assert after.marts() == before.marts()
    assert after.dump("customers") == customers


def counts_of(build) -> dict[str, int]:
    rows = build.rows(
        "select exclusion_reason, row_count from excluded_rows where input = 'transactions' "
        "and row_count > 0"
    )
    return dict(rows)


def test_unreadable_amounts_and_future_dates_are_counted_and_not_fatal(built, csv_of):
    text = USABLE + "b,2024-01-06,ten\na,2025-01-01,5\nb,2024-02-31,5\n,2024-01-06,5\n"
    build = built({"transactions": csv_of(text), "as_of_date": "2024-06-30"}, core_only=True)
    assert counts_of(build) == {
        "kept": 3,
        "invalid_amount": 1,
        "future_dated": 1,
        "invalid_timestamp": 1,
        "missing_customer": 1,
        "total": 7,
    }
    (revenue,) = build.row("select sum(net_revenue) from customers")
    assert revenue == 60


def test_dates_that_are_left_out_get_advice_that_is_not_followed_yet(built, csv_of):
    lines = "".join(f"c{number},0{number}/01/2024,10\n" for number in range(1, 10))
    text = HEADER + lines + "a,2024-01-01,10\nb,01/01/1600,5\n"
    build = built({"transactions": csv_of(text), "date_format": "%d/%m/%Y"}, core_only=True)
    (sentence,) = build.row(
        "select sentence from model_warnings where subject like '%invalid_timestamp'"
    )
    assert "by date_format (%d/%m/%Y) alone" in sentence
    assert "from 1900 to 2261 only" in sentence
    assert "give the date" not in sentence


def assert_forecasts_are_finite(build) -> None:
    forecasts = build.frame(
        "select probability_alive, probability_active_90d, expected_purchases_90d, "
        "expected_purchases_365d, expected_purchase_value, lifetime_value_365d from customers"
    )
    assert len(forecasts) > 0
    assert np.isfinite(forecasts.to_numpy("float64")).all()


def finding(build, model: str) -> str:
    (text,) = build.row(
        f"select finding from model_fits where as_of_role = 'current' and model = '{model}'"
    )
    return text


def test_one_customer_only(built, csv_of):
    build = built({"transactions": csv_of(HEADER + "a,2024-01-01,10\n")})
    assert build.rows("select customer_id, segment is not null from customers") == [("a", True)]
    assert_forecasts_are_finite(build)


def test_everyone_with_one_purchase(built, csv_of):
    rows = "".join(f"c{number},2024-01-{1 + number % 28:02},{number + 1}\n" for number in range(40))
    build = built({"transactions": csv_of(HEADER + rows)})
    assert build.row("select count(*), max(expected_purchases_365d) from customers") == (40, 0)
    assert "second day" in finding(build, "bg_nbd")
    assert "second purchase" in finding(build, "gamma_gamma")
    assert_forecasts_are_finite(build)


def test_everyone_spending_the_same(built, csv_of):
    rows = "".join(
        f"c{number},2024-{1 + (number + 3 * visit) % 12:02}-{1 + number % 28:02},25\n"
        for number in range(40)
        for visit in range(1 + number % 3)
    )
    build = built({"transactions": csv_of(HEADER + rows)})
    assert "no variation in spend identified" in finding(build, "gamma_gamma")
    assert build.rows("select distinct expected_purchase_value from customers") == [(25.0,)]
    assert_forecasts_are_finite(build)


def test_everything_on_one_day(built, csv_of):
    rows = "".join(f"c{number},2024-01-01,{number + 1}\n" for number in range(10))
    build = built({"transactions": csv_of(HEADER + rows)})
    assert build.row("select count(*), max(customer_age_days) from customers") == (10, 0)
    assert_forecasts_are_finite(build)
    # Nobody has come back, so nobody knows how many will: there is a forecast without bounds.
    assert build.rows(
        "select distinct point_forecast, lower_bound, upper_bound from forecast_intervals"
    ) == [(0.0, None, None)]


def test_an_empty_build_passes_and_leaves_typed_tables(dbt, tmp_path):
    result = dbt("build", "--empty", "--threads", "2")
    assert result.exit_code == 0, result.output
    with duckdb.connect(str(result.database)) as connection:
        types = dict(
            connection.execute(
                "select column_name, data_type from duckdb_columns() where table_name = 'customers'"
            ).fetchall()
        )
        assert connection.execute("select count(*) from customers").fetchone() == (0,)
    assert types["customer_id"] == "VARCHAR"
    assert types["lifetime_value_365d"] == "DOUBLE"
