"""Forecast a log as of any date with the project's own fits, without dbt.

A build per date would take minutes; the fits, the correction and the intervals are those of the
models in models/, and what SQL does around them is done again in numpy, from the days of the log.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from helpers import correction_features, correction_of, load_model

fits = load_model("core/predictions/fit_customer_value__forecast_models.py")
scoring = load_model("core/predictions/score_customer_value__forecasts.py")
corrections = load_model("core/predictions/fit_customer_value__corrections.py")
intervals = load_model("validation/predictions/score_customer_value__forecast_intervals.py")

# The customers whom the fits of the internal dates see, as in int_forecast_rows.
FITTED_CUSTOMERS = 5000
REPLICATES = 5


@dataclass(frozen=True)
class Days:
    """The days of a log, one value each: whose, which day from the first, and what they net."""

    customer: np.ndarray
    day: np.ndarray
    amount: np.ndarray

    @classmethod
    def of(cls, customers, dates, amounts) -> "Days":
        """Net the lines of each customer and day; only days with something bought are kept."""
        lines = pd.DataFrame({"customer": customers, "date": dates, "amount": amounts})
        days = lines.groupby(["customer", "date"])["amount"].sum().reset_index()
        days = days[days["amount"] >= 0]
        day = (days["date"] - days["date"].min()).dt.days
        customer = pd.factorize(days["customer"])[0]
        return cls(customer, day.to_numpy(), days["amount"].to_numpy("float64"))


@dataclass(frozen=True)
class Forecast:
    """A forecast of all customers of a date, what came, and what its total's interval rests on."""

    purchases: np.ndarray
    revenue: np.ndarray
    classical_purchases: np.ndarray
    actual_purchases: np.ndarray
    actual_revenue: np.ndarray
    base_purchases: np.ndarray
    is_learned: bool
    finding: str
    deviations: dict[str, tuple[float, float, float]]

    def interval(self, measure: str, level: float) -> tuple[float, float]:
        """Return the bounds of the total of purchases or revenue."""
        lower, upper = intervals.interval_ratios(*self.deviations[measure], level)
        total = getattr(self, measure).sum()
        return total * lower, total * upper


def snapshot(days: Days, at: int, window: int, ahead: int) -> pd.DataFrame:
    """Return what int_forecast_rows holds of everybody who had bought by day `at`."""
    size = days.customer.max() + 1
    past = days.day <= at
    who, day, amount = days.customer[past], days.day[past], days.amount[past]
    purchases = np.bincount(who, minlength=size)
    first, last = np.full(size, np.iinfo("int64").max), np.zeros(size, "int64")
    np.minimum.at(first, who, day)
    np.maximum.at(last, who, day)

    paid = amount > 0
    capped = np.minimum(amount, np.quantile(amount[paid], 0.999))[paid]
    paid_count = np.bincount(who[paid], minlength=size)
    paid_spend = np.bincount(who[paid], capped, size)
    shrinkage, within = spend_shrinkage(who[paid], np.log(capped))
    mean = capped.mean()

    future = (days.day > at) & (days.day <= at + ahead)
    rows = pd.DataFrame(
        {
            "repeat_count": purchases - 1,
            "last_purchase_age_days": last - first,
            "customer_age_days": at - first,
            "recency_days": at - last,
            "paid_count": paid_count,
            "mean_paid_value": np.where(
                paid_count > 0, paid_spend / np.maximum(paid_count, 1), mean
            ),
            "shrunk_purchase_value": (paid_spend + shrinkage * mean) / (paid_count + shrinkage),
            "actual_purchases": np.bincount(days.customer[future], minlength=size),
            "actual_revenue": np.bincount(days.customer[future], days.amount[future], size),
            "window_spend": np.bincount(who, amount * (day > at - window), size),
            "spend_shrinkage": shrinkage,
            "within_spend_variance": within,
        }
    )
    for name, divisor in (("quarter", 4), ("half", 2), ("whole", 1)):
        is_recent = divisor * (at - day) < window
        rows[f"{name}_window_purchases"] = np.bincount(who[is_recent], minlength=size)
    return rows[purchases > 0].reset_index(drop=True)


def spend_shrinkage(who: np.ndarray, log_value: np.ndarray) -> tuple[float, float]:
    """Return how many days the population's mean counts, and the variance within customers."""
    count = np.bincount(who)
    sums = np.bincount(who, log_value)[count > 0]
    count = count[count > 0]
    by_customer = np.sum(sums**2 / count)
    values, payers = count.sum(), len(count)
    if values == payers or payers == 1:
        return 1.0, 0.0
    within = max((np.sum(log_value**2) - by_customer) / (values - payers), 0.0)
    between = (by_customer - sums.sum() ** 2 / values) / (payers - 1)
    per_payer = (values - np.sum(count**2) / values) / (payers - 1)
    if between <= within:
        return 1e6, within
    return float(np.clip(within * per_payer / (between - within), 1e-3, 1e6)), within


def patterns_of(rows: pd.DataFrame, limit: int | None) -> tuple[np.ndarray, ...]:
    """Return the distinct histories of at most so many customers, and their numbers."""
    if limit and len(rows) > limit:
        rows = rows.iloc[:: -(-len(rows) // limit)]
    names = ["repeat_count", "last_purchase_age_days", "customer_age_days"]
    counted = rows.groupby(names).size().reset_index(name="customers")
    return tuple(counted[name].to_numpy("float64") for name in (*names, "customers"))


def fitted(model: str, rows: pd.DataFrame, limit: int | None = None) -> dict[str, float]:
    """Return the parameters of a purchase model."""
    return fits.fit_model(model, *patterns_of(rows, limit), 0).estimates


def expected(model: str, rows: pd.DataFrame, estimates: dict[str, float], days: int) -> np.ndarray:
    """Return the purchases that a model expects of each customer."""
    x, t_x, T = (
        rows[name].to_numpy("float64")
        for name in ("repeat_count", "last_purchase_age_days", "customer_age_days")
    )
    pairs, place = np.unique(np.stack([x, T]), axis=1, return_inverse=True)
    customers = scoring.active_customers(model, *pairs, estimates)
    zeros = np.zeros(pairs.shape[1])
    if_alive, _ = scoring.purchases_between(customers, zeros, zeros + days, 0.0)
    alive = intervals.probability_alive(model, x, t_x, T, list(estimates.values()))
    return np.maximum(alive * if_alive[place.ravel()], 1e-12)


def internal_days(at: int, window: int) -> list[int]:
    """Return the internal dates of a forecast, as the macro internal_dates has them."""
    earlier = sorted({int(np.floor(multiple * window)) for multiple in (1, 1.5, 2, 2.5)})
    return [at - back for back in earlier if window >= 1 and at + 1 - back >= window]


def forecast(days: Days, at: int, horizon: int) -> Forecast:
    """Return the corrected forecast of everybody known on day `at`, over the horizon."""
    window = min(horizon, (at + 1) // 3)
    now = snapshot(days, at, window, horizon)
    frames = []
    for number, day in enumerate(internal_days(at, window), start=1):
        rows = snapshot(days, day, window, window)
        estimates = fitted("mbg_nbd", rows, FITTED_CUSTOMERS)
        rows["expected_purchases_in_window"] = expected("mbg_nbd", rows, estimates, window)
        frames.append(
            pd.DataFrame(
                correction_features(rows), columns=list(corrections.REVENUE_FEATURES)
            ).assign(
                date_number=number,
                population_count=len(rows),
                expected_purchases=rows["expected_purchases_in_window"],
                expected_revenue=rows["expected_purchases_in_window"]
                * rows["shrunk_purchase_value"],
                actual_purchases=rows["actual_purchases"].astype("float64"),
                actual_revenue=rows["actual_revenue"],
            )
        )
    columns = [*corrections.REVENUE_FEATURES, "date_number", "population_count"]
    totals = [f"{kind}_{name}" for kind in ("expected", "actual") for name in corrections.MEASURES]
    sample = pd.concat(frames) if frames else pd.DataFrame(columns=[*columns, *totals])
    learned = corrections.fit_forecast(sample.reset_index(drop=True), 1, horizon / max(window, 1))
    learned = learned.reindex(columns=list(corrections.COLUMNS))

    estimates = fitted("mbg_nbd", now)
    base = expected("mbg_nbd", now, estimates, horizon)
    now["expected_purchases_in_window"] = expected("mbg_nbd", now, estimates, max(window, 1))
    features = correction_features(now)
    by_purchases, by_revenue = (
        correction_of(learned[learned["measure"] == measure]) for measure in corrections.MEASURES
    )
    purchases = base * by_purchases.factors(features[:, :-1])
    purchases *= base.sum() / purchases.sum()
    value = base * now["shrunk_purchase_value"].to_numpy()
    revenue = value * by_revenue.factors(features)
    revenue *= value.sum() / revenue.sum()
    classical = fitted("bg_nbd", now)
    return Forecast(
        purchases,
        revenue,
        expected("bg_nbd", now, classical, horizon),
        now["actual_purchases"].to_numpy("float64"),
        now["actual_revenue"].to_numpy("float64"),
        base,
        bool(learned["is_estimated"].iloc[0]),
        str(learned["finding"].iloc[0]),
        deviations(now, learned, estimates, base, purchases, revenue, horizon, window),
    )


def deviations(
    now, learned, estimates, base, purchases, revenue, horizon, window
) -> dict[str, tuple[float, float, float]]:
    """Return the three deviations of the totals, by measure."""
    x, t_x, T, weights = patterns_of(now, None)
    refitted = fits.refit_purchase_model(
        "mbg_nbd",
        np.array(list(estimates.values())),
        (x, t_x, T, weights),
        REPLICATES,
        np.random.default_rng(1),
    )
    c0, c1 = learned.loc[learned["measure"] == "dispersion", "coefficient"]
    within, shrinkage = now["within_spend_variance"], now["spend_shrinkage"]
    correction = intervals.Corrected(
        purchases / base,
        np.exp(c0 + c1 * np.log(purchases)),
        revenue / purchases,
        np.sqrt(np.expm1(within)).to_numpy(),
        np.sqrt(np.expm1(within / (now["paid_count"] + shrinkage))).to_numpy(),
        purchases,
    )
    ones, zeros = np.ones(len(now)), np.zeros(len(now), "int64")
    histories = (now[n].to_numpy("float64") for n in fits.PATTERN[:3])
    customers = intervals.Customers(*histories, ones, ones, ones, zeros, 1)
    found = intervals.corrected_deviations(
        customers, correction, horizon, np.array(list(estimates.values())), refitted, "mbg_nbd"
    )
    levels = learned[learned["feature"] == "level"]
    stretch = horizon / max(window, 1)
    return {
        measure: (
            *(float(part[-1]) for part in found[name]),
            intervals.level_deviation(levels, measure, stretch),
        )
        for name, measure in intervals.LEVEL_MEASURES.items()
    }
