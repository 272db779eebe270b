"""Fit the purchase models on the distinct purchase patterns of each as-of role.

A pattern is (repeat_count x, last_purchase_age_days t_x, customer_age_days T) with the
number of customers who share it; the weighted likelihood of the patterns is that of the
customers. The likelihoods are those of lifetimes; the search around them is ours, since a
nightly build must not die of a fit: it starts from several points, accepts by agreement of
the log-likelihood, and writes what it found as a sentence.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from autograd import hessian, value_and_grad
from lifetimes import BetaGeoFitter
from scipy.optimize import minimize
from scipy.special import gammaln

# Model -> its parameters in the order of the likelihood, and the likelihood: minus the mean
# log-likelihood of (log parameters, x, t_x, T, weights, penalizer).
MODELS = {
    "bg_nbd": (("r", "alpha", "a", "b"), BetaGeoFitter._negative_log_likelihood),
}
# Parameters measured in time; the others have no unit.
TIME_PARAMETERS = ("alpha", "beta")

# Logs of the parameters, in a time unit in which the oldest customer is 1 old.
STARTS = (
    (-1.0, -1.0, -0.5, 0.5),
    (0.0, 0.0, 0.0, 0.0),
    (-2.0, -3.0, -2.0, 1.0),
    (1.0, 1.0, -3.0, 3.0),
)
# Beyond e^10 a parameter says "as good as infinite", below e^-10 "as good as zero".
BOUND = 10.0
# In units of log-likelihood: what counts as the same optimum, and what dropout must add.
AGREEMENT = 1e-3
SMALLEST_GAIN = 1e-2
# Below this many repeat customers the finding warns.
FEW_CUSTOMERS = 100

COLUMNS = {
    "as_of_role": "str",
    "model": "str",
    "parameter": "str",
    "estimate": "float64",
    "standard_error": "float64",
    "log_likelihood": "float64",
    "customer_count": "int64",
    "fit_customer_count": "int64",
    "is_converged": "bool",
    "is_boundary": "bool",
    "finding": "str",
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


def to_frame(relation) -> pd.DataFrame:
    """Turn what ``dbt.ref`` gives on any engine into a frame with lower-case columns."""
    for name in ("to_pandas", "toPandas", "df"):
        convert = getattr(relation, name, None)
        if callable(convert):
            relation = convert()
            break
    return relation.rename(columns=str.lower)


def nbd_negative_log_likelihood(log_parameters, x, T, weights) -> float:
    """Return minus the mean log-likelihood of purchase timing without dropout.

    The limit of the BG/NBD for a -> 0 (Fader, Hardie & Lee 2005, eq. 6): exponential gaps,
    gamma-distributed rates. `log_parameters` are those of r and alpha.
    """
    r, alpha = np.exp(log_parameters)
    values = (
        gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + T)
    )
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


def polish(function, gradient_of, point: np.ndarray) -> np.ndarray:
    """Improve an inner optimum by Newton steps, as long as they lower `function`."""
    curvature = hessian(function)
    for _ in range(4):
        value, gradient = gradient_of(point)
        try:
            step = np.linalg.solve(curvature(point), gradient)
        except np.linalg.LinAlgError:
            break
        candidate = point - step
        if np.max(np.abs(candidate)) >= BOUND or not function(candidate) < value:
            break
        point = candidate
    return point


def fit_model(
    model: str, x: np.ndarray, t_x: np.ndarray, T: np.ndarray, weights: np.ndarray
) -> Fit:
    """Fit one purchase model by maximum likelihood.

    Parameters
    ----------
    model : a key of MODELS.
    x, t_x, T : one value per pattern; repeat purchase days, and days from the first
        purchase to the last one and to the as-of date, 0 <= t_x <= T.
    weights : customers per pattern, at least one in all.

    Returns
    -------
    Fit, with time in days. Never raises for thin or degenerate data: where dropout adds
    nothing to the likelihood, the estimates are those of the NBD (a = 0, b not identified);
    where nobody bought twice, r = 0.

    References
    ----------
    Fader, Hardie & Lee (2005), Marketing Science 24:275, eq. 6 (BG/NBD).
    """
    names, likelihood = MODELS[model]
    repeat_customers = int(weights[x > 0].sum())
    if repeat_customers == 0:
        return Fit(
            {names[0]: 0.0, names[1]: np.nan, names[2]: 0.0, names[3]: np.nan},
            dict.fromkeys(names, np.nan),
            0.0,
            True,
            True,
            "Nobody has bought on a second day, so no repeat rate can be estimated: every "
            "forecast is zero purchases.",
        )

    few = f"Too few to rely on: customers with a second purchase day: {repeat_customers}."
    scale = 1.0 / T.max()
    data = (x, t_x * scale, T * scale, weights, 0.0)
    customers = weights.sum()
    # The scaled density of every repeat purchase is that per day times 1 / scale.
    to_days = float((weights * x).sum() * np.log(scale))

    def objective(point):
        return likelihood(point, *data)

    value_and_gradient = value_and_grad(objective)
    runs = [
        minimize(
            value_and_gradient,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[(-BOUND, BOUND)] * len(names),
            options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 500},
        )
        for start in STARTS
    ]
    runs = [run for run in runs if np.isfinite(run.fun)]
    nbd_point, nbd_value = fit_nbd(x, T * scale, weights)
    best = min(runs, key=lambda run: run.fun) if runs else None

    if best is None or (nbd_value - best.fun) * customers < SMALLEST_GAIN:
        information = customers * numeric_hessian(
            lambda point: nbd_negative_log_likelihood(point, x, T * scale, weights), nbd_point
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
        if repeat_customers < FEW_CUSTOMERS:
            sentence += " " + few
        return Fit(
            {names[0]: estimates[0], names[1]: estimates[1], names[2]: 0.0, names[3]: np.nan},
            {
                names[0]: errors[0],
                names[1]: errors[1] / scale,
                names[2]: np.nan,
                names[3]: np.nan,
            },
            -nbd_value * customers + to_days,
            True,
            True,
            sentence,
        )

    tolerance = max(AGREEMENT, 1e-8 * abs(best.fun) * customers) / customers
    agreeing = sum(run.fun - best.fun <= tolerance for run in runs)
    is_free = np.abs(best.x) < BOUND - 0.01
    point = best.x
    if is_free.all():
        point = polish(objective, value_and_gradient, point)
    information = customers * hessian(objective)(point)
    units = np.array([scale if name in TIME_PARAMETERS else 1.0 for name in names])
    errors = standard_errors(point, information, is_free) / units
    estimates = np.exp(point) / units

    is_converged = agreeing >= 2
    sentences = [
        f"Converged: {agreeing} of {len(STARTS)} starts agree."
        if is_converged
        else f"Not converged: only one of {len(STARTS)} starts reached the best likelihood, so "
        "take the forecasts with care."
    ]
    if not is_free.all():
        at_limit = [name for name, free in zip(names, is_free, strict=True) if not free]
        sentences.append(
            f"The data set no limit to {' and '.join(at_limit)}; the forecasts are finite, "
            "the single parameters mean little."
        )
    if repeat_customers < FEW_CUSTOMERS:
        sentences.append(few)
    return Fit(
        dict(zip(names, estimates.tolist(), strict=True)),
        dict(zip(names, errors.tolist(), strict=True)),
        float(-objective(point) * customers + to_days),
        is_converged,
        not is_free.all(),
        " ".join(sentences),
    )


def fit_purchase_models(patterns: pd.DataFrame, populations: pd.DataFrame) -> pd.DataFrame:
    """Fit every model for every as-of role.

    Parameters
    ----------
    patterns : as_of_role, repeat_count, last_purchase_age_days, customer_age_days,
        customer_count; one row per role and pattern.
    populations : as_of_role, customer_count; one row per role.

    Returns
    -------
    One row per role, model and parameter, with the columns COLUMNS; time in days.
    """
    patterns = patterns.sort_values(list(patterns.columns))
    rows = []
    for role, group in patterns.groupby("as_of_role", sort=True):
        x, t_x, T, weights = (
            group[column].to_numpy("float64")
            for column in (
                "repeat_count",
                "last_purchase_age_days",
                "customer_age_days",
                "customer_count",
            )
        )
        population = populations.loc[populations["as_of_role"] == role, "customer_count"]
        for model_name, (names, _) in MODELS.items():
            fit = fit_model(model_name, x, t_x, T, weights)
            rows += [
                {
                    "as_of_role": role,
                    "model": model_name,
                    "parameter": name,
                    "estimate": fit.estimates[name],
                    "standard_error": fit.standard_errors[name],
                    "log_likelihood": fit.log_likelihood,
                    "customer_count": int(population.iloc[0]),
                    "fit_customer_count": int(weights.sum()),
                    "is_converged": fit.is_converged,
                    "is_boundary": fit.is_boundary,
                    "finding": fit.finding,
                }
                for name in names
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def model(dbt, session):
    """Write the parameters of every purchase model, with the verdict on each fit."""
    dbt.config(materialized="table", packages=["lifetimes", "numpy", "pandas", "scipy"])
    frame = fit_purchase_models(
        to_frame(dbt.ref("int_purchase_patterns")), to_frame(dbt.ref("int_fit_populations"))
    )
    if type(session).__module__.startswith("pyspark."):
        return session.createDataFrame(frame)
    return frame
