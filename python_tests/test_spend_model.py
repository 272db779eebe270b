"""The fit of the Gamma-Gamma model against the published CDNOW estimates, and on thin data."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from autograd import value_and_grad
from helpers import FakeDbt, cdnow_sample_customers, load_model
from hypothesis import given, settings
from hypothesis import strategies as st
from lifetimes import GammaGammaFitter

fitting = load_model("core/predictions/fit_customer_value__forecast_models.py")


NO_PATTERN = {name: pd.Series(dtype="int64") for name in fitting.PATTERN}


@pytest.fixture(scope="module")
def repeat_buyers() -> pd.DataFrame:
    customers = cdnow_sample_customers("1997-09-30")
    return customers[customers["paid_x"] > 0]


@pytest.fixture(scope="module")
def cdnow_fit(repeat_buyers):
    return fit(repeat_buyers["paid_x"], repeat_buyers["m"])


def fit(x, m, weights=None):
    x, m = np.asarray(x, "float64"), np.asarray(m, "float64")
    weights = np.ones(len(x)) if weights is None else np.asarray(weights, "float64")
    return fitting.fit_gamma_gamma(x, m, weights)


def expected_spend(estimates, x, m):
    """Return E[M | x, m] of Fader & Hardie (2013), eq. 5."""
    p, q, v = estimates
    return p * (v + x * m) / (p * x + q - 1)


def patterns_of(x, m, weights=None, role="current") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "as_of_role": role,
            "paid_repeat_count": np.asarray(x, "int64"),
            "mean_repeat_value": np.asarray(m, "float64"),
            "customer_count": np.asarray(np.ones(len(x)) if weights is None else weights, "int64"),
        }
    )


def population_of(role="current", customers=10, revenue=20.0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "as_of_role": [role],
            "customer_count": [customers],
            "revenue_per_purchase_day": [revenue],
        }
    )


@settings(max_examples=50)
@given(
    st.lists(st.floats(-4, 4), min_size=3, max_size=3),
    st.lists(
        st.tuples(st.integers(1, 500), st.floats(0.01, 1e4), st.integers(1, 50)),
        min_size=1,
        max_size=15,
    ),
)
def test_the_likelihood_and_its_gradient_are_those_of_lifetimes(point, customers):
    """Its likelihood as the package has it, differentiated by autograd."""
    x, m, weights = (np.array(column, "float64") for column in zip(*customers, strict=True))
    value, gradient = fitting.gamma_gamma_objective(np.array(point), x, m, weights)
    expected_value, expected_gradient = value_and_grad(GammaGammaFitter._negative_log_likelihood)(
        np.array(point), x, m, weights, 0.0
    )
    assert value == pytest.approx(expected_value, rel=1e-9, abs=1e-9)
    assert gradient == pytest.approx(expected_gradient, rel=1e-7, abs=1e-7)


def test_gamma_gamma_estimates_are_those_of_fader_and_hardie(repeat_buyers, cdnow_fit):
    assert len(repeat_buyers) == 946
    assert cdnow_fit.estimates == pytest.approx((6.25, 3.74, 15.44), rel=2e-3)


def test_gamma_gamma_log_likelihood_is_the_published_one(cdnow_fit):
    assert cdnow_fit.log_likelihood == pytest.approx(-4055.918, abs=5e-3)


def test_standard_errors_are_the_curvature_of_the_likelihood(repeat_buyers, cdnow_fit):
    """By central differences of lifetimes' likelihood in the parameters themselves."""
    x, m = repeat_buyers["paid_x"].to_numpy("float64"), repeat_buyers["m"].to_numpy()
    estimates = np.array(cdnow_fit.estimates)

    def negative(parameters):
        return len(x) * GammaGammaFitter._negative_log_likelihood(
            np.log(parameters), x, m, np.ones(len(x)), 0.0
        )

    steps = np.diag(estimates * 1e-3)
    information = np.array(
        [
            [
                (
                    negative(estimates + i + j)
                    - negative(estimates + i - j)
                    - negative(estimates - i + j)
                    + negative(estimates - i - j)
                )
                / (4 * i.max() * j.max())
                for j in steps
            ]
            for i in steps
        ]
    )
    expected = np.sqrt(np.diag(np.linalg.inv(information)))
    assert cdnow_fit.standard_errors == pytest.approx(expected, rel=1e-3)


def test_the_first_ten_customers_are_expected_to_spend_what_was_published(cdnow_fit):
    first = cdnow_sample_customers("1997-09-30").head(10)
    expected = expected_spend(cdnow_fit.estimates, first["paid_x"], first["m"].fillna(0))
    published = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    np.testing.assert_allclose(expected, published, atol=0.011)


def test_the_mean_is_that_of_a_customer_without_history(cdnow_fit):
    p, q, v = cdnow_fit.estimates
    assert cdnow_fit.mean_purchase_value == pytest.approx(p * v / (q - 1), rel=1e-12)


def test_weighted_patterns_give_what_single_customers_give(repeat_buyers, cdnow_fit):
    grouped = repeat_buyers.groupby(["paid_x", "m"], as_index=False).size()
    assert len(grouped) < len(repeat_buyers)
    again = fit(grouped["paid_x"], grouped["m"], grouped["size"])
    assert again.estimates == pytest.approx(cdnow_fit.estimates, rel=1e-6)


def test_the_order_of_the_rows_is_irrelevant(repeat_buyers):
    patterns = patterns_of(repeat_buyers["paid_x"], repeat_buyers["m"])
    pd.testing.assert_frame_equal(
        fitting.fit_spend_model(patterns.sample(frac=1, random_state=5), population_of()),
        fitting.fit_spend_model(patterns, population_of()),
        check_exact=True,
    )


def test_money_in_another_currency_scales_the_spend_and_nothing_else(repeat_buyers, cdnow_fit):
    in_yen = fit(repeat_buyers["paid_x"], repeat_buyers["m"] * 150)
    assert in_yen.estimates[:2] == pytest.approx(cdnow_fit.estimates[:2], rel=1e-5)
    assert in_yen.mean_purchase_value == pytest.approx(
        150 * cdnow_fit.mean_purchase_value, rel=1e-6
    )


@pytest.mark.parametrize(
    ("x", "m"), [([1], [9.5]), ([1, 2, 7], [12.0, 12.0, 12.0])], ids=["one customer", "all alike"]
)
def test_equal_spend_is_said_and_expected_of_everybody(x, m):
    fitted = fit(x, m)
    assert np.isnan(fitted.estimates).all()
    assert fitted.mean_purchase_value == pytest.approx(m[0])
    assert fitted.is_boundary and fitted.is_converged
    assert "no variation in spend identified" in fitted.finding


def test_spend_without_a_finite_mean_falls_back_to_the_observed_one():
    """Drawn from q = 0.6, where the model's own mean is infinite."""
    random = np.random.default_rng(4)
    x = random.integers(1, 8, 500)
    m = random.gamma(6 * x, 1 / (random.gamma(0.6, 1 / 15, 500) * x))
    fitted = fit(x, m)
    assert np.isnan(fitted.estimates).all()
    assert fitted.mean_purchase_value == pytest.approx(m.mean())
    assert "no finite mean" in fitted.finding


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(st.integers(1, 500), st.floats(0.01, 1e6), st.integers(1, 50)),
        min_size=1,
        max_size=15,
    )
)
def test_no_data_set_makes_the_fit_fail(customers):
    x, m, weights = (np.array(column, "float64") for column in zip(*customers, strict=True))
    fitted = fit(x, m, weights)
    assert np.isfinite(fitted.mean_purchase_value) and fitted.mean_purchase_value > 0
    p, q, v = fitted.estimates
    if not np.isnan(p):
        assert p > 0 and q > 1 and v > 0
        value = expected_spend(fitted.estimates, x, m)
        low = np.minimum(m, fitted.mean_purchase_value) * (1 - 1e-9)
        high = np.maximum(m, fitted.mean_purchase_value) * (1 + 1e-9)
        assert ((low <= value) & (value <= high)).all()


def test_where_nobody_paid_twice_the_mean_of_all_days_is_expected():
    fitted = fitting.fit_spend_model(patterns_of([], []), population_of(revenue=17.5))
    assert (fitted["mean_purchase_value"] == 17.5).all()
    assert fitted["estimate"].isna().all()
    assert "second purchase" in fitted["finding"].iloc[0]


def test_the_dependence_of_spend_on_frequency_is_reported(repeat_buyers):
    patterns = patterns_of(repeat_buyers["paid_x"], repeat_buyers["m"])
    fitted = fitting.fit_spend_model(patterns, population_of())
    correlation = np.corrcoef(repeat_buyers["paid_x"], repeat_buyers["m"])[0, 1]
    assert fitted["frequency_spend_correlation"].iloc[0] == pytest.approx(correlation, rel=1e-9)


def test_no_rows_give_a_typed_empty_frame():
    fitted = fitting.fit_spend_model(patterns_of([], []), population_of().head(0))
    assert len(fitted) == 0
    assert fitted.dtypes.astype(str).to_dict() == fitting.COLUMNS


@pytest.mark.parametrize("wrap", [lambda frame: frame, duckdb.from_df], ids=["pandas", "duckdb"])
def test_the_model_reads_its_refs_and_writes_its_parameters(repeat_buyers, cdnow_fit, wrap):
    refs = {
        "int_customer_value__spend_patterns": wrap(
            patterns_of(repeat_buyers["paid_x"], repeat_buyers["m"])
        ),
        "int_customer_value__purchase_patterns": wrap(
            pd.DataFrame({"as_of_role": pd.Series(dtype="object")} | NO_PATTERN)
        ),
        "int_customer_value__populations": wrap(
            population_of(customers=2357).assign(is_compared=False)
        ),
        "int_customer_value__forecast_dates": wrap(
            pd.DataFrame({"as_of_role": ["current"], "is_compared": [False]})
        ),
    }
    meta = {
        "purchase_model": "bg_nbd",
        "model_in_use": "bg_nbd",
        "minimum_repeat_customers": 100,
        "bootstrap_replicates": 50,
        "random_seed": 1,
    }
    written = fitting.model(FakeDbt(refs, meta), None)
    assert list(written["parameter"]) == ["p", "q", "v"]
    assert written.dtypes.astype(str).to_dict() == fitting.COLUMNS
    assert written["estimate"].to_numpy() == pytest.approx(cdnow_fit.estimates, rel=1e-6)
    assert written["customer_count"].eq(2357).all()
    assert written["fit_customer_count"].eq(946).all()
