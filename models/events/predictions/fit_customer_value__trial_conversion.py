"""Learn on each decision day of a trial who will convert: a logistic regression per day.

Trials that were over by the day of the split teach, later ones test. What was learned is
rows of a table: the coefficients, with which SQL scores any number of trials, how well they did
on the test, and a sentence on whether they may be used. Nothing is fitted again on the test, so
that the scores are those that were tested.
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

# The columns of the snapshots that are no features.
KEYS = {"customer_id", "fold", "decision_day", "label", "is_sampled", "decided_at"}
# Of each outcome; with fewer a fit would learn chance, and the test would show chance.
FEWEST_TRAINED = 100
FEWEST_TESTED = 20
# The standard score of a 95 % interval.
CRITICAL = 1.959963984540054

COLUMNS = {
    "decision_day": "int64",
    "kind": "string",
    "feature": "string",
    "estimate": "float64",
    "feature_mean": "float64",
    "feature_deviation": "float64",
    "is_published": "bool",
    "finding": "string",
}


def to_frame(relation) -> pd.DataFrame:
    """Turn what ``dbt.ref`` gives on any engine into a frame with lower-case columns."""
    for name in ("to_pandas", "toPandas", "df"):
        convert = getattr(relation, name, None)
        if callable(convert):
            relation = convert()
            break
    return relation.rename(columns=str.lower)


def to_relation(frame: pd.DataFrame, session):
    """Turn a frame into what dbt writes on any engine."""
    engine = type(session).__module__.split(".")[0]
    if engine == "pyspark":
        return session.createDataFrame(frame)
    # Snowflake keeps a frame's lower case, and then knows the names in quotes only.
    return frame.rename(columns=str.upper) if engine == "snowflake" else frame


def area_bounds(area: float, positives: int, negatives: int) -> tuple[float, float]:
    """Return the 95 % interval of an area under the ROC curve (Hanley & McNeil 1982)."""
    both_above = area / (2 - area)
    both_below = 2 * area**2 / (1 + area)
    variance = (
        area * (1 - area)
        + (positives - 1) * (both_above - area**2)
        + (negatives - 1) * (both_below - area**2)
    ) / (positives * negatives)
    reach = CRITICAL * np.sqrt(max(variance, 0.0))
    return max(area - reach, 0.0), min(area + reach, 1.0)


def cannot_fit(day: int, train: pd.DataFrame, test: pd.DataFrame) -> str | None:
    """Return why nothing is published for a decision day, as a sentence, or None."""
    for rows, fewest, purpose in (
        (train, FEWEST_TRAINED, "to learn from"),
        (test, FEWEST_TESTED, "to test on"),
    ):
        converted = int(rows["label"].sum())
        others = len(rows) - converted
        if min(converted, others) < fewest:
            return (
                f"Of the trials {purpose} on day {day}, {converted} converted and {others} did "
                f"not, and at least {fewest} of each are needed: nothing was estimated."
            )
    return None


def fit_day(day: int, rows: pd.DataFrame, features: list[str]) -> list[dict]:
    """Return the rows of one decision day: its finding, and its measures and coefficients."""
    train, test = (rows[rows["fold"] == fold] for fold in ("training", "test"))
    counts = [
        ("training_count", len(train)),
        ("training_conversions", train["label"].sum()),
        ("test_count", len(test)),
        ("test_conversions", test["label"].sum()),
    ]
    found = [{"kind": "measure", "feature": name, "estimate": value} for name, value in counts]
    reason = cannot_fit(day, train, test)
    if reason is not None:
        return [*found, {"kind": "finding", "feature": "finding", "finding": reason}]

    points, test_points = (part[features].to_numpy("float64") for part in (train, test))
    label, test_label = (part["label"].to_numpy("int64") for part in (train, test))
    mean, deviation = points.mean(axis=0), points.std(axis=0)
    deviation = np.where(deviation > 1e-9, deviation, 1.0)
    # Newton's method ends at the optimum to the last digits, from whichever engine the rows come.
    fitted = LogisticRegression(C=1.0, solver="newton-cholesky", max_iter=2_000, tol=1e-8).fit(
        (points - mean) / deviation, label
    )
    predicted = fitted.predict_proba((test_points - mean) / deviation)[:, 1]
    area = float(roc_auc_score(test_label, predicted))
    lower, upper = area_bounds(area, int(test_label.sum()), int((1 - test_label).sum()))
    rate = float(label.mean())
    measures = {
        "auc": area,
        "auc_lower_bound": lower,
        "auc_upper_bound": upper,
        "predicted_rate": float(predicted.mean()),
        "brier_score": float(brier_score_loss(test_label, predicted)),
        "baseline_brier_score": float(np.mean((test_label - rate) ** 2)),
    }
    found += [
        {"kind": "measure", "feature": name, "estimate": value} for name, value in measures.items()
    ]
    found += [
        {
            "kind": "coefficient",
            "feature": feature,
            "estimate": round(float(fitted.coef_[0, place]), 10),
            "feature_mean": mean[place],
            "feature_deviation": deviation[place],
        }
        for place, feature in enumerate(features)
    ]
    intercept = round(float(fitted.intercept_[0]), 10)
    found.append({"kind": "coefficient", "feature": "intercept", "estimate": intercept})
    is_published = lower > 0.5
    verdict = (
        f"an AUC of {area:.3f} ({lower:.3f} to {upper:.3f}) on {len(test)} later trials; trained "
        f"on {len(train)}."
    )
    sentence = (
        f"Day {day} orders trials by their conversion with {verdict}"
        if is_published
        else f"Day {day} orders trials no better than chance may, and is not published: {verdict}"
    )
    found.append({"kind": "finding", "feature": "finding", "finding": sentence})
    return [{**row, "is_published": is_published} for row in found]


def fit(sample: pd.DataFrame, decision_days: list[int]) -> pd.DataFrame:
    """Fit every decision day.

    Parameters
    ----------
    sample : customer_id, decision_day, fold (training or test), label and the features.
    decision_days : the days, each of which has a finding.

    Returns
    -------
    Rows with the columns COLUMNS. The `kind` of a row is measure, coefficient or finding. The same
    rows in any order give the same table.
    """
    rows = sample.sort_values(["decision_day", "customer_id"], ignore_index=True)
    features = sorted(column for column in rows.columns if column not in KEYS)
    found: list[dict] = []
    for day in decision_days:
        own = rows[rows["decision_day"] == day]
        found += [{**row, "decision_day": day} for row in fit_day(day, own, features)]
    frame = pd.DataFrame(found, columns=list(COLUMNS))
    frame["is_published"] = frame["is_published"].eq(True)
    return frame.astype(COLUMNS)


def model(dbt, session):
    """Write what was learned on every decision day, and how well it did."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scikit-learn", "threadpoolctl"])
    decision_days = dbt.config.meta_get("decision_days")
    frame = fit(
        to_frame(dbt.ref("int_customer_value__trial_snapshots").filter("is_sampled")),
        decision_days=sorted(int(day) for day in decision_days),
    )
    return to_relation(frame, session)
