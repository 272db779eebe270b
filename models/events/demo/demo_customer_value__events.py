"""Simulated trials of a software service, whose truth is known: no real data.

Trials of 14 days begin in 2025. What decides about each is drawn first, and nobody sees it: how
engaged its customer is, and on which day they lose interest, if they do. Then:

- on each day before they lose interest, numbers of logins, core actions and other events that
  are Poisson with a mean that rises with the engagement (`RATES`), and none from then on;
- a conversion with a probability (`conversion_probability`) that depends on these two alone, at a
  moment that depends on nothing;
- after the conversion, three times as much of everything, for ten days: this is what totals over
  the whole trial let in, and what nobody knows when they have to decide;
- a payment each month from then on, until one fails to come.

So what anybody can know of a conversion on a decision day is known, by Bayes' rule, and a model can
be compared with it.
"""

import datetime as dt

import numpy as np
import pandas as pd

FIRST_DAY = dt.date(2025, 1, 1)
LAST_DAY = dt.date(2025, 12, 31)
TRIAL_COUNT = 6000
TRIAL_DAYS = 14
# The gamma distribution of the engagement, whose mean is one.
ENGAGEMENT_SHAPE = 1.5
# The chance to lose interest on a day after the first.
LOSS_OF_INTEREST = 0.06
# Event: what happens on a day regardless, and per unit of engagement.
RATES = {
    "login": (0.2, 0.6),
    "core_feature": (0.0, 0.9),
    "ticket_opened": (0.05, 0.0),
    "page_viewed": (0.5, 0.5),
}
# The core actions and the shares that they have.
CORE_ACTIONS = {
    "project_created": 0.3,
    "report_built": 0.3,
    "data_connected": 0.15,
    "report_shared": 0.12,
    "member_invited": 0.08,
    "alert_set": 0.05,
}
DAYS_AFTER = 10
TIMES_AFTER = 3
PRICE = 29.0
LOSS_OF_PAYMENTS = 0.06
DAY_MINUTES = 24 * 60


def to_relation(frame: pd.DataFrame, session):
    """Turn a frame into what dbt writes on any engine."""
    engine = type(session).__module__.split(".")[0]
    if engine == "pyspark":
        return session.createDataFrame(frame)
    # Snowflake keeps a frame's lower case, and then knows the names in quotes only.
    return frame.rename(columns=str.upper) if engine == "snowflake" else frame


def conversion_probability(engagement, is_lost):
    """Return the probability of a conversion within the trial.

    Parameters
    ----------
    engagement : of the customer, 1 on average.
    is_lost : whether they lose interest before the trial ends.
    """
    score = -0.6 + 1.1 * np.log(engagement) - 2.2 * is_lost
    return 1 / (1 + np.exp(-score))


def draw_trials(count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return the trials with what decides about them; moments are minutes since the first day."""
    span = ((LAST_DAY - FIRST_DAY).days + 1) * DAY_MINUTES
    start = np.sort(rng.integers(0, span, count))
    engagement = rng.gamma(ENGAGEMENT_SHAPE, 1 / ENGAGEMENT_SHAPE, count)
    lost_day = np.minimum(rng.geometric(LOSS_OF_INTEREST, count), TRIAL_DAYS)
    converts = rng.random(count) < conversion_probability(engagement, lost_day < TRIAL_DAYS)
    # Late conversions are more frequent: the share up to a day is its share of the trial, squared.
    after = np.ceil(np.sqrt(rng.random(count)) * TRIAL_DAYS * DAY_MINUTES - 1).clip(min=1)
    return pd.DataFrame(
        {
            "customer_id": [f"simulated-trial-{number:05}" for number in range(count)],
            "start": start,
            "engagement": engagement,
            "lost_day": lost_day,
            "converted": np.where(converts, start + after, np.nan),
            "payments": rng.geometric(LOSS_OF_PAYMENTS, count),
        }
    )


def draw_actions(trials: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return what was done: place of the trial, event and minute."""
    lost = (trials["start"] + trials["lost_day"] * DAY_MINUTES).to_numpy()
    parts = []
    for event, (base, slope) in RATES.items():
        rate = base + slope * trials["engagement"].to_numpy()
        for first, days, times in (
            (trials["start"].to_numpy("float64"), TRIAL_DAYS, 1),
            (trials["converted"].to_numpy("float64"), DAYS_AFTER, TIMES_AFTER),
        ):
            is_meant = ~np.isnan(first)
            many = rng.poisson(np.where(is_meant, rate * days * times, 0.0))
            place = np.repeat(np.arange(len(trials)), many)
            minute = first[place] + rng.integers(0, days * DAY_MINUTES, len(place))
            is_done = (minute < lost[place]) | (times > 1)
            parts.append(
                pd.DataFrame({"place": place, "event_name": event, "minute": minute})[is_done]
            )
    actions = pd.concat(parts, ignore_index=True)
    is_core = actions["event_name"] == "core_feature"
    names = rng.choice(list(CORE_ACTIONS), is_core.sum(), p=list(CORE_ACTIONS.values()))
    actions.loc[is_core, "event_name"] = names
    return actions


def milestones(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the start of each trial, its conversion, and the payments after it."""
    place = pd.Series(np.arange(len(trials)))
    paid = trials["converted"].notna().to_numpy()
    number = np.concatenate([np.arange(many) for many in trials["payments"][paid]])
    payer = np.repeat(place[paid].to_numpy(), trials["payments"][paid])
    minute = trials["converted"].to_numpy()[payer] + 30 * DAY_MINUTES * number
    return pd.concat(
        [
            pd.DataFrame(
                {"place": place, "event_name": "trial_started", "minute": trials["start"]}
            ),
            pd.DataFrame(
                {"place": place, "event_name": "subscribed", "minute": trials["converted"]}
            )[paid],
            pd.DataFrame({"place": payer, "event_name": "invoice_paid", "minute": minute}),
        ],
        ignore_index=True,
    )


def simulate(count: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the events up to the last day, and the trials with their truth.

    Parameters
    ----------
    count : number of trials.
    seed : of the random numbers.
    """
    rng = np.random.default_rng(seed)
    trials = draw_trials(count, rng)
    events = pd.concat([milestones(trials), draw_actions(trials, rng)], ignore_index=True)
    events = events.sort_values(["minute", "place", "event_name"], kind="stable")
    moment = pd.Timestamp(FIRST_DAY) + pd.to_timedelta(events["minute"], unit="min")
    events = pd.DataFrame(
        {
            "event_id": [f"simulated-event-{number:06}" for number in range(len(events))],
            "customer_id": trials["customer_id"].to_numpy()[events["place"]],
            "occurred_at": moment.astype("datetime64[us]").to_numpy(),
            "event_name": events["event_name"].to_numpy(),
            "amount": np.where(events["event_name"] == "invoice_paid", PRICE, np.nan),
        }
    )
    events = events[events["occurred_at"] < pd.Timestamp(LAST_DAY) + pd.Timedelta(days=1)]
    texts = ["event_id", "customer_id", "event_name"]
    return events.astype(dict.fromkeys(texts, "string")).reset_index(drop=True), trials


def model(dbt, session):
    """Write what was done in the simulated trials."""
    dbt.config(materialized="table", packages=["numpy", "pandas"])
    events, _ = simulate(TRIAL_COUNT, seed=int(dbt.config.meta_get("random_seed")))
    return to_relation(events, session)
