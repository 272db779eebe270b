"""Survival: the leukemia trial's published numbers, and lifelines on CDNOW."""

import json
import math
from datetime import timedelta
from itertools import pairwise

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import run_dbt
from helpers import PACKAGE, load_model
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test

# Weeks in remission, + where it still lasted; Freireich et al. (1963), Blood 21:699.
REMISSIONS = {
    "6-MP": "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+",
    "placebo": "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23",
}
PUBLISHED = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
MEDIANS = {"6-MP": 23, "placebo": 8}
LOG_RANK = 16.79

log_rank_model = load_model("history/predictions/compare_customer_value__survival_curves.py")


def remissions() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "group_name": group,
            "day": int(week.rstrip("+")),
            "event_count": int(not week.endswith("+")),
            "censored_count": int(week.endswith("+")),
        }
        for group, weeks in REMISSIONS.items()
        for week in weeks.split()
    )


@pytest.fixture(scope="module")
def trial(tmp_path_factory) -> pd.DataFrame:
    """The curves of the trial: the model's own SQL over the trial's raw rows."""
    name = f"{PACKAGE}survival_curves"
    directory = tmp_path_factory.mktemp("trial")
    result = run_dbt(
        *("compile", "--quiet", "--output", "json", "--select", name),
        database=directory / "trial.duckdb",
    )
    assert result.exit_code == 0, result.output
    sql = json.loads(result.output[result.output.index("{") :])["compiled"]
    events = remissions().assign(curve="second_purchase", grouping_name="treatment")
    with duckdb.connect(str(directory / "trial.duckdb")) as connection:
        connection.execute("create schema if not exists main_internal")
        connection.register("events", events)
        connection.execute("create table main_internal.int_survival_events as select * from events")
        return connection.sql(sql).df().sort_values(["group_name", "day"], ignore_index=True)


def test_the_published_kaplan_meier_table_comes_out(trial):
    treated = trial[(trial["group_name"] == "6-MP") & (trial["event_count"] > 0)]
    assert dict(zip(treated["day"], treated["survival"].round(3), strict=True)) == PUBLISHED


def test_the_published_medians_come_out(trial):
    reached = trial[trial["survival"] <= 0.5]
    assert reached.groupby("group_name")["day"].min().to_dict() == MEDIANS


def test_the_published_log_rank_statistic_comes_out():
    chi_square, degrees = log_rank_model.log_rank(remissions())
    assert (round(chi_square, 2), degrees) == (LOG_RANK, 1)


def expect_lifelines(curve: pd.DataFrame) -> None:
    """Hold one group's curve against lifelines, standard errors and intervals included."""
    curve = curve.sort_values("day", ignore_index=True)
    ended = curve["event_count"] + curve["censored_count"]
    times = np.repeat(curve["day"], ended)
    happened = np.concatenate(
        [
            np.repeat([1, 0], [events, censored])
            for events, censored in zip(curve["event_count"], curve["censored_count"], strict=True)
        ]
    )
    fitter = KaplanMeierFitter().fit(times, happened)
    expected = fitter.survival_function_["KM_estimate"].reindex(curve["day"]).to_numpy()
    np.testing.assert_allclose(curve["survival"], expected, rtol=1e-9, atol=1e-12)

    someone_left = (curve["survival"] > 0).to_numpy()
    greenwood = np.sqrt(fitter._cumulative_sq_.reindex(curve["day"]).to_numpy())
    np.testing.assert_allclose(
        curve["standard_error"][someone_left],
        (expected * greenwood)[someone_left],
        rtol=1e-9,
        atol=1e-12,
    )
    bounds = fitter.confidence_interval_survival_function_.reindex(curve["day"]).to_numpy()
    some_gone = someone_left & (expected < 1)
    found = curve[["lower_95", "upper_95"]].to_numpy(dtype="float64")
    np.testing.assert_allclose(found[some_gone], bounds[some_gone], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("group", REMISSIONS)
def test_the_trial_agrees_with_lifelines(trial, group):
    expect_lifelines(trial[trial["group_name"] == group])


def survival_times(days: pd.DataFrame, lapse_after_days: int) -> pd.DataFrame:
    """Compute everybody's times again, customer by customer, from the purchase days."""
    current = days["purchase_date"].max()
    rows = []
    for customer, bought in days.groupby("customer_id")["purchase_date"]:
        dates = sorted(bought)
        ages = [(date - dates[0]).days for date in dates]
        age, follow_up = (
            (current - dates[0]).days,
            (current - dates[0]).days - lapse_after_days - 1,
        )
        last = ages[-1]
        for before, after in pairwise(ages):
            if after - before > lapse_after_days:
                last = before
                break
        rows.append(
            {
                "customer_id": customer,
                "second_day": ages[1] if len(ages) > 1 else age,
                "has_second": len(ages) > 1,
                "lapse_day": min(last, follow_up) if follow_up >= 0 else math.nan,
                "has_lapsed": last <= follow_up,
            }
        )
    return pd.DataFrame(rows)


@pytest.mark.parametrize("name", ["demo", "online_retail"])
def test_the_curves_agree_with_lifelines_from_the_purchase_days_on(name, request):
    build = request.getfixturevalue(name)
    gaps = build.frame(
        "select days_since_previous_purchase as days from main_internal.int_purchase_days "
        "where days_since_previous_purchase is not null"
    )["days"]
    (lapse_after_days, reason) = build.row(
        "select distinct lapse_after_days, lapse_threshold_reason from survival_summary"
    )
    assert lapse_after_days == np.percentile(gaps, 95, method="inverted_cdf")
    assert str(len(gaps)) in reason

    days = build.frame("select customer_id, purchase_date from main_internal.int_purchase_days")
    current = build.row("select max(as_of_date) from customers")[0]
    assert pd.Timestamp(current) == days["purchase_date"].max()
    times = survival_times(days, lapse_after_days)
    curves = build.frame("select * from survival_curves where grouping_name = 'overall'")
    followed = times.dropna(subset="lapse_day")
    for curve, durations, happened in [
        ("second_purchase", times["second_day"], times["has_second"]),
        ("lapse", followed["lapse_day"], followed["has_lapsed"]),
    ]:
        fitter = KaplanMeierFitter().fit(durations, happened)
        found = curves[curves["curve"] == curve].set_index("day").sort_index()
        expected = fitter.survival_function_["KM_estimate"].reindex(found.index)
        np.testing.assert_allclose(found["survival"], expected, rtol=1e-9, atol=1e-12)
        expect_lifelines(found.reset_index())


@pytest.mark.parametrize("name", ["demo", "online_retail"])
def test_the_retention_of_segments_is_lifelines_from_the_purchase_days_on(name, request):
    build = request.getfixturevalue(name)
    lapse_after_days = int(build.row("select max(lapse_after_days) from survival_summary")[0])
    entry, current = build.row(
        "select min(as_of_date), max(as_of_date) from main_internal.int_history_dates"
    )
    segments = build.frame(
        "select customer_id, segment from main_internal.int_customer_scores "
        f"where as_of_date = date '{entry}'"
    ).set_index("customer_id")["segment"]
    days = build.frame("select customer_id, purchase_date from main_internal.int_purchase_days")
    lapsed, durations = {}, {}
    for customer, bought in days.groupby("customer_id")["purchase_date"]:
        ends = [date.date() for date in sorted(bought)]
        nexts = [*ends[1:], None]
        for end, following in zip(ends, nexts, strict=True):
            lapse = end + timedelta(days=lapse_after_days + 1)
            if following is not None and (following < lapse or following <= entry):
                continue
            lapsed[customer] = lapse <= current
            durations[customer] = max((min(lapse, current) - entry).days, 0)
            break
    table = pd.DataFrame({"segment": segments})
    table["days"] = pd.Series(durations)
    table["lapsed"] = pd.Series(lapsed)
    forecast = build.frame(
        "select * from segment_value_forecast where observed_retention is not null"
    )
    assert set(forecast["segment"]) <= set(table["segment"])
    for segment, months in forecast.groupby("segment"):
        members = table[table["segment"] == segment]
        fitter = KaplanMeierFitter().fit(members["days"], members["lapsed"])
        ends = [(365 * month + 11) // 12 for month in months["month_ahead"]]
        expected = fitter.survival_function_at_times(ends).to_numpy()
        np.testing.assert_allclose(months["observed_retention"], expected, rtol=1e-9, atol=1e-12)
        assert set(months["observed_customer_count"]) == {len(members)}
        below = [m for m, s in zip(months["month_ahead"], expected, strict=True) if s < 0.8]
        found = months["observed_decay_month"].iloc[0]
        assert (pd.isna(found) and not below) or found == min(below)


@pytest.mark.parametrize("name", ["demo", "online_retail"])
def test_groups_are_compared_as_lifelines_does(name, request):
    build = request.getfixturevalue(name)
    counts = build.frame(
        "select curve, grouping_name, group_name, day, event_count, censored_count "
        "from survival_curves where grouping_name != 'overall'"
    )
    compared = build.frame("select * from survival_comparison").set_index(
        ["curve", "grouping_name"]
    )
    assert len(compared) == 5
    for key, grouping in counts.groupby(["curve", "grouping_name"]):
        found = compared.loc[key]
        assert found["group_count"] == grouping["group_name"].nunique()
        if found["group_count"] == 1:
            assert pd.isna(found["chi_square"]) and "nothing to compare" in found["finding"]
            continue
        long = grouping.melt(
            ["group_name", "day"], ["event_count", "censored_count"], "ended", "customers"
        )
        expected = multivariate_logrank_test(
            long["day"], long["group_name"], long["ended"] == "event_count", long["customers"]
        )
        assert found["chi_square"] == pytest.approx(expected.test_statistic, rel=1e-9)
        assert found["p_value"] == pytest.approx(expected.p_value, rel=1e-6)
        assert found["degrees_of_freedom"] == expected.degrees_of_freedom


def test_log_rank_says_what_it_cannot_compare():
    none = pd.DataFrame(columns=["curve", "grouping_name", "group_name", "day"])
    none = none.assign(event_count=[], censored_count=[])
    assert list(log_rank_model.compare(none).columns) == list(log_rank_model.COLUMNS)

    quiet = remissions().assign(curve="c", grouping_name="g", event_count=0)
    (finding,) = log_rank_model.compare(quiet)["finding"]
    assert finding == "Too few days with events to compare the groups."

    alone = remissions().query("group_name == '6-MP'").assign(curve="c", grouping_name="g")
    (finding,) = log_rank_model.compare(alone)["finding"]
    assert finding == "One group only: nothing to compare."


def test_log_rank_does_not_depend_on_the_order_of_the_rows():
    frame = remissions().assign(curve="c", grouping_name="g")
    shuffled = frame.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(log_rank_model.compare(frame), log_rank_model.compare(shuffled))
