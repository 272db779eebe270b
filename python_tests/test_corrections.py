"""The corrected forecast: what is learned, that SQL scores as Python does, and what it is worth."""

import numpy as np
import pandas as pd
import pytest
from helpers import correction_features, correction_of, load_model
from scipy.stats import nbinom
from sklearn.linear_model import PoissonRegressor

corrections = load_model("core/predictions/fit_customer_value__corrections.py")


def simulated_sample(rows: int, seed: int = 7, role: str = "current") -> pd.DataFrame:
    """Return rows of which recency takes purchases away, beyond what is expected."""
    random = np.random.default_rng(seed)
    expected = random.gamma(0.7, 1.0, rows) + 0.01
    features = {name: random.normal(size=rows) for name in corrections.REVENUE_FEATURES}
    truth = np.exp(-0.5 * features["log_recency"] - 0.125)
    purchases = random.poisson(expected * truth * 1.2)
    return pd.DataFrame(
        {
            "forecast_role": role,
            "date_number": 1 + np.arange(rows) % 2,
            "customer_id": [f"{number:06d}" for number in range(rows)],
            "population_count": float(rows),
            "expected_purchases": expected,
            "expected_revenue": 20 * expected,
            "actual_purchases": purchases.astype(float),
            "actual_revenue": 20.0 * purchases,
            **features,
        }
    )


def dates_of(*roles: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"forecast_role": roles, "date_number": 0, "horizon_days": 40, "window_days": 40}
    )


def test_the_factor_is_that_of_scikit_learns_poisson_regression():
    sample = simulated_sample(3000)
    features = sample[list(corrections.PURCHASE_FEATURES)].to_numpy()
    expected, actual = (sample[f"{kind}_purchases"].to_numpy() for kind in ("expected", "actual"))
    fit = corrections.fit_correction(features, expected, actual, 0.01)
    standardised = (np.clip(features, fit.low, fit.high) - fit.mean) / fit.deviation
    # A rate per expected purchase, weighted by what is expected, is a count with an offset.
    other = PoissonRegressor(alpha=0.01, tol=1e-10, max_iter=2000)
    other.fit(standardised, actual / expected, sample_weight=expected)
    np.testing.assert_allclose(fit.coefficients, other.coef_, atol=1e-5)
    assert fit.intercept == pytest.approx(other.intercept_, abs=1e-5)
    unlimited = other.predict(standardised)
    assert fit.factors(features) == pytest.approx(np.clip(unlimited, *fit.factor_limits), rel=1e-4)


def test_the_level_is_not_learned():
    """Twice as much on one of two dates leaves the factors what they are."""
    sample = simulated_sample(4000)
    richer = sample.assign(
        actual_revenue=sample["actual_revenue"] * np.where(sample["date_number"] == 1, 2, 1)
    )
    chosen = ["forecast_role", "measure", "feature", "position"]
    before, after = (
        corrections.fit_corrections(rows, dates_of("current")).set_index(chosen)
        for rows in (sample, richer)
    )
    revenue = ("current", "revenue")
    np.testing.assert_allclose(
        after.loc[revenue, "coefficient"], before.loc[revenue, "coefficient"], atol=1e-9
    )
    level = ("current", "revenue", "level", 1)
    assert after.loc[level, "actual"] == pytest.approx(2 * before.loc[level, "actual"])


def test_the_rows_do_not_depend_on_their_order():
    sample = simulated_sample(2000)
    pd.testing.assert_frame_equal(
        corrections.fit_corrections(sample.sample(frac=1, random_state=1), dates_of("current")),
        corrections.fit_corrections(sample, dates_of("current")),
        check_exact=True,
    )


@pytest.mark.parametrize("seed", range(3))
def test_last_digits_of_the_rows_stay_last_digits(seed):
    """Engines add in different orders; what is learned must not make more of it."""
    random = np.random.default_rng(seed)
    sample = simulated_sample(3000, seed)
    # Spread as customers' purchases are: at the Poisson limit the dispersion has no last digits.
    spread = random.poisson(sample["actual_purchases"] * random.exponential(size=len(sample)))
    sample = sample.assign(actual_purchases=spread.astype(float), actual_revenue=20.0 * spread)
    moved = sample.copy()
    for name in ("expected_purchases", "expected_revenue", *corrections.REVENUE_FEATURES):
        moved[name] *= 1 + 2e-16 * random.choice([-1, 0, 1], len(sample))
    before, after = (
        corrections.fit_corrections(rows, dates_of("current")) for rows in (sample, moved)
    )
    numbers = ["mean", "deviation", "low", "high", "coefficient"]
    np.testing.assert_allclose(after[numbers], before[numbers], rtol=1e-11, atol=1e-13)


def test_the_dispersion_is_found_again():
    random = np.random.default_rng(3)
    mean = random.gamma(1.0, 2.0, 20_000) + 0.01
    theta = np.exp(-0.3 + 0.5 * np.log(mean))
    c0, c1 = corrections.fit_dispersion(
        mean, random.negative_binomial(theta, theta / (theta + mean))
    )
    assert (c0, c1) == (pytest.approx(-0.3, abs=0.05), pytest.approx(0.5, abs=0.05))


@pytest.mark.parametrize("stretch", [1, 3])
def test_the_chance_to_buy_is_right_in_every_part_of_the_horizon(stretch):
    """Customers of gamma-distributed rates, watched in a window and foreseen over a longer one."""
    random = np.random.default_rng(4)
    mean = random.gamma(1.0, 1.5, 40_000) + 0.05
    theta = np.exp(-0.2 + 0.7 * np.log(mean))
    rate = random.gamma(theta, mean / theta)
    watched = corrections.fit_dispersion(mean, random.poisson(rate))
    c0, c1 = corrections.over_horizon(*watched, stretch)
    of_horizon = np.exp(c0 + c1 * np.log(stretch * mean))
    for part in (0.25, 0.5, 1):
        foreseen = stretch * part * mean
        chance = 1 - (of_horizon / (of_horizon + foreseen)) ** of_horizon
        came = -np.expm1(-stretch * part * rate)
        assert chance.mean() == pytest.approx(came.mean(), abs=0.005)
        busy = mean > 2
        assert chance[busy].mean() == pytest.approx(came[busy].mean(), abs=0.01)


@pytest.mark.parametrize(("c0", "c1"), [(-0.3, 0.8), (0.0, 0.0), (3.0, 1.0), (-6.0, 0.2)])
def test_the_staircase_of_medians_is_the_median(c0, c1):
    stairs = corrections.medians(c0, c1, 60).set_index("position")
    mean = np.random.default_rng(1).uniform(0, 60, 500)
    rows = stairs.loc[np.floor(mean).astype(int)]
    found = rows["coefficient"] + (mean >= rows["low"]) + (mean >= rows["high"])
    theta = np.exp(c0 + c1 * np.log(mean))
    np.testing.assert_array_equal(found, nbinom.ppf(0.5, theta, theta / (theta + mean)))


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (simulated_sample(100).head(0), "too short for a date"),
        (simulated_sample(100).assign(actual_purchases=0.0, actual_revenue=0.0), "0 purchases"),
        (simulated_sample(100).assign(expected_purchases=0.0, expected_revenue=0.0), "current"),
        (simulated_sample(20), "are needed"),
    ],
    ids=["no date", "nobody returns", "nothing expected", "few"],
)
def test_with_too_little_the_factor_is_one(sample, words):
    rows = corrections.fit_corrections(sample, dates_of("current"))
    assert rows.dtypes.astype(str).to_dict() == corrections.COLUMNS
    factors = rows[rows["measure"].isin(["purchases", "revenue"]) & (rows["feature"] != "level")]
    assert len(factors) == 1 + 11 + 1 + 12
    assert (factors["coefficient"] == 0).all()
    limits = factors[factors["feature"] == "intercept"]
    assert (limits["low"] == 1).all() and (limits["high"] == 1).all()
    assert not rows["is_estimated"].any()
    assert words in rows["finding"].iloc[0] or words == "current"
    assert rows["finding"].str.startswith("Nothing learned: ").all()


def test_features_that_do_not_vary_have_no_part():
    sample = simulated_sample(2000).assign(log_age=3.0, is_one_time=0.0)
    rows = corrections.fit_corrections(sample, dates_of("current")).set_index("feature")
    assert (rows.loc[["log_age", "is_one_time"], "coefficient"] == 0).all()
    assert rows["is_estimated"].all()
    assert np.isfinite(rows.loc[["log_recency"], "coefficient"]).all()


@pytest.mark.parametrize("role", ["current", "calibration", "current_1"])
def test_sql_scores_as_python_does(cdnow_sample, role):
    base = cdnow_sample.frame(
        f"select * from main_internal.int_model_forecasts where forecast_role = '{role}' "
        "and date_number = 0 and not is_history and model = 'mbg_nbd' order by customer_id"
    )
    learned = cdnow_sample.frame(
        f"select * from main_internal.fit_corrections where forecast_role = '{role}'"
    )
    assert learned["is_estimated"].all()
    scored = cdnow_sample.frame(
        f"select * from main_internal.int_forecasts where forecast_role = '{role}' "
        "and not is_history and model = 'corrected' order by customer_id"
    )
    features = correction_features(base)
    purchases, revenue = (
        correction_of(learned[learned["measure"] == measure])
        for measure in ("purchases", "revenue")
    )
    mean = base["expected_purchases_365d"].to_numpy()
    corrected = mean * purchases.factors(features[:, :-1])
    corrected *= mean.sum() / corrected.sum()
    value = mean * base["shrunk_purchase_value"].to_numpy()
    money = value * revenue.factors(features)
    money *= value.sum() / money.sum()
    np.testing.assert_allclose(scored["expected_purchases_365d"], corrected, rtol=1e-9)
    np.testing.assert_allclose(
        scored["expected_purchases_365d"] * scored["expected_purchase_value"], money, rtol=1e-9
    )
    c0, c1 = (
        learned.loc[
            (learned["measure"] == "dispersion") & (learned["feature"] == feature), "coefficient"
        ].iloc[0]
        for feature in ("intercept", "log_mean")
    )
    theta = np.exp(c0 + c1 * np.log(corrected))
    np.testing.assert_allclose(scored["dispersion"], theta, rtol=1e-9)
    near = scored["expected_purchases_90d"].to_numpy()
    np.testing.assert_allclose(
        scored["probability_active_90d"],
        1 - nbinom.pmf(0, theta, theta / (theta + near)),
        rtol=1e-9,
        atol=1e-12,
    )


def test_the_customers_carry_the_forecast_its_median_and_the_classical_one(cdnow_sample):
    customers = cdnow_sample.frame("select * from customers order by customer_id")
    learned = cdnow_sample.frame(
        "select feature, coefficient from main_internal.fit_corrections "
        "where forecast_role = 'current' and measure = 'dispersion'"
    ).set_index("feature")["coefficient"]
    mean = customers["expected_purchases_365d"].to_numpy()
    theta = np.exp(learned["intercept"] + learned["log_mean"] * np.log(mean))
    np.testing.assert_array_equal(
        customers["expected_purchases_365d_median"], nbinom.ppf(0.5, theta, theta / (theta + mean))
    )
    assert customers["value_model"].eq("corrected").all()
    one_time = customers[customers["repeat_count"] == 0]
    assert one_time["probability_alive"].lt(1).all()
    base, classical = (
        cdnow_sample.row(
            "select sum(expected_purchases_365d) from main_internal.int_model_forecasts "
            "where forecast_role = 'current' and date_number = 0 and not is_history "
            f"and model = '{model}'"
        )[0]
        for model in ("mbg_nbd", "bg_nbd")
    )
    assert mean.sum() == pytest.approx(base, rel=1e-9)
    assert customers["classical_expected_purchases_365d"].sum() == pytest.approx(classical)


def test_on_cdnow_it_beats_the_classical_model_and_the_naive_rules(demo):
    """The figures that were computed independently: .808, 1.729, .677, 32.0, .716."""
    rows = demo.frame("select * from model_evaluation").set_index("model")
    ours, classical = rows.loc["corrected"], rows.loc["bg_nbd"]
    assert ours["mae"] == pytest.approx(0.808, abs=0.006)
    assert ours["rmse"] == pytest.approx(1.729, abs=0.008)
    assert ours["gini_normalised"] == pytest.approx(0.677, abs=0.004)
    assert ours["revenue_mae"] == pytest.approx(32.0, abs=0.3)
    assert ours["revenue_gini_normalised"] == pytest.approx(0.716, abs=0.004)
    naive = rows[rows["is_baseline"]]
    for error in ("mae", "rmse", "revenue_mae"):
        assert ours[error] < classical[error]
        assert ours[error] < naive[error].min()
    for order in ("gini_normalised", "revenue_gini_normalised"):
        assert ours[order] > classical[order]
        assert ours[order] > naive[order].max()


def test_no_segment_that_holds_money_is_far_off_on_cdnow(demo):
    """A twentieth of the revenue or more, the level taken out: recomputed from the customers."""
    rows = demo.frame(
        "select segment, sum(expected_purchases_365d) as expected, "
        "sum(actual_purchases) as actual, sum(actual_revenue) as revenue "
        "from main_internal.int_forecasts as f inner join main_internal.int_customer_scores as s "
        "using (customer_id, as_of_date) "
        "where forecast_role = 'calibration' and f.model = 'corrected' group by segment"
    )
    level = rows["actual"].sum() / rows["expected"].sum()
    bias = (rows["expected"] * level / rows["actual"] - 1).set_axis(rows["segment"])
    holds_money = (rows["revenue"] / rows["revenue"].sum() >= 0.05).to_numpy()
    assert holds_money.sum() >= 3
    assert bias[holds_money].abs().max() <= 0.30
    published = demo.frame(
        "select group_name, bias_share_at_level from group_calibration "
        "where grouping_name = 'segment' and is_selected"
    ).set_index("group_name")["bias_share_at_level"]
    pd.testing.assert_series_equal(
        published.sort_index(), bias.sort_index(), check_names=False, rtol=1e-9
    )
