"""Fit the Gamma-Gamma spend model of each as-of role.

The input is one row per distinct (number of paid repeat days x, their mean spend m) with
the number of customers who share it. The likelihood is that of lifetimes, to which the tests hold
it, with its gradient in closed form, as for the purchase models.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import OptimizeResult, minimize
from scipy.special import gammaln, psi
from threadpoolctl import threadpool_limits

# Minus the mean log-likelihood at some log parameters, and its gradient.
Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]

NAMES = ("p", "q", "v")
# Logs of the parameters, with spend in units of its mean.
STARTS = ((1.0, 1.0, 0.5), (0.0, 1.0, 0.0), (2.0, 2.0, -1.0), (3.0, 0.5, -3.0))
BOUND = 10.0
AGREEMENT = 1e-3
# The starts are compared on a systematic sample of about this many patterns; where they all
# lead to one optimum there, all patterns are searched from it only.
SEARCH_PATTERNS = 2000

COLUMNS = {
    "as_of_role": "string",
    "model": "string",
    "parameter": "string",
    "estimate": "float64",
    "standard_error": "float64",
    "log_likelihood": "float64",
    "customer_count": "int64",
    "fit_customer_count": "int64",
    "is_converged": "bool",
    "is_boundary": "bool",
    "finding": "string",
    "mean_purchase_value": "float64",
    "frequency_spend_correlation": "float64",
}


@dataclass(frozen=True)
class SpendFit:
    """What the fit found; the estimates are NaN where everyone is given the mean instead."""

    estimates: tuple[float, float, float]
    standard_errors: tuple[float, float, float]
    log_likelihood: float
    is_converged: bool
    is_boundary: bool
    finding: str
    mean_purchase_value: float


def to_frame(relation) -> pd.DataFrame:
    """Turn what ``dbt.ref`` gives on any engine into a frame with lower-case columns."""
    for name in ("to_pandas", "toPandas", "df"):
        convert = getattr(relation, name, None)
        if callable(convert):
            relation = convert()
            break
    return relation.rename(columns=str.lower)


def fall_back(mean: float, is_converged: bool, finding: str) -> SpendFit:
    """Return the fit that expects the same mean of everybody."""
    nothing = (np.nan, np.nan, np.nan)
    return SpendFit(nothing, nothing, np.nan, is_converged, True, finding, mean)


def gamma_gamma_objective(log_parameters, x, m, weights) -> tuple[float, np.ndarray]:
    """Return minus the mean log-likelihood of the Gamma-Gamma model, and its gradient.

    Fader & Hardie (2013), eq. 1a, at the logs of p, q and v: with k = p x the likelihood of a
    mean spend m over x days is

        Gamma(k + q) / (Gamma(k) Gamma(q)) v^q m^(k - 1) x^k (x m + v)^-(k + q).
    """
    p, q, v = np.exp(log_parameters)
    # What depends on x alone is summed over its few values, which begin at 1.
    customers = np.bincount(x.astype("intp"), weights)[1:]
    x_values = np.arange(1, len(customers) + 1)
    k = p * x_values
    total = weights.sum()
    spend = x * m
    log_spend, log_end = np.log(spend), np.log(spend + v)
    shape_sum = p * x + q
    psi_sum = psi(k + q)
    value = np.sum(customers * (gammaln(k + q) - gammaln(k))) + np.sum(
        weights * (p * x * log_spend - np.log(m) - shape_sum * log_end)
    )
    by_p = np.sum(customers * x_values * (psi_sum - psi(k))) + np.sum(
        weights * x * (log_spend - log_end)
    )
    by_q = np.sum(customers * psi_sum) - np.sum(weights * log_end)
    by_v = -np.sum(weights * shape_sum / (spend + v))
    value += total * (q * np.log(v) - gammaln(q))
    by_q += total * (np.log(v) - psi(q))
    by_v += total * q / v
    return -float(value) / total, -np.array([p * by_p, q * by_q, v * by_v]) / total


def hessian(objective: Objective, point: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Return the matrix of second derivatives at `point`, by differences of the gradient."""
    rows = [
        (objective(point + shift)[1] - objective(point - shift)[1]) / (2 * step)
        for shift in np.eye(len(point)) * step
    ]
    return (np.array(rows) + np.array(rows).T) / 2


def search_from_starts(
    x: np.ndarray, m: np.ndarray, weights: np.ndarray
) -> tuple[list[OptimizeResult], int]:
    """Search from every start; return the finite ends and how many of the starts agree.

    Of many patterns every n-th is searched first: where all starts end in one optimum there,
    that is where the search of all patterns starts.
    """

    def finite_ends(data, starts):
        runs = [
            minimize(
                gamma_gamma_objective,
                start,
                args=data,
                jac=True,
                method="L-BFGS-B",
                bounds=[(-BOUND, BOUND)] * 3,
                options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 500},
            )
            for start in starts
        ]
        return [run for run in runs if np.isfinite(run.fun)]

    def count_agreeing(runs, customers):
        values = [run.fun for run in runs]
        tolerance = max(AGREEMENT, 1e-8 * abs(min(values)) * customers) / customers
        return sum(value - min(values) <= tolerance for value in values)

    data = (x, m, weights)
    stride = len(x) // SEARCH_PATTERNS
    if stride > 1:
        sample = tuple(column[::stride] for column in data)
        runs = finite_ends(sample, STARTS)
        if len(runs) == len(STARTS) and count_agreeing(runs, sample[-1].sum()) == len(STARTS):
            ends = finite_ends(data, [min(runs, key=lambda run: run.fun).x])
            if ends and ends[0].success:
                return ends, len(STARTS)
    runs = finite_ends(data, STARTS)
    return runs, count_agreeing(runs, weights.sum()) if runs else 0


def fit_gamma_gamma(x: np.ndarray, m: np.ndarray, weights: np.ndarray) -> SpendFit:
    """Fit p, q and v of the Gamma-Gamma model by maximum likelihood.

    Parameters
    ----------
    x : paid repeat days, at least 1. m : mean spend of those days, above 0, in currency.
    weights : customers per row, at least one in all.

    Returns
    -------
    SpendFit. Never raises for thin data: where spend does not vary, or the fitted mean is
    infinite (q <= 1), everybody is expected to spend the observed mean.

    References
    ----------
    Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value", eq. 1a.
    """
    customers = weights.sum()
    # Per purchase, as the model's own mean is: customers weighted by nothing but themselves.
    mean = float((weights * m).sum() / customers)
    if np.ptp(m) <= 1e-9 * mean:
        return fall_back(
            mean,
            True,
            "no variation in spend identified: every customer's mean is the same, so "
            "everybody is expected to spend it.",
        )

    scaled = m / mean

    runs, agreeing = search_from_starts(x, scaled, weights)
    if not runs:
        return fall_back(
            mean,
            False,
            "Not converged: the likelihood is not finite from any start, so everybody is "
            "expected to spend the observed mean.",
        )
    best = min(runs, key=lambda run: run.fun)
    p, q, v = np.exp(best.x) * (1.0, 1.0, mean)
    if q <= 1:
        return fall_back(
            mean,
            agreeing >= 2,
            "The fitted spend has no finite mean (q is at most 1), so everybody is expected "
            "to spend the observed mean.",
        )

    is_free = np.abs(best.x) < BOUND - 0.01
    errors = np.full(3, np.nan)
    if is_free.all():
        curvature = hessian(lambda point: gamma_gamma_objective(point, x, scaled, weights), best.x)
        # By the delta method the covariance is outer(p, p) times the inverse information.
        variances = np.diag(np.linalg.pinv(customers * curvature))
        if np.all(variances > 0):
            errors = np.exp(best.x) * np.sqrt(variances) * (1.0, 1.0, mean)
    sentences = [
        f"Converged: {agreeing} of {len(STARTS)} starts agree."
        if agreeing >= 2
        else f"Not converged: only one of {len(STARTS)} starts reached the best likelihood."
    ]
    if not is_free.all():
        at_limit = [name for name, free in zip(NAMES, is_free, strict=True) if not free]
        sentences.append(
            f"The data set no limit to {' and '.join(at_limit)}; the expected spend is "
            "finite, the single parameters mean little."
        )
    if customers < 100:
        sentences.append(
            f"Too few to rely on: customers with a paid repeat purchase: {int(customers)}."
        )
    return SpendFit(
        (float(p), float(q), float(v)),
        (float(errors[0]), float(errors[1]), float(errors[2])),
        float(-best.fun * customers - customers * np.log(mean)),
        agreeing >= 2,
        not is_free.all(),
        " ".join(sentences),
        float(v * p / (q - 1)),
    )


def weighted_correlation(x: np.ndarray, m: np.ndarray, weights: np.ndarray) -> float:
    """Return the correlation of frequency and mean spend over customers, NaN if constant."""
    x_deviation = x - np.average(x, weights=weights)
    m_deviation = m - np.average(m, weights=weights)
    spread = np.sqrt((weights * x_deviation**2).sum() * (weights * m_deviation**2).sum())
    if not spread > 0:
        return np.nan
    return float((weights * x_deviation * m_deviation).sum() / spread)


def fit_spend_model(patterns: pd.DataFrame, populations: pd.DataFrame) -> pd.DataFrame:
    """Fit the spend model for every as-of role.

    Parameters
    ----------
    patterns : as_of_role, paid_repeat_count, mean_repeat_value, customer_count.
    populations : as_of_role, customer_count, revenue_per_purchase_day; one row per role.

    Returns
    -------
    One row per role and parameter, with the columns COLUMNS; money in the input's currency.
    """
    patterns = patterns.sort_values(list(patterns.columns))
    rows = []
    for population in populations.sort_values("as_of_role").to_dict("records"):
        role = population["as_of_role"]
        group = patterns[patterns["as_of_role"] == role]
        x, m, weights = (
            group[column].to_numpy("float64")
            for column in ("paid_repeat_count", "mean_repeat_value", "customer_count")
        )
        correlation = np.nan
        if len(group) == 0:
            fit = fall_back(
                float(population["revenue_per_purchase_day"]),
                True,
                "Nobody has paid for a second purchase, so everybody is expected to spend "
                "the mean of all purchase days.",
            )
        else:
            # Three parameters leave threads nothing to do but to wait for one another.
            with threadpool_limits(1):
                fit = fit_gamma_gamma(x, m, weights)
            correlation = weighted_correlation(x, m, weights)
        rows += [
            {
                "as_of_role": role,
                "model": "gamma_gamma",
                "parameter": name,
                "estimate": estimate,
                "standard_error": error,
                "log_likelihood": fit.log_likelihood,
                "customer_count": int(population["customer_count"]),
                "fit_customer_count": int(weights.sum()),
                "is_converged": fit.is_converged,
                "is_boundary": fit.is_boundary,
                "finding": fit.finding,
                "mean_purchase_value": fit.mean_purchase_value,
                "frequency_spend_correlation": correlation,
            }
            for name, estimate, error in zip(NAMES, fit.estimates, fit.standard_errors, strict=True)
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def model(dbt, session):
    """Write the parameters of the spend model, with the verdict on each fit."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy", "threadpoolctl"])
    frame = fit_spend_model(
        to_frame(dbt.ref("int_customer_value__spend_patterns")),
        to_frame(dbt.ref("int_customer_value__populations")),
    )
    engine = type(session).__module__.split(".")[0]
    if engine == "pyspark":
        return session.createDataFrame(frame)
    # Snowflake keeps a frame's lower case, and then knows the names in quotes only.
    return frame.rename(columns=str.upper) if engine == "snowflake" else frame
