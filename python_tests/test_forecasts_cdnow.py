"""The forecasts from raw text through dbt build, held against the future and the reference.

The reference's figures for CDNOW's sample stand in REFERENCE.md §3; the metrics are also computed
by scikit-learn and SciPy from the same vectors.
"""

import numpy as np
import pandas as pd
import pytest
from helpers import load_model
from scipy.stats import spearmanr
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    mean_absolute_error,
    mean_squared_error,
    roc_auc_score,
)

MODELS = ("bg_nbd", "mbg_nbd", "pareto_nbd")
LEARNERS = ("ridge", "random_forest", "gradient_boosting", "neural_network")
BASELINES = ("own_rate", "population_mean", "past_spend", "past_average", "last_window")


@pytest.fixture(scope="module")
def evaluation(cdnow_sample) -> pd.DataFrame:
    return cdnow_sample.frame("select * from model_evaluation").set_index("model")


@pytest.fixture(scope="module")
def forecasts(cdnow_sample) -> pd.DataFrame:
    return cdnow_sample.frame(
        "select * from main_internal.int_holdout_forecasts where forecast_role = 'calibration' "
        "order by model, customer_id"
    )


@pytest.mark.parametrize(
    ("model", "total", "bias", "mae", "rmse", "spearman", "gini", "lift", "revenue_gini"),
    [
        ("bg_nbd", 1653.4, -0.122, 0.7855, 1.6080, 0.449, 0.6625, 4.70, 0.638),
        ("mbg_nbd", 1576.7, -0.162, 0.7648, 1.6072, 0.450, 0.6637, 4.77, 0.638),
        ("pareto_nbd", 1665.5, -0.115, 0.7545, 1.6028, 0.460, 0.6727, 4.73, 0.660),
        # The reference has 2929.8 here, 0.3 less than 273 days of x / T add up to.
        ("own_rate", 2930.1, 0.557, 1.0237, 2.2119, 0.490, 0.6515, 4.57, 0.661),
    ],
)
def test_the_evaluation_is_the_reference_s(
    evaluation, model, total, bias, mae, rmse, spearman, gini, lift, revenue_gini
):
    row = evaluation.loc[model]
    assert row["customer_count"] == 2357
    assert row["actual_purchases"] == 1882
    assert row["predicted_purchases"] == pytest.approx(total, abs=0.1)
    assert row["bias_share"] == pytest.approx(bias, abs=1e-3)
    assert row["mae"] == pytest.approx(mae, abs=1e-4)
    assert row["rmse"] == pytest.approx(rmse, abs=1e-4)
    assert row["spearman"] == pytest.approx(spearman, abs=1e-3)
    assert row["gini_normalised"] == pytest.approx(gini, abs=1e-4)
    assert row["top_decile_lift"] == pytest.approx(lift, abs=5e-3)
    assert row["revenue_gini_normalised"] == pytest.approx(revenue_gini, abs=1e-3)


def test_every_model_and_every_baseline_has_a_row(evaluation):
    models = {"corrected", *MODELS, *LEARNERS}
    assert set(evaluation.index) == {*models, *BASELINES}
    assert set(evaluation.index[~evaluation["is_baseline"]]) == models
    assert list(evaluation.index[evaluation["is_selected"]]) == ["corrected"]


def test_the_naive_baseline_stands_beside_the_model_and_wins_on_revenue(evaluation, cdnow_sample):
    """As in the reference: past spend alone orders future revenue better on CDNOW."""
    past, model = (
        evaluation.loc[name, "revenue_gini_normalised"] for name in ("past_spend", "bg_nbd")
    )
    assert past > model
    sentences = [
        sentence
        for (sentence,) in cdnow_sample.rows(
            "select sentence from model_warnings where warning_code = 'baseline_beats_model'"
        )
    ]
    for sentence in sentences:
        assert sentence in cdnow_sample.output


@pytest.mark.parametrize(
    ("model", "measure"),
    [
        *((model, measure) for model in MODELS + BASELINES for measure in ("purchases", "revenue")),
        *((model, "revenue") for model in LEARNERS),
    ],
)
def test_the_errors_are_those_of_scikit_learn_and_scipy(evaluation, forecasts, model, measure):
    rows = forecasts[forecasts["model"] == model]
    predicted = rows[f"predicted_{measure}"].to_numpy("float64")
    actual = rows[f"actual_{measure}"].to_numpy("float64")
    prefix = "" if measure == "purchases" else "revenue_"
    found = evaluation.loc[model]
    assert found[f"actual_{measure}"] == pytest.approx(actual.sum(), rel=1e-12)
    assert found[f"predicted_{measure}"] == pytest.approx(predicted.sum(), rel=1e-9)
    assert found[f"{prefix}mae"] == pytest.approx(mean_absolute_error(actual, predicted), rel=1e-9)
    assert found[f"{prefix}rmse"] == pytest.approx(
        mean_squared_error(actual, predicted) ** 0.5, rel=1e-9
    )
    if np.ptp(predicted) < 1e-12:
        assert np.isnan(found[f"{prefix}spearman"])
        assert np.isnan(found[f"{prefix}gini_normalised"])
        return
    assert found[f"{prefix}spearman"] == pytest.approx(spearmanr(actual, predicted)[0], abs=1e-9)

    order = np.lexsort((rows["customer_id"], -rows["customer_age_days"], -predicted))

    def mean_share(values):
        return np.cumsum(values).mean() / actual.sum() - 0.5

    gini = mean_share(actual[order]) / mean_share(np.sort(actual)[::-1])
    assert found[f"{prefix}gini_normalised"] == pytest.approx(gini, rel=1e-9)
    best = actual[order][: -(-len(order) // 10)]
    assert found[f"{prefix}top_decile_lift"] == pytest.approx(best.mean() / actual.mean(), rel=1e-9)


def test_the_calibration_is_the_published_one(cdnow_sample):
    table = cdnow_sample.frame(
        "select * from model_calibration where model = 'bg_nbd' order by repeat_count_bin"
    )
    assert list(table["repeat_count_bin"]) == ["0", "1", "2", "3", "4", "5", "6", "7+"]
    assert list(table["customer_count"]) == [1411, 439, 214, 100, 62, 38, 29, 64]
    np.testing.assert_allclose(
        table["actual_mean"],
        [0.2367, 0.6970, 1.3925, 1.5600, 2.5323, 2.9474, 3.8621, 6.3594],
        atol=5e-4,
    )
    np.testing.assert_allclose(
        table["predicted_mean"],
        [0.2251, 0.5231, 1.0441, 1.5203, 2.1638, 2.6538, 3.5040, 6.1570],
        atol=5e-4,
    )


@pytest.mark.parametrize("model", MODELS)
def test_the_tracking_counts_every_repeat_purchase(cdnow_sample, model):
    weeks = cdnow_sample.frame(
        f"select * from model_tracking where model = '{model}' order by week_number"
    )
    assert list(weeks["week_number"]) == list(range(1, 79))
    calibration = weeks[~weeks["is_holdout"]]
    assert len(calibration) == 39
    assert str(calibration["week_end_date"].iloc[-1])[:10] == "1997-09-30"
    assert calibration["actual_purchases"].sum() == 2457
    assert weeks["actual_purchases"].sum() == 2457 + 1882
    assert weeks["cumulative_actual_purchases"].iloc[-1] == 2457 + 1882
    assert weeks["cumulative_expected_purchases"].iloc[-1] == pytest.approx(
        weeks["expected_purchases"].sum(), rel=1e-9
    )
    # A fitted model reproduces the total it was fitted on to a few per cent.
    assert calibration["expected_purchases"].sum() == pytest.approx(2457, rel=0.03)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("predictor", ["probability_active_90d", "probability_alive"])
def test_will_they_come_back_is_judged_as_by_scikit_learn(
    cdnow_sample, forecasts, model, predictor
):
    rows = forecasts[forecasts["model"] == model]
    column = "probability_active" if predictor == "probability_active_90d" else predictor
    probability, active = rows[column].to_numpy("float64"), rows["is_active"].to_numpy()
    found = cdnow_sample.frame(
        "select * from probability_evaluation where target = 'active' "
        f"and model = '{model}' and predictor = '{predictor}'"
    ).iloc[0]
    assert found["auc"] == pytest.approx(roc_auc_score(active, probability), abs=1e-9)
    assert found["average_precision"] == pytest.approx(
        average_precision_score(active, probability), abs=1e-9
    )
    assert found["brier_score"] == pytest.approx(brier_score_loss(active, probability), abs=1e-9)
    assert found["base_rate"] == pytest.approx(active.mean(), rel=1e-12)


def test_activity_ranks_about_as_recency_and_alive_does_not(cdnow_sample, forecasts):
    auc = cdnow_sample.frame(
        "select predictor, model, auc from probability_evaluation where target = 'active'"
    ).set_index(["predictor", "model"])["auc"]
    rows = forecasts[forecasts["model"] == "bg_nbd"]
    assert auc[("recency_days", "none")] == pytest.approx(
        roc_auc_score(rows["is_active"], -rows["recency_days"]), abs=1e-9
    )
    assert auc[("probability_active_90d", "bg_nbd")] > auc[("recency_days", "none")] > 0.75
    # Every one-time buyer is alive by construction, and they come back least.
    assert auc[("probability_alive", "bg_nbd")] < 0.5


def test_the_reliability_table_counts_everybody(cdnow_sample):
    bins = cdnow_sample.frame(
        "select predictor, model, sum(observation_count) as observation_count, "
        "sum(observation_count * outcome_rate) as outcome_count, max(tenth) as highest "
        "from probability_calibration where target = 'active' group by predictor, model"
    )
    assert (bins["observation_count"] == 2357).all()
    np.testing.assert_allclose(bins["outcome_count"], bins["outcome_count"].iloc[0])
    assert (bins["highest"] <= 10).all()


def test_the_tiers_have_their_shares(cdnow_sample):
    tiers = cdnow_sample.frame("select * from value_tier_profile order by tier_order")
    assert list(tiers["value_tier"]) == ["VIP", "High", "Medium", "Low"]
    assert tiers["customer_count"].sum() == 2357
    reached = tiers["customer_count"].cumsum() / 2357
    np.testing.assert_allclose(reached[:3], [0.05, 0.25, 0.70], atol=0.01)
    assert tiers["mean_lifetime_value_365d"].is_monotonic_decreasing
    values = cdnow_sample.frame(
        "select value_tier, min(lifetime_value_365d) as lowest, "
        "max(lifetime_value_365d) as highest from customers group by value_tier"
    ).set_index("value_tier")
    for better, worse in [("VIP", "High"), ("High", "Medium"), ("Medium", "Low")]:
        assert values.loc[better, "lowest"] > values.loc[worse, "highest"]


def test_the_concentration_is_that_of_the_sorted_values(cdnow_sample):
    shares = cdnow_sample.frame(
        "select * from concentration where measure = 'value' order by percentile"
    )
    assert list(shares["percentile"]) == list(range(1, 101))
    values = cdnow_sample.frame("select lifetime_value_365d from customers")
    ordered = np.sort(values["lifetime_value_365d"].to_numpy())[::-1]
    for percentile in (1, 5, 20, 50, 99, 100):
        top = ordered[: int(np.ceil(percentile * len(ordered) / 100))].sum()
        found = shares.loc[percentile - 1, "cumulative_share"]
        assert found == pytest.approx(top / ordered.sum(), rel=1e-9)
    places = np.arange(1, len(ordered) + 1)
    gini = ((len(ordered) + 1 - 2 * places) * ordered).sum() / (len(ordered) * ordered.sum())
    assert shares["gini"].iloc[0] == pytest.approx(gini, rel=1e-9)


def test_the_intervals_hold_the_forecast_of_customers(cdnow_sample):
    intervals = cdnow_sample.frame("select * from forecast_intervals")
    assert (intervals["lower_bound"] <= intervals["point_forecast"]).all()
    assert (intervals["point_forecast"] <= intervals["upper_bound"]).all()
    total = intervals[intervals["scope"] == "total"].set_index(["measure", "level"])
    purchases, value = cdnow_sample.row(
        "select sum(expected_purchases_365d), sum(lifetime_value_365d) from customers"
    )
    wide = total.loc[("expected_purchases", 0.95)]
    assert wide["point_forecast"] == pytest.approx(purchases, rel=1e-9)
    assert total.loc[("lifetime_value", 0.95), "point_forecast"] == pytest.approx(value, rel=1e-9)
    # What moves everybody at once is most of it.
    assert 0.5 < (wide["upper_bound"] - wide["lower_bound"]) / wide["point_forecast"] < 2
    assert (intervals["level_deviation"] > 0.05).all()
    assert wide["process_deviation"] < wide["level_deviation"]


@pytest.mark.parametrize("model", ["mbg_nbd", "pareto_nbd"])
def test_customers_take_the_forecasts_of_the_model_in_use(cdnow_sample, dbt, model, tmp_path):
    """Only what reads purchase_model is built again, in a copy of the sample's database."""
    # Views name the database they are in, so the copy keeps its name.
    database = tmp_path / cdnow_sample.database.name
    database.write_bytes(cdnow_sample.database.read_bytes())
    result = dbt(
        "run",
        "--select",
        "int_customer_value__forecast_keys",
        "score_customer_value__forecasts",
        "int_customer_value__model_forecasts",
        "int_customer_value__forecast_factors",
        "int_customer_value__correction_constants",
        "int_customer_value__forecasts",
        "int_customer_value__customer_forecasts",
        "int_customer_value__value_ranks",
        "customer_value__customers",
        "customer_value__model_evaluation",
        variables={"purchase_model": model, "value_model": "probabilistic"},
        database=database,
    )
    assert result.exit_code == 0, result.output
    ours = result.frame("select * from customers order by customer_id")
    fitted = dict(
        result.rows(
            "select parameter, estimate from model_parameters "
            f"where as_of_role = 'current' and model = '{model}'"
        )
    )
    x, t_x, T = (
        ours[name].to_numpy("float64")
        for name in ("repeat_count", "last_purchase_age_days", "customer_age_days")
    )
    scoring = load_model("core/predictions/score_customer_value__forecasts.py")
    active = scoring.active_customers(model, x, T, fitted)
    if model == "mbg_nbd":
        odds = fitted["a"] / (fitted["b"] + x)
        odds *= ((fitted["alpha"] + T) / (fitted["alpha"] + t_x)) ** (fitted["r"] + x)
        alive = 1 / (1 + odds)
    else:
        alive = scoring.active_customers(model, x, t_x, fitted).alive_if_silent(T - t_x)
    purchases, discounted = scoring.purchases_between(active, 0.0, 365.0, np.log(1.1) / 365)
    expected = {
        "probability_alive": alive,
        "probability_active_90d": alive * active.active(0.0, 90.0),
        "expected_purchases_365d": alive * purchases,
        "lifetime_value_365d": alive * discounted * ours["expected_purchase_value"],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-9, err_msg=name)
    assert result.row("select model from model_evaluation where is_selected") == (model,)


def test_without_dropout_the_forecasts_are_the_nbd_s_and_a_warning_says_so(online_retail):
    sentences = " ".join(
        sentence
        for (sentence,) in online_retail.rows(
            "select sentence from model_warnings where warning_code = 'no_dropout_identified'"
        )
    )
    assert "no dropout identified" in sentences
    parameters = online_retail.frame(
        "select model, parameter, estimate from model_parameters where as_of_role = 'current'"
    ).set_index(["model", "parameter"])["estimate"]
    for model, dropout, scale in [
        ("bg_nbd", "a", "b"),
        ("mbg_nbd", "a", "b"),
        ("pareto_nbd", "s", "beta"),
    ]:
        assert parameters[(model, dropout)] == 0
        assert np.isnan(parameters[(model, scale)])
    lowest, highest = online_retail.row(
        "select min(predicted_purchases), max(predicted_purchases) "
        "from main_internal.int_holdout_forecasts"
    )
    assert lowest >= 0
    assert highest < 1000


def test_a_log_that_starts_with_old_customers_is_said_to(online_retail, demo):
    query = "select count(*) from model_warnings where warning_code = 'left_truncated'"
    assert online_retail.row(query) == (1,)
    assert demo.row(query) == (0,)


def test_the_demo_warns_of_nothing_but_what_is_true(demo):
    codes = {code for (code,) in demo.rows("select warning_code from model_warnings")}
    assert codes == {"holdout_bias", "probability_level"}
    predicted, actual = demo.row(
        "select predicted_purchases, actual_purchases from model_evaluation where model = 'bg_nbd'"
    )
    assert (predicted, actual) == (pytest.approx(16_873.7, abs=0.1), 19_684)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"purchase_model": "prophet"}, "one of bg_nbd, mbg_nbd, pareto_nbd"),
        ({"vip_share": 0.3}, "below high_share, which is 0.25"),
        ({"medium_share": 1.2}, "a share above high_share and at most 1"),
        ({"bootstrap_replicates": 5}, "a whole number from 10 to 10000"),
        ({"maximum_bias_share": "a lot"}, "a number of 0 or more"),
    ],
)
def test_a_bad_var_gets_a_sentence(dbt, variables, sentence):
    result = dbt("run", "--select", "int_customer_value__as_of_dates", variables=variables)
    assert result.exit_code != 0
    assert sentence in " ".join(result.output.split())
