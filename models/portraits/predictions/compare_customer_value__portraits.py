"""Whether what groups of customers say of themselves differs beyond chance, for many questions.

SQL has made the statistics of chi-square, Kruskal-Wallis and F from counts; here are their tails
and the share of false findings, for a number of rows that does not grow with the customers.
"""

import numpy as np
import pandas as pd
from scipy.special import chdtrc, fdtrc
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

KEYS = ["grouping_name", "attribute", "tested_values", "test"]

COLUMNS = {**dict.fromkeys(KEYS, "string"), "p_value": "float64", "q_value": "float64"}


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


def p_values(statistics: pd.DataFrame) -> np.ndarray:
    """Return the upper tail of each statistic; missing where there is none.

    Kruskal-Wallis has the chi-square distribution of its degrees of freedom.
    """
    statistic = statistics["statistic"].to_numpy("float64", na_value=np.nan)
    degrees = statistics["degrees_of_freedom"].to_numpy("float64", na_value=np.nan)
    residual = statistics["residual_degrees_of_freedom"].to_numpy("float64", na_value=np.nan)
    return np.where(
        statistics["test"].eq("F").to_numpy(bool),
        fdtrc(degrees, residual, statistic),
        chdtrc(degrees, statistic),
    )


def q_values(p: np.ndarray) -> np.ndarray:
    """Return for each p-value the share of false findings among those as small or smaller.

    Benjamini & Hochberg (1995), JRSS B 57:289. A missing p-value has none and counts for nothing.
    """
    q = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(-p[known], kind="stable")]
    ranks = np.arange(len(order), 0, -1)
    q[order] = np.minimum.accumulate(np.minimum(p[order] * len(order) / ranks, 1.0))
    return q


def compare(statistics: pd.DataFrame) -> pd.DataFrame:
    """Return one row per test with the columns COLUMNS.

    An attribute that made the groups has no p-value. The questions of a grouping are judged
    together, each by the test that decides; whether people answered them, and the other tests,
    among themselves.

    Parameters
    ----------
    statistics : KEYS, statistic, degrees_of_freedom, residual_degrees_of_freedom, is_deciding,
        is_input.
    """
    frame = statistics.sort_values(KEYS, ignore_index=True)
    frame["p_value"] = np.where(frame["is_input"].to_numpy(bool), np.nan, p_values(frame))
    frame["q_value"] = np.nan
    families = ["grouping_name", "is_deciding", frame["tested_values"].eq("no answer")]
    for _, places in frame.groupby(families).groups.items():
        frame.loc[places, "q_value"] = q_values(frame.loc[places, "p_value"].to_numpy())
    return frame[list(COLUMNS)].astype(COLUMNS)


def model(dbt, session):
    """Write the p-value and the q-value of every test."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy", "threadpoolctl"])
    frame = compare(to_frame(dbt.ref("int_customer_value__portrait_statistics")))
    return to_relation(frame, session)
