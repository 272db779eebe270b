"""The whole notebook: what a data scientist would write to know what the whole build knows.

    python benchmarks/whole_notebook.py 'transactions-*.parquet' answers.parquet

pandas, scikit-learn, lifetimes and lifelines, vectorised, each as its documentation uses it: RFM
scores at twelve month ends and the moves between them, cohorts, Kaplan-Meier curves, three purchase
models with a holdout, lifetime value, clusters, propensity by two learners, and profitability. What
does not scale in these packages is fitted on a sample, as ours is, so that nobody waits for it.
"""

import sys

import duckdb
import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter, ParetoNBDFitter
from pandas_lifetimes import fit_with_penalizer, read_orders
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, silhouette_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SAMPLE = 50_000
HORIZON_DAYS = 365
ACTIVE_DAYS = 90
MONTHS = 12
MARGIN = 0.3


def states(days: pd.DataFrame, date: pd.Timestamp) -> pd.DataFrame:
    """Return what is true of each customer as of a date.

    Parameters
    ----------
    days : customer_id, date, amount; one row per customer and purchase day, in order of date.

    Returns
    -------
    By customer_id: frequency, recency, T (days), monetary_value (mean of the repeat days), revenue
    and since (days since the last purchase).
    """
    seen = days[days["date"] <= date]
    groups = seen.groupby("customer_id", sort=False)
    table = groups.agg(
        first=("date", "min"),
        last=("date", "max"),
        count=("date", "size"),
        revenue=("amount", "sum"),
        first_amount=("amount", "first"),
    )
    frequency = table["count"] - 1
    return pd.DataFrame(
        {
            "frequency": frequency,
            "recency": (table["last"] - table["first"]).dt.days,
            "T": (date - table["first"]).dt.days,
            "monetary_value": (
                (table["revenue"] - table["first_amount"]) / frequency.where(frequency > 0)
            ).fillna(0),
            "revenue": table["revenue"],
            "since": (date - table["last"]).dt.days,
        }
    )


def rfm(state: pd.DataFrame) -> pd.DataFrame:
    """Return quintile scores r, f and m, and a segment in one word."""
    columns = {"r": -state["since"], "f": state["frequency"], "m": state["revenue"]}
    scores = pd.DataFrame(
        {
            name: pd.qcut(values.rank(method="first"), 5, labels=False) + 1
            for name, values in columns.items()
        }
    )
    worth = scores["f"] + scores["m"]
    scores["segment"] = np.select(
        [(scores["r"] >= 4) & (worth >= 8), scores["r"] >= 4, worth >= 8, scores["r"] >= 2],
        ["champions", "recent", "at risk", "fading"],
        "lost",
    )
    return scores


def migration(days: pd.DataFrame, end: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sizes of the segments at month ends, and the moves from one to the next."""
    dates = pd.date_range(end=end, periods=MONTHS, freq="ME")
    sizes, moves, before = [], [], None
    for date in dates:
        segments = rfm(states(days, date))["segment"]
        sizes.append(segments.value_counts().rename(date))
        if before is not None:
            pairs = pd.DataFrame({"before": before, "after": segments}).dropna()
            moves.append(pairs.value_counts().rename(date))
        before = segments
    return pd.concat(sizes, axis=1), pd.concat(moves, axis=1)


def cohorts(days: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each month's new customers who buy in the months after."""
    month = days["date"].dt.to_period("M").astype("int64")
    first = month.groupby(days["customer_id"]).transform("min")
    active = pd.DataFrame(
        {"customer_id": days["customer_id"], "cohort": first, "age": month - first}
    ).drop_duplicates()
    counts = pd.crosstab(active["cohort"], active["age"])
    return counts.div(counts[0], axis=0)


def second_purchase(days: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """Return the Kaplan-Meier curve of the days until the second purchase, in bulk."""
    number = days.groupby("customer_id").cumcount()
    first = days[number == 0].set_index("customer_id")["date"]
    second = days[number == 1].set_index("customer_id")["date"].reindex(first.index)
    duration = (second.fillna(end) - first).dt.days
    grouped = pd.DataFrame({"duration": duration, "event": second.notna()}).value_counts()
    table = grouped.rename("weight").reset_index()
    fitter = KaplanMeierFitter().fit(table["duration"], table["event"], weights=table["weight"])
    return fitter.survival_function_


def purchase_models(state: pd.DataFrame, actual: pd.Series, horizon: int) -> pd.DataFrame:
    """Return how far each purchase model is off on the holdout."""
    sample = state.sample(min(SAMPLE, len(state)), random_state=1)
    data = sample["frequency"], sample["recency"], sample["T"]
    rows = {}
    for name, model in {
        "bg_nbd": BetaGeoFitter,
        "mbg_nbd": ModifiedBetaGeoFitter,
        "pareto_nbd": ParetoNBDFitter,
    }.items():
        fitted = fit_with_penalizer(model, *data)
        predicted = np.asarray(
            fitted.conditional_expected_number_of_purchases_up_to_time(horizon, *data)
        )
        truth = actual.reindex(sample.index).fillna(0).to_numpy()
        rows[name] = {
            "bias": predicted.sum() / max(truth.sum(), 1) - 1,
            "mae": np.abs(predicted - truth).mean(),
            "correlation": pd.Series(predicted).corr(pd.Series(truth), method="spearman"),
        }
    return pd.DataFrame(rows).T


def lifetime_value(state: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts of every customer by BG/NBD and Gamma-Gamma."""
    sample = state.sample(min(SAMPLE, len(state)), random_state=1)
    purchases = fit_with_penalizer(
        BetaGeoFitter, sample["frequency"], sample["recency"], sample["T"]
    )
    repeat = sample[(sample["frequency"] > 0) & (sample["monetary_value"] > 0)]
    spend = fit_with_penalizer(GammaGammaFitter, repeat["frequency"], repeat["monetary_value"])
    history = state["frequency"], state["recency"], state["T"]
    return pd.DataFrame(
        {
            "alive": np.asarray(purchases.conditional_probability_alive(*history)),
            "purchases": np.asarray(
                purchases.conditional_expected_number_of_purchases_up_to_time(
                    HORIZON_DAYS, *history
                )
            ),
            "value": np.asarray(
                spend.customer_lifetime_value(
                    purchases,
                    *history,
                    state["monetary_value"],
                    time=12,
                    discount_rate=0.008,
                    freq="D",
                )
            )
            * MARGIN,
        },
        index=state.index,
    )


def clusters(state: pd.DataFrame) -> np.ndarray:
    """Return everybody's cluster, of the number of clusters with the best silhouette."""
    features = np.log1p(state[["since", "frequency", "revenue"]].clip(lower=0))
    scaled = StandardScaler().fit_transform(features)
    random = np.random.default_rng(1)
    sample = scaled[random.permutation(len(scaled))[:SAMPLE]]
    fits = [KMeans(count, n_init=5, random_state=1).fit(sample) for count in range(3, 9)]
    few = sample[:5_000]
    best = max(fits, key=lambda fit: silhouette_score(few, fit.predict(few)))
    return best.predict(scaled)


def propensity(days: pd.DataFrame, end: pd.Timestamp) -> tuple[pd.Series, dict[str, float]]:
    """Return everybody's probability to buy within 90 days, and the AUC of both learners."""
    columns = ["frequency", "recency", "T", "monetary_value", "revenue", "since"]

    def labelled(date: pd.Timestamp) -> tuple[pd.DataFrame, pd.Series]:
        state = states(days, date)
        after = days[
            (days["date"] > date) & (days["date"] <= date + pd.Timedelta(days=ACTIVE_DAYS))
        ]
        return state[columns], pd.Series(state.index.isin(after["customer_id"]), index=state.index)

    train, bought = labelled(end - pd.Timedelta(days=2 * ACTIVE_DAYS))
    test, came = labelled(end - pd.Timedelta(days=ACTIVE_DAYS))
    chosen = train.sample(min(SAMPLE, len(train)), random_state=1).index
    learners = {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
        "trees": HistGradientBoostingClassifier(random_state=1),
    }
    scores = {}
    for name, learner in learners.items():
        learner.fit(train.loc[chosen], bought.loc[chosen])
        scores[name] = float(roc_auc_score(came, learner.predict_proba(test)[:, 1]))
    best = learners[max(scores, key=scores.__getitem__)]
    today = states(days, end)[columns]
    return pd.Series(best.predict_proba(today)[:, 1], index=today.index), scores


def main(transactions_path: str, output_path: str) -> None:
    """Answer everything, and write one row per customer."""
    orders = read_orders(transactions_path)
    orders["date"] = orders["transacted_at"].dt.normalize()
    days = orders.groupby(["customer_id", "date"], as_index=False, sort=True)["amount"].sum()
    days = days[days["amount"] > 0]
    end = days["date"].max()
    today = states(days, end)
    holdout_days = min(HORIZON_DAYS, (end - days["date"].min()).days // 2)
    calibration = end - pd.Timedelta(days=holdout_days)
    future = days[days["date"] > calibration].groupby("customer_id").size()

    sizes, moves = migration(days, end)
    evaluation = purchase_models(states(days, calibration), future, holdout_days)
    curve, retention = second_purchase(days, end), cohorts(days)
    probability, scores = propensity(days, end)
    answers = today.join(rfm(today)).join(lifetime_value(today))
    answers["cluster"] = clusters(today)
    answers["propensity"] = probability
    answers["profit"] = answers["revenue"] * MARGIN
    answers["tier"] = pd.cut(
        answers["value"].rank(ascending=False, pct=True),
        [0, 0.05, 0.25, 0.70, 1],
        labels=["VIP", "High", "Medium", "Low"],
    )
    profitability = answers.groupby("tier", observed=True)["profit"].sum()
    duckdb.from_df(answers.reset_index().astype({"tier": "str"})).write_parquet(output_path)
    print(
        f"{len(answers):,} customers; {len(moves)} kinds of moves between {len(sizes)} segments, "
        f"{len(retention)} cohorts, {len(curve)} days of the curve, {len(profitability)} tiers; "
        f"AUC {scores}\n{evaluation}"
    )


if __name__ == "__main__":
    main(*sys.argv[1:3])
