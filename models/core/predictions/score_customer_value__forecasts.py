"""Evaluate the purchase models, once per distinct customer history and window of days ahead.

In all three purchase models the forecast of a customer is P(alive | x, t_x, T) times that of a
customer who is certainly active, and the second factor does not depend on t_x: given that the
customer is still active, the last purchase says nothing more. So the expensive functions are
evaluated on the distinct (x, T) only, and SQL scores any number of customers exactly.

P(alive) of the Pareto/NBD is in the same lookup: a customer with (x, t_x, T) was active at the
age t_x and has been silent for T - t_x days since, which is `alive_if_silent` of that window.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import hyp2f1
from scipy.stats import beta as beta_distribution
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

KEYS = {
    "as_of_role": "string",
    "model": "string",
    "repeat_count": "int64",
    "customer_age_days": "int64",
    "month_ahead": "int64",
    "from_day": "float64",
    "to_day": "float64",
}
MEASURES = {
    "alive_if_alive": "float64",
    "alive_if_silent": "float64",
    "active_if_alive": "float64",
    "active_so_far_if_alive": "float64",
    "purchases_if_alive": "float64",
    "discounted_purchases_if_alive": "float64",
}
COLUMNS = {**KEYS, **MEASURES}
# Keys that are evaluated together.
BLOCK_SIZE = 20_000
# Nodes of the quadrature of a race, and the logarithm of how much its integrand must have
# fallen before the rest is left out.
RACE_NODES = np.polynomial.legendre.leggauss(32)
NEGLIGIBLE = 36.0
# Most nodes of the quadrature of the purchase rate.
MOST_NODES = 64
# Quantiles of the dropout probability where the special function overflows.
QUANTILES = np.polynomial.legendre.leggauss(48)
# A factor below this leaves no digits to what it is multiplied with.
SMALLEST_FACTOR = 1e-280


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


def beta_mean_of_power(k: np.ndarray, a: float, c: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return the mean of (1 + p z) ** -k over p, which is Beta(a, c - a).

    That is 2F1(k, a; c; -z), by Pfaff's transformation, after which the parameters that grow
    with the number of purchases are c's alone. For parameters so large that it overflows it
    is the mean itself, by quadrature over the quantiles of p, good to a few digits.
    """
    # SciPy's function loses digits where its parameters are whole numbers.
    near_a = a * (1 + 1e-12)
    with np.errstate(all="ignore"):
        factor = (1 + z) ** -near_a
        mean = factor * hyp2f1(near_a, c - k, c, z / (1 + z))
    lost = ~np.isfinite(mean) | (factor < SMALLEST_FACTOR)
    if lost.any():
        nodes, weights = QUANTILES
        # The quantiles are dear, and depend on the number of purchases alone.
        passed, place = np.unique((c - a)[lost], return_inverse=True)
        p = beta_distribution.ppf((nodes + 1) / 2, a, passed[:, None])[place]
        powers = np.exp(-k[lost, None] * np.log1p(p * z[lost, None]))
        mean[lost] = powers @ (weights / 2)
    return mean


def race(
    k: np.ndarray | float,
    A: np.ndarray,
    s: np.ndarray | float,
    B: np.ndarray,
    t: np.ndarray | float,
) -> np.ndarray:
    """Return the probability that one event comes within t days, and before another.

    Parameters
    ----------
    k, A : the event's rate is gamma-distributed with shape k > 0 and rate A.
    s, B : that of the other one, likewise.
    t : days, at least 0.

    Notes
    -----
    The integral from 0 to t of k / A * (1 + y / A)^-(k + 1) * (1 + y / B)^-s dy. As a
    difference of two hypergeometric functions it would cancel to noise. Here it is a sum of
    positive terms: Gauss-Legendre in log(m + y), m the smaller of A and B, where the integrand
    is close to an exponential, cut off where it has become negligible.
    """
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
    total = sum(
        weight / 2 * np.exp(-fallen(end * (node + 1) / 2))
        for node, weight in zip(*RACE_NODES, strict=True)
    )
    return k / A * m * end * total


class BgNbd:
    """The BG/NBD of a customer who is active today; with b + 1 the MBG/NBD.

    The purchase rate is gamma-distributed with shape k = r + x and rate A = alpha + T, the
    chance p to drop out after a purchase is Beta(a, b + x) (Fader, Hardie & Lee 2005): the
    customer lives for s days with probability exp(-rate p s). a = 0 is the NBD, r = 0 says
    that nobody repeats. In the MBG/NBD there is one more chance to drop out that an active
    customer did not take (Batislam, Denizel & Filiztekin 2007; Wagner & Hoppe 2008).
    """

    def __init__(self, x: np.ndarray, T: np.ndarray, r: float, alpha: float, a: float, b: float):
        self.k, self.a, self.c, self.r = r + x, a, a + b + x, r
        # Where nobody repeats there is no alpha, and no use of it.
        self.A = self.scale = alpha + T if r > 0 else np.ones(len(x))
        self.dropout = a

    def _mean(self, k: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.ones(len(k)) if self.a == 0 else beta_mean_of_power(k, self.a, self.c, z)

    def alive(self, s: np.ndarray) -> np.ndarray:
        """Return the probability to be active s days from now."""
        return np.ones(len(self.A)) if self.r == 0 else self._mean(self.k, s / self.A)

    def alive_if_silent(self, s: np.ndarray) -> np.ndarray:
        """Return the same of a customer who has bought nothing until then: nobody has left.

        Here a customer can only leave after a purchase.
        """
        return np.ones(len(self.A))

    def rate(self, s: np.ndarray) -> np.ndarray:
        """Return the expected purchases per day, s days from now."""
        if self.r == 0:
            return np.zeros(len(self.A))
        return self.k / self.A * self._mean(self.k + 1, s / self.A)

    def active(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return the probability of a purchase between two days: alive, and not silent."""
        if self.r == 0:
            return np.zeros(len(self.A))
        d = (end - start) / self.A
        silent = (1 + d) ** -self.k * self._mean(self.k, start / self.A / (1 + d))
        return self._mean(self.k, start / self.A) - silent


class ParetoNbd:
    """The Pareto/NBD of a customer who is active today.

    The purchase rate is gamma-distributed with shape k = r + x and rate A = alpha + T, the
    rate of dropping out with shape s and rate B = beta + T (Schmittlein, Morrison & Colombo
    1987; Fader & Hardie 2005, "A Note on Deriving the Pareto/NBD Model"). s = 0 is the NBD.
    """

    def __init__(self, x: np.ndarray, T: np.ndarray, r: float, alpha: float, s: float, beta: float):
        self.k, self.r = r + x, r
        self.s = self.dropout = s if s > 0 else 0.0
        self.A = alpha + T if r > 0 else np.ones(len(x))
        self.B = beta + T if s > 0 else np.ones(len(x))
        # The days in which the rate begins to fall.
        self.scale = np.minimum(self.A, self.B) if s > 0 else self.A

    def alive(self, s: np.ndarray) -> np.ndarray:
        """Return the probability to be active s days from now."""
        return np.ones(len(self.A)) if self.r == 0 else (1 + s / self.B) ** -self.s

    def alive_if_silent(self, s: np.ndarray) -> np.ndarray:
        """Return the same of a customer who has bought nothing until then.

        The odds against it are those of having left before the next purchase and within s
        days, over those of neither.
        """
        if self.r == 0 or self.s == 0:
            return np.ones(len(self.A))
        log_neither = -self.k * np.log1p(s / self.A) - self.s * np.log1p(s / self.B)
        with np.errstate(divide="ignore"):
            log_odds = np.log(race(self.s, self.B, self.k, self.A, s)) - log_neither
        return 1 / (1 + np.exp(np.minimum(log_odds, 700.0)))

    def rate(self, s: np.ndarray) -> np.ndarray:
        """Return the expected purchases per day, s days from now."""
        if self.r == 0:
            return np.zeros(len(self.A))
        return self.k / self.A * self.alive(s)

    def active(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return the probability of a purchase between two days.

        Alive at the start, and the next purchase comes before the customer leaves.
        """
        if self.r == 0:
            return np.zeros(len(self.A))
        return self.alive(start) * race(self.k, self.A, self.s, self.B + start, end - start)


def active_customers(
    model: str, x: np.ndarray, T: np.ndarray, parameters: dict[str, float]
) -> BgNbd | ParetoNbd:
    """Return active customers with x repeat purchases and an age of T days, under a model.

    Parameters
    ----------
    model : bg_nbd, mbg_nbd or pareto_nbd.
    x, T : one value per customer.
    parameters : in days; r and alpha, with a and b or with s and beta.
    """
    if model == "pareto_nbd":
        return ParetoNbd(x, T, **parameters)
    passed = parameters["b"] + (1 if model == "mbg_nbd" else 0)
    return BgNbd(x, T, **{**parameters, "b": passed})


def nodes_needed(customers: BgNbd | ParetoNbd, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return how many nodes each window's quadrature needs, in steps of eight.

    It depends on the customer and the window alone, so that a forecast does not depend on which
    others are evaluated with it.
    """
    length = np.log1p(end / customers.scale) - np.log1p(start / customers.scale)
    needed = np.minimum(8 + length * (3 + customers.dropout), MOST_NODES)
    return (8 * np.ceil(needed / 8)).astype(int)


def purchases_between(
    customers: BgNbd | ParetoNbd, start: np.ndarray, end: np.ndarray, delta: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the expected purchases between two days, and the same discounted to today.

    The integral of the purchase rate by Gauss-Legendre in log(1 + s / m), m the smaller of A and
    B, in which the rate is close to an exponential: the longer the range and the steeper the fall,
    the more nodes.
    That leaves an error of 1e-11 of the value or less, as the tests show against integrals
    that are done another way.
    """
    m = customers.scale
    lower, upper = np.log1p(start / m), np.log1p(end / m)
    count = int(np.max(nodes_needed(customers, start, end), initial=8))
    purchases, discounted = np.zeros(len(customers.A)), np.zeros(len(customers.A))
    for node, weight in zip(*np.polynomial.legendre.leggauss(count), strict=True):
        u = lower + (upper - lower) * (node + 1) / 2
        s = m * np.expm1(u)
        part = weight / 2 * (upper - lower) * customers.rate(s) * (m + s)
        purchases += part
        discounted += part * np.exp(-delta * s)
    return purchases, discounted


def blocks(keys: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the keys of one model in blocks of alike windows, which need alike many nodes."""
    ordered = keys.sort_values(["from_day", "to_day", "customer_age_days", "repeat_count"])
    for first in range(0, len(ordered), BLOCK_SIZE):
        yield ordered.iloc[first : first + BLOCK_SIZE]


def score_forecasts(
    keys: pd.DataFrame, parameters: pd.DataFrame, annual_discount_rate: float
) -> pd.DataFrame:
    """Evaluate the fitted models at the keys.

    Parameters
    ----------
    keys : the columns KEYS; distinct.
    parameters : as_of_role, model, replicate, parameter, estimate; time in days. Replicate 0 is
        the estimate.
    annual_discount_rate : a purchase s days ahead counts (1 + rate) ** -(s / 365).

    Returns
    -------
    One row per key whose model was fitted, with the columns COLUMNS.
    """
    delta = np.log1p(annual_discount_rate) / 365
    frames = []
    estimated = parameters[parameters["replicate"] == 0]
    for (role, model), fitted in estimated.groupby(["as_of_role", "model"], sort=True):
        estimates = {
            str(name): float(value)
            for name, value in zip(fitted["parameter"], fitted["estimate"], strict=True)
        }
        # None of the spend model, whose forecast is arithmetic.
        wanted = keys[(keys["as_of_role"] == role) & (keys["model"] == model)]
        for block in blocks(wanted):
            x, T, start, end = (
                block[name].to_numpy("float64")
                for name in ("repeat_count", "customer_age_days", "from_day", "to_day")
            )
            customers = active_customers(str(model), x, T, estimates)
            needed = nodes_needed(customers, start, end)
            purchases, discounted = np.empty(len(block)), np.empty(len(block))
            for count in np.unique(needed):
                alike = needed == count
                purchases[alike], discounted[alike] = purchases_between(
                    active_customers(str(model), x[alike], T[alike], estimates),
                    start[alike],
                    end[alike],
                    delta,
                )
            frames.append(
                block.assign(
                    alive_if_alive=np.clip(customers.alive(end), 0, 1),
                    alive_if_silent=np.clip(customers.alive_if_silent(end), 0, 1),
                    active_if_alive=np.clip(customers.active(start, end), 0, 1),
                    active_so_far_if_alive=np.clip(customers.active(0 * end, end), 0, 1),
                    purchases_if_alive=purchases,
                    discounted_purchases_if_alive=discounted,
                )
            )
    scored = pd.concat(frames) if frames else pd.DataFrame(columns=list(COLUMNS))
    return scored[list(COLUMNS)].astype(COLUMNS).sort_values(list(KEYS), ignore_index=True)


def model(dbt, session):
    """Write the lookup of forecasts by model, history and window."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy", "threadpoolctl"])
    frame = score_forecasts(
        to_frame(dbt.ref("int_customer_value__forecast_keys")),
        to_frame(dbt.ref("fit_customer_value__forecast_models")),
        annual_discount_rate=float(dbt.config.meta_get("annual_discount_rate")),
    )
    return to_relation(frame, session)
