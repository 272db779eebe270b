"""Write the part of the forecast that needs special functions, per distinct (x, T).

In all three purchase models the expected number of purchases in the next t days is
P(alive | x, t_x, T) * g(x, T, t), and g does not depend on t_x: given that the customer is
still active, the last purchase says nothing more. So is the probability of a purchase in the
next t days. So the expensive functions are evaluated on the distinct pairs only, and SQL
scores any number of customers exactly.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import hyp2f1
from scipy.stats import beta

COLUMNS = {
    "as_of_role": "string",
    "model": "string",
    "repeat_count": "int64",
    "customer_age_days": "int64",
    "active_if_alive_90d": "float64",
    "purchases_if_alive_90d": "float64",
    "purchases_if_alive_365d": "float64",
    "discounted_purchases_if_alive_365d": "float64",
    "active_if_alive_holdout": "float64",
    "purchases_if_alive_holdout": "float64",
}
# Half the width of the gap around a removable singularity that is bridged by interpolation.
GAP = 2e-3
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


def bg_nbd_closed_form(
    x: np.ndarray, T: np.ndarray, t: float, r: float, alpha: float, a: float, b: float
) -> np.ndarray:
    """Return g(x, T, t) of the BG/NBD away from its removable singularities.

    Fader, Hardie & Lee (2005), eq. 10, after Euler's transformation of the hypergeometric
    function, which keeps every factor finite for any x.
    """
    # SciPy's function loses digits where its parameters are whole numbers, and is exact to
    # 1e-12 beside them.
    a = a * (1 + 1e-12)
    z = t / (alpha + T + t)
    c = a + b + x - 1
    return c / (a - 1) * (1 - (1 - z) ** (a - 1) * hyp2f1(c - r - x, a - 1, c, z))


def bg_nbd_by_quadrature(
    x: np.ndarray, T: np.ndarray, t: float, r: float, alpha: float, a: float, b: float
) -> np.ndarray:
    """Return g(x, T, t) of the BG/NBD as a mean over the chance p to drop out.

    Given p, a customer with a gamma-distributed rate makes
    (1 - (1 + p t / (alpha + T)) ** -(r + x)) / p purchases; p is Beta(a, b + x). Good to a
    few digits, for parameters so large that the special function overflows.
    """
    nodes, weights = np.polynomial.legendre.leggauss(200)
    p = np.maximum(beta.ppf((nodes + 1) / 2, a, (b + x)[:, None]), 1e-12)
    shape, time = (r + x)[:, None], (t / (alpha + T))[:, None]
    return (-np.expm1(-shape * np.log1p(p * time)) / p) @ (weights / 2)


def purchases_if_alive(
    x: np.ndarray, T: np.ndarray, t: float, r: float, alpha: float, a: float, b: float
) -> np.ndarray:
    """Return the expected purchases in the next t days of a customer who is still active.

    Parameters
    ----------
    x, T : repeat purchase days and customer age in days, one value per pair.
    t : days ahead, at least 0.
    r, alpha, a, b : parameters in days; r = 0 where nobody repeats, a = 0 where no dropout
        is identified (the NBD).

    Returns
    -------
    Array like x, finite and at least 0.
    """
    if r == 0:
        return np.zeros(len(x))
    if a == 0:
        return (r + x) / (alpha + T) * t
    # a = 1, and a + b + x = 1, are 0/0 with a finite limit: the function is smooth in a, so
    # a cubic through four neighbours gives the value to about nine digits.
    near = (abs(a - 1) < GAP) | (np.abs(a + b + x - 1) < GAP)
    with np.errstate(all="ignore"):
        values = bg_nbd_closed_form(x, T, t, r, alpha, a, b)
        if near.any():
            offsets = np.array([-4 * GAP, -2 * GAP, 2 * GAP, 4 * GAP])
            weights = [
                np.prod([-o / (offset - o) for o in offsets if o != offset]) for offset in offsets
            ]
            values[near] = sum(
                weight * bg_nbd_closed_form(x[near], T[near], t, r, alpha, a + offset, b)
                for weight, offset in zip(weights, offsets, strict=True)
            )
    lost = ~np.isfinite(values)
    if lost.any():
        values[lost] = bg_nbd_by_quadrature(x[lost], T[lost], t, r, alpha, a, b)
    return np.maximum(values, 0.0)


def active_if_alive(x: np.ndarray, T: np.ndarray, t: float, r: float, alpha: float) -> np.ndarray:
    """Return the probability of at least one purchase in the next t days, if still active.

    The next purchase comes after an exponential time with a gamma-distributed rate:
    1 - ((alpha + T) / (alpha + T + t)) ** (r + x).
    """
    if r == 0:
        return np.zeros(len(x))
    return -np.expm1(-(r + x) * np.log1p(t / (alpha + T)))


def mbg_nbd_purchases_if_alive(
    x: np.ndarray, T: np.ndarray, t: float, r: float, alpha: float, a: float, b: float
) -> np.ndarray:
    """Return the same for the MBG/NBD, in which a customer may drop out after any purchase.

    One more chance to drop out that was not taken: the dropout probability of an active
    customer is Beta(a, b + x + 1) instead of Beta(a, b + x), so this is the BG/NBD with b + 1
    (Batislam, Denizel & Filiztekin 2007; Wagner & Hoppe 2008).
    """
    return purchases_if_alive(x, T, t, r, alpha, a, b + 1)


def pareto_nbd_purchases_if_alive(
    x: np.ndarray, T: np.ndarray, t: float, r: float, alpha: float, s: float, beta: float
) -> np.ndarray:
    """Return the same for the Pareto/NBD.

    Fader & Hardie (2005), "A Note on Deriving the Pareto/NBD Model", eq. 41. With
    w = log((beta + T + t) / (beta + T)) the last factor, (1 - exp(-(s - 1) w)) / (s - 1), is
    w itself at s = 1.
    """
    if r == 0:
        return np.zeros(len(x))
    if s == 0:
        return (r + x) / (alpha + T) * t
    w = np.log1p(t / (beta + T))
    lifetime = w if abs(s - 1) < 1e-12 else -np.expm1(-(s - 1) * w) / (s - 1)
    return (r + x) / (alpha + T) * (beta + T) * lifetime


def pareto_nbd_active_if_alive(
    x: np.ndarray, T: np.ndarray, t: float, r: float, alpha: float, s: float, beta: float
) -> np.ndarray:
    """Return the probability of at least one purchase for the Pareto/NBD, if still active.

    The next purchase is at y if its exponential time is and the customer still lives then:
    with A = alpha + T, B = beta + T and k = r + x the integral from 0 to t of
    k / A * (1 + y / A)^-(k + 1) * (1 + y / B)^-s dy, by Gauss-Legendre in log(m + y), m the
    smaller of A and B, where the integrand is close to an exponential.
    """
    if r == 0:
        return np.zeros(len(x))
    if s == 0:
        return active_if_alive(x, T, t, r, alpha)
    k, A, B = r + x, alpha + T, beta + T
    m = np.minimum(A, B)

    def fallen(u):
        y = m * np.expm1(u)
        return (k + 1) * np.log1p(y / A) + s * np.log1p(y / B) - u

    def slope(u):
        grown = m * np.exp(u)
        return (k + 1) * grown / (A - m + grown) + s * grown / (B - m + grown) - 1

    # The logarithm falls ever faster, so Newton's steps come from beyond and never overshoot.
    end = np.minimum(np.log1p(t / m), NEGLIGIBLE / np.maximum(slope(0.0), 1e-300))
    for _ in range(3):
        excess = np.maximum(fallen(end) - NEGLIGIBLE, 0.0)
        end = end - excess / np.where(excess > 0, slope(end), 1.0)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    total = sum(
        weight / 2 * np.exp(-fallen(end * (node + 1) / 2))
        for node, weight in zip(nodes, weights, strict=True)
    )
    return np.clip(k / A * m * end * total, 0.0, 1.0)


def bg_nbd_active_if_alive(
    x: np.ndarray, T: np.ndarray, t: float, r: float, alpha: float, a: float, b: float
) -> np.ndarray:
    """Return the probability of at least one purchase, which is rid of a and b if alive."""
    return active_if_alive(x, T, t, r, alpha)


# Model -> the purchases, and the probability of one, of a customer who is still active.
MODELS: dict[str, tuple[Callable[..., np.ndarray], Callable[..., np.ndarray]]] = {
    "bg_nbd": (purchases_if_alive, bg_nbd_active_if_alive),
    "mbg_nbd": (mbg_nbd_purchases_if_alive, bg_nbd_active_if_alive),
    "pareto_nbd": (pareto_nbd_purchases_if_alive, pareto_nbd_active_if_alive),
}


def discounted_purchases_if_alive(
    x: np.ndarray,
    T: np.ndarray,
    horizon: float,
    annual_discount_rate: float,
    parameters: dict[str, float],
    purchases: Callable[..., np.ndarray] = purchases_if_alive,
) -> np.ndarray:
    """Return the purchases expected over the horizon, each discounted to today.

    With delta = ln(1 + annual rate) / 365 per day and E[Y(s)] the expected purchases by day
    s, integration by parts of the discounted rate gives
    exp(-delta H) E[Y(H)] + delta * integral from 0 to H of exp(-delta s) E[Y(s)] ds,
    here by Gauss-Legendre with 16 nodes.
    """
    delta = np.log1p(annual_discount_rate) / 365
    total = np.exp(-delta * horizon) * purchases(x, T, horizon, **parameters)
    if delta == 0:
        return total
    nodes, weights = np.polynomial.legendre.leggauss(16)
    for node, weight in zip(nodes, weights, strict=True):
        day = horizon * (node + 1) / 2
        total += (
            delta
            * (horizon / 2 * weight)
            * np.exp(-delta * day)
            * purchases(x, T, day, **parameters)
        )
    return total


def score_pairs(
    pairs: pd.DataFrame,
    parameters: pd.DataFrame,
    activity_days: int,
    horizon_days: int,
    annual_discount_rate: float,
) -> pd.DataFrame:
    """Evaluate every fitted model on the distinct pairs of its as-of role.

    Parameters
    ----------
    pairs : as_of_role, repeat_count, customer_age_days, holdout_days (0 where nothing after
        the as-of date has been observed); distinct.
    parameters : as_of_role, model, parameter, estimate; time in days.

    Returns
    -------
    One row per role, model and pair, with the columns COLUMNS; 90d and 365d stand for
    `activity_days` and `horizon_days`, holdout for the days of the holdout, in the case of
    active at most `activity_days` of them.
    """
    pairs = pairs.sort_values(["as_of_role", "repeat_count", "customer_age_days"])
    frames = []
    for (role, model_name), fitted in parameters.groupby(["as_of_role", "model"], sort=True):
        estimates = {
            str(name): float(value)
            for name, value in zip(fitted["parameter"], fitted["estimate"], strict=True)
        }
        frame = pairs[pairs["as_of_role"] == role].assign(model=str(model_name))
        x = frame["repeat_count"].to_numpy("float64")
        T = frame["customer_age_days"].to_numpy("float64")
        purchases, active = MODELS[str(model_name)]
        holdout = int(frame["holdout_days"].max()) if len(frame) else 0
        frame["active_if_alive_90d"] = active(x, T, activity_days, **estimates)
        frame["purchases_if_alive_90d"] = purchases(x, T, activity_days, **estimates)
        frame["purchases_if_alive_365d"] = purchases(x, T, horizon_days, **estimates)
        frame["discounted_purchases_if_alive_365d"] = discounted_purchases_if_alive(
            x, T, horizon_days, annual_discount_rate, estimates, purchases
        )
        frame["active_if_alive_holdout"] = active(x, T, min(activity_days, holdout), **estimates)
        frame["purchases_if_alive_holdout"] = purchases(x, T, holdout, **estimates)
        frames.append(frame[list(COLUMNS)])
    empty = pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(frames or [empty], ignore_index=True).astype(COLUMNS)


def model(dbt, session):
    """Write the lookup of forecasts by repeat count and customer age."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy"])
    frame = score_pairs(
        to_frame(dbt.ref("int_customer_value__repeat_count_ages")),
        to_frame(dbt.ref("fit_customer_value__purchase_models")),
        activity_days=int(dbt.config.meta_get("activity_days")),
        horizon_days=int(dbt.config.meta_get("horizon_days")),
        annual_discount_rate=float(dbt.config.meta_get("annual_discount_rate")),
    )
    engine = type(session).__module__.split(".")[0]
    if engine == "pyspark":
        return session.createDataFrame(frame)
    # Snowflake keeps a frame's lower case, and then knows the names in quotes only.
    return frame.rename(columns=str.upper) if engine == "snowflake" else frame
