"""What is handed over to channels: against a replay in Python, and in the bytes."""

import csv
import datetime as dt
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import yaml
from conftest import Build, run_dbt
from helpers import ROOT, copy_project, load_model, read_cdnow_sample, seed_path
from hypothesis import given
from hypothesis import strategies as st
from test_dashboard import chart, draw, section, words

forget = load_model("../handover/forget.py")
lists = load_model("../handover/lists.py")

AUDIENCES = """audience,public_name,condition,channel,minimum_days_in,cool_down_days,holdout_share,\
maximum_customers,budget,cost_per_contact,ordering,source
regulars,Group A,order_count >= 5,email,,,0.25,,,,order_count desc,test
recent,Group B,recency_days <= 40,mail,20,60,,6,,,recency_days,test
"""
CAPS = "channel,window_days,maximum_contacts,source\nmail,30,1,test\n"
# In words, what the replay below knows of the two audiences.
RULES: dict[str, dict[str, Any]] = {
    "regulars": {"channel": "email", "holdout": 0.25, "days_in": 0, "cool_down": 0, "cap": 10**9},
    "recent": {"channel": "mail", "holdout": 0.0, "days_in": 20, "cool_down": 60, "cap": 6},
}
STEPS = ("2025-01-31", "2025-02-07", "2025-02-25", "2025-04-30")
PART = (
    *("--exclude-resource-type", "unit_test", "test", "--select"),
    "+customer_value__audience_summary",
    "+customer_value__customer_traits",
    "+customer_value__segment_stability",
)
EVERYTHING = ("--exclude-resource-type", "unit_test")
# The unit tests of the audiences are in no other build of the suite.
WITH_THEIR_UNIT_TESTS = (
    *("--full-refresh", "--exclude"),
    "resource_type:unit_test,path:models/core",
    "resource_type:unit_test,path:models/history",
)
FORGOTTEN = "forget-me-4711"


def log_of_sales() -> pd.DataFrame:
    """Return the lines of CDNOW's sample, its last day moved to the last step.

    Forty of the most frequent customers have names of their own, so that the inputs can name them.
    """
    lines = read_cdnow_sample()
    often = lines.groupby("customer")["date"].nunique().sort_values(kind="stable").index[-40:]
    names = [f"c{number:02}" for number in range(1, 40)] + [FORGOTTEN]
    renamed = dict(zip(often, names, strict=True))
    days = pd.to_datetime(lines["date"], format="%Y%m%d")
    return pd.DataFrame(
        {
            "customer_id": lines["customer"].map(lambda name: renamed.get(name, name)),
            "transacted_at": days + (pd.Timestamp(STEPS[-1]) - days.max()),
            "amount": lines["dollars"].astype(float),
        }
    )


@dataclass
class Shop:
    """A copy of the project with audiences of its own, and the builds of one database."""

    folder: Path
    project: Path
    moments: list[dict[str, pd.DataFrame]] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.folder / "shop.duckdb"

    def variables(self, as_of_date: str, **more) -> dict:
        inputs = ("transactions", "suppressions", "consents", "campaign_contacts")
        return {
            "modules": ["history", "audiences"],
            **{name: str(self.folder / f"{name}.csv") for name in inputs},
            "as_of_date": as_of_date,
            "history_months": 6,
            "bootstrap_replicates": 10,
            **more,
        }

    def dbt(self, *command: str, as_of_date: str, **more) -> Build:
        build = run_dbt(
            *command,
            variables=self.variables(as_of_date, **more),
            database=self.database,
            project=self.project,
        )
        assert build.exit_code == 0, build.output
        return build

    def step(self, as_of_date: str, *arguments: str) -> dict[str, pd.DataFrame]:
        """Build what the audiences need, and return the tables that they are judged by."""
        build = self.dbt("build", *(arguments or PART), as_of_date=as_of_date)
        tables = {
            name: build.frame(f"select * from {name} order by all")
            for name in (
                *("customers", "audience_changes", "audience_members", "audience_summary"),
                *("customer_traits", "segment_changes", "segment_stability"),
            )
        }
        tables["groups"] = build.frame(
            'select customer_id, as_of_date, segment, value_tier, cluster_name as "cluster" '
            "from main_internal.int_customer_groups order by all"
        )
        self.moments.append(tables)
        return tables


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.csv").write_text(text)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    """Build four dates one after the other, the last one twice."""
    folder = tmp_path_factory.mktemp("audiences")
    project = copy_project(folder / "project")
    seed_path("audiences", project).write_text(AUDIENCES)
    seed_path("frequency_caps", project).write_text(CAPS)
    log_of_sales().to_csv(folder / "transactions.csv", index=False)
    write(
        folder,
        "suppressions",
        "customer_id,channel,reason,starts_on,ends_on\n"
        "c03,,bounced,,\nc04,E-Mail,asked,2025-02-20,\nc05,mail,pause,,2025-02-25\n",
    )
    everybody = sorted(set(log_of_sales()["customer_id"]) - {"c06"})
    write(
        folder,
        "consents",
        "customer_id,channel,granted,decided_on\n"
        + "".join(f"{name},,yes,2024-01-01\n" for name in everybody)
        + "c07,mail,no,2025-02-25\n",
    )
    write(
        folder,
        "campaign_contacts",
        "customer_id,campaign_id,contacted_at,channel\nc04,spring,2025-02-20,Mail\n"
        "c09,spring,2025-02-20,email\n",
    )
    shop = Shop(folder, project)
    for date in (*STEPS, STEPS[-1]):
        shop.step(date)
    return shop


def replayed(moments: list[dict[str, pd.DataFrame]]) -> list[dict[tuple[str, str], dict]]:
    """Return who is in which audience after each build, by pandas and nothing of ours."""
    states: dict[tuple[str, str], dict] = {}
    found = []
    for tables in moments:
        customers = tables["customers"].set_index("customer_id")
        today = customers["as_of_date"].iloc[0].date()
        fitting = {
            "regulars": set(customers.index[customers["order_count"] >= 5]),
            "recent": set(customers.index[customers["recency_days"] <= 40]),
        }
        for audience, rule in RULES.items():
            known = {name for of, name in states if of == audience}
            for name in known | fitting[audience]:
                state = states.get((audience, name), {"member": False, "since": None})
                days = (today - state["since"]).days if state["since"] else None
                fits = name in fitting[audience]
                if name not in customers.index:
                    member = False
                elif state["member"]:
                    member = fits or days < rule["days_in"]
                else:
                    member = fits and (days is None or days >= rule["cool_down"])
                if member or state["since"]:
                    moved = member != state["member"]
                    states[audience, name] = {
                        "member": member,
                        "since": today if moved else state["since"],
                        "fits": fits,
                    }
        found.append({key: dict(state) for key, state in states.items()})
    return found


def must_not(name: str, channel: str, today: dt.date) -> bool:
    """Return whether the inputs forbid to address a customer."""
    return (
        name in ("c03", "c06")
        or (name == "c04" and channel == "email" and today >= dt.date(2025, 2, 20))
        or (name == "c05" and channel == "mail" and today < dt.date(2025, 2, 25))
        # A refusal holds from the first build that hears of it.
        or (name == "c07" and channel == "mail")
    )


def test_members_are_those_of_a_replay_on_every_date(shop):
    for tables, states in zip(shop.moments, replayed(shop.moments), strict=True):
        members = tables["audience_members"]
        expected = {key for key, state in states.items() if state["member"]}
        is_member = members["is_member"]
        found = {(row.audience, row.customer_id) for row in members[is_member].itertuples()}
        assert found == expected
        assert len(members) == len(states)
        for row in members[is_member].itertuples():
            state = states[row.audience, row.customer_id]
            assert row.entered_date.date() == state["since"]
    last = shop.moments[-1]["audience_members"]
    assert set(last["membership_status"]) >= {"sendable", "suppressed", "exited"}


def test_the_sendable_are_those_of_a_replay_on_every_date(shop):
    counts: dict[str, int] = {}
    for tables, states in zip(shop.moments, replayed(shop.moments), strict=True):
        customers = tables["customers"].set_index("customer_id")
        today = customers["as_of_date"].iloc[0].date()
        for audience, rule in RULES.items():
            members = [name for (of, name), s in states.items() if of == audience and s["member"]]
            held = {n for n in members if share(f"{audience}|{n}") < rule["holdout"]}
            capped = {
                name
                for name in members
                if (name == "c04" and rule["channel"] == "mail")
                and 0 <= (today - dt.date(2025, 2, 20)).days < 30
            }
            forbidden = {n for n in members if must_not(n, rule["channel"], today)}
            free = [n for n in members if n not in held | capped | forbidden]
            places = {"regulars": -customers["order_count"], "recent": customers["recency_days"]}
            # Who stays for the minimum alone goes last, in the order of the ids.
            fits = {n: states[audience, n]["fits"] for n in free}
            free.sort(key=lambda n: (0, places[audience][n], n) if fits[n] else (1, 0, n))
            rows = tables["audience_members"].query("audience == @audience and is_member")
            assert set(rows["customer_id"][rows["is_sendable"]]) == set(free[: rule["cap"]])
            assert set(rows["customer_id"][rows["is_suppressed"]]) == forbidden
            assert set(rows["customer_id"][rows["is_held_out"]]) == held
            for status, count in rows["membership_status"].value_counts().items():
                counts[str(status)] = counts.get(str(status), 0) + int(count)
    # The log is made so that each status occurs.
    assert set(counts) == {"sendable", "suppressed", "held_out", "deferred"}


def share(words: str) -> float:
    return int(hashlib.md5(words.encode()).hexdigest()[:8], 16) / 2**32


def test_entered_minus_exited_are_the_members_on_every_date(shop):
    for tables in shop.moments:
        summary = tables["audience_summary"].set_index("audience")
        events = pd.crosstab(
            tables["audience_changes"]["audience"], tables["audience_changes"]["event"]
        ).reindex(columns=["entered", "exited", "released", "withheld"], fill_value=0)
        assert (events["entered"] - events["exited"] == summary["member_count"]).all()
        assert (events["released"] - events["withheld"] == summary["sendable_count"]).all()


def test_events_are_appended_and_never_changed(shop):
    for before, after in zip(shop.moments, shop.moments[1:], strict=False):
        old, new = before["audience_changes"], after["audience_changes"]
        kept = new[new["event_id"].isin(old["event_id"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(kept, old.reset_index(drop=True))
        added = new[~new["event_id"].isin(old["event_id"])]
        assert added.empty or added["recorded_at"].min() > old["recorded_at"].max()
    assert len(shop.moments[3]["audience_changes"]) > len(shop.moments[0]["audience_changes"])


def test_a_rerun_changes_nothing(shop):
    first, again = shop.moments[-2:]
    for name in first:
        pd.testing.assert_frame_equal(first[name], again[name], obj=name)


def traits_of(tables: dict[str, pd.DataFrame]) -> dict[Any, dict]:
    """Return customer -> traits, without the hash, an empty one as None."""
    traits = tables["customer_traits"].set_index("customer_id").drop(columns="traits_hash")
    return traits.astype(object).where(traits.notna(), None).to_dict("index")


def test_changed_at_moves_for_those_whose_traits_changed_and_no_other(shop):
    moved, kept = 0, 0
    for before, after in zip(shop.moments, shop.moments[1:], strict=False):
        old, new = traits_of(before), traits_of(after)
        latest = before["customer_traits"]["changed_at"].max()
        for name, row in new.items():
            same = name in old and {**old[name], "changed_at": row["changed_at"]} == row
            if same:
                assert row["changed_at"] == old[name]["changed_at"]
                kept += 1
            else:
                assert row["changed_at"] > latest
                moved += 1
    assert moved > 20 and kept > 20


def test_segment_changes_replay_to_the_groups_of_every_date(shop):
    tables = shop.moments[-1]
    groups, changes = tables["groups"], tables["segment_changes"]
    dates = sorted(groups["as_of_date"].unique())
    for grouping in ("segment", "value_tier", "cluster"):
        first = groups[groups["as_of_date"] == dates[0]]
        state = first.set_index("customer_id")[grouping].to_dict()
        for date in dates[1:]:
            of_date = (changes["grouping_name"] == grouping) & (changes["to_date"] == date)
            for row in changes[of_date].itertuples():
                assert state.get(row.customer_id, "New") == row.from_group
                state[row.customer_id] = row.to_group
            there = groups[groups["as_of_date"] == date]
            assert state == there.set_index("customer_id")[grouping].to_dict()


def test_causes_are_those_of_the_log(shop):
    """Who bought between the dates moved by purchase, and nobody else did."""
    lines = log_of_sales().query("amount > 0").groupby("customer_id")["transacted_at"]
    days_of = {name: days.to_numpy() for name, days in lines}
    for row in shop.moments[-1]["segment_changes"].itertuples():
        days = days_of[row.customer_id]
        bought = ((days > row.from_date) & (days <= row.to_date)).any()
        assert (row.caused_by == "purchase") == bought
        assert row.caused_by != "return"


@pytest.fixture(scope="module")
def later(shop) -> Shop:
    """After a late line, a customer whose lines are gone, and an attempt to start anew."""
    lines = log_of_sales()
    late = lines[lines["customer_id"] == "c10"].head(1).assign(transacted_at="2024-12-20")
    left = lines[lines["customer_id"] != "c11"]
    pd.concat([left, late]).to_csv(shop.folder / "transactions.csv", index=False)
    later = Shop(shop.folder, shop.project)
    later.step(STEPS[-1], *WITH_THEIR_UNIT_TESTS)
    return later


def test_late_lines_restate_the_history_and_rewrite_no_event(shop, later):
    old, new = shop.moments[-1], later.moments[0]
    assert not old["segment_changes"].equals(new["segment_changes"])
    before, after = old["audience_changes"], new["audience_changes"]
    kept = after[after["event_id"].isin(before["event_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before.reset_index(drop=True))


def test_who_leaves_the_log_exits_and_is_said_to_have_left(shop, later):
    (state,) = later.moments[0]["customer_traits"].query("customer_id == 'c11'").itertuples()
    assert not state.is_customer and pd.isna(state.segment)
    assert state.changed_at > shop.moments[-1]["customer_traits"]["changed_at"].max()
    old, new = shop.moments[-1]["audience_members"], later.moments[0]["audience_members"]
    was_in = old[(old["customer_id"] == "c11") & old["is_member"]]
    is_out = new[new["customer_id"] == "c11"]
    assert len(was_in) > 0 and not is_out["is_member"].any()
    events = later.moments[0]["audience_changes"].query("customer_id == 'c11'")
    assert set(events["reason"][events["event"] == "exited"]) >= {"left_input"}


def files_with(text: str, folder: Path) -> list[str]:
    """Return the files under a folder in whose bytes a text can be read."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sorted(str(path) for path in files if text.encode() in path.read_bytes())


@pytest.fixture(scope="module")
def forgetting(later) -> Shop:
    """Publish with the customer, then without them, and write the file anew."""
    folder = later.folder
    assert files_with(FORGOTTEN, folder / "shop_published")
    lists.write_lists(lists.published_file(str(later.database)))
    (folder / "requests").mkdir()
    (folder / "requests" / "erasures.csv").write_text(f"customer_id\n {FORGOTTEN} \n")
    attributes = f"customer_id,region\n{FORGOTTEN},north\nc03,south\n"
    (folder / "requests" / "attributes.csv").write_text(attributes)
    later.dbt(
        *("build", *EVERYTHING),
        as_of_date=STEPS[-1],
        erasure_requests=str(folder / "requests" / "erasures.csv"),
        customer_attributes=str(folder / "requests" / "attributes.csv"),
    )
    return later


def test_who_asked_to_be_forgotten_is_in_no_byte_of_what_was_built(forgetting):
    with duckdb.connect(str(forgetting.database), read_only=True) as connection:
        names = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
        ).fetchall()
        for (name,) in names:
            query = f"select count(*) from {name} as kept where contains(kept::varchar, ?)"
            assert connection.execute(query, [FORGOTTEN]).fetchall() == [(0,)], name
        assert connection.execute(
            "select count(*) from main_internal.stg_erasure_requests"
        ).fetchall() == [(1,)]
        assert connection.execute(
            "select attribute, customer_count from attribute_coverage"
        ).fetchall() == [("region", 1)]
        assert connection.execute(
            "select example_values from excluded_rows "
            "where input = 'transactions' and exclusion_reason = 'missing_customer'"
        ).fetchall() == [('"(forgotten)"',)]
        before = connection.execute("select count(*) from audience_changes").fetchall()
    forget.copy_into_new_file(forgetting.database)
    published = lists.published_file(str(forgetting.database))
    lists.write_lists(published)
    assert FORGOTTEN.encode() not in forgetting.database.read_bytes()
    assert files_with(FORGOTTEN, forgetting.folder / "shop_published") == []
    with duckdb.connect(str(forgetting.database), read_only=True) as connection:
        assert connection.execute("select count(*) from audience_changes").fetchall() == before


def test_lists_hold_the_sendable_and_nobody_who_must_not_be_addressed(forgetting):
    published = lists.published_file(str(forgetting.database))
    lists.write_lists(published)
    folder = published.parent.parent / lists.LISTS
    with duckdb.connect(str(published), read_only=True) as connection:
        sendable = connection.execute(
            "select customer_id from audience_members where is_sendable and audience = 'recent' "
            "order by customer_id"
        ).fetchall()
    text = lists.audience_text(published, "recent")
    assert (folder / "audience_recent.csv").read_bytes() == text.encode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["customer_id"] for row in rows] == [name for (name,) in sendable]
    assert {row["public_name"] for row in rows} == {"Group B"}
    # Neither bounced everywhere nor without consent anywhere.
    for file in folder.glob("*.csv"):
        assert not {"c03", "c06"} & {
            row["customer_id"] for row in csv.DictReader(io.StringIO(file.read_text()))
        }, file
    assert {file.stem.split("_")[0] for file in folder.glob("*.csv")} >= {"action", "segment"}


def test_an_unknown_audience_and_a_missing_file_get_a_sentence(forgetting, tmp_path):
    published = lists.published_file(str(forgetting.database))
    with pytest.raises(
        ValueError, match=r"no audience missing; the audiences are: recent, regulars"
    ):
        lists.audience_text(published, "missing")
    with pytest.raises(ValueError, match="a whole `dbt build`"):
        lists.published_file(str(tmp_path / "none.duckdb"))
    command = [sys.executable, str(ROOT / "handover" / "lists.py")]
    environment = {"CUSTOMER_VALUE_DB": str(tmp_path / "none.duckdb")}
    found = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert found.returncode == 1 and "Traceback" not in found.stderr


def test_a_suppression_holds_though_the_events_were_built_before_it(forgetting):
    """The log has released somebody, and only the members are built anew."""
    build = Build(0, "", forgetting.database)
    (name,) = build.row("select min(customer_id) from audience_members where is_sendable")
    with (forgetting.folder / "suppressions.csv").open("a") as file:
        file.write(f"{name},,bounced,,\n")
    members = ("int_customer_value__channel_permissions", "customer_value__audience_members")
    build = forgetting.dbt(
        *("build", *EVERYTHING, "--select", *members, "customer_value__audience_summary"),
        as_of_date=STEPS[-1],
        erasure_requests=str(forgetting.folder / "requests" / "erasures.csv"),
    )
    assert build.row(
        "select count_if(is_sendable), count_if(is_suppressed) > 0 from audience_members "
        f"where customer_id = '{name}'"
    ) == (0, True)


def test_audiences_have_a_page_where_they_are_built(forgetting, tmp_path):
    manifest = json.loads((forgetting.folder / "target" / "manifest.json").read_text())
    manifest["exposures"] = {
        name: exposure
        for name, exposure in manifest["exposures"].items()
        if exposure["name"] == "dashboard_audiences"
    }
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "manifest.json").write_text(json.dumps(manifest))
    page = tmp_path / "index.html"
    assert draw(Build(0, "", tmp_path / "shop.duckdb"), forgetting.database, page) == ""
    html = page.read_text()
    tabs = re.findall(r'<a href="#(\w+)"', html.split("</header>")[0])
    assert tabs == ["audiences", "customers", "definitions"]
    charts = yaml.safe_load((ROOT / "charts" / "audiences.yml").read_text())["charts"]
    counts = Build(0, "", forgetting.database).row(
        "select sum(member_count), sum(sendable_count), sum(suppressed_count) from audience_summary"
    )
    for width in ("wide", "narrow"):
        drawing = section(html, "audiences", width)
        assert set(re.findall(r'data-chart-id="([^"]+)"', drawing)) == set(charts)
        for name, count in zip(("members", "sendable", "suppressed"), counts, strict=True):
            assert f" {count} " in words(chart(drawing, name))
        assert "As of 30 April 2025" in words(drawing)
        assert "Consent is not checked" not in words(drawing)


HOSTILE = ["=1+1", "+49 15", "-12", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1"]


@pytest.mark.parametrize("value", HOSTILE)
def test_text_that_a_spreadsheet_would_run_is_marked_and_an_id_is_refused(value):
    assert lists.cell("segment", value) == "'" + value
    with pytest.raises(ValueError, match="parquet"):
        lists.cell("customer_id", value)


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.integers())))
def test_a_csv_reads_back_as_it_was_and_no_cell_is_a_formula(rows):
    text = lists.csv_text(["segment", "order_count"], rows)
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read[0] == ["segment", "order_count"]
    assert [int(number) for _, number in read[1:]] == [number for _, number in rows]
    for (written, _), (original, _) in zip(read[1:], rows, strict=True):
        assert not written.startswith(lists.TRIGGERS)
        assert written in (original, "'" + original)


def test_names_become_names_of_files():
    assert lists.slug("../../Win back, in person!") == "win_back_in_person"
    assert lists.slug("日本") == "unnamed"
    found: dict = {}
    lists.add(found, "segment_a", "first", [])
    lists.add(found, "segment_a", "second", [])
    assert list(found) == ["segment_a", "segment_a_2"]


def publish_by_hand(folder: Path, customers: list[tuple]) -> Path:
    """Write a published file of (customer, segment, action, closed channels), all in audience a."""
    file = folder / "current" / "marts.duckdb"
    file.parent.mkdir(parents=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "create table audience_members (membership_id varchar, customer_id varchar, "
            "audience varchar, public_name varchar, channel varchar, entered_date date, "
            "is_sendable boolean)"
        )
        connection.execute(
            "create table audience_summary as select 'a' as audience, 'email' as channel "
            "union all select 'b', 'mail'"
        )
        connection.execute(
            "create table customer_traits (customer_id varchar, segment varchar, "
            "recommended_action varchar, closed_channels varchar, value_tier varchar, "
            "cluster_name varchar, lifetime_value_decile integer, activity_band varchar, "
            "is_lapsed boolean, is_customer boolean)"
        )
        for name, segment, action, closed in customers:
            connection.execute(
                "insert into customer_traits (customer_id, segment, recommended_action, "
                "closed_channels, is_lapsed, is_customer) values (?, ?, ?, ?, false, true)",
                [name, segment, action, closed],
            )
            connection.execute(
                "insert into audience_members values (md5(?), ?, 'a', 'Group A', 'email', "
                "date '2025-01-31', ?)",
                [name, name, closed is None],
            )
        connection.execute(
            "create table campaign_audience as select row_number() over () as audience_rank, "
            "customer_id, customer_id = '2' as is_held_out from customer_traits "
            "order by customer_id"
        )
    return file


def test_lists_leave_out_whom_no_channel_may_reach(tmp_path):
    file = publish_by_hand(
        tmp_path,
        [
            ("2", "At Risk", "=cmd|' /C calc'!A0", None),
            ("1", "At Risk", 'Say "hello", gladly', "email"),
            ("3", "At risk!", "Wait", "email, mail"),
        ],
    )
    counts = lists.write_lists(file)
    folder = tmp_path / lists.LISTS
    assert counts == {path.name: counts[path.name] for path in folder.iterdir()}
    assert counts["segment_at_risk.csv"] == 2 and counts["segment_at_risk_2.csv"] == 0
    assert counts["audience_a.csv"] == 1 and counts["audience_b.csv"] == 0
    # Of the campaign neither the control nor whom no channel may reach.
    assert counts["campaign_audience.csv"] == 1
    rows = list(csv.DictReader(io.StringIO((folder / "segment_at_risk.csv").read_text())))
    assert [(row["customer_id"], row["recommended_action"]) for row in rows] == [
        ("1", 'Say "hello", gladly'),
        ("2", "'=cmd|' /C calc'!A0"),
    ]
    assert rows[0]["closed_channels"] == "email" and rows[0]["is_lapsed"] == "false"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "segment_gone.csv").write_text("old")
    lists.write_lists(file)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_hostile_id_stops_all_lists_and_leaves_those_of_before(tmp_path):
    lists.write_lists(publish_by_hand(tmp_path / "good", [("1", "Lost", "Wait", None)]))
    file = publish_by_hand(tmp_path / "bad", [("1", "Lost", "Wait", None), ("=1", "X", "W", None)])
    with pytest.raises(ValueError, match=r"customer_id '=1' begins with '='.*parquet"):
        lists.write_lists(file)
    assert not (tmp_path / "bad" / lists.LISTS).exists()


def test_a_published_file_without_audiences_gets_a_sentence(tmp_path):
    file = tmp_path / "marts.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table customers (customer_id varchar)")
    with pytest.raises(ValueError, match="list the module audiences"):
        lists.write_lists(file)


def test_make_forget_forgets_where_there_are_no_audiences(tmp_path):
    """Lists from a time with audiences would go on to name the customer, so they go too."""
    binaries = tmp_path / "venv" / "bin"
    binaries.mkdir(parents=True)
    for name, command in (("dbt", "true"), ("python", f'exec "{sys.executable}" "$@"')):
        (binaries / name).write_text(f"#!/bin/sh\n{command}\n")
        (binaries / name).chmod(0o755)
    (tmp_path / "venv" / "build.stamp").touch()
    database = tmp_path / "shop.duckdb"
    published = tmp_path / "shop_published"
    (published / "current").mkdir(parents=True)
    for file in (database, published / "current" / "marts.duckdb"):
        with duckdb.connect(str(file)) as connection:
            connection.execute("pragma force_compression = 'uncompressed'")
            connection.execute(
                f"create table customers as select '{FORGOTTEN}-' || i as customer_id "
                "from range(5000) as numbers (i)"
            )
            connection.execute("checkpoint")
            connection.execute("delete from customers where customer_id like '%7'")
            connection.execute("checkpoint")
    (published / lists.LISTS).mkdir()
    (published / lists.LISTS / "segment_lost.csv").write_text(f'"customer_id"\n"{FORGOTTEN}"\n')
    deleted = f"{FORGOTTEN}-4997".encode()
    assert deleted in database.read_bytes()
    done = subprocess.run(
        ["make", "--no-print-directory", "forget", f"VENV={tmp_path / 'venv'}"]
        + ["-o", str(tmp_path / "venv" / "build.stamp")],
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": "", "CUSTOMER_VALUE_DB": str(database)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert f"There are no audiences in {published}, so it has no lists." in done.stdout
    assert deleted not in database.read_bytes()
    assert files_with(FORGOTTEN, published / lists.LISTS) == []


def test_old_lists_stay_where_they_can_be_written_anew(tmp_path):
    file = publish_by_hand(tmp_path, [("x", "Lost", "Leave", None)])
    written = lists.write_lists(file)
    assert not lists.delete_lists_without_audiences(tmp_path)
    assert {path.name for path in (tmp_path / lists.LISTS).glob("*.csv")} == set(written)


def test_a_copy_forgets_what_was_deleted_and_keeps_all_else(tmp_path):
    database = tmp_path / "shop.duckdb"
    with duckdb.connect(str(database)) as connection:
        # Compressed, the ids would be there and not be seen.
        connection.execute("pragma force_compression = 'uncompressed'")
        connection.execute("create schema inner_part")
        connection.execute(
            f"create table inner_part.people as select '{FORGOTTEN}-' || i as customer_id "
            "from range(5000) as numbers (i)"
        )
        connection.execute("create table kept (id varchar not null, check (id != ''))")
        connection.execute("comment on table kept is 'One row per thing.'")
        connection.execute("create view seen as select * from kept")
        connection.execute("insert into kept values ('thing')")
        connection.execute("checkpoint")
        connection.execute("delete from inner_part.people where customer_id like '%7'")
        connection.execute("checkpoint")
    deleted = f"{FORGOTTEN}-4997".encode()
    assert deleted in database.read_bytes()
    forget.copy_into_new_file(database)
    assert deleted not in database.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [database.name]
    with duckdb.connect(str(database)) as connection:
        assert connection.execute("select * from seen").fetchall() == [("thing",)]
        comments = connection.execute("select comment from duckdb_tables() where comment != ''")
        assert comments.fetchall() == [("One row per thing.",)]
        left = connection.execute("select count(*) from inner_part.people").fetchall()
        assert left == [(4500,)]
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("insert into kept values ('')")
    with pytest.raises(ValueError, match="There is no database"):
        forget.copy_into_new_file(tmp_path / "none.duckdb")
