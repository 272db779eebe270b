"""Whether the clusters would be the same had they been made at the calibration date.

K-Means is fitted again, with as many clusters, to what was known then. Each cluster of today gets
an earlier one as its partner so that the centres are nearest to one another (Kuhn 1955); how far
they moved, whether people stayed together, and what each was like then are written down.
"""

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

# Always there, and first; the var cluster_features adds others.
FEATURES = ["recency", "frequency", "monetary"]
SCALE = ["lower_cap", "upper_cap", "feature_mean", "feature_deviation"]
# As the clusters of today are fitted.
CAP_PERCENTILES = (0.5, 99.5)
FIT_CUSTOMERS = 10_000

COLUMNS = {
    "cluster_id": "int64",
    "feature": "string",
    "centre": "float64",
    "earlier_centre": "float64",
    "earlier_centre_on_todays_scale": "float64",
    "earlier_customer_share": "float64",
    "survivor_count": "int64",
    "assignment_rand_index": "float64",
    "refit_rand_index": "float64",
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


def nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the place of the nearest centre of each point."""
    return ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)


def compare_refit(history: pd.DataFrame, centroids: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return one row per cluster of today and feature with the columns COLUMNS.

    `assignment_rand_index` compares, for those who were customers at both dates, the cluster then
    with the cluster now; `refit_rand_index` compares the two models on the customers of today,
    which leaves out that people move. Adjusted Rand index: Hubert & Arabie (1985).

    Parameters
    ----------
    history : customer_id, as_of_role (current, calibration) and the features as log(1 + value).
    centroids : cluster_id, feature, centre, SCALE and is_selected.

    Returns
    -------
    No row where there were no more different customers then than there are clusters.
    """
    empty = pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
    selected = centroids[centroids["is_selected"]]
    if len(selected) == 0:
        return empty
    names = FEATURES + sorted(set(selected["feature"]) - set(FEATURES))
    ordered = history.sort_values("customer_id", ignore_index=True)
    now, then = (ordered[ordered["as_of_role"] == role] for role in ("current", "calibration"))
    centres = selected.pivot_table(index="cluster_id", columns="feature", values="centre")
    scale_now = (
        selected.drop_duplicates("feature").set_index("feature").loc[names, SCALE].to_numpy().T
    )
    values_now, values_then = (part[names].to_numpy("float64") for part in (now, then))
    if len(np.unique(np.nan_to_num(values_then, nan=-1.0), axis=0)) <= len(centres):
        return empty
    fitted = values_then
    if len(fitted) > FIT_CUSTOMERS:
        fitted = fitted[np.random.default_rng(seed).permutation(len(fitted))[:FIT_CUSTOMERS]]
    scale_then = scale_of(fitted)
    # One memory layout, since the order of summation follows it.
    points = np.ascontiguousarray(standardised(fitted, scale_then))
    model = KMeans(len(centres), n_init=5, random_state=seed).fit(points)
    today = centres[names].to_numpy("float64")
    earlier = np.round(model.cluster_centers_, 9)
    moved = (earlier * scale_then[3] + scale_then[2] - scale_now[2]) / scale_now[3]
    costs = ((today[:, None, :] - moved[None, :, :]) ** 2).sum(axis=2)
    partner = linear_sum_assignment(costs)[1]

    clusters_now = nearest(standardised(values_now, scale_now), today)
    clusters_then = nearest(standardised(values_then, scale_then), earlier)
    refitted = nearest(standardised(values_now, scale_then), earlier)
    both = pd.DataFrame({"customer_id": now["customer_id"], "now": clusters_now}).merge(
        pd.DataFrame({"customer_id": then["customer_id"], "then": clusters_then}),
        on="customer_id",
    )
    shares = np.bincount(clusters_then, minlength=len(centres)) / len(clusters_then)
    rows = [
        {
            "cluster_id": cluster_id,
            "feature": feature,
            "centre": today[place, i],
            "earlier_centre": earlier[partner[place], i],
            "earlier_centre_on_todays_scale": round(float(moved[partner[place], i]), 9),
            "earlier_customer_share": shares[partner[place]],
            "survivor_count": len(both),
            "assignment_rand_index": adjusted_rand_score(both["then"], both["now"]),
            "refit_rand_index": adjusted_rand_score(refitted, clusters_now),
        }
        for place, cluster_id in enumerate(centres.index)
        for i, feature in enumerate(names)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def model(dbt, session):
    """Write the comparison of the clusters with those of the calibration date."""
    dbt.config(
        materialized="table",
        packages=["numpy", "pandas", "scikit-learn", "scipy", "threadpoolctl"],
    )
    frame = compare_refit(
        to_frame(dbt.ref("int_customer_value__cluster_history")),
        to_frame(dbt.ref("fit_customer_value__clusters")),
        seed=int(dbt.config.meta_get("random_seed")),
    )
    return to_relation(frame, session)
