"""Machine-learned value: two parts, judged on the same holdout, and no look ahead."""

from itertools import pairwise

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import run_dbt
from helpers import (
    CDNOW_SAMPLE_VARS,
    FakeDbt,
    load_model,
    read_cdnow_sample,
    with_another_future,
    write_cdnow_sample,
)
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import mean_absolute_error, mean_squared_error

learners = load_model("validation/predictions/fit_customer_value__value_learners.py")

NAMES = ("ridge", "random_forest", "gradient_boosting", "neural_network")
SEED = 7


def observations(train: int = 900, score: int = 300, seed: int = 3) -> pd.DataFrame:
    """Return customers who spend more the more they have ordered, and the more recently."""
    random = np.random.default_rng(seed)
    count = train + score
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{i:05}" for i in range(count)],
            "as_of_role": "calibration",
            "fold": ["training"] * train + ["test"] * score,
            "recency_days": random.normal(3, 1, count),
            "order_count": random.integers(0, 6, count).astype(float),
            "constant": 1.0,
            "window_days": 60,
            "target_days": 90,
            "batch_number": np.arange(count) % 2,
            "as_of_date": pd.Timestamp("2015-01-31"),
        }
    )
    chance = 1 / (1 + np.exp(frame["recency_days"] - 0.5 * frame["order_count"] - 2))
    spend = np.exp(2 + 0.2 * frame["order_count"] + random.normal(0, 0.5, count))
    spend = spend.where(random.random(count) < chance, 0.0)
    return frame.assign(value=spend.where(frame["fold"] == "training"))


def found_in(rows: pd.DataFrame, roles: dict[str, list[str]] | None = None) -> pd.DataFrame:
    """Return what the model writes of observations."""
    roles = roles or {"calibration": list(NAMES)}
    return pd.concat(learners.forecasts(duckdb.from_df(rows), roles, SEED), ignore_index=True)


@pytest.fixture(scope="module")
def foreseen() -> pd.DataFrame:
    return found_in(observations())


def test_every_learner_foresees_every_customer_and_says_what_from(foreseen):
    forecasts = foreseen[foreseen["row_kind"] == "forecast"]
    assert forecasts.groupby("model").size().to_dict() == dict.fromkeys(NAMES, 300)
    assert forecasts["value"].ge(0).all()
    assert forecasts["value"].max() <= observations()["value"].max()
    findings = foreseen[foreseen["row_kind"] == "finding"]
    assert findings["is_estimated"].all() and findings["fit_customer_count"].eq(900).all()
    assert findings["finding"].str.contains("900 customers as of 2015-01-31 and the 60 days").all()
    assert findings["finding"].str.contains("to go on at that pace over 90 days").all()
    assert foreseen.dtypes.astype(str).to_dict() == learners.COLUMNS


def by_hand(train: pd.DataFrame, rows: pd.DataFrame, features: list[str]) -> np.ndarray:
    """Return what ridge says, computed without the project."""
    train = train.sort_values("customer_id")
    lowest, highest = train[features].min(), train[features].max()
    mean, deviation = train[features].mean(), train[features].std(ddof=0)
    points = (train[features] - mean) / deviation
    asked = (rows[features].clip(lowest, highest, axis=1) - mean) / deviation
    buyers = train["value"].to_numpy() > 0
    chance = LogisticRegression(C=0.01, max_iter=2_000).fit(points.to_numpy(), buyers)
    bought, logs = points.to_numpy()[buyers], np.log1p(train["value"].to_numpy()[buyers])
    ratios = []
    for start in range(4):
        seen = np.delete(np.arange(len(logs)), np.s_[start::4])
        line = Ridge(alpha=100.0).fit(bought[seen], logs[seen])
        ratios += list(np.exp(logs[start::4] - line.predict(bought[start::4])))
    smearing = np.mean(ratios)
    spend = Ridge(alpha=100.0).fit(bought, logs)
    amount = smearing * np.exp(spend.predict(asked.to_numpy())) - 1
    amount = np.clip(amount, 0, train["value"].max())
    return chance.predict_proba(asked.to_numpy())[:, 1] * amount


def test_a_forecast_is_the_probability_times_the_smeared_spend(foreseen):
    rows = observations()
    train, score = (rows[rows["fold"] == fold] for fold in ("training", "test"))
    found = foreseen[(foreseen["model"] == "ridge") & (foreseen["row_kind"] == "forecast")]
    expected = by_hand(train, score, ["order_count", "recency_days"])
    found = found.set_index("customer_id").loc[score["customer_id"], "value"]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def test_the_learners_foresee_totals_of_customers_like_those_they_saw(foreseen):
    """Both parts and the smearing are right on average where nothing has changed."""
    rows = observations(900, 50_000)
    later = rows[rows["fold"] == "test"]
    random = np.random.default_rng(11)
    chance = 1 / (1 + np.exp(later["recency_days"] - 0.5 * later["order_count"] - 2))
    spend = np.exp(2 + 0.2 * later["order_count"] + random.normal(0, 0.5, len(later)))
    actual = float((spend * chance).mean())
    found = found_in(rows)
    for name, part in found[found["row_kind"] == "forecast"].groupby("model"):
        assert part["value"].mean() == pytest.approx(actual, rel=0.12), name


def test_shuffled_rows_and_columns_make_no_difference(foreseen):
    rows = observations().sample(frac=1, random_state=1)
    again = found_in(rows[list(reversed(rows.columns))])
    keys = ["model", "row_kind", "customer_id"]
    pd.testing.assert_frame_equal(
        again.sort_values(keys, ignore_index=True),
        foreseen.sort_values(keys, ignore_index=True),
        check_exact=True,
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda rows: rows[rows["fold"] == "test"], "The log is too short"),
        (lambda rows: rows.head(0), "The log is too short"),
        (lambda rows: rows.assign(value=rows["value"] * 0), "Nobody spent something"),
        (lambda rows: rows.assign(value=rows["value"] * 0 + 5), "Everybody spent something"),
        (lambda rows: rows.groupby("fold").head(20), "and at least 20 are needed"),
        (lambda rows: rows.assign(recency_days=1.0, order_count=2.0), "alike in every feature"),
    ],
    ids=["no earlier date", "nothing", "nobody", "everybody", "few", "alike"],
)
def test_what_cannot_be_learned_is_said(change, sentence):
    found = found_in(change(observations()))
    assert list(found["model"]) == list(NAMES)
    assert found["finding"].str.contains(sentence, regex=False).all()
    assert not found["is_estimated"].any()
    assert found.dtypes.astype(str).to_dict() == learners.COLUMNS


def test_everybody_is_scored_in_batches_only_where_a_learner_is_asked_for():
    rows = observations()
    both = pd.concat([rows, rows.assign(as_of_role="current")])
    refs = {"int_customer_value__value_observations": duckdb.from_df(both)}
    for asked, names in (("probabilistic", set()), ("random_forest", {"random_forest"})):
        meta = {"value_model": asked, "random_seed": SEED}
        written = learners.model(FakeDbt(refs, meta), duckdb.connect()).df()
        current = written[written["as_of_role"] == "current"]
        assert set(current["model"]) == names
        forecasts = written[written["row_kind"] == "forecast"]
        assert not forecasts.duplicated(["as_of_role", "model", "customer_id"]).any()
        assert len(forecasts) == 300 * (4 + len(names))


# What a real build says.


def cdnow_features(lines: pd.DataFrame, date: str, lookback: int) -> pd.DataFrame:
    """Return the features of CDNOW's customers as of a date, by pandas and nothing of ours."""
    end = pd.Timestamp(date)
    lines = lines[lines["date"] <= end]
    days = lines.groupby(["customer", "date"], as_index=False)["dollars"].sum()
    by_customer = days.groupby("customer")
    number = by_customer.cumcount()
    first, last = by_customer["date"].min(), by_customer["date"].max()
    count = by_customer.size()
    paid = days[(number > 0) & (days["dollars"] > 0)].groupby("customer")["dollars"]
    gaps = by_customer["date"].diff().dt.days.groupby(days["customer"])
    mean_gap = ((last - first).dt.days / (count - 1).where(count > 1)).fillna(0)
    ago = (end - days["date"]).dt.days
    seen = days[ago < lookback].groupby("customer")["dollars"]

    def logged(values: pd.Series) -> pd.Series:
        return np.log1p(values.reindex(first.index).fillna(0).clip(lower=0))

    features = {
        "recency_days": logged((end - last).dt.days),
        "customer_age_days": logged((end - first).dt.days),
        "order_count": logged(seen.size()),
        "repeat_count": logged(days[(ago < lookback) & (number > 0)].groupby("customer").size()),
        "net_revenue": logged(seen.sum()),
        "mean_repeat_value": logged(paid.mean()),
        "average_order_value": logged(by_customer["dollars"].sum() / count),
        "mean_days_between_purchases": logged(mean_gap),
        "days_between_purchases_cv": (gaps.std() / gaps.mean()).fillna(0),
    }
    features["overdue_ratio"] = (
        features["recency_days"] - features["mean_days_between_purchases"]
    ).where(count > 1, 0)
    for name, window in (
        ("recent", ago < 90),
        ("previous", (ago >= 90) & (ago < min(180, lookback))),
    ):
        part = days[window].groupby("customer")["dollars"]
        features[f"{name}_purchase_count"] = logged(part.size())
        features[f"{name}_spend"] = logged(part.sum())
    return pd.DataFrame(features).rename_axis("customer_id").reset_index()


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    lines = read_cdnow_sample()
    return pd.DataFrame(
        {
            "customer": lines["customer"],
            "date": pd.to_datetime(lines["date"], format="%Y%m%d"),
            "dollars": lines["dollars"].astype("float64"),
        }
    )


def spend_between(lines: pd.DataFrame, after: str, until: str) -> pd.Series:
    return (
        lines[lines["date"].between(pd.Timestamp(after) + pd.Timedelta(days=1), until)]
        .groupby("customer")["dollars"]
        .sum()
    )


def test_ridge_on_cdnow_is_that_of_pandas_and_scikit_learn(cdnow_sample, lines):
    """The log up to 1997-09-30 has 273 days, as many as the holdout: half of them is the window."""
    train, score = (cdnow_features(lines, date, 137) for date in ("1997-05-17", "1997-09-30"))
    window = spend_between(lines, "1997-05-17", "1997-09-30")
    train["value"] = train["customer_id"].map(window).fillna(0) * 273 / 136
    names = sorted(set(score.columns) - {"customer_id"})
    score["predicted"] = by_hand(train, score, names)
    holdout = spend_between(lines, "1997-09-30", "1998-06-30")
    score["actual"] = score["customer_id"].map(holdout).fillna(0)

    found = cdnow_sample.frame(
        "select customer_id, value from main_internal.fit_value_learners "
        "where model = 'ridge' and row_kind = 'forecast'"
    )
    both = score.merge(found, on="customer_id", validate="one_to_one")
    assert len(both) == len(score) == len(found)
    np.testing.assert_allclose(both["value"], both["predicted"], rtol=1e-4, atol=1e-4)

    row = cdnow_sample.frame("select * from model_evaluation where model = 'ridge'").iloc[0]
    actual, predicted = both["actual"], both["predicted"]
    assert row["actual_revenue"] == pytest.approx(actual.sum())
    assert row["predicted_revenue"] == pytest.approx(predicted.sum(), rel=1e-4)
    assert row["revenue_bias_share"] == pytest.approx(predicted.sum() / actual.sum() - 1, abs=1e-4)
    assert row["revenue_mae"] == pytest.approx(mean_absolute_error(actual, predicted), rel=1e-4)
    rmse = mean_squared_error(actual, predicted) ** 0.5
    assert row["revenue_rmse"] == pytest.approx(rmse, rel=1e-4)
    assert row["revenue_spearman"] == pytest.approx(spearmanr(actual, predicted)[0], abs=1e-4)


def test_each_learner_is_judged_on_the_customers_of_the_others(cdnow_sample):
    rows = cdnow_sample.frame("select * from model_evaluation").set_index("model")
    assert set(NAMES) < set(rows.index)
    assert rows["customer_count"].eq(2357).all() and rows["actual_purchases"].eq(1882).all()
    assert not rows.loc[list(NAMES), ["is_baseline", "is_selected", "is_value_selected"]].any(
        axis=None
    )
    purchases = ["predicted_purchases", "bias_share", "mae", "rmse", "spearman", "top_decile_lift"]
    assert rows.loc[list(NAMES), purchases].isna().all(axis=None)
    revenue = [name for name in rows.columns if name.startswith("revenue_")]
    assert rows.loc[list(NAMES), revenue].notna().all(axis=None)
    assert rows.index[rows["is_value_selected"]].tolist() == ["corrected"]
    calibrated = cdnow_sample.rows("select distinct model from model_calibration")
    assert not {name for (name,) in calibrated} & set(NAMES)


def test_trees_order_cdnow_by_revenue_better_and_the_purchase_model_has_the_total(demo):
    """What the docs say of the master file."""
    rows = demo.frame("select * from model_evaluation").set_index("model")
    gini, bias = rows["revenue_gini_normalised"], rows["revenue_bias_share"].abs()
    for name in ("random_forest", "gradient_boosting"):
        assert gini[name] > max(gini["past_spend"], gini["bg_nbd"]), name
    assert bias["bg_nbd"] < bias[list(NAMES)].min()
    assert rows.loc[list(NAMES), "revenue_mae"].max() < rows.loc["past_spend", "revenue_mae"]


def test_changing_the_future_changes_no_forecast(dbt, tmp_path):
    """All that comes after the calibration date is changed; what was foreseen then is not."""
    sample, found = read_cdnow_sample(), []
    changed = with_another_future(sample, "19970930")
    for name, given in {"as_it_is": sample, "changed": changed}.items():
        csv = tmp_path / f"{name}.csv"
        write_cdnow_sample(csv, given)
        result = dbt(
            *("build", "--exclude-resource-type", "unit_test", "test"),
            *("--select", "+fit_customer_value__value_learners"),
            variables={**CDNOW_SAMPLE_VARS, "transactions": str(csv), "holdout_days": 273},
            database=tmp_path / f"{name}.duckdb",
        )
        assert result.exit_code == 0, result.output
        found.append(
            [
                result.frame(f"select * from main_internal.{table} order by all")
                for table in (
                    "int_value_observations",
                    "fit_value_learners",
                )
            ]
        )
    assert len(found[0][0]) > 4_000 and len(found[0][1]) > 9_000
    for before, after in zip(*found, strict=True):
        pd.testing.assert_frame_equal(before, after, check_exact=True)


@pytest.fixture(scope="module")
def with_ridge(cdnow_sample, tmp_path_factory, worker_directory):
    """The sample with value_model: ridge; only what it changes is built again, and tested."""
    # Views name the database they are in, so the copy keeps its name.
    database = tmp_path_factory.mktemp("ridge") / cdnow_sample.database.name
    database.write_bytes(cdnow_sample.database.read_bytes())
    csv = tmp_path_factory.mktemp("ridge_input") / "sample.csv"
    write_cdnow_sample(csv)
    result = run_dbt(
        *(
            "build",
            "--exclude-resource-type",
            "unit_test",
            "--select",
            "int_customer_value__value_dates+",
            "int_customer_value__forecast_keys+",
            "fit_customer_value__forecast_models+",
        ),
        database=database,
        variables={
            **CDNOW_SAMPLE_VARS,
            "transactions": str(csv),
            "value_model": "ridge",
            "published_path": "",
        },
        target=worker_directory / "target",
    )
    assert result.exit_code == 0, result.output
    return result


def test_the_customers_carry_the_value_that_was_asked_for(with_ridge, cdnow_sample, lines):
    query = "select * from customers order by customer_id"
    before, after = cdnow_sample.frame(query), with_ridge.frame(query)
    assert before["value_model"].eq("corrected").all()
    assert after["value_model"].eq("ridge").all()
    resting = ["lifetime_value_365d", "lifetime_value_percentile", "value_tier", "value_model"]
    resting += ["recommended_action", "action_priority"]
    # A learner leaves the rest of the forecast to the purchase model as it is.
    resting += ["probability_alive", "probability_active_90d", "expected_purchase_value"]
    resting += ["days_to_next_purchase_median"]
    resting += [name for name in before if name.startswith("expected_purchases_")]
    pd.testing.assert_series_equal(
        after["expected_purchases_365d"],
        before["classical_expected_purchases_365d"],
        check_names=False,
    )
    pd.testing.assert_frame_equal(before.drop(columns=resting), after.drop(columns=resting))
    value = after["lifetime_value_365d"]
    assert before["lifetime_value_365d"].corr(value, method="spearman") > 0.5
    assert (before["lifetime_value_365d"] != value).mean() > 0.99
    tiers = after.groupby("value_tier")["lifetime_value_365d"]
    order = ["VIP", "High", "Medium", "Low"]
    for better, worse in pairwise(order):
        assert tiers.min()[better] > tiers.max()[worse]
    assert tiers.size()["VIP"] == pytest.approx(0.05 * 2357, abs=1)

    # A year before today, and the discounted spend of that year.
    train, score = (cdnow_features(lines, date, 181) for date in ("1997-06-30", "1998-06-30"))
    year = lines[lines["date"] > "1997-06-30"]
    age = (year["date"] - pd.Timestamp("1997-06-30")).dt.days
    discounted = (year["dollars"] * 1.1 ** (-age / 365)).groupby(year["customer"]).sum()
    train["value"] = train["customer_id"].map(discounted).fillna(0)
    names = sorted(set(score.columns) - {"customer_id"})
    expected = pd.Series(by_hand(train, score, names), index=score["customer_id"])
    found = after.set_index("customer_id")["lifetime_value_365d"]
    np.testing.assert_allclose(found, expected.loc[found.index], rtol=1e-4, atol=1e-4)


def test_what_rests_on_the_value_knows_whose_it_is(with_ridge):
    assert with_ridge.row("select model from model_evaluation where is_value_selected") == (
        "ridge",
    )
    assert with_ridge.row("select model from model_evaluation where is_selected") == ("bg_nbd",)
    point, total, bounds = with_ridge.row(
        "select max(point_forecast), (select sum(lifetime_value_365d) from customers), "
        "count(lower_bound) from forecast_intervals "
        "where scope = 'total' and measure = 'lifetime_value'"
    )
    assert point == pytest.approx(total)
    assert bounds == 0
    revenue = [
        sentence
        for (sentence,) in with_ridge.rows("select sentence from model_warnings")
        if "revenue" in sentence
    ]
    assert all("bg_nbd" not in sentence for sentence in revenue)


def test_a_shop_that_is_too_small_keeps_the_probabilistic_value(built, tmp_path):
    csv = tmp_path / "small.csv"
    sample = read_cdnow_sample()
    few = sample[sample["customer"].isin(sorted(sample["customer"].unique())[:20])]
    write_cdnow_sample(csv, few)
    result = built(
        {
            **CDNOW_SAMPLE_VARS,
            "transactions": str(csv),
            "value_model": "gradient_boosting",
            "modules": ["validation"],
        }
    )
    assert result.row("select distinct value_model from customers") == ("probabilistic",)
    (finding,) = result.row(
        "select finding from model_fits where model = 'gradient_boosting' "
        "and as_of_role = 'current' and not is_converged"
    )
    assert "nothing was estimated" in finding


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"value_model": "prophet"}, "one of corrected, probabilistic, ridge, random_forest"),
        (
            {"value_model": "ridge", "modules": ["history"]},
            "a learner of the capability validation",
        ),
    ],
)
def test_a_bad_value_model_gets_a_sentence(dbt, variables, sentence):
    result = dbt("run", "--select", "int_customer_value__as_of_dates", variables=variables)
    assert result.exit_code != 0
    assert sentence in " ".join(result.output.split())


def test_the_customers_wait_for_no_learner_by_default(dbt):
    result = dbt("ls", "--select", "+customer_value__customers", "--resource-type", "model")
    assert result.exit_code == 0, result.output
    assert "fit_customer_value__value_learners" not in result.output
    asked = {"value_model": "random_forest"}
    result = dbt(
        "ls", "--select", "+customer_value__customers", "--resource-type", "model", variables=asked
    )
    assert "fit_customer_value__value_learners" in result.output
