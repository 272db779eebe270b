"""Compare survival curves between the groups of every grouping: the log-rank test.

SQL has counted events and censorings per group and day; the test needs no more than that,
so its cost does not grow with the customers.
"""

import numpy as np
import pandas as pd
from scipy.special import chdtrc
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

KEYS = ["curve", "grouping_name"]

# Eigenvalues below this share of the largest count as zero.
SINGULAR = 1e-10

COLUMNS = {
    "curve": "string",
    "grouping_name": "string",
    "group_count": "int64",
    "customer_count": "int64",
    "event_count": "int64",
    "chi_square": "float64",
    "degrees_of_freedom": "int64",
    "p_value": "float64",
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


def log_rank(events: pd.DataFrame) -> tuple[float, int]:
    """Return chi-square and degrees of freedom of the k-sample log-rank test.

    Observed minus expected events per group, weighted by the inverse of their
    hypergeometric covariance (Mantel 1966; Peto & Peto 1972, JRSS A 135:185; Klein &
    Moeschberger 2003, section 7.3).

    Parameters
    ----------
    events : one row per group_name and day, with event_count and censored_count.

    Returns
    -------
    Chi-square, NaN where there is nothing to compare, and its degrees of freedom: the
    groups at risk at some event less one.
    """
    happened = _day_by_group(events, "event_count")
    ended = happened + _day_by_group(events, "censored_count")
    at_risk = ended[::-1].cumsum(axis=0)[::-1]

    total_events, total_at_risk = happened.sum(axis=1), at_risk.sum(axis=1)
    # A day without events or with one customer left tells nothing.
    days = (total_events > 0) & (total_at_risk > 1)
    share = at_risk[days] / total_at_risk[days, None]
    expected = share * total_events[days, None]
    spread = (
        total_events[days] * (total_at_risk[days] - total_events[days]) / (total_at_risk[days] - 1)
    )
    covariance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    difference = (happened[days] - expected).sum(axis=0)

    # The differences sum to zero, and a group never at risk at an event has none, so the
    # covariance is singular: its pseudo-inverse leaves out what carries no information.
    degrees = int(np.linalg.matrix_rank(covariance, rtol=SINGULAR, hermitian=True))
    if degrees == 0:
        return float("nan"), 0
    inverse = np.linalg.pinv(covariance, rtol=SINGULAR, hermitian=True)
    # Rounded, so that no library's last bit shows.
    return round(float(difference @ inverse @ difference), 9), degrees


def _day_by_group(events: pd.DataFrame, column: str) -> np.ndarray:
    """Return the counts as an array of days by groups, both in order."""
    table = events.pivot_table(
        index="day", columns="group_name", values=column, aggfunc="sum", fill_value=0
    )
    return table.sort_index().sort_index(axis=1).to_numpy(dtype="float64")


def sentence(group_count: int, chi_square: float, degrees: int, p_value: float) -> str:
    """Return what the comparison found, as a sentence to show to people."""
    if group_count < 2:
        return "One group only: nothing to compare."
    if np.isnan(chi_square):
        return "Too few days with events to compare the groups."
    statistic = f"chi-square {chi_square:.2f}, {degrees} degrees of freedom"
    chance = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
    if p_value < 0.05:
        return f"The groups differ ({statistic}, {chance})."
    return f"No difference beyond chance ({statistic}, {chance})."


def compare(events: pd.DataFrame) -> pd.DataFrame:
    """Return one row per curve and grouping with the columns COLUMNS."""
    rows = []
    for (curve, grouping_name), grouping in events.groupby(KEYS, sort=True):
        chi_square, degrees = log_rank(grouping)
        p_value = float("nan") if np.isnan(chi_square) else float(chdtrc(degrees, chi_square))
        group_count = grouping["group_name"].nunique()
        rows.append(
            {
                "curve": curve,
                "grouping_name": grouping_name,
                "group_count": group_count,
                "customer_count": grouping[["event_count", "censored_count"]].to_numpy().sum(),
                "event_count": grouping["event_count"].sum(),
                "chi_square": chi_square,
                "degrees_of_freedom": degrees,
                "p_value": p_value,
                "finding": sentence(group_count, chi_square, degrees, p_value),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def model(dbt, session):
    """Write the comparison of every curve and grouping."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy", "threadpoolctl"])
    events = to_frame(dbt.ref("int_customer_value__survival_events"))
    frame = compare(events[events["grouping_name"] != "overall"])
    return to_relation(frame, session)
