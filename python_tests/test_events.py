"""What people do in the product, and what has come since the build: against a replay in Python."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import Build, run_dbt
from helpers import write_cdnow_sample

MODULES = ["events"]
BUILT = pd.Timestamp("1997-12-20")
STEPS = (0, 9, 60)
# The unit tests of the events are in no other build of the suite.
OWN_TESTS = (
    "--exclude",
    "resource_type:unit_test,path:models/core",
    "resource_type:test,path:models/core",
)
NO_TESTS = ("--exclude-resource-type", "unit_test", "test")
LIVE_NUMBERS = (
    *("order_count", "purchase_day_count", "repeat_count", "net_revenue"),
    *("mean_repeat_value", "average_order_value", "recency_days", "last_purchase_age_days"),
    *("customer_age_days", "mean_days_between_purchases", "days_between_purchases_cv"),
)
LIVE_DATES = ("first_purchase_date", "last_purchase_date")


def log_of_a_shop(folder: Path) -> pd.DataFrame:
    """Return CDNOW's sample with orders over several days, returns, copies and lines of nobody."""
    write_cdnow_sample(folder / "sample.csv")
    sample = pd.read_csv(folder / "sample.csv")
    log = pd.DataFrame(
        {
            "customer_id": sample["customer"].astype(str),
            "transacted_at": pd.to_datetime(sample["date"].astype(str)),
            "amount": sample["dollars"].str.lstrip("$").astype(float),
            "quantity": sample["cds"],
        }
    )
    log["order_id"] = log.groupby(["customer_id", "transacted_at"]).ngroup().astype(str)
    log["line_id"] = np.arange(len(log)).astype(str)
    random = np.random.default_rng(24)
    before = log[log["transacted_at"] <= BUILT].sample(240, random_state=24)
    days = pd.to_timedelta(random.integers(1, 60, len(before)), unit="D")
    later = before.assign(transacted_at=BUILT + days)
    parts = [
        # More of an old order, which is no new one, and lines with the id of an old one.
        later[:60].assign(line_id=[f"more{number}" for number in range(60)]),
        later[60:120],
        later[120:180].assign(
            amount=-2 * later["amount"][120:180],
            order_id=[f"back{number}" for number in range(60)],
            line_id=[f"back{number}" for number in range(60)],
        ),
        # Nobody's lines, lines of people who only return, and gifts.
        later[180:200].assign(customer_id="", line_id=[f"nobody{n}" for n in range(20)]),
        later[200:220].assign(
            customer_id=[f"returner{number}" for number in range(20)],
            amount=-5.0,
            order_id=[f"only{number}" for number in range(20)],
            line_id=[f"only{number}" for number in range(20)],
        ),
        later[220:].assign(
            amount=0.0,
            order_id=[f"gift{number}" for number in range(20)],
            line_id=[f"gift{number}" for number in range(20)],
        ),
        # Long before the others lie the lines of a year that does not exist yet.
        later[:3].assign(transacted_at=pd.Timestamp("2099-01-01"), line_id=["x1", "x2", "x3"]),
    ]
    return pd.concat([log, *parts], ignore_index=True)


def fill(database: Path, table: str, rows: pd.DataFrame) -> None:
    """Add the rows to a table of the input, which is made where there is none."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema if not exists input")
        connection.execute(f"create table if not exists input.{table} as from rows limit 0")
        connection.execute(f"insert into input.{table} from rows")


@pytest.fixture(scope="module")
def live(tmp_path_factory) -> dict[int, dict[str, pd.DataFrame]]:
    """Return step -> what the view says while lines arrive, and what a build of that day finds."""
    folder = tmp_path_factory.mktemp("live")
    log = log_of_a_shop(folder)
    variables = {"modules": MODULES, "transactions": "input.lines", "bootstrap_replicates": 10}
    database = folder / "live.duckdb"

    def dbt(*arguments: str, database: Path) -> Build:
        build = run_dbt(*arguments, database=database, variables=variables)
        assert build.exit_code == 0, build.output
        return build

    found, filled = {}, None
    for step in STEPS:
        until = BUILT + pd.Timedelta(days=step)
        is_new = (log["transacted_at"] <= until) | (log["transacted_at"].dt.year == 2099)
        if filled is not None:
            is_new &= ~filled
        fill(database, "lines", log[is_new])
        filled = is_new if filled is None else filled | is_new
        if step == 0:
            dbt(
                "build",
                "--select",
                "+customer_value__live_customers",
                *OWN_TESTS,
                database=database,
            )
        # One path for all steps, so that dbt parses for it once.
        full = folder / "full.duckdb"
        full.unlink(missing_ok=True)
        fill(full, "lines", log[filled])
        dbt("build", "--select", "+int_customer_value__customer_scores", *NO_TESTS, database=full)
        view, whole = Build(0, "", database), Build(0, "", full)
        found[step] = {
            "live": view.frame("select * from live_customers order by customer_id"),
            "customers": view.frame("select * from customers order by customer_id"),
            "boundaries": view.frame(
                "select * from main_internal.int_score_boundaries order by as_of_date desc limit 1"
            ),
            "legend": view.frame("select * from main_internal.rfm_legend"),
            "parameters": view.frame(
                "select * from main_internal.int_forecast_parameters "
                "where as_of_role = 'current' and model = 'mbg_nbd'"
            ),
            "full": whole.frame(
                "select scores.*, totals.refund_count, totals.refunded_amount "
                "from main_internal.int_customer_scores as scores "
                "inner join main_internal.int_customer_totals as totals using (customer_id) "
                "where is_current order by customer_id"
            ),
        }
    return found


@pytest.mark.parametrize("step", STEPS)
def test_the_view_says_what_a_build_of_the_day_would_say(live, step):
    """Of every customer, new ones among them, after returns, copies and orders over two days."""
    says, built = live[step]["live"], live[step]["full"]
    assert list(says["customer_id"]) == list(built["customer_id"])
    for column in (*LIVE_NUMBERS, "refund_count", "refunded_amount"):
        pd.testing.assert_series_equal(
            says[column].astype(float), built[column].astype(float), rtol=1e-12, check_names=False
        )
    for column in LIVE_DATES:
        assert (says[column] == built[column]).all(), column
    assert set(says["live_date"]) == set(built["as_of_date"])
    assert set(says["built_as_of_date"]) == set(live[0]["full"]["as_of_date"])


def test_the_steps_bring_new_customers_and_change_old_ones(live):
    """Or the test above would compare nothing."""
    last, before = live[60]["live"], live[0]["live"]
    assert not before["is_new_customer"].any() and before["new_line_count"].sum() == 0
    assert last["new_line_count"].gt(0).sum() > 150
    changed = last.merge(before, on="customer_id", suffixes=("", "_before"))
    assert (changed["segment"] != changed["segment_before"]).sum() > 100
    assert (changed["net_revenue"] < changed["net_revenue_before"]).sum() > 30


def test_nothing_has_arrived_and_the_view_is_the_build(live):
    says, customers = live[0]["live"], live[0]["customers"]
    shared = [column for column in says if column in customers]
    assert {"segment", "rfm_code", "probability_alive", "is_lapsed"} <= set(shared)
    for column in shared:
        if says[column].dtype == float:
            np.testing.assert_allclose(says[column], customers[column], rtol=1e-12)
        else:
            assert says[column].equals(customers[column]), column
    assert (says["built_segment"] == says["segment"]).all()
    assert not says["is_segment_changed"].any()


@pytest.mark.parametrize("step", STEPS)
def test_scores_are_of_the_stored_boundaries(live, step):
    """By another way than the build's: how many starts a value has reached."""
    says, starts = live[step]["live"], live[step]["boundaries"].iloc[0]
    expected = {}
    for metric, score in (("order_count", "f_score"), ("net_revenue", "m_score")):
        bounds = [starts[f"{metric}_from_{number}"] for number in range(2, 6)]
        reached = [says[metric] >= bound for bound in bounds if pd.notna(bound)]
        numbers = [
            number for number, bound in zip(range(2, 6), bounds, strict=True) if pd.notna(bound)
        ]
        expected[score] = pd.Series(1, says.index)
        for number, is_reached in zip(numbers, reached, strict=True):
            expected[score] = expected[score].mask(is_reached, number)
    expected["r_score"] = pd.Series(5, says.index)
    for number in range(4, 0, -1):
        bound = starts[f"recency_days_from_{number}"]
        if pd.notna(bound):
            expected["r_score"] = expected["r_score"].mask(says["recency_days"] >= bound, number)
    for score, values in expected.items():
        assert (says[score] == values).all(), score
    named = says[["r_score", "f_score", "m_score"]].merge(live[step]["legend"], how="left")
    assert (named["segment"] == says["segment"]).all()


@pytest.mark.parametrize("step", STEPS)
def test_the_probability_to_be_alive_is_the_closed_form_of_the_stored_parameters(live, step):
    """Batislam et al. (2007): the odds to have dropped out, with the first purchase an occasion."""
    says, model = live[step]["live"], live[step]["parameters"].iloc[0]
    x, t_x, age = (
        says[column].astype(float)
        for column in ("repeat_count", "last_purchase_age_days", "customer_age_days")
    )
    odds = (
        model["a"]
        / (model["b"] + x)
        * ((model["alpha"] + age) / (model["alpha"] + t_x)) ** (model["r"] + x)
    )
    np.testing.assert_allclose(says["probability_alive"], 1 / (1 + odds), rtol=1e-9)


EVENT_NAMES = {
    "login": "login",
    "report_built": "core_feature",
    "project_created": "core_feature",
    "alert_set": "core_feature",
    "ticket_opened": "support",
    "page_viewed": "noise",
    "something_else": "noise",
}
SEGMENTS = ("Stalled", "Power User", "Feature Explorer", "New", "Getting Started")
RUNS = ("2025-03-02", "2025-03-05", "2025-03-06", "2025-03-12")
TRIAL_PART = (
    *("--select", "+customer_value__live_trial_segments", "+int_customer_value__event_rows"),
    *("assert_events_are_kept_or_excluded", "assert_trial_rules_cover_every_trial"),
)


def trials_of_a_product() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return trials of known truth and their events, with the day on which each event arrives."""
    random = np.random.default_rng(240)
    count = 160
    started = pd.Timestamp("2025-02-15 06:00") + pd.to_timedelta(
        random.integers(0, 25 * 24 * 60, count), unit="min"
    )
    engagement = random.gamma(1.2, 1.0, count)
    pays = random.random(count) < 1 / (1 + np.exp(2.2 - engagement))
    converted = started + pd.to_timedelta(random.integers(2 * 1440, 13 * 1440, count), unit="min")
    trials = pd.DataFrame(
        {
            "customer_id": [f"t{number:03}" for number in range(count)],
            "trial_started_at": started,
            "trial_ends_at": started + pd.Timedelta(days=14),
            "converted_at": converted.where(pays),
        }
    )
    rows = []
    for number in range(count):
        many = random.poisson(18 * engagement[number])
        # Who pays does three times as much from then on: what must not be seen before.
        minutes = random.integers(-600, 20 * 1440, many)
        at = started[number] + pd.to_timedelta(minutes, unit="min")
        names = random.choice(list(EVENT_NAMES), many, p=[0.3, 0.2, 0.1, 0.05, 0.05, 0.2, 0.1])
        rows.append(
            pd.DataFrame({"customer_id": f"t{number:03}", "occurred_at": at, "event_name": names})
        )
        if pays[number]:
            after = converted[number] + pd.to_timedelta(
                random.integers(1, 5000, 3 * many), unit="min"
            )
            rows.append(
                pd.DataFrame(
                    {
                        "customer_id": f"t{number:03}",
                        "occurred_at": after,
                        "event_name": "report_built",
                    }
                )
            )
    events = pd.concat(rows, ignore_index=True)
    events["event_id"] = [f"e{number}" for number in range(len(events))]
    events["feature"] = None
    late = random.integers(0, 3, len(events)) * (random.random(len(events)) < 0.1)
    events["arrives"] = events["occurred_at"].dt.normalize() + pd.to_timedelta(late, unit="D")
    copies = events.sample(200, random_state=1)
    # Copies of an event come the same day or much later, and may differ.
    copies = copies.assign(
        arrives=copies["arrives"] + pd.to_timedelta(np.tile([0, 9], 100), unit="D"),
        occurred_at=copies["occurred_at"]
        + pd.to_timedelta(np.tile([0, 9 * 1440], 100), unit="min"),
    )
    odd = events.sample(90, random_state=2).reset_index(drop=True)
    odd["event_id"] = [f"odd{place}" for place in range(len(odd))]
    odd["customer_id"] = [*[None] * 30, *odd["customer_id"][30:]]
    moments = [*[None] * 30, *[pd.Timestamp("2031-01-01")] * 30]
    odd["occurred_at"] = [*odd["occurred_at"][:30], *moments]
    return trials, pd.concat([events, copies, odd], ignore_index=True)


@pytest.fixture(scope="module")
def product(tmp_path_factory) -> dict:
    """Return the tables after events came in four runs, and those of a build of all at once."""
    folder = tmp_path_factory.mktemp("product")
    trials, events = trials_of_a_product()
    variables = {"modules": MODULES, "events": "input.events", "trials": "input.trials"}
    columns = ["customer_id", "event_id", "occurred_at", "event_name", "feature"]
    tables = ("int_events_classified", "int_trial_states", "int_event_rows", "int_trial_thresholds")

    def build(database: Path, *more: str) -> dict[str, pd.DataFrame]:
        done = run_dbt("build", *TRIAL_PART, *more, database=database, variables=variables)
        assert done.exit_code == 0, done.output
        found = {
            name: done.frame(f"select * from main_internal.{name} order by all") for name in tables
        }
        return {**found, "trial_segments": done.frame("from trial_segments order by customer_id")}

    stepwise, before = folder / "stepwise.duckdb", pd.Timestamp.min
    fill(stepwise, "trials", trials)
    for day in RUNS:
        until = pd.Timestamp(day)
        arrived = (events["arrives"] > before) & (events["arrives"] <= until)
        fill(stepwise, "events", events.loc[arrived, columns])
        before = until
        if day == RUNS[-1]:
            # What has come is not in a run yet.
            view = Build(0, "", stepwise)
            asked = {
                "live": view.frame("from live_trial_segments order by customer_id"),
                "thresholds": view.frame("from main_internal.int_trial_thresholds"),
            }
        found = build(stepwise, *(OWN_TESTS if day == RUNS[0] else NO_TESTS))
    at_once = folder / "at_once.duckdb"
    known = events[events["arrives"] <= pd.Timestamp(RUNS[-1])]
    fill(at_once, "trials", trials)
    fill(at_once, "events", known[columns].sample(frac=1, random_state=3))
    return {
        **asked,
        "live_after": Build(0, "", stepwise).frame("from live_trial_segments order by customer_id"),
        "stepwise": found,
        "at_once": build(at_once, *NO_TESTS),
        "database": stepwise,
        "variables": variables,
        "events": known,
        "trials": trials,
    }


def test_four_runs_find_what_one_build_finds(product):
    """With late events, copies of old ones, events of the future and of nobody."""
    for name, table in product["at_once"].items():
        pd.testing.assert_frame_equal(product["stepwise"][name], table)


def test_every_event_has_its_reason(product):
    events, trials = product["events"], product["trials"]
    as_of = product["at_once"]["trial_segments"]["as_of_date"].iloc[0]
    events = events.merge(trials[["customer_id", "trial_started_at"]], how="left")
    reason = pd.Series("kept", events.index)
    reason[events["occurred_at"] < events["trial_started_at"]] = "before_trial"
    events = events.sort_values("occurred_at", kind="stable")
    reason[events[events.duplicated("event_id")].index] = "duplicate_event"
    reason[events["occurred_at"] > as_of + pd.Timedelta(days=1)] = "future_dated"
    reason[events["occurred_at"].isna()] = "invalid_timestamp"
    reason[events["customer_id"].isna()] = "missing_customer"
    rows = product["at_once"]["int_event_rows"]
    found = rows[rows["input"] == "events"].set_index("exclusion_reason")["row_count"]
    assert found.to_dict() == reason.value_counts().to_dict()
    assert set(found.index) > {"before_trial", "duplicate_event", "future_dated"}


@pytest.fixture(scope="module")
def replay(product) -> pd.DataFrame:
    """Return every trial on every day of it so far, from the events, without the project."""
    as_of = product["at_once"]["trial_segments"]["as_of_date"].iloc[0]
    events = product["events"].dropna(subset=["customer_id", "occurred_at"])
    events = events[events["occurred_at"] < as_of + pd.Timedelta(days=1)]
    events = events.sort_values("occurred_at").drop_duplicates("event_id")
    events = events.assign(role=events["event_name"].map(EVENT_NAMES))
    rows = []
    used: set[str] = set()
    for trial in product["trials"].itertuples():
        started = trial.trial_started_at
        if started.normalize() > as_of:
            continue
        until = min(
            moment for moment in (trial.trial_ends_at, trial.converted_at) if pd.notna(moment)
        )
        last = min(until.normalize(), as_of)
        own = events[
            (events["customer_id"] == trial.customer_id)
            & (events["occurred_at"] >= started)
            & (events["occurred_at"] < until)
        ]
        used |= set(own.loc[own["role"] == "core_feature", "event_name"])
        for day in range((last - started.normalize()).days + 1):
            date = started.normalize() + pd.Timedelta(days=day)
            seen = own[own["occurred_at"] < date + pd.Timedelta(days=1)]
            core = seen[seen["role"] == "core_feature"]
            active = seen.loc[seen["role"].isin(["login", "core_feature"]), "occurred_at"]
            dates = active.dt.normalize()
            rows.append(
                {
                    "customer_id": trial.customer_id,
                    "trial_day": day,
                    "active_days": dates.nunique(),
                    "active_share": dates.nunique() / (day + 1),
                    "core_actions": len(core),
                    "feature_count": core["event_name"].nunique(),
                    "support_contacts": (seen["role"] == "support").sum(),
                    "unknown_events": (seen["event_name"] == "something_else").sum(),
                    "days_since_last_active": ((date - dates.max()).days if len(dates) else day),
                    "is_last": date == last,
                }
            )
    states = pd.DataFrame(rows)
    states["feature_breadth"] = states["feature_count"] / len(used)
    return states.sort_values(["customer_id", "trial_day"], ignore_index=True)


def test_a_day_of_a_trial_knows_nothing_of_later_days_or_of_paying(product, replay):
    """The totals of payers, who do more once they pay, are beyond the reach of every state."""
    expected = replay
    found = product["at_once"]["int_trial_states"]
    found = found.sort_values(["customer_id", "trial_day"], ignore_index=True)
    assert len(expected) == len(found) > 1000
    for column in expected:
        values = found[column]
        if expected[column].dtype.kind in "iuf":
            np.testing.assert_allclose(values.astype(float), expected[column].astype(float))
        else:
            assert (values == expected[column]).all(), column


def segments_of(last: pd.DataFrame) -> np.ndarray:
    """Return the segments of states with percentiles, by the rules as they are written."""
    is_first = [
        (last["days_since_last_active"] >= 3)
        | ((last["trial_day"] >= 3) & (last["active_days"] <= 1)),
        (last["active_share"] >= 0.6) & (last["core_actions"] >= last["core_actions_p75"]),
        (last["feature_breadth"] >= last["feature_breadth_p75"])
        & (last["core_actions"] < last["core_actions_p75"]),
        last["trial_day"] < 2,
    ]
    return np.select(is_first, list(SEGMENTS[:-1]), SEGMENTS[-1])


def test_each_trial_has_the_segment_of_the_rules_as_they_are_written(product, replay):
    expected = replay
    quarter = expected.groupby("trial_day")[["core_actions", "feature_breadth"]].quantile(0.75)
    quarter = quarter.clip(lower=1e-9).add_suffix("_p75")
    last = expected[expected["is_last"]].merge(quarter, left_on="trial_day", right_index=True)
    last["segment"] = segments_of(last)
    found = product["at_once"]["trial_segments"].set_index("customer_id")
    last = last.set_index("customer_id").loc[found.index]
    assert (found["segment"] == last["segment"]).all()
    assert set(found["segment"]) == set(SEGMENTS)
    stalled = found[found["rule_order"] == 1].iloc[0]
    assert stalled["segment_reason"] == (
        f"No login and no core action for {stalled['days_since_last_active']} days, "
        f"on day {stalled['trial_day']} of the trial."
    )


def test_the_view_of_trials_says_what_a_run_would_say(product):
    """Before the run, with what came since; percentiles and features are those of the last one."""
    says, ran = product["live"], product["stepwise"]["trial_segments"]
    ran = ran[ran["trial_status"] == "running"].reset_index(drop=True)
    assert (says["customer_id"] == ran["customer_id"]).all() and len(says) > 20
    counts = ["trial_day", "active_days", "active_share", "core_actions", "feature_count"]
    counts += ["days_since_last_active", "support_contacts", "unknown_events"]
    pd.testing.assert_frame_equal(
        says[[*counts, "trial_started_date"]], ran[[*counts, "trial_started_date"]]
    )
    assert (says["live_date"] == ran["as_of_date"]).all()
    thresholds = product["thresholds"].set_index("trial_day")
    day = says["trial_day"].clip(upper=thresholds.index.max())
    breadth = says["feature_count"] / thresholds["available_features"].max()
    np.testing.assert_allclose(says["feature_breadth"], breadth)
    metrics = ["core_actions_p75", "feature_breadth_p75"]
    quarter = thresholds.loc[day, metrics].clip(lower=1e-9).reset_index(drop=True)
    expected = segments_of(says.drop(columns=metrics).join(quarter))
    assert (says["segment"] == expected).all()
    assert says["is_new_trial"].sum() > 3 and says["is_segment_changed"].sum() > 3
    assert (says["is_new_trial"] == says["built_segment"].isna()).all()


def test_after_a_run_the_view_of_trials_is_what_the_run_wrote(product):
    says, ran = product["live_after"], product["stepwise"]["trial_segments"]
    ran = ran[ran["trial_status"] == "running"].reset_index(drop=True)
    shared = [column for column in says if column in ran]
    assert {"segment", "segment_reason", "core_actions_p75", "feature_breadth"} <= set(shared)
    pd.testing.assert_frame_equal(says[shared], ran[shared])
    assert not says["is_new_trial"].any() and not says["is_segment_changed"].any()


def test_what_vanished_from_the_input_is_gone_after_the_next_run(product):
    """A day within the lookback, that of the future, and moments that were unreadable."""
    with duckdb.connect(str(product["database"])) as connection:
        connection.execute(
            "delete from input.events "
            "where cast(occurred_at as date) in ('2025-03-11', '2031-01-01')"
        )
        connection.execute(
            "update input.events set occurred_at = '2025-03-10 12:00' where occurred_at is null"
        )
    part = (
        *("--select", "+int_customer_value__event_rows", "assert_events_are_kept_or_excluded"),
        *("--exclude-resource-type", "unit_test"),
    )
    tables = []
    for more in ((), ("--full-refresh",)):
        done = run_dbt(
            *("build", *part, *more),
            database=product["database"],
            variables=product["variables"],
        )
        assert done.exit_code == 0, done.output
        tables.append(done.frame("from main_internal.int_events_classified order by all"))
    after, full = tables
    pd.testing.assert_frame_equal(after, full)
    days = set(after["batch_date"].dt.strftime("%Y-%m-%d"))
    assert "2025-03-12" in days
    assert not days & {"1900-01-01", "2025-03-11", "2031-01-01"}
