"""The forecast by month, against integrals done another way and against the yearly lookup."""

import numpy as np
import pandas as pd
import pytest
from helpers import FakeDbt, load_model
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution
from scipy.stats import gamma as gamma_distribution

monthly = load_model("decisions/predictions/score_customer_value__monthly_purchases.py")
yearly = load_model("core/predictions/score_customer_value__expected_purchases.py")

MONTH = 365 / 12
X = np.array([0.0, 1.0, 3.0, 29.0, 170.0])
T = np.array([0.0, 40.0, 270.0, 400.0, 500.0])
BG_NBD = {"r": 0.25, "alpha": 31.0, "a": 0.79, "b": 2.43}
PARETO = {"r": 0.55, "alpha": 74.0, "s": 0.61, "beta": 82.0}


@pytest.mark.parametrize("index", [1, 2, 3])
def test_a_month_of_the_bg_nbd_is_what_its_assumptions_say(index):
    """Rates and chances to drop out drawn apart, and averaged over all pairs of them."""
    x, age = X[index], T[index]
    model = monthly.BgNbd(X[index : index + 1], T[index : index + 1], **BG_NBD)
    quantiles = (np.arange(2000) + 0.5) / 2000
    k, A = BG_NBD["r"] + x, BG_NBD["alpha"] + age
    rates = gamma_distribution.ppf(quantiles, k)[:, None] / A
    chances = beta_distribution.ppf(quantiles, BG_NBD["a"], BG_NBD["b"] + x)[None, :]
    start, end = 5 * MONTH, 6 * MONTH

    alive = np.exp(-rates * chances * end).mean()
    active = (np.exp(-rates * chances * start) * -np.expm1(-rates * (end - start))).mean()
    assert model.alive(end)[0] == pytest.approx(alive, rel=1e-3)
    assert model.active(start, end)[0] == pytest.approx(active, rel=1e-3)


def test_parameters_without_limit_are_finite():
    """A fit to customers none of whom came back ends at such parameters."""
    r, alpha, a, b = 0.29, 6.9, 22026.0, 10490.0
    x, age = np.array([0.0, 2.0]), np.array([300.0, 365.0])
    model = monthly.BgNbd(x, age, r, alpha, a, b)
    for i in range(2):
        chance, z = beta_distribution(a, b + x[i]), 365 / (alpha + age[i])
        alive = quad(lambda q, c=chance, z=z, k=r + x[i]: (1 + c.ppf(q) * z) ** -k, 0, 1)[0]
        assert model.alive(365)[i] == pytest.approx(alive, rel=1e-6)
    purchases, discounted = monthly.purchases_between(model, 0, MONTH, 0.0003)
    assert (purchases > discounted).all()
    assert (model.active(0, MONTH) > 0).all()


@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_a_month_of_the_pareto_nbd_is_what_its_assumptions_say(index):
    x, age = X[index], T[index]
    model = monthly.ParetoNbd(X[index : index + 1], T[index : index + 1], **PARETO)
    k, A, B = PARETO["r"] + x, PARETO["alpha"] + age, PARETO["beta"] + age
    start, end = 5 * MONTH, 6 * MONTH

    # Alive at the start, then the next purchase y days later before the customer is lost.
    def density(y):
        return k / A * (1 + y / A) ** -(k + 1) * ((B + start + y) / B) ** -PARETO["s"]

    active = quad(density, 0, end - start)[0]
    assert model.active(start, end)[0] == pytest.approx(active, rel=1e-6)
    assert model.alive(end)[0] == pytest.approx((B / (B + end)) ** PARETO["s"])


@pytest.mark.parametrize(
    ("name", "estimates"),
    [
        ("bg_nbd", BG_NBD),
        ("mbg_nbd", BG_NBD),
        ("pareto_nbd", PARETO),
        ("bg_nbd", {**BG_NBD, "a": 1.0, "b": 2.0, "r": 1.0}),
        ("bg_nbd", {**BG_NBD, "alpha": 0.5}),
        ("bg_nbd", {**BG_NBD, "a": 0.3, "b": 4e4}),
        ("bg_nbd", {**BG_NBD, "a": 0.0, "b": float("nan")}),
        ("bg_nbd", {**BG_NBD, "r": 0.0}),
        ("bg_nbd", {**BG_NBD, "r": 0.0, "alpha": float("nan"), "b": float("nan")}),
        ("pareto_nbd", {**PARETO, "s": 0.0, "beta": float("nan")}),
        ("pareto_nbd", {**PARETO, "r": 0.0}),
        ("pareto_nbd", {"r": 0.0, "alpha": np.nan, "s": np.nan, "beta": np.nan}),
    ],
)
def test_twelve_months_are_the_year_of_the_other_lookup(name, estimates):
    pairs = pd.DataFrame(
        {
            "as_of_role": "current",
            "repeat_count": X.astype("int64"),
            "customer_age_days": T.astype("int64"),
            "holdout_days": 0,
        }
    )
    parameters = pd.DataFrame(
        [("current", name, key, value) for key, value in estimates.items()],
        columns=["as_of_role", "model", "parameter", "estimate"],
    )
    keys = ["repeat_count", "customer_age_days"]
    months = monthly.score_months(pairs, parameters, name, 0.1)
    year = yearly.score_pairs(pairs, parameters, 90, 365, 0.1).set_index(keys).sort_index()
    sums = months[months["month_ahead"] <= 12].groupby(keys).sum().sort_index()

    assert len(months) == 24 * len(X)
    assert np.isfinite(months.to_numpy("float64")).all()
    np.testing.assert_allclose(
        sums["purchases_if_alive"], year["purchases_if_alive_365d"], rtol=1e-6, atol=1e-12
    )
    np.testing.assert_allclose(
        sums["discounted_purchases_if_alive"],
        year["discounted_purchases_if_alive_365d"],
        rtol=1e-6,
        atol=1e-12,
    )
    # No more customers buy in a month than make a purchase, and than live when it begins.
    assert (months["active_if_alive"] <= months["purchases_if_alive"] + 1e-9).all()
    before = months.groupby(keys)["alive_if_alive"].shift(1, fill_value=1.0)
    assert (months["alive_if_alive"] <= before + 1e-12).all()
    assert (months["active_if_alive"] <= before + 1e-9).all()
    assert (months.groupby(keys)["active_so_far_if_alive"].diff().dropna() >= -1e-12).all()


def test_the_first_month_is_the_activity_of_the_other_lookup():
    x, age = X.astype("float64"), T.astype("float64")
    for mine, other, estimates in (
        (monthly.BgNbd, yearly.bg_nbd_active_if_alive, BG_NBD),
        (monthly.ParetoNbd, yearly.pareto_nbd_active_if_alive, PARETO),
    ):
        found = mine(x, age, **estimates).active(0, MONTH)
        np.testing.assert_allclose(found, other(x, age, MONTH, **estimates), rtol=1e-6)


def test_an_empty_input_gives_a_typed_empty_table():
    refs = {
        "int_customer_value__repeat_count_ages": pd.DataFrame(
            columns=["as_of_role", "repeat_count", "customer_age_days", "holdout_days"]
        ),
        "fit_customer_value__purchase_models": pd.DataFrame(
            columns=["as_of_role", "model", "parameter", "estimate"]
        ),
    }
    meta = {"purchase_model": "bg_nbd", "annual_discount_rate": "0.1"}
    frame = monthly.model(FakeDbt(refs, meta), None)
    assert len(frame) == 0
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == monthly.COLUMNS
