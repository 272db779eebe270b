"""Simulated subscribers of a software service, whose truth is known: no real data.

Three plans are sold from 2022 to 2025, most of them in January and September. A subscriber is
lost at each renewal with a probability of their own, drawn from a beta distribution of the plan
(`PLANS`), so that the survival by renewal is a shifted beta-geometric one (Fader & Hardie 2007)
with known parameters. Besides:

- some sign-ups begin with a trial of 14 days, of which a part is never paid for;
- some renewals are paid late, some days within the days of grace;
- of those lost, a part did not decide to leave: their payment failed; the others cancelled
  in the weeks before the end of what they had paid for;
- some of those lost come back after months, on the same plan, with a new probability;
- some who are on the plan basic move to pro at a renewal.
"""

import datetime as dt

import numpy as np
import pandas as pd

FIRST_DAY = dt.date(2022, 1, 1)
LAST_DAY = dt.date(2025, 12, 31)
CUSTOMER_COUNT = 5000
# Plan: price, months of an interval, share of the sign-ups, gamma and delta of the beta
# distribution of the probability to be lost at a renewal.
PLANS = {
    "basic": (9.0, 1, 0.5, 0.8, 7.0),
    "pro": (29.0, 1, 0.3, 1.2, 16.0),
    "pro yearly": (290.0, 12, 0.2, 0.9, 3.0),
}
# Sign-ups of a month of the year in relation to one another.
SEASON = [1.8, 1.0, 1.0, 0.9, 0.8, 0.7, 0.6, 0.7, 1.6, 1.2, 1.0, 0.7]
TRIAL_SHARE = 0.3
TRIAL_DAYS = 14
UNCONVERTED_SHARE = 0.35
LATE_SHARE = 0.03
UPGRADE_SHARE = 0.01
INVOLUNTARY_SHARE = 0.3
RETURN_SHARE = 0.1
REASONS = ["too_expensive", "not_used", "competitor"]
COLUMNS = [
    "subscription_id",
    "customer_id",
    "started_on",
    "ended_on",
    "amount",
    "billing_interval",
    "plan",
    "trial_ends_on",
    "cancelled_on",
    "churn_reason",
]


def to_relation(frame: pd.DataFrame, session):
    """Turn a frame into what dbt writes on any engine."""
    engine = type(session).__module__.split(".")[0]
    if engine == "pyspark":
        return session.createDataFrame(frame)
    # Snowflake keeps a frame's lower case, and then knows the names in quotes only.
    return frame.rename(columns=str.upper) if engine == "snowflake" else frame


def months_later(day: dt.date, months: int) -> dt.date:
    """Return the same day some months later, or the last of a shorter month."""
    place = day.year * 12 + day.month - 1 + months
    year, month = divmod(place, 12)
    following = dt.date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (following - dt.timedelta(days=1)).day
    return dt.date(year, month + 1, min(day.day, last))


def days_later(day: dt.date, days: int | np.integer) -> dt.date:
    """Return the day some days later."""
    return day + dt.timedelta(days=int(days))


def sign_up_days(count: int, rng: np.random.Generator) -> list[dt.date]:
    """Return the first days of the subscribers, more of them in some months than in others."""
    span = (LAST_DAY - FIRST_DAY).days + 1
    days = [days_later(FIRST_DAY, number) for number in range(span)]
    weights = np.array([SEASON[day.month - 1] for day in days])
    return [days[place] for place in rng.choice(span, size=count, p=weights / weights.sum())]


def simulate_spell(
    start: dt.date, plan: str, anchor: dict, rng: np.random.Generator
) -> tuple[list[dict], dt.date | None]:
    """Return the periods of a spell, and the day of its end; no day where it goes on.

    Parameters
    ----------
    start : the first day that is paid for.
    plan : the plan at the start.
    anchor : subscription_id and customer_id of the rows.
    """
    rows: list[dict] = []
    price, months, _, gamma, delta = PLANS[plan]
    loss = rng.beta(gamma, delta)
    period_start, renewals = start, 0
    while True:
        due = months_later(period_start, months * (renewals + 1))
        period = {
            **anchor,
            "started_on": period_start,
            "amount": price,
            "billing_interval": "year" if months == 12 else "month",
            "plan": plan,
        }
        if due > LAST_DAY:
            return [*rows, period], None
        if rng.random() < loss:
            period["ended_on"] = due
            if rng.random() < INVOLUNTARY_SHARE:
                period["churn_reason"] = "payment_failed"
            else:
                period["churn_reason"] = str(rng.choice(REASONS))
                period["cancelled_on"] = days_later(due, -rng.integers(1, 28))
            return [*rows, period], due
        if plan == "basic" and rng.random() < UPGRADE_SHARE:
            rows.append({**period, "ended_on": due})
            following, end = simulate_spell(due, "pro", anchor, rng)
            return [*rows, *following], end
        if rng.random() < LATE_SHARE:
            paid = days_later(due, rng.integers(2, 25))
            rows.append({**period, "ended_on": due})
            if paid > LAST_DAY:
                return rows, None
            period_start, renewals = paid, 0
        else:
            renewals += 1


def simulate(count: int, seed: int) -> pd.DataFrame:
    """Return the periods of all subscribers, up to the last day.

    Parameters
    ----------
    count : number of customers.
    seed : of the random numbers.
    """
    rng = np.random.default_rng(seed)
    shares = [plan[2] for plan in PLANS.values()]
    rows: list[dict] = []
    for number, start in enumerate(sign_up_days(count, rng)):
        customer = f"simulated-{number:05}"
        plan = str(rng.choice(list(PLANS), p=shares))
        anchor = {"subscription_id": f"{customer}-1", "customer_id": customer}
        trial_end = None
        if rng.random() < TRIAL_SHARE:
            trial_end = days_later(start, TRIAL_DAYS)
            if trial_end > LAST_DAY or rng.random() < UNCONVERTED_SHARE:
                price, months = PLANS[plan][:2]
                rows.append(
                    {
                        **anchor,
                        "started_on": start,
                        "ended_on": trial_end if trial_end <= LAST_DAY else None,
                        "amount": price,
                        "billing_interval": "year" if months == 12 else "month",
                        "plan": plan,
                        "trial_ends_on": trial_end,
                    }
                )
                continue
        periods, end = simulate_spell(trial_end or start, plan, anchor, rng)
        if trial_end:
            periods[0] = {**periods[0], "started_on": start, "trial_ends_on": trial_end}
        rows.extend(periods)
        if end is not None and rng.random() < RETURN_SHARE:
            back = days_later(end, rng.integers(45, 300))
            if back <= LAST_DAY:
                again = {**anchor, "subscription_id": f"{customer}-2"}
                rows.extend(simulate_spell(back, str(periods[-1]["plan"]), again, rng)[0])
    frame = pd.DataFrame(rows, columns=COLUMNS)
    for column in ("started_on", "ended_on", "trial_ends_on", "cancelled_on"):
        frame[column] = pd.to_datetime(frame[column])
    texts = ["subscription_id", "customer_id", "billing_interval", "plan", "churn_reason"]
    return frame.astype({"amount": "float64", **dict.fromkeys(texts, "string")})


def model(dbt, session):
    """Write the periods of the simulated subscribers."""
    dbt.config(materialized="table", packages=["numpy", "pandas"])
    frame = simulate(CUSTOMER_COUNT, seed=int(dbt.config.meta_get("random_seed")))
    return to_relation(frame, session)
