"""Write the forecast of a customer who is still active, month by month, per distinct (x, T).

As in score_expected_purchases nothing here depends on t_x: times the probability to be alive
it is the forecast of every customer with these two. A month is a twelfth of a year of 365
days, so that month 12 ends on day 365.
"""

import numpy as np
import pandas as pd
from scipy.special import hyp2f1
from scipy.stats import beta as beta_distribution

COLUMNS = {
    "repeat_count": "int64",
    "customer_age_days": "int64",
    "month_ahead": "int64",
    "alive_if_alive": "float64",
    "active_if_alive": "float64",
    "active_so_far_if_alive": "float64",
    "purchases_if_alive": "float64",
    "discounted_purchases_if_alive": "float64",
}
MONTHS = 24
MONTH_DAYS = 365 / 12
NODES, WEIGHTS = np.polynomial.legendre.leggauss(6)
# Of an integrand that may fall steeply at one end.
MANY_NODES, MANY_WEIGHTS = np.polynomial.legendre.leggauss(48)
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


def beta_mean_of_power(k: np.ndarray, a: float, c: np.ndarray, z: np.ndarray | float) -> np.ndarray:
    """Return the mean of (1 + p z) ** -k over p, which is Beta(a, c - a).

    That is 2F1(k, a; c; -z), by Pfaff's transformation, after which the parameters that grow
    with the number of purchases are c's alone. For parameters so large that it overflows it
    is the mean itself, by quadrature over the quantiles of p, good to a few digits.
    """
    # SciPy's function loses digits where its parameters are whole numbers.
    near_a = a * (1 + 1e-12)
    z = np.broadcast_to(z, k.shape)
    with np.errstate(all="ignore"):
        factor = (1 + z) ** -near_a
        mean = factor * hyp2f1(near_a, c - k, c, z / (1 + z))
    lost = ~np.isfinite(mean) | (factor < SMALLEST_FACTOR)
    if lost.any():
        p = beta_distribution.ppf((MANY_NODES + 1) / 2, a, (c - a)[lost, None])
        powers = np.exp(-k[lost, None] * np.log1p(p * z[lost, None]))
        mean[lost] = powers @ (MANY_WEIGHTS / 2)
    return mean


class BgNbd:
    """The BG/NBD of a customer who is active today; with b + 1 the MBG/NBD.

    The purchase rate is gamma-distributed with shape k = r + x and rate A = alpha + T, the
    chance p to drop out after a purchase is Beta(a, b + x) (Fader, Hardie & Lee 2005): the
    customer lives for s days with probability exp(-rate p s). a = 0 is the NBD, r = 0 says
    that nobody repeats.
    """

    def __init__(self, x: np.ndarray, T: np.ndarray, r: float, alpha: float, a: float, b: float):
        self.k, self.a, self.c, self.r = r + x, a, a + b + x, r
        # Where nobody repeats there is no alpha, and no use of it.
        self.A = alpha + T if r > 0 else np.ones(len(x))

    def _mean(self, k: np.ndarray, z: np.ndarray | float) -> np.ndarray:
        return np.ones(len(k)) if self.a == 0 else beta_mean_of_power(k, self.a, self.c, z)

    def alive(self, s: float) -> np.ndarray:
        """Return the probability to be active s days from now."""
        return np.ones(len(self.A)) if self.r == 0 else self._mean(self.k, s / self.A)

    def rate(self, s: np.ndarray) -> np.ndarray:
        """Return the expected purchases per day, s days from now."""
        if self.r == 0:
            return np.zeros(len(self.A))
        return self.k / self.A * self._mean(self.k + 1, s / self.A)

    def active(self, start: float, end: float) -> np.ndarray:
        """Return the probability of a purchase between two days: alive, and not silent."""
        if self.r == 0:
            return np.zeros(len(self.A))
        d = (end - start) / self.A
        silent = (1 + d) ** -self.k * self._mean(self.k, start / self.A / (1 + d))
        return self._mean(self.k, start / self.A) - silent


class ParetoNbd:
    """The Pareto/NBD of a customer who is active today.

    The purchase rate is gamma-distributed with shape k = r + x and rate A = alpha + T, the
    rate of dropping out with shape s and rate B = beta + T (Fader & Hardie 2005). s = 0 is the
    NBD.
    """

    def __init__(self, x: np.ndarray, T: np.ndarray, r: float, alpha: float, s: float, beta: float):
        self.k, self.s, self.r = r + x, s, r
        self.A = alpha + T if r > 0 else np.ones(len(x))
        self.B = beta + T if s > 0 else np.ones(len(x))

    def alive(self, s: float | np.ndarray) -> np.ndarray:
        """Return the probability to be active s days from now."""
        return np.ones(len(self.A)) if self.r == 0 else (1 + s / self.B) ** -self.s

    def rate(self, s: np.ndarray) -> np.ndarray:
        """Return the expected purchases per day, s days from now."""
        if self.r == 0:
            return np.zeros(len(self.A))
        return self.k / self.A * self.alive(s)

    def active(self, start: float, end: float) -> np.ndarray:
        """Return the probability of a purchase between two days.

        Alive at the start, and still alive when the next purchase comes y days later: the
        mean of (1 + y / (B + start)) ** -s over the time y, whose survival function
        v = (1 + y / A) ** -k is the variable of the integral.
        """
        if self.r == 0:
            return np.zeros(len(self.A))
        last = (1 + (end - start) / self.A) ** -self.k
        total = np.zeros(len(self.A))
        for node, weight in zip(MANY_NODES, MANY_WEIGHTS, strict=True):
            v = last + (1 - last) * (node + 1) / 2
            y = self.A * np.expm1(-np.log(v) / self.k)
            total += weight / 2 * (1 + y / (self.B + start)) ** -self.s
        return self.alive(start) * (1 - last) * total


def purchases_between(
    model: BgNbd | ParetoNbd, start: float, end: float, delta: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the expected purchases between two days, and the same discounted to today.

    The integral of the purchase rate by Gauss-Legendre in log(1 + s / A), in which the rate is
    close to an exponential.
    """
    lower, upper = np.log1p(start / model.A), np.log1p(end / model.A)
    purchases, discounted = np.zeros(len(model.A)), np.zeros(len(model.A))
    for node, weight in zip(NODES, WEIGHTS, strict=True):
        u = lower + (upper - lower) * (node + 1) / 2
        s = model.A * np.expm1(u)
        part = weight / 2 * (upper - lower) * model.rate(s) * (model.A + s)
        purchases += part
        discounted += part * np.exp(-delta * s)
    return purchases, discounted


def score_months(
    pairs: pd.DataFrame, parameters: pd.DataFrame, model_name: str, annual_discount_rate: float
) -> pd.DataFrame:
    """Evaluate one model on the distinct pairs of the current date.

    Parameters
    ----------
    pairs : as_of_role, repeat_count, customer_age_days; distinct.
    parameters : as_of_role, model, parameter, estimate; time in days.

    Returns
    -------
    One row per pair and month ahead, with the columns COLUMNS.
    """
    fitted = parameters[
        (parameters["as_of_role"] == "current") & (parameters["model"] == model_name)
    ]
    keys = ["repeat_count", "customer_age_days"]
    pairs = pairs[pairs["as_of_role"] == "current"].sort_values(keys)[keys]
    if not len(pairs) or not len(fitted):
        return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
    estimates = {
        str(name): float(value)
        for name, value in zip(fitted["parameter"], fitted["estimate"], strict=True)
    }
    x, T = (pairs[key].to_numpy("float64") for key in keys)
    model: BgNbd | ParetoNbd
    if model_name == "pareto_nbd":
        model = ParetoNbd(x, T, **estimates)
    else:
        # In the MBG/NBD there is one more chance to drop out that was not taken.
        estimates["b"] += 1 if model_name == "mbg_nbd" else 0
        model = BgNbd(x, T, **estimates)
    delta = np.log1p(annual_discount_rate) / 365
    frames = []
    for month in range(1, MONTHS + 1):
        start, end = MONTH_DAYS * (month - 1), MONTH_DAYS * month
        purchases, discounted = purchases_between(model, start, end, delta)
        frames.append(
            pairs.assign(
                month_ahead=month,
                alive_if_alive=np.clip(model.alive(end), 0, 1),
                active_if_alive=np.clip(model.active(start, end), 0, 1),
                active_so_far_if_alive=np.clip(model.active(0, end), 0, 1),
                purchases_if_alive=purchases,
                discounted_purchases_if_alive=discounted,
            )
        )
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)].astype(COLUMNS)


def model(dbt, session):
    """Write the lookup of monthly forecasts by repeat count and customer age."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy"])
    frame = score_months(
        to_frame(dbt.ref("int_customer_value__repeat_count_ages")),
        to_frame(dbt.ref("fit_customer_value__purchase_models")),
        model_name=str(dbt.config.meta_get("purchase_model")),
        annual_discount_rate=float(dbt.config.meta_get("annual_discount_rate")),
    )
    if type(session).__module__.startswith("pyspark."):
        return session.createDataFrame(frame)
    return frame
