"""The fit of the purchase models against the published CDNOW estimates, and on thin data."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from helpers import FakeDbt, cdnow_sample_customers, load_model
from hypothesis import given, settings
from hypothesis import strategies as st
from lifetimes import BetaGeoFitter

fitting = load_model("core/predictions/fit_customer_value__forecast_models.py")


def patterns_of(x, t_x, T, weights=None, role="calibration") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "as_of_role": role,
            "repeat_count": np.asarray(x, "int64"),
            "last_purchase_age_days": np.asarray(t_x, "int64"),
            "customer_age_days": np.asarray(T, "int64"),
            "customer_count": np.asarray(np.ones(len(x)) if weights is None else weights, "int64"),
        }
    )


META = {
    "purchase_model": "bg_nbd",
    "model_in_use": "bg_nbd",
    "minimum_repeat_customers": 100,
    "bootstrap_replicates": 50,
    "random_seed": 1,
}
NO_SPEND = pd.DataFrame(
    {
        "as_of_role": pd.Series(dtype="object"),
        "paid_repeat_count": pd.Series(dtype="int64"),
        "mean_repeat_value": pd.Series(dtype="float64"),
        "customer_count": pd.Series(dtype="int64"),
    }
)


ALL_MODELS = {role: list(fitting.MODELS) for role in ("current", "calibration")}


def population_of(patterns: pd.DataFrame) -> pd.DataFrame:
    populations = patterns.groupby("as_of_role")["customer_count"].sum().reset_index()
    return populations.assign(is_compared=True)


def fit(patterns: pd.DataFrame) -> pd.DataFrame:
    """Return the fit of the BG/NBD, indexed by parameter."""
    fitted = fitting.fit_purchase_models(patterns, population_of(patterns), ALL_MODELS)
    return fitted[fitted["model"] == "bg_nbd"].set_index("parameter")


@pytest.fixture(scope="module")
def cdnow_patterns() -> pd.DataFrame:
    customers = cdnow_sample_customers("1997-09-30")
    return patterns_of(customers["x"], customers["t_x"], customers["T"])


@pytest.fixture(scope="module")
def cdnow_fit(cdnow_patterns) -> pd.DataFrame:
    return fit(cdnow_patterns)


def test_the_cdnow_sample_is_the_papers(cdnow_patterns):
    assert len(cdnow_patterns) == 2357
    assert cdnow_patterns["repeat_count"].sum() == 2457
    assert (cdnow_patterns["repeat_count"] > 0).sum() == 946


@pytest.mark.parametrize(
    ("parameter", "published"), [("r", 0.2426), ("alpha", 4.4136 * 7), ("a", 0.7929), ("b", 2.4259)]
)
def test_bg_nbd_estimates_are_those_of_fader_hardie_and_lee(cdnow_fit, parameter, published):
    assert cdnow_fit.loc[parameter, "estimate"] == pytest.approx(published, rel=1e-3)


@pytest.mark.parametrize(
    ("parameter", "published"),
    [("r", 0.0126), ("alpha", 0.378 * 7), ("a", 0.186), ("b", 0.705)],
)
def test_bg_nbd_standard_errors_are_the_published_ones(cdnow_fit, parameter, published):
    assert cdnow_fit.loc[parameter, "standard_error"] == pytest.approx(published, rel=5e-3)


def test_bg_nbd_log_likelihood_is_the_published_one(cdnow_fit):
    # Every repeat purchase has a density per week there, per day here.
    in_weeks = cdnow_fit.loc["r", "log_likelihood"] + 2457 * np.log(7)
    assert in_weeks == pytest.approx(-9582.429, abs=2e-3)


def test_the_log_likelihood_is_lifetimes_own_at_the_estimates(cdnow_fit, cdnow_patterns):
    log_parameters = np.log(cdnow_fit.loc[["r", "alpha", "a", "b"], "estimate"].to_numpy())
    negative_mean = BetaGeoFitter._negative_log_likelihood(
        log_parameters,
        *(
            cdnow_patterns[column].to_numpy("float64")
            for column in ("repeat_count", "last_purchase_age_days", "customer_age_days")
        ),
        np.ones(2357),
        0.0,
    )
    assert cdnow_fit.loc["r", "log_likelihood"] == pytest.approx(-negative_mean * 2357, abs=1e-6)


def test_a_good_fit_says_so(cdnow_fit):
    verdict = cdnow_fit.iloc[0]
    assert verdict["is_converged"] and not verdict["is_boundary"]
    assert verdict["finding"].startswith("Converged")


def test_weighted_patterns_give_what_single_customers_give(cdnow_patterns, cdnow_fit):
    keys = [column for column in cdnow_patterns.columns if column != "customer_count"]
    grouped = cdnow_patterns.groupby(keys, as_index=False)["customer_count"].sum()
    assert len(grouped) < len(cdnow_patterns)
    np.testing.assert_allclose(fit(grouped)["estimate"], cdnow_fit["estimate"], rtol=1e-6)


def test_the_order_of_the_rows_is_irrelevant(cdnow_patterns, cdnow_fit):
    shuffled = fit(cdnow_patterns.sample(frac=1, random_state=7))
    pd.testing.assert_frame_equal(shuffled, cdnow_fit, check_exact=True)


def test_where_nobody_repeats_every_forecast_is_zero():
    fitted = fit(patterns_of([0, 0, 0], [0, 0, 0], [10, 20, 30]))
    assert fitted.loc["r", "estimate"] == 0
    assert fitted["is_boundary"].all()
    assert "second day" in fitted["finding"].iloc[0]


@pytest.mark.parametrize(
    ("x", "t_x", "T"),
    [
        pytest.param([0], [0], [0], id="one customer of today"),
        pytest.param([3], [50], [60], id="one customer"),
        pytest.param([1], [5], [5], id="one customer who came back today"),
        pytest.param([2, 2, 2], [10, 10, 10], [20, 20, 20], id="all alike"),
        pytest.param([0, 0], [0, 0], [0, 0], id="all on one day"),
        pytest.param([0, 400], [0, 400], [400, 400], id="one customer every day"),
        pytest.param([0, 0, 1], [0, 0, 1], [700, 700, 700], id="a single repeat"),
    ],
)
def test_thin_data_gets_a_verdict_and_no_exception(x, t_x, T):
    fitted = fit(patterns_of(x, t_x, T))
    assert list(fitted.index) == ["r", "alpha", "a", "b"]
    assert np.isfinite(fitted["estimate"]["r"])
    assert fitted["finding"].str.len().gt(20).all()


@settings(max_examples=15)
@given(
    st.lists(
        st.integers(0, 400).flatmap(
            lambda T: st.integers(0, T).flatmap(
                lambda t_x: st.tuples(
                    st.integers(1, t_x) if t_x else st.just(0), st.just(t_x), st.just(T)
                )
            )
        ),
        min_size=1,
        max_size=12,
    )
)
def test_no_data_set_makes_the_fit_fail(customers):
    fitted = fit(patterns_of(*zip(*customers, strict=True)))
    estimates = fitted["estimate"]
    assert estimates["r"] >= 0 and estimates["a"] >= 0
    assert estimates["r"] == 0 or np.isfinite(estimates["alpha"])
    assert estimates["a"] == 0 or np.isfinite(estimates["b"])
    assert (fitted["standard_error"].dropna() > 0).all()


def simulated_without_dropout(customers: int, seed: int) -> pd.DataFrame:
    """Return purchase patterns of people who never stop: Poisson with gamma rates."""
    random = np.random.default_rng(seed)
    rows = []
    for rate in random.gamma(1.0, 1 / 60, customers):
        T = int(random.integers(200, 700))
        count = random.poisson(rate * T)
        days = np.unique(random.integers(1, T + 1, count))
        rows.append((len(days), int(days.max()) if len(days) else 0, T))
    return patterns_of(*zip(*rows, strict=True))


def test_people_who_never_stop_are_reported_as_the_nbd():
    fitted = fit(simulated_without_dropout(1500, seed=3))
    assert fitted.loc["a", "estimate"] == 0
    assert np.isnan(fitted["estimate"]["b"])
    assert fitted["is_boundary"].all()
    assert "no dropout identified" in fitted["finding"].iloc[0]
    # They were drawn from r = 1, alpha = 60 days.
    assert fitted.loc["r", "estimate"] == pytest.approx(1.0, rel=0.15)
    assert fitted.loc["alpha", "estimate"] == pytest.approx(60, rel=0.15)


def test_where_nothing_is_compared_only_the_models_in_use_are_fitted():
    populations = pd.DataFrame({"as_of_role": ["current"], "is_compared": [False]})
    dates = pd.DataFrame({"as_of_role": ["current", "current_1"], "is_compared": [False, False]})
    assert fitting.models_by_role(populations, dates, ["bg_nbd", "mbg_nbd"]) == {
        "current": ["bg_nbd", "mbg_nbd"],
        "current_1": ["mbg_nbd"],
    }
    compared = dates.assign(is_compared=[False, True])
    assert fitting.models_by_role(populations, compared, ["mbg_nbd"]) == {
        "current": ["mbg_nbd"],
        "current_1": list(fitting.MODELS),
    }
    # A capability that looks back, without validation: the calibration date is nobody's forecast.
    looking_back = pd.DataFrame(
        {"as_of_role": ["current", "calibration"], "is_compared": [False, False]}
    )
    assert fitting.models_by_role(looking_back, dates, ["bg_nbd", "mbg_nbd"]) == {
        "current": ["bg_nbd", "mbg_nbd"],
        "calibration": ["bg_nbd", "mbg_nbd"],
        "current_1": ["mbg_nbd"],
    }


def test_few_repeat_customers_are_said(cdnow_patterns):
    populations = population_of(cdnow_patterns)
    repeat_customers = cdnow_patterns.query("repeat_count > 0")["customer_count"].sum()
    for minimum, is_warned in ((repeat_customers, False), (repeat_customers + 1, True)):
        fitted = fitting.fit_purchase_models(
            cdnow_patterns, populations, {"calibration": ["bg_nbd"]}, minimum
        )
        assert fitted["finding"].str.contains("Too few to rely on").all() == is_warned


def test_no_rows_give_a_typed_empty_frame():
    empty = patterns_of([], [], [])
    fitted = fitting.fit_purchase_models(empty, population_of(empty), ALL_MODELS)
    assert len(fitted) == 0
    assert fitted.dtypes.astype(str).to_dict() == fitting.COLUMNS


@pytest.mark.parametrize("wrap", [lambda frame: frame, duckdb.from_df], ids=["pandas", "duckdb"])
def test_the_model_reads_its_refs_and_writes_both_roles(cdnow_patterns, cdnow_fit, wrap):
    patterns = pd.concat([cdnow_patterns, cdnow_patterns.assign(as_of_role="current")])
    refs = {
        "int_customer_value__purchase_patterns": wrap(patterns),
        "int_customer_value__spend_patterns": wrap(NO_SPEND),
        "int_customer_value__populations": wrap(
            population_of(patterns).assign(revenue_per_purchase_day=20.0)
        ),
        "int_customer_value__forecast_dates": wrap(
            pd.DataFrame({"as_of_role": ["current"], "is_compared": [False]})
        ),
    }
    written = fitting.model(FakeDbt(refs, {**META, "bootstrap_replicates": 10}), None)
    assert set(written["as_of_role"]) == {"calibration", "current"}
    assert set(written["model"]) == {*fitting.MODELS, "gamma_gamma"}
    assert written.dtypes.astype(str).to_dict() == fitting.COLUMNS
    calibration = written[
        (written["as_of_role"] == "calibration") & (written["model"] == "bg_nbd")
    ].set_index("parameter")
    # Today's models in use are fitted again to resampled customers.
    refits = written[written["replicate"] > 0]
    assert set(refits["as_of_role"]) == {"current"}
    assert set(refits["model"]) == {"bg_nbd", "gamma_gamma"}
    assert set(refits["replicate"]) == set(range(1, 11))
    assert refits["standard_error"].isna().all()
    np.testing.assert_array_equal(calibration["estimate"], cdnow_fit["estimate"])
