"""Write P(alive) of the Pareto/NBD, per distinct (x, t_x, T).

In the BG/NBD and the MBG/NBD the probability that a customer is still active is arithmetic,
and SQL does it. In the Pareto/NBD it takes an integral over when the customer may have left,
so it is evaluated here, once per distinct purchase history of all customers.
"""

import numpy as np
import pandas as pd

COLUMNS = {
    "as_of_role": "string",
    "model": "string",
    "repeat_count": "int64",
    "last_purchase_age_days": "int64",
    "customer_age_days": "int64",
    "probability_alive": "float64",
}
# Nodes of the quadrature, and the logarithm of how much its integrand must have fallen before
# the rest is left out.
NODES = 32
NEGLIGIBLE = 36.0


def to_frame(relation) -> pd.DataFrame:
    """Turn what ``dbt.ref`` gives on any engine into a frame with lower-case columns."""
    for name in ("to_pandas", "toPandas", "df"):
        convert = getattr(relation, name, None)
        if callable(convert):
            relation = convert()
            break
    return relation.rename(columns=str.lower)


def pareto_nbd_alive(
    x: np.ndarray,
    t_x: np.ndarray,
    T: np.ndarray,
    r: float,
    alpha: float,
    s: float,
    beta: float,
) -> np.ndarray:
    """Return P(alive | x, t_x, T) of the Pareto/NBD.

    Parameters
    ----------
    x, t_x, T : repeat purchase days, and days from the first purchase to the last one and to
        the as-of date, 0 <= t_x <= T.
    r, alpha, s, beta : parameters in days; s = 0 where no dropout is identified.

    Returns
    -------
    Array like x, in [0, 1]; 1 where the last purchase was on the as-of date.

    Notes
    -----
    Schmittlein, Morrison & Colombo (1987); Fader & Hardie (2005), "A Note on Deriving the
    Pareto/NBD Model", eq. 36. With k = r + x, A = alpha + t_x, B = beta + t_x the odds against
    being alive are

        s / B * (1 + W / A)^k * (1 + W / B)^s
        * integral from 0 to W = T - t_x of (1 + y / A)^-k * (1 + y / B)^-(s + 1) dy.

    The integral is usually written as a difference of two hypergeometric functions, which
    cancel to noise, and to NaN under a logarithm, when t_x is near T. Here it is a sum of
    positive terms: Gauss-Legendre in log(m + y), m the smaller of A and B, where the integrand
    is close to an exponential, cut off where it has become negligible.
    """
    if s == 0 or r == 0:
        return np.ones(len(x))
    k, A, B, W = r + x, alpha + t_x, beta + t_x, T - t_x
    m = np.minimum(A, B)

    def fallen(u):
        y = m * np.expm1(u)
        return k * np.log1p(y / A) + (s + 1) * np.log1p(y / B) - u

    def slope(u):
        grown = m * np.exp(u)
        return k * grown / (A - m + grown) + (s + 1) * grown / (B - m + grown) - 1

    # The logarithm falls ever faster, so Newton's steps come from beyond and never overshoot.
    end = np.minimum(np.log1p(W / m), NEGLIGIBLE / np.maximum(slope(0.0), 1e-300))
    for _ in range(3):
        excess = np.maximum(fallen(end) - NEGLIGIBLE, 0.0)
        end = end - excess / np.where(excess > 0, slope(end), 1.0)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    total = sum(
        weight / 2 * np.exp(-fallen(end * (node + 1) / 2))
        for node, weight in zip(nodes, weights, strict=True)
    )
    with np.errstate(divide="ignore"):
        log_odds = np.log(s / B * m * end * total) + k * np.log1p(W / A) + s * np.log1p(W / B)
    return 1 / (1 + np.exp(np.minimum(log_odds, 700.0)))


def score_histories(histories: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """Evaluate the Pareto/NBD's P(alive) on the distinct histories of each as-of role.

    Parameters
    ----------
    histories : as_of_role, repeat_count, last_purchase_age_days, customer_age_days; distinct.
    parameters : as_of_role, model, parameter, estimate; time in days.

    Returns
    -------
    One row per role and history, with the columns COLUMNS.
    """
    histories = histories.sort_values(
        ["as_of_role", "repeat_count", "last_purchase_age_days", "customer_age_days"]
    )
    pareto = parameters[parameters["model"] == "pareto_nbd"]
    frames = []
    for role, fitted in pareto.groupby("as_of_role", sort=True):
        estimates = {
            str(name): float(value)
            for name, value in zip(fitted["parameter"], fitted["estimate"], strict=True)
        }
        frame = histories[histories["as_of_role"] == role].assign(model="pareto_nbd")
        x, t_x, T = (
            frame[column].to_numpy("float64")
            for column in ("repeat_count", "last_purchase_age_days", "customer_age_days")
        )
        frame["probability_alive"] = pareto_nbd_alive(x, t_x, T, **estimates)
        frames.append(frame[list(COLUMNS)])
    empty = pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(frames or [empty], ignore_index=True).astype(COLUMNS)


def model(dbt, session):
    """Write the lookup of P(alive) by purchase history."""
    dbt.config(materialized="table", packages=["numpy", "pandas"])
    frame = score_histories(
        to_frame(dbt.ref("int_customer_value__purchase_histories")),
        to_frame(dbt.ref("fit_customer_value__purchase_models")),
    )
    engine = type(session).__module__.split(".")[0]
    if engine == "pyspark":
        return session.createDataFrame(frame)
    # Snowflake keeps a frame's lower case, and then knows the names in quotes only.
    return frame.rename(columns=str.upper) if engine == "snowflake" else frame
