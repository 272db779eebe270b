"""The three purchase models, their scores and their intervals, as science.

Against the published CDNOW estimates, lifetimes' own functions where these are sound, direct
integration where they are not, and simulation.
"""

import duckdb
import numpy as np
import pandas as pd
import pytest
from autograd import value_and_grad
from helpers import FakeDbt, cdnow_sample_customers, load_model
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lifetimes import BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter
from scipy.integrate import quad

fitting = load_model("core/predictions/fit_customer_value__forecast_models.py")
scoring = load_model("core/predictions/score_customer_value__forecasts.py")
intervals = load_model("validation/predictions/score_customer_value__forecast_intervals.py")


MODELS = ("bg_nbd", "mbg_nbd", "pareto_nbd")
PARETO = {"r": 0.5533, "alpha": 74.0, "s": 0.6062, "beta": 81.7}
MBG = {"r": 0.5248, "alpha": 43.28, "a": 0.8914, "b": 1.614}


def purchases_if_alive(model: str, x, T, t, fitted) -> np.ndarray:
    return scoring.purchases_between(scoring.active_customers(model, x, T, fitted), 0.0, t, 0.0)[0]


def active_if_alive(model: str, x, T, t, fitted) -> np.ndarray:
    return scoring.active_customers(model, x, T, fitted).active(0.0, t)


def pareto_nbd_alive(x, t_x, T, fitted) -> np.ndarray:
    """P(alive): active at the last purchase, and silent since."""
    return scoring.active_customers("pareto_nbd", x, t_x, fitted).alive_if_silent(T - t_x)


def histories() -> tuple[np.ndarray, ...]:
    customers = cdnow_sample_customers("1997-09-30")
    return tuple(customers[column].to_numpy("float64") for column in ("x", "t_x", "T"))


@pytest.fixture(scope="module")
def cdnow_fits() -> dict:
    x, t_x, T = histories()
    return {model: fitting.fit_model(model, x, t_x, T, np.ones(len(x))) for model in MODELS}


# ---- the fits


@pytest.mark.parametrize(
    ("model", "parameter", "published", "tolerance"),
    [
        ("pareto_nbd", "r", 0.5533, 1e-3),
        ("pareto_nbd", "alpha", 10.578 * 7, 1e-3),
        ("pareto_nbd", "s", 0.6062, 1e-3),
        ("pareto_nbd", "beta", 11.669 * 7, 1e-3),
        ("mbg_nbd", "r", 0.5248, 1e-3),
        ("mbg_nbd", "alpha", 6.183 * 7, 1e-3),
        ("mbg_nbd", "a", 0.8914, 1e-3),
        ("mbg_nbd", "b", 1.6140, 1e-3),
    ],
)
def test_the_challengers_have_the_reference_estimates(
    cdnow_fits, model, parameter, published, tolerance
):
    assert cdnow_fits[model].estimates[parameter] == pytest.approx(published, rel=tolerance)


@pytest.mark.parametrize(
    ("parameter", "published"),
    [("r", 0.0476), ("alpha", 0.8427 * 7), ("s", 0.1873), ("beta", 6.2105 * 7)],
)
def test_the_pareto_nbd_has_the_published_standard_errors(cdnow_fits, parameter, published):
    errors = cdnow_fits["pareto_nbd"].standard_errors
    assert errors[parameter] == pytest.approx(published, rel=1e-3)


@pytest.mark.parametrize(
    ("model", "published"),
    [("bg_nbd", -9582.429), ("mbg_nbd", -9582.136), ("pareto_nbd", -9594.976)],
)
def test_the_log_likelihoods_are_those_of_the_reference(cdnow_fits, model, published):
    in_weeks = cdnow_fits[model].log_likelihood + 2457 * np.log(7)
    assert in_weeks == pytest.approx(published, abs=1e-3)


def test_all_starts_agree_on_cdnow(cdnow_fits):
    for fit in cdnow_fits.values():
        assert fit.is_converged and not fit.is_boundary
        assert fit.finding == "Converged: 4 of 4 starts agree."


@pytest.mark.parametrize(
    ("objective", "fitter"),
    [
        (fitting.bg_nbd_objective, BetaGeoFitter),
        (fitting.mbg_nbd_objective, ModifiedBetaGeoFitter),
    ],
    ids=["bg_nbd", "mbg_nbd"],
)
@settings(max_examples=40, deadline=None)
@given(point=st.lists(st.floats(-4, 4), min_size=4, max_size=4))
def test_likelihood_and_gradient_are_those_of_lifetimes(objective, fitter, point):
    x, t_x, T = histories()
    data = (x, t_x / T.max(), T / T.max(), 1.0 + np.arange(len(x)) % 3)
    theirs, their_gradient = value_and_grad(fitter._negative_log_likelihood)(
        np.array(point), *data, 0.0
    )
    value, gradient = objective(np.array(point), *data)
    assert value == pytest.approx(theirs, rel=1e-11)
    np.testing.assert_allclose(gradient, their_gradient, rtol=1e-8, atol=1e-10 * abs(theirs))


def test_the_pareto_likelihood_is_lifetimes_own_where_that_is_a_number():
    x, t_x, T = histories()
    sound = t_x < T
    point = np.log([0.55, 70.0, 0.6, 80.0])
    value, _ = fitting.pareto_nbd_objective(
        point, x[sound], t_x[sound], T[sound], np.ones(sound.sum())
    )
    theirs = ParetoNBDFitter._negative_log_likelihood(
        np.exp(point), x[sound], t_x[sound], T[sound], np.ones(sound.sum()), 0.0
    )
    assert value * sound.sum() == pytest.approx(theirs, rel=1e-11)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-6, 6), min_size=4, max_size=4), st.integers(0, 2000))
def test_the_pareto_gradient_is_that_of_its_likelihood(point, x):
    data = (
        np.array([0.0, 2.0, float(x), 3.0]),
        np.array([0.0, 0.3, 0.9 if x else 0.0, 1.0]),
        np.array([0.7, 0.9, 1.0, 1.0]),
        np.array([5.0, 2.0, 1.0, 1.0]),
    )
    point = np.array(point)
    value, gradient = fitting.pareto_nbd_objective(point, *data)
    assert np.isfinite(value) and np.isfinite(gradient).all()
    step = 1e-5
    for i, shift in enumerate(np.eye(4) * step):
        ahead = fitting.pareto_nbd_objective(point + shift, *data)[0]
        behind = fitting.pareto_nbd_objective(point - shift, *data)[0]
        scale = 1 + abs(value)
        assert gradient[i] == pytest.approx((ahead - behind) / (2 * step), abs=2e-5 * scale)


@pytest.mark.parametrize("model", MODELS)
def test_people_who_never_stop_get_the_nbd_from_every_model(model):
    random = np.random.default_rng(4)
    rows = []
    for rate in random.gamma(1.0, 1 / 60, 1500):
        T = int(random.integers(200, 700))
        days = np.unique(random.integers(1, T + 1, random.poisson(rate * T)))
        rows.append((len(days), int(days.max()) if len(days) else 0, T))
    x, t_x, T_all = (np.array(column, "float64") for column in zip(*rows, strict=True))
    fit = fitting.fit_model(model, x, t_x, T_all, np.ones(len(x)))
    dropout, scale = ("s", "beta") if model == "pareto_nbd" else ("a", "b")
    assert fit.estimates[dropout] == 0 and np.isnan(fit.estimates[scale])
    assert fit.is_boundary and "no dropout identified" in fit.finding
    assert fit.estimates["r"] == pytest.approx(1.0, rel=0.15)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("x", "t_x", "T"),
    [
        pytest.param([0], [0], [0], id="one customer of today"),
        pytest.param([1], [5], [5], id="one customer who came back today"),
        pytest.param([2, 2, 2], [10, 10, 10], [20, 20, 20], id="all alike"),
        pytest.param([0, 400], [0, 400], [400, 400], id="one customer every day"),
        pytest.param([0, 0, 1], [0, 0, 1], [700, 700, 700], id="a single repeat"),
    ],
)
def test_thin_data_make_no_model_raise(model, x, t_x, T):
    data = (np.array(column, "float64") for column in (x, t_x, T))
    fit = fitting.fit_model(model, *data, np.ones(len(x)))
    assert np.isfinite(fit.estimates["r"])
    assert len(fit.finding) > 20


@pytest.mark.parametrize("model", MODELS)
def test_few_patterns_and_all_of_them_lead_to_one_optimum(model, monkeypatch):
    """The search of many patterns starts where that of a sample of them ended."""
    x, t_x, T = histories()
    expected = fitting.fit_model(model, x, t_x, T, np.ones(len(x)))
    monkeypatch.setattr(fitting, "SEARCH_PATTERNS", 400)
    order = np.lexsort((T, t_x, x))
    sampled = fitting.fit_model(model, x[order], t_x[order], T[order], np.ones(len(x)))
    assert sampled.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-3)
    for name, estimate in expected.estimates.items():
        assert sampled.estimates[name] == pytest.approx(estimate, rel=1e-4)


# ---- the scores


def test_mbg_nbd_forecasts_are_lifetimes_own():
    x, t_x, T = histories()
    fitter = ModifiedBetaGeoFitter()
    fitter.params_ = pd.Series(MBG)
    theirs = fitter.conditional_expected_number_of_purchases_up_to_time(273, x, t_x, T)
    alive = fitter.conditional_probability_alive(x, t_x, T)
    ours = purchases_if_alive("mbg_nbd", x, T, 273, MBG)
    np.testing.assert_allclose(alive * ours, theirs, rtol=1e-9)


def test_pareto_nbd_forecasts_are_lifetimes_own():
    x, t_x, T = histories()
    fitter = ParetoNBDFitter()
    fitter.params_ = pd.Series(PARETO)
    sound = t_x < T
    alive = pareto_nbd_alive(x, t_x, T, PARETO)
    ours = alive * purchases_if_alive("pareto_nbd", x, T, 273, PARETO)
    theirs = fitter.conditional_expected_number_of_purchases_up_to_time(
        273, x[sound], t_x[sound], T[sound]
    )
    np.testing.assert_allclose(ours[sound], theirs, rtol=1e-9)
    np.testing.assert_allclose(
        alive[sound],
        fitter.conditional_probability_alive(x[sound], t_x[sound], T[sound]),
        rtol=1e-9,
    )


def test_the_chance_of_a_purchase_is_that_of_zero_purchases_the_other_way_round():
    """P(no purchase in t) of the Pareto/NBD, from lifetimes, for customers of any recency."""
    fitter = ParetoNBDFitter()
    fitter.params_ = pd.Series(PARETO)
    x, t_x, T = np.array([0.0, 2.0, 7.0]), np.array([0.0, 100.0, 240.0]), np.array([99.0, 273, 260])
    none = fitter.conditional_probability_of_n_purchases_up_to_time(0, 90, x, t_x, T)
    alive = pareto_nbd_alive(x, t_x, T, PARETO)
    active = alive * active_if_alive("pareto_nbd", x, T, 90, PARETO)
    np.testing.assert_allclose(active, 1 - none, rtol=1e-7)


@pytest.mark.parametrize("s", [1 - 1e-9, 1.0, 1 + 1e-9])
def test_s_of_one_is_no_trouble(s):
    x, T = np.array([0.0, 3.0]), np.array([10.0, 300.0])
    at_one = purchases_if_alive("pareto_nbd", x, T, 365, {**PARETO, "s": 1.0})
    near = purchases_if_alive("pareto_nbd", x, T, 365, {**PARETO, "s": s})
    np.testing.assert_allclose(near, at_one, rtol=1e-7)


@pytest.mark.parametrize("x", [1, 2, 50, 132, 199, 1000, 2000])
@pytest.mark.parametrize("T", [200, 2000])
def test_who_bought_on_the_as_of_date_is_alive(x, T):
    fitted = {"r": 0.55, "alpha": 10.58, "s": 0.61, "beta": 11.67}
    at_last = np.array([float(T)])
    alive = pareto_nbd_alive(np.array([float(x)]), at_last, at_last, fitted)
    assert alive[0] == 1


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 2000),
    st.integers(0, 4000),
    st.floats(0, 1),
    st.floats(0.01, 20),
    st.floats(0.01, 3000),
    st.floats(0.001, 20),
    st.floats(0.01, 3000),
    st.integers(1, 3650),
)
@example(x=0, T=0, recency=0.0, r=1.0, alpha=1.0, s=3.0, beta=0.015625, t=2)
def test_pareto_scores_are_numbers_everywhere(x, T, recency, r, alpha, s, beta, t):
    x, t_x, T = (np.array([v], "float64") for v in (x, x and round(T * recency), T))
    fitted = {"r": r, "alpha": alpha, "s": s, "beta": beta}
    alive = pareto_nbd_alive(x, t_x, T, fitted)
    active = active_if_alive("pareto_nbd", x, T, t, fitted)
    purchases = purchases_if_alive("pareto_nbd", x, T, t, fitted)
    assert 0 <= alive[0] <= 1 and 0 <= active[0] <= 1
    assert 0 <= purchases[0] <= (r + x[0]) / (alpha + T[0]) * t * (1 + 1e-9)
    assert active[0] <= purchases[0] * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize(("x", "T", "t"), [(0, 0, 365), (0, 90, 90), (3, 200, 365), (40, 500, 30)])
@pytest.mark.parametrize("beta", [0.5, 81.7, 5000.0])
def test_pareto_activity_equals_direct_integration(x, T, t, beta):
    fitted = {**PARETO, "beta": beta}
    k, A, B = fitted["r"] + x, fitted["alpha"] + T, beta + T

    def density(y):
        return k / A * (1 + y / A) ** (-k - 1) * (1 + y / B) ** -fitted["s"]

    expected, _ = quad(density, 0, t, epsabs=0, epsrel=1e-12, limit=500)
    value = active_if_alive("pareto_nbd", np.array([float(x)]), np.array([float(T)]), t, fitted)
    assert value[0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("model", MODELS)
def test_without_dropout_every_model_is_the_nbd(model):
    fitted = {"r": 0.8, "alpha": 60.0} | (
        {"s": 0.0, "beta": np.nan} if model == "pareto_nbd" else {"a": 0.0, "b": np.nan}
    )
    x, T = np.array([0.0, 5.0]), np.array([0.0, 300.0])
    purchases = purchases_if_alive(model, x, T, 365, fitted)
    np.testing.assert_allclose(purchases, (0.8 + x) / (60 + T) * 365)
    active = active_if_alive(model, x, T, 90, fitted)
    np.testing.assert_allclose(active, 1 - ((60 + T) / (150 + T)) ** (0.8 + x))
    if model == "pareto_nbd":
        np.testing.assert_array_equal(pareto_nbd_alive(x, T / 2, T, fitted), [1.0, 1.0])


@pytest.mark.parametrize("wrap", [lambda frame: frame, duckdb.from_df], ids=["pandas", "duckdb"])
def test_the_lookup_holds_every_model_and_role(wrap):
    parameters = pd.DataFrame(
        [
            {
                "as_of_role": role,
                "model": model,
                "replicate": 0,
                "parameter": name,
                "estimate": value,
            }
            for role in ("calibration", "current")
            for model, fitted in (("mbg_nbd", MBG), ("pareto_nbd", PARETO))
            for name, value in fitted.items()
        ]
    )
    seen = pd.DataFrame(
        {
            "as_of_role": ["current", "calibration"],
            "repeat_count": [2, 2],
            "customer_age_days": [100, 30],
            "month_ahead": [0, 0],
            "from_day": [0.0, 0.0],
        }
    )
    keys = seen.merge(pd.DataFrame({"model": ["mbg_nbd", "pareto_nbd"]}), "cross").merge(
        pd.DataFrame({"to_day": [60.0, 90.0]}), "cross"
    )
    refs = {
        "int_customer_value__forecast_keys": wrap(keys),
        "fit_customer_value__forecast_models": wrap(parameters),
    }
    lookup = scoring.model(FakeDbt(refs, {"annual_discount_rate": 0.1}), None)
    assert list(lookup["model"]) == ["mbg_nbd"] * 2 + ["pareto_nbd"] * 2 + (
        ["mbg_nbd"] * 2 + ["pareto_nbd"] * 2
    )
    then = lookup[lookup["as_of_role"] == "calibration"]
    shorter, longer = then.iloc[0], then.iloc[1]
    assert shorter["purchases_if_alive"] < longer["purchases_if_alive"]
    # The holdout is shorter than the window of activity.
    assert shorter["active_if_alive"] < longer["active_if_alive"]
    assert lookup["alive_if_silent"].between(0, 1).all()
    silent = lookup[lookup["model"] == "pareto_nbd"]["alive_if_silent"]
    assert (silent < 1).all() and (silent > 0).all()


@pytest.mark.parametrize(
    ("model", "fitted"),
    [
        ("bg_nbd", {"r": 0.2426, "alpha": 30.895, "a": 0.7929, "b": 2.4259}),
        ("bg_nbd", {"r": 0.5, "alpha": 5.0, "a": 1.0, "b": 0.2}),
        ("mbg_nbd", MBG),
        ("pareto_nbd", PARETO),
        ("pareto_nbd", {**PARETO, "s": 1.0}),
        ("bg_nbd", {"r": 0.8, "alpha": 60.0, "a": 0.0, "b": np.nan}),
        ("pareto_nbd", {"r": 0.0, "alpha": np.nan, "s": 0.0, "beta": np.nan}),
    ],
)
def test_the_purchases_by_age_add_up_to_the_forecast_of_a_new_customer(model, fitted):
    """E[X(t)] is what a customer of age 0 is expected to do, if they survive the first day."""
    ages = np.arange(1.0, 546.0)
    new = np.zeros(len(ages))
    by_age, _ = scoring.purchases_between(
        scoring.active_customers(model, new, new, fitted), ages - 1, ages, 0.0
    )
    for age in (1, 30, 545):
        expected = purchases_if_alive(model, new[:1], new[:1], float(age), fitted)[0]
        assert by_age[:age].sum() == pytest.approx(expected, rel=1e-6)


# ---- the spend


def test_the_expected_spend_of_the_first_ten_customers_is_the_published_one():
    customers = cdnow_sample_customers("1997-09-30")
    paid = customers[customers["paid_x"] > 0]
    fit = fitting.fit_gamma_gamma(
        paid["paid_x"].to_numpy("float64"), paid["m"].to_numpy(), np.ones(len(paid))
    )
    assert len(paid) == 946
    assert fit.estimates == pytest.approx((6.25, 3.74, 15.44), rel=2e-3)
    assert fit.log_likelihood == pytest.approx(-4055.918, abs=2e-3)
    p, q, v = fit.estimates
    ten = customers.sort_index().head(10)
    x, m = ten["paid_x"], ten["m"].fillna(0)
    expected = p * (v + x * m) / (p * x + q - 1)
    published = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    np.testing.assert_allclose(expected, published, atol=0.05)


def test_spend_without_a_finite_mean_falls_back():
    """Tails so heavy that q is at most 1: nobody's expected spend is negative or infinite."""
    random = np.random.default_rng(8)
    x = random.integers(1, 4, 800).astype("float64")
    spend = random.gamma(2.0, size=800) / random.gamma(0.6, size=800)
    fit = fitting.fit_gamma_gamma(x, spend, np.ones(800))
    assert np.isnan(fit.estimates).all() or fit.estimates[1] > 1
    assert 0 < fit.mean_purchase_value < np.inf


# ---- the intervals


NO_LEVELS = pd.DataFrame({"measure": [], "forecast": [], "actual": []})


def customers_of(segment: str, x, t_x, T, total: int | None = None) -> pd.DataFrame:
    size = len(x)
    return pd.DataFrame(
        {
            "customer_id": [f"{segment}{i:06d}" for i in range(size)],
            "segment": segment,
            "repeat_count": x,
            "last_purchase_age_days": t_x,
            "customer_age_days": T,
            "paid_repeat_count": x,
            "mean_repeat_value": np.where(np.asarray(x) > 0, 20.0, np.nan),
            "value_per_spend": 0.9,
            "dispersion": np.nan,
            "population_customer_count": total or size,
        }
    )


def tables_of(sample: pd.DataFrame, model: str, estimates: dict, spend=(6.25, 3.74, 15.44)):
    history = ["repeat_count", "last_purchase_age_days", "customer_age_days"]
    patterns = (
        sample.groupby(history, as_index=False)
        .size()
        .rename(columns={"size": "customer_count"})
        .assign(as_of_role="current")
    )
    paid = sample[sample["paid_repeat_count"] > 0]
    spend_patterns = (
        paid.groupby(["paid_repeat_count", "mean_repeat_value"], as_index=False)
        .size()
        .rename(columns={"size": "customer_count"})
        .assign(as_of_role="current")
    )
    parameters = pd.DataFrame(
        {
            "as_of_role": "current",
            "model": model,
            "replicate": 0,
            "parameter": list(estimates),
            "estimate": list(estimates.values()),
        }
    )
    spend_parameters = pd.DataFrame(
        {
            "as_of_role": "current",
            "model": "gamma_gamma",
            "replicate": 0,
            "parameter": ["p", "q", "v"],
            "estimate": spend,
            "mean_purchase_value": 35.0,
        }
    )
    return sample, patterns, spend_patterns, pd.concat([parameters, spend_parameters])


def score(tables, model: str, horizon: int = 365, replicates: int = 20) -> pd.DataFrame:
    sample, patterns, spend_patterns, estimates = tables
    # The order of the parameters is that of the fit.
    order = [*fitting.MODELS[model][0], *fitting.SPEND_PARAMETERS]
    estimates = estimates.sort_values("parameter", key=lambda names: names.map(order.index))
    columns = {"customer_count": 1, "fit_customer_count": 1}
    columns |= {"is_converged": True, "is_boundary": False}
    refits = fitting.replicate_fits(
        estimates.assign(**columns), patterns, spend_patterns, model, replicates, 1
    )
    return intervals.score_intervals(
        sample, pd.concat([estimates, refits]), model, horizon, 1, NO_LEVELS, horizon
    )


@pytest.fixture(scope="module")
def cdnow_interval_tables(cdnow_fits) -> dict:
    x, t_x, T = (column.astype("int64") for column in histories())
    sample = customers_of("Lost", x, t_x, T)
    return {model: tables_of(sample, model, fit.estimates) for model, fit in cdnow_fits.items()}


@pytest.mark.parametrize("model", MODELS)
def test_the_bootstrap_spreads_as_the_standard_errors_say(model, cdnow_fits, cdnow_interval_tables):
    fit = cdnow_fits[model]
    estimates = np.array(list(fit.estimates.values()))
    _, patterns, *_ = cdnow_interval_tables[model]
    data = fitting.columns_of(patterns, "current", fitting.PATTERN)
    refitted = fitting.refit_purchase_model(model, estimates, data, 60, np.random.default_rng(4))
    assert refitted.shape == (60, 4) and np.isfinite(refitted).all()
    spread = np.log(refitted).std(axis=0)
    errors = np.array(list(fit.standard_errors.values())) / estimates
    # The bootstrap also hears that the model is not quite right, so more may be.
    assert (spread > 0.6 * errors).all() and (spread < 1.8 * errors).all()


@pytest.mark.parametrize("model", MODELS)
def test_the_simulated_purchases_have_the_expected_mean(model, cdnow_fits, cdnow_interval_tables):
    sample, *_ = cdnow_interval_tables[model]
    parameters = np.array(list(cdnow_fits[model].estimates.values()))
    x, t_x, T, paid, value = (
        np.nan_to_num(sample[column].to_numpy("float64"))
        for column in (
            "repeat_count",
            "last_purchase_age_days",
            "customer_age_days",
            "paid_repeat_count",
            "mean_repeat_value",
        )
    )
    customers = intervals.Customers(
        x, t_x, T, paid, value, np.ones(len(x)), np.zeros(len(x), dtype=int), 1
    )
    expected = intervals.expected_purchases(model, customers, 273, parameters)
    random = np.random.default_rng(0)
    draws = [
        intervals.simulate_purchases(model, customers, 273, parameters, random) for _ in range(60)
    ]
    error = np.std([draw.sum() for draw in draws]) / np.sqrt(60)
    assert np.mean([draw.sum() for draw in draws]) == pytest.approx(expected.sum(), abs=4 * error)
    # And they are the forecast's own: the totals of the reference's table.
    totals = {"bg_nbd": 1653.4, "mbg_nbd": 1576.7, "pareto_nbd": 1665.5}
    assert expected.sum() == pytest.approx(totals[model], rel=2e-3)

    spend = np.array([6.25, 3.74, 15.44])
    paid_draws = [
        intervals.simulate_spend(customers, draw, spend, 35.0, random).sum() for draw in draws
    ]
    value = (expected * intervals.expected_value(customers, spend, 35.0)).sum()
    error = np.std(paid_draws) / np.sqrt(60)
    assert np.mean(paid_draws) == pytest.approx(value, abs=4 * error)


def test_a_higher_level_is_a_wider_interval_and_the_forecast_is_inside(cdnow_interval_tables):
    scored = score(cdnow_interval_tables["bg_nbd"], "bg_nbd")
    assert scored.dtypes.astype(str).to_dict() == intervals.COLUMNS
    assert set(scored["scope"]) == {"total", "segment"}
    assert (scored["lower_ratio"] < 1).all() and (scored["upper_ratio"] > 1).all()
    wide = scored[scored["level"] == 0.95].reset_index(drop=True)
    narrow = scored[scored["level"] == 0.80].reset_index(drop=True)
    assert (wide["lower_ratio"] < narrow["lower_ratio"]).all()
    assert (wide["upper_ratio"] > narrow["upper_ratio"]).all()


def test_the_intervals_do_not_depend_on_the_order_of_the_rows(cdnow_interval_tables):
    tables = cdnow_interval_tables["mbg_nbd"]
    shuffled = tuple(table.sample(frac=1, random_state=3) for table in tables)
    pd.testing.assert_frame_equal(
        score(shuffled, "mbg_nbd"), score(tables, "mbg_nbd"), check_exact=True
    )


def test_a_sample_of_the_customers_has_less_chance_in_a_larger_total(cdnow_interval_tables):
    sample, *rest = cdnow_interval_tables["bg_nbd"]
    larger = sample.assign(population_customer_count=4 * len(sample))
    whole = score((sample, *rest), "bg_nbd")
    part = score((larger, *rest), "bg_nbd")
    np.testing.assert_allclose(part["process_deviation"], whole["process_deviation"] / 2)
    np.testing.assert_allclose(part["parameter_deviation"], whole["parameter_deviation"])


@pytest.mark.parametrize(
    "estimates",
    [
        pytest.param({"r": 0.8, "alpha": 60.0, "a": 0.0, "b": np.nan}, id="no dropout"),
        pytest.param({"r": 0.0, "alpha": np.nan, "a": 0.0, "b": np.nan}, id="nobody repeats"),
        pytest.param({"r": 2e4, "alpha": 1e6, "a": 2e4, "b": 4e-5}, id="at every bound"),
    ],
)
def test_boundary_fits_have_intervals_or_none_but_never_raise(estimates):
    x, t_x, T = (column.astype("int64") for column in histories())
    tables = tables_of(customers_of("Lost", x, t_x, T), "bg_nbd", estimates)
    scored = score(tables, "bg_nbd", replicates=10)
    assert len(scored) == 8
    expected = scored["lower_ratio"].dropna()
    assert (expected <= 1).all()
    if estimates["r"] == 0:
        assert scored["lower_ratio"].isna().all()


def test_a_spend_model_that_fell_back_needs_no_bootstrap():
    x, t_x, T = (column.astype("int64") for column in histories())
    nothing = (np.nan, np.nan, np.nan)
    tables = tables_of(customers_of("Lost", x, t_x, T), "pareto_nbd", PARETO, spend=nothing)
    scored = score(tables, "pareto_nbd", replicates=10).set_index(["scope", "measure", "level"])
    value = scored.loc[("total", "lifetime_value", 0.8), "parameter_deviation"]
    purchases = scored.loc[("total", "expected_purchases", 0.8), "parameter_deviation"]
    assert value == pytest.approx(purchases, rel=1e-6)


def test_no_customers_have_a_typed_empty_frame():
    x = np.array([], dtype="int64")
    tables = tables_of(customers_of("Lost", x, x, x), "bg_nbd", {"r": 0.0})
    empty = score(tables, "bg_nbd")
    assert len(empty) == 0
    assert empty.dtypes.astype(str).to_dict() == intervals.COLUMNS


def simulated_customers(random: np.random.Generator, size: int, seen: float, horizon: float):
    """Draw BG/NBD customers; return x, t_x, T up to `seen`, and the purchases after it."""
    r, alpha, a, b = 0.6, 40.0, 0.6, 1.8
    rows = []
    for rate, chance in zip(random.gamma(r, 1 / alpha, size), random.beta(a, b, size), strict=True):
        T = seen - random.uniform(0, seen / 2)
        count = random.poisson(rate * (T + horizon))
        days = np.sort(random.uniform(0, T + horizon, count))[: random.geometric(max(chance, 1e-9))]
        before = days[days <= T]
        rows.append((len(before), before[-1] if len(before) else 0.0, T, len(days) - len(before)))
    return tuple(np.array(column, "float64") for column in zip(*rows, strict=True))


def test_the_intervals_cover_what_happens():
    """Simulated shops: the total of the next half year lies in its interval as often as it says.

    Thirty shops of 400 customers; with 80 % the count is binomial with a deviation of 2.2.
    """
    random = np.random.default_rng(11)
    inside = {0.80: 0, 0.95: 0}
    for _ in range(30):
        x, t_x, T, future = simulated_customers(random, 400, 300.0, 180.0)
        fit = fitting.fit_model("bg_nbd", x, t_x, T, np.ones(400))
        parameters = np.array([fit.estimates[name] for name in ("r", "alpha", "a", "b")])
        tables = tables_of(customers_of("Lost", x, t_x, T), "bg_nbd", fit.estimates)
        scored = score(tables, "bg_nbd", horizon=180, replicates=20)
        customers = intervals.Customers(x, t_x, T, x, x, np.ones(400), np.zeros(400, dtype=int), 1)
        point = intervals.expected_purchases("bg_nbd", customers, 180, parameters).sum()
        total = scored[(scored["scope"] == "total") & (scored["measure"] == "expected_purchases")]
        for row in total.to_dict("records"):
            # Nothing moves these customers all at once.
            lower, upper = intervals.interval_ratios(
                row["parameter_deviation"], row["process_deviation"], 0.0, row["level"]
            )
            inside[row["level"]] += lower * point <= future.sum() <= upper * point
    assert 18 <= inside[0.80] <= 29
    assert 26 <= inside[0.95] <= 30


def test_the_level_is_the_logs_own_drawn_to_the_usual():
    levels = pd.DataFrame(
        {
            "measure": ["purchases", "purchases", "revenue"],
            "forecast": [100.0, 100.0, 100.0],
            "actual": [150.0, 80.0, 0.0],
        }
    )
    own = np.log(1.5) ** 2 + np.log(0.8) ** 2
    expected = np.sqrt((own + 4 * 0.17**2) / 6)
    assert intervals.level_deviation(levels, "purchases") == pytest.approx(expected)
    # Twice as far ahead as there is evidence of.
    assert intervals.level_deviation(levels, "purchases", 2.0) == pytest.approx(expected * 2**0.25)
    # A date without any revenue has no logarithm, and no date at all leaves the usual.
    assert intervals.level_deviation(levels, "revenue") == pytest.approx(0.17)
    reach = 1.2815515655446004 * np.sqrt(np.log1p(0.03**2) + np.log1p(0.04**2) + 0.2**2)
    assert intervals.interval_ratios(0.03, 0.04, 0.2, 0.8) == pytest.approx(
        (np.exp(-reach), np.exp(reach))
    )


def test_the_variance_around_a_corrected_forecast_is_that_of_simulated_spend():
    """Negative binomial counts of lognormal values around an uncertain mean, 200,000 of them."""
    random = np.random.default_rng(5)
    mean, dispersion, value, of_value, of_mean = 1.7, 0.8, 20.0, 0.9, 0.3
    correction = intervals.Corrected(
        *(np.array([number]) for number in (1.0, dispersion, value, of_value, of_mean, mean))
    )
    count, spend = intervals.corrected_variances(correction)
    drawn = random.negative_binomial(dispersion, dispersion / (dispersion + mean), 200_000)

    def lognormal(deviation, size):
        spread = np.sqrt(np.log1p(deviation**2))
        return np.exp(spread * random.standard_normal(size) - spread**2 / 2)

    of_customer = value * lognormal(of_mean, len(drawn))
    values = lognormal(of_value, drawn.sum())
    customer = np.repeat(np.arange(len(drawn)), drawn)
    paid = of_customer * np.bincount(customer, values, minlength=len(drawn))
    assert count[0] == pytest.approx(drawn.var(), rel=0.03)
    assert spend[0] == pytest.approx(paid.var(), rel=0.05)


def test_chance_around_a_corrected_forecast_is_that_of_what_is_published(cdnow_interval_tables):
    """Also where a customer's group has a base of its own, which the pooled one is not."""
    sample, *rest = cdnow_interval_tables["mbg_nbd"]
    published = 0.3 + 0.4 * sample["repeat_count"]
    sample = sample.assign(
        purchases_factor=1.1,
        dispersion=0.7,
        expected_purchase_value=20.0,
        purchase_value_deviation=0.6,
        mean_value_deviation=0.2,
        expected_purchases_365d=published,
    )
    scored = score((sample, *rest), "mbg_nbd", replicates=10)
    totals = scored[scored["scope"] == "total"].set_index(["measure", "level"])
    count = published + published**2 / 0.7
    process = np.sqrt(count.sum()) / published.sum()
    found = totals.loc[("expected_purchases", 0.8), "process_deviation"]
    assert found == pytest.approx(process, rel=1e-9)
    spend = 20.0**2 * (published * 0.36 * 1.04 + count * 1.04 + published**2 * 0.04)
    found = totals.loc[("lifetime_value", 0.8), "process_deviation"]
    assert found == pytest.approx(np.sqrt(spend.sum()) / (20.0 * published.sum()), rel=1e-9)


def test_rates_stay_finite_where_the_closed_form_overflows():
    at_limit = {"r": 20768.0, "alpha": 726873.0, "a": 4979.0, "b": 0.0002}
    ages = np.array([0.5, 10.0, 60.0])
    new = np.zeros(3)
    found = scoring.active_customers("bg_nbd", new, new, at_limit).rate(ages)
    # Everybody leaves after their first purchase: active until then.
    first = at_limit["r"] / at_limit["alpha"] * (1 + ages / at_limit["alpha"]) ** -20769.0
    assert found == pytest.approx(first, rel=1e-3)
