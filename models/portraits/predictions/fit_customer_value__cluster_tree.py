"""How clusters nest: Ward's tree above at most 200 small groups of customers.

A tree of all customers costs their square in memory. Here K-Means first makes small groups, and
Ward's method joins their centres, each with its number of customers, two by two: the same cost at
any size. It explores; it never assigns a customer.
"""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

# Always there, and first; the var cluster_features adds others, a column of each.
FEATURES = ["recency", "frequency", "monetary"]
SCALE = ["lower_cap", "upper_cap", "feature_mean", "feature_deviation"]
SMALL_GROUPS = 200
# Customers in the tree: enough for the centres of the small groups.
TREE_CUSTOMERS = 10_000

COLUMNS = {
    "node_id": "int64",
    "left_node_id": "float64",
    "right_node_id": "float64",
    "height": "float64",
    "sample_customer_count": "int64",
    "cluster_count": "float64",
    "horizontal_position": "float64",
    **dict.fromkeys(FEATURES, "float64"),
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


def standardised(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the values capped and in standard deviations of a scale; a missing one is 0."""
    lower, upper, mean, deviation = scale
    # Rounding takes out the last bits, which differ between machines.
    points = np.round((np.clip(values, lower, upper) - mean) / deviation, 9)
    return np.where(np.isnan(points), 0.0, points)


def small_groups(points: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return centre and size of at most SMALL_GROUPS groups, in the order of their centres."""
    distinct, counts = np.unique(points, axis=0, return_counts=True)
    if len(distinct) <= SMALL_GROUPS:
        return distinct, counts
    fitted = KMeans(SMALL_GROUPS, n_init=1, random_state=seed).fit(points)
    sizes = np.bincount(fitted.labels_, minlength=SMALL_GROUPS)
    centres = np.round(fitted.cluster_centers_[sizes > 0], 9)
    order = np.lexsort(centres.T[::-1])
    return centres[order], sizes[sizes > 0][order]


def ward(centres: np.ndarray, sizes: np.ndarray) -> list[tuple[int, int, float]]:
    """Return the merges in order: the two nodes and the height.

    The pair is merged that adds least to the sum of squares within: n_i n_j / (n_i + n_j) times
    the squared distance of the centres (Ward 1963, JASA 58:236). The height is the root of twice
    that, as scipy has it; of equal pairs the one with the lower numbers comes first.
    """
    centres, weights = centres.astype("float64"), sizes.astype("float64")
    nodes = np.arange(len(centres))
    squares = ((centres[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    costs = squares * weights[:, None] * weights[None, :] / (weights[:, None] + weights[None, :])
    np.fill_diagonal(costs, np.inf)
    merges = []
    for number in range(len(centres) - 1):
        i, j = divmod(int(np.argmin(costs)), len(costs))
        i, j = min(i, j), max(i, j)
        merges.append((int(nodes[i]), int(nodes[j]), float(np.sqrt(2 * costs[i, j]))))
        total = weights[i] + weights[j]
        centres[i] = (centres[i] * weights[i] + centres[j] * weights[j]) / total
        weights[i], nodes[i] = total, len(centres) + number
        keep = np.delete(np.arange(len(costs)), j)
        # The places of what is gone stay, infinitely far away.
        costs[j, :] = costs[:, j] = np.inf
        alive = keep[np.isfinite(costs[keep].min(axis=1)) | (keep == i)]
        others = alive[alive != i]
        distance = ((centres[others] - centres[i]) ** 2).sum(axis=1)
        costs[i, others] = costs[others, i] = (
            distance * weights[others] * total / (weights[others] + total)
        )
    return merges


def tree_of(points: np.ndarray, names: list[str], seed: int) -> pd.DataFrame:
    """Return one row per node with the columns COLUMNS and the names: small groups, then merges.

    `cluster_count` of a merge is how many groups there are before it; `horizontal_position` is the
    place of a small group in the drawing from left to right, and of a merge the middle of its two.
    """
    centres, sizes = small_groups(points, seed)
    rows: list[dict[str, Any]] = [
        {
            "node_id": node,
            "height": 0.0,
            "sample_customer_count": int(size),
            **dict(zip(names, centre, strict=True)),
        }
        for node, (centre, size) in enumerate(zip(centres, sizes, strict=True))
    ]
    for number, (left, right, height) in enumerate(ward(centres, sizes)):
        left_size, right_size = (rows[i]["sample_customer_count"] for i in (left, right))
        size = left_size + right_size
        # The side with the higher spend is drawn on the left.
        if rows[left]["monetary"] < rows[right]["monetary"]:
            left, right, left_size, right_size = right, left, right_size, left_size
        rows.append(
            {
                "node_id": len(rows),
                "left_node_id": left,
                "right_node_id": right,
                "height": round(height, 9),
                "sample_customer_count": size,
                "cluster_count": len(centres) - number,
                **{
                    name: (rows[left][name] * left_size + rows[right][name] * right_size) / size
                    for name in names
                },
            }
        )
    waiting, place = [len(rows) - 1], 0
    while waiting:
        node = waiting.pop()
        if "left_node_id" in rows[node]:
            waiting += [rows[node]["right_node_id"], rows[node]["left_node_id"]]
        else:
            rows[node]["horizontal_position"], place = float(place), place + 1
    for row in rows[len(centres) :]:
        sides = [
            rows[row[side]]["horizontal_position"] for side in ("left_node_id", "right_node_id")
        ]
        row["horizontal_position"] = sum(sides) / 2
    columns = {**COLUMNS, **dict.fromkeys(names, "float64")}
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def fit_tree(features: pd.DataFrame, centroids: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the tree above a sample of customers; their order changes nothing.

    Parameters
    ----------
    features : customer_id, the columns FEATURES and any others, log(1 + value).
    centroids : feature, is_selected and the scale of the clusters in use.
    """
    added = sorted(set(features.columns) - {"customer_id", *FEATURES})
    names = FEATURES + added
    if len(features) == 0 or len(centroids) == 0:
        columns = {**COLUMNS, **dict.fromkeys(added, "float64")}
        return pd.DataFrame(columns=list(columns)).astype(columns)
    scale = centroids[centroids["is_selected"]].drop_duplicates("feature").set_index("feature")
    ordered = features.sort_values("customer_id", ignore_index=True)
    if len(ordered) > TREE_CUSTOMERS:
        chosen = np.random.default_rng(seed).permutation(len(ordered))[:TREE_CUSTOMERS]
        ordered = ordered.iloc[np.sort(chosen)]
    points = standardised(ordered[names].to_numpy("float64"), scale.loc[names, SCALE].to_numpy().T)
    return tree_of(points, names, seed)


def model(dbt, session):
    """Write the tree above the customers that the clusters were fitted on."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scikit-learn", "threadpoolctl"])
    frame = fit_tree(
        to_frame(dbt.ref("int_customer_value__cluster_features")),
        to_frame(dbt.ref("fit_customer_value__clusters")),
        seed=int(dbt.config.meta_get("random_seed")),
    )
    return to_relation(frame, session)
