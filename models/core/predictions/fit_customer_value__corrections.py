"""Learn from past dates how customers depart from the purchase model, for each forecast.

The base is the MBG/NBD, whose total is kept. At up to four internal dates before a forecast's own
date it is known what the customers did in the window after it, so a generalised linear model
(Poisson, logarithmic link: McCullagh & Nelder 1989, chapter 6) learns by which factor a customer
with given features buys more or less than the base expects: the base is its offset. The targets
are divided by the ratio of actual to expected total of their date, so that only the shape is
learned; what moves everybody at once (season, price, assortment) is a level, reported apart.

The rows are a deterministic sample that does not grow with the customers; SQL scores everybody
from the coefficients. Where there is too little to learn from, the factor is 1 and a sentence
says so.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betainc, digamma, gammaln, polygamma
from scipy.stats import nbinom
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

# The features of the factor of the purchases; the revenue has one more.
PURCHASE_FEATURES = (
    "log_expected_purchases",
    "log_repeats",
    "is_one_time",
    "log_recency",
    "log_age",
    "overdue",
    "log_mean_value",
    "log_quarter_window_purchases",
    "log_half_window_purchases",
    "log_window_purchases",
    "log_window_spend",
)
REVENUE_FEATURES = (*PURCHASE_FEATURES, "log_shrunk_value")
# Features and ridge penalty by measure; per unit of expected total, so without a currency.
MEASURES = {"purchases": (PURCHASE_FEATURES, 0.01), "revenue": (REVENUE_FEATURES, 0.03)}
# Beyond these shares of the training rows a feature, or a factor, is moved to the edge.
FEATURE_SHARES = (0.001, 0.999)
FACTOR_SHARES = (0.005, 0.995)
# Fewer purchases than this in the windows cannot carry a dozen coefficients.
FEWEST_PURCHASES = 100
STEPS = 50
# The largest of Newton's steps below which it is taken as it is, and below which it was the last.
NEAR = 1e-5
CONVERGED = 1e-12
# The two numbers of the dispersion are fitted on every n-th row, about this many.
DISPERSION_ROWS = 10_000
# Where the dispersion is not estimated: the geometric distribution.
LOG_DISPERSION = 0.0
DISPERSION_BOUNDS = ((-8.0, 8.0), (0.0, 1.0))

COLUMNS = {
    "forecast_role": "string",
    "measure": "string",
    "feature": "string",
    "position": "int64",
    "mean": "float64",
    "deviation": "float64",
    "low": "float64",
    "high": "float64",
    "coefficient": "float64",
    "forecast": "float64",
    "actual": "float64",
    "date_count": "int64",
    "row_count": "int64",
    "is_estimated": "bool",
    "finding": "string",
}


@dataclass(frozen=True)
class Correction:
    """A fitted factor: exp(intercept + coefficients . standardised features), within limits."""

    mean: np.ndarray
    deviation: np.ndarray
    low: np.ndarray
    high: np.ndarray
    intercept: float
    coefficients: np.ndarray
    factor_limits: tuple[float, float]

    def factors(self, features: np.ndarray) -> np.ndarray:
        """Return the factor of each row of features."""
        clipped = np.clip(features, self.low, self.high)
        standardised = (clipped - self.mean) / self.deviation
        return np.clip(
            np.exp(self.intercept + standardised @ self.coefficients), *self.factor_limits
        )


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


def no_correction(size: int) -> Correction:
    """Return the factor 1 of `size` features."""
    zeros = np.zeros(size)
    return Correction(zeros, np.ones(size), zeros, zeros, 0.0, zeros, (1.0, 1.0))


def fit_correction(
    features: np.ndarray, expected: np.ndarray, actual: np.ndarray, ridge: float
) -> Correction:
    """Fit the factor between expected and actual, by penalised Poisson likelihood.

    Parameters
    ----------
    features : a row per customer and date.
    expected : what the base expects, above 0; exp(offset).
    actual : what came, at least 0, at the level of the base.
    ridge : half the penalty on each squared coefficient of a standardised feature, beside the
        mean deviance per unit of expected total.

    Notes
    -----
    Newton's steps on sum(expected * exp(eta) - actual * eta) / sum(expected) + ridge / 2 * |b|^2,
    halved until they lower it or are near: the sum is convex.
    """
    low, high = np.quantile(features, FEATURE_SHARES, axis=0)
    clipped = np.clip(features, low, high)
    mean, spread = clipped.mean(axis=0), clipped.std(axis=0)
    deviation = np.where(spread > 1e-9, spread, 1.0)
    design = np.column_stack([np.ones(len(features)), (clipped - mean) / deviation])
    design[:, 1:][:, spread <= 1e-9] = 0.0
    weights, targets = expected / expected.sum(), actual / expected.sum()
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0

    def loss(point):
        eta = np.clip(design @ point, -30, 30)
        return float(np.sum(weights * np.exp(eta) - targets * eta) + np.sum(penalty * point**2) / 2)

    point = np.zeros(design.shape[1])
    value = loss(point)
    for _ in range(STEPS):
        fitted = weights * np.exp(np.clip(design @ point, -30, 30))
        gradient = design.T @ (fitted - targets) + penalty * point
        curvature = (design * fitted[:, None]).T @ design + np.diag(penalty + 1e-12)
        step = np.linalg.solve(curvature, gradient)
        # So near the minimum the loss no longer resolves the steps, which then converge by
        # themselves: whether the last of them is taken must not hang on a last digit.
        if np.max(np.abs(step)) > NEAR:
            candidate = loss(point - step)
            while candidate > value and np.max(np.abs(step)) > NEAR:
                step = step / 2
                candidate = loss(point - step)
            value = candidate
        point = point - step
        if np.max(np.abs(step)) < CONVERGED:
            break
    factors = np.exp(np.clip(design @ point, -30, 30))
    lower, upper = np.quantile(factors, FACTOR_SHARES)
    coefficients = np.where(spread > 1e-9, point[1:], 0.0)
    return Correction(
        mean, deviation, low, high, float(point[0]), coefficients, (float(lower), float(upper))
    )


def fit_dispersion(expected: np.ndarray, actual: np.ndarray) -> tuple[float, float]:
    """Fit the dispersion exp(c0 + c1 log mu) of the negative binomial around the mean mu.

    By maximum likelihood (Hilbe 2011, chapter 8), c1 within 0 and 1, so that a higher mean never
    makes a purchase less likely. Returns c0 and c1.
    """
    log_mean = np.log(expected)

    def loss(point):
        theta = np.exp(np.clip(point[0] + point[1] * log_mean, -20, 20))
        likelihood = np.mean(
            gammaln(actual + theta)
            - gammaln(theta)
            - theta * np.log1p(expected / theta)
            - actual * np.log1p(theta / expected)
        )
        slope = theta * slope_of(theta)
        return -float(likelihood), -np.array([np.mean(slope), np.mean(slope * log_mean)])

    def slope_of(theta):
        return (
            digamma(actual + theta)
            - digamma(theta)
            - np.log1p(expected / theta)
            + (expected - actual) / (expected + theta)
        )

    def bend_of(theta):
        return (
            polygamma(1, actual + theta)
            - polygamma(1, theta)
            + expected / (theta * (expected + theta))
            - (expected - actual) / (expected + theta) ** 2
        )

    found = minimize(loss, (0.0, 0.3), jac=True, method="L-BFGS-B", bounds=DISPERSION_BOUNDS)
    if not np.all(np.isfinite(found.x)):
        return 0.0, 0.0
    # Newton's steps from there, since a search by the loss alone ends where the loss no longer
    # resolves its steps, which is at other digits on every engine.
    point = found.x
    low, high = np.transpose(DISPERSION_BOUNDS)
    for _ in range(STEPS):
        is_free = (point > low) & (point < high)
        theta = np.exp(np.clip(point[0] + point[1] * log_mean, -20, 20))
        bend = theta * (slope_of(theta) + theta * bend_of(theta))
        curvature = -np.array(
            [
                [np.mean(bend), np.mean(bend * log_mean)],
                [np.mean(bend * log_mean), np.mean(bend * log_mean**2)],
            ]
        )[np.ix_(is_free, is_free)]
        if not is_free.any() or np.min(np.linalg.eigvalsh(curvature)) <= 0:
            break
        step = np.linalg.solve(curvature, loss(point)[1][is_free])
        if np.max(np.abs(step)) > 0.1:
            break
        point = point.copy()
        point[is_free] = np.clip(point[is_free] - step, low[is_free], high[is_free])
        if np.max(np.abs(step)) < CONVERGED:
            break
    return float(point[0]), float(point[1])


def over_horizon(c0: float, c1: float, stretch: float) -> tuple[float, float]:
    """Return c0 and c1 by the mean over the horizon, which is `stretch` times the window.

    Customers differ in their rates, whatever the length of the period: the dispersion of a negative
    binomial does not change with it (Ehrenberg 1988). So it is read at what the horizon
    brings per window, and holds for every part of the horizon.
    """
    return c0 - c1 * float(np.log(stretch)), c1


def medians(c0: float, c1: float, highest: int) -> pd.DataFrame:
    """Return, for each whole number, the median of a mean that begins there, and where it rises.

    Returns
    -------
    position (the whole part of a mean), coefficient (the median at its lower end), and low and
    high, the means within it from which the median is one and two higher; missing where it is not.

    Notes
    -----
    The median is at least a level where fewer than half of the cases lie below it, which is an
    incomplete beta function (NIST Digital Library of Mathematical Functions, section 8.17).
    """

    def theta_of(mean):
        return np.exp(np.clip(c0 + c1 * np.log(np.maximum(mean, 1e-300)), -20, 20))

    def is_reached(level, mean):
        theta = theta_of(mean)
        return betainc(theta, level, theta / (theta + mean)) < 0.5

    starts = np.arange(highest + 1, dtype="float64")
    lowest = np.maximum(starts, 1e-12)
    theta = theta_of(lowest)
    at_start = np.where(starts == 0, 0.0, nbinom.ppf(0.5, theta, theta / (theta + lowest)))
    rises = []
    for more in (1, 2):
        low, high = lowest, starts + 1
        reaches = is_reached(at_start + more, np.nextafter(high, 0))
        for _ in range(50):
            middle = (low + high) / 2
            is_there = is_reached(at_start + more, middle)
            low, high = np.where(is_there, low, middle), np.where(is_there, middle, high)
        rises.append(np.where(reaches, high, np.nan))
    return pd.DataFrame(
        {
            "feature": "median",
            "position": starts.astype("int64"),
            "coefficient": at_start,
            "low": rises[0],
            "high": rises[1],
        }
    )


def rows_of(correction: Correction, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the factor as rows: its limits beside the intercept, then a row per feature."""
    return pd.DataFrame(
        {
            "feature": ["intercept", *names],
            "position": range(len(names) + 1),
            "mean": [0.0, *correction.mean],
            "deviation": [1.0, *correction.deviation],
            "low": [correction.factor_limits[0], *correction.low],
            "high": [correction.factor_limits[1], *correction.high],
            "coefficient": [correction.intercept, *correction.coefficients],
        }
    )


def levels_of(sample: pd.DataFrame) -> pd.DataFrame:
    """Return expected and actual totals by measure and internal date, of all customers."""
    frames = []
    for measure in MEASURES:
        for number, group in sample.groupby("date_number"):
            scale = float(group["population_count"].iloc[0]) / len(group)
            frames.append(
                pd.DataFrame(
                    {
                        "measure": [measure],
                        "feature": "level",
                        "position": [number],
                        "forecast": [scale * group[f"expected_{measure}"].sum()],
                        "actual": [scale * group[f"actual_{measure}"].sum()],
                    }
                )
            )
    return pd.concat(frames) if frames else pd.DataFrame(columns=list(COLUMNS))


def fit_forecast(sample: pd.DataFrame, highest: int, stretch: float) -> pd.DataFrame:
    """Return everything that was learned for one forecast, with the columns COLUMNS.

    Parameters
    ----------
    sample : the rows of its internal dates.
    highest : the highest mean whose median is asked for.
    stretch : the horizon over the window in which the customers were watched.
    """
    levels = levels_of(sample)
    ratios = {
        measure: dict(zip(rows["position"], rows["actual"] / rows["forecast"], strict=True))
        for measure, rows in levels.groupby("measure")
    }
    purchases = int(sample["actual_purchases"].sum())
    fits = {measure: no_correction(len(names)) for measure, (names, _) in MEASURES.items()}
    dispersion = (LOG_DISPERSION, 0.0)
    dates = sample["date_number"].nunique()
    is_usable = sample["date_number"].map(ratios.get("purchases", {})) > 0
    usable = sample[is_usable]
    is_estimated = purchases >= FEWEST_PURCHASES and len(usable) > 0
    if is_estimated:
        finding = (
            f"Learned from {len(usable)} rows of {dates} internal date{'s' if dates > 1 else ''}."
        )
        for measure, (names, ridge) in MEASURES.items():
            expected = usable[f"expected_{measure}"].to_numpy("float64")
            level = usable["date_number"].map(ratios[measure]).to_numpy("float64")
            known = (expected > 0) & np.isfinite(level) & (level > 0)
            if known.sum() < FEWEST_PURCHASES:
                continue
            features = usable[list(names)].to_numpy("float64")[known]
            actual = usable[f"actual_{measure}"].to_numpy("float64")[known]
            fit = fit_correction(features, expected[known], actual / level[known], ridge)
            fits[measure] = fit
            if measure == "purchases":
                mean = expected[known] * fit.factors(features) * level[known]
                stride = 1 + len(mean) // DISPERSION_ROWS
                dispersion = over_horizon(
                    *fit_dispersion(mean[::stride], actual[::stride]), stretch
                )
    elif dates == 0:
        finding = (
            "Nothing learned: the log is too short for a date with as much history before it as "
            "is to be forecast after it, so the forecast is that of the base model."
        )
    else:
        finding = (
            f"Nothing learned: {purchases} purchase{'s' if purchases != 1 else ''} in the windows "
            f"after the internal dates, and {FEWEST_PURCHASES} are needed, so the forecast is that "
            "of the base model."
        )
    frames = [
        *(rows_of(fits[m], names).assign(measure=m) for m, (names, _) in MEASURES.items()),
        pd.DataFrame(
            {
                "measure": "dispersion",
                "feature": ["intercept", "log_mean"],
                "position": [0, 1],
                "coefficient": dispersion,
            }
        ),
        medians(*dispersion, highest).assign(measure="median"),
        levels,
    ]
    return pd.concat([frame for frame in frames if len(frame)]).assign(
        date_count=dates, row_count=len(sample), is_estimated=is_estimated, finding=finding
    )


def fit_corrections(sample: pd.DataFrame, dates: pd.DataFrame) -> pd.DataFrame:
    """Return what was learned for every forecast.

    Parameters
    ----------
    sample : forecast_role, date_number, customer_id, population_count, the features, and expected
        and actual purchases and revenue; one row per forecast, internal date and customer.
    dates : forecast_role, date_number, horizon_days, window_days; one row with date_number 0 per
        forecast.

    Returns
    -------
    One row per forecast, measure, feature and position, with the columns COLUMNS.
    """
    # By what is known of the customers, so that their names decide nothing, not even a last digit.
    known = sorted(set(sample.columns) - {"customer_id", "forecast_role", "as_of_date"})
    frames = []
    own = dates[dates["date_number"] == 0].sort_values("forecast_role")
    names = ["forecast_role", "horizon_days", "window_days"]
    for role, horizon, window in own[names].itertuples(index=False):
        rows = sample[sample["forecast_role"] == role]
        keys = [rows[name].to_numpy("float64") for name in ("date_number", *known)]
        learned = fit_forecast(
            rows.iloc[np.lexsort(keys[::-1])], int(horizon), horizon / max(window, 1)
        )
        frames.append(learned.assign(forecast_role=role))
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return rows.reindex(columns=list(COLUMNS)).astype(COLUMNS)


def model(dbt, session):
    """Write the coefficients of every forecast's correction."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy", "threadpoolctl"])
    frame = fit_corrections(
        to_frame(dbt.ref("int_customer_value__correction_sample")),
        to_frame(dbt.ref("int_customer_value__forecast_dates")),
    )
    return to_relation(frame, session)
