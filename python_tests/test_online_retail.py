"""The messy file: cancellations, duplicates, missing customers, orders reversed at once."""

import numpy as np
import pandas as pd
import pytest
from conftest import ONLINE_RETAIL, ONLINE_RETAIL_VARS


def test_the_build_is_green(online_retail):
    assert online_retail.exit_code == 0, online_retail.output


@pytest.mark.parametrize(
    ("reason", "lines", "amount"),
    [
        ("total", 541_909, 9_747_747.93),
        ("missing_customer", 135_080, 1_447_682.12),
        ("duplicate_line", 5_227, 22_098.24),
        ("customer_without_purchase", 99, -10_862.66),
        ("kept", 401_503, 8_288_830.23),
    ],
)
def test_every_line_and_every_pound_is_accounted_for(online_retail, reason, lines, amount):
    found = online_retail.row(
        f"select row_count, amount from excluded_rows "
        f"where input = 'transactions' and exclusion_reason = '{reason}'"
    )
    assert found[0] == lines
    assert float(found[1]) == pytest.approx(amount, abs=0.006)


def test_no_other_reason_occurs(online_retail):
    others = online_retail.rows(
        "select exclusion_reason from excluded_rows where input = 'transactions' and row_count > 0 "
        "and exclusion_reason not in ('total', 'kept', 'missing_customer', 'duplicate_line', "
        "'customer_without_purchase')"
    )
    assert others == []


def test_customers_and_purchase_days_are_counted(online_retail):
    found = online_retail.row("select count(*), sum(purchase_day_count) from customers")
    assert found == (4_335, 16_610)


def test_reversed_orders_leave_no_phantom_revenue(online_retail):
    """12346 bought and returned 74,215 units and nothing else; 16446 kept goods for 2.90."""
    found = online_retail.rows(
        "select customer_id, net_revenue from customers where customer_id in ('12346', '16446')"
    )
    assert [(name, float(revenue)) for name, revenue in found] == [("16446", 2.90)]


def test_refunds_are_those_that_pandas_counts(online_retail):
    mapped = list(ONLINE_RETAIL_VARS["transaction_columns"].values())
    lines = pd.read_parquet(ONLINE_RETAIL)[mapped].dropna(subset="CustomerID").drop_duplicates()
    lines["amount"] = (lines["Quantity"] * lines["UnitPrice"]).round(4)
    is_back = lines["InvoiceNo"].astype(str).str.startswith("C") | (lines["amount"] < 0)
    back = lines[is_back & (lines["amount"] != 0)]
    expected = (
        back["amount"]
        .abs()
        .groupby(back["CustomerID"].astype(int).astype(str))
        .agg(["count", "sum"])
    )
    found = online_retail.frame(
        "select customer_id, refund_count, cast(refunded_amount as double) as refunded_amount "
        "from customers"
    ).set_index("customer_id")
    expected = expected.reindex(found.index).fillna(0)
    assert found["refund_count"].tolist() == expected["count"].tolist()
    np.testing.assert_allclose(found["refunded_amount"], expected["sum"], atol=0.005)
    assert found["refund_count"].sum() > 8_000


def test_the_missing_dropout_is_stated(online_retail):
    fits = online_retail.frame("select * from model_fits where model = 'bg_nbd'")
    current = fits[fits["as_of_role"] == "current"].iloc[0]
    assert "no dropout identified" in current["finding"]
    assert current["is_boundary"]
    estimates = dict(
        online_retail.rows(
            "select parameter, estimate from model_parameters "
            "where as_of_role = 'current' and model = 'bg_nbd'"
        )
    )
    assert estimates["a"] == 0
    assert estimates["b"] is None
    assert estimates["r"] > 0 and estimates["alpha"] > 0


def test_forecasts_are_finite(online_retail):
    forecasts = online_retail.frame(
        "select probability_alive, probability_active_90d, expected_purchases_90d, "
        "expected_purchases_365d, expected_purchase_value, lifetime_value_365d from customers"
    )
    assert np.isfinite(forecasts.to_numpy("float64")).all()
    assert (forecasts >= 0).all().all()


def test_without_dropout_the_forecast_is_the_nbds(online_retail):
    estimates = dict(
        online_retail.rows(
            "select parameter, estimate from model_parameters "
            "where as_of_role = 'current' and model = 'bg_nbd'"
        )
    )
    customers = online_retail.frame("select * from customers")
    rate = (estimates["r"] + customers["repeat_count"]) / (
        estimates["alpha"] + customers["customer_age_days"]
    )
    np.testing.assert_allclose(
        customers["classical_expected_purchases_365d"], 365 * rate, rtol=1e-9
    )
    assert (customers["probability_alive"] == 1).all()
