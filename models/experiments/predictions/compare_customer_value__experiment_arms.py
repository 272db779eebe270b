"""Add the distribution functions that SQL lacks to the contrasts of the experiments.

SQL has summed up the customers. What is left is a row per test statistic, whose number does
not grow with them: two-sided p-values, and the critical values of 95 % intervals.
"""

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

CONFIDENCE = 0.95

COLUMNS = {
    "experiment": "string",
    "variant": "string",
    "metric": "string",
    "grouping_name": "string",
    "group_name": "string",
    "estimator": "string",
    "treated_count": "float64",
    "control_count": "float64",
    "treated_mean": "float64",
    "control_mean": "float64",
    "difference": "float64",
    "standardised_difference": "float64",
    "treated_exposure_mean": "float64",
    "control_exposure_mean": "float64",
    "standard_error": "float64",
    "statistic": "float64",
    "p_value": "float64",
    "critical_value": "float64",
    "is_covariate": "bool",
}
KEYS = list(COLUMNS)[:6]
EVERYBODY = {"grouping_name": "all", "group_name": "all"}


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


def with_distributions(tests: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with p-value and critical value of their statistics.

    Parameters
    ----------
    tests : distribution (normal, t or chi_square), statistic and degrees_of_freedom, beside
        other columns.

    Returns
    -------
    The two-sided p-value (upper tail for chi-square) and the critical value of the 95 %
    interval; missing where the statistic or the degrees of freedom are.
    """
    statistic = tests["statistic"].to_numpy("float64", na_value=np.nan)
    degrees = tests["degrees_of_freedom"].to_numpy("float64", na_value=np.nan)
    kind = tests["distribution"].astype("string")
    distributions = [kind == name for name in ("normal", "t", "chi_square")]
    upper = (1 + CONFIDENCE) / 2
    missing = np.full(len(tests), np.nan)
    p_value = np.select(
        distributions,
        [
            2 * ndtr(-np.abs(statistic)),
            2 * stdtr(degrees, -np.abs(statistic)),
            chdtrc(degrees, statistic),
        ],
        np.nan,
    )
    critical = np.select(
        distributions,
        [np.full(len(tests), ndtri(upper)), stdtrit(degrees, upper), missing],
        np.nan,
    )
    return tests.assign(p_value=p_value, critical_value=critical)


def power_row(test_power: float) -> pd.DataFrame:
    """Return the row that planning needs.

    An effect is found with the chance `test_power` where it is as many standard errors from
    zero as the critical value of the row: the quantile of the level plus that of the power.
    """
    critical = float(ndtri((1 + CONFIDENCE) / 2) + ndtri(test_power))
    row = {"experiment": "all", "variant": "all", "metric": "test_power", **EVERYBODY}
    return pd.DataFrame([{**row, "estimator": "plan", "critical_value": critical}])


def compare(contrasts: pd.DataFrame, checks: pd.DataFrame, test_power: float) -> pd.DataFrame:
    """Return every contrast and every check that has a test, with p-value and critical value.

    Parameters
    ----------
    contrasts : the columns of int_experiment_contrasts.
    checks : experiment, check_name, statistic and degrees_of_freedom; only the sample ratio
        has a statistic, which is compared with chi-square.
    test_power : the chance to find the effect that an experiment is planned for.

    Returns
    -------
    Rows with the columns COLUMNS, sorted by their keys. A check is a row of the metric of its
    name, and the estimator check.
    """
    tested = checks.dropna(subset="statistic").rename(columns={"check_name": "metric"})
    tested = tested.assign(variant="all", **EVERYBODY, estimator="check", distribution="chi_square")
    rows = [
        with_distributions(contrasts),
        with_distributions(tested),
        power_row(test_power),
    ]
    frame = pd.concat([part.reindex(columns=list(COLUMNS)).astype(object) for part in rows])
    frame["is_covariate"] = frame["is_covariate"].eq(True)
    return frame.astype(COLUMNS).sort_values(KEYS, ignore_index=True)


def model(dbt, session):
    """Write the p-value and the critical value of every test statistic."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy"])
    frame = compare(
        to_frame(dbt.ref("int_customer_value__experiment_contrasts")),
        to_frame(dbt.ref("int_customer_value__experiment_checks")),
        test_power=float(dbt.config.meta_get("test_power")),
    )
    return to_relation(frame, session)
