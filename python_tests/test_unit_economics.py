"""What a line costs makes the lifetime value a contribution: margins recomputed by numpy."""

import numpy as np
import pandas as pd
import pytest
from replay import spend_shrinkage


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """Return lines of customers whose margins differ, some without a cost, some returned."""
    random = np.random.default_rng(8)
    frames = []
    for number in range(60):
        size = random.integers(1, 9)
        amounts = random.gamma(4, 10, size).round(2) + 1
        margin = np.clip(random.normal(0.2 + 0.5 * (number % 2), 0.05, size), -0.5, 0.95)
        frames.append(
            pd.DataFrame(
                {
                    "customer_id": f"c{number:02d}",
                    "transacted_at": pd.Timestamp("2024-01-01")
                    + pd.to_timedelta(random.choice(300, size, replace=False), "D"),
                    "amount": amounts,
                    "cost": (amounts * (1 - margin)).round(2),
                }
            )
        )
    rows = pd.concat(frames, ignore_index=True)
    rows.loc[rows["customer_id"].eq("c07"), "cost"] = np.nan
    returned = rows.iloc[:1].assign(amount=-rows["amount"].iloc[0] / 2, cost=0.5)
    return pd.concat([rows, returned], ignore_index=True)


@pytest.fixture(scope="module")
def costed(lines, tmp_path_factory):
    from conftest import run_dbt

    directory = tmp_path_factory.mktemp("cost")
    path = directory / "lines.csv"
    lines.to_csv(path, index=False)
    result = run_dbt(
        *("run", "--select", "+int_customer_value__customer_forecasts"),
        variables={"modules": [], "transactions": str(path), "gross_margin": 0.3},
        database=directory / "costed.duckdb",
    )
    assert result.exit_code == 0, result.output
    return result


def test_the_margin_is_the_customer_s_drawn_to_that_of_all(costed, lines):
    signed = lines.assign(cost=np.where(lines["amount"] < 0, -lines["cost"], lines["cost"]))
    days = signed.groupby(["customer_id", "transacted_at"])[["amount", "cost"]].sum(min_count=1)
    paid = days[(days["amount"] > 0) & days["cost"].notna()].reset_index()
    who = pd.factorize(paid["customer_id"])[0]
    margin = np.maximum(1 - paid["cost"] / paid["amount"], -1)
    shrinkage, _ = spend_shrinkage(who, margin.to_numpy())
    of_all = 1 - paid["cost"].sum() / paid["amount"].sum()
    sums = paid.groupby("customer_id")[["amount", "cost"]].sum()
    counts = paid.groupby("customer_id").size()
    own = 1 - sums["cost"] / sums["amount"]
    expected = (counts * own + shrinkage * of_all) / (counts + shrinkage)

    found = costed.frame(
        "select customer_id, margin_share from main_internal.int_customer_forecasts"
    ).set_index("customer_id")
    assert found.loc["c07", "margin_share"] == pytest.approx(of_all, rel=1e-9)
    known = found["margin_share"].drop("c07").sort_index()
    pd.testing.assert_series_equal(known, expected.sort_index(), check_names=False, rtol=1e-6)
    assert known.loc["c01"] > known.loc["c02"] + 0.2


def test_the_lifetime_value_is_a_contribution(costed):
    rows = costed.frame(
        "select c.lifetime_value_365d, c.margin_share, f.discounted_purchases_365d, "
        "f.expected_purchase_value from main_internal.int_customer_forecasts as c "
        "inner join main_internal.int_forecasts as f using (customer_id) "
        "where f.forecast_role = 'current' and f.model = 'corrected' and not f.is_history"
    )
    assert len(rows) == 60
    spend = rows["discounted_purchases_365d"] * rows["expected_purchase_value"]
    np.testing.assert_allclose(rows["lifetime_value_365d"], spend * rows["margin_share"])
