"""Score customers with the trees that fit_propensity has written, with the reasons.

The prediction of a tree cannot be written as a lookup on few values, and a join of customers
with leaves would have a billion rows. So the customers come to Python, as elsewhere only to
fit_value_learners: in batches of about 100,000, each written before the next is read, so
that memory does not grow with the customer base.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

REASONS = 3
TREE_MODELS = ("gradient_boosting", "random_forest")
CLIP = 1e-6

COLUMNS = {
    "target": "string",
    "model": "string",
    "fold": "string",
    "observation_id": "string",
    "customer_id": "string",
    "probability": "float64",
    **{f"reason_{i}": "string" for i in range(1, REASONS + 1)},
    **{f"contribution_{i}": "float64" for i in range(1, REASONS + 1)},
}
SQL_TYPES = {"string": "varchar", "float64": "double"}

# The value that stands for an attribute whose values are numbers.
NUMBER = "(number)"

Column = tuple[str, str | None]
Condition = tuple[int, float, float, float]


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


def columns_of(fitted: pd.DataFrame) -> list[Column]:
    """Return the features, and values of attributes, that a model's trees ask for."""
    asked = fitted.loc[fitted["kind"] == "condition", ["feature", "feature_value"]]
    pairs = asked.drop_duplicates().sort_values(["feature", "feature_value"], na_position="first")
    return [
        (feature, None if pd.isna(value) else value)
        for feature, value in pairs.itertuples(index=False)
    ]


def matrix(
    rows: pd.DataFrame,
    attributes: pd.DataFrame,
    columns: list[Column],
    means: Mapping[str, float] = MappingProxyType({}),
) -> np.ndarray:
    """Return the columns as numbers, rounded to 32 bits as in the fit.

    `means` has what an attribute of numbers is where it is not known.
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
            known = attributes[attributes["attribute"] == feature].set_index("customer_id")
            numbers = rows["customer_id"].map(known["attribute_number"])
            values[:, position] = numbers.to_numpy("float64", na_value=np.nan)
            values[np.isnan(values[:, position]), position] = means[feature]
        else:
            values[:, position] = rows["customer_id"].isin(holders.get((feature, value), []))
    return values.astype("float32").astype("float64")


def shapley_table(value: float, shares: np.ndarray) -> np.ndarray:
    """Return the contribution of each condition of a leaf, for every pattern of passing them.

    A row that passes a condition counts as one, a row of which the feature is not known as
    the share of the training rows that pass. The Shapley value of condition j is the value of
    the leaf times (passed_j - share_j) times the sum, over sets S of the others, of
    |S|! (m - 1 - |S|)! / m! times the product of passed within S and share outside; the sums
    are the coefficients of the product of (share_k + passed_k z) over k other than j
    (Lundberg et al. 2020, Nature Machine Intelligence 2:56).

    Returns
    -------
    Patterns by conditions; bit i of a pattern is 1 where condition i is passed.
    """
    count = len(shares)
    passed = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    weights = np.ones(count)
    for size in range(1, count):
        weights[size] = weights[size - 1] * size / (count - size)
    weights /= count
    table = np.zeros((2**count, count))
    for j in range(count):
        polynomial = np.zeros((2**count, count))
        polynomial[:, 0] = 1.0
        for k in range(count):
            if k != j:
                higher = np.roll(polynomial, 1, axis=1) * passed[:, [k]]
                polynomial = polynomial * shares[k] + higher
        table[:, j] = value * (passed[:, j] - shares[j]) * (polynomial @ weights)
    return table


@dataclass(frozen=True)
class Leaf:
    """A leaf of a tree: its value, and the conditions on the way to it."""

    value: float
    path: list[Condition]

    @cached_property
    def table(self) -> np.ndarray:
        """The contributions by pattern, made when a reason is first asked for."""
        return shapley_table(self.value, np.array([share for *_, share in self.path]))


def leaves_of(fitted: pd.DataFrame, columns: list[Column]) -> list[Leaf]:
    """Return the leaves of a model.

    Parameters
    ----------
    fitted : the rows leaf and condition of one model.
    """
    position = {column: i for i, column in enumerate(columns)}
    keys = ["tree_id", "leaf_id"]
    wanted = ["feature", "feature_value", "lower_bound", "upper_bound", "cover_share"]
    paths: dict[tuple, list[Condition]] = {}
    conditions = fitted[fitted["kind"] == "condition"]
    for tree_id, leaf_id, feature, value, lower, upper, share in conditions[
        [*keys, *wanted]
    ].itertuples(index=False):
        column = position[(feature, None if pd.isna(value) else value)]
        paths.setdefault((tree_id, leaf_id), []).append((column, lower, upper, share))
    rows = fitted[fitted["kind"] == "leaf"].sort_values(keys)[[*keys, "estimate"]]
    return [
        Leaf(float(value), sorted(paths.get((tree_id, leaf_id), [])))
        for tree_id, leaf_id, value in rows.itertuples(index=False)
    ]


def explain(
    points: np.ndarray, leaves: list[Leaf], *, with_reasons: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum of the trees for every row, and each column's part in it."""
    total = np.zeros(len(points))
    contributions = np.zeros(points.shape[::-1])
    turned = np.ascontiguousarray(points.T)
    for leaf in leaves:
        pattern = np.zeros(len(points), dtype=np.intp)
        for bit, (column, lower, upper, _) in enumerate(leaf.path):
            inside = turned[column] <= upper
            if lower > -np.inf:
                inside &= turned[column] > lower
            pattern |= inside.astype(np.intp) << bit
        total += np.where(pattern == 2 ** len(leaf.path) - 1, leaf.value, 0.0)
        if with_reasons:
            for bit, (column, *_) in enumerate(leaf.path):
                contributions[column] += leaf.table[pattern, bit]
    return total, contributions.T


def probabilities(total: np.ndarray, model: str, fitted: pd.DataFrame) -> np.ndarray:
    """Return scaled probabilities from the sum of the trees."""
    if model == "random_forest":
        share = np.clip(total, CLIP, 1 - CLIP)
        total = np.log(share / (1 - share))
    estimate = fitted[fitted["kind"] == "scaling"].set_index("feature")["estimate"]
    score = estimate["slope"] * total + estimate["intercept"]
    return 1 / (1 + np.exp(-np.clip(score, -700, 700)))


def strongest(contributions: np.ndarray, columns: list[Column]) -> tuple[np.ndarray, np.ndarray]:
    """Return the names and contributions of the features that moved each row's score most.

    The values of an attribute count together; equal contributions are ordered by name.
    """
    names = sorted({feature for feature, _ in columns})
    grouped = np.zeros((len(contributions), len(names) + REASONS))
    for i, (feature, _) in enumerate(columns):
        grouped[:, names.index(feature)] += contributions[:, i]
    grouped = np.round(grouped, 9)
    order = np.argsort(-np.abs(grouped), axis=1, kind="stable")[:, :REASONS]
    moved = np.take_along_axis(grouped, order, axis=1)
    labels = np.array([*names, *[None] * REASONS], dtype=object)[order]
    labels[moved == 0] = None
    return labels, np.where(moved == 0, np.nan, moved)


class Scorer:
    """One target's tree model, prepared once for any number of batches."""

    def __init__(self, fitted: pd.DataFrame):
        self.target, self.model = fitted[["target", "model"]].iloc[0]
        self.fitted = fitted
        self.columns = columns_of(fitted)
        self.leaves = leaves_of(fitted, self.columns)
        numbers = fitted[(fitted["kind"] == "condition") & (fitted["feature_value"] == NUMBER)]
        means = numbers.groupby("feature")["feature_mean"].first()
        self.means = {str(feature): float(mean) for feature, mean in means.items()}

    def score(
        self, rows: pd.DataFrame, attributes: pd.DataFrame, *, with_reasons: bool
    ) -> pd.DataFrame:
        """Return the probabilities of rows, and the strongest reasons for them.

        Parameters
        ----------
        rows : observation_id, customer_id, fold and the features.
        attributes : customer_id, attribute, attribute_value and attribute_number.
        """
        if len(rows) == 0:
            return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
        points = matrix(rows, attributes, self.columns, self.means)
        total, contributions = explain(points, self.leaves, with_reasons=with_reasons)
        frame = rows[["observation_id", "customer_id", "fold"]].assign(
            target=self.target,
            model=self.model,
            probability=probabilities(total, self.model, self.fitted),
        )
        labels, moved = strongest(contributions, self.columns)
        for i in range(REASONS):
            frame[f"reason_{i + 1}"] = labels[:, i]
            frame[f"contribution_{i + 1}"] = moved[:, i]
        return frame[list(COLUMNS)].astype(COLUMNS)


def scored_batches(fitted: pd.DataFrame, sample, features, attributes) -> Iterator[pd.DataFrame]:
    """Yield the test fold by every tree model, then today's customers by the one in use."""
    trees = fitted[fitted["model"].isin(TREE_MODELS)]
    if len(trees) == 0:
        return
    test = to_frame(sample.filter("fold = 'test'")).sort_values("observation_id")
    known = to_frame(attributes.filter("is_sampled"))
    in_use = []
    for (target, _), rows_of_model in trees.groupby(["target", "model"], sort=True):
        scorer = Scorer(rows_of_model)
        yield scorer.score(test[test["target"] == target], known, with_reasons=False)
        in_use += [scorer] if rows_of_model["is_selected"].any() else []
    current = features.filter("is_current").select("batch_number").distinct()
    for batch in sorted(to_frame(current)["batch_number"]) if in_use else []:
        rows = to_frame(features.filter(f"is_current and batch_number = {batch}"))
        rows = rows.assign(observation_id=rows["customer_id"], fold="current")
        known = to_frame(attributes.filter(f"batch_number = {batch}"))
        for scorer in in_use:
            is_renewal = scorer.target == "subscription_churn"
            of_target = rows["subscription_renewals_paid" if is_renewal else "recency_days"].notna()
            own = rows[of_target].sort_values("customer_id")
            yield scorer.score(own, known, with_reasons=True)


def write(batches: Iterator[pd.DataFrame], session):
    """Return the batches as one relation, on DuckDB without holding them all at once."""
    if not hasattr(session, "register"):
        frame = pd.concat([pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS), *batches])
        return to_relation(frame, session)
    types = ", ".join(f"{name} {SQL_TYPES[kind]}" for name, kind in COLUMNS.items())
    session.execute(f"create or replace temp table scored_propensity ({types})")
    for batch in batches:
        session.register("scored_batch", batch)
        session.execute("insert into scored_propensity select * from scored_batch")
        session.unregister("scored_batch")
    return session.table("scored_propensity")


def model(dbt, session):
    """Write the trees' scores of the test fold, and of today's customers where trees are in use."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "threadpoolctl"])
    scored = scored_batches(
        to_frame(dbt.ref("fit_customer_value__propensity")),
        dbt.ref("int_customer_value__propensity_sample"),
        dbt.ref("int_customer_value__propensity_features"),
        dbt.ref("int_customer_value__propensity_attributes"),
    )
    return write(scored, session)
