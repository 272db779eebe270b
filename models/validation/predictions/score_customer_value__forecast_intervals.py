"""Write how uncertain the totals of the forecast are, as ratios to the forecast.

Two things make the total of a group of customers differ from its forecast: the parameters are
estimates, and customers are people. For the first the customers are resampled (a bootstrap with
Poisson weights on the patterns) and the models refitted, each from the estimates on; for the
second the purchases and the spend of every customer over the horizon are simulated from what
the models know of them. The variances of the two add up.

That the models may be wrong is in neither: `model_evaluation` shows it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from autograd import value_and_grad
from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter
from scipy.special import betaincinv, gammaln, psi
from scipy.stats import gamma

COLUMNS = {
    "scope": "string",
    "segment": "string",
    "measure": "string",
    "level": "float64",
    "lower_ratio": "float64",
    "upper_ratio": "float64",
    "parameter_deviation": "float64",
    "process_deviation": "float64",
    "replicate_count": "int64",
}
LEVELS = (0.80, 0.95)
# The name of the scope in which all customers are.
EVERYBODY = "all"
# Customers simulated at most: the process deviation of a part is scaled to the whole.
SIMULATED_CUSTOMERS = 20_000
# Quadrature of P(alive) of the Pareto/NBD, as in score_probability_alive.
NODES = 16
NEGLIGIBLE = 36.0
# Quantiles of the dropout probability over which the BG/NBD is averaged.
QUANTILES = 16
# The refits: most steps, the longest one and the shortest in standard errors, and beyond which
# logarithm a parameter is as good as infinite or zero.
STEPS = 12
LONGEST_STEP = 2.0
SHORTEST_STEP = 0.02
BOUND = 14.0

# The gradient of minus the log-likelihood in the log parameters, of (log parameters, weights).
Gradient = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Customers:
    """The customers of the sample, one value each, and the group each belongs to."""

    x: np.ndarray
    t_x: np.ndarray
    T: np.ndarray
    paid_x: np.ndarray
    mean_value: np.ndarray
    value_per_spend: np.ndarray
    group: np.ndarray
    group_count: int

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The distinct (x, T), and the place of each customer's among them."""
        both, index = np.unique(np.stack([self.x, self.T], axis=1), axis=0, return_inverse=True)
        return both[:, 0], both[:, 1], index.ravel()

    def totals(self, values: np.ndarray) -> np.ndarray:
        """Return the sum over each group, and in the last place over all."""
        sums = np.bincount(self.group, weights=values, minlength=self.group_count)
        return np.append(sums, sums.sum())


def to_frame(relation) -> pd.DataFrame:
    """Turn what ``dbt.ref`` gives on any engine into a frame with lower-case columns."""
    for name in ("to_pandas", "toPandas", "df"):
        convert = getattr(relation, name, None)
        if callable(convert):
            relation = convert()
            break
    return relation.rename(columns=str.lower)


def pareto_nbd_alive(x, t_x, T, r, alpha, s, beta) -> np.ndarray:
    """Return P(alive) of the Pareto/NBD; see score_probability_alive for the integral."""
    k, A, B, W = r + x, alpha + t_x, beta + t_x, T - t_x
    m = np.minimum(A, B)

    def fallen(u):
        y = m * np.expm1(u)
        return k * np.log1p(y / A) + (s + 1) * np.log1p(y / B) - u

    def slope(u):
        grown = m * np.exp(u)
        return k * grown / (A - m + grown) + (s + 1) * grown / (B - m + grown) - 1

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


def probability_alive(model, x, t_x, T, parameters) -> np.ndarray:
    """Return P(alive) under any of the purchase models."""
    r, alpha, dropout, dropout_scale = parameters
    if r == 0 or dropout == 0:
        return np.ones(len(x))
    if model == "pareto_nbd":
        return pareto_nbd_alive(x, t_x, T, r, alpha, dropout, dropout_scale)
    taken = dropout_scale + x - (1 if model == "bg_nbd" else 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_odds = np.log(dropout / taken) + (r + x) * np.log((alpha + T) / (alpha + t_x))
    alive = 1 / (1 + np.exp(np.minimum(log_odds, 700.0)))
    return np.where(x == 0, 1.0, alive) if model == "bg_nbd" else alive


def expected_purchases(model, customers: Customers, horizon: float, parameters) -> np.ndarray:
    """Return the purchases expected of each customer over the horizon.

    In the BG/NBD and the MBG/NBD as the mean over quantiles of the customer's dropout
    probability p, of (1 - (1 + p t / (alpha + T)) ** -(r + x)) / p: good to about a
    thousandth, and smooth in the parameters, which is what matters for how it varies.
    """
    r, alpha, dropout, dropout_scale = parameters
    if r == 0:
        return np.zeros(len(customers.x))
    x, T, index = customers.pairs
    if dropout == 0:
        if_alive = (r + x) / (alpha + T) * horizon
    elif model == "pareto_nbd":
        w = np.log1p(horizon / (dropout_scale + T))
        lifetime = w if abs(dropout - 1) < 1e-12 else -np.expm1((1 - dropout) * w) / (dropout - 1)
        if_alive = (r + x) / (alpha + T) * (dropout_scale + T) * lifetime
    else:
        counts, of_count = np.unique(x, return_inverse=True)
        nodes, weights = np.polynomial.legendre.leggauss(QUANTILES)
        chances = dropout_chances(model, counts[:, None], (nodes + 1) / 2, parameters)
        if_alive = np.zeros(len(x))
        for place, weight in enumerate(weights):
            p = chances[of_count, place]
            bought = -np.expm1(-(r + x) * np.log1p(p * horizon / (alpha + T))) / p
            if_alive += weight / 2 * bought
    alive = probability_alive(model, customers.x, customers.t_x, customers.T, parameters)
    return alive * if_alive[index]


def dropout_chances(model, x, quantiles, parameters) -> np.ndarray:
    """Return quantiles of the dropout probability of an active customer with x repeats."""
    _, _, a, b = parameters
    passed = b + x + (1 if model == "mbg_nbd" else 0)
    return np.clip(betaincinv(a, passed, quantiles), 1e-12, 1.0)


def simulate_purchases(
    model, customers: Customers, horizon: float, parameters, random: np.random.Generator
) -> np.ndarray:
    """Draw what each customer buys over the horizon, given what the model knows of them.

    An active customer's rate is gamma-distributed; they buy until the horizon, or until they
    drop out: after a geometric number of purchases, or in the Pareto/NBD after an exponential
    time.
    """
    r, alpha, dropout, dropout_scale = parameters
    size = len(customers.x)
    if r == 0:
        return np.zeros(size)
    alive = probability_alive(model, customers.x, customers.t_x, customers.T, parameters)
    is_alive = random.random(size) < alive
    rate = random.gamma(r + customers.x) / (alpha + customers.T)
    if dropout == 0:
        return random.poisson(rate * horizon).astype("float64")
    if model == "pareto_nbd":
        dropout_rate = random.gamma(dropout, size=size) / (dropout_scale + customers.T)
        with np.errstate(divide="ignore"):
            lifetime = np.minimum(random.exponential(size=size) / dropout_rate, horizon)
        return np.where(is_alive, random.poisson(rate * lifetime), 0).astype("float64")
    passed = dropout_scale + customers.x + (1 if model == "mbg_nbd" else 0)
    chance = np.clip(random.beta(dropout, passed), 1e-12, 1.0)
    bought = np.minimum(random.poisson(rate * horizon), random.geometric(chance))
    return np.where(is_alive, bought, 0).astype("float64")


def expected_value(customers: Customers, spend, fallback: float) -> np.ndarray:
    """Return the expected spend of one purchase of each customer (Gamma-Gamma)."""
    if np.isnan(spend).any():
        return np.full(len(customers.x), fallback)
    p, q, v = spend
    return p * (v + customers.paid_x * customers.mean_value) / (p * customers.paid_x + q - 1)


def simulate_spend(
    customers: Customers, purchases, spend, fallback: float, random: np.random.Generator
) -> np.ndarray:
    """Draw what each customer pays for so many purchases (Gamma-Gamma)."""
    if np.isnan(spend).any():
        return purchases * fallback
    p, q, v = spend
    scale = random.gamma(p * customers.paid_x + q) / (v + customers.paid_x * customers.mean_value)
    return random.gamma(p * purchases) / scale


def of_lifetimes(likelihood, *data) -> Gradient:
    """Return the gradient of a likelihood of lifetimes, by autograd."""
    differentiable = value_and_grad(likelihood)

    def gradient(point, weights):
        return differentiable(point, *data, weights, 0.0)[1] * weights.sum()

    return gradient


def pareto_nbd_gradient(x, t_x, T) -> Gradient:
    """Return the gradient of the Pareto/NBD, by differences.

    The likelihood is that of being alive, which is elementary, over P(alive).
    """

    def log_likelihoods(point):
        r, alpha, s, beta = np.exp(point)
        return (
            gammaln(r + x)
            - gammaln(r)
            + r * np.log(alpha)
            + s * np.log(beta)
            - (r + x) * np.log(alpha + T)
            - s * np.log(beta + T)
            - np.log(pareto_nbd_alive(x, t_x, T, r, alpha, s, beta))
        )

    def gradient(point, weights, step=1e-5):
        start = log_likelihoods(point)
        return np.array(
            [
                -np.sum(weights * (log_likelihoods(point + shift) - start)) / step
                for shift in np.eye(4) * step
            ]
        )

    return gradient


def nbd_gradient(x, T) -> Gradient:
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
    gradient: Gradient,
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
            position = np.clip(point + deviations @ current, -BOUND, BOUND)
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
        points[replicate] = np.clip(point + deviations @ current, -BOUND, BOUND)
    return points


def refit_purchase_model(
    model: str,
    parameters: np.ndarray,
    patterns: pd.DataFrame,
    replicates: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Return bootstrapped parameters of the purchase model, in days, a row per replicate."""
    x, t_x, T, weights = (
        patterns[column].to_numpy("float64")
        for column in (
            "repeat_count",
            "last_purchase_age_days",
            "customer_age_days",
            "customer_count",
        )
    )
    if parameters[0] == 0:
        return np.tile(parameters, (replicates, 1))
    # In the time unit of the fit, in which the oldest customer is 1 old.
    unit = T.max()
    is_time = np.array([False, True, False, model == "pareto_nbd"])
    units = np.where(is_time, unit, 1.0)
    x, t_x, T = x, t_x / unit, T / unit
    free = 2 if parameters[2] == 0 else 4
    gradients: dict[str, Callable[[], Gradient]] = {
        "bg_nbd": lambda: of_lifetimes(BetaGeoFitter._negative_log_likelihood, x, t_x, T),
        "mbg_nbd": lambda: of_lifetimes(ModifiedBetaGeoFitter._negative_log_likelihood, x, t_x, T),
        "pareto_nbd": lambda: pareto_nbd_gradient(x, t_x, T),
    }
    gradient = gradients[model]() if free == 4 else nbd_gradient(x, T)
    point = np.log(parameters[:free] / units[:free])
    points = refit(gradient, point, weights, replicates, random)
    result = np.tile(parameters, (replicates, 1))
    result[:, :free] = np.exp(points) * units[:free]
    return result


def refit_spend_model(
    spend: np.ndarray, patterns: pd.DataFrame, replicates: int, random: np.random.Generator
) -> np.ndarray:
    """Return bootstrapped p, q, v, a row per replicate; NaN where everyone gets the mean."""
    if np.isnan(spend).any() or len(patterns) == 0:
        return np.tile(np.full(3, np.nan), (replicates, 1))
    x, m, weights = (
        patterns[column].to_numpy("float64")
        for column in ("paid_repeat_count", "mean_repeat_value", "customer_count")
    )
    mean = np.sum(weights * m) / weights.sum()
    gradient = of_lifetimes(GammaGammaFitter._negative_log_likelihood, x, m / mean)
    units = np.array([1.0, 1.0, mean])
    points = refit(gradient, np.log(spend / units), weights, replicates, random)
    refitted = np.exp(points) * units
    # A replicate without a finite mean says nothing about how the mean varies.
    refitted[refitted[:, 1] <= 1] = spend
    return refitted


def relative_deviations(
    model: str,
    customers: Customers,
    horizon: float,
    parameters: np.ndarray,
    spend: np.ndarray,
    fallback: float,
    refitted: np.ndarray,
    refitted_spend: np.ndarray,
    random: np.random.Generator,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return, by measure, the deviations by parameters and by process over the expected total.

    One value per group and one for all; NaN where nothing is expected.
    """
    purchases = expected_purchases(model, customers, horizon, parameters)
    value = expected_value(customers, spend, fallback) * customers.value_per_spend
    expected = {
        "expected_purchases": customers.totals(purchases),
        "lifetime_value": customers.totals(purchases * value),
    }
    by_parameters: dict[str, list] = {measure: [] for measure in expected}
    by_process: dict[str, list] = {measure: [] for measure in expected}
    for drawn, drawn_spend in zip(refitted, refitted_spend, strict=True):
        purchases = expected_purchases(model, customers, horizon, drawn)
        value = expected_value(customers, drawn_spend, fallback) * customers.value_per_spend
        by_parameters["expected_purchases"].append(customers.totals(purchases))
        by_parameters["lifetime_value"].append(customers.totals(purchases * value))

        bought = simulate_purchases(model, customers, horizon, parameters, random)
        paid = simulate_spend(customers, bought, spend, fallback, random)
        by_process["expected_purchases"].append(customers.totals(bought))
        by_process["lifetime_value"].append(customers.totals(paid * customers.value_per_spend))
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            measure: (
                np.std(by_parameters[measure], axis=0, ddof=1) / expected[measure],
                np.std(by_process[measure], axis=0, ddof=1) / expected[measure],
            )
            for measure in expected
        }


def interval_ratios(
    parameter_deviation: float, process_deviation: float, level: float
) -> tuple[float, float]:
    """Return the ends of the interval around 1, from a gamma with mean 1 and this variance.

    A total of purchases is not negative and leans to the right, the more so the smaller it
    is; for a large one the gamma is a normal distribution. The forecast itself is always
    inside, also where most of a lean distribution lies below its mean.
    """
    variance = parameter_deviation**2 + process_deviation**2
    if not np.isfinite(variance) or variance == 0:
        return (1.0, 1.0) if variance == 0 else (np.nan, np.nan)
    tail = (1 - level) / 2
    lower, upper = gamma.ppf([tail, 1 - tail], 1 / variance, scale=variance)
    return min(float(lower), 1.0), max(float(upper), 1.0)


def score_intervals(
    sample: pd.DataFrame,
    purchase_patterns: pd.DataFrame,
    spend_patterns: pd.DataFrame,
    purchase_parameters: pd.DataFrame,
    spend_parameters: pd.DataFrame,
    purchase_model: str,
    horizon_days: int,
    replicates: int,
    random_seed: int,
) -> pd.DataFrame:
    """Return the intervals of the totals, of all customers and by segment.

    Parameters
    ----------
    sample : segment, repeat_count, last_purchase_age_days, customer_age_days,
        paid_repeat_count, mean_repeat_value, value_per_spend, population_customer_count; one
        row per customer of the sample.
    purchase_patterns, spend_patterns : what the models were fitted on.
    purchase_parameters, spend_parameters : what the fits found.
    purchase_model : the model whose forecasts are in use; those of the current role.

    Returns
    -------
    One row per scope, segment, measure and level, with the columns COLUMNS. Where the sample
    is a part of the customers, its process deviation shrinks with the root of the share, as
    customers are independent; the deviation by parameters does not, since the fit saw no more.
    """

    def current(frame):
        return frame[frame["as_of_role"] == "current"]

    def estimates(frame, names):
        values = frame.set_index("parameter")["estimate"].astype("float64")
        return values.reindex(list(names)).to_numpy()

    if len(sample) == 0 or len(current(purchase_patterns)) == 0:
        return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
    random = np.random.default_rng(random_seed)
    fitted = current(purchase_parameters)
    names = (
        ("r", "alpha", "s", "beta") if purchase_model == "pareto_nbd" else ("r", "alpha", "a", "b")
    )
    parameters = estimates(fitted[fitted["model"] == purchase_model], names)
    spend = estimates(current(spend_parameters), ("p", "q", "v"))
    fallback = float(current(spend_parameters)["mean_purchase_value"].iloc[0])

    sample = sample.sort_values("customer_id")
    if len(sample) > SIMULATED_CUSTOMERS:
        sample = sample.iloc[random.permutation(len(sample))[:SIMULATED_CUSTOMERS]]
    segments, group = np.unique(sample["segment"].to_numpy("str"), return_inverse=True)
    x, t_x, T, paid_x, mean_value, value_per_spend = (
        np.nan_to_num(sample[column].to_numpy("float64"))
        for column in (
            "repeat_count",
            "last_purchase_age_days",
            "customer_age_days",
            "paid_repeat_count",
            "mean_repeat_value",
            "value_per_spend",
        )
    )
    customers = Customers(x, t_x, T, paid_x, mean_value, value_per_spend, group, len(segments))

    purchase_patterns = current(purchase_patterns)
    spend_patterns = current(spend_patterns)
    refitted = refit_purchase_model(
        purchase_model,
        parameters,
        purchase_patterns.sort_values(list(purchase_patterns.columns)),
        replicates,
        random,
    )
    refitted_spend = refit_spend_model(
        spend, spend_patterns.sort_values(list(spend_patterns.columns)), replicates, random
    )
    deviations = relative_deviations(
        purchase_model,
        customers,
        horizon_days,
        parameters,
        spend,
        fallback,
        refitted,
        refitted_spend,
        random,
    )
    share = len(sample) / float(sample["population_customer_count"].iloc[0])
    rows = []
    for measure, (by_parameters, by_process) in deviations.items():
        for place, segment in enumerate([*segments, EVERYBODY]):
            process = by_process[place] * np.sqrt(share)
            for level in LEVELS:
                lower, upper = interval_ratios(by_parameters[place], process, level)
                rows.append(
                    {
                        "scope": "total" if place == len(segments) else "segment",
                        "segment": segment,
                        "measure": measure,
                        "level": level,
                        "lower_ratio": lower,
                        "upper_ratio": upper,
                        "parameter_deviation": by_parameters[place],
                        "process_deviation": process,
                        "replicate_count": replicates,
                    }
                )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def model(dbt, session):
    """Write the uncertainty of the forecast totals."""
    dbt.config(materialized="table", packages=["lifetimes", "numpy", "pandas", "scipy"])
    frame = score_intervals(
        to_frame(dbt.ref("int_customer_value__forecast_sample")),
        to_frame(dbt.ref("int_customer_value__purchase_patterns")),
        to_frame(dbt.ref("int_customer_value__spend_patterns")),
        to_frame(dbt.ref("fit_customer_value__purchase_models")),
        to_frame(dbt.ref("fit_customer_value__spend_model")),
        purchase_model=str(dbt.config.meta_get("purchase_model")),
        horizon_days=int(dbt.config.meta_get("horizon_days")),
        replicates=int(dbt.config.meta_get("bootstrap_replicates")),
        random_seed=int(dbt.config.meta_get("random_seed")),
    )
    engine = type(session).__module__.split(".")[0]
    if engine == "pyspark":
        return session.createDataFrame(frame)
    # Snowflake keeps a frame's lower case, and then knows the names in quotes only.
    return frame.rename(columns=str.upper) if engine == "snowflake" else frame
