"""Write the repeat purchases that a new customer is expected to make on each day of age.

Of a customer of whom nothing is known but the first purchase. Times the customers acquired on
each day, and added up over them, it is what a purchase model expects of a calendar week.
"""

import numpy as np
import pandas as pd
from scipy.special import betaincinv, hyp2f1

# Quantiles of the dropout probability where the closed form overflows.
QUANTILES = 32

COLUMNS = {
    "model": "string",
    "customer_age_days": "int64",
    "expected_purchases": "float64",
}


def to_frame(relation) -> pd.DataFrame:
    """Turn what ``dbt.ref`` gives on any engine into a frame with lower-case columns."""
    for name in ("to_pandas", "toPandas", "df"):
        convert = getattr(relation, name, None)
        if callable(convert):
            relation = convert()
            break
    return relation.rename(columns=str.lower)


def purchase_rate(model: str, t: np.ndarray, parameters: dict[str, float]) -> np.ndarray:
    """Return the expected purchases per day at age t: E[rate * P(still active at t)].

    Parameters
    ----------
    model : bg_nbd, mbg_nbd or pareto_nbd.
    t : age in days.
    parameters : r and alpha with a and b, or with s and beta, in days; a = 0, or s = 0, where
        no dropout is identified; r = 0 where nobody repeats.

    Notes
    -----
    A customer with purchase rate m and dropout probability p is active at t with probability
    exp(-m p t) in the BG/NBD, (1 - p) exp(-m p t) in the MBG/NBD; with dropout rate q with
    exp(-q t) in the Pareto/NBD. Averaged over gamma-distributed m and q and beta-distributed
    p these are hypergeometric functions of positive terms, without the singularities of their
    integral, the E[X(t)] of Fader, Hardie & Lee (2005, eq. 9).
    """
    r = parameters["r"]
    if r == 0:
        return np.zeros(t.shape)
    rate = r / parameters["alpha"]
    if model == "pareto_nbd":
        if parameters["s"] == 0:
            return np.full(t.shape, rate)
        return rate * (1 + t / parameters["beta"]) ** -parameters["s"]
    alpha, a, b = parameters["alpha"], parameters["a"], parameters["b"]
    if a == 0:
        return np.full(t.shape, rate)
    survivors = 1.0
    if model == "mbg_nbd":
        survivors, b = b / (a + b), b + 1
    z = t / (alpha + t)
    with np.errstate(over="ignore", invalid="ignore"):
        active = (1 - z) ** (r + 1) * hyp2f1(r + 1, b, a + b, z)
    if not np.all(np.isfinite(active)):
        # Parameters at their limits overflow: the mean over quantiles of p does not.
        nodes, weights = np.polynomial.legendre.leggauss(QUANTILES)
        p = betaincinv(a, b, (nodes + 1) / 2)
        with np.errstate(under="ignore"):
            by_quantile = np.exp(-(r + 1) * np.log1p(p * t[..., None] / alpha))
        active = np.where(np.isfinite(active), active, by_quantile @ (weights / 2))
    return rate * survivors * active


def purchases_by_age(acquisitions: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """Integrate the purchase rate of every model over each day of age.

    Parameters
    ----------
    acquisitions : days_to_current; the highest is the last age that is needed.
    parameters : as_of_role, model, parameter, estimate; those of the calibration are used.

    Returns
    -------
    One row per model and age from 1 on, with the columns COLUMNS: the purchases expected
    between the age before and this one.
    """
    ages = np.arange(1, int(acquisitions["days_to_current"].max()) + 1 if len(acquisitions) else 1)
    nodes, weights = np.polynomial.legendre.leggauss(4)
    fitted = parameters[parameters["as_of_role"] == "calibration"]
    frames = []
    for model_name, group in fitted.groupby("model", sort=True):
        estimates = {
            str(name): float(value)
            for name, value in zip(group["parameter"], group["estimate"], strict=True)
        }
        moments = ages[:, None] - 1 + (nodes + 1) / 2
        purchases = purchase_rate(str(model_name), moments, estimates) @ (weights / 2)
        frames.append(
            pd.DataFrame(
                {"model": model_name, "customer_age_days": ages, "expected_purchases": purchases}
            )
        )
    empty = pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(frames or [empty], ignore_index=True).astype(COLUMNS)


def model(dbt, session):
    """Write the expected purchases by day of age."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy"])
    frame = purchases_by_age(
        to_frame(dbt.ref("int_customer_value__acquisition_days")),
        to_frame(dbt.ref("fit_customer_value__purchase_models")),
    )
    engine = type(session).__module__.split(".")[0]
    if engine == "pyspark":
        return session.createDataFrame(frame)
    # Snowflake keeps a frame's lower case, and then knows the names in quotes only.
    return frame.rename(columns=str.upper) if engine == "snowflake" else frame
