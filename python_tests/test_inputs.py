"""Every form an input may take, line by line against what a person would make of it."""

from decimal import ROUND_HALF_UP, Decimal

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import build_arguments, run_dbt
from helpers import copy_project, seed_path

# What a shop might export, with what should become of each line: the reason it is left out
# for (None: it counts), and its amount in dollars (None: not to be known).
COLUMNS = ["line", "invoice", "client", "at", "code", "state", "back", "cur", "total"]
LINES = [
    (
        "L01 A1 0007 2024-01-10T09:00:00Z apple paid no USD".split() + ["$1,234.56"],
        None,
        "1234.56",
    ),
    ("L02 A2 0007 2024-01-31T23:30:00Z apple paid no USD 10".split(), None, "10"),
    ("L03 A3 7 2024-02-05T12:00:00 apple paid no EUR 100".split(), None, "110"),
    ("L04 A4 7 2024-02-06T10:00:00+05:30 pear Paid no usd (12.00)".split(), None, "-12"),
    ("L05 A5 7 2024-02-07 apple CANCELLED no USD 50".split(), "excluded_status", "50"),
    ("L06 A6 7 2024-02-07 post paid no USD 5".split(), "excluded_product", "5"),
    ("L07 A7 7 2024-02-07 apple paid no XYZ 20".split(), "unknown_currency", "20"),
    ("L08 A8 7 2024-02-08 apple paid no USD 1.234,56".split(), "invalid_amount", None),
    (["L09", "A9", "", *"2024-02-08 apple paid no USD 30".split()], "missing_customer", "30"),
    ("L10 A10 nan 2024-02-08 apple paid no USD 31".split(), "missing_customer", "31"),
    ("L11 A11 7 31/02/2024 apple paid no USD 32".split(), "invalid_timestamp", "32"),
    ("L12 R12 7 2024-02-09 apple paid no USD 15".split(), None, "-15"),
    ("L13 A13 7 2024-02-09 apple paid yes USD 6".split(), None, "-6"),
    ("L14 A14 7 2024-02-10 apple paid no USD 9.99".split(), None, "9.99"),
    ("L14 A14 7 2024-02-10 apple paid no USD 9.99".split(), "duplicate_line", "9.99"),
    ("L15 A15 9 2024-02-11 apple paid no USD -40".split(), "customer_without_purchase", "-40"),
    ("L16 A16 7 2030-01-01 apple paid no USD 77".split(), "future_dated", "77"),
    (["L17", "A17", " 0007 ", *"2024-02-12 apple paid no USD".split(), "€ 3.50"], None, "3.5"),
    ("L18 A18 8 2024-02-13 apple paid no USD +1,000".split(), None, "1000"),
    ("L19 A19 8 9999-12-31 apple paid no USD 8".split(), "invalid_timestamp", "8"),
]
VARS = {
    "as_of_date": "2024-03-01",
    "timezone": "Europe/Paris",
    "excluded_statuses": ["cancelled", "test"],
    "excluded_products": ["POST"],
    "return_order_prefix": "R",
    "transaction_columns": {
        "line_id": "line",
        "order_id": "invoice",
        "customer_id": "client",
        "transacted_at": "at",
        "product_id": "code",
        "status": "state",
        "is_return": "back",
        "currency": "cur",
        "amount": "total",
    },
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The shop's file in a copy of the project whose exchange rates know the euro."""
    directory = tmp_path_factory.mktemp("shop")
    project = copy_project(directory / "project")
    seed_path("exchange_rates", project).write_text("currency,rate\nUSD,1\nEUR,1.1\n")
    frame = pd.DataFrame([line for line, _, _ in LINES], columns=COLUMNS)
    frame.to_csv(directory / "shop.csv", index=False)
    result = run_dbt(
        *build_arguments(),
        variables={"transactions": str(directory / "shop.csv"), **VARS},
        database=directory / "shop.duckdb",
        project=project,
    )
    assert result.exit_code == 0, result.output
    return result


def test_every_line_gets_its_reason_and_its_amount(shop):
    # The reason of a customer without a purchase day is not the line's own.
    found = shop.rows(
        "select line_id, coalesce(exclusion_reason, case when customer_id not in ("
        "select customer_id from customers) then 'customer_without_purchase' end), amount "
        "from main_internal.int_transactions_classified"
    )
    expected = [(line[0], reason, amount and Decimal(amount)) for line, reason, amount in LINES]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_kept_and_excluded_lines_add_up_to_the_input(shop):
    frame = pd.DataFrame(
        [(reason or "kept", Decimal(amount or 0)) for _, reason, amount in LINES],
        columns=["reason", "amount"],
    )
    expected = frame.groupby("reason")["amount"].agg(["size", "sum"])
    found = shop.frame("select * from excluded_rows where input = 'transactions'").set_index(
        "exclusion_reason"
    )
    for reason, row in expected.iterrows():
        assert found.loc[reason, "row_count"] == row["size"], reason
        assert float(found.loc[reason, "amount"]) == pytest.approx(float(row["sum"])), reason
    assert found.loc["total", "row_count"] == len(LINES)
    assert float(found.loc["total", "amount"]) == pytest.approx(float(frame["amount"].sum()))


def test_ids_keep_their_leading_zeros_and_lose_their_blanks(shop):
    found = shop.rows("select customer_id, net_revenue from customers order by customer_id")
    assert found == [
        ("0007", Decimal("1248.06")),
        ("7", Decimal("86.99")),
        ("8", Decimal(1000)),
    ]


def test_a_time_with_a_zone_is_taken_to_the_shops_zone_before_its_day_is_read(shop):
    """Half past eleven at night in Greenwich is the next day in Paris."""
    (dates,) = shop.row(
        "select list(cast(transacted_date as varchar) order by line_id) "
        "from main_internal.int_transactions_classified where line_id in ('L01', 'L02', 'L04')"
    )
    assert dates == ["2024-01-10", "2024-02-01", "2024-02-06"]


def test_a_product_is_that_of_the_decimals(tmp_path):
    """Against Python's decimals: halves, fractions of cents, and what is too large for a double."""
    result = run_dbt(
        *("--quiet", "compile", "--inline"),
        "{{ amount_product('quantity', 'price', type_amount()) }}",
        database=tmp_path / "unused.duckdb",
    )
    assert result.exit_code == 0, result.output
    expression = result.output[result.output.index("case") :]
    random = np.random.default_rng(11)
    wholes = [Decimal(int(n)) for n in random.integers(-400, 400, 3000)]
    cents = [Decimal(int(n)).scaleb(-2) for n in random.integers(-99_999, 99_999, 3000)]
    small = [Decimal(int(n)).scaleb(-6) for n in random.integers(-3_000_000, 3_000_000, 3000)]
    quantities = [
        *(wholes + cents),
        *map(Decimal, "0.5 0.5 3 1 7 99999999999999 123456789 100000 -3 0 1.5 2".split()),
    ]
    prices = [
        *(cents + small),
        *map(Decimal, "0.0001 -0.0003 0.00005 0.000049 1e9 1 987654321.123456".split()),
        *map(Decimal, "99999.9999 0.333350 5 0.333333 99999999999999".split()),
    ]
    factors = pd.DataFrame({"quantity": quantities, "price": prices}).astype(str)
    with duckdb.connect() as connection:
        connection.register("factors", factors)
        found = connection.sql(
            f"""
            select {expression}
            from (
                select quantity::decimal(18, 4) as quantity, price::decimal(20, 6) as price
                from factors
            )
            """
        ).fetchall()
    exact = [
        (quantity * price).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        for quantity, price in zip(quantities, prices, strict=True)
    ]
    limit = Decimal(10) ** 14
    assert [row[0] for row in found] == [one if abs(one) < limit else None for one in exact]


def days(*texts: str) -> pd.Series:
    return pd.Series(pd.to_datetime(list(texts)))


@pytest.fixture(scope="module")
def parquet_files(tmp_path_factory):
    """Two files of one table, whose ids a data frame has turned into floats."""
    directory = tmp_path_factory.mktemp("parquet")
    lines = pd.DataFrame(
        {
            "CustomerID": [17850.0, 17850.0, 17850.0, 13047.0, np.nan, 13047.0],
            "Quantity": [6, 6, 2, 1, 3, -1],
            "UnitPrice": [2.55, 2.55, 3.39, 10.0, 1.0, 10.0],
            "When": days(
                "2010-12-01 08:26",
                "2010-12-01 08:26",
                "2010-12-08 09:00",
                "2010-12-02 10:00",
                "2010-12-02 10:00",
                "2010-12-05 11:00",
            ),
        }
    )
    lines.iloc[:3].pipe(write_parquet, directory / "part-1.parquet")
    lines.iloc[3:].pipe(write_parquet, directory / "part-2.parquet")
    return directory


def write_parquet(frame: pd.DataFrame, path) -> None:
    duckdb.from_df(frame).write_parquet(str(path))


PARQUET_COLUMNS = {
    "customer_id": "CustomerID",
    "quantity": "Quantity",
    "unit_price": "UnitPrice",
    "transacted_at": "When",
}


@pytest.mark.parametrize(
    ("drop_identical_lines", "kept", "spent"), [(True, 4, "22.08"), (False, 5, "37.38")]
)
def test_a_glob_of_parquet_files_with_float_ids(
    built, parquet_files, drop_identical_lines, kept, spent
):
    build = built(
        {
            "transactions": str(parquet_files / "part-*.parquet"),
            "transaction_columns": PARQUET_COLUMNS,
            "drop_identical_lines": drop_identical_lines,
            "rfm_scoring": "ntile",
        },
        core_only=True,
    )
    found = build.rows("select customer_id, net_revenue from customers order by customer_id")
    assert found == [("13047", Decimal(0)), ("17850", Decimal(spent))]
    counts = dict(
        build.rows(
            "select exclusion_reason, row_count from excluded_rows where input = 'transactions'"
        )
    )
    assert counts["kept"] == kept
    assert counts["duplicate_line"] == 5 - kept
    assert counts["missing_customer"] == 1
    assert counts["total"] == 6


def test_a_table_of_the_warehouse_with_the_standard_names(built, tmp_path):
    """Without a map the standard names count; equal lines of one order are one line."""
    database = tmp_path / "test.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            """
            create schema shop;
            create table shop.orders as
            select * from (values
                (1, 'A', '13/02/2024', 40.0, 'ignored'),
                (1, 'A', '13/02/2024', 40.0, 'ignored'),
                (1, 'B', '01/03/2024', 70.5, 'ignored'),
                (2, 'C', '02/03/2024', 600.0, 'ignored'),
                (2, 'D', '2024-03-02', 1.0, 'ignored')
            ) as orders (customer_id, order_id, transacted_at, amount, note)
            """
        )
    build = built(
        {
            "transactions": "shop.orders",
            "date_format": "%d/%m/%Y",
            "as_of_date": "2024-03-31",
            "rfm_scoring": "thresholds",
        },
        database=database,
        core_only=True,
    )
    # 110.5 and 600 dollars, 30 and 29 days ago, in two orders and one: the seed's cut-offs.
    found = build.rows(
        "select customer_id, order_count, cast(net_revenue as double), rfm_code "
        "from customers order by customer_id"
    )
    assert found == [("1", 2, 110.5, "423"), ("2", 1, 600.0, "515")]
    counts = dict(
        build.rows(
            "select exclusion_reason, row_count from excluded_rows where input = 'transactions'"
        )
    )
    assert (counts["kept"], counts["duplicate_line"], counts["invalid_timestamp"]) == (3, 1, 1)


def test_what_the_map_does_not_name_is_not_read(built, tmp_path):
    """A column called amount stays out where quantity and price are mapped instead."""
    csv = tmp_path / "orders.csv"
    csv.write_text(
        "customer_id,transacted_at,amount,pieces,price\na,2024-01-01,999,2,5\nb,2024-01-02,999,1,7\n"
    )
    build = built(
        {
            "transactions": str(csv),
            "transaction_columns": {
                "customer_id": "customer_id",
                "transacted_at": "transacted_at",
                "quantity": "pieces",
                "unit_price": "price",
            },
        },
        core_only=True,
    )
    found = build.rows("select customer_id, net_revenue from customers order by customer_id")
    assert found == [("a", Decimal(10)), ("b", Decimal(7))]


def test_discount_margin_and_windows_follow_their_vars(built, tmp_path):
    """Without discounting the value is purchases x spend x margin, to the last digit."""
    csv = tmp_path / "orders.csv"
    rows = [
        f"c{number},2024-{1 + (number * visit) % 12:02}-{1 + number % 28:02},{10 + number % 7}"
        for number in range(60)
        for visit in range(1 + number % 4)
    ]
    csv.write_text("\n".join(["customer_id,transacted_at,amount", *rows]) + "\n")
    build = built(
        {
            "transactions": str(csv),
            "annual_discount_rate": 0,
            "gross_margin": 0.25,
            "horizon_days": 180,
            "activity_days": 180,
            "cluster_counts": [2, 3],
            "holdout_days": 90,
            "modules": ["validation"],
        }
    )
    customers = build.frame("select * from customers")
    np.testing.assert_allclose(
        customers["lifetime_value_365d"],
        customers["expected_purchases_365d"] * customers["expected_purchase_value"] * 0.25,
        rtol=1e-12,
    )
    np.testing.assert_array_equal(
        customers["expected_purchases_365d"], customers["expected_purchases_90d"]
    )
    windows = build.rows("select distinct activity_days, horizon_days from model_fits")
    assert windows == [(180, 180)]
    (between,) = build.row("select max(as_of_date) - min(as_of_date) from model_fits")
    assert between == 90


# Input -> the header of its file, the moment first, and the column that staging reads it into.
DATED = {
    "campaign_contacts": ("contacted_at,customer_id,campaign_id", "contacted_at"),
    "service_activities": ("performed_at,customer_id,activity", "performed_date"),
    "trials": ("converted_at,customer_id,trial_started_at", "converted_at"),
    "events": ("occurred_at,customer_id,event_name", "occurred_at"),
}


def test_inputs_beside_the_transactions_are_read_by_date_format_or_as_iso_8601(dbt, tmp_path):
    """Events are in ISO 8601 alone: new ones are found by text that sorts as its days do."""
    variables = {"modules": ["history", "decisions", "events"], "date_format": "%d.%m.%Y"}
    for name, (header, _) in DATED.items():
        path = tmp_path / f"{name}.csv"
        rows = ["06.02.2025,a,01.02.2025", "2025-02-06,b,01.02.2025", "soon,c,01.02.2025"]
        path.write_text("\n".join([header, *rows]) + "\n")
        variables[name] = str(path)
    result = dbt(
        *("run", "--select", *(f"stg_customer_value__{name}" for name in DATED)),
        variables=variables,
    )
    assert result.exit_code == 0, result.output
    found = {
        name: result.rows(
            f"select customer_id from main_internal.stg_{name} "
            f"where cast({column} as date) = '2025-02-06' order by customer_id"
        )
        for name, (_, column) in DATED.items()
    }
    either = [("a",), ("b",)]
    assert found == {
        "campaign_contacts": either,
        "service_activities": either,
        "trials": either,
        "events": [("b",)],
    }
