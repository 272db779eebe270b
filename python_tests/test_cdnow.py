"""From raw text through dbt build to the numbers of the CDNOW papers.

The forecasts are checked against lifetimes' own functions, fed with purchase histories that
pandas counted from the raw file and with nothing of ours but the fitted parameters.
"""

import numpy as np
import pandas as pd
import pytest
from conftest import CORE
from helpers import (
    CDNOW_SAMPLE_VARS,
    cdnow_master_customers,
    cdnow_sample_customers,
    write_cdnow_sample,
)
from lifetimes import BetaGeoFitter, GammaGammaFitter

HISTORY = ["x", "t_x", "T"]


def parameters(build, role: str, model: str) -> pd.Series:
    frame = build.frame(
        f"select parameter, estimate from model_parameters "
        f"where as_of_role = '{role}' and model = '{model}'"
    )
    return frame.set_index("parameter")["estimate"]


def scored(build, histories: pd.DataFrame) -> pd.DataFrame:
    """Join every customer's scores to the history that pandas counted."""
    customers = build.frame("select * from customers").set_index("customer_id")
    assert set(customers.index) == set(histories.index)
    return customers.join(histories)


@pytest.fixture(scope="module", params=["demo", "cdnow_sample"])
def scores(request, shared_build, tmp_path_factory) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Return the customers as the papers' models score them, without a correction."""
    variables: dict = {**CORE, "value_model": "probabilistic"}
    histories = cdnow_master_customers
    if request.param == "cdnow_sample":
        csv = tmp_path_factory.mktemp("classical") / "sample.csv"
        write_cdnow_sample(csv)
        variables |= {"transactions": str(csv), **CDNOW_SAMPLE_VARS}
        histories = cdnow_sample_customers
    build = shared_build(f"classical_{request.param}", variables)
    assert build.exit_code == 0, build.output
    return (
        scored(build, histories("1998-06-30")),
        parameters(build, "current", "bg_nbd"),
        parameters(build, "current", "gamma_gamma"),
    )


def bg_nbd(fitted: pd.Series) -> BetaGeoFitter:
    fitter = BetaGeoFitter()
    fitter.params_ = fitted
    return fitter


def expected_purchases(fitted: pd.Series, days: float, customers: pd.DataFrame) -> np.ndarray:
    return np.asarray(
        bg_nbd(fitted).conditional_expected_number_of_purchases_up_to_time(
            days, customers["x"], customers["t_x"], customers["T"]
        )
    )


def test_the_demo_build_is_green(demo):
    assert demo.exit_code == 0, demo.output


def test_the_sample_build_is_green(cdnow_sample):
    assert cdnow_sample.exit_code == 0, cdnow_sample.output


def test_the_demo_has_every_customer_and_every_dollar(demo):
    customers, single_day, revenue = demo.row(
        "select count(*), count(*) filter (where purchase_day_count = 1), sum(net_revenue) "
        "from customers"
    )
    assert (customers, single_day) == (23_570, 12_054)
    assert float(revenue) == 2_500_315.63


@pytest.mark.parametrize(
    ("parameter", "reference"), [("r", 0.2516), ("alpha", 33.522), ("a", 0.7234), ("b", 2.1611)]
)
def test_the_demo_calibration_has_the_reference_parameters(demo, parameter, reference):
    found = parameters(demo, "calibration", "bg_nbd")[parameter]
    assert found == pytest.approx(reference, rel=1e-3)


@pytest.mark.parametrize(("parameter", "reference"), [("p", 6.2754), ("q", 3.6245), ("v", 14.9837)])
def test_the_demo_calibration_has_the_reference_spend(demo, parameter, reference):
    found = parameters(demo, "calibration", "gamma_gamma")[parameter]
    assert found == pytest.approx(reference, rel=2e-3)


def test_the_sample_splits_where_the_papers_do(cdnow_sample):
    dates = dict(cdnow_sample.rows("select as_of_role, as_of_date from model_fits"))
    assert str(dates["calibration"]) == "1997-09-30"
    assert str(dates["current"]) == "1998-06-30"


def test_the_sample_has_the_papers_customers_and_repeat_purchases(cdnow_sample):
    assert cdnow_sample.row("select count(*) from customers") == (2357,)
    snapshot = cdnow_sample.row(
        "select count(*), sum(repeat_count), count(*) filter (where repeat_count > 0) "
        "from main_internal.int_customer_snapshots where is_calibration"
    )
    assert snapshot == (2357, 2457, 946)


@pytest.mark.parametrize(
    ("model", "parameter", "published", "tolerance"),
    [
        ("bg_nbd", "r", 0.2426, 1e-3),
        ("bg_nbd", "alpha", 30.895, 1e-3),
        ("bg_nbd", "a", 0.7929, 1e-3),
        ("bg_nbd", "b", 2.4259, 1e-3),
        ("gamma_gamma", "p", 6.25, 2e-3),
        ("gamma_gamma", "q", 3.74, 2e-3),
        ("gamma_gamma", "v", 15.44, 2e-3),
    ],
)
def test_the_sample_has_the_published_parameters(
    cdnow_sample, model, parameter, published, tolerance
):
    found = parameters(cdnow_sample, "calibration", model)[parameter]
    assert found == pytest.approx(published, rel=tolerance)


def test_the_sample_fits_count_their_customers(cdnow_sample):
    fits = cdnow_sample.frame("select * from model_fits").set_index(["as_of_role", "model"])
    assert fits.loc[("calibration", "bg_nbd"), "customer_count"] == 2357
    assert fits.loc[("calibration", "gamma_gamma"), "fit_customer_count"] == 946
    assert fits["is_converged"].all() and not fits["is_boundary"].any()
    assert (fits["unit"] == "day").all()


def test_histories_equal_those_that_pandas_counts(scores):
    customers, _, _ = scores
    assert (customers["repeat_count"] == customers["x"]).all()
    assert (customers["last_purchase_age_days"] == customers["t_x"]).all()
    assert (customers["customer_age_days"] == customers["T"]).all()
    assert (customers["recency_days"] == customers["T"] - customers["t_x"]).all()
    np.testing.assert_allclose(customers["mean_repeat_value"], customers["m"], rtol=1e-9)


def test_the_chance_to_be_alive_equals_lifetimes_own(scores):
    customers, fitted, _ = scores
    expected = bg_nbd(fitted).conditional_probability_alive(*(customers[c] for c in HISTORY))
    # To BG/NBD everybody is alive until the first repeat purchase: 1 would be said of most.
    expected = np.where(customers["x"] > 0, expected, np.nan)
    np.testing.assert_allclose(customers["probability_alive"], expected, rtol=1e-9)


@pytest.mark.parametrize("days", [90, 365])
def test_expected_purchases_equal_lifetimes_own(scores, days):
    customers, fitted, _ = scores
    np.testing.assert_allclose(
        customers[f"expected_purchases_{days}d"],
        expected_purchases(fitted, days, customers),
        rtol=1e-9,
    )


def test_the_chance_of_a_purchase_is_the_mixture_of_the_living(scores):
    customers, fitted, _ = scores
    alive = bg_nbd(fitted).conditional_probability_alive(*(customers[c] for c in HISTORY))
    waiting = (fitted["alpha"] + customers["T"]) / (fitted["alpha"] + customers["T"] + 90)
    expected = alive * (1 - waiting ** (fitted["r"] + customers["x"]))
    np.testing.assert_allclose(customers["probability_active_90d"], expected, rtol=1e-9)


def expected_spend(fitted: pd.Series, customers: pd.DataFrame) -> np.ndarray:
    fitter = GammaGammaFitter()
    fitter.params_ = fitted
    return np.asarray(
        fitter.conditional_expected_average_profit(
            customers["paid_x"].astype("float64"), customers["m"].fillna(0)
        )
    )


def test_the_expected_spend_equals_lifetimes_own(scores):
    customers, _, fitted = scores
    np.testing.assert_allclose(
        customers["expected_purchase_value"], expected_spend(fitted, customers), rtol=1e-9
    )


def test_the_lifetime_value_is_the_discounted_sum_over_the_days(scores):
    """Every half day's new purchases, at ten per cent a year, times the expected spend."""
    customers, fitted, spend = scores
    histories = customers[HISTORY].drop_duplicates()
    delta = np.log(1.10) / 365
    total = np.zeros(len(histories))
    before = np.zeros(len(histories))
    for day in np.arange(1, 366):
        by_then = expected_purchases(fitted, float(day), histories)
        total += np.exp(-delta * (day - 0.5)) * (by_then - before)
        before = by_then
    discounted = customers.merge(histories.assign(total=total), on=HISTORY, how="left")["total"]
    np.testing.assert_allclose(
        customers["lifetime_value_365d"],
        discounted.to_numpy() * expected_spend(spend, customers),
        rtol=1e-6,
    )


def test_column_names_keep_their_promises(demo):
    """Shares and chances lie in 0..1, the percentile in 0..100, no forecast is missing."""
    customers = demo.frame("select * from customers")
    for column in ("probability_alive", "probability_active_90d"):
        assert customers[column].between(0, 1).all()
    assert customers["lifetime_value_percentile"].between(0, 100).all()
    forecasts = customers.filter(regex="^(expected|lifetime|probability)")
    assert np.isfinite(forecasts.to_numpy("float64")).all()
    assert (customers["lifetime_value_365d"] >= 0).all()
