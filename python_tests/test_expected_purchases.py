"""The forecast against lifetimes and against direct integration, in the awkward places too."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from helpers import FakeDbt, load_model
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lifetimes import BetaGeoFitter
from scipy.integrate import quad
from scipy.special import betaln

scoring = load_model("core/predictions/score_customer_value__expected_purchases.py")

CDNOW = {"r": 0.2426, "alpha": 30.895, "a": 0.7929, "b": 2.4259}

parameters = st.fixed_dictionaries(
    {
        "r": st.floats(0.01, 20),
        "alpha": st.floats(0.1, 2000),
        "a": st.floats(0.02, 20),
        "b": st.floats(0.05, 50),
    }
)
counts = st.integers(0, 2000)
ages = st.integers(0, 4000)
horizons = st.integers(1, 3650)


def purchases(x, T, t, fitted) -> float:
    return float(
        scoring.purchases_if_alive(np.array([x], "float64"), np.array([T], "float64"), t, **fitted)[
            0
        ]
    )


def lifetimes_purchases(x, t_x, T, t, fitted) -> float:
    fitter = BetaGeoFitter()
    fitter.params_ = pd.Series(fitted)
    return float(fitter.conditional_expected_number_of_purchases_up_to_time(t, x, t_x, T))


def integrated_purchases(x, T, t, fitted) -> float:
    """Return g(x, T, t) from the assumptions of the BG/NBD, without its closed form.

    Of a customer still active after x repeats the dropout probability p is Beta(a, b + x) and
    the rate Gamma(r + x, alpha + T); given both, (1 - exp(-rate p t)) / p purchases are
    expected. The rate integrates out by hand. In y = log(p / (1 - p)) the rest is smooth and
    dies out on both sides, where the trapezoidal rule converges faster than any power.
    """
    r, alpha, a, b = (fitted[name] for name in ("r", "alpha", "a", "b"))
    step = 1 / 16
    y = np.arange(-40 / min(a, 1), 40 / min(b + x, 1), step)
    log_p, log_rest = -np.logaddexp(0, -y), -np.logaddexp(0, y)
    p = np.maximum(np.exp(log_p), 1e-200)
    given_p = -np.expm1(-(r + x) * np.log1p(p * t / (alpha + T))) / p
    density = np.exp(a * log_p + (b + x) * log_rest - betaln(a, b + x))
    return float(step * (density * given_p).sum())


@pytest.mark.parametrize("t", [1, 90, 273, 365, 3650])
@pytest.mark.parametrize(("x", "T"), [(0, 0), (0, 39), (1, 1), (2, 272), (7, 365), (30, 900)])
def test_purchases_equal_lifetimes_own(x, T, t):
    # With t_x = T and the customer's P(alive) taken out, what is left is g(x, T, t).
    fitter = BetaGeoFitter()
    fitter.params_ = pd.Series(CDNOW)
    alive = float(np.asarray(fitter.conditional_probability_alive(x, T, T)).item())
    assert purchases(x, T, t, CDNOW) * alive == pytest.approx(
        lifetimes_purchases(x, T, T, t, CDNOW), rel=1e-9
    )


def test_the_published_forecast_of_one_customer():
    """1.226 purchases in 39 weeks after x = 2, t_x = 30.43, T = 38.86 (weeks)."""
    weeks = {**CDNOW, "alpha": 4.414, "r": 0.243, "a": 0.793, "b": 2.426}
    odds = weeks["a"] / (weeks["b"] + 1)
    odds *= ((weeks["alpha"] + 38.86) / (weeks["alpha"] + 30.43)) ** (weeks["r"] + 2)
    assert purchases(2, 38.86, 39, weeks) / (1 + odds) == pytest.approx(1.226, abs=1e-3)


@pytest.mark.parametrize("a", [0.05, 0.5, 0.95, 0.99, 0.9985, 1.0, 1.0015, 1.01, 1.05, 3.0])
@pytest.mark.parametrize(("x", "T"), [(0, 0), (0, 300), (3, 100), (40, 700)])
def test_purchases_equal_the_integral_also_at_and_around_a_of_one(a, x, T):
    fitted = {**CDNOW, "a": a}
    assert purchases(x, T, 365, fitted) == pytest.approx(
        integrated_purchases(x, T, 365, fitted), rel=1e-9
    )


@pytest.mark.parametrize("nudge", [-0.01, -1e-3, 0.0, 1e-9, 1e-3, 0.01])
@pytest.mark.parametrize("a", [0.2, 0.6])
def test_purchases_equal_the_integral_where_a_plus_b_plus_x_is_one(a, nudge):
    fitted = {**CDNOW, "a": a, "b": 1 - a + nudge}
    assert purchases(0, 200, 365, fitted) == pytest.approx(
        integrated_purchases(0, 200, 365, fitted), rel=1e-9
    )


@pytest.mark.parametrize("a", [0.8, 1.0, 2.5])
@pytest.mark.parametrize("T", [2000, 2500])
def test_two_thousand_repeat_purchases_are_no_trouble(a, T):
    fitted = {**CDNOW, "a": a}
    value = purchases(2000, T, 365, fitted)
    assert value == pytest.approx(integrated_purchases(2000, T, 365, fitted), rel=1e-9)


@pytest.mark.parametrize(
    ("fitted", "x", "T", "t"),
    [
        ({"r": 1.0, "alpha": 1.0, "a": 2.0, "b": 27.0}, 89, 89, 811),
        ({"r": 1.0, "alpha": 1.0, "a": 2.0, "b": 2.0}, 98, 99, 902),
    ],
)
def test_whole_number_parameters_are_no_trouble(fitted, x, T, t):
    """Where SciPy's hypergeometric function itself is NaN or far off."""
    expected = integrated_purchases(x, T, t, fitted)
    assert purchases(x, T, t, fitted) == pytest.approx(expected, rel=1e-9)


@settings(max_examples=300)
@given(parameters, counts, ages, horizons)
def test_forecasts_are_finite_and_below_those_without_dropout(fitted, x, T, t):
    assume(x <= T)
    value = purchases(x, T, t, fitted)
    ceiling = (fitted["r"] + x) / (fitted["alpha"] + T) * t
    assert np.isfinite(value)
    assert 0 <= value <= ceiling * (1 + 1e-6)


@settings(max_examples=200)
@given(parameters, st.integers(0, 300), ages, horizons)
def test_more_days_and_more_past_purchases_mean_more_future_ones(fitted, x, T, t):
    assume(x < T)
    value = purchases(x, T, t, fitted)
    assert purchases(x, T, 2 * t, fitted) >= value * (1 - 1e-7)
    assert purchases(x + 1, T, t, fitted) >= value * (1 - 1e-7)


@settings(max_examples=100)
@given(parameters, counts, ages, horizons)
def test_forecasts_equal_the_integral_for_any_parameters(fitted, x, T, t):
    assume(x <= T)
    reference = integrated_purchases(x, T, t, fitted)
    assert purchases(x, T, t, fitted) == pytest.approx(reference, rel=1e-9)


def test_without_dropout_the_forecast_is_the_nbds():
    value = purchases(4, 100, 90, {"r": 0.5, "alpha": 20.0, "a": 0.0, "b": np.nan})
    assert value == pytest.approx(4.5 / 120 * 90)


def test_where_nobody_repeats_nobody_is_expected_to():
    nothing = {"r": 0.0, "alpha": np.nan, "a": 0.0, "b": np.nan}
    assert purchases(0, 100, 90, nothing) == 0
    assert scoring.active_if_alive(np.zeros(1), np.ones(1), 90, 0.0, np.nan) == [0]


@settings(max_examples=100)
@given(parameters, counts, ages, horizons)
def test_the_chance_of_another_purchase_is_one_of_the_gamma_mixture(fitted, x, T, t):
    r, alpha = fitted["r"], fitted["alpha"]
    (value,) = scoring.active_if_alive(np.array([x]), np.array([T]), t, r, alpha)
    assert 0 <= value <= 1
    assert value == pytest.approx(1 - ((alpha + T) / (alpha + T + t)) ** (r + x), abs=1e-12)


@pytest.mark.parametrize("rate", [0.01, 0.10, 0.5])
@pytest.mark.parametrize("horizon", [30, 365, 1095])
@pytest.mark.parametrize(("x", "T"), [(0, 10), (2, 270), (25, 500)])
def test_discounted_purchases_equal_the_integral_over_their_rate(x, T, horizon, rate):
    delta = np.log(1 + rate) / 365
    step = 1e-3

    def discounted_rate(s):
        per_day = (purchases(x, T, s + step, CDNOW) - purchases(x, T, s - step, CDNOW)) / (2 * step)
        return np.exp(-delta * s) * per_day

    expected, _ = quad(discounted_rate, step, horizon, epsrel=1e-9, limit=200)
    expected += purchases(x, T, step, CDNOW)
    (value,) = scoring.discounted_purchases_if_alive(
        np.array([float(x)]), np.array([float(T)]), horizon, rate, CDNOW
    )
    assert value == pytest.approx(expected, rel=1e-6)


def test_without_discounting_the_purchases_themselves_count():
    x, T = np.array([0.0, 3.0]), np.array([50.0, 200.0])
    np.testing.assert_array_equal(
        scoring.discounted_purchases_if_alive(x, T, 365, 0.0, CDNOW),
        scoring.purchases_if_alive(x, T, 365, **CDNOW),
    )


def pairs_of(*pairs, role="current", holdout_days=0) -> pd.DataFrame:
    frame = pd.DataFrame(pairs, columns=["repeat_count", "customer_age_days"], dtype="int64")
    return frame.assign(as_of_role=role, holdout_days=holdout_days)


def parameter_table(fitted, role="current", model="bg_nbd") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "as_of_role": role,
            "model": model,
            "parameter": list(fitted),
            "estimate": list(fitted.values()),
        }
    )


META = {"activity_days": 90, "horizon_days": 365, "annual_discount_rate": 0.1}


@pytest.mark.parametrize("wrap", [lambda frame: frame, duckdb.from_df], ids=["pandas", "duckdb"])
def test_the_model_scores_every_pair_with_the_parameters_of_its_role(wrap):
    other = {**CDNOW, "r": 0.5}
    refs = {
        "int_customer_value__repeat_count_ages": wrap(
            pd.concat(
                [
                    pairs_of((3, 200), (0, 10)),
                    pairs_of((3, 200), role="calibration", holdout_days=120),
                ]
            )
        ),
        "fit_customer_value__purchase_models": wrap(
            pd.concat([parameter_table(CDNOW), parameter_table(other, role="calibration")])
        ),
    }
    written = scoring.model(FakeDbt(refs, META), None)
    assert written.dtypes.astype(str).to_dict() == scoring.COLUMNS
    by_key = written.set_index(["as_of_role", "repeat_count", "customer_age_days"])
    assert len(by_key) == 3
    for role, fitted in [("current", CDNOW), ("calibration", other)]:
        row = by_key.loc[(role, 3, 200)]
        assert row["purchases_if_alive_90d"] == purchases(3, 200, 90, fitted)
        assert row["purchases_if_alive_365d"] == purchases(3, 200, 365, fitted)
        assert row["discounted_purchases_if_alive_365d"] < row["purchases_if_alive_365d"]
    judged = by_key.loc[("calibration", 3, 200)]
    assert judged["purchases_if_alive_holdout"] == purchases(3, 200, 120, other)
    # Activity is judged over the shorter of its own window and the holdout.
    assert judged["active_if_alive_holdout"] == judged["active_if_alive_90d"]
    assert by_key.loc[("current", 3, 200), "purchases_if_alive_holdout"] == 0


def test_the_order_of_the_rows_is_irrelevant():
    pairs = pairs_of((3, 200), (0, 10), (5, 80), (0, 300))
    arguments = (90, 365, 0.1)
    pd.testing.assert_frame_equal(
        scoring.score_pairs(pairs.iloc[::-1], parameter_table(CDNOW).iloc[::-1], *arguments),
        scoring.score_pairs(pairs, parameter_table(CDNOW), *arguments),
        check_exact=True,
    )


def test_no_rows_give_a_typed_empty_frame():
    empty = scoring.score_pairs(pairs_of(), parameter_table(CDNOW).head(0), 90, 365, 0.1)
    assert len(empty) == 0
    assert empty.dtypes.astype(str).to_dict() == scoring.COLUMNS
