"""The lookup of forecasts against lifetimes and direct integration, in the awkward places too."""

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
from scipy.stats import beta as beta_distribution
from scipy.stats import gamma as gamma_distribution

scoring = load_model("core/predictions/score_customer_value__forecasts.py")

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


def customers(x, T, fitted):
    return scoring.active_customers(
        "bg_nbd", np.atleast_1d(np.float64(x)), np.atleast_1d(np.float64(T)), fitted
    )


def purchases(x, T, t, fitted) -> float:
    return float(scoring.purchases_between(customers(x, T, fitted), 0.0, float(t), 0.0)[0][0])


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
    assert customers(0, 1, nothing).active(0.0, 90.0) == [0]


@settings(max_examples=100)
@given(parameters, counts, ages, horizons)
def test_the_chance_of_another_purchase_is_one_of_the_gamma_mixture(fitted, x, T, t):
    r, alpha = fitted["r"], fitted["alpha"]
    (value,) = customers(x, T, fitted).active(0.0, float(t))
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
    _, (value,) = scoring.purchases_between(customers(x, T, CDNOW), 0.0, float(horizon), delta)
    assert value == pytest.approx(expected, rel=1e-6)


def test_without_discounting_the_purchases_themselves_count():
    x, T = np.array([0.0, 3.0]), np.array([50.0, 200.0])
    counted, discounted = scoring.purchases_between(customers(x, T, CDNOW), 0.0, 365.0, 0.0)
    np.testing.assert_array_equal(discounted, counted)


def keys_of(*keys, role="current", model="bg_nbd") -> pd.DataFrame:
    """Keys of (repeat_count, customer_age_days, from_day, to_day)."""
    names = ["repeat_count", "customer_age_days", "from_day", "to_day"]
    frame = pd.DataFrame(keys, columns=names).astype({name: scoring.KEYS[name] for name in names})
    return frame.assign(as_of_role=role, model=model, month_ahead=0)


def parameter_table(fitted, role="current", model="bg_nbd") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "as_of_role": role,
            "model": model,
            "replicate": 0,
            "parameter": list(fitted),
            "estimate": list(fitted.values()),
        }
    )


@pytest.mark.parametrize("wrap", [lambda frame: frame, duckdb.from_df], ids=["pandas", "duckdb"])
def test_the_model_scores_every_key_with_the_parameters_of_its_role(wrap):
    other = {**CDNOW, "r": 0.5}
    refs = {
        "int_customer_value__forecast_keys": wrap(
            pd.concat(
                [
                    keys_of((3, 200, 0, 90), (3, 200, 0, 365), (0, 10, 0, 90)),
                    keys_of((3, 200, 0, 120), role="calibration"),
                    # Of no model that was fitted.
                    keys_of((3, 200, 0, 120), role="calibration", model="mbg_nbd"),
                ]
            )
        ),
        "fit_customer_value__forecast_models": wrap(
            pd.concat([parameter_table(CDNOW), parameter_table(other, role="calibration")])
        ),
    }
    written = scoring.model(FakeDbt(refs, {"annual_discount_rate": 0.1}), None)
    assert written.dtypes.astype(str).to_dict() == scoring.COLUMNS
    by_key = written.set_index(["as_of_role", "repeat_count", "customer_age_days", "to_day"])
    assert len(by_key) == 4
    for role, days, fitted in [
        ("current", 90, CDNOW),
        ("current", 365, CDNOW),
        ("calibration", 120, other),
    ]:
        row = by_key.loc[(role, 3, 200, days)]
        assert row["purchases_if_alive"] == pytest.approx(
            purchases(3, 200, days, fitted), rel=1e-12
        )
        assert row["discounted_purchases_if_alive"] < row["purchases_if_alive"]
        assert row["active_if_alive"] == row["active_so_far_if_alive"]
        assert row["alive_if_silent"] == 1


def test_the_order_of_the_rows_is_irrelevant():
    keys = keys_of((3, 200, 0, 90), (0, 10, 0, 90), (5, 80, 30, 60), (0, 300, 0, 365))
    pd.testing.assert_frame_equal(
        scoring.score_forecasts(keys.iloc[::-1], parameter_table(CDNOW).iloc[::-1], 0.1),
        scoring.score_forecasts(keys, parameter_table(CDNOW), 0.1),
        check_exact=True,
    )


@pytest.mark.parametrize("size", [1, 7])
def test_the_size_of_a_block_is_irrelevant(monkeypatch, size):
    keys = keys_of(*((x, 20 * x, start, 365) for x in range(9) for start in (0, 90)))
    whole = scoring.score_forecasts(keys, parameter_table(CDNOW), 0.1)
    monkeypatch.setattr(scoring, "BLOCK_SIZE", size)
    pd.testing.assert_frame_equal(
        scoring.score_forecasts(keys, parameter_table(CDNOW), 0.1), whole, rtol=1e-10
    )


def test_no_rows_give_a_typed_empty_frame():
    refs = {
        "int_customer_value__forecast_keys": keys_of(),
        "fit_customer_value__forecast_models": parameter_table(CDNOW).head(0),
    }
    empty = scoring.model(FakeDbt(refs, {"annual_discount_rate": "0.1"}), None)
    assert len(empty) == 0
    assert empty.dtypes.astype(str).to_dict() == scoring.COLUMNS


# ---- by month, against integrals done another way and against the year

MONTH = 365 / 12
X = np.array([0.0, 1.0, 3.0, 29.0, 170.0])
T = np.array([0.0, 40.0, 270.0, 400.0, 500.0])
BG_NBD = {"r": 0.25, "alpha": 31.0, "a": 0.79, "b": 2.43}
PARETO = {"r": 0.55, "alpha": 74.0, "s": 0.61, "beta": 82.0}


@pytest.mark.parametrize("index", [1, 2, 3])
def test_a_month_of_the_bg_nbd_is_what_its_assumptions_say(index):
    """Rates and chances to drop out drawn apart, and averaged over all pairs of them."""
    x, age = X[index], T[index]
    model = scoring.BgNbd(X[index : index + 1], T[index : index + 1], **BG_NBD)
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
    model = scoring.BgNbd(x, age, r, alpha, a, b)
    for i in range(2):
        chance, z = beta_distribution(a, b + x[i]), 365 / (alpha + age[i])
        alive = quad(lambda q, c=chance, z=z, k=r + x[i]: (1 + c.ppf(q) * z) ** -k, 0, 1)[0]
        assert model.alive(365)[i] == pytest.approx(alive, rel=1e-6)
    counted, discounted = scoring.purchases_between(model, 0, MONTH, 0.0003)
    assert (counted > discounted).all()
    assert (model.active(0, MONTH) > 0).all()


@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_a_month_of_the_pareto_nbd_is_what_its_assumptions_say(index):
    x, age = X[index], T[index]
    model = scoring.ParetoNbd(X[index : index + 1], T[index : index + 1], **PARETO)
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
        # Where the data set no limit to the rate, as on a log of few repeat purchases.
        ("bg_nbd", {"r": 1.687e4, "alpha": 7.026e6, "a": 8.192, "b": 0.122}),
        ("pareto_nbd", {"r": 1.475e4, "alpha": 7.026e6, "s": 4.54e-5, "beta": 7.026e6}),
        ("bg_nbd", {**BG_NBD, "a": 0.0, "b": float("nan")}),
        ("bg_nbd", {**BG_NBD, "r": 0.0}),
        ("bg_nbd", {**BG_NBD, "r": 0.0, "alpha": float("nan"), "b": float("nan")}),
        ("pareto_nbd", {**PARETO, "s": 0.0, "beta": float("nan")}),
        ("pareto_nbd", {**PARETO, "r": 0.0}),
        ("pareto_nbd", {"r": 0.0, "alpha": np.nan, "s": np.nan, "beta": np.nan}),
    ],
)
def test_twelve_months_are_the_year(name, estimates):
    keys = ["repeat_count", "customer_age_days"]
    pairs = pd.DataFrame(
        {"repeat_count": X.astype("int64"), "customer_age_days": T.astype("int64")}
    ).assign(as_of_role="current", model=name)
    windows = [(month, MONTH * (month - 1), MONTH * month) for month in range(1, 25)]
    windows.append((0, 0.0, 365.0))
    scored = scoring.score_forecasts(
        pairs.merge(pd.DataFrame(windows, columns=["month_ahead", "from_day", "to_day"]), "cross"),
        parameter_table(estimates, model=name),
        0.1,
    )
    is_month = scored["month_ahead"] > 0
    months = scored[is_month].sort_values([*keys, "month_ahead"])
    year = scored[~is_month].set_index(keys).sort_index()
    measures = list(scoring.MEASURES)
    sums = months[months["month_ahead"] <= 12].groupby(keys)[measures].sum().sort_index()

    assert len(months) == 24 * len(X)
    assert np.isfinite(months[measures].to_numpy("float64")).all()
    np.testing.assert_allclose(
        sums["purchases_if_alive"], year["purchases_if_alive"], rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(
        sums["discounted_purchases_if_alive"],
        year["discounted_purchases_if_alive"],
        rtol=1e-9,
        atol=1e-12,
    )
    # The same over the year by an integrator that knows nothing of the nodes.
    for place in range(len(X)):
        one = scoring.active_customers(name, X[place : place + 1], T[place : place + 1], estimates)
        integral, _ = quad(lambda s, one=one: float(one.rate(s)[0]), 0, 365, epsrel=1e-10)
        found = year.loc[(X[place], T[place]), "purchases_if_alive"]
        assert found == pytest.approx(integral, rel=1e-6, abs=1e-12)
    # No more customers buy in a month than make a purchase, and than live when it begins.
    assert (months["active_if_alive"] <= months["purchases_if_alive"] + 1e-9).all()
    before = months.groupby(keys)["alive_if_alive"].shift(1, fill_value=1.0)
    assert (months["alive_if_alive"] <= before + 1e-12).all()
    assert (months["active_if_alive"] <= before + 1e-9).all()
    assert (months.groupby(keys)["active_so_far_if_alive"].diff().dropna() >= -1e-12).all()
