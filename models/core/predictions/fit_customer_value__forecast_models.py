"""Fit the models of when customers buy and of what they spend, for each as-of role.

The purchase models (BG/NBD, MBG/NBD, Pareto/NBD) see patterns: (repeat_count x,
last_purchase_age_days t_x, customer_age_days T) with the number of customers who share it; the
weighted likelihood of the patterns is that of the customers. The spend model (Gamma-Gamma) sees
(paid repeat days x, their mean spend m), likewise. The likelihoods are those of lifetimes, to
which the tests hold them, with their gradients in closed form: derived automatically, they take
ten times as long. That of the Pareto/NBD is also a number where lifetimes' is NaN, for a customer
who bought on the as-of date.

The search around them is ours, since a nightly build must not die of a fit: it starts from
several points, accepts by agreement of the log-likelihood, and writes what it found as a
sentence. Of the model in use today the fit is repeated on resampled customers; the parameters of
each of these replicates are rows like the estimates, which are replicate 0. It is one file because
all fits share the search and the refits repeat them from the same likelihoods.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import OptimizeResult, minimize
from scipy.special import expit, gammaln, psi
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

# Minus the mean log-likelihood of (log parameters, data, weights), and its gradient.
Objective = Callable[..., tuple[float, np.ndarray]]

# Parameters measured in time; the others have no unit.
TIME_PARAMETERS = ("alpha", "beta")
# Logs of the parameters, in a time unit in which the oldest customer is 1 old.
STARTS = (
    (-1.0, -1.0, -0.5, 0.5),
    (0.0, 0.0, 0.0, 0.0),
    (-2.0, -3.0, -2.0, 1.0),
    (1.0, 1.0, -3.0, 3.0),
)
# Where no two starts agree, as on a flat ridge, the best end is searched again from around it.
SHIFTS = (
    (0.5, 0.5, 0.5, 0.5),
    (-0.5, -0.5, -0.5, -0.5),
    (0.5, 0.5, -0.5, -0.5),
    (-0.5, -0.5, 0.5, 0.5),
)
# The starts are compared on a systematic sample of about this many patterns; where they all
# lead to one optimum there, all patterns are searched from it only.
SEARCH_PATTERNS = 2000
# Nodes of the quadrature in the likelihood of the Pareto/NBD, and the logarithm of how much
# its integrand must have fallen before the rest is left out.
NODES = 16
QUADRATURE = np.polynomial.legendre.leggauss(NODES)
PATTERNS_PER_BLOCK = 2048
NEGLIGIBLE = 36.0
# Beyond e^10 a parameter says "as good as infinite", below e^-10 "as good as zero".
BOUND = 10.0
# In units of log-likelihood: what counts as the same optimum, and what dropout must add.
AGREEMENT = 1e-3
SMALLEST_GAIN = 1e-2
# Beyond such a step, in logs, the second derivatives of an optimum are taken anew.
SAME_CURVATURE = 1e-4
# The refits of the bootstrap: most steps, the longest one and the shortest in standard errors,
# and beyond which logarithm a parameter is as good as infinite or zero.
STEPS = 12
LONGEST_STEP = 2.0
SHORTEST_STEP = 0.02
REFIT_BOUND = 14.0
# Logs of the parameters of the spend model, with spend in units of its mean.
SPEND_PARAMETERS = ("p", "q", "v")
SPEND_STARTS = ((1.0, 1.0, 0.5), (0.0, 1.0, 0.0), (2.0, 2.0, -1.0), (3.0, 0.5, -3.0))

COLUMNS = {
    "as_of_role": "string",
    "model": "string",
    "replicate": "int64",
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
class Fit:
    """What a fit found: parameters by name (NaN = not identified) and the verdict on them."""

    estimates: dict[str, float]
    standard_errors: dict[str, float]
    log_likelihood: float
    is_converged: bool
    is_boundary: bool
    finding: str


@dataclass(frozen=True)
class SpendFit:
    """The same of the spend model; NaN where everyone is given the mean instead."""

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


def to_relation(frame: pd.DataFrame, session):
    """Turn a frame into what dbt writes on any engine."""
    engine = type(session).__module__.split(".")[0]
    if engine == "pyspark":
        return session.createDataFrame(frame)
    # Snowflake keeps a frame's lower case, and then knows the names in quotes only.
    return frame.rename(columns=str.upper) if engine == "snowflake" else frame


def nbd_negative_log_likelihood(log_parameters, x, T, weights) -> float:
    """Return minus the mean log-likelihood of purchase timing without dropout.

    The limit of the BG/NBD for a -> 0 (Fader, Hardie & Lee 2005, eq. 6): exponential gaps,
    gamma-distributed rates. `log_parameters` are those of r and alpha.
    """
    r, alpha = np.exp(log_parameters)
    values = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + T)
    return -np.sum(weights * values) / np.sum(weights)


def numeric_hessian(function, point: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Return the matrix of second derivatives of `function` at `point`, by differences."""
    size = len(point)
    shifts = np.eye(size) * step
    matrix = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            matrix[i, j] = (
                function(point + shifts[i] + shifts[j])
                - function(point + shifts[i] - shifts[j])
                - function(point - shifts[i] + shifts[j])
                + function(point - shifts[i] - shifts[j])
            ) / (4 * step**2)
    return matrix


def standard_errors(
    log_parameters: np.ndarray, information: np.ndarray, is_free: np.ndarray
) -> np.ndarray:
    """Return the standard errors of exp(log_parameters), NaN where they are not identified.

    `information` is the observed information in the logs, for the whole sample; by the
    delta method the covariance is outer(p, p) times its inverse.
    """
    errors = np.full(len(log_parameters), np.nan)
    free = np.flatnonzero(is_free)
    if len(free) == 0:
        return errors
    try:
        variances = np.diag(np.linalg.inv(information[np.ix_(free, free)]))
    except np.linalg.LinAlgError:
        return errors
    if np.all(np.isfinite(variances)) and np.all(variances > 0):
        errors[free] = np.exp(log_parameters[free]) * np.sqrt(variances)
    return errors


def fit_nbd(x: np.ndarray, T: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Fit r and alpha of the model without dropout: their logs and the mean of minus log L."""
    runs = [
        minimize(
            nbd_negative_log_likelihood,
            start,
            args=(x, T, weights),
            method="L-BFGS-B",
            bounds=[(-BOUND, BOUND)] * 2,
            options={"ftol": 1e-14, "gtol": 1e-8},
        )
        for start in ((-1.0, -1.0), (1.0, 1.0))
    ]
    best = min(runs, key=lambda run: run.fun)
    return best.x, float(best.fun)


def hessian(objective: Objective, point: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Return the matrix of second derivatives at `point`, by differences of the gradient."""
    rows = [
        (objective(point + shift)[1] - objective(point - shift)[1]) / (2 * step)
        for shift in np.eye(len(point)) * step
    ]
    return (np.array(rows) + np.array(rows).T) / 2


def polish(objective: Objective, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Improve an inner optimum by Newton steps, as long as they lower `objective`.

    Returns
    -------
    The optimum and the matrix of second derivatives. So near the optimum one matrix serves all
    steps; it is computed anew where they led away from where it was.
    """
    start = point
    curvature = hessian(objective, point)
    value, gradient = objective(point)
    for _ in range(6):
        try:
            step = np.linalg.solve(curvature, gradient)
        except np.linalg.LinAlgError:
            break
        candidate = point - step
        if np.max(np.abs(candidate)) >= BOUND:
            break
        found, slope = objective(candidate)
        if not found < value:
            break
        point, value, gradient = candidate, found, slope
    if np.max(np.abs(point - start)) > SAME_CURVATURE:
        curvature = hessian(objective, point)
    return point, curvature


def bg_nbd_objective(
    log_parameters, x, t_x, T, weights, chances_at_first=0
) -> tuple[float, np.ndarray]:
    """Return minus the mean log-likelihood of the BG/NBD, and its gradient.

    Fader, Hardie & Lee (2005), eq. 6: with k = r + x, after y chances to drop out, the
    likelihood is

        Gamma(k) / Gamma(r) alpha^r (alpha + T)^-k B(a, b + y) / B(a, b)
        * (1 + a / (b + y - 1) ((alpha + T) / (alpha + t_x))^k if y > 0 else 1).

    In the BG/NBD y is x; in the MBG/NBD, where the first purchase is a chance as well
    (`chances_at_first` = 1), it is x + 1.
    """
    r, alpha, a, b = np.exp(log_parameters)
    # What depends on x alone is summed over its few values.
    customers = np.bincount(x.astype("intp"), weights)
    x_values = np.arange(len(customers))
    y = x_values + chances_at_first
    can_be_gone = y > 0
    before_last = np.where(can_be_gone, b + y - 1, 1.0)
    log_odds = np.where(can_be_gone, np.log(a / before_last), -np.inf)
    place = x.astype("intp")

    k = r + x
    age, last = alpha + T, alpha + t_x
    log_age = np.log(age)
    log_ratio = log_age - np.log(last)
    gone = log_odds[place] + k * log_ratio
    probability_gone = expit(gone)
    weighted_gone = weights * probability_gone
    value = np.sum(weights * (np.logaddexp(0.0, gone) - k * log_age)) + np.sum(
        customers
        * (
            gammaln(r + x_values)
            - gammaln(r)
            + r * np.log(alpha)
            + gammaln(a + b)
            + gammaln(b + y)
            - gammaln(b)
            - gammaln(a + b + y)
        )
    )
    gone_by_x = np.bincount(place, weighted_gone)
    by_r = np.sum(weighted_gone * log_ratio - weights * log_age) + np.sum(
        customers * (psi(r + x_values) - psi(r) + np.log(alpha))
    )
    by_alpha = np.sum(k * (weighted_gone * (1 / age - 1 / last) - weights / age)) + (
        np.sum(customers) * r / alpha
    )
    by_a = np.sum(gone_by_x) / a + np.sum(customers * (psi(a + b) - psi(a + b + y)))
    by_b = np.sum(customers * (psi(a + b) + psi(b + y) - psi(b) - psi(a + b + y))) - np.sum(
        gone_by_x / before_last
    )
    total = weights.sum()
    slopes = np.array([r * by_r, alpha * by_alpha, a * by_a, b * by_b])
    return -float(value) / total, -slopes / total


def mbg_nbd_objective(log_parameters, x, t_x, T, weights) -> tuple[float, np.ndarray]:
    """Return minus the mean log-likelihood of the MBG/NBD, and its gradient.

    Batislam, Denizel & Filiztekin (2007), eq. 1, without the factor that no parameter is in.
    """
    return bg_nbd_objective(log_parameters, x, t_x, T, weights, chances_at_first=1)


def pareto_nbd_objective(log_parameters, x, t_x, T, weights) -> tuple[float, np.ndarray]:
    """Return minus the mean log-likelihood of the Pareto/NBD, and its gradient.

    Schmittlein, Morrison & Colombo (1987); Fader & Hardie (2005), "A Note on Deriving the
    Pareto/NBD Model", eq. 18: with k = r + x the likelihood is a constant times

        (alpha + T)^-k (beta + T)^-s
        + s * integral from t_x to T of (alpha + y)^-k (beta + y)^-(s + 1) dy,

    the customer alive at T, or gone at y.
    """
    # In blocks that stay in the processor's cache.
    blocks = range(0, len(x), PATTERNS_PER_BLOCK)
    sums = np.zeros(5)
    for first in blocks:
        block = slice(first, first + PATTERNS_PER_BLOCK)
        terms = pareto_nbd_terms(log_parameters, x[block], t_x[block], T[block])
        # Not as matrix products, whose last digits depend on the number of threads.
        sums += [np.sum(weights[block] * term) for term in terms]
    sums /= weights.sum()
    return -float(sums[0]), -sums[1:]


def pareto_nbd_terms(log_parameters, x, t_x, T) -> list[np.ndarray]:
    """Return per pattern the log-likelihood and its derivatives in the four log parameters.

    The integral is the difference of two hypergeometric functions, which cancel to noise; as a
    sum of positive terms it keeps its digits, and gives the gradient on the way. The nodes are
    those of Gauss and Legendre in log(m + y), m the smaller of alpha and beta: the integrand is
    then close to an exponential, cut off where it has become negligible.
    """
    r, alpha, s, beta = np.exp(log_parameters)
    k = r + x
    m = min(alpha, beta)
    first = m + t_x
    log_first = np.log(first)
    log_a, log_b = np.log(alpha + t_x), np.log(beta + t_x)
    gap_a, gap_b = alpha - m, beta - m

    def fallen(u):
        grown = first * np.exp(u)
        return k * (np.log(gap_a + grown) - log_a) + (s + 1) * (np.log(gap_b + grown) - log_b) - u

    def slope(u):
        grown = first * np.exp(u)
        return k * grown / (gap_a + grown) + (s + 1) * grown / (gap_b + grown) - 1

    # The logarithm falls ever faster, so Newton's steps come from beyond and never overshoot.
    width = np.log((m + T) / first)
    steepness = np.maximum(slope(0.0), 1e-300)
    end = np.minimum(width, NEGLIGIBLE / steepness)
    for _ in range(2):
        excess = np.maximum(fallen(end) - NEGLIGIBLE, 0.0)
        end = end - excess / np.where(excess > 0, slope(end), 1.0)

    nodes, node_weights = QUADRATURE
    u = end * ((nodes[:, None] + 1) / 2)
    grown = first * np.exp(u)
    # Of the smaller of the two the logarithm is known.
    log_alpha_y = np.log(gap_a + grown) if gap_a > 0 else log_first + u
    log_beta_y = np.log(gap_b + grown) if gap_b > 0 else log_first + u
    density = (node_weights[:, None] / 2) * np.exp(
        u - k * (log_alpha_y - log_a) - (s + 1) * (log_beta_y - log_b)
    )
    total = density.sum(axis=0)
    density /= total

    # Nothing to integrate where the last purchase was on the as-of date: log 0.
    with np.errstate(divide="ignore"):
        log_gone = np.log(s * end * total) + log_first - k * log_a - (s + 1) * log_b
    log_alpha_T, log_beta_T = np.log(alpha + T), np.log(beta + T)
    log_alive = -k * log_alpha_T - s * log_beta_T
    log_either = np.logaddexp(log_alive, log_gone)
    alive = np.exp(log_alive - log_either)
    gone = 1 - alive
    value = gammaln(k) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + log_either
    by_r = (
        psi(k)
        - psi(r)
        + np.log(alpha)
        - alive * log_alpha_T
        - gone * (density * log_alpha_y).sum(axis=0)
    )
    by_alpha = (
        r / alpha - alive * k / (alpha + T) - gone * k * (density / (gap_a + grown)).sum(axis=0)
    )
    by_s = np.log(beta) - alive * log_beta_T + gone * (1 / s - (density * log_beta_y).sum(axis=0))
    by_beta = (
        s / beta - alive * s / (beta + T) - gone * (s + 1) * (density / (gap_b + grown)).sum(axis=0)
    )
    return [value, r * by_r, alpha * by_alpha, s * by_s, beta * by_beta]


# What a pattern is, and how many customers share it.
PATTERN = (
    "repeat_count",
    "last_purchase_age_days",
    "customer_age_days",
    "customer_count",
)
SPEND_PATTERN = ("paid_repeat_count", "mean_repeat_value", "customer_count")
# Model -> its parameters in the order of the likelihood, and the likelihood. The third of
# the parameters is 0, and the fourth not identified, where nobody is seen to drop out.
MODELS: dict[str, tuple[tuple[str, ...], Objective]] = {
    "bg_nbd": (("r", "alpha", "a", "b"), bg_nbd_objective),
    "mbg_nbd": (("r", "alpha", "a", "b"), mbg_nbd_objective),
    "pareto_nbd": (("r", "alpha", "s", "beta"), pareto_nbd_objective),
}

# What a correction is learned around.
BASE_MODEL = "mbg_nbd"


def search(objective: Objective, data: tuple, start) -> OptimizeResult:
    """Return where L-BFGS-B gets from a start, within the bounds."""
    return minimize(
        objective,
        start,
        args=data,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-BOUND, BOUND)] * len(start),
        options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 500},
    )


def search_from_starts(
    objective: Objective, data: tuple, starts: tuple, shifts: tuple = ()
) -> tuple[list[OptimizeResult], int, int]:
    """Search from every start; return the finite ends, how many starts agree, and of how many.

    Of many patterns every n-th is searched first: where all starts end in one optimum there,
    that is where the search of all patterns starts. Where no two agree, the best end is searched
    again from around it, by the shifts.
    """

    def finite_ends(data, starts):
        runs = [search(objective, data, start) for start in starts]
        return [run for run in runs if np.isfinite(run.fun)]

    def count_agreeing(runs, customers):
        values = [run.fun for run in runs]
        tolerance = max(AGREEMENT, 1e-8 * abs(min(values)) * customers) / customers
        return sum(value - min(values) <= tolerance for value in values)

    stride = len(data[0]) // SEARCH_PATTERNS
    if stride > 1:
        sample = tuple(column[::stride] for column in data)
        runs = finite_ends(sample, starts)
        if len(runs) == len(starts) and count_agreeing(runs, sample[-1].sum()) == len(starts):
            best = min(runs, key=lambda run: run.fun)
            ends = finite_ends(data, [best.x])
            if ends and ends[0].success:
                return ends, len(starts), len(starts)
    runs = finite_ends(data, starts)
    if not runs:
        return runs, 0, len(starts)
    agreeing = count_agreeing(runs, data[-1].sum())
    if agreeing > 1 or not shifts:
        return runs, agreeing, len(starts)
    best = min(runs, key=lambda run: run.fun)
    runs += finite_ends(data, np.clip(best.x + np.array(shifts), -BOUND, BOUND))
    return runs, count_agreeing(runs, data[-1].sum()), len(starts) + len(shifts)


def fit_model(
    model: str,
    x: np.ndarray,
    t_x: np.ndarray,
    T: np.ndarray,
    weights: np.ndarray,
    minimum_repeat_customers: int = 0,
) -> Fit:
    """Fit one purchase model by maximum likelihood.

    Parameters
    ----------
    model : a key of MODELS.
    x, t_x, T : one value per pattern; repeat purchase days, and days from the first
        purchase to the last one and to the as-of date, 0 <= t_x <= T.
    weights : customers per pattern, at least one in all.
    minimum_repeat_customers : below this many the finding warns.

    Returns
    -------
    Fit, with time in days. Never raises for thin or degenerate data: where dropout adds
    nothing to the likelihood, the estimates are those of the NBD (a = 0 and b not identified,
    s = 0 and beta not identified); where nobody bought twice, r = 0.

    References
    ----------
    Fader, Hardie & Lee (2005), Marketing Science 24:275, eq. 6 (BG/NBD).
    Batislam, Denizel & Filiztekin (2007), Int. J. of Research in Marketing 24:201 (MBG/NBD).
    Schmittlein, Morrison & Colombo (1987), Management Science 33:1 (Pareto/NBD).
    """
    names, likelihood = MODELS[model]
    rate, rate_scale, dropout, dropout_scale = names
    repeat_customers = int(weights[x > 0].sum())
    if repeat_customers == 0:
        return Fit(
            {rate: 0.0, rate_scale: np.nan, dropout: 0.0, dropout_scale: np.nan},
            dict.fromkeys(names, np.nan),
            0.0,
            True,
            True,
            "Nobody has bought on a second day, so no repeat rate can be estimated: every "
            "forecast is zero purchases.",
        )

    few = f"Too few to rely on: {counted(repeat_customers)} with a second purchase day."
    scale = 1.0 / T.max()
    data = (x, t_x * scale, T * scale, weights)
    customers = weights.sum()
    # The scaled density of every repeat purchase is that per day times 1 / scale.
    to_days = float((weights * x).sum() * np.log(scale))

    def objective(point):
        return likelihood(point, *data)

    runs, agreeing, tried = search_from_starts(likelihood, data, STARTS, SHIFTS)
    # Without dropout the last purchase tells nothing: fewer patterns.
    pairs, place = np.unique(np.stack([x, T * scale], axis=1), axis=0, return_inverse=True)
    nbd_data = (pairs[:, 0], pairs[:, 1], np.bincount(place.ravel(), weights=weights))
    nbd_point, nbd_value = fit_nbd(*nbd_data)
    best = min(runs, key=lambda run: run.fun) if runs else None

    if best is None or (nbd_value - best.fun) * customers < SMALLEST_GAIN:
        information = customers * numeric_hessian(
            lambda point: nbd_negative_log_likelihood(point, *nbd_data), nbd_point
        )
        is_free = np.abs(nbd_point) < BOUND - 0.01
        errors = standard_errors(nbd_point, information, is_free)
        estimates = np.exp(nbd_point) / (1.0, scale)
        sentence = (
            "no dropout identified: the data do not show that customers stop buying, so the "
            "forecasts are those of the NBD, in which nobody does."
        )
        if not is_free.all():
            sentence += " Nor do customers differ in how often they buy."
        if repeat_customers < minimum_repeat_customers:
            sentence += " " + few
        return Fit(
            {
                rate: estimates[0],
                rate_scale: estimates[1],
                dropout: 0.0,
                dropout_scale: np.nan,
            },
            {
                rate: errors[0],
                rate_scale: errors[1] / scale,
                dropout: np.nan,
                dropout_scale: np.nan,
            },
            -nbd_value * customers + to_days,
            True,
            True,
            sentence,
        )

    is_free = np.abs(best.x) < BOUND - 0.01
    if is_free.all():
        point, curvature = polish(objective, best.x)
    else:
        point, curvature = best.x, hessian(objective, best.x)
    information = customers * curvature
    units = np.array([scale if name in TIME_PARAMETERS else 1.0 for name in names])
    errors = standard_errors(point, information, is_free) / units
    estimates = np.exp(point) / units

    is_converged = agreeing >= 2
    sentences = [
        f"Converged: {agreeing} of {tried} starts agree."
        if is_converged
        else f"Not converged: only one of {tried} starts reached the best likelihood, so "
        "treat the forecasts with caution."
    ]
    if not is_free.all():
        at_limit = [name for name, free in zip(names, is_free, strict=True) if not free]
        sentences.append(
            f"The data set no limit to {' and '.join(at_limit)}; the forecasts are finite, "
            "the individual parameters mean little."
        )
    if repeat_customers < minimum_repeat_customers:
        sentences.append(few)
    return Fit(
        dict(zip(names, estimates.tolist(), strict=True)),
        dict(zip(names, errors.tolist(), strict=True)),
        float(-objective(point)[0] * customers + to_days),
        is_converged,
        not is_free.all(),
        " ".join(sentences),
    )


def counted(customers: int) -> str:
    """Return a number of customers in words."""
    return f"{customers} customer{'s' if customers != 1 else ''}"


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


def fit_gamma_gamma(
    x: np.ndarray, m: np.ndarray, weights: np.ndarray, minimum_repeat_customers: int = 0
) -> SpendFit:
    """Fit p, q and v of the Gamma-Gamma model by maximum likelihood.

    Parameters
    ----------
    x : paid repeat days, at least 1. m : mean spend of those days, above 0, in currency.
    weights : customers per row, at least one in all.
    minimum_repeat_customers : below this many the finding warns.

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

    data = (x, scaled, weights)
    runs, agreeing, tried = search_from_starts(gamma_gamma_objective, data, SPEND_STARTS)
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
        curvature = hessian(lambda point: gamma_gamma_objective(point, *data), best.x)
        # By the delta method the covariance is outer(p, p) times the inverse information.
        variances = np.diag(np.linalg.pinv(customers * curvature))
        if np.all(variances > 0):
            errors = np.exp(best.x) * np.sqrt(variances) * (1.0, 1.0, mean)
    sentences = [
        f"Converged: {agreeing} of {tried} starts agree."
        if agreeing >= 2
        else f"Not converged: only one of {tried} starts reached the best likelihood."
    ]
    if not is_free.all():
        at_limit = [name for name, free in zip(SPEND_PARAMETERS, is_free, strict=True) if not free]
        sentences.append(
            f"The data set no limit to {' and '.join(at_limit)}; the expected spend is "
            "finite, the individual parameters mean little."
        )
    if customers < minimum_repeat_customers:
        sentences.append(
            f"Too few to rely on: {counted(int(customers))} with a paid repeat purchase."
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


def nbd_gradient(x, T):
    """Return the gradient of the model without dropout."""

    def gradient(point, weights):
        r, alpha = np.exp(point)
        by_r = psi(r + x) - psi(r) + np.log(alpha) - np.log(alpha + T)
        by_alpha = r / alpha - (r + x) / (alpha + T)
        return -np.array([r * np.sum(weights * by_r), alpha * np.sum(weights * by_alpha)])

    return gradient


def learned(inverse: np.ndarray, move: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Return the inverse curvature after a move that changed the gradient so (BFGS)."""
    along = np.sum(move * change)
    if along <= 1e-12:
        return inverse
    shear = np.eye(len(move)) - np.outer(move, change) / along
    return shear @ inverse @ shear.T + np.outer(move, move) / along


def refit(
    gradient: Callable[[np.ndarray, np.ndarray], np.ndarray],
    point: np.ndarray,
    weights: np.ndarray,
    replicates: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Resample the customers and refit, from the estimates on, so many times.

    Each customer counts a Poisson(1) number of times; the sum of a pattern's is Poisson with
    its number of customers. Quasi-Newton steps (BFGS), which begin with the information of the
    whole sample, lead to the new optimum in a few gradients. Directions in which the data say
    nothing are left alone.

    Returns
    -------
    Log parameters, a row per replicate.
    """
    size = len(point)
    step = 1e-4
    information = np.array(
        [
            (gradient(point + shift, weights) - gradient(point - shift, weights)) / (2 * step)
            for shift in np.eye(size) * step
        ]
    )
    information = (information + information.T) / 2
    if not np.all(np.isfinite(information)):
        return np.tile(point, (replicates, 1))
    values, vectors = np.linalg.eigh(information)
    is_known = values > 1e-6 * max(values.max(), 1e-300)
    deviations = vectors[:, is_known] / np.sqrt(values[is_known])
    offset = gradient(point, weights)

    points = np.empty((replicates, size))
    for replicate in range(replicates):
        resampled = random.poisson(weights).astype("float64")
        drawn = resampled > 0
        # In units of standard errors, in which the curvature is about 1 to begin with.
        current, move = np.zeros(is_known.sum()), None
        inverse = np.eye(len(current))
        slope = slope_before = np.zeros(len(current))
        for _ in range(STEPS if drawn.any() else 0):
            position = np.clip(point + deviations @ current, -REFIT_BOUND, REFIT_BOUND)
            # Less what is left of the gradient at the estimates, so that the refits spread
            # around them.
            slope = deviations.T @ (gradient(position, resampled) - offset)
            if not np.all(np.isfinite(slope)):
                current = np.zeros(len(current))
                break
            if move is not None:
                inverse = learned(inverse, move, slope - slope_before)
            move, slope_before = -inverse @ slope, slope
            length = np.sqrt(np.sum(move**2))
            move = move * min(1.0, LONGEST_STEP / max(length, 1e-300))
            current = current + move
            if length < SHORTEST_STEP:
                break
        points[replicate] = np.clip(point + deviations @ current, -REFIT_BOUND, REFIT_BOUND)
    return points


def gradient_of(objective: Objective, *data) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the gradient of minus the log-likelihood, of (log parameters, weights)."""

    def gradient(point, weights):
        return objective(point, *data, weights)[1] * weights.sum()

    return gradient


def refit_purchase_model(
    model: str,
    parameters: np.ndarray,
    data: tuple[np.ndarray, ...],
    replicates: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Return bootstrapped parameters of the purchase model, in days, a row per replicate.

    `data` are x, t_x, T and the weights of the patterns.
    """
    if parameters[0] == 0:
        return np.tile(parameters, (replicates, 1))
    x, t_x, T, weights = data
    names, likelihood = MODELS[model]
    # In the time unit of the fit, in which the oldest customer is 1 old.
    unit = T.max()
    units = np.where([name in TIME_PARAMETERS for name in names], unit, 1.0)
    t_x, T = t_x / unit, T / unit
    free = 2 if parameters[2] == 0 else 4
    gradient = gradient_of(likelihood, x, t_x, T) if free == 4 else nbd_gradient(x, T)
    point = np.log(parameters[:free] / units[:free])
    points = refit(gradient, point, weights, replicates, random)
    result = np.tile(parameters, (replicates, 1))
    result[:, :free] = np.exp(points) * units[:free]
    return result


def refit_spend_model(
    spend: np.ndarray,
    data: tuple[np.ndarray, ...],
    replicates: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Return bootstrapped p, q, v, a row per replicate; NaN where everyone gets the mean.

    `data` are x, m and the weights of the patterns.
    """
    x, m, weights = data
    if np.isnan(spend).any() or len(x) == 0:
        return np.full((replicates, 3), np.nan)
    mean = np.sum(weights * m) / weights.sum()
    units = np.array([1.0, 1.0, mean])
    gradient = gradient_of(gamma_gamma_objective, x, m / mean)
    refitted = np.exp(refit(gradient, np.log(spend / units), weights, replicates, random)) * units
    # A replicate without a finite mean says nothing about how the mean varies.
    refitted[refitted[:, 1] <= 1] = spend
    return refitted


def columns_of(patterns: pd.DataFrame, role: str, names: tuple[str, ...]) -> tuple:
    """Return the patterns of a role as arrays, in an order that is not the table's."""
    group = patterns[patterns["as_of_role"] == role]
    ordered = group.sort_values(list(group.columns))
    return tuple(ordered[name].to_numpy("float64") for name in names)


def to_rows(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows with the columns COLUMNS; what is not given is missing."""
    given = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return given.reindex(columns=list(COLUMNS)).astype(COLUMNS)


def date_role(role: str) -> str:
    """Return the as-of role in the role of a fit, which may end in the name of a group."""
    return role.split("|", 1)[0]


def models_by_role(
    populations: pd.DataFrame, dates: pd.DataFrame, models_in_use: list[str]
) -> dict[str, list[str]]:
    """Return which purchase models are fitted for which as-of role.

    All where they are compared; else those in use, today and at the calibration date, which other
    capabilities ask for too; on the past dates that only serve to learn from, the base of the
    correction.
    """
    roles = {str(role): [BASE_MODEL] for role in dates["as_of_role"]}
    compared = [
        *dates.loc[dates["is_compared"].astype(bool), "as_of_role"],
        *populations.loc[populations["is_compared"].astype(bool), "as_of_role"],
    ]
    in_use = [name for name in MODELS if name in models_in_use]
    roles |= {str(role): in_use for role in ("current", *populations["as_of_role"])}
    return {**roles, **{str(role): list(MODELS) for role in compared}}


def fit_purchase_models(
    patterns: pd.DataFrame,
    populations: pd.DataFrame,
    models: dict[str, list[str]],
    minimum_repeat_customers: int = 0,
) -> pd.DataFrame:
    """Fit the purchase models of every as-of role.

    Parameters
    ----------
    patterns : as_of_role, and the columns PATTERN; one row per role and pattern.
    populations : as_of_role, customer_count; one row per role whose customers were counted.
    models : the keys of MODELS that are fitted, by role.
    minimum_repeat_customers : below this many a finding warns.

    Returns
    -------
    One row per role, model and parameter, with the columns COLUMNS; time in days.
    """
    frames = []
    for role in sorted(set(patterns["as_of_role"])):
        x, t_x, T, weights = columns_of(patterns, role, PATTERN)
        counted = populations.loc[populations["as_of_role"] == role, "customer_count"]
        for model_name in models[date_role(role)]:
            fit = fit_model(model_name, x, t_x, T, weights, minimum_repeat_customers)
            frames.append(
                pd.DataFrame(
                    {
                        "as_of_role": role,
                        "model": model_name,
                        "replicate": 0,
                        "parameter": list(fit.estimates),
                        "estimate": list(fit.estimates.values()),
                        "standard_error": list(fit.standard_errors.values()),
                        "log_likelihood": fit.log_likelihood,
                        "customer_count": int(counted.iloc[0] if len(counted) else weights.sum()),
                        "fit_customer_count": int(weights.sum()),
                        "is_converged": fit.is_converged,
                        "is_boundary": fit.is_boundary,
                        "finding": fit.finding,
                    }
                )
            )
    return to_rows(frames)


def fit_spend_model(
    patterns: pd.DataFrame, populations: pd.DataFrame, minimum_repeat_customers: int = 0
) -> pd.DataFrame:
    """Fit the spend model for every as-of role.

    Parameters
    ----------
    patterns : as_of_role, and the columns SPEND_PATTERN.
    populations : as_of_role, customer_count, revenue_per_purchase_day; one row per role whose
        customers were counted. Of the others, those with patterns are fitted.
    minimum_repeat_customers : below this many a finding warns.

    Returns
    -------
    One row per role and parameter, with the columns COLUMNS; money in the input's currency.
    """
    frames = []
    counted = {row["as_of_role"]: row for row in populations.to_dict("records")}
    for role in sorted({*counted, *patterns["as_of_role"]}):
        x, m, weights = columns_of(patterns, role, SPEND_PATTERN)
        correlation = np.nan
        if len(x) == 0:
            fit = fall_back(
                float(counted[role]["revenue_per_purchase_day"]),
                True,
                "Nobody has paid for a second purchase, so everybody is expected to spend "
                "the mean of all purchase days.",
            )
        else:
            fit = fit_gamma_gamma(x, m, weights, minimum_repeat_customers)
            correlation = weighted_correlation(x, m, weights)
        frames.append(
            pd.DataFrame(
                {
                    "as_of_role": role,
                    "model": "gamma_gamma",
                    "replicate": 0,
                    "parameter": SPEND_PARAMETERS,
                    "estimate": fit.estimates,
                    "standard_error": fit.standard_errors,
                    "log_likelihood": fit.log_likelihood,
                    "customer_count": int(
                        counted[role]["customer_count"] if role in counted else weights.sum()
                    ),
                    "fit_customer_count": int(weights.sum()),
                    "is_converged": fit.is_converged,
                    "is_boundary": fit.is_boundary,
                    "finding": fit.finding,
                    "mean_purchase_value": fit.mean_purchase_value,
                    "frequency_spend_correlation": correlation,
                }
            )
        )
    return to_rows(frames)


def replicate_fits(
    estimates: pd.DataFrame,
    purchase_patterns: pd.DataFrame,
    spend_patterns: pd.DataFrame,
    model_in_use: str,
    replicates: int,
    random_seed: int,
) -> pd.DataFrame:
    """Refit today's purchase model in use, and the spend model, on resampled customers.

    Parameters
    ----------
    estimates : what the fits found, with the columns COLUMNS.
    purchase_patterns, spend_patterns : what they were fitted on.
    replicates : refits, numbered from 1.

    Returns
    -------
    The rows of the estimates again, once per replicate, with its estimate and no standard error.
    """
    random = np.random.default_rng(random_seed)
    current = estimates[estimates["as_of_role"] == "current"]
    frames = []
    for model_name in (model_in_use, "gamma_gamma"):
        fitted = current[current["model"] == model_name]
        if len(fitted) == 0:
            continue
        parameters = fitted["estimate"].to_numpy()
        if model_name == "gamma_gamma":
            data = columns_of(spend_patterns, "current", SPEND_PATTERN)
            points = refit_spend_model(parameters, data, replicates, random)
        else:
            data = columns_of(purchase_patterns, "current", PATTERN)
            points = refit_purchase_model(model_name, parameters, data, replicates, random)
        frames += [
            fitted.assign(replicate=number, estimate=point, standard_error=np.nan)
            for number, point in enumerate(points, start=1)
        ]
    return to_rows(frames)


def fit_forecast_models(
    purchase_patterns: pd.DataFrame,
    spend_patterns: pd.DataFrame,
    populations: pd.DataFrame,
    dates: pd.DataFrame,
    models_in_use: list[str],
    minimum_repeat_customers: int,
    replicates: int,
    random_seed: int,
) -> pd.DataFrame:
    """Return the fits of the purchase models and of the spend model, and their replicates.

    The first of `models_in_use` is the one behind the forecast of today, which is refitted.
    Nothing reads replicates where no models are compared.
    """
    models = models_by_role(populations, dates, models_in_use)
    estimates = to_rows(
        [
            fit_purchase_models(purchase_patterns, populations, models, minimum_repeat_customers),
            fit_spend_model(spend_patterns, populations, minimum_repeat_customers),
        ]
    )
    if not populations["is_compared"].any():
        return estimates
    refits = replicate_fits(
        estimates, purchase_patterns, spend_patterns, models_in_use[0], replicates, random_seed
    )
    return to_rows([estimates, refits])


def model(dbt, session):
    """Write the parameters of all models, with the verdict on each fit."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy", "threadpoolctl"])
    frame = fit_forecast_models(
        to_frame(dbt.ref("int_customer_value__purchase_patterns")),
        to_frame(dbt.ref("int_customer_value__spend_patterns")),
        to_frame(dbt.ref("int_customer_value__populations")),
        to_frame(dbt.ref("int_customer_value__forecast_dates")),
        models_in_use=[
            str(dbt.config.meta_get("model_in_use")),
            str(dbt.config.meta_get("purchase_model")),
            BASE_MODEL,
        ],
        minimum_repeat_customers=int(dbt.config.meta_get("minimum_repeat_customers")),
        replicates=int(dbt.config.meta_get("bootstrap_replicates")),
        random_seed=int(dbt.config.meta_get("random_seed")),
    )
    return to_relation(frame, session)
