"""Fit K-Means on the customers' recency, frequency and monetary value, for several k.

The var cluster_features may add others. The features come as log(1 + value). Here they are capped,
standardised and clustered; the centroids of every candidate k are written, and SQL gives each
customer the nearest one.
"""

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, pairwise_distances, silhouette_score
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

# Always there, and first; the var cluster_features adds others.
FEATURES = ["recency", "frequency", "monetary"]
# Values beyond these percentiles are moved to them, so that a few do not own a cluster.
CAP_PERCENTILES = (0.5, 99.5)
# Customers clustered: enough for centroids good to a hundredth of a standard deviation.
FIT_CUSTOMERS = 10_000
# Customers used for the silhouette, whose cost grows with their square.
SILHOUETTE_CUSTOMERS = 2_000
BOOTSTRAPS = 5
# Customers that a bootstrap draws, and on whom two partitions are compared.
BOOTSTRAP_CUSTOMERS = 5_000
# Mean adjusted Rand index from which on a partition counts as stable.
STABLE = 0.8
# Features say the same beyond this correlation; two features describe fewer clusters.
SAME = 0.98
MOST_CLUSTERS_OF_TWO_FEATURES = 4

COLUMNS = {
    "cluster_count": "int64",
    "cluster_id": "int64",
    "feature": "string",
    "centre": "float64",
    "lower_cap": "float64",
    "upper_cap": "float64",
    "feature_mean": "float64",
    "feature_deviation": "float64",
    "inertia": "float64",
    "silhouette": "float64",
    "stability": "float64",
    "smallest_cluster_share": "float64",
    "fit_customer_count": "int64",
    "is_selected": "bool",
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


def scale_of(values: np.ndarray) -> np.ndarray:
    """Return lower cap, upper cap, mean and deviation, a row of each; a constant column has 1.

    Of a column with missing values those that are there count; one without any is constant.
    """
    if np.isnan(values).any():
        columns = (column[~np.isnan(column), None] for column in values.T)
        scales = [scale_of(column if len(column) else np.zeros((1, 1))) for column in columns]
        return np.concatenate(scales, axis=1)
    lower, upper = np.percentile(values, CAP_PERCENTILES, axis=0)
    capped = np.clip(values, lower, upper)
    deviation = capped.std(axis=0)
    return np.array([lower, upper, capped.mean(axis=0), np.where(deviation > 1e-9, deviation, 1.0)])


def standardised(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the values capped and in standard deviations of a scale; a missing one is 0."""
    lower, upper, mean, deviation = scale
    # Rounding takes out the last bits, which differ between machines.
    points = np.round((np.clip(values, lower, upper) - mean) / deviation, 9)
    return np.where(np.isnan(points), 0.0, points)


def k_means(points: np.ndarray, cluster_count: int, seed: int, starts: int = 5) -> KMeans:
    """Fit K-Means; the same points in the same order give the same centroids."""
    return KMeans(cluster_count, n_init=starts, random_state=seed).fit(points)


def stability_of(points: np.ndarray, fitted: KMeans, seed: int) -> float:
    """Return the mean adjusted Rand index between `fitted` and fits to bootstrap samples.

    Each bootstrap draws customers with replacement, fits anew, and labels the same customers; 1
    says that the partition is the same every time, 0 that it agrees no more than chance.
    Hennig (2007), Computational Statistics & Data Analysis 52:258; Hubert & Arabie (1985).
    """
    random = np.random.default_rng(seed)
    size = min(len(points), BOOTSTRAP_CUSTOMERS)
    compared = points[random.permutation(len(points))[:size]]
    labels = fitted.predict(compared)
    scores = []
    for _ in range(BOOTSTRAPS):
        sample = points[random.integers(0, len(points), size)]
        again = k_means(sample, fitted.n_clusters, seed, starts=2)
        scores.append(adjusted_rand_score(labels, again.predict(compared)))
    return float(np.mean(scores))


def silhouette_of(distances: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean silhouette from the points' distances to one another (Rousseeuw 1987)."""
    if not 1 < len(np.unique(labels)) < len(labels):
        return float("nan")
    return float(silhouette_score(distances, labels, metric="precomputed"))


def choose(candidates: pd.DataFrame, minimum_share: float) -> tuple[int, dict[int, str]]:
    """Choose the number of clusters and say of every candidate why or why not.

    Parameters
    ----------
    candidates : index cluster_count; silhouette, stability, smallest_cluster_share.

    Returns
    -------
    The count with the highest silhouette among the stable ones without a cluster below
    `minimum_share`; where there is none, the highest silhouette of all. Then the sentences.
    """
    is_stable = candidates["stability"] >= STABLE
    is_large = candidates["smallest_cluster_share"] >= minimum_share
    eligible = candidates[is_stable & is_large]
    pool = eligible if len(eligible) else candidates
    best = int(pool.index[int(pool["silhouette"].fillna(-1.0).argmax())])
    sentences = {}
    for count in candidates.index:
        problems = []
        if not is_stable[count]:
            problems.append(f"not stable (adjusted Rand index below {STABLE})")
        if not is_large[count]:
            problems.append(f"a cluster below the minimum share of {minimum_share:g}")
        if count == best and not problems:
            sentences[count] = "Selected: the highest silhouette among the sound candidates."
        elif count == best:
            sentences[count] = (
                "Selected for its silhouette although no candidate is sound: "
                f"{' and '.join(problems)}."
            )
        elif problems:
            sentences[count] = f"Not selected: {' and '.join(problems)}."
        else:
            sentences[count] = "Not selected: a lower silhouette."
    return best, sentences


def say_the_same(points: np.ndarray, names: list[str]) -> tuple[str, str] | None:
    """Return two features of which one tells the other, or None."""
    varying = [i for i in range(points.shape[1]) if points[:, i].std() > 1e-9]
    for place, i in enumerate(varying):
        for j in varying[place + 1 :]:
            if abs(np.corrcoef(points[:, i], points[:, j])[0, 1]) > SAME:
                return names[i], names[j]
    return None


def business_order(centres: np.ndarray) -> np.ndarray:
    """Return the order of the centroids: highest spend first, then frequency, then recency."""
    rounded = np.round(centres, 9)
    return np.lexsort((rounded[:, 0], -rounded[:, 1], -rounded[:, 2]))


def fit_clusters(
    features: pd.DataFrame, cluster_counts: list[int], minimum_share: float, seed: int
) -> pd.DataFrame:
    """Fit every candidate number of clusters and choose one.

    Parameters
    ----------
    features : customer_id, the columns FEATURES and any others, log(1 + value); one row per
        customer. A missing value of the others counts as the mean.

    Returns
    -------
    One row per candidate, cluster and feature with the columns COLUMNS: the centroid in
    standard deviations, the feature's caps and scale, and the candidate's evidence. Fewer
    distinct customers than candidates need leave one cluster for all.
    """
    if len(features) == 0:
        return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
    added = [name for name in features.columns if name not in ("customer_id", *FEATURES)]
    names = FEATURES + added
    # One memory layout, since the order of summation follows it.
    values = np.ascontiguousarray(features.sort_values("customer_id")[names].to_numpy("float64"))
    if len(values) > FIT_CUSTOMERS:
        values = values[np.random.default_rng(seed).permutation(len(values))[:FIT_CUSTOMERS]]
    scale = scale_of(values)
    lower, upper, mean, deviation = scale
    points = standardised(values, scale)
    distinct = len(np.unique(points, axis=0))
    counts = sorted({count for count in cluster_counts if count < distinct})

    fits, evidence = {}, {}
    sampled = np.random.default_rng(seed).permutation(len(points))[:SILHOUETTE_CUSTOMERS]
    distances = pairwise_distances(points[sampled])
    for count in counts or [1]:
        fitted = k_means(points, count, seed)
        shares = np.bincount(fitted.labels_, minlength=count) / len(points)
        fits[count] = fitted.cluster_centers_
        evidence[count] = {
            "inertia": float(fitted.inertia_),
            "silhouette": silhouette_of(distances, fitted.labels_[sampled]),
            "stability": stability_of(points, fitted, seed),
            "smallest_cluster_share": float(shares.min()),
        }
    same = say_the_same(points, names)
    if counts:
        candidates = pd.DataFrame(evidence).T
        few = candidates[candidates.index <= MOST_CLUSTERS_OF_TWO_FEATURES] if same else candidates
        pool = few if len(few) else candidates.head(1)
        selected, sentences = choose(pool, minimum_share)
        for count in candidates.index.difference(pool.index):
            sentences[count] = (
                f"Not selected: {' and '.join(same or ())} carry the same information about these "
                "customers, and so many clusters could not be distinguished."
            )
    else:
        selected = 1
        sentences = {
            1: f"One cluster for all: the customers have only {distinct} distinct "
            f"combination{'s' if distinct != 1 else ''} of recency, frequency and spend"
            f"{''.join(f', {name}' for name in added)}."
        }

    rows = []
    for count, centres in fits.items():
        for cluster_id, centre in enumerate(centres[business_order(centres)], start=1):
            rows += [
                {
                    "cluster_count": count,
                    "cluster_id": cluster_id,
                    "feature": feature,
                    "centre": round(float(centre[i]), 9),
                    "lower_cap": float(lower[i]),
                    "upper_cap": float(upper[i]),
                    "feature_mean": float(mean[i]),
                    "feature_deviation": float(deviation[i]),
                    **evidence[count],
                    "fit_customer_count": len(points),
                    "is_selected": count == selected,
                    "finding": sentences[count],
                }
                for i, feature in enumerate(names)
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def model(dbt, session):
    """Write the centroids of every candidate number of clusters, and which one is used."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scikit-learn", "threadpoolctl"])
    cluster_counts = dbt.config.meta_get("cluster_counts")
    frame = fit_clusters(
        to_frame(dbt.ref("int_customer_value__cluster_features")),
        cluster_counts=[int(count) for count in cluster_counts],
        minimum_share=float(dbt.config.meta_get("minimum_cluster_share")),
        seed=int(dbt.config.meta_get("random_seed")),
    )
    return to_relation(frame, session)
