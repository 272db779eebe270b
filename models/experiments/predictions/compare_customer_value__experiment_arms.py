"""Look up the distribution functions that SQL lacks, for a list of test statistics.

SQL has added up the customers; what is left is a row per statistic, whose number does not
grow with them: two-sided p-values, and the critical values of 95 % intervals.
"""

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

KEYS = ["experiment", "variant", "measure", "subject", "estimator"]
CONFIDENCE = 0.95

COLUMNS = {
    **dict.fromkeys(KEYS, "string"),
    "p_value": "float64",
    "critical_value": "float64",
}


def to_frame(relation) -> pd.DataFrame:
    """Turn what ``dbt.ref`` gives on any engine into a frame with lower-case columns."""
    for name in ("to_pandas", "toPandas", "df"):
        convert = getattr(relation, name, None)
        if callable(convert):
            relation = convert()
            break
    return relation.rename(columns=str.lower)


def score(tests: pd.DataFrame) -> pd.DataFrame:
    """Return p-value and critical value of every statistic.

    Parameters
    ----------
    tests : the columns KEYS, distribution (normal, t, chi_square, or quantile, whose
        statistic is a probability of the normal), statistic and degrees_of_freedom.

    Returns
    -------
    The keys with the two-sided p-value (upper tail for chi-square) and the critical value of
    the 95 % interval; missing where the statistic or the degrees of freedom are.
    """
    statistic = tests["statistic"].to_numpy("float64", na_value=np.nan)
    degrees = tests["degrees_of_freedom"].to_numpy("float64", na_value=np.nan)
    kind = tests["distribution"].astype("string")
    distributions = [kind == name for name in ("normal", "t", "chi_square", "quantile")]
    upper = (1 + CONFIDENCE) / 2
    missing = np.full(len(tests), np.nan)
    p_value = np.select(
        distributions,
        [
            2 * ndtr(-np.abs(statistic)),
            2 * stdtr(degrees, -np.abs(statistic)),
            chdtrc(degrees, statistic),
            missing,
        ],
        np.nan,
    )
    critical = np.select(
        distributions,
        [
            np.full(len(tests), ndtri(upper)),
            stdtrit(degrees, upper),
            missing,
            # Only a probability has a quantile; other statistics lie outside 0 to 1.
            ndtri(np.clip(statistic, 0, 1)),
        ],
        np.nan,
    )
    scored = tests[KEYS].assign(p_value=p_value, critical_value=critical)
    return scored.sort_values(KEYS, ignore_index=True)[list(COLUMNS)].astype(COLUMNS)


def model(dbt, session):
    """Write the p-value and the critical value of every test statistic."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy"])
    frame = score(to_frame(dbt.ref("int_customer_value__experiment_tests")))
    if type(session).__module__.startswith("pyspark."):
        return session.createDataFrame(frame)
    return frame
