"""Subscriptions: a log made by hand, and one of random customers against a count by days."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import numpy as np
import pytest
from conftest import Build, run_dbt
from helpers import load_model
from hypothesis import given, settings
from hypothesis import strategies as st

AS_OF = dt.date(2023, 11, 30)
GRACE_DAYS = 30
PAUSE_DAYS = 90
HEADER = (
    "subscription_id,customer_id,started_on,ended_on,amount,billing_interval,plan,quantity,"
    "trial_ends_on,cancelled_on,churn_reason,is_paused"
)
BY_HAND = """
s1,open,2023-01-10,,10,month,basic,,,,,
s1,open,2023-01-10,,10,month,basic,,,,,
s2,yearly,2023-02-01,,120,year,pro,1,,,,
s3,upgrade,2023-01-15,,10,month,basic,,,,,
s3,upgrade,2023-03-20,,30,month,pro,,,,,
s4,churned,2023-01-05,2023-04-05,10,month,basic,,,2023-03-20,too_expensive,
s5,late,2023-01-05,2023-02-05,10,month,basic,,,,,
s5,late,2023-02-20,,10,month,basic,,,,,
s6,back,2023-01-05,2023-02-05,10,month,basic,,,,,
s6,back,2023-05-05,,10,month,basic,,,,,
s7,grace,2023-01-20,2023-11-20,10,month,basic,,,,Payment_Failed,
s8,lost,2023-01-20,2023-10-20,10,month,basic,,,,Payment_Failed,
s9,trial,2023-11-25,,10,month,basic,,2023-12-09,,,
s10,trialpaid,2023-06-01,,10,month,basic,,2023-06-15,,,
s11,trialgone,2023-06-01,2023-06-15,10,month,basic,,2023-06-15,2023-06-10,,
s12,two,2023-01-01,2023-06-01,10,month,basic,,,2023-05-01,,
s13,two,2023-02-01,,20,month,pro,2,,,,
s14,paused,2023-01-01,2023-03-01,10,month,basic,,,,,
s14,paused,2023-03-01,2023-05-01,10,month,basic,,,,,1
s14,paused,2023-05-01,,10,month,basic,,,,,
s15,credit,2023-01-01,,10,month,basic,,,,,
s15,credit,2023-02-01,2023-03-01,-4,month,basic,,,,,
s16,weekly,2023-01-01,,12,weekly,box,,,,,
s17,,2023-01-01,,12,week,box,,,,,
,nobody,2023-01-01,,12,week,box,,,,,
s18,nobody,31/01/2023,,12,week,box,,,,,
s19,nobody,2023-01-01,soon,12,week,box,,,,,
s20,nobody,2023-01-01,,twelve,week,box,,,,,
s21,nobody,2023-01-01,,12,sometimes,box,,,,,
s22,nobody,2023-02-01,2023-01-01,12,month,box,,,,,
s23,sameday,2023-01-10,2023-06-10,10,month,basic,,,,,
s23,sameday,2023-01-10,,12,month,basic,,,,,
s24,nobody,2024-01-10,,12,month,basic,,,,,
s25,forever,2023-01-01,9999-12-31,1,month,basic,,,,,
s26,cancelling,2023-01-15,2023-12-15,10,month,basic,,,2023-11-25,too_expensive,
s27,free,2023-01-15,,0,month,free,,,,,
s28,nobody,2023-01-15,,10,month,basic,,,,,X
s29,nobody,2023-01-15,,10,month,basic,,soon,,,
s30,nobody,2023-01-15,,10,month,basic,,,perhaps,,
s31,nobody,2023-01-15,,10,month,basic,two,,,,
s32,said,2023-01-15,NULL,10,month,basic,nan,None,n/a,,N
"""


@dataclass
class Line:
    """A period of a random customer's subscription."""

    subscription: str
    started: dt.date
    ended: dt.date | None
    amount: int
    months: int
    is_paused: bool = False

    def text(self, customer: str) -> str:
        ended, paused = self.ended or "", int(self.is_paused)
        return (
            f"{customer}-{self.subscription},{customer},{self.started},{ended},{self.amount},"
            f"{self.months},basic,,,,,{paused}"
        )

    @property
    def mrr(self) -> Decimal:
        return (Decimal(self.amount) / self.months).quantize(Decimal("0.0001"), ROUND_HALF_UP)


@dataclass
class Customer:
    name: str
    lines: list[Line] = field(default_factory=list)


def random_customers(count: int, seed: int) -> Iterator[Customer]:
    """Yield customers with any overlaps, gaps, prices, pauses and credits."""
    rng = np.random.default_rng(seed)
    first = dt.date(2022, 6, 1)
    for number in range(count):
        customer = Customer(f"random{number:03}")
        starts: set[tuple[str, dt.date]] = set()
        for _ in range(rng.integers(1, 7)):
            subscription = "ab"[rng.integers(0, 2)]
            started = first + dt.timedelta(days=int(rng.integers(0, 540)))
            if (subscription, started) in starts:
                continue
            starts.add((subscription, started))
            length = int(rng.integers(1, 150))
            customer.lines.append(
                Line(
                    subscription=subscription,
                    started=started,
                    ended=None if rng.random() < 0.1 else started + dt.timedelta(days=length),
                    amount=int(
                        rng.choice([-5, 0, 9, 10, 20, 120], p=[0.1, 0.05, 0.3, 0.3, 0.2, 0.05])
                    ),
                    months=int(rng.choice([1, 12], p=[0.8, 0.2])),
                    is_paused=bool(rng.random() < 0.1),
                )
            )
        yield customer


def month_ends(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return the last days of the months up to a date, and the date."""
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day == last or (day + dt.timedelta(days=1)).day == 1]


def counted_by_days(customer: Customer) -> dict[dt.date, Decimal]:
    """Return the MRR on each day, by the rules of docs/subscriptions.md, one day at a time."""
    far = AS_OF + dt.timedelta(days=400)
    billed = [line for line in customer.lines if line.is_paused or line.amount > 0]
    covers: list[tuple[Line, dt.date, dt.date]] = []
    for subscription in "ab":
        own = sorted(
            (
                line
                for line in billed
                if line.subscription == subscription and line.started <= AS_OF
            ),
            key=lambda line: line.started,
        )
        for place, line in enumerate(own):
            end = line.ended or far
            following = own[place + 1].started if place + 1 < len(own) else None
            if following is not None and following < end:
                end = following
            elif line.is_paused:
                end = min(end, line.started + dt.timedelta(days=PAUSE_DAYS))
            if following is not None and 0 < (following - end).days <= GRACE_DAYS:
                end = following
            covers.append((line, line.started, end))
    revenue: dict[dt.date, Decimal] = {}
    owners: dict[dt.date, list[Line]] = {}
    if not covers:
        return revenue
    first = min(start for _, start, _ in covers)
    for number in range((AS_OF - first).days + 1):
        day = first + dt.timedelta(days=number)
        owners[day] = [line for line, start, end in covers if start <= day < end]
    day = first
    while day <= AS_OF:
        if owners[day]:
            day += dt.timedelta(days=1)
            continue
        gap = [day]
        while gap[-1] < AS_OF and not owners[gap[-1] + dt.timedelta(days=1)]:
            gap.append(gap[-1] + dt.timedelta(days=1))
        reaches_today = gap[-1] == AS_OF
        if len(gap) <= GRACE_DAYS or (reaches_today and len(gap) == GRACE_DAYS + 1):
            last = day - dt.timedelta(days=1)
            for bridged in gap:
                owners[bridged] = owners[last]
        day = gap[-1] + dt.timedelta(days=1)
    for day, lines in owners.items():
        credits = [
            line
            for line in customer.lines
            if line.amount < 0 and not line.is_paused and line.started <= day < (line.ended or far)
        ]
        revenue[day] = max(Decimal(0), sum((line.mrr for line in [*lines, *credits]), Decimal(0)))
    return revenue


RANDOM = list(random_customers(300, seed=7))
FIT = load_model("subscriptions/predictions/fit_customer_value__subscription_models.py")
DEMO = load_model("subscriptions/demo/demo_customer_value__subscriptions.py")


def simulated_lines(count: int, seed: int) -> list[str]:
    """Return the rows of the demo's generator, of plans with names of their own.

    Rows that begin after the as-of date are in the log, as they are in that of a business with
    scheduled subscriptions.
    """
    frame = DEMO.simulate(count, seed)
    frame["plan"] = "simulated " + frame["plan"]
    frame["quantity"] = ""
    frame["is_paused"] = ""
    text = frame.to_csv(
        index=False, header=False, columns=HEADER.split(","), date_format="%Y-%m-%d"
    )
    return text.splitlines()


@pytest.fixture(scope="session")
def subscribed(tmp_path_factory) -> Build:
    """Only the models of the capability, on three logs together: by hand, random, simulated."""
    folder = tmp_path_factory.mktemp("subscriptions")
    path = folder / "subscriptions.csv"
    lines = [line.text(customer.name) for customer in RANDOM for line in customer.lines]
    lines = [*BY_HAND.strip().splitlines(), *lines, *simulated_lines(3000, 11)]
    path.write_text("\n".join([f"{HEADER},currency", *(f"{line}," for line in lines)]) + "\n")
    result = run_dbt(
        "build",
        *("--select", "path:models/subscriptions", "--threads", "2"),
        database=folder / "subscriptions.duckdb",
        variables={"subscriptions": str(path), "as_of_date": str(AS_OF)},
    )
    assert result.exit_code == 0, result.output
    return result


BY_HAND_ONLY = "customer_id not like 'random%' and customer_id not like 'simulated%'"


def test_each_row_that_does_not_count_has_its_reason(subscribed):
    found = subscribed.rows(
        "select subscription_id, exclusion_reason from main_internal.int_subscription_lines "
        f"where exclusion_reason is not null and coalesce({BY_HAND_ONLY}, true) "
        "order by length(subscription_id), subscription_id"
    )
    assert found == [
        ("s1", "duplicate_period"),
        ("s17", "missing_customer"),
        ("s18", "invalid_date"),
        ("s19", "invalid_date"),
        ("s20", "invalid_amount"),
        ("s21", "missing_interval"),
        ("s22", "end_before_start"),
        ("s23", "overlapped_period"),
        ("s24", "future_dated"),
        ("s28", "invalid_flag"),
        ("s29", "invalid_date"),
        ("s30", "invalid_date"),
        ("s31", "invalid_amount"),
        (None, "missing_subscription"),
    ]


def test_terms_count_what_was_paid(subscribed):
    found = subscribed.rows(
        "select customer_id, plan, term_state, spell_number, renewals_paid, "
        "cast(paid_through_date as varchar) from main_internal.int_subscription_terms "
        f"where as_of_role = 'current' and {BY_HAND_ONLY} order by customer_id, term_number"
    )
    assert found == [
        ("back", "basic", "churned", 1, 0, "2023-02-05"),
        ("back", "basic", "active", 2, 6, "2023-12-05"),
        ("cancelling", "basic", "active", 1, 10, "2023-12-15"),
        ("churned", "basic", "churned", 1, 2, "2023-04-05"),
        ("credit", "basic", "active", 1, 10, "2023-12-01"),
        ("forever", "basic", "active", 1, 10, "2023-12-01"),
        ("grace", "basic", "in_grace", 1, 9, "2023-11-20"),
        ("late", "basic", "active", 1, 10, "2023-12-20"),
        ("lost", "basic", "churned", 1, 8, "2023-10-20"),
        ("open", "basic", "active", 1, 10, "2023-12-10"),
        # Two months of a pause are no renewals.
        ("paused", "basic", "active", 1, 8, "2023-12-01"),
        # NULL, nan and their like say nothing.
        ("said", "basic", "active", 1, 10, "2023-12-15"),
        ("sameday", "basic", "active", 1, 10, "2023-12-10"),
        ("trialpaid", "basic", "active", 1, 5, "2023-12-15"),
        ("two", "basic", "changed", 1, 4, "2023-06-01"),
        ("two", "pro", "active", 1, 5, "2023-12-01"),
        ("upgrade", "basic", "changed", 1, 2, "2023-04-15"),
        ("upgrade", "pro", "active", 1, 8, "2023-12-20"),
        ("weekly", "box", "active", 1, 47, "2023-12-03"),
        ("yearly", "pro", "active", 1, 0, "2024-02-01"),
    ]


def test_the_movements_of_the_customers_made_by_hand(subscribed):
    found: dict[str, list[tuple]] = {}
    for customer, month, movement, mrr in subscribed.rows(
        "select customer_id, month(month_start_date), movement, closing_mrr "
        "from recurring_revenue_months where movement != 'retained' "
        f"and {BY_HAND_ONLY} order by customer_id, month_start_date"
    ):
        found.setdefault(customer, []).append((month, movement, float(mrr)))
    assert found == {
        "back": [(1, "new", 10), (2, "churn", 0), (5, "reactivation", 10)],
        "cancelling": [(1, "new", 10)],
        "churned": [(1, "new", 10), (4, "churn", 0)],
        "credit": [(1, "new", 10), (2, "contraction", 6), (3, "expansion", 10)],
        "forever": [(1, "new", 1)],
        "grace": [(1, "new", 10)],
        "late": [(1, "new", 10)],
        "lost": [(1, "new", 10), (10, "churn", 0)],
        "open": [(1, "new", 10)],
        "paused": [(1, "new", 10)],
        "said": [(1, "new", 10)],
        "sameday": [(1, "new", 12)],
        "trialpaid": [(6, "new", 10)],
        # A second subscription is expansion; the end of the first one is no churn.
        "two": [(1, "new", 10), (2, "expansion", 50), (6, "contraction", 40)],
        "upgrade": [(1, "new", 10), (3, "expansion", 30)],
        "weekly": [(1, "new", 52)],
        "yearly": [(2, "new", 10)],
    }


def test_revenue_of_random_customers_is_that_of_a_count_by_days(subscribed):
    found = {
        (customer, month): mrr
        for customer, month, mrr in subscribed.rows(
            "select customer_id, month_start_date, closing_mrr from recurring_revenue_months "
            "where customer_id like 'random%' and closing_mrr > 0"
        )
    }
    expected = {}
    for customer in RANDOM:
        revenue = counted_by_days(customer)
        for day in month_ends(dt.date(2022, 6, 1), AS_OF):
            if revenue.get(day, Decimal(0)) > 0:
                expected[customer.name, day.replace(day=1)] = revenue[day]
    assert len(expected) > 1500
    assert found == expected


def test_subscribers_made_by_hand(subscribed):
    found = subscribed.rows(
        "select customer_id, subscriber_state, cast(mrr as double), spell_number, is_reactivated, "
        "is_cancelled, is_involuntary, cast(next_renewal_date as varchar), "
        f"cast(churned_date as varchar) from subscribers where {BY_HAND_ONLY} order by customer_id"
    )
    assert found == [
        ("back", "active", 10, 2, True, False, None, "2023-12-05", None),
        ("cancelling", "active", 10, 1, False, True, None, "2023-12-15", None),
        ("churned", "churned", 0, 1, False, True, False, None, "2023-04-05"),
        ("credit", "active", 10, 1, False, False, None, "2023-12-01", None),
        ("forever", "active", 1, 1, False, False, None, "2023-12-01", None),
        ("free", "trial", 0, 0, False, False, None, None, None),
        ("grace", "in_grace", 10, 1, False, False, None, "2023-11-20", None),
        ("late", "active", 10, 1, False, False, None, "2023-12-20", None),
        ("lost", "churned", 0, 1, False, False, True, None, "2023-10-20"),
        ("open", "active", 10, 1, False, False, None, "2023-12-10", None),
        ("paused", "active", 10, 1, False, False, None, "2023-12-01", None),
        ("said", "active", 10, 1, False, False, None, "2023-12-15", None),
        ("sameday", "active", 12, 1, False, False, None, "2023-12-10", None),
        ("trial", "trial", 0, 0, False, False, None, None, None),
        ("trialgone", "trial_ended", 0, 0, False, False, None, None, None),
        ("trialpaid", "active", 10, 1, False, False, None, "2023-12-15", None),
        ("two", "active", 40, 1, False, False, None, "2023-12-01", None),
        ("upgrade", "active", 30, 1, False, False, None, "2023-12-20", None),
        ("weekly", "active", 52, 1, False, False, None, "2023-12-03", None),
        ("yearly", "active", 10, 1, False, False, None, "2024-02-01", None),
    ]


def test_whoever_cancelled_pays_no_more(subscribed):
    assert subscribed.rows(
        "select renewal_probability, expected_renewals_365d, lifetime_value_365d, "
        "residual_lifetime_value from subscribers where customer_id = 'cancelling'"
    ) == [(0, 0, 0, 0)]
    assert subscribed.rows(
        "select distinct renewal_probability, lifetime_value_365d from subscribers "
        "where subscriber_state = 'churned'"
    ) == [(None, None)]


def test_what_subscribers_pay_is_the_closing_of_the_last_month(subscribed):
    (paid,) = subscribed.row("select sum(mrr) from subscribers")
    (closing,) = subscribed.row(
        "select closing_mrr from recurring_revenue_movements order by month_start_date desc limit 1"
    )
    assert paid == closing > 1000


def test_values_are_discounted_to_the_days_on_which_renewals_are_due(subscribed):
    """Recomputed from the fitted curve, renewal by renewal, on the dates of the calendar."""
    fits = subscribed.frame("select * from subscription_fits where as_of_role = 'current'")
    chosen = fits[fits["is_selected"]].set_index("subscription_group")
    subscribers = subscribed.frame(
        "select * from subscribers where customer_id like 'simulated%' "
        "and subscriber_state = 'active' and not is_cancelled order by customer_id"
    )
    horizon = AS_OF + dt.timedelta(days=365)
    checked = {"simulated basic": 0, "simulated pro yearly": 0}
    for one in subscribers.itertuples():
        fit = chosen.loc[one.subscription_group]
        if one.plan not in checked or fit["model"] != "sbg" or checked[one.plan] == 25:
            continue
        checked[one.plan] += 1
        months = 12 if one.plan.endswith("yearly") else 1
        left, value, due, number = 1.0, 0.0, one.next_renewal_date.date(), 0
        while due <= horizon:
            paid = one.renewals_paid + number
            left *= (fit["delta"] + paid) / (fit["gamma"] + fit["delta"] + paid)
            price = float(one.mrr) * months
            value += left * price * 1.1 ** (-(due - AS_OF).days / 365)
            number += 1
            due = DEMO.months_later(one.next_renewal_date.date(), months * number)
        # A month of the lookup has 30.4375 days.
        assert one.lifetime_value_365d == pytest.approx(value, rel=1e-3)
        assert number <= (1 if months == 12 else 12)
    assert checked["simulated basic"] == 25


def test_the_truth_of_the_simulation_is_found(subscribed):
    fits = subscribed.frame(
        "select * from subscription_fits where as_of_role = 'current' and model = 'sbg'"
    ).set_index("subscription_group")
    for plan in ("basic", "pro"):
        fit = fits.loc[f"simulated {plan}, 1 month"]
        *_, gamma, delta = DEMO.PLANS[plan]
        assert fit["is_selected"] and fit["term_count"] > 400
        for name, truth in [("gamma", gamma), ("delta", delta)]:
            assert abs(fit[name] - truth) < 2 * fit[f"{name}_standard_error"]
    assert fits.loc["simulated basic, 1 month", "gamma_standard_error"] < 0.2


def test_held_out_renewals_are_closer_than_those_of_the_geometric_model(subscribed):
    rows = subscribed.rows(
        "select model, bias_share, survivor_bias_share, subscriber_count "
        "from subscription_evaluation where model in ('sbg', 'geometric')"
    )
    found = {model: values for model, *values in rows}
    assert abs(found["sbg"][0]) < 0.03 < 0.1 < abs(found["geometric"][0])
    assert abs(found["sbg"][1]) < 0.03 < 0.1 < abs(found["geometric"][1])
    assert found["sbg"][2] == found["geometric"][2] > 400


def test_observed_survival_is_that_of_the_fit_and_of_greenwood(subscribed):
    counts = subscribed.frame(
        "select * from main_internal.int_renewal_counts where as_of_role = 'current' "
        "and subscription_group = 'simulated basic, 1 month'"
    )
    data = FIT.from_counts(
        counts["renewals_paid"].to_numpy(float),
        counts["lost_count"].to_numpy(float),
        counts["censored_count"].to_numpy(float),
    )
    rows = subscribed.frame(
        "select * from subscription_survival "
        "where subscription_group = 'simulated basic, 1 month' order by renewal"
    )
    assert list(rows["renewal"]) == list(range(data.observed + 1))
    assert list(rows["survival"])[1:] == pytest.approx(FIT.kaplan_meier(data)[: data.observed])
    at_risk, lost = data.at_risk[: data.observed], data.lost[: data.observed]
    errors = FIT.kaplan_meier(data)[: data.observed] * np.sqrt(
        np.cumsum(lost / (at_risk * (at_risk - lost)))
    )
    assert list(rows["standard_error"])[1:] == pytest.approx(errors)


def test_the_months_follow_one_another(subscribed):
    """Closing equals next opening, for each customer and for all of them."""
    rows = subscribed.rows(
        "select month_start_date, opening_mrr, closing_mrr, opening_customer_count, "
        "closing_customer_count from recurring_revenue_movements order by month_start_date"
    )
    assert len(rows) == 23
    for before, after in itertools.pairwise(rows):
        assert (before[2], before[4]) == (after[1], after[3])
    broken = subscribed.rows(
        "select customer_id from (select *, lag(closing_mrr) over (partition by customer_id "
        "order by month_start_date) as before from recurring_revenue_months) "
        "where opening_mrr != coalesce(before, 0)"
    )
    assert broken == []


def test_retention_is_that_of_the_cohort(subscribed):
    """Whoever joined after the month that is compared with is no part of it."""
    frame = subscribed.frame(
        "select customer_id, month_start_date, closing_mrr from recurring_revenue_months "
        "where closing_mrr > 0"
    )
    wide = (
        frame.pivot_table(
            index="customer_id", columns="month_start_date", values="closing_mrr", aggfunc="first"
        )
        .astype(float)
        .fillna(0)
    )
    checked = 0
    for month, window, net, gross, kept in subscribed.rows(
        "select month_start_date, window_months, net_revenue_retention, "
        "gross_revenue_retention, customer_retention from revenue_retention"
    ):
        place = list(wide.columns.date).index(month)
        then, now = wide.iloc[:, place - window], wide.iloc[:, place]
        then, now = then[then > 0], now[then > 0]
        assert net == pytest.approx(now.sum() / then.sum())
        assert gross == pytest.approx(np.minimum(then, now).sum() / then.sum())
        assert kept == pytest.approx((now > 0).mean())
        checked += window
    assert checked == 22 + 11 * 12


def write(folder: Path, text: str) -> str:
    path = folder / "log.csv"
    path.write_text(text)
    return str(path)


@pytest.fixture
def refused(dbt, tmp_path) -> Callable[..., str]:
    """Return a function that builds the lines of a log, which must fail, and its output."""

    def run(text: str, variables: dict, input_name: str = "subscriptions") -> str:
        result = dbt(
            *("build", "--select", "+int_customer_value__subscription_lines"),
            variables={input_name: write(tmp_path, text), **variables},
        )
        assert result.exit_code != 0 and result.marts() == set(), result.output
        return " ".join(result.output.split())

    return run


@pytest.mark.parametrize(
    ("input_name", "text", "variables", "sentence"),
    [
        pytest.param(
            "subscription_payments",
            "customer_id,paid_on,amount\na,2023-01-01,10\n",
            {},
            "has no column billing_interval, and the var billing_interval is empty",
            id="an interval that nobody states",
        ),
        pytest.param(
            "subscription_payments",
            "customer_id,paid_on,amount,currency\na,2023-01-01,10,eur\nb,2023-01-01,10,USD\n",
            {"billing_interval": "month"},
            "has amounts in several currencies (EUR, USD)",
            id="several currencies",
        ),
        pytest.param(
            "subscription_payments",
            "customer_id,paid_on,amount\na,2023-01-01,0\nb,2023-01-01,-10\nc,soon,10\n",
            {"billing_interval": "month"},
            "shows a payment (2 free of charge, 1 invalid_date)",
            id="nobody pays",
        ),
        pytest.param(
            "subscription_payments",
            "customer_id,paid_on,amount\na,31.01.2023,10\nb,28.02.2023,10\nc,2023-01-01,0\n",
            {"billing_interval": "month"},
            "(2 invalid_date, 1 free of charge): dates are read from 1900 to 2261 only, and as ISO "
            "8601, such as 2024-01-31; where they are written otherwise, give the date_format",
            id="dates that nobody can read",
        ),
        pytest.param(
            "subscription_payments",
            "customer_id,paid_on,amount\na,2023-01-01,10\n",
            {"billing_interval": "month", "subscriptions": "other.csv"},
            "each must contain all subscriptions: name only one",
            id="two inputs at once",
        ),
    ],
)
def test_an_unusable_log_is_refused(refused, input_name, text, variables, sentence):
    assert sentence in refused(text, variables, input_name)


DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days=number) for number in range(400)]
# A customer, a day and ten of money a row; two days are mistyped.
MISTYPED = (
    "".join(f"c{place},{day},10\n" for place, day in enumerate(DAYS))
    + "x,2030-01-01,10\ny,2052-01-01,10\n"
)


@pytest.mark.parametrize(
    ("input_name", "text"),
    [
        pytest.param(
            "subscriptions",
            "subscription_id,customer_id,started_on,ended_on,amount,cancelled_on\n"
            + "".join(f"s{place},c{place},{day},,10,\n" for place, day in enumerate(DAYS))
            + "x,x,2030-01-01,,10,\ny,y,2052-01-01,,10,\nz,z,2024-01-01,,10,2031-01-01\n",
            id="periods, and a cancellation",
        ),
        pytest.param(
            "subscription_payments",
            "customer_id,paid_on,amount\n" + MISTYPED,
            id="payments",
        ),
        pytest.param(
            "subscription_changes",
            "customer_id,changed_on,mrr_change\n" + MISTYPED,
            id="changes",
        ),
    ],
)
def test_mistyped_days_do_not_move_the_as_of_date(dbt, tmp_path, input_name, text):
    """They lie years behind all others; the cancellation of z is one that has not come yet."""
    result = dbt(
        *("run", "--select", "+int_customer_value__subscription_lines"),
        variables={input_name: write(tmp_path, text), "billing_interval": "month"},
    )
    assert result.exit_code == 0, result.output
    dates = "select distinct as_of_date from main_internal.int_subscription_lines"
    assert result.rows(dates) == [(DAYS[-1],)]
    assert result.rows(
        "select customer_id, exclusion_reason from main_internal.int_subscription_lines "
        "where exclusion_reason is not null order by all"
    ) == [("x", "future_dated"), ("y", "future_dated")]


def test_a_refused_log_hides_no_account_of_the_transactions(dbt, tmp_path):
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "customer_id,transacted_at,amount\na,2023-01-01,1\nb,2023-01-02,1\nc,soon,1\n"
    )
    result = dbt(
        *("build", "--exclude-resource-type", "unit_test", "--select"),
        *("+int_customer_value__subscription_lines", "+int_customer_value__line_totals"),
        variables={
            "transactions": str(orders),
            "subscription_payments": write(tmp_path, "customer_id,paid_on,amount\na,soon,10\n"),
            "billing_interval": "month",
        },
    )
    assert result.exit_code != 0
    assert "customer_value: 2 lines kept" in result.output
    assert "customer_value: 1 line invalid_timestamp" in result.output


PAYMENTS = """customer_id,subscription_id,payment_id,paid_on,amount,billing_interval
steady,,,2023-01-10,10,month
steady,,,2023-02-10,10,month
steady,,,2023-03-10,10,month
steady,,,2023-04-10,10,month
steady,,,2023-05-10,15,month
steady,,,2023-06-10,15,month
yearly,,,2023-02-15,120,year
gone,,,2023-01-05,20,month
gone,,,2023-02-05,20,month
late,,,2023-01-20,10,month
late,,,2023-02-20,10,month
late,,,2023-03-30,10,month
late,,,2023-04-30,10,month
late,,,2023-05-30,10,month
refunded,,,2023-01-15,30,month
refunded,,,2023-01-15,-30,month
refunded,,,2023-02-15,30,month
refunded,,,2023-03-15,30,month
refunded,,,2023-04-15,30,month
twice,,,2023-06-01,10,month
twice,,,2023-06-01,10,month
both,,p1,2023-06-01,10,month
both,,p2,2023-06-01,10,month
both,,p1,2023-06-01,10,month
weekly,,,2023-06-05,12,week
weekly,,,2023-06-12,12,week
weekly,,,2023-06-19,12,week
weekly,,,2023-06-26,12,week
back,,,2023-01-31,10,month
back,,,2023-05-31,10,month
two,s1,,2023-05-03,10,month
two,s1,,2023-06-03,10,month
two,s2,,2023-06-10,25,month
,,,2023-06-10,25,month
nobody,,,2023-06-10,ten,month
nobody,,,2023-02-30,10,month
nobody,,,2023-06-10,10,now and then
nobody,,,2023-07-15,10,month
"""
CHANGES = """customer_id,changed_on,mrr_change
grows,2023-01-10,10
grows,2023-03-01,5
grows,2023-05-20,-15
shrinks,2023-02-10,20
shrinks,2023-04-30,-8
returns,2023-01-05,10
returns,2023-02-05,-10
returns,2023-05-05,25
soon,2023-01-05,10
soon,2023-02-20,-10
soon,2023-03-10,10
equal,2023-03-03,10
equal,2023-03-03,10
below,2023-01-01,-5
below,2023-02-01,15
lately,2023-01-05,10
lately,2023-06-15,-10
,2023-01-05,10
"""


def movements(build: Build) -> dict[str, list[tuple]]:
    """Return what moved the MRR of each customer: month, movement and closing MRR."""
    found: dict[str, list[tuple]] = {}
    for customer, month, movement, mrr in build.rows(
        "select customer_id, month(month_start_date), movement, closing_mrr "
        "from recurring_revenue_months where movement != 'retained' order by all"
    ):
        found.setdefault(customer, []).append((month, movement, float(mrr)))
    return found


@pytest.fixture
def revenue_of(dbt, tmp_path) -> Callable[..., Build]:
    """Return a function that builds the recurring revenue and the terms of a log, as of June."""

    def run(text: str, variables: dict, input_name: str) -> Build:
        result = dbt(
            *("run", "--select", "+customer_value__recurring_revenue_movements"),
            "int_customer_value__subscription_dates int_customer_value__subscription_terms",
            variables={
                input_name: write(tmp_path, text),
                "as_of_date": "2023-06-30",
                **variables,
            },
        )
        assert result.exit_code == 0, result.output
        return result

    return run


def test_a_log_of_payments(revenue_of):
    """Computed by hand: each payment covers one interval from its day on."""
    build = revenue_of(PAYMENTS, {}, "subscription_payments")
    assert movements(build) == {
        "back": [(1, "new", 10), (2, "churn", 0), (5, "reactivation", 10)],
        # Two payments of a day are one; the second line with the id p1 is a duplicate.
        "both": [(6, "new", 20)],
        "gone": [(1, "new", 20), (3, "churn", 0)],
        "late": [(1, "new", 10)],
        "refunded": [(2, "new", 30), (5, "churn", 0)],
        "steady": [(1, "new", 10), (5, "expansion", 15)],
        "twice": [(6, "new", 10)],
        "two": [(5, "new", 10), (6, "expansion", 35)],
        "weekly": [(6, "new", 52)],
        "yearly": [(2, "new", 10)],
    }
    assert build.rows(
        "select opening_mrr, new_mrr, expansion_mrr, churn_mrr, reactivation_mrr, closing_mrr "
        "from recurring_revenue_movements where month_start_date >= '2023-05-01' "
        "order by month_start_date"
    ) == [(60, 10, 5, -30, 10, 55), (55, 82, 25, 0, 0, 162)]
    assert build.rows(
        "select customer_id, exclusion_reason from main_internal.int_subscription_lines "
        "where exclusion_reason is not null order by all"
    ) == [
        ("both", "duplicate_period"),
        ("nobody", "future_dated"),
        ("nobody", "invalid_amount"),
        ("nobody", "invalid_date"),
        ("nobody", "missing_interval"),
        ("twice", "duplicate_period"),
        (None, "missing_customer"),
    ]
    assert build.rows(
        "select customer_id, term_state, renewals_paid from main_internal.int_subscription_terms "
        "where as_of_role = 'current' and customer_id in ('gone', 'late', 'steady', 'weekly') "
        "order by all"
    ) == [
        ("gone", "churned", 1),
        ("late", "in_grace", 4),
        ("steady", "active", 5),
        ("weekly", "active", 3),
    ]


def test_a_ledger_of_changes(revenue_of):
    """Computed by hand: the running sum is the MRR, without days of grace."""
    build = revenue_of(CHANGES, {"billing_interval": "month"}, "subscription_changes")
    assert movements(build) == {
        "below": [(2, "new", 10)],
        "equal": [(3, "new", 20)],
        "grows": [(1, "new", 10), (3, "expansion", 15), (5, "churn", 0)],
        "lately": [(1, "new", 10), (6, "churn", 0)],
        "returns": [(1, "new", 10), (2, "churn", 0), (5, "reactivation", 25)],
        "shrinks": [(2, "new", 20), (4, "contraction", 12)],
        "soon": [(1, "new", 10), (2, "churn", 0), (3, "reactivation", 10)],
    }
    assert build.rows(
        "select closing_mrr from recurring_revenue_movements order by month_start_date"
    ) == [(40,), (50,), (85,), (77,), (87,), (77,)]
    assert build.rows(
        "select customer_id, spell_number, term_state from main_internal.int_subscription_terms "
        "where as_of_role = 'current' and customer_id in ('lately', 'soon') order by all"
    ) == [("lately", 1, "churned"), ("soon", 1, "churned"), ("soon", 2, "active")]
    assert build.rows(
        "select exclusion_reason from main_internal.int_subscription_lines "
        "where exclusion_reason is not null"
    ) == [("missing_customer",)]


# From the lines of a log to its recurring revenue, in the order in which they are built.
REVENUE_MODELS = [
    "staging/stg_customer_value__subscriptions",
    "intermediate/int_customer_value__subscription_lines",
    "intermediate/int_customer_value__subscription_periods",
    "intermediate/int_customer_value__subscription_months",
    "marts/customer_value__recurring_revenue_months",
    "marts/customer_value__recurring_revenue_movements",
    "marts/customer_value__revenue_retention",
]


@dataclass
class RevenueChain:
    """The SQL that dbt compiled, run by DuckDB alone on logs of its own."""

    statements: list[tuple[str, str]] = field(repr=False)
    log: Path

    def run(self, lines: list[str]) -> duckdb.DuckDBPyConnection:
        """Return a database with the tables of a log."""
        self.log.write_text("\n".join([f"{HEADER},currency", *lines]) + "\n")
        connection = duckdb.connect()
        connection.execute("attach ':memory:' as subscriptions; create schema main_internal")
        connection.execute("create schema subscriptions.main_internal")
        for relation, query in self.statements:
            connection.execute(f"create table {relation} as {query}")
        return connection


@pytest.fixture(scope="session")
def revenue_chain(subscribed, tmp_path_factory) -> RevenueChain:
    folder = subscribed.database.parent
    compiled = folder / "target" / "compiled" / "customer_value" / "models" / "subscriptions"
    log = tmp_path_factory.mktemp("chain") / "log.csv"
    statements = []
    for path in REVENUE_MODELS:
        query = (compiled / f"{path}.sql").read_text()
        table = path.split("/")[1].replace("customer_value__", "")
        schema = "main" if path.startswith("marts") else "main_internal"
        statements.append(
            (
                f"subscriptions.{schema}.{table}",
                query.replace(str(folder / "subscriptions.csv"), str(log)),
            )
        )
    return RevenueChain(statements, log)


@st.composite
def any_lines(draw) -> Line:
    started = dt.date(2022, 9, 1) + dt.timedelta(days=draw(st.integers(0, 480)))
    length = draw(st.none() | st.integers(1, 400))
    return Line(
        subscription=draw(st.sampled_from("ab")),
        started=started,
        ended=None if length is None else started + dt.timedelta(days=length),
        amount=draw(st.sampled_from([-50, -5, 0, 9, 10, 20, 120])),
        months=draw(st.sampled_from([1, 3, 12])),
        is_paused=draw(st.sampled_from([False, False, False, True])),
    )


any_log = st.lists(
    any_lines(), min_size=1, max_size=6, unique_by=lambda line: (line.subscription, line.started)
)
any_customers = st.lists(any_log, min_size=1, max_size=4)


@settings(max_examples=25)
@given(logs=any_customers, currencies=st.lists(st.sampled_from(["", "eur", "usd"]), min_size=24))
def test_nothing_is_lost_between_a_line_and_the_recurring_revenue(revenue_chain, logs, currencies):
    """Any overlap, gap, price, pause, credit and currency: what goes in comes out."""
    customers = [Customer(f"c{number}", lines) for number, lines in enumerate(logs)]
    lines = [line.text(customer.name) for customer in customers for line in customer.lines]
    connection = revenue_chain.run(
        [f"{line},{currency}" for line, currency in zip(lines, currencies, strict=False)]
    )

    def rows(query: str) -> list[tuple]:
        return connection.execute(f"use subscriptions; {query}").fetchall()

    # Every line is kept or has a reason; where there are two currencies, the post-hook finds them
    # in this table and stops the build.
    used = {currency.upper() for currency in currencies[: len(lines)]} - {""}
    assert rows(
        "select count(*), count(distinct currency), "
        "count(*) filter (where (exclusion_reason is null) != (started_date <= as_of_date)) "
        "from main_internal.int_subscription_lines"
    ) == [(len(lines), len(used), 0)]
    broken = rows(
        "select * from recurring_revenue_months where opening_mrr + new_mrr + expansion_mrr "
        "+ contraction_mrr + churn_mrr + reactivation_mrr != closing_mrr "
        "or (new_mrr > 0)::int + (expansion_mrr > 0)::int + (contraction_mrr < 0)::int "
        "+ (churn_mrr < 0)::int + (reactivation_mrr > 0)::int > 1 or closing_mrr < 0"
    )
    assert broken == []
    broken = rows(
        "select customer_id from (select *, lag(closing_mrr, 1, 0) over (partition by customer_id "
        "order by month_start_date) as before from recurring_revenue_months) "
        "where opening_mrr != before"
    )
    assert broken == []
    expected: dict[dt.date, Decimal] = {}
    for customer in customers:
        for day, mrr in counted_by_days(customer).items():
            expected[day] = expected.get(day, Decimal(0)) + mrr
    found = rows(
        "select measured_date, coalesce(closing_mrr, 0) from main_internal.int_subscription_months "
        "left join recurring_revenue_movements using (month_start_date)"
    )
    assert {day: mrr for day, mrr in found} == {
        day: expected.get(day, Decimal(0)) for day, _ in found
    }


# Customers, their first month, and how many months they paid how much, with 0 for not at all: made
# so that the totals are those of a public log of 121 periods of 55 customers.
MADE = [
    (3, "2018-06", [(3, 35), (6, 0), (4, 50)]),
    (4, "2018-06", [(3, 35)]),
    (1, "2018-06", [(3, 20)]),
    (2, "2018-05", [(8, 50), (8, 50), (4, 85)]),
    (1, "2018-05", [(16, 50), (4, 30)]),
    (2, "2018-05", [(8, 50), (12, 50)]),
    (2, "2018-05", [(8, 55), (12, 55)]),
    (5, "2018-11", [(10, 45)]),
    (6, "2019-05", [(1, 40), (1, 60), (6, 40)]),
    (1, "2019-06", [(1, 40), (1, 60), (5, 40)]),
    (10, "2019-10", [(1, 40), (1, 60), (1, 40)]),
    (3, "2019-10", [(1, 40), (1, 60), (2, 40)]),
    (1, "2019-12", [(1, 45), (1, 55)]),
    (5, "2019-07", [(1, 40), (1, 60), (1, 40)]),
    (1, "2019-07", [(1, 40), (1, 75), (1, 40)]),
    (1, "2019-07", [(1, 40), (1, 85)]),
    (2, "2019-07", [(1, 40)]),
    (2, "2019-07", [(1, 45)]),
    (3, "2019-07", [(1, 50)]),
]


def test_the_figures_of_a_public_log(revenue_chain):
    """Those that were computed on it without this project (mrr-playbook, 121 periods).

    The movements of 2019 against the revenue at its beginning say that a third more was lost than
    there was, since they count the churn of those who joined in the year; the cohort lost 30 %.
    """
    lines = []
    for number, (count, first, runs) in enumerate(MADE):
        for customer in range(count):
            day = dt.date.fromisoformat(f"{first}-01")
            for months, amount in runs:
                following = DEMO.months_later(day, months)
                if amount:
                    line = Line("a", day, following, amount, 1)
                    lines.append(f"{line.text(f'made{number}-{customer}')},")
                day = following
    assert len(lines) == 121
    connection = revenue_chain.run(lines)

    def rows(query: str) -> list[tuple]:
        return connection.execute(f"use subscriptions; {query}").fetchall()

    counted = rows(
        "select movement, count(*), sum(closing_mrr - opening_mrr) from recurring_revenue_months "
        "group by movement order by movement"
    )
    assert counted == [
        ("churn", 58, -2550),
        ("contraction", 27, -555),
        ("expansion", 30, 660),
        ("new", 55, 2295),
        ("reactivation", 3, 150),
        ("retained", 237, 0),
    ]
    assert rows(
        "select closing_mrr, closing_customer_count from recurring_revenue_movements where "
        "month_start_date in ('2018-12-01', '2019-06-01', '2019-12-01', '2020-01-01', "
        "'2020-02-01') order by month_start_date"
    ) == [(585, 12), (1135, 22), (1255, 28), (175, 4), (0, 0)]
    ((net, gross, kept),) = rows(
        "select net_revenue_retention, gross_revenue_retention, customer_retention "
        "from revenue_retention where window_months = 12 and month_start_date = '2019-12-01'"
    )
    assert [net, gross, kept] == pytest.approx([0.7009, 0.5812, 0.5833], abs=5e-5)
    ((moved,),) = rows(
        "select sum(expansion_mrr + contraction_mrr + churn_mrr + reactivation_mrr) / 585.0 "
        "from recurring_revenue_movements where year(month_start_date) = 2019"
    )
    assert 1 + moved == pytest.approx(-0.325, abs=5e-4)
