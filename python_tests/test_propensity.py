"""Propensity: the fits as tables, the metrics as scikit-learn has them, and no look ahead."""

import math
from itertools import combinations
from math import factorial

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from helpers import (
    CDNOW_SAMPLE_VARS,
    FakeDbt,
    load_model,
    read_cdnow_sample,
    with_another_future,
    write_cdnow_sample,
)
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

fits = load_model("propensity/predictions/fit_customer_value__propensity.py")
scores = load_model("propensity/predictions/score_customer_value__propensity.py")

BEATEN = ("logistic_regression", "gradient_boosting", "random_forest")
FEATURES = ["recency_days", "order_count", "constant"]
NO_ATTRIBUTES = pd.DataFrame(
    {"customer_id": [], "attribute": [], "attribute_value": []}, dtype="string"
)


def observations(train: int, test: int, seed: int = 3) -> pd.DataFrame:
    """Return rows whose outcome follows recency, orders and the region."""
    random = np.random.default_rng(seed)
    count = train + test
    frame = pd.DataFrame(
        {
            "observation_id": [f"c{i:05}|1|none" for i in range(count)],
            "customer_id": [f"c{i:05}" for i in range(count)],
            "target": "purchase",
            "fold": ["training"] * train + ["test"] * test,
            "recency_days": random.normal(0, 1, count),
            "order_count": random.integers(0, 6, count).astype(float),
            "constant": 1.0,
            "sample_weight": 1.0,
        }
    )
    is_scaling = (random.random(count) < 0.25) & (frame["fold"] == "training")
    frame.loc[is_scaling, "fold"] = "scaling"
    north = np.arange(count) % 3 == 0
    score = 0.6 * frame["order_count"] - 1.5 * frame["recency_days"] ** 2 + north - 1
    frame["label"] = (random.random(count) < 1 / (1 + np.exp(-score))).astype(int)
    return frame


def attributes_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a region for everybody, an attribute that is empty, and a region only today's have."""
    customers = rows["customer_id"].to_numpy()
    region = np.where(np.arange(len(customers)) % 3 == 0, "north", "south").astype(object)
    region[-1] = "nowhere"
    regions = pd.DataFrame(
        {"customer_id": customers, "attribute": "region", "attribute_value": region}
    )
    return pd.concat([regions, regions.assign(attribute="note", attribute_value=None)])


@pytest.fixture(scope="module")
def learned():
    rows = observations(1_500, 800)
    attributes = attributes_of(rows)
    return rows, attributes, fits.fit(rows, attributes, seed=7)


def finding(fitted: pd.DataFrame, target: str = "purchase") -> str:
    found = fitted[(fitted["kind"] == "finding") & (fitted["target"] == target)]
    return found["finding"].item()


def test_what_teaches_nothing_is_left_out_and_said(learned):
    _, _, fitted = learned
    assert "Left out, since all or nearly all are alike: constant, note." in finding(fitted)
    assert not fitted["feature"].isin(["constant", "note"]).any()
    values = fitted.loc[fitted["feature"] == "region", "feature_value"].dropna().unique()
    assert set(values) == {"north", "south"}
    assert finding(fitted, "response").startswith("No contacts whose response is known")


def test_trees_as_tables_say_what_scikit_learn_says(learned):
    rows, attributes, fitted = learned
    train = rows[rows["fold"] != "test"]
    columns, _ = fits.choose_columns(train, attributes, FEATURES)
    points = fits.matrix(train, attributes, columns)
    is_training = (train["fold"] == "training").to_numpy()
    models = fits.fit_models(points[is_training], train["label"].to_numpy()[is_training], seed=7)
    for name in scores.TREE_MODELS:
        part = fitted[fitted["model"] == name]
        asked = scores.columns_of(part)
        total, contributions = scores.explain(
            scores.matrix(rows, attributes, asked),
            scores.leaves_of(part, asked),
            with_reasons=True,
        )
        expected = models[name]["score"](fits.matrix(rows, attributes, columns))
        found = fits.log_odds(total) if name == "random_forest" else total
        assert found == pytest.approx(expected, abs=1e-9)
        # What the features add to the mean of all is the score.
        means = total - contributions.sum(axis=1)
        assert np.ptp(means) < 1e-9


def expectation(leaves, row: np.ndarray, known: set[int]) -> float:
    """Return what a tree says of a row of which only some features are known."""
    return sum(
        value
        * np.prod(
            [
                float(lower < row[column] <= upper) if column in known else share
                for column, lower, upper, share in conditions
            ]
        )
        for value, conditions in leaves
    )


def test_contributions_are_shapley_values():
    rows = observations(400, 10, seed=5)
    points = rows[["recency_days", "order_count"]].to_numpy()
    points = np.column_stack([points, points.sum(axis=1)]).astype("float32").astype("float64")
    forest = fits.fit_models(points, rows["label"].to_numpy(), seed=1)["random_forest"]
    columns = [("a", None), ("b", None), ("c", None)]
    part = pd.DataFrame(fits.parameter_rows(forest, columns), columns=list(fits.COLUMNS))
    leaves = scores.leaves_of(part, columns)
    _, found = scores.explain(points[:5], leaves, with_reasons=True)
    for row, contributions in zip(points[:5], found, strict=True):
        for j in range(3):
            others = [k for k in range(3) if k != j]
            value = 0.0
            for size in range(3):
                weight = factorial(size) * factorial(2 - size) / factorial(3)
                for known in combinations(others, size):
                    for tree in forest["trees"]:
                        value += weight * (
                            expectation(tree, row, {*known, j}) - expectation(tree, row, set(known))
                        )
            assert contributions[j] == pytest.approx(value, abs=1e-9)


def test_the_order_of_the_rows_changes_nothing(learned):
    rows, attributes, fitted = learned
    shuffled = fits.fit(
        rows.sample(frac=1, random_state=1), attributes.sample(frac=1, random_state=2), seed=7
    )
    pd.testing.assert_frame_equal(fitted, shuffled, check_exact=True)


def test_probabilities_are_calibrated_and_batches_are_written(learned):
    rows, attributes, fitted = learned
    chosen = fitted.assign(is_selected=fitted["model"] == "random_forest")
    today = rows.tail(500).assign(is_current=True)
    today["batch_number"] = np.arange(500) % 3
    with_batches = attributes.merge(today[["customer_id", "batch_number"]], how="left").assign(
        is_sampled=True
    )
    con = duckdb.connect()
    refs = {
        "fit_customer_value__propensity": duckdb.from_df(chosen),
        "int_customer_value__propensity_sample": duckdb.from_df(rows),
        "int_customer_value__propensity_features": duckdb.from_df(today),
        "int_customer_value__propensity_attributes": duckdb.from_df(with_batches),
    }
    found = scores.model(FakeDbt(refs), con).df()
    current = found[found["fold"] == "current"]
    assert sorted(current["customer_id"]) == sorted(today["customer_id"])
    assert current["reason_1"].isin(["recency_days", "order_count", "region"]).all()
    assert current["contribution_1"].abs().ge(current["contribution_2"].abs().fillna(0)).all()
    test = found[found["model"].eq("random_forest") & found["fold"].eq("test")]
    labels = rows.set_index("observation_id")["label"].reindex(test["observation_id"])
    assert test["probability"].mean() == pytest.approx(labels.mean(), abs=0.04)
    both = current.merge(test, on="customer_id")
    assert len(both) == 500
    assert both["probability_x"].to_numpy() == pytest.approx(both["probability_y"].to_numpy())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda rows: rows.assign(label=1), "Everybody in the training rows has the outcome"),
        (lambda rows: rows.assign(label=0), "Nobody in the training rows has the outcome"),
        (lambda rows: rows.groupby("fold").head(20), "at least 20 are needed"),
        (lambda rows: rows.head(0), "The log is too short to train"),
        (
            lambda rows: rows.assign(recency_days=1.0, order_count=2.0),
            "All customers are alike in every feature",
        ),
        (lambda rows: rows.assign(order_count=np.nan), "not known at every date: order_count."),
    ],
    ids=["one class", "the other class", "few", "none", "alike", "unknown feature"],
)
def test_what_cannot_be_estimated_is_said(change, sentence):
    fitted = fits.fit(change(observations(300, 100)), NO_ATTRIBUTES, seed=1)
    assert sentence in finding(fitted)
    assert fitted.dtypes.astype(str).to_dict() == fits.COLUMNS
    test = observations(0, 30).assign(fold="test")
    for _, part in fitted[fitted["model"].isin(scores.TREE_MODELS)].groupby("model"):
        scores.Scorer(part).score(test, NO_ATTRIBUTES, with_reasons=True)


def test_a_baseline_that_does_best_is_in_use_and_said():
    """The outcome follows the purchase model's log-odds, which the training could not see."""
    random = np.random.default_rng(11)
    rows = observations(900, 900)
    log_odds = random.normal(-1, 2, len(rows))
    rows["label"] = (random.random(len(rows)) < 1 / (1 + np.exp(-log_odds))).astype(int)
    rows["model_log_odds"] = np.where(rows["fold"] == "test", log_odds, np.nan)
    fitted = fits.fit(rows, NO_ATTRIBUTES, seed=7)
    said = finding(fitted)
    assert said.startswith("probability_active_90d has the lowest log loss on the test")
    assert "It is a baseline, and in use: the best model, " in said
    assert set(fitted.loc[fitted["is_selected"], "model"]) == {"probability_active_90d"}
    losses = fitted[fitted["kind"] == "log_loss"].set_index("model")["estimate"]
    assert set(losses.index) == {*BEATEN, "recency_days", "probability_active_90d"}
    test = rows[rows["fold"] == "test"]
    expected = log_loss(test["label"], 1 / (1 + np.exp(-test["model_log_odds"])))
    assert losses["probability_active_90d"] == pytest.approx(expected, rel=1e-6)
    assert losses.idxmin() == "probability_active_90d"
    # As a linear model it gives the log-odds back: the mean, and the distance from it.
    chosen = fitted[fitted["is_selected"] & (fitted["kind"] == "coefficient")]
    (slope,) = chosen.loc[chosen["feature"] == "model_log_odds", "estimate"]
    (middle,) = chosen.loc[chosen["feature"] == "model_log_odds", "feature_mean"]
    (intercept,) = chosen.loc[chosen["feature"] == "intercept", "estimate"]
    assert (slope, intercept) == (1, pytest.approx(middle))


def renewals(count: int) -> pd.DataFrame:
    """Return renewals that are lost by the curve, and more often after late payments."""
    random = np.random.default_rng(17)
    rows = observations(count, count // 2).drop(columns=["recency_days", "order_count", "constant"])
    rows["target"] = "subscription_churn"
    rows["subscription_late_payments"] = random.integers(0, 3, len(rows)).astype(float)
    rows["subscription_log_odds"] = random.normal(-2, 0.5, len(rows))
    score = rows["subscription_log_odds"] + 2 * (rows["subscription_late_payments"] - 1)
    rows["label"] = (random.random(len(rows)) < 1 / (1 + np.exp(-score))).astype(int)
    return rows


def test_renewals_have_features_and_a_baseline_of_their_own():
    rows = pd.concat([observations(600, 300), renewals(2_000)], ignore_index=True)
    fitted = fits.fit(rows, NO_ATTRIBUTES, seed=7)
    own = {"subscription_late_payments", "subscription_log_odds"}
    is_asked = fitted["kind"].isin(["coefficient", "condition"])
    for target in ("purchase", "subscription_churn"):
        asked = set(fitted.loc[is_asked & (fitted["target"] == target), "feature"]) - {"intercept"}
        assert asked == own if target == "subscription_churn" else not asked & own
    losses = fitted[fitted["kind"] == "log_loss"].set_index(["target", "model"])["estimate"]
    losses = losses["subscription_churn"]
    assert set(losses.index) == {*BEATEN, "renewal_model"}
    test = rows[(rows["target"] == "subscription_churn") & (rows["fold"] == "test")]
    curve = 1 / (1 + np.exp(-test["subscription_log_odds"]))
    assert losses["renewal_model"] == pytest.approx(log_loss(test["label"], curve), rel=1e-6)
    assert losses.idxmin() == "logistic_regression"
    assert losses.min() < losses["renewal_model"] - 0.05
    assert "Left out" not in finding(fitted, "subscription_churn")


def test_without_subscriptions_there_is_no_such_target():
    rows = observations(600, 300)
    assert set(fits.fit(rows, NO_ATTRIBUTES, seed=7)["target"]) == {"purchase", "response"}
    with_columns = rows.assign(subscription_late_payments=np.nan)
    said = finding(fits.fit(with_columns, NO_ATTRIBUTES, seed=7), "subscription_churn")
    assert said.startswith("No renewals that were due long enough ago")


def test_trees_score_subscribers_for_renewals_and_customers_for_purchases():
    rows = pd.concat([observations(600, 300), renewals(1_000)], ignore_index=True)
    fitted = fits.fit(rows, NO_ATTRIBUTES, seed=7)
    today = rows.groupby("target").tail(50).assign(is_current=True, batch_number=0)
    today["subscription_renewals_paid"] = today["subscription_late_payments"]
    refs = {
        "fit_customer_value__propensity": duckdb.from_df(
            fitted.assign(is_selected=fitted["model"] == "random_forest")
        ),
        "int_customer_value__propensity_sample": duckdb.from_df(rows),
        "int_customer_value__propensity_features": duckdb.from_df(today),
        "int_customer_value__propensity_attributes": duckdb.from_df(
            NO_ATTRIBUTES.assign(
                attribute_number=pd.Series(dtype="float64"),
                is_sampled=pd.Series(dtype="bool"),
                batch_number=pd.Series(dtype="int64"),
            )
        ),
    }
    found = scores.model(FakeDbt(refs), duckdb.connect()).df()
    current = found[found["fold"] == "current"]
    assert current["probability"].notna().all()
    for target, part in today.groupby("target"):
        scored = current.loc[current["target"] == target, "customer_id"]
        assert sorted(scored) == sorted(part["customer_id"])


def test_weighted_rows_give_the_probabilities_of_all():
    """All outcomes and a tenth of the others, weighing ten: the level and slopes are those of all.

    Checked against statsmodels' weighted likelihood, on rows that all models see.
    """
    random = np.random.default_rng(8)
    points = random.normal(size=(60_000, 2))
    chance = 1 / (1 + np.exp(-(-5.5 + 1.0 * points[:, 0] - 0.5 * points[:, 1])))
    label = (random.random(len(points)) < chance).astype(int)
    kept = (label == 1) | (random.random(len(points)) < 0.1)
    weight = np.where(label == 1, 1.0, 10.0)[kept]
    models = fits.fit_models(points[kept], label[kept], seed=1, weight=weight)
    fitted = sm.GLM(
        label[kept], sm.add_constant(points[kept]), sm.families.Binomial(), freq_weights=weight
    ).fit()
    linear = models["logistic_regression"]
    slopes = linear["coefficients"] / linear["deviation"]
    assert slopes == pytest.approx(fitted.params[1:], abs=0.02)
    for name, model in models.items():
        found = 1 / (1 + np.exp(-model["score"](points)))
        assert found.mean() == pytest.approx(label.mean(), rel=0.12), name
        assert roc_auc_score(label, found) > 0.7, name


def test_numbers_are_numbers_and_unknown_ones_move_nobody():
    """An age with eighty values, unknown of a tenth of the customers: one column, not twelve."""
    rows = observations(1_500, 500, seed=9)
    random = np.random.default_rng(9)
    age = random.integers(18, 98, len(rows)).astype(float)
    rows["label"] = (random.random(len(rows)) < 1 / (1 + np.exp(-(age - 58) / 8))).astype(int)
    known = random.random(len(rows)) > 0.1
    attributes = pd.DataFrame(
        {
            "customer_id": rows["customer_id"],
            "attribute": "age",
            "attribute_value": pd.Series(age.astype(int).astype(str)).where(known),
            "attribute_number": np.where(known, age, np.nan),
            "is_number": True,
        }
    )
    fitted = fits.fit(rows, attributes, seed=2)
    learned = fitted[fitted["feature"] == "age"]
    assert learned["feature_value"].dropna().unique().tolist() == [fits.NUMBER]
    coefficient = learned[learned["kind"] == "coefficient"]
    train = rows["fold"].isin(["training", "scaling"]).to_numpy()
    assert len(coefficient) == 1 and coefficient["estimate"].item() > 1
    fit_mean = np.where(known, age, age[known & train].mean())[rows["fold"] == "training"].mean()
    assert coefficient["feature_mean"].item() == pytest.approx(fit_mean, rel=1e-6)
    test = rows[rows["fold"] == "test"]
    unknown = ~known[rows["fold"] == "test"]
    mean = float(np.float32(age[known & train].mean()))
    at_the_mean = attributes.assign(
        attribute_number=np.where(known, attributes["attribute_number"], mean)
    )
    for _, part in fitted[fitted["model"].isin(scores.TREE_MODELS)].groupby("model"):
        scorer = scores.Scorer(part)
        found = scorer.score(test, attributes, with_reasons=True)
        same = scorer.score(test, at_the_mean, with_reasons=True)
        assert found["probability"].to_numpy() == pytest.approx(same["probability"].to_numpy())
        assert unknown.any()
        assert roc_auc_score(test["label"], found["probability"]) > 0.85


# What a real build says.


def test_metrics_are_scikit_learns(demo):
    rows = demo.frame("select * from main_internal.int_propensity_scores where fold = 'test'")
    evaluation = demo.frame(
        "select * from probability_evaluation "
        "where predictor = 'propensity' and target = 'purchase'"
    ).set_index("model")
    assert len(evaluation) == 5
    for model, part in rows.groupby("model"):
        label, probability = part["label"].astype(int), part["probability"]
        expected = {
            "auc": roc_auc_score(label, probability),
            "average_precision": average_precision_score(label, probability),
            "log_loss": log_loss(label, probability),
            "brier_score": brier_score_loss(label, probability),
        }
        found = evaluation.loc[model, list(expected)].to_dict()
        assert found == pytest.approx(expected, rel=1e-6), model
    learned = demo.frame("select * from main_internal.fit_propensity where kind = 'log_loss'")
    for row in learned.itertuples():
        assert evaluation.loc[row.model, "log_loss"] == pytest.approx(row.estimate, rel=1e-5)


def test_churn_is_the_other_side_of_a_purchase_among_the_active(demo):
    rows = demo.frame(
        "select scores.label, 1 - scores.probability as churn "
        "from main_internal.int_propensity_scores as scores "
        "inner join main_internal.int_propensity_sample as sample "
        "on scores.observation_id = sample.observation_id and sample.target = 'purchase' "
        "where scores.fold = 'test' and scores.is_selected and sample.fold = 'test' "
        "and round(exp(sample.recency_days)) - 1 <= 90"
    )
    found = demo.frame(
        "select * from probability_evaluation "
        "where target = 'churn' and predictor = 'propensity' and is_selected"
    ).iloc[0]
    churned = 1 - rows["label"].astype(int)
    assert found["observation_count"] == len(rows)
    assert found["auc"] == pytest.approx(roc_auc_score(churned, rows["churn"]), rel=1e-9)
    top = rows["churn"].nlargest(math.ceil(len(rows) / 10)).index
    lift = churned[top].mean() / churned.mean()
    assert found["top_decile_lift"] == pytest.approx(lift, rel=0.05)


def test_the_winner_is_the_one_in_use_and_beats_the_baselines_on_cdnow(demo):
    rows = demo.frame(
        "select * from probability_evaluation "
        "where predictor = 'propensity' and target = 'purchase'"
    ).set_index("model")
    winner = rows["log_loss"].idxmin()
    assert rows.index[rows["is_selected"]].tolist() == [winner]
    assert rows.loc[winner, "auc"] == pytest.approx(0.840, abs=0.003)
    assert rows.loc[winner, "log_loss"] < rows.loc[rows["is_baseline"], "log_loss"].min()
    assert demo.row("select count(*), count(purchase_propensity_90d) from customers") == (
        23_570,
        23_570,
    )


def test_the_last_tenth_reaches_everybody(demo):
    assert demo.rows(
        "select distinct cumulative_outcome_share, cumulative_lift from propensity_gains "
        "where decile = 10"
    ) == [(1.0, 1.0)]


def test_changing_the_future_changes_no_feature(dbt, tmp_path):
    """Every date but the last one is looked at; all that comes after the test date is changed."""
    lines, features = read_cdnow_sample(), []
    changed = with_another_future(lines, "19980331")
    for name, given in {"as_it_is": lines, "changed": changed}.items():
        csv = tmp_path / f"{name}.csv"
        write_cdnow_sample(csv, given)
        result = dbt(
            *("build", "--exclude-resource-type", "unit_test", "test"),
            *("--select", "+int_customer_value__propensity_features"),
            variables={**CDNOW_SAMPLE_VARS, "transactions": str(csv), "holdout_days": 273},
            database=tmp_path / f"{name}.duckdb",
        )
        assert result.exit_code == 0, result.output
        features.append(
            result.frame(
                "select * exclude (batch_number) from main_internal.int_propensity_features "
                "where not is_current order by as_of_date, customer_id"
            )
        )
    assert features[0]["as_of_date"].nunique() == 5
    assert features[0]["model_log_odds"].notna().all()
    pd.testing.assert_frame_equal(features[0], features[1], check_exact=True)
