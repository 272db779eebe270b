"""Learn who will buy, respond or not renew: logistic regression, boosting and a random forest.

Every model becomes rows of a table: coefficients, or the leaves of its trees with the
conditions that lead to them. So customers are scored elsewhere without refitting, and
anybody can query what was learned. Nothing is pickled.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

TARGETS = ("purchase", "response", "subscription_churn")
# What the features of a renewal begin with, which the target subscription_churn alone sees. Where
# there are none, nothing tells of subscriptions, and there is no such target.
RENEWAL = "subscription_"
# The columns of the sample that are no features.
KEYS = {
    "observation_id",
    "customer_id",
    "target",
    "fold",
    "label",
    "sample_weight",
    "as_of_date",
}
# With fewer of the rarer outcome a fit would learn chance.
FEWEST_OUTCOMES = 20
# A value of an attribute that fewer training rows have gets no column of its own.
FEWEST_ROWS = 20
MOST_VALUES = 12
TREES = 60
DEPTH = 5
LEAVES = 8
LEAF_ROWS = 20
# Rows and repeats behind the permutation importance.
IMPORTANCE_ROWS = 5_000
IMPORTANCE_REPEATS = 3
CLIP = 1e-6

COLUMNS = {
    "target": "string",
    "model": "string",
    "kind": "string",
    "tree_id": "int64",
    "leaf_id": "int64",
    "feature": "string",
    "feature_value": "string",
    "estimate": "float64",
    "feature_mean": "float64",
    "feature_deviation": "float64",
    "lower_bound": "float64",
    "upper_bound": "float64",
    "cover_share": "float64",
    "is_selected": "bool",
    "finding": "string",
}

# The value that stands for an attribute whose values are numbers.
NUMBER = "(number)"

Column = tuple[str, str | None]
Condition = tuple[int, float, float, float]
Leaf = tuple[float, list[Condition]]
# The model's name, its feature, its parameters, and the probability of rows of that feature.
Baseline = tuple[str, str, dict[str, Any], Callable[[np.ndarray], np.ndarray]]


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


def numbers_of(rows: pd.DataFrame, attributes: pd.DataFrame, attribute: str) -> np.ndarray:
    """Return an attribute of numbers for each row; not a number where it is not known."""
    known = attributes[attributes["attribute"] == attribute].set_index("customer_id")
    return rows["customer_id"].map(known["attribute_number"]).to_numpy("float64", na_value=np.nan)


def matrix(
    rows: pd.DataFrame,
    attributes: pd.DataFrame,
    columns: list[Column],
    means: Mapping[str, float] = MappingProxyType({}),
) -> np.ndarray:
    """Return the columns as numbers: features, numbers, and 1 or 0 for a value of an attribute.

    Rounded to 32 bits, which is what the forest sees, so that all models split alike. Where a
    number is not known, it is the mean in `means`, which moves nobody's score.
    """
    values = np.zeros((len(rows), len(columns)))
    holders = {
        key: group["customer_id"]
        for key, group in attributes.groupby(["attribute", "attribute_value"])
    }
    for position, (feature, value) in enumerate(columns):
        if value is None:
            values[:, position] = rows[feature].to_numpy("float64", na_value=np.nan)
        elif value == NUMBER:
            numbers = numbers_of(rows, attributes, feature)
            values[:, position] = np.where(np.isnan(numbers), means[feature], numbers)
        else:
            values[:, position] = rows["customer_id"].isin(holders.get((feature, value), []))
    return values.astype("float32").astype("float64")


def choose_columns(
    train: pd.DataFrame, attributes: pd.DataFrame, features: list[str]
) -> tuple[list[Column], list[str]]:
    """Return the columns that can teach something, and sentences about those that cannot."""
    columns: list[Column] = []
    constant, missing = [], []
    for feature in features:
        values = train[feature].to_numpy("float64", na_value=np.nan)
        if np.isnan(values).any():
            missing.append(feature)
        elif np.ptp(values) < 1e-9:
            constant.append(feature)
        else:
            columns.append((feature, None))
    for attribute, group in attributes.groupby("attribute", sort=True):
        if "is_number" in group and group["is_number"].eq(True).all():
            numbers = numbers_of(train, attributes, str(attribute))
            numbers = numbers[~np.isnan(numbers)]
            if len(numbers) < FEWEST_ROWS or np.ptp(numbers) < 1e-9:
                constant.append(str(attribute))
            else:
                columns.append((str(attribute), NUMBER))
            continue
        named = group.dropna(subset="attribute_value").set_index("customer_id")["attribute_value"]
        counts = train["customer_id"].map(named).value_counts()
        counts = counts[(counts >= FEWEST_ROWS) & (counts < len(train))]
        ranked = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))[:MOST_VALUES]
        if not ranked:
            constant.append(str(attribute))
        columns += [(str(attribute), str(value)) for value, _ in ranked]
    sentences = []
    if constant:
        sentences.append(f"Left out, since all or nearly all are alike: {', '.join(constant)}.")
    if missing:
        sentences.append(f"Left out, since not known at every date: {', '.join(missing)}.")
    return columns, sentences


def means_of(
    train: pd.DataFrame, attributes: pd.DataFrame, columns: list[Column]
) -> dict[str, float]:
    """Return the training mean of each attribute of numbers, rounded to 32 bits."""
    return {
        feature: float(np.float32(np.nanmean(numbers_of(train, attributes, feature))))
        for feature, value in columns
        if value == NUMBER
    }


def leaves_of(
    left: np.ndarray,
    right: np.ndarray,
    feature: np.ndarray,
    threshold: np.ndarray,
    value: np.ndarray,
    count: np.ndarray,
    is_leaf: np.ndarray,
) -> list[Leaf]:
    """Return each leaf of a tree as its value and one interval per feature on the way to it.

    An interval is (column, above, up to, share): the share of the training rows that pass the
    conditions on that feature, among those that reach them, which is what a row of unknown
    feature would do (the path-dependent tree SHAP of Lundberg et al. 2020).
    """
    leaves: list[Leaf] = []
    stack: list[tuple[int, dict[int, tuple[float, float, float]]]] = [(0, {})]
    while stack:
        node, path = stack.pop()
        if is_leaf[node]:
            conditions = [(column, *interval) for column, interval in sorted(path.items())]
            leaves.append((float(value[node]), conditions))
            continue
        column, cut = int(feature[node]), float(threshold[node])
        above, up_to, share = path.get(column, (-np.inf, np.inf, 1.0))
        for child, lower, upper in (
            (int(right[node]), max(above, cut), up_to),
            (int(left[node]), above, min(up_to, cut)),
        ):
            passed = share * float(count[child]) / float(count[node])
            stack.append((child, {**path, column: (lower, upper, passed)}))
    return leaves


def boosted_leaves(fitted: HistGradientBoostingClassifier) -> list[list[Leaf]]:
    """Return the leaves of every tree of a boosting; the first tree is its constant."""
    trees: list[list[Leaf]] = [[(float(np.ravel(fitted._baseline_prediction)[0]), [])]]
    for (predictor,) in fitted._predictors:
        nodes = predictor.nodes
        trees.append(
            leaves_of(
                nodes["left"],
                nodes["right"],
                nodes["feature_idx"],
                nodes["num_threshold"],
                nodes["value"],
                nodes["count"],
                nodes["is_leaf"].astype(bool),
            )
        )
    return trees


def forest_leaves(fitted: RandomForestClassifier) -> list[list[Leaf]]:
    """Return the leaves of every tree of a forest, so that the trees add up to its share."""
    trees = []
    for estimator in fitted.estimators_:
        tree = estimator.tree_
        shares = tree.value[:, 0, :]
        value = shares[:, 1] / shares.sum(axis=1) / len(fitted.estimators_)
        trees.append(
            leaves_of(
                tree.children_left,
                tree.children_right,
                tree.feature,
                tree.threshold,
                value,
                tree.weighted_n_node_samples,
                tree.children_left == -1,
            )
        )
    return trees


def log_odds(probability: np.ndarray) -> np.ndarray:
    """Return the log-odds of probabilities, kept off 0 and 1."""
    clipped = np.clip(probability, CLIP, 1 - CLIP)
    return np.log(clipped / (1 - clipped))


def sigmoid(score: np.ndarray) -> np.ndarray:
    """Return probabilities from log-odds."""
    return 1 / (1 + np.exp(-np.clip(score, -700, 700)))


def scaling(
    score: np.ndarray, label: np.ndarray, weight: np.ndarray | None = None
) -> tuple[float, float]:
    """Return slope and intercept from a model's log-odds to calibrated ones (Platt 1999).

    Where the rows hold too few of an outcome, or the slope would reverse the order, the scores
    stay as they are.
    """
    if min(label.sum(), len(label) - label.sum()) < FEWEST_OUTCOMES:
        return 1.0, 0.0
    fitted = LogisticRegression(C=1e6, solver="newton-cholesky", max_iter=1_000, tol=1e-10).fit(
        score[:, None], label, sample_weight=weight
    )
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return (slope, intercept) if slope > 0 else (1.0, 0.0)


def fit_models(
    points: np.ndarray, label: np.ndarray, seed: int, weight: np.ndarray | None = None
) -> dict[str, dict[str, Any]]:
    """Fit the three models; return for each how to score rows, and its parameters.

    Parameters
    ----------
    points : rows by columns.
    label : 1 or 0 per row.
    weight : how many observations a row stands for; one each where it is None. So the
        probabilities are those of all observations, whichever of them are rows.
    """
    mean = np.average(points, axis=0, weights=weight)
    deviation = np.sqrt(np.average((points - mean) ** 2, axis=0, weights=weight))
    deviation = np.where(deviation > 1e-9, deviation, 1.0)
    # Newton's method ends at the optimum to the last digits, from whichever engine the rows come.
    linear = LogisticRegression(C=1.0, solver="newton-cholesky", max_iter=2_000, tol=1e-8).fit(
        (points - mean) / deviation, label, sample_weight=weight
    )
    boosting = HistGradientBoostingClassifier(
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        max_depth=DEPTH,
        learning_rate=0.08,
        min_samples_leaf=LEAF_ROWS,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    ).fit(points, label, sample_weight=weight)
    forest = RandomForestClassifier(
        n_estimators=TREES,
        max_depth=DEPTH,
        min_samples_leaf=LEAF_ROWS,
        max_features="sqrt",
        n_jobs=1,
        random_state=seed,
    ).fit(points, label, sample_weight=weight)
    return {
        "logistic_regression": {
            "score": lambda rows: linear.decision_function((rows - mean) / deviation),
            "coefficients": np.round(linear.coef_[0], 10),
            "intercept": round(float(linear.intercept_[0]), 10),
            "mean": mean,
            "deviation": deviation,
        },
        "gradient_boosting": {
            "score": boosting.decision_function,
            "trees": boosted_leaves(boosting),
        },
        "random_forest": {
            "score": lambda rows: log_odds(forest.predict_proba(rows)[:, 1]),
            "trees": forest_leaves(forest),
        },
    }


def importance_rows(
    score, points: np.ndarray, label: np.ndarray, columns: list[Column], seed: int
) -> list[dict]:
    """Return how much worse the log loss gets when a feature is shuffled (Breiman 2001).

    The values of an attribute are shuffled together.
    """
    random = np.random.default_rng(seed)
    if len(points) > IMPORTANCE_ROWS:
        chosen = np.sort(random.permutation(len(points))[:IMPORTANCE_ROWS])
        points, label = points[chosen], label[chosen]
    before = log_loss(label, score(points), labels=[0, 1])
    rows = []
    for feature in dict.fromkeys(feature for feature, _ in columns):
        positions = [i for i, (name, _) in enumerate(columns) if name == feature]
        shuffled = np.tile(points, (IMPORTANCE_REPEATS, 1))
        orders = [random.permutation(len(points)) for _ in range(IMPORTANCE_REPEATS)]
        shuffled[:, positions] = points[np.concatenate(orders)][:, positions]
        labels = np.tile(label, IMPORTANCE_REPEATS)
        loss = log_loss(labels, score(shuffled), labels=[0, 1]) - before
        rows.append({"kind": "importance", "feature": feature, "estimate": loss})
    return rows


def parameter_rows(
    parameters: dict[str, Any],
    columns: list[Column],
    means: Mapping[str, float] = MappingProxyType({}),
) -> list[dict]:
    """Return a model's coefficients, or its leaves and the conditions that lead to them."""
    if "trees" not in parameters:
        rows: list[dict] = [
            {
                "kind": "coefficient",
                "feature": feature,
                "feature_value": value,
                "estimate": parameters["coefficients"][i],
                "feature_mean": parameters["mean"][i],
                "feature_deviation": parameters["deviation"][i],
            }
            for i, (feature, value) in enumerate(columns)
        ]
        intercept = parameters["intercept"]
        return [*rows, {"kind": "coefficient", "feature": "intercept", "estimate": intercept}]
    rows = []
    for tree_id, leaves in enumerate(parameters["trees"], start=1):
        for leaf_id, (value, conditions) in enumerate(leaves, start=1):
            key = {"tree_id": tree_id, "leaf_id": leaf_id}
            rows.append({**key, "kind": "leaf", "estimate": value})
            for column, lower, upper, share in conditions:
                feature, feature_value = columns[column]
                rows.append(
                    {
                        **key,
                        "kind": "condition",
                        "feature": feature,
                        "feature_value": feature_value,
                        "feature_mean": means[feature] if feature_value == NUMBER else None,
                        "lower_bound": lower,
                        "upper_bound": upper,
                        "cover_share": share,
                    }
                )
    return rows


def cannot_fit(target: str, train: pd.DataFrame, test: pd.DataFrame) -> str | None:
    """Return why nothing can be learned, as a sentence, or None where something can."""
    if len(train) == 0 or len(test) == 0:
        if target == "response":
            return (
                "No contacts whose response is known: nothing was estimated. The mart "
                "response_contacts gives the reasons; campaign_audience ranks by purchases."
            )
        if target == "subscription_churn":
            return (
                "No renewals that were due long enough ago to train on some and test on later "
                "ones: nothing was estimated. subscription_fits has the curves of the renewals."
            )
        return (
            "The log is too short to train on one window and test on a later one: nothing was "
            "estimated."
        )
    happened = int(train["label"].sum())
    rarer = min(happened, len(train) - happened)
    if rarer == 0:
        return (
            f"{'Everybody' if happened else 'Nobody'} in the training rows has the outcome: "
            "there is nothing to distinguish, and nothing was estimated."
        )
    if rarer < FEWEST_OUTCOMES:
        return (
            f"Only {rarer} of {len(train)} training rows have the rarer outcome, and at least "
            f"{FEWEST_OUTCOMES} are needed: nothing was estimated."
        )
    return None


def points_of(rows: pd.DataFrame, feature: str) -> np.ndarray:
    """Return one feature as a matrix of one column, rounded to 32 bits as elsewhere."""
    return matrix(rows, pd.DataFrame(columns=["attribute", "attribute_value"]), [(feature, None)])


def baselines(
    target: str, train: pd.DataFrame, test: pd.DataFrame, columns: list[Column]
) -> list[Baseline]:
    """Return the rules that the models have to beat, or else are in use themselves.

    Each is a linear model of one feature: recency alone, fitted; and the probability of the
    purchase model, or of the curve of the renewals, as it is, whose log-odds are the feature, with
    a slope of one.
    """
    found: list[Baseline] = []
    if ("recency_days", None) in columns:
        points = points_of(train, "recency_days")
        mean, deviation = points.mean(), max(points.std(), 1e-9)
        alone = LogisticRegression(max_iter=1_000, tol=1e-8).fit(
            (points - mean) / deviation,
            train["label"].to_numpy("int64"),
            sample_weight=train["sample_weight"].to_numpy("float64"),
        )
        parameters = {
            "coefficients": np.round(alone.coef_[0], 10),
            "intercept": round(float(alone.intercept_[0]), 10),
            "mean": [mean],
            "deviation": [deviation],
        }
        found.append(
            (
                *("recency_days", "recency_days", parameters),
                lambda rows: alone.predict_proba((rows - mean) / deviation)[:, 1],
            )
        )
    name, feature = {
        "purchase": ("probability_active_90d", "model_log_odds"),
        "subscription_churn": ("renewal_model", "subscription_log_odds"),
    }.get(target, ("", ""))
    if feature in test and test[feature].notna().all():
        middle = round(float(test[feature].mean()), 10)
        parameters = {
            "coefficients": [1.0],
            "intercept": middle,
            "mean": [middle],
            "deviation": [1.0],
        }
        found.append((name, feature, parameters, lambda rows: sigmoid(rows[:, 0])))
    return found


def fit_target(
    target: str, sample: pd.DataFrame, attributes: pd.DataFrame, features: list[str], seed: int
) -> list[dict]:
    """Return the rows of one target: its finding, and each model's parameters and verdict."""
    rows = sample.sort_values("observation_id", ignore_index=True)
    train = rows[rows["fold"].isin(["training", "scaling"])]
    test = rows[rows["fold"] == "test"]
    reason = cannot_fit(target, train, test)
    if reason is None:
        columns, sentences = choose_columns(train, attributes, features)
        is_scaling = (train["fold"] == "scaling").to_numpy(dtype=bool)
        label = train["label"].to_numpy("int64")
        # Where there is too little to spare, the models learn from all and are not scaled.
        if min(np.bincount(label[~is_scaling], minlength=2)) < FEWEST_OUTCOMES:
            is_scaling = np.zeros(len(train), dtype=bool)
        if not columns:
            reason = "All customers are alike in every feature: nothing was estimated."
    if reason is not None:
        return [{"target": target, "model": "none", "kind": "finding", "finding": reason}]

    means = means_of(train, attributes, columns)
    points, test_points = (matrix(fold, attributes, columns, means) for fold in (train, test))
    weight = train["sample_weight"].to_numpy("float64")
    # With weights the forest draws its rows by them, even if they are all one.
    is_weighted = bool((weight != 1).any())
    test_label = test["label"].to_numpy("int64")
    fits = fit_models(
        points[~is_scaling], label[~is_scaling], seed, weight[~is_scaling] if is_weighted else None
    )
    losses, found = {}, []
    for model, parameters in fits.items():
        slope, intercept = 1.0, 0.0
        if is_scaling.any():
            score_of_fold = parameters["score"](points[is_scaling])
            slope, intercept = scaling(score_of_fold, label[is_scaling], weight[is_scaling])

        def score(values, parameters=parameters, slope=slope, intercept=intercept):
            return sigmoid(slope * parameters["score"](values) + intercept)

        losses[model] = log_loss(test_label, score(test_points), labels=[0, 1])
        found += [
            {**row, "target": target, "model": model}
            for row in [
                *parameter_rows(parameters, columns, means),
                {"kind": "scaling", "feature": "slope", "estimate": slope},
                {"kind": "scaling", "feature": "intercept", "estimate": intercept},
                {"kind": "log_loss", "estimate": losses[model]},
                *importance_rows(score, test_points, test_label, columns, seed),
            ]
        ]
    for model, feature, parameters, predicted in baselines(target, train, test, columns):
        losses[model] = log_loss(test_label, predicted(points_of(test, feature)), labels=[0, 1])
        found += [
            {**row, "target": target, "model": model}
            for row in [
                *parameter_rows(parameters, [(feature, None)]),
                {"kind": "log_loss", "estimate": losses[model]},
                *importance_rows(
                    predicted, points_of(test, feature), test_label, [(feature, None)], seed
                ),
            ]
        ]
    winner = min(losses, key=lambda model: (round(losses[model], 9), model))
    learned = min(fits, key=lambda model: (round(losses[model], 9), model))
    sentence = (
        f"{winner} has the lowest log loss on the test, {losses[winner]:.4f}; trained on "
        f"{len(train)} observations, tested on {len(test)}."
    )
    if winner != learned:
        sentences.insert(
            0,
            f"It is a baseline, and in use: the best model, {learned}, has {losses[learned]:.4f}, "
            "so the models learned nothing that holds on the test.",
        )
    found.append(
        {
            "target": target,
            "model": winner,
            "kind": "finding",
            "finding": " ".join([sentence, *sentences]),
        }
    )
    return [{**row, "is_selected": row["model"] == winner} for row in found]


def fit(sample: pd.DataFrame, attributes: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Fit every target.

    Parameters
    ----------
    sample : observation_id, customer_id, target, fold (training, scaling or test), label,
        sample_weight and the features.
    attributes : customer_id, attribute, attribute_value, attribute_number and is_number of the
        customers in the sample.

    Returns
    -------
    Rows with the columns COLUMNS. The `kind` of a row is coefficient, leaf, condition, scaling,
    log_loss, importance or finding. The same rows in any order give the same table: they are
    sorted, the seeds are fixed, and one thread adds up.
    """
    attributes = attributes.sort_values(["customer_id", "attribute"], ignore_index=True)
    features = [column for column in sample.columns if column not in KEYS]
    rows: list[dict] = []
    for target in TARGETS:
        is_renewal = target == "subscription_churn"
        own = [name for name in features if name.startswith(RENEWAL) == is_renewal]
        if own:
            observed = sample[sample["target"] == target]
            rows += fit_target(target, observed, attributes, own, seed)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["is_selected"] = frame["is_selected"].eq(True)
    frame[["tree_id", "leaf_id"]] = frame[["tree_id", "leaf_id"]].fillna(0)
    return frame.astype(COLUMNS)


def model(dbt, session):
    """Write what every model learned, and which one is in use."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scikit-learn", "threadpoolctl"])
    attributes = dbt.ref("int_customer_value__propensity_attributes")
    frame = fit(
        to_frame(dbt.ref("int_customer_value__propensity_sample")),
        to_frame(attributes.filter("is_sampled and is_feature")),
        seed=int(dbt.config.meta_get("random_seed")),
    )
    return to_relation(frame, session)
