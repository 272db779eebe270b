"""Write how uncertain the totals of the forecast are, as ratios to the forecast.

Three things make the total of a group of customers differ from its forecast: the parameters are
estimates, customers are people, and something moves everybody at once: season, price, assortment.
For the first the fit is repeated on resampled customers: fit_forecast_models writes the parameters
of each replicate. For the second the variance of each customer's purchases and spend follows from
the negative binomial of a corrected forecast; those of a purchase model as it is are simulated.
The third, the level, is in no parameter's standard error. The only evidence of it in a log is how
far the totals of its earlier dates were off, drawn to what is usual. The variances of the three, of
the logarithm, add up.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import betaincinv
from scipy.stats import norm

COLUMNS = {
    "scope": "string",
    "segment": "string",
    "measure": "string",
    "level": "float64",
    "lower_ratio": "float64",
    "upper_ratio": "float64",
    "parameter_deviation": "float64",
    "process_deviation": "float64",
    "level_deviation": "float64",
    "replicate_count": "int64",
}
LEVELS = (0.80, 0.95)
# The name of the scope in which all customers are.
EVERYBODY = "all"
# How far the logarithm of a total is usually off for what moves everybody at once: the standard
# deviation over 24 splits of ten logs, which counts as this many internal dates of the log's own.
USUAL_LEVEL = 0.17
USUAL_LEVEL_DATES = 4
# The measure of the correction behind each measure of an interval.
LEVEL_MEASURES = {"expected_purchases": "purchases", "lifetime_value": "revenue"}
# The columns of a sampled customer behind Corrected, in its order.
CORRECTED_COLUMNS = (
    "purchases_factor",
    "dispersion",
    "expected_purchase_value",
    "purchase_value_deviation",
    "mean_value_deviation",
    "expected_purchases_365d",
)
# Customers simulated at most: the process deviation of a part is scaled to the whole.
SIMULATED_CUSTOMERS = 20_000
# Quadrature of P(alive) of the Pareto/NBD, as in score_forecasts.
NODES = 16
NEGLIGIBLE = 36.0
# Quantiles of the dropout probability over which the BG/NBD is averaged.
QUANTILES = 16


@dataclass(frozen=True)
class Corrected:
    """What a corrected forecast knows of the customers, one value each.

    The factor on the base model's purchases, their dispersion (negative binomial), the expected
    value of a purchase, the deviations of one purchase's value and of the customer's mean value,
    both over the expected value, and the expected purchases. These are the base's times the
    factor, but for customers whose group has a base of its own.
    """

    factor: np.ndarray
    dispersion: np.ndarray
    value: np.ndarray
    value_deviation: np.ndarray
    mean_deviation: np.ndarray
    purchases: np.ndarray


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


def to_relation(frame: pd.DataFrame, session):
    """Turn a frame into what dbt writes on any engine."""
    engine = type(session).__module__.split(".")[0]
    if engine == "pyspark":
        return session.createDataFrame(frame)
    # Snowflake keeps a frame's lower case, and then knows the names in quotes only.
    return frame.rename(columns=str.upper) if engine == "snowflake" else frame


def pareto_nbd_alive(x, t_x, T, r, alpha, s, beta) -> np.ndarray:
    """Return P(alive) of the Pareto/NBD; see score_forecasts for the integral."""
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


def corrected_variances(correction: Corrected) -> tuple[np.ndarray, np.ndarray]:
    """Return the variances of each customer's purchases and spend around a corrected forecast.

    Purchases are negative binomial. The spend is the sum of so many values around a mean of the
    customer's own, which is uncertain in its turn (the law of total variance, twice).
    """
    purchases = correction.purchases
    count = purchases + purchases**2 / correction.dispersion
    mean_square = correction.mean_deviation**2
    spend = correction.value**2 * (
        purchases * correction.value_deviation**2 * (1 + mean_square)
        + count * (1 + mean_square)
        + purchases**2 * mean_square
    )
    return count, spend


def corrected_deviations(
    customers: Customers,
    correction: Corrected,
    horizon: float,
    parameters: np.ndarray,
    refitted: np.ndarray,
    model: str,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the deviations of relative_deviations around a corrected forecast."""

    def totals(purchases):
        value = purchases * correction.value * customers.value_per_spend
        return customers.totals(purchases), customers.totals(value)

    def totals_at(point):
        return totals(expected_purchases(model, customers, horizon, point) * correction.factor)

    published, expected = totals(correction.purchases), totals_at(parameters)
    replicates = [totals_at(point) for point in refitted]
    count, spend = corrected_variances(correction)
    variances = (customers.totals(count), customers.totals(spend * customers.value_per_spend**2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            measure: (
                np.std([totals[place] for totals in replicates], axis=0, ddof=1) / expected[place],
                np.sqrt(variances[place]) / published[place],
            )
            for place, measure in enumerate(LEVEL_MEASURES)
        }


def level_deviation(levels: pd.DataFrame, measure: str, stretch: float = 1.0) -> float:
    """Return the standard deviation of the logarithm of a total that is due to its level.

    Parameters
    ----------
    levels : measure, forecast, actual; one row per measure and internal date.
    stretch : the horizon over the window that the internal dates looked ahead, at least 1.

    Notes
    -----
    The root of (sum of log(actual / forecast)^2 + 4 * .17^2) / (dates + 4): few dates of one log
    say little, so they are drawn to what totals of purchase models are off by elsewhere. Beyond
    the window the variance grows with the root of the stretch: between a level that stays as it is
    and one that walks at random, whose variance would grow with the stretch itself.
    """
    rows = levels[
        (levels["measure"] == measure) & (levels["forecast"] > 0) & (levels["actual"] > 0)
    ]
    logs = np.log(rows["actual"].to_numpy("float64") / rows["forecast"].to_numpy("float64"))
    squares = np.sum(logs**2) + USUAL_LEVEL_DATES * USUAL_LEVEL**2
    variance = squares / (len(logs) + USUAL_LEVEL_DATES) * np.sqrt(max(stretch, 1.0))
    return float(np.sqrt(variance))


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
    parameter_deviation: float, process_deviation: float, level_deviation: float, level: float
) -> tuple[float, float]:
    """Return the ends of the interval around 1, from a lognormal with median 1.

    The first two deviations are of the total over the forecast, the third of its logarithm. No
    bound is negative, and the forecast itself is always inside.
    """
    variance = np.log1p(parameter_deviation**2) + np.log1p(process_deviation**2)
    if not np.isfinite(variance):
        return np.nan, np.nan
    reach = norm.ppf((1 + level) / 2) * np.sqrt(variance + level_deviation**2)
    return float(np.exp(-reach)), float(np.exp(reach))


def current_levels(corrections: pd.DataFrame) -> pd.DataFrame:
    """Return how the totals of today's internal dates came out."""
    is_level = (corrections["forecast_role"] == "current") & (corrections["feature"] == "level")
    return corrections[is_level]


def current_window(dates: pd.DataFrame) -> int:
    """Return how many days today's internal dates look ahead, 0 where there are none."""
    own = dates[(dates["forecast_role"] == "current") & (dates["date_number"] == 0)]
    return int(own["window_days"].max()) if len(own) else 0


def parameters_of(
    fitted: pd.DataFrame, model: str, names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return today's estimates of a model, and its replicates, a row each."""
    rows = fitted[(fitted["as_of_role"] == "current") & (fitted["model"] == model)]
    rows = rows.sort_values("replicate")
    values = np.stack(
        [rows.loc[rows["parameter"] == name, "estimate"].to_numpy("float64") for name in names],
        axis=1,
    )
    return values[0], values[1:]


def score_intervals(
    sample: pd.DataFrame,
    fitted: pd.DataFrame,
    purchase_model: str,
    horizon_days: int,
    random_seed: int,
    levels: pd.DataFrame,
    window_days: int,
) -> pd.DataFrame:
    """Return the intervals of the totals, of all customers and by segment.

    Parameters
    ----------
    sample : segment, repeat_count, last_purchase_age_days, customer_age_days,
        paid_repeat_count, mean_repeat_value, value_per_spend, population_customer_count; one
        row per customer of the sample. And, missing where the forecast is that of a purchase model
        as it is, purchases_factor, dispersion, expected_purchase_value, purchase_value_deviation,
        mean_value_deviation and expected_purchases_365d.
    fitted : as_of_role, model, replicate, parameter, estimate, mean_purchase_value; replicate 0
        is the estimate.
    purchase_model : the model whose forecasts are in use, or the base of the correction.
    levels : measure, forecast, actual; how the totals of the internal dates came out.
    window_days : how far they looked ahead.

    Returns
    -------
    One row per scope, segment, measure and level, with the columns COLUMNS. Where the sample
    is a part of the customers, its process deviation shrinks with the root of the share, as
    customers are independent; the deviation by parameters does not, since the fit saw no more.
    """
    if len(sample) == 0 or len(fitted) == 0:
        return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
    random = np.random.default_rng(random_seed)
    names = (
        ("r", "alpha", "s", "beta") if purchase_model == "pareto_nbd" else ("r", "alpha", "a", "b")
    )
    parameters, refitted = parameters_of(fitted, purchase_model, names)
    spend, refitted_spend = parameters_of(fitted, "gamma_gamma", ("p", "q", "v"))
    is_fallback = (fitted["as_of_role"] == "current") & (fitted["model"] == "gamma_gamma")
    fallback = float(fitted.loc[is_fallback, "mean_purchase_value"].iloc[0])

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
    if sample["dispersion"].notna().all():
        correction = Corrected(
            *(sample[column].to_numpy("float64") for column in CORRECTED_COLUMNS)
        )
        deviations = corrected_deviations(
            customers, correction, horizon_days, parameters, refitted, purchase_model
        )
    else:
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
        by_level = level_deviation(
            levels, LEVEL_MEASURES[measure], horizon_days / max(window_days, 1)
        )
        for place, segment in enumerate([*segments, EVERYBODY]):
            process = by_process[place] * np.sqrt(share)
            for level in LEVELS:
                lower, upper = interval_ratios(by_parameters[place], process, by_level, level)
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
                        "level_deviation": by_level,
                        "replicate_count": len(refitted),
                    }
                )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def model(dbt, session):
    """Write the uncertainty of the forecast totals."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy"])
    frame = score_intervals(
        to_frame(dbt.ref("int_customer_value__forecast_sample")),
        to_frame(dbt.ref("fit_customer_value__forecast_models")),
        purchase_model=str(dbt.config.meta_get("purchase_model")),
        horizon_days=int(dbt.config.meta_get("horizon_days")),
        random_seed=int(dbt.config.meta_get("random_seed")),
        levels=current_levels(to_frame(dbt.ref("fit_customer_value__corrections"))),
        window_days=current_window(to_frame(dbt.ref("int_customer_value__forecast_dates"))),
    )
    return to_relation(frame, session)
