"""Which rules were in force when a trial entered its segment, and what came of it."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import Build, run_dbt
from helpers import ROOT, load_model
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

DEMO = load_model("events/demo/demo_customer_value__events.py")
# The day on which people are contacted, and the runs: the day, and whether idlers of three days
# still count as such.
CONTACTED = pd.Timestamp("2025-06-16")
RUNS = (
    ("2025-06-14", False),
    ("2025-06-16", False),
    ("2025-06-16", True),
    ("2025-06-18", True),
    ("2025-07-20", False),
)
LOG = ("--select", "+customer_value__trial_segment_changes")
NO_TESTS = ("--exclude-resource-type", "unit_test", "test")


def small_product() -> dict[str, pd.DataFrame]:
    """Return a part of the simulated trials as inputs, with a call that half of them had."""
    events, trials = DEMO.simulate(DEMO.TRIAL_COUNT, 24)
    moment = pd.Timestamp(DEMO.FIRST_DAY) + pd.to_timedelta(trials["start"], unit="min")
    is_meant = moment.between("2025-05-25", "2025-06-25")
    trials = pd.DataFrame(
        {
            "customer_id": trials["customer_id"],
            "trial_started_at": moment,
            "converted_at": pd.Timestamp(DEMO.FIRST_DAY)
            + pd.to_timedelta(trials["converted"], unit="min"),
        }
    )[is_meant]
    events = events[events["customer_id"].isin(trials["customer_id"])]
    # One more, so that the log goes on and all trials end.
    last = events[:1].assign(
        event_id="last", customer_id="somebody", occurred_at=pd.Timestamp("2025-08-01")
    )
    events = pd.concat([events, last])
    payments = events[events["event_name"] == "invoice_paid"]
    open_trials = trials[trials["trial_started_at"] < CONTACTED - pd.Timedelta(days=2)]
    contacts = pd.DataFrame(
        {
            "customer_id": open_trials["customer_id"],
            "campaign_id": "call",
            "contacted_at": CONTACTED,
            "variant": np.where(np.arange(len(open_trials)) % 2, "called", "control"),
        }
    )
    return {
        "events": events.drop(columns="amount"),
        "trials": trials,
        "payments": payments[["customer_id", "occurred_at", "amount"]].rename(
            columns={"occurred_at": "transacted_at"}
        ),
        "contacts": contacts,
    }


@pytest.fixture(scope="module")
def loop(tmp_path_factory) -> dict:
    """Return the log and the segments after each run, and the performance at the end."""
    database = tmp_path_factory.mktemp("loop") / "loop.duckdb"
    inputs = small_product()
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema input")
        for name, rows in inputs.items():
            connection.register("given", rows)
            connection.execute(f"create table input.{name} as from given")
    variables = {
        "modules": ["events", "experiments"],
        "events": "input.events",
        "trials": "input.trials",
        "transactions": "input.payments",
        "campaign_contacts": "input.contacts",
    }

    def dbt(*arguments: str, day: str) -> Build:
        done = run_dbt(*arguments, database=database, variables={**variables, "as_of_date": day})
        assert done.exit_code == 0, done.output
        return done

    logs, segments = [], []
    log_query = "from trial_segment_changes order by customer_id, entry_number"
    for number, (day, is_changed) in enumerate(RUNS):
        if number == 0:
            done = dbt("build", *LOG, *NO_TESTS, day=day)
        else:
            with duckdb.connect(str(database)) as connection:
                connection.execute(
                    "update main_internal.trial_rules set value_1 = ? where rule_order = 1",
                    ["4" if is_changed else "3"],
                )
            done = dbt("run", *LOG, day=day)
        logs.append(done.frame(log_query))
        segments.append(done.frame("from trial_segments order by customer_id"))
    # Neither a run that finds nothing new, nor a full refresh, nor a look back changes the log.
    for other_day, more in ((day, ()), (day, ("--full-refresh",)), (RUNS[0][0], ())):
        logs.append(dbt("run", *LOG, *more, day=other_day).frame(log_query))
    last = dbt(
        *("build", "--select", "+customer_value__rule_performance"),
        *("--exclude", "resource_type:test,path:models/core"),
        *("resource_type:unit_test,path:models/core", "resource_type:test,path:seeds"),
        day=RUNS[-1][0],
    )
    # What is asked last changes the seed and the input.
    changed = {}
    for name, statement, selection in (
        (
            "no rule for everybody",
            "update main_internal.trial_rules set metric_1 = 'trial_day', operator_1 = '<', "
            "value_1 = '0' where rule_order = 6",
            ("run", *LOG),
        ),
        (
            "no events",
            "delete from input.events",
            ("build", "--select", "+int_customer_value__event_rows", "assert_trials_have_events"),
        ),
    ):
        with duckdb.connect(str(database)) as connection:
            connection.execute(statement)
        changed[name] = done = run_dbt(
            *selection, database=database, variables={**variables, "as_of_date": RUNS[-1][0]}
        )
    return {
        **inputs,
        "changed": changed,
        "log_at_the_end": done.frame(log_query),
        "logs": logs,
        "segments": segments,
        "performance": last.frame("from rule_performance"),
    }


def test_the_log_has_who_was_in_which_segment_under_which_rules(loop):
    """A replay of the runs: a new entry where the segment or the rules are others."""
    state: dict[str, tuple[str, bool]] = {}
    entries: list[tuple] = []
    for (day, is_changed), table in zip(RUNS, loop["segments"], strict=True):
        for trial in table[table["trial_status"] == "running"].itertuples():
            if state.get(trial.customer_id) != (trial.segment, is_changed):
                state[trial.customer_id] = (trial.segment, is_changed)
                entries.append((trial.customer_id, trial.segment, is_changed, day))
    log = loop["logs"][len(RUNS) - 1]
    first, other = log["rule_set_hash"].unique()
    if log.loc[log["entered_date"] == RUNS[0][0], "rule_set_hash"].iloc[0] != first:
        first, other = other, first
    found = sorted(
        zip(
            log["customer_id"],
            log["segment"],
            log["rule_set_hash"] == other,
            log["entered_date"].dt.strftime("%Y-%m-%d"),
            strict=True,
        )
    )
    assert found == sorted(entries)
    assert len(entries) > 400
    assert (log.groupby("customer_id").cumcount() + 1 == log["entry_number"]).all()


def test_the_log_is_only_added_to(loop):
    for before, after in zip(loop["logs"], loop["logs"][1:], strict=False):
        kept = before.merge(after, how="left", indicator=True)
        assert (kept["_merge"] == "both").all()
    for later in loop["logs"][len(RUNS) :]:
        pd.testing.assert_frame_equal(later, loop["logs"][len(RUNS) - 1])


def test_changing_one_rule_changes_the_trials_that_it_is_about_and_no_others(loop):
    """Idlers of three days are no longer stalled, unless another rule says so."""
    before, after = loop["segments"][1], loop["segments"][2]
    assert (before["customer_id"] == after["customer_id"]).all()
    is_about = (before["rule_order"] == 1) & (before["days_since_last_active"] == 3)
    changed = before["rule_order"] != after["rule_order"]
    assert (changed == is_about).all() and is_about.sum() > 5
    assert set(before.loc[is_about, "segment"]) == {"Stalled"}
    by_another = is_about & (before["trial_day"] >= 3) & (before["active_days"] <= 1)
    assert (after.loc[by_another, "rule_order"] == 2).all()
    assert (after.loc[is_about & ~by_another, "segment"] != "Stalled").all()
    same = before.drop(columns=["segment", "segment_reason", "rule_order"])
    pd.testing.assert_frame_equal(same, after[same.columns])


def test_arms_are_counted_in_the_segment_and_under_the_rules_of_the_day(loop):
    log = loop["logs"][len(RUNS) - 1]
    trials = loop["trials"].set_index("customer_id")
    on_the_day = log[log["entered_date"] <= CONTACTED].groupby("customer_id").last()
    arms = loop["contacts"].merge(on_the_day, left_on="customer_id", right_index=True)
    arms = arms.join(trials, on="customer_id")
    arms = arms[arms["converted_at"].isna() | (arms["converted_at"] >= CONTACTED)]
    ends = (arms["trial_started_at"] + pd.Timedelta(days=14)).dt.normalize()
    # Some were called after their trial was over: of them the call had nothing to change.
    assert (ends < CONTACTED).sum() > 5
    arms, ends = arms[ends >= CONTACTED], ends[ends >= CONTACTED]
    arms["converted"] = arms["converted_at"].dt.normalize() <= ends
    keys = ["rule_set_hash", "segment", "variant"]
    expected = arms.groupby(keys)["converted"].agg(["size", "sum"])
    found = loop["performance"]
    found = found[found["experiment"] == "call"].set_index(keys)
    assert set(found.index) == set(expected.index)
    expected = expected.loc[found.index]
    assert (found["trial_count"] == expected["size"]).all()
    assert (found["known_count"] == expected["size"]).all()
    assert (found["conversions"] == expected["sum"]).all()
    assert found["conversions"].sum() > 10 and len(found) >= 6


def test_lift_and_intervals_are_those_of_statsmodels(loop):
    """Ratios with half a case, and Wilson's interval of a rate."""
    rows = loop["performance"]
    compared = 0
    none = rows[(rows["conversions"] == 0) & (rows["known_count"] > 0)]
    assert len(none) > 0 and (none["conversion_rate_lower_bound"] == 0).all()
    assert rows["conversion_rate_upper_bound"].dropna().le(1).all()
    for row in rows[rows["known_count"] > 0].itertuples():
        bounds = proportion_confint(row.conversions, row.known_count, method="wilson")
        np.testing.assert_allclose(
            (row.conversion_rate_lower_bound, row.conversion_rate_upper_bound), bounds, atol=1e-9
        )
    arms = rows[rows["experiment"] == "call"].set_index(["rule_set_hash", "segment", "variant"])
    for key, row in arms.xs("called", level="variant").iterrows():
        if (*key, "control") not in arms.index:
            assert pd.isna(row["lift"])
            continue
        control = arms.loc[(*key, "control")]
        lower, upper = confint_proportions_2indep(
            row["conversions"],
            row["known_count"],
            control["conversions"],
            control["known_count"],
            method="log-adjusted",
            compare="ratio",
        )
        np.testing.assert_allclose(row["lift_lower_bound"], lower - 1, rtol=1e-9)
        np.testing.assert_allclose(row["lift_upper_bound"], upper - 1, rtol=1e-9)
        if control["conversions"]:
            ratio = row["conversion_rate"] / control["conversion_rate"]
            np.testing.assert_allclose(row["lift"], ratio - 1)
        compared += 1
    assert compared >= 2


def test_everybody_counts_once_in_each_segment_and_rule_set(loop):
    log = loop["logs"][len(RUNS) - 1]
    expected = log.groupby(["rule_set_hash", "segment"])["customer_id"].nunique()
    found = loop["performance"]
    found = found[found["experiment"] == "all trials"].set_index(["rule_set_hash", "segment"])
    pd.testing.assert_series_equal(
        found["trial_count"].sort_index(), expected, check_names=False, check_dtype=False
    )
    assert found.groupby("rule_set_hash")["is_in_force"].nunique().eq(1).all()
    assert found["is_in_force"].any() and not found["is_in_force"].all()


def test_make_watch_stops_with_a_sentence_where_there_is_nothing_to_run(tmp_path):
    """The vars of the build are missing, so that the module is off."""
    binaries = tmp_path / "venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "dbt").symlink_to(Path(sys.executable).parent / "dbt")
    (tmp_path / "venv" / "build.stamp").touch()
    done = subprocess.run(
        ["make", "--no-print-directory", "watch", "SECONDS=0", f"VENV={tmp_path / 'venv'}"]
        + ["-o", str(tmp_path / "venv" / "build.stamp")],
        cwd=ROOT,
        env={
            **os.environ,
            "MAKEFLAGS": "",
            "CUSTOMER_VALUE_DB": str(tmp_path / "watch.duckdb"),
            "DBT_TARGET_PATH": str(tmp_path / "target"),
            "DBT_LOG_PATH": str(tmp_path / "target"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode != 0
    assert "does not match any enabled nodes" in done.stdout
    assert "make watch ARGS=\"--vars '{modules: [events]" in done.stderr


def test_a_seed_without_a_rule_for_everybody_stops_the_run_before_the_log(loop):
    done = loop["changed"]["no rule for everybody"]
    assert done.exit_code != 0
    assert "NOT NULL constraint failed" in done.output
    pd.testing.assert_frame_equal(loop["log_at_the_end"], loop["logs"][-1])


def test_a_build_warns_of_trials_without_events(loop):
    done = loop["changed"]["no events"]
    assert done.exit_code == 0, done.output
    assert "WARN 1 assert_trials_have_events" in done.output
