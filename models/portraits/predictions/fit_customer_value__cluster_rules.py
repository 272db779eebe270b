"""Rules that a person can say for the clusters: a decision tree on what customers did.

K-Means draws its borders in standardised logarithms, which nobody can say. A tree of three
conditions on days, orders and revenue repeats them as well as it can (a surrogate model, Craven &
Shavlik 1996), with limits rounded to numbers that can be said. It describes the clusters and never
assigns a customer; SQL counts how well it does.
"""

import math
import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

# Column of the customers -> the words for up to a limit, for beyond one, and for between two.
WORDS = {
    "recency_days": (
        "last bought at most {} days ago",
        "last bought at least {} days ago",
        "last bought {} to {} days ago",
    ),
    "order_count": (
        "ordered at most {} times",
        "ordered at least {} times",
        "ordered {} to {} times",
    ),
    "net_revenue": ("spent at most {}", "spent more than {}", "spent more than {}, up to {}"),
}
# The words for one whole number alone.
EXACTLY = {"recency_days": "last bought {} days ago", "order_count": "ordered {} times"}
WHOLE = set(EXACTLY)
DEPTH = 3
# A rule is about at least this share of the customers.
SMALLEST_SHARE = 0.005

COLUMNS = {
    "cluster_id": "int64",
    "rule_number": "int64",
    "rule_text": "string",
    "rule_sql": "string",
    **{f"{name}_{side}": "float64" for name in WORDS for side in ("above", "up_to")},
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


@dataclass(frozen=True)
class Rule:
    """A cluster and the range of each feature: above the first number, up to the second."""

    cluster_id: int
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)


def sayable(limit: float, name: str, within: tuple[float, float]) -> float:
    """Return a limit near this one that can be said, strictly within a range.

    Days and orders are whole; an amount has two digits that count, more where it must.
    """
    if name in WHOLE:
        return float(math.floor(limit))
    for digits in range(2, 9):
        rounded = float(f"{limit:.{digits}g}")
        if within[0] < rounded < within[1]:
            return rounded
    return limit


def rules_of(points: np.ndarray, clusters: np.ndarray) -> list[Rule]:
    """Return the rules of a tree with three levels, which divide all customers among them.

    Parameters
    ----------
    points : a row per customer and a column per feature of WORDS.
    clusters : the customers' clusters.
    """
    names = list(WORDS)
    smallest = max(1, round(SMALLEST_SHARE * len(points)))
    fitted = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=smallest, random_state=0)
    tree = fitted.fit(points, clusters).tree_

    def descend(node: int, inside: np.ndarray, ranges: dict[str, tuple[float, float]]):
        if tree.children_left[node] < 0:
            # The most frequent cluster of the rounded range, the lower number where two are equal.
            counts = np.bincount(clusters[inside], minlength=1)
            return [Rule(int(counts.argmax()), ranges)] if counts.sum() else []
        place = int(tree.feature[node])
        name = names[place]
        above, up_to = ranges.get(name, (-math.inf, math.inf))
        limit = sayable(float(tree.threshold[node]), name, (above, up_to))
        # Rounding above has put the whole range on one side of this limit.
        if limit <= above:
            return descend(tree.children_right[node], inside, ranges)
        if limit >= up_to:
            return descend(tree.children_left[node], inside, ranges)
        is_low = points[:, place] <= limit
        low = descend(tree.children_left[node], inside & is_low, {**ranges, name: (above, limit)})
        high = descend(
            tree.children_right[node], inside & ~is_low, {**ranges, name: (limit, up_to)}
        )
        # Two halves of one cluster are one rule.
        if len({rule.cluster_id for rule in low + high}) == 1:
            return [Rule((low + high)[0].cluster_id, ranges)]
        return low + high

    return descend(0, np.ones(len(points), bool), {})


def number_of(value: float) -> str:
    """Return a number as it is said: no point where it is whole."""
    return np.format_float_positional(value, trim="-")


def rule_text(rule: Rule) -> str:
    """Return a rule in words: ordered at least 3 times, and spent more than 80."""
    parts = []
    for name, (above, up_to) in rule.ranges.items():
        at_most, beyond, between = WORDS[name]
        low, high = number_of(above + (name in WHOLE)), number_of(up_to)
        if low == high:
            parts.append(EXACTLY[name].format(low))
        elif above == -math.inf:
            parts.append(at_most.format(high))
        elif up_to == math.inf:
            parts.append(beyond.format(low))
        else:
            parts.append(between.format(low, high))
    parts = [part.replace(" 1 times", " once").replace(" 1 days", " 1 day") for part in parts]
    parts = [re.sub("(at most )?\\b0 days ago", "on the as-of date", part) for part in parts]
    if len(parts) < 2:
        return "".join(parts) or "everybody"
    return f"{', '.join(parts[:-1])}, and {parts[-1]}"


def rule_sql(rule: Rule) -> str:
    """Return a rule as a condition on the columns of `customers`."""
    parts = []
    for name, (above, up_to) in rule.ranges.items():
        if above > -math.inf:
            parts.append(f"{name} > {number_of(above)}")
        if up_to < math.inf:
            parts.append(f"{name} <= {number_of(up_to)}")
    return " and ".join(parts) or "1 = 1"


def fit_rules(sample: pd.DataFrame) -> pd.DataFrame:
    """Return one row per rule with the columns COLUMNS; the order of the rows changes nothing.

    Parameters
    ----------
    sample : customer_id, cluster_id and the features of WORDS.
    """
    if len(sample) == 0:
        return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
    ordered = sample.sort_values("customer_id", ignore_index=True)
    rules = rules_of(
        ordered[list(WORDS)].to_numpy("float64"), ordered["cluster_id"].to_numpy("int64")
    )
    rows, numbers = [], dict.fromkeys({rule.cluster_id for rule in rules}, 0)
    for rule in rules:
        numbers[rule.cluster_id] += 1
        row = {
            "cluster_id": rule.cluster_id,
            "rule_number": numbers[rule.cluster_id],
            "rule_text": rule_text(rule),
            "rule_sql": rule_sql(rule),
        }
        for name in WORDS:
            above, up_to = rule.ranges.get(name, (-math.inf, math.inf))
            row[f"{name}_above"] = above if above > -math.inf else np.nan
            row[f"{name}_up_to"] = up_to if up_to < math.inf else np.nan
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def model(dbt, session):
    """Write the rules of the clusters in use."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scikit-learn", "threadpoolctl"])
    frame = fit_rules(to_frame(dbt.ref("int_customer_value__clustered_sample")))
    return to_relation(frame, session)
