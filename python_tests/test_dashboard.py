"""The dashboard: one offline file that draws every chart and agrees with the marts."""

import csv
import fcntl
import json
import math
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from html import unescape
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from conftest import Build, run_dbt
from helpers import PACKAGE, ROOT, mart_names, thirty_customers

pytest.importorskip("dbt_charts", reason="needs dbt-charts")
sys.path.insert(0, str(ROOT / "charts"))
import itertools

import customer_list
import render

ALL_BOARDS = {
    path.stem: yaml.safe_load(path.read_text())
    for path in (ROOT / "charts").glob("*.yml")
    if path.stem != "meta"
}
# The demo has none of these, so their pages are drawn from builds of their own.
ABSENT = ("audiences", "live", "portraits", "subscriptions")
BOARDS = {page: board for page, board in ALL_BOARDS.items() if page not in ABSENT}
# The demo has no campaigns, so these stay hidden behind a sentence.
HIDDEN = {"act": {"campaign_table", "experiment_effects", "experiment_table"}}
CHARTS = {page: set(board["charts"]) - HIDDEN.get(page, set()) for page, board in BOARDS.items()}
# Chromium is Debian's name of it; the others are what people have.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), "")
needs_browser = pytest.mark.skipif(not BROWSER, reason="needs Chromium")
SIZES = ("wide", "narrow")
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


def draw(build: Build, database: Path, output: Path) -> str:
    """Render the page as `make dashboard` does, and return what was said about it."""
    run = subprocess.run(
        [
            *(sys.executable, str(ROOT / "charts" / "render.py")),
            *("--database", str(database), "--output", str(output)),
            *("--manifest", str(build.database.parent / "target" / "manifest.json")),
        ],
        env={**os.environ, "DBT_PROFILES_DIR": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stderr


@pytest.fixture(scope="session")
def drawn(demo) -> Callable[[str], tuple[Path, str]]:
    """Return a function that draws a database once for the whole test run."""

    def make(
        name: str, prepare: Callable[[Path], None] | None = None, build: Build = demo
    ) -> tuple[Path, str]:
        directory = build.database.parent / name
        directory.mkdir(exist_ok=True)
        page, remarks = directory / "index.html", directory / "remarks"
        with (directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not remarks.exists():
                database = build.database
                if prepare is not None:
                    # The file keeps its name, which the manifest knows as that of the database.
                    database = Path(shutil.copy(demo.database, directory))
                    prepare(database)
                remarks.write_text(draw(build, database, page))
        return page, remarks.read_text()

    return make


@pytest.fixture(scope="session", name="thirty_customers")
def build_of_thirty(shared_build, tmp_path_factory) -> Build:
    csv = tmp_path_factory.mktemp("thirty") / "thirty.csv"
    thirty_customers().to_csv(csv, index=False)
    result = shared_build("thirty_customers", {"transactions": str(csv)})
    assert "customers" in result.marts(), result.output
    return result


@pytest.fixture(scope="session")
def dashboard(drawn) -> str:
    """The page of the demo."""
    return drawn("dashboard")[0].read_text()


def section(page: str, name: str, width: str) -> str:
    """Return one drawing of one page."""
    whole = re.search(rf'<section data-page="{name}">(.*?)</section>', page, re.S)
    assert whole, name
    drawings = re.split(r'<div class="dbt-charts-board (\w+)">', whole[1])
    return dict(zip(drawings[1::2], drawings[2::2], strict=True))[width]


def chart(drawing: str, name: str) -> str:
    """Return what is drawn of one chart, up to the next one."""
    start = drawing.index(f'data-chart-id="{name}"')
    following = drawing.find("data-chart-id=", start + 20)
    return drawing[start : following if following > 0 else len(drawing)]


def words(drawing: str) -> str:
    """Return the text of a drawing."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", drawing))


def si(number: float) -> str:
    """Write a number as the tiles do: three digits and a letter."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"


def test_there_is_nothing_to_remark_about_the_demo(drawn):
    assert drawn("dashboard")[1] == ""


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("name", sorted(BOARDS))
def test_every_chart_is_drawn(dashboard, name, width):
    drawing = section(dashboard, name, width)
    assert set(re.findall(r'data-chart-id="([^"]+)"', drawing)) == CHARTS[name]
    for title in CHARTS[name]:
        shapes = re.findall(r"<(?:path|rect|text|circle)\b", chart(drawing, title))
        assert len(shapes) >= 2, f"{title} is empty"


def test_the_page_of_23_570_customers_is_small_enough_for_a_mail(drawn):
    assert drawn("dashboard")[0].stat().st_size < 8_000_000


def test_the_page_names_no_address_to_load_from(dashboard):
    # The library's own code is kept from loading by the page, as the browser's test shows.
    dashboard = re.sub(r'<script type="module" data-library.*?</script>', "", dashboard, flags=re.S)
    loads = r"""(?:src|href)=["']?(?:https?:)?//|url\(["']?(?:https?:)?//|@import|fetch\(|XMLHttp"""
    assert re.findall(loads, dashboard) == []


def test_no_two_drawings_share_a_name(dashboard):
    """A clip or a gradient of a hidden drawing would be used in the one that is shown."""
    drawings = re.split(r'<div class="dbt-charts-board (?:wide|narrow)">', dashboard)[1:]
    names = [set(re.findall(r'(?<![\w-])id="([^"]+)"', drawing)) for drawing in drawings]
    assert len(names) == len(SIZES) * len(BOARDS)
    assert sum(map(len, names)) == len(set().union(*names))


TILES: dict[tuple[str, str], tuple[str, Callable[[float], str]]] = {
    ("overview", "Customers"): ("select count(*) from customers", "{:,.0f}".format),
    ("overview", "Active in 90 days"): (
        "select count(*) from customers where recency_days <= 90",
        "{:,.0f}".format,
    ),
    ("overview", "Revenue to date"): ("select sum(net_revenue) from customers", si),
    ("overview", "Predicted 12-month value"): (
        """
        select point_forecast from forecast_intervals
        where scope = 'total' and measure = 'lifetime_value' and level = 0.8
        """,
        si,
    ),
    ("overview", "Slipped since 31 May"): (
        """
        select sum(customer_count - buying_customer_count) from migration
        where grouping_name = 'segment' and direction = 'slipped'
            and to_date = (select max(to_date) from migration)
        """,
        "{:,.0f}".format,
    ),
    ("overview", "Value at risk"): (
        """
        select sum(lifetime_value_365d) from segment_profile
        where segment in ('Need Attention', 'About To Sleep', 'At Risk', 'Cannot Lose Them')
        """,
        si,
    ),
    ("forecasts", "holdout_purchases"): (
        "select actual_purchases from model_evaluation where is_selected",
        "{:,.0f}".format,
    ),
    ("forecasts", "purchase_bias"): (
        "select predicted_purchases / actual_purchases - 1 from model_evaluation where is_selected",
        "{:+.1%}".format,
    ),
    ("forecasts", "revenue_bias"): (
        "select predicted_revenue / actual_revenue - 1 from model_evaluation where is_selected",
        "{:+.1%}".format,
    ),
    ("forecasts", "comeback_auc"): (
        """
        select auc from probability_evaluation
        where target = 'active' and predictor = 'probability_active_90d' and model = 'corrected'
        """,
        "{:.2f}".format,
    ),
    ("retention", "repeat_share"): (
        "select avg(case when repeat_count > 0 then 1 else 0 end) from customers",
        "{:.1%}".format,
    ),
    ("retention", "second_within_90d_share"): (
        """
        select 1 - survival from survival_curves
        where curve = 'second_purchase' and grouping_name = 'overall' and day = 90
        """,
        "{:.1%}".format,
    ),
    ("retention", "retention_rate"): (
        "select retention_rate from monthly_kpis order by month_start_date desc limit 1",
        "{:.1%}".format,
    ),
    ("retention", "lapse_after_days"): (
        "select distinct lapse_after_days from survival_summary",
        "{:,.0f}".format,
    ),
    ("clusters", "cluster_count"): (
        "select count(distinct cluster_id) from customers",
        "{:,.0f}".format,
    ),
    ("clusters", "silhouette"): (
        "select silhouette from cluster_selection where is_selected",
        "{:.2f}".format,
    ),
    ("clusters", "stability"): (
        "select stability from cluster_selection where is_selected",
        "{:.2f}".format,
    ),
    ("clusters", "staying_share"): (
        """
        select sum(customer_count) filter (where from_group = to_group)
            / sum(customer_count)
        from migration
        where grouping_name = 'cluster' and to_date = (select max(to_date) from migration)
        """,
        "{:.1%}".format,
    ),
    ("decide", "first_customer_count"): (
        "select customer_count from priority_matrix where attack_order = 1",
        "{:,.0f}".format,
    ),
    ("decide", "paying_interventions"): (
        """
        select count(*) from intervention_return
        where effect_case = 'base' and incremental_margin > cost
        """,
        "{:,.0f}".format,
    ),
    ("decide", "best_return"): (
        """
        select max((incremental_margin - cost) / cost) from intervention_return
        where effect_case = 'base'
        """,
        "{:+.0%}".format,
    ),
    ("decide", "optimal_gain"): (
        "select sum(value_change_base) from budget_scenarios where scenario = 'optimal'",
        lambda number: "+" + si(number),
    ),
    ("act", "purchase_auc"): (
        "select auc from probability_evaluation where target = 'purchase' and is_selected",
        "{:.3f}".format,
    ),
    ("act", "top_tenth"): (
        """
        select cumulative_lift from propensity_gains
        where target = 'purchase' and decile = 1 and model = (
            select model from probability_evaluation where target = 'purchase' and is_selected
        )
        """,
        "{:.2f}".format,
    ),
    ("act", "buyers_in_depth"): (
        """
        select precision_at_depth from probability_evaluation
        where target = 'purchase' and is_selected
        """,
        "{:.0%}".format,
    ),
    ("act", "written_to"): (
        "select count(*) from campaign_audience where not is_held_out",
        "{:,.0f}".format,
    ),
}


def tile_of(drawing: str, name: str) -> str:
    """Return what is drawn of one tile: a chart of its own, or a part of the row of tiles."""
    if f'data-chart-id="{name}"' in drawing:
        return chart(drawing, name)
    found = re.search(rf"<title>{name}: .*?(?=<title>[^<]*: |$)", chart(drawing, "tiles"), re.S)
    assert found, name
    return found[0]


def test_every_tile_is_compared(dashboard):
    kinds = {
        (page, name)
        for page, board in BOARDS.items()
        for name, spec in board["charts"].items()
        if spec["type"] == "kpi"
    }
    tiles = chart(section(dashboard, "overview", "wide"), "tiles")
    kinds |= {("overview", name) for name in re.findall(r"<title>([^<]*?): ", tiles)}
    assert kinds == set(TILES)


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("tile", TILES, ids="-".join)
def test_a_tile_says_what_the_marts_say(dashboard, demo, tile, width):
    query, written = TILES[tile]
    (value,) = demo.row(query)
    text = words(tile_of(section(dashboard, tile[0], width), tile[1])).replace(" ", "")
    assert written(float(value)).replace("-", MINUS) in text


def test_a_tile_says_what_changed_since_the_month_and_the_year_before(dashboard, demo):
    drawing = section(dashboard, "overview", "wide")
    for name, column in (
        ("Active in 90 days", "active_customer_count"),
        ("Revenue to date", "net_revenue"),
    ):
        amounts = [
            float(
                demo.row(f"select {column} from monthly_kpis where month_start_date = '{day}'")[0]
            )
            for day in ("1998-06-01", "1998-05-01", "1997-06-01")
        ]
        text = words(tile_of(drawing, name)).replace(MINUS, "-")
        assert f"Per month: Jun {amounts[0] / amounts[1] - 1:+.1%} on May" in text
        assert f"{amounts[0] / amounts[2] - 1:+.1%} on Jun 1997" in text
    now, before, first = (
        float(value)
        for (value,) in demo.rows(
            """
            select sum(lifetime_value_365d) from group_history
            where grouping_name = 'segment'
                and as_of_date in ('1998-06-30', '1998-05-31', '1997-07-31')
            group by as_of_date order by as_of_date desc
            """
        )
    )
    text = words(tile_of(drawing, "Predicted 12-month value")).replace(MINUS, "-")
    assert f"{now / before - 1:+.1%} since 31 May" in text
    bounds = demo.row(
        """
        select lower_bound, upper_bound from forecast_intervals
        where scope = 'total' and measure = 'lifetime_value' and level = 0.8
        """
    )
    assert f"80% interval {si(bounds[0])}{DASH}{si(bounds[1])}" in text
    assert f"{now / first - 1:+.1%} since 31 Jul 1997" in text
    assert "unchanged since 30 Jun 1997" in words(tile_of(drawing, "Customers"))


def board_sql(page: str, name: str, relations: dict[str, str]) -> str:
    """Return a query of a board as SQL."""
    queries = {
        each: {**query, "sql": render.without_refs(query["sql"], relations)}
        for each, query in ALL_BOARDS[page]["queries"].items()
        if "sql" in query
    }
    return render.query_sql({**ALL_BOARDS[page], "queries": queries}, name)


ORANGE, DARK_ORANGE = "#e69f00", "#8f6100"
# The columns of the marts that hold forecasts. Where a table has them beside others: in which rows.
FORECAST = "lifetime_value|^predicted_|^expected_|probability|propensity_90d|^forecast|^point_"
FORECAST_ROWS = {
    "concentration": ("measure = 'value'", "amount|share|gini"),
    "forecast_intervals": ("true", "point_forecast|_bound"),
    "model_tracking": ("is_holdout", "expected"),
}
# What no assumption changes in the rows that rest on one.
GIVEN = "customer_count$|_order$|^net_revenue$|^past_margin$|^percentile$|^mean_winnable_share$"


def altered(connection: duckdb.DuckDBPyConnection, kind: str) -> dict[str, str]:
    """Show the marts of the attached build with other numbers of a kind; return their relations.

    Each is made smaller by a share of its row's own, so that no sum, share or mean stays.
    """
    connection.execute(f"create schema {kind}")
    (catalog,) = connection.sql(
        "select database_name from duckdb_databases() where not internal and path is not null"
    ).fetchall()[0]
    columns: dict[str, dict[str, str]] = {}
    for table, column, data_type in connection.sql(
        """
        select table_name, column_name, data_type from duckdb_columns()
        where schema_name = 'main' and database_name not in ('memory', 'system', 'temp')
        """
    ).fetchall():
        columns.setdefault(table, {})[column] = data_type
    for table, types in columns.items():
        rows, pattern = FORECAST_ROWS.get(table, ("true", FORECAST))
        chosen = {name for name in types if re.search(pattern, name)}
        share = "(hash(marts) % 600 + 200.0) / 1000"
        if kind == "assumed":
            rows, share = "assumption_row is not null", "(hash(marts) % 1300 - 500.0) / 1000"
            forecasts = set() if table in FORECAST_ROWS else chosen
            given = {name for name in types if re.search(GIVEN, name)}
            chosen = set(types) - forecasts - given if "assumption_row" in types else set()
        replaced = ", ".join(
            f"cast(case when {rows} then {share} else 1 end * {name} as {types[name]}) as {name}"
            for name in sorted(chosen)
            if re.match("DOUBLE|DECIMAL|.*INT", types[name]) and kind != "facts"
        )
        connection.execute(
            f"create view {kind}.{table} as select * {f'replace ({replaced})' if replaced else ''} "
            f"from {catalog}.main.{table} as marts"
        )
    return {f"{PACKAGE}{table}": f"{kind}.{table}" for table in columns}


def drawn_columns(spec: dict) -> dict[str, dict]:
    """Return what a chart draws: column -> what its style says of it."""
    style = spec.get("style", {})
    if spec["type"] == "kpi":
        shown = {"value": spec["value"], "support": spec["support"]["value"]}
        return {column: style.get(part, {}) for part, column in shown.items()}
    if spec["type"] == "table":
        columns = {
            name: each for name, each in style["columns"].items() if each.get("visible", True)
        }
        italic = {"when": [{"default": True, "font": {"style": "italic"}}]}
        assumed = {
            name for name, each in spec.get("conditional_formatting", {}).items() if each == italic
        }
        return {
            name: {**each, "font": "assumed"} if name in assumed else each
            for name, each in columns.items()
        }
    names = [spec.get(channel) for channel in ("x", "y", "y_start", "value")]
    return {
        name: {} for name in [*names, *spec.get("options", {}).values()] if isinstance(name, str)
    }


def changed(facts: pd.DataFrame, others: pd.DataFrame, columns: Iterable[str]) -> set[str]:
    """Return the columns of numbers in which two answers differ, whatever their order."""
    numbers = {str(name) for name in facts.select_dtypes("number")} & set(columns)
    return {
        name for name in numbers if sorted(facts[name].map(repr)) != sorted(others[name].map(repr))
    }


def is_marked_as_assumed(spec: dict, drawing: str) -> bool:
    """Return whether a chart that is no table is hollow, dashed, pale or in italics."""
    marks = spec["style"].get("marks", {})
    return (
        "dasharray" in marks.get("line", {}).get("stroke", {})
        or marks.get("bar", {}).get("opacity", 1) < 0.5
        or (spec["type"] == "custom" and 'font-style="italic"' in drawing)
    )


def kinds_of_charts(build: Build, page: str, board: str) -> dict[str, set[str]]:
    """Return kind -> the charts that draw it, each of which looks like it and no other does."""
    found: dict[str, set[str]] = {"forecast": set(), "assumed": set()}
    drawing = section(page, board, "wide")
    colours = ALL_BOARDS[board].get("style", {}).get("charts", {}).get("category_colors", {})
    with duckdb.connect() as connection:
        connection.execute(f"attach '{build.database}' (read_only)")
        relations = {kind: altered(connection, kind) for kind in ("facts", *found)}

        def answer(query: str, kind: str) -> pd.DataFrame:
            return connection.sql(board_sql(board, query, relations[kind])).df()

        for name, spec in ALL_BOARDS[board]["charts"].items():
            if f'data-chart-id="{name}"' not in drawing:
                continue
            own = chart(drawing, name)
            columns = drawn_columns(spec)
            facts = answer(spec["query"], "facts")
            for kind in found:
                others = answer(spec["query"], kind)
                differing = changed(facts, others, columns)
                if kind == "forecast" and "is_forecast" in facts:
                    assert list(facts["amount"] != others["amount"]) == list(facts["is_forecast"])
                if differing:
                    found[kind].add(name)
                if spec["type"] in ("kpi", "table"):
                    numbers = {str(name) for name in facts.select_dtypes("number")} & set(columns)
                    marked = {each for each in numbers if columns[each].get("font") == kind}
                    assert marked == differing, (board, name, kind)
                elif kind == "assumed":
                    assert is_marked_as_assumed(spec, own) == bool(differing), (board, name)
                else:
                    assert (ORANGE in own.lower()) == bool(differing), (board, name)
                    for value, colour in (
                        colours.get(spec.get("color"), {}).get("values", {}).items()
                    ):
                        series = [each[each[spec["color"]] == value] for each in (facts, others)]
                        is_forecast = bool(changed(series[0], series[1], columns))
                        assert (colour == ORANGE) == is_forecast, (board, name, value)
            if spec["type"] in ("kpi", "table"):
                assert (DARK_ORANGE in own.lower()) == (name in found["forecast"]), (board, name)
                is_italic = re.search(r"<t(?:ext|span)[^>]*italic", own) is not None
                assert is_italic == (name in found["assumed"]), (board, name)
    return found


KINDS: dict[str, tuple[set[str], set[str]]] = {
    "overview": (
        {
            *("tiles", "segments_in_words", "value_tiers", "recency_and_frequency"),
            *("concentration", "value_distribution"),
        },
        {"profit_curve"},
    ),
    "forecasts": (
        {
            *("holdout_purchases", "weekly_purchases", "cumulative_purchases"),
            *("calibration_by_frequency", "comeback_reliability", "segment_intervals"),
        },
        set(),
    ),
    "retention": (set(), set()),
    "clusters": ({"cluster_shares", "profiles"}, set()),
    "decide": (
        {"first_customer_count", "matrix", "acquisition_payback"},
        {
            *("paying_interventions", "best_return", "optimal_gain", "intervention_ranges"),
            *("budget_gains", "intervention_table", "acquisition_payback", "budget_division"),
            "portfolio",
        },
    ),
    "act": ({"propensity_reliability"}, set()),
}


@pytest.mark.parametrize("board", sorted(BOARDS))
def test_forecasts_assumptions_and_facts_look_different(dashboard, demo, board):
    """The charts of either kind are listed, and those of neither show facts."""
    found = kinds_of_charts(demo, dashboard, board)
    assert (found["forecast"], found["assumed"]) == KINDS[board]


def test_a_month_that_is_not_over_is_marked_and_not_compared():
    """Ten customers on 10 August: June brought 100 and July 900, a year earlier 3."""
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table monthly_kpis as select * from (values
                (date '2023-07-01', true, 1, 3, 1), (date '2024-06-01', true, 4, 100, 9),
                (date '2024-07-01', true, 5, 900, 10), (date '2024-08-01', false, 1, 7, 10)
            ) as rows (
                month_start_date, is_complete, active_customer_count, net_revenue,
                acquired_customer_count
            );
            create table customers as
            select 'At Risk' as segment, true as is_at_risk, date '2024-08-10' as as_of_date;
            create table group_history as select * from (values
                ('segment', 'At Risk', 0, date '2024-07-31'),
                ('segment', 'At Risk', 50, date '2024-08-10')
            ) as rows (grouping_name, group_name, lifetime_value_365d, as_of_date);
            create table migration as select * from (values
                ('segment', date '2024-05-31', date '2024-06-30', 'slipped', 12, 2),
                ('segment', date '2024-05-31', date '2024-06-30', 'rose', 8, 8),
                ('segment', date '2024-06-30', date '2024-07-31', 'slipped', 30, 15),
                ('segment', date '2024-07-31', date '2024-08-10', 'slipped', 5, 1),
                ('cluster', date '2024-07-31', date '2024-08-10', 'slipped', 99, 0)
            ) as rows (
                grouping_name, from_date, to_date, direction, customer_count, buying_customer_count
            );
            """
        )
        names = ("monthly_kpis", "customers", "group_history", "migration")
        relations = {f"{PACKAGE}{name}": name for name in names}
        (moves,) = (
            connection.sql(board_sql("overview", "move_totals", relations)).df().to_dict("records")
        )
        found = connection.sql(board_sql("overview", "tile_changes", relations))
        rows = {row[0]: dict(zip(found.columns, row, strict=True)) for row in found.fetchall()}
    revenue = rows["revenue"]
    assert revenue["is_partial"] and revenue["trail"].split() == ["3.0", "100.0", "900.0", "7.0"]
    assert revenue["span"] == "July 2023 to August 2024, which is not over"
    # Nine times as much is no share that somebody reads.
    assert revenue["month_change"] == "Per month: Jul from 100 in Jun"
    assert revenue["year_change"] == "from 3 in Jul 2023"
    assert rows["active"]["month_change"] == "Per month: Jul +25.0% on Jun"
    assert not rows["customers"]["is_partial"]
    assert rows["customers"]["month_change"] == "unchanged since 31 Jul"
    assert rows["risk"]["month_change"] == "from 0 since 31 Jul"
    # There is no earlier date than that of the month before.
    assert rows["risk"]["year_change"] == ""
    slipped = rows["slipped"]
    assert slipped["is_partial"] and slipped["trail"].split() == ["10.0", "15.0", "4.0"]
    assert slipped["month_change"] == "Per month: Jul +50.0% on Jun"
    assert (moves["slipping_count"], moves["slipping_time"]) == (4, "in 10 days; 15 in July")


def test_the_table_of_segments_says_what_the_marts_say(dashboard, demo):
    text = words(chart(section(dashboard, "overview", "wide"), "segments_in_words"))
    text = text.replace(" %", "%")
    rows = demo.rows(
        """
        select segment, count(*), avg(lifetime_value_365d), sum(net_revenue) / any_value(total)
        from customers, (select sum(net_revenue) as total from customers)
        group by segment
        """
    )
    assert len(rows) == 11
    for segment, count, value, share in rows:
        assert f"{count:,} " in text.split(segment)[1]
        assert f"{share:.1%} " in text.split(segment)[1]
        assert f" {value:,.0f} " in text.split(segment)[1]


def test_the_first_sentence_names_last_year_and_the_last_check(dashboard, demo):
    drawing = words(section(dashboard, "overview", "wide"))
    (last_year,) = demo.row(
        """
        select sum(spend) from main_internal.int_purchase_days
        where purchase_date > (select max(as_of_date) - 365 from customers)
        """
    )
    (error,) = demo.row(
        """
        select predicted_revenue / actual_revenue - 1 from model_evaluation
        where is_value_selected
        """
    )
    last_year = float(last_year)
    assert f"these customers brought in {si(last_year)}" in drawing
    point, *bounds = demo.row(
        """
        select point_forecast, lower_bound, upper_bound from forecast_intervals
        where scope = 'total' and measure = 'lifetime_value' and level = 0.8
        """
    )
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert f"customers are expected to spend {si(point)} in the next year" in readme
    assert "between {} and {}, because".format(*map(si, bounds)) in readme
    assert f"In the previous year they spent {si(last_year)}." in readme
    assert f"{abs(error):.0%} {'below' if error < 0 else 'above'} the actual revenue" in drawing
    (segments,) = demo.row(
        """
        select string_agg(segment, ', ' order by segment_order) from segment_profile
        where segment in (select segment from customers where is_at_risk)
        """
    )
    assert f"is the value expected of customers in {segments}." in drawing


@pytest.mark.parametrize("width", SIZES)
def test_the_decisions_name_their_action_and_their_assumption(dashboard, demo, width):
    drawing = section(dashboard, "decide", width)
    actions = words(chart(drawing, "matrix")).replace(" ", "")
    for action, count in demo.rows(
        "select recommended_action, customer_count from priority_matrix"
    ):
        assert action.replace(" ", "") in actions
        assert f"{count:,}" in actions
    ranges = words(chart(drawing, "intervention_ranges"))
    for intervention, effect in demo.rows(
        "select intervention, return_on_investment from intervention_return"
    ):
        assert intervention in ranges
        assert f"{effect:+.0%}".replace("-", MINUS) in ranges
    assumptions = words(chart(drawing, "assumptions"))
    assert "example" in assumptions and "budget response: *" in assumptions


def test_every_page_names_its_date(dashboard, demo):
    (date,) = demo.row("select max(as_of_date) from customers")
    for name in BOARDS:
        assert f"{date:%-d %B %Y}" in words(section(dashboard, name, "wide"))


def test_no_raw_name_is_on_the_page(dashboard):
    for name in BOARDS:
        for width in SIZES:
            # Titles of shapes are tooltips, and are read too.
            said = words(section(dashboard, name, width))
            assert re.findall(r"\b[a-z]+_[a-z_]+\b", said) == []
            # A share of 1,000 % and more is cut, and the demo has none.
            assert not re.search(r"\+999(\.0)? ?%", said)


def cut_short(page: str) -> list[str]:
    """Return the texts of the drawings that end in three dots, since they did not fit."""
    return re.findall(r"<(?:text|tspan)\b[^>]*>([^<]*\N{HORIZONTAL ELLIPSIS})", page)


def test_no_sentence_is_cut_short(dashboard):
    assert cut_short(dashboard) == []


def test_a_tile_that_is_alone_takes_the_room_of_two():
    """As on the page Live while no running trial has a chance: the hidden tile leaves no gap."""
    kpi = {"type": "kpi"}
    hidden = {**kpi, "visible": {"query": "available", "column": "has_scores"}}
    board = {
        "queries": {"available": {"columns": ["has_scores"], "values": [[False]]}},
        "charts": {
            **{name: kpi for name in ("running", "stalled", "converted")},
            "expected": hidden,
            "moves": {"type": "custom", "template": "sankey"},
            "list": {"type": "table", "visible": hidden["visible"]},
        },
        "rows": [
            {"rows": [{"cols": ["running", "stalled", "expected", "converted"]}]},
            {"cols": ["expected", "list"]},
            "moves",
        ],
    }
    shown = render.as_shown(board)
    assert shown["rows"] == [{"cols": ["running", "stalled", "converted"]}, "moves"]
    assert render.spans(shown) == {
        **{"running": "quarter", "stalled": "quarter", "converted": "half"},
        "moves": "whole",
    }
    small = render.narrow("live", shown)
    assert small["rows"] == [{"cols": ["running", "stalled"]}, {"cols": ["converted"]}, "moves"]


def empty_marts(database: Path) -> None:
    with duckdb.connect(str(database)) as connection:
        tables = connection.sql(
            "select table_name from duckdb_tables() where schema_name = 'main'"
        ).fetchall()
        for (table,) in tables:
            connection.execute(f"delete from main.{table}")


def test_empty_marts_are_a_sentence_on_every_page(drawn):
    page = drawn("empty", empty_marts)[0].read_text()
    said = {
        "overview": "There are no customers yet.",
        "forecasts": "No forecast has been checked yet.",
        "retention": "There are no customers yet.",
        "clusters": "There are no clusters yet.",
        "decide": "There is nobody to decide about yet.",
        "act": "There is nobody to act on yet.",
    }
    assert set(said) == set(BOARDS)
    for name, sentence in said.items():
        for width in SIZES:
            drawing = section(page, name, width)
            assert sentence in words(drawing)
            assert "data-chart-id" not in drawing


def few_marts(database: Path) -> None:
    """Leave what a first day leaves: a customer, and nothing that takes two dates.

    An experiment is put in, because it stands without any of the rest and the demo has none.
    """
    kept = {
        "customers": "customer_id = (select min(customer_id) from customers)",
        "segment_profile": "segment_order = 1",
        "value_tier_profile": "tier_order = 1",
        "cluster_profile": "cluster_id = 1",
        "concentration": "true",
        "model_fits": "as_of_role = 'current'",
        "survival_comparison": "true",
        "survival_curves": "day = 0",
        "survival_summary": "true",
    }
    with duckdb.connect(str(database)) as connection:
        tables = connection.sql(
            "select table_name from duckdb_tables() where schema_name = 'main'"
        ).fetchall()
        for (table,) in tables:
            connection.execute(f"delete from main.{table} where not ({kept.get(table, 'false')})")
        connection.execute(
            """
            insert into main.experiment_results by name
            select
                'Spring letter' as experiment, 'voucher' as variant, metric,
                'all' as grouping_name, 'all' as group_name,
                'made up for a test' as finding, 'passed' as health,
                400 as treated_count, 100 as control_count,
                treated_mean, control_mean, treated_mean - control_mean as difference,
                treated_mean / control_mean - 1 as relative_lift, 0.01 as standard_error,
                treated_mean - control_mean - 0.02 as lower_bound,
                treated_mean - control_mean + 0.02 as upper_bound, 0.04 as p_value
            from (values ('purchase_rate', 0.25, 0.20), ('spend', 1.9, 2.0))
                as made_up (metric, treated_mean, control_mean)
            """
        )


def test_a_first_day_is_drawn_with_sentences_for_what_takes_time(drawn):
    page = drawn("few", few_marts)[0].read_text()
    overview = section(page, "overview", "wide")
    assert "It takes two dates with customers" in words(overview)
    assert "No calendar month is complete yet." in words(overview)
    assert " 1 Customers " in words(tile_of(overview, "Customers"))
    assert "No cohort has a complete month" in words(section(page, "retention", "wide"))
    clusters = words(section(page, "clusters", "wide"))
    assert "too few different customers" in clusters
    decide = words(section(page, "decide", "wide"))
    assert "Priorities need clusters and value tiers" in decide
    assert "The seed of interventions has no row yet" in decide
    assert "There is no budget to divide" in decide
    act = section(page, "act", "wide")
    assert "No propensity was estimated" in words(act)
    effects = words(chart(act, "experiment_effects"))
    assert "+25.0%" in effects and "+15.0% to +35.0%" in effects
    assert f"{MINUS}5.0%" in effects
    assert "+0.050" in words(chart(act, "experiment_table"))
    for name in BOARDS:
        assert not re.search("NaN|Infinity", section(page, name, "wide").split("<script>")[0])


@cache
def marts_read(page: str) -> frozenset[str]:
    text = (ROOT / "charts" / f"{page}.yml").read_text()
    return frozenset(re.findall(r"ref\('(\w+)'\)", text))


def test_boards_read_marts_only():
    marts = {f"{PACKAGE}{name}" for name in mart_names()}
    for page in ALL_BOARDS:
        assert marts_read(page) and marts_read(page) <= marts


def test_exposures_name_the_marts_that_the_boards_read():
    exposures = yaml.safe_load((ROOT / "models/publication/__exposures.yml").read_text())[
        "exposures"
    ]
    named = {
        entry["name"].removeprefix("dashboard_"): entry
        for entry in exposures
        if entry["type"] == "dashboard"
    }
    assert set(named) == set(ALL_BOARDS)
    for page, entry in named.items():
        assert entry["owner"]["name"] and entry["owner"]["email"]
        assert {f"ref('{mart}')" for mart in marts_read(page)} == set(entry["depends_on"])


def test_every_board_has_a_tab(dashboard):
    tabs = re.findall(r'<a href="#(\w+)"', dashboard.split("</header>")[0])
    pages = [page for page in render.PAGES if page in BOARDS]
    assert tabs == [*pages, "customers", "definitions"]


def test_the_header_names_the_shop_the_date_and_the_version(dashboard, demo, tmp_path):
    header = words(re.findall(r"<header>.*?</header>", dashboard, re.S)[0])
    date, version = demo.row("select as_of_date, version from main_internal.publication limit 1")
    assert "Customer value" in header
    assert f"As of {date:%-d %B %Y}, version {version}" in header
    manifest = tmp_path / "manifest.json"
    meta = {"shop_name": "Ann & Bob's"}
    manifest.write_text(json.dumps({"exposures": {"page": {"config": {"meta": meta}}}}))
    assert render.shop_name(manifest) == "Ann & Bob's"


def test_the_glossary_is_on_the_page(dashboard):
    shown = dashboard.split('<section data-page="definitions">')[1].split("</section>")[0]
    assert "<strong>as-of date</strong>" in shown
    assert shown.count("<li>") == (ROOT / "docs/glossary.md").read_text().count("\n- **")


def test_the_forecasts_page_answers_first(dashboard, demo):
    drawing = words(section(dashboard, "forecasts", "wide"))
    bias, gini, lift = demo.row(
        """
        select revenue_bias_share, revenue_gini_normalised, revenue_top_decile_lift
        from model_evaluation where is_value_selected
        """
    )
    (wrong,) = demo.row(
        """
        select list(group_name) from group_calibration
        where is_selected and grouping_name = 'segment'
            and abs(revenue_bias_share_at_level) > 0.1
        """
    )
    assert "The total of all customers: as a range" in drawing
    table = words(chart(section(dashboard, "forecasts", "wide"), "answers"))
    assert f"{abs(bias):.0%} {'below' if bias < 0 else 'above'} the actual one" in table
    # The nearest of the rules, and not the worst.
    ((rule, naive_bias), *_) = demo.rows(
        """
        select model, revenue_bias_share from model_evaluation
        where is_baseline and revenue_bias_share is not null
        order by abs(revenue_bias_share)
        """
    )
    assert rule == "past_average"
    assert (
        f"{abs(naive_bias):.0%} {'below' if naive_bias < 0 else 'above'}: the past average" in table
    )
    assert "the last period again" not in table
    assert f"{gini:.2f} of a perfect order; the first tenth brought {lift:.1f} times" in table
    assert all(segment in table for segment in wrong)


def validate(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("dct")), "validate", "charts", "--strict"],
        cwd=project,
        env={
            **{key: value for key, value in os.environ.items() if key != "DBT_TARGET_PATH"},
            "DO_NOT_TRACK": "1",
            "CUSTOMER_VALUE_DB": "there_is_none.duckdb",
        },
        capture_output=True,
        text=True,
    )


RENAMED = {
    "customers": "recency_days",
    "segment_profile": "customer_count",
    "model_tracking": "is_holdout",
    "survival_curves": "upper_95",
    "cluster_profile": "revenue_share",
    "intervention_return": "return_on_investment",
}


@pytest.mark.parametrize("renamed", [{}, RENAMED], ids=["as they are", "renamed"])
def test_renamed_columns_are_found_without_the_database(demo, tmp_path, renamed):
    for name in ("charts", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    # Models that are off are not in the manifest.
    for page in ABSENT:
        (tmp_path / "charts" / f"{page}.yml").unlink()
    for name in ("dbt_project.yml", "dbt_charts.yml", "profiles.yml"):
        shutil.copy(ROOT / name, tmp_path)
    manifest = json.loads((demo.database.parent / "target" / "manifest.json").read_text())
    for mart, column in renamed.items():
        node = manifest["nodes"][f"model.customer_value.{PACKAGE}{mart}"]
        for key in ("compiled_code", "raw_code"):
            node[key] = re.sub(rf"\b{column}\b", f"{column}_now", node[key])
        assert f"{column}_now" in node["compiled_code"]
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "manifest.json").write_text(json.dumps(manifest))
    result = validate(tmp_path)
    said = result.stdout + result.stderr
    assert result.returncode == (1 if renamed else 0), said
    assert ("ERR-DBT-MODEL-COLUMN-MISSING" in said) == bool(renamed)
    missing = re.findall(
        r"references column '(\w+)' of dbt model '(\w+)'", re.sub(r"\s+", " ", said)
    )
    assert {(mart.removeprefix(PACKAGE), column) for column, mart in missing} == set(
        renamed.items()
    ), said
    assert not list(tmp_path.glob("*.duckdb"))


def test_the_boards_are_served_with_the_overview_at_their_address(demo, tmp_path):
    served = tmp_path / "served"
    subprocess.run(
        [
            *(sys.executable, str(ROOT / "charts" / "render.py"), "--served", str(served)),
            *("--database", str(demo.database)),
            *("--manifest", str(demo.database.parent / "target" / "manifest.json")),
        ],
        env={**os.environ, "DBT_PROFILES_DIR": str(ROOT)},
        check=True,
    )
    assert {path.stem for path in (served / "charts").iterdir()} == {*BOARDS, "meta"}
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            str(Path(sys.executable).with_name("dct")),
            *("serve", "--no-cache", "--port", str(port)),
        ],
        cwd=served,
        env={
            **os.environ,
            "CUSTOMER_VALUE_DB": os.path.relpath(demo.database, served),
            "DBT_PROFILES_DIR": ".",
            "DBT_TARGET_PATH": "target",
            "DO_NOT_TRACK": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert server.stdout is not None
        said = ""
        while "running on" not in said:
            line = server.stdout.readline()
            assert line, said
            said += line
        assert f"URL: http://localhost:{port}" in said
        with urllib.request.urlopen(f"http://localhost:{port}/", timeout=120) as answer:
            assert answer.url == f"http://localhost:{port}/overview/"
            page = answer.read().decode()
        assert "Segment in the scatter" in page and 'data-chart-id="tiles"' in page
    finally:
        server.terminate()
        server.wait()


def test_dct_sends_no_usage_statistics():
    """Its own answer for this project, with nothing in the environment to help."""
    consent = pytest.importorskip("dbt_charts.telemetry.consent")
    assert consent.send_anonymous_usage_stats(False, {}, ROOT) is False


def browse(page: Path, directory: Path, *options: str, tab: str = "") -> bytes:
    """Run a headless Chromium that is kept from what it does for itself."""
    run = subprocess.run(
        [
            *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--disable-default-apps", "--disable-domain-reliability", "--hide-scrollbars"),
            *("--disable-dev-shm-usage", "--disable-quic", "--virtual-time-budget=3000"),
            f"--user-data-dir={directory / 'profile'}",
            *options,
            f"{page.as_uri()}#{tab}",
        ],
        capture_output=True,
        timeout=180,
    )
    assert run.returncode == 0, run.stderr.decode()[-2000:]
    return run.stdout


def asked(page: Path, directory: Path, script: str, size: str) -> dict:
    """Return what a script at the end of a page makes its title, as JSON."""
    probe = directory / "probe.html"
    html = page.read_text()
    end = html.rindex("</body>")
    probe.write_text(html[:end] + script + html[end:])
    dom = browse(probe, directory, "--dump-dom", f"--window-size={size}").decode()
    title = re.search(r"<title>(\{.*?\})</title>", dom)
    assert title, dom[:500]
    return json.loads(unescape(title[1]))


@needs_browser
def test_a_browser_shows_the_page_and_asks_nobody(drawn, tmp_path):
    page = drawn("dashboard")[0]
    log = tmp_path / "net.json"
    dom = browse(
        page,
        tmp_path,
        "--dump-dom",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--log-net-log={log}",
    ).decode()
    assert re.search(r'<section data-page="overview" class="current">', dom)
    assert len(re.findall(r'data-chart-id="', dom)) == len(SIZES) * sum(map(len, CHARTS.values()))
    events = log.read_text()
    # Chromium asks its maker on its own account, whatever the page.
    asked = set(re.findall(r'"url":"((?:https?|wss?):[^"]+)"', events))
    makers = re.compile(r"^https?://[\w.-]*(?:google|gstatic|googleapis|gvt1)\.com/")
    assert {url for url in asked if not makers.match(url)} == set()


@needs_browser
@pytest.mark.parametrize("width", [1320, 480])
def test_the_picture_of_every_page_is_kept(drawn, tmp_path, width):
    page = drawn("dashboard")[0]
    picture = page.with_name(f"overview_{width}.png")
    browse(page, tmp_path, f"--window-size={width},2400", f"--screenshot={picture}")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 80_000


@needs_browser
def test_a_small_window_gets_the_narrow_drawing(drawn, tmp_path):
    """Asked of the browser: nothing is wider than the window, and letters stay legible."""
    script = """
    <script>
    const scale = ({ a, b }) => Math.hypot(a, b);
    addEventListener("load", () => {
      const shown = [...document.querySelectorAll("main svg")]
        .filter((svg) => svg.checkVisibility());
      const sizes = shown.flatMap((svg) => [...svg.querySelectorAll("text")])
        .filter((text) => text.checkVisibility() && text.getBBox().height > 0)
        .map((text) => parseFloat(getComputedStyle(text).fontSize) * scale(text.getScreenCTM()));
      document.title = JSON.stringify({
        narrow: document.querySelector(".current .narrow").checkVisibility(),
        overflow: document.documentElement.scrollWidth - innerWidth,
        smallest: Math.min(...sizes),
      });
    });
    </script>
    """
    found = asked(drawn("dashboard")[0], tmp_path, script, "480,900")
    assert found["narrow"] and found["overflow"] <= 0
    assert found["smallest"] >= 8


@needs_browser
def test_a_row_of_the_list_is_no_tower_in_a_small_window(drawn, tmp_path):
    """The table is wider than the window and is moved within it; the page is not."""
    script = """
    <script>
    addEventListener("load", () => {
      location.hash = "customers";
      setTimeout(() => {
        const rows = [...document.querySelectorAll(".list:not(.person) tbody tr")];
        document.title = JSON.stringify({
          count: rows.length,
          highest: Math.max(...rows.map((row) => row.getBoundingClientRect().height)),
          overflow: document.documentElement.scrollWidth - innerWidth,
        });
      }, 500);
    });
    </script>
    """
    found = asked(drawn("dashboard")[0], tmp_path, script, "480,900")
    assert found["count"] == 25 and found["overflow"] <= 0
    assert found["highest"] <= 66


SHEETS = """
<script>
addEventListener("load", async () => {
  const found = {};
  for (const section of document.querySelectorAll("main > section:has(.dbt-charts-board)")) {
    location.hash = section.dataset.page;
    await new Promise((done) => setTimeout(done, 100));
    dispatchEvent(new Event("beforeprint"));
    const drawing = section.querySelector(".wide svg");
    const edge = drawing.getBoundingClientRect();
    const scale = drawing.viewBox.baseVal.width / edge.width;
    const charts = [...drawing.querySelectorAll(".dbt-chart")].map((chart) => {
      const box = chart.getBoundingClientRect();
      return [chart.dataset.chartId, (box.top - edge.top) * scale, (box.bottom - edge.top) * scale];
    });
    const sheets = [...section.querySelectorAll(".printed > svg")].map((sheet) => {
      const { y, height, width } = sheet.viewBox.baseVal;
      return [y, y + height, height / width];
    });
    found[section.dataset.page] = { charts, sheets };
    dispatchEvent(new Event("afterprint"));
  }
  const left = document.querySelectorAll(".printed, .measured").length;
  document.title = JSON.stringify({ found, left });
});
</script>
"""


@needs_browser
@pytest.mark.parametrize("width", [480, 1320])
def test_no_chart_is_cut_in_two_on_paper(drawn, tmp_path, width):
    """Also where the window showed the narrow drawing: paper gets the wide one."""
    answer = asked(drawn("dashboard")[0], tmp_path, SHEETS, f"{width},900")
    assert answer["left"] == 0
    assert set(answer["found"]) == set(BOARDS)
    for page, found in answer["found"].items():
        assert {name for name, *_ in found["charts"]} == CHARTS[page]
        assert 1 <= len(found["sheets"]) <= 8
        for name, top, bottom in found["charts"]:
            whole = [1 for start, end, _ in found["sheets"] if start <= top and bottom <= end]
            assert whole == [1], (page, name)
        # A4 within its margins; a drawing that is higher would be made smaller.
        assert all(shape < 1.46 for *_, shape in found["sheets"])


@needs_browser
@pytest.mark.parametrize("tab", ["overview", "customers", "definitions"])
def test_a_print_has_at_most_eight_pages(drawn, tmp_path, tab):
    paper = tmp_path / "paper.pdf"
    browse(
        drawn("dashboard")[0],
        tmp_path,
        "--no-pdf-header-footer",
        f"--print-to-pdf={paper}",
        tab=tab,
    )
    count = len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes()))
    assert 1 <= count <= 8
    if tab == "overview":
        assert count == 2


READ_ALOUD = """
<script>
addEventListener("load", async () => {
  const found = {};
  const marks = (one) => {
    one.focus();
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return document.activeElement === one && outlineStyle !== "none" && outlineWidth !== "0px";
  };
  const tabs = [...document.querySelectorAll("nav a")].map(marks);
  for (const section of document.querySelectorAll("main > section")) {
    location.hash = section.dataset.page;
    await new Promise((done) => setTimeout(done, 200));
    const seen = (query) => [...section.querySelectorAll(query)]
      .filter((one) => one.checkVisibility());
    found[section.dataset.page] = {
      headings: seen("h1, h2, h3, h4, [role=heading]")
        .map((one) => Number(one.ariaLevel ?? one.tagName.slice(1))),
      charts: seen(".dbt-chart").map((one) => [one.dataset.chartId, one.role, one.ariaLabel]),
      ways: seen("svg .way").slice(0, 3).map((one) => [one.role, one.tabIndex, marks(one)]),
      controls: seen("button, select, input, thead th [tabindex], thead th[tabindex], td a")
        .slice(0, 20).map((one) => one.tabIndex >= 0 && (one.disabled || marks(one))),
    };
  }
  document.title = JSON.stringify({ found, tabs });
});
</script>
"""


@needs_browser
def test_the_page_can_be_heard_and_used_with_the_keyboard(drawn, tmp_path):
    answer = asked(drawn("dashboard")[0], tmp_path, READ_ALOUD, "1320,900")
    assert answer["tabs"] == [True] * (len(BOARDS) + 2)
    for page, found in answer["found"].items():
        levels = found["headings"]
        assert levels[0] == 1 and levels.count(1) == 1, (page, levels)
        steps = itertools.pairwise(levels)
        assert all(following <= level + 1 for level, following in steps), (page, levels)
        if page not in BOARDS:
            continue
        assert {name for name, *_ in found["charts"]} == CHARTS[page]
        for name, role, label in found["charts"]:
            assert role in ("group", "img") and label, (page, name)
        assert all(way == ["link", 0, True] for way in found["ways"]), page
        assert len(levels) > 1
    assert answer["found"]["overview"]["ways"]
    controls = answer["found"]["customers"]["controls"]
    assert len(controls) > 10 and all(controls)


TOUCHING = """
<script>
addEventListener("load", async () => {
  const touching = [];
  const names = [];
  const columns = [];
  let smallest = Infinity;
  for (const section of document.querySelectorAll("main > section:has(.dbt-charts-board)")) {
    location.hash = section.dataset.page;
    await new Promise((done) => setTimeout(done, 100));
    // Wide it is one drawing, else a panel for each of its charts and texts.
    const drawings = [...section.querySelectorAll(".dbt-charts-svg-container > svg, .panels > svg")]
      .filter((drawing) => drawing.checkVisibility());
    const texts = drawings.flatMap((drawing) => [...drawing.querySelectorAll("text")])
      .filter((text) => text.checkVisibility({ checkOpacity: true }) && text.textContent.trim())
      .map((text) => [text, text.getBoundingClientRect()]);
    names.push([section.dataset.page, texts.length]);
    const charts = drawings.filter((drawing) => !drawing.matches(".quarter"));
    columns.push(new Set(charts.map((one) => Math.round(one.getBoundingClientRect().left))).size);
    texts.forEach(([one, first], index) => {
      const told = [section.dataset.page, one.textContent.trim()];
      const edge = drawings.find((drawing) => drawing.contains(one)).getBoundingClientRect();
      if (first.right > edge.right + 1 || first.left < edge.left - 1) touching.push(told);
      const { a, b } = one.getScreenCTM();
      smallest = Math.min(smallest, parseFloat(getComputedStyle(one).fontSize) * Math.hypot(a, b));
      for (const [other, second] of texts.slice(index + 1)) {
        const wide = Math.min(first.right, second.right) - Math.max(first.left, second.left);
        const high = Math.min(first.bottom, second.bottom) - Math.max(first.top, second.top);
        // The box of a line of text is higher than its letters.
        if (wide > 2 && high > 0.4 * Math.min(first.height, second.height))
          touching.push([...told, other.textContent.trim()]);
      }
    });
  }
  document.title = JSON.stringify({ names, columns, smallest, touching });
});
</script>
"""


WIDTHS = (480, 768, 1440)


@needs_browser
@pytest.mark.parametrize("width", WIDTHS)
def test_no_label_lies_on_another_or_leaves_its_drawing(drawn, tmp_path, width):
    found = asked(drawn("dashboard")[0], tmp_path, TOUCHING, f"{width},900")
    assert [name for name, _ in found["names"]] == [page for page in render.PAGES if page in BOARDS]
    assert min(count for _, count in found["names"]) > 50
    assert found["touching"] == []
    assert found["smallest"] >= 8
    assert found["columns"] == [2 if width == 768 else 1] * len(BOARDS)


@needs_browser
@pytest.mark.parametrize(
    "log", ["cdnow_sample", "online_retail", "complete_journey", "thirty_customers"]
)
def test_no_label_lies_on_another_on_other_logs(drawn, request, tmp_path, log):
    """Few customers, a wholesaler's amounts, campaigns, and names and dates of other lengths."""
    page, _ = drawn("dashboard", build=request.getfixturevalue(log))
    for width in WIDTHS:
        found = asked(page, tmp_path, TOUCHING, f"{width},900")
        assert len(found["names"]) == len(BOARDS)
        assert found["touching"] == [], width


PROBE = """
<script>
const made = [];
const PlainBlob = Blob;
const words = (part) => typeof part === "string" ? part : new TextDecoder().decode(part);
Blob = function (parts, options) {
  made.push(parts.map(words).join(""));
  return new PlainBlob(parts, options);
};
URL.createObjectURL = () => "#";
HTMLAnchorElement.prototype.click = HTMLAnchorElement.prototype.dispatchEvent = () => true;
const rest = (time) => new Promise((done) => setTimeout(done, time));
addEventListener("load", async () => {
  const text = [...document.querySelectorAll("main section[data-page=overview] svg text.way")]
    .find((way) => way.textContent.trim() === "%s");
  text.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  await rest(300);
  const found_hash = location.hash;
  document.querySelector(".list .dt-buttons button").click();
  await rest(300);
  // Whether a Blob can be made at all is tried first, with a little one.
  const largest = () => made.reduce((one, other) => (one.length > other.length ? one : other), "");
  const file = largest();
  const notice = document.querySelector(".list .notice").textContent;
  made.length = 0;
  document.querySelector(".list input[name=most]").value = 3;
  document.querySelector(".list .dt-buttons button").click();
  await rest(300);
  const part = largest();
  made.length = 0;
  const info = document.querySelector(".list .dt-info").textContent;
  location.hash = document.querySelector(".list tbody a").getAttribute("href");
  await rest(300);
  document.querySelector(".person .dt-buttons button")?.click();
  await rest(300);
  document.title = JSON.stringify({
    hash: found_hash,
    info,
    person: document.querySelector(".person h1").textContent,
    summary: document.querySelector(".person .summary").textContent,
    reasons: document.querySelector(".person .reasons").textContent,
    months: largest().trim().split(/\\r?\\n/),
    rows: [...document.querySelectorAll(".person tbody tr")]
      .map((row) => [...row.cells].map((cell) => cell.textContent)),
    cells: [...document.querySelectorAll(".list tbody tr:first-child td")]
      .map((cell) => cell.textContent),
    html: document.querySelectorAll(".list tbody b").length,
    notice,
    file: file.split(/\\r?\\n/).slice(0, 3),
    lines: file.trim().split(/\\r?\\n/).length,
    part: part.trim().split(/\\r?\\n/),
  });
});
</script>
"""


def clicked(page: Path, directory: Path, segment: str) -> dict:
    """Click a segment of the overview, then the download, and return what the list shows."""
    return asked(page, directory, PROBE % segment, "1320,1000")


@needs_browser
def test_a_segment_leads_to_its_customers_and_to_a_file_of_them(drawn, demo, tmp_path):
    found = clicked(drawn("dashboard")[0], tmp_path, "At Risk")
    rows = demo.rows(
        """
        select customer_id, segment, value_tier, recommended_action, last_purchase_date,
            order_count, net_revenue, lifetime_value_365d, purchase_propensity_90d
        from customers where segment = 'At Risk'
        order by lifetime_value_365d desc, customer_id
        """
    )
    assert found["hash"] == "#customers?Segment=At+Risk"
    assert found["info"].startswith(f"1 to 25 of {len(rows):,}")
    first = rows[0]
    # What one acts by comes first, then the groups.
    acted_by = [first[0], f"{first[4]}", f"{first[7]:,.2f}", f"{first[8]:.1%}", first[3]]
    assert found["cells"][:5] == acted_by
    assert found["cells"][5].startswith(("raised by ", "lowered by "))
    assert found["cells"][6:9] == [f"{first[5]:,}", f"{first[6]:,.2f}", "At Risk"]
    assert first[2] in found["cells"]
    assert found["lines"] == len(rows) + 1
    ids = [line.split(",")[0].strip('"') for line in found["part"][1:]]
    assert ids == [row[0] for row in rows[:3]]
    header, line = (next(csv.reader([text.lstrip("\ufeff")])) for text in found["file"][:2])
    file = dict(zip(header, line, strict=True))
    assert file["Customer"] == first[0] and file["Segment"] == "At Risk"
    assert float(file["Spend"]) == float(first[6])
    # A click on the id leads to the customer, whose months add up to the published numbers.
    published = demo.database.with_name(f"{demo.database.stem}_published") / "current"
    ((orders, spend, value, chance, last),) = duckdb.sql(
        f"""
        select order_count, net_revenue, lifetime_value_365d, purchase_propensity_90d,
            last_purchase_date
        from '{published}/customers.parquet' where customer_id = '{first[0]}'
        """
    ).fetchall()
    assert found["person"] == f"Customer {first[0]}"
    assert f"{orders:,} orders brought {spend:,.2f}" in found["summary"]
    assert f"the last on {last:%-d %B %Y}" in found["summary"]
    assert f"for a year: {value:,.2f}; chance to buy: {chance:.1%}." in found["summary"]
    assert "At Risk: " in found["reasons"] and first[3] in found["reasons"]
    months = list(csv.DictReader([found["months"][0].lstrip("\ufeff"), *found["months"][1:]]))
    assert sum(int(month["Orders"]) for month in months) == orders
    assert math.isclose(sum(float(month["Spend"]) for month in months), float(spend), abs_tol=0.02)
    assert max(month["Month"] for month in months if month["Orders"] != "0") == f"{last:%Y-%m}"
    assert months[0]["Segment at its end"] == "At Risk"
    segments = demo.rows(
        f"""
        select strftime(as_of_date, '%Y-%m'), segment from main_internal.int_customer_groups
        where customer_id = '{first[0]}'
        """
    )
    assert {(month["Month"], month["Segment at its end"]) for month in months} >= set(segments)
    assert len(found["rows"]) == min(len(months), 36)


WAYS = {
    # Whoever bought since the earlier date did not slip, whatever the order of the segments.
    ("overview", "Slipped"): """
        select sum(customer_count - buying_customer_count) from migration
        where grouping_name = 'segment' and direction = 'slipped'
            and to_date = (select max(to_date) from migration)
        """,
    ("overview", "Promising to Need Attention, with an order since"): """
        select sum(buying_customer_count) from migration
        where grouping_name = 'segment' and direction = 'slipped' and from_group = 'Promising'
            and to_group = 'Need Attention' and to_date = (select max(to_date) from migration)
        """,
    ("overview", "Loyal Customers to Champions"): """
        select count(*) from customers
        where previous_segment = 'Loyal Customers' and segment = 'Champions'
        """,
    ("overview", "Active in 90 days"): "select count(*) from customers where recency_days <= 90",
    ("overview", "Value at risk"): "select count(*) from customers where is_at_risk",
    (
        "overview",
        "4, 5, latest",
    ): "select count(*) from customers where r_score = 5 and f_score = 4",
    ("act", "To be written to"): "select count(*) from campaign_audience where not is_held_out",
    ("act", "Held out"): "select count(*) from campaign_audience where is_held_out",
    ("decide", "Loyal High Spenders, High"): """
        select customer_count from priority_matrix
        where cluster_name = 'Loyal High Spenders' and value_tier = 'High'
        """,
    ("forecasts", "Champions"): "select count(*) from customers where segment = 'Champions'",
}
WALK = """
<script>
addEventListener("load", async () => {
  const counts = [];
  for (const [page, word] of %s) {
    location.hash = page;
    await new Promise((done) => setTimeout(done, 100));
    [...document.querySelectorAll(`section[data-page=${page}] svg .way`)]
      .find((way) => way.getAttribute("aria-label").startsWith(word))
      .dispatchEvent(new MouseEvent("click", { bubbles: true }));
    await new Promise((done) => setTimeout(done, 200));
    counts.push(document.querySelector(".list .dt-info").textContent);
    // What was searched for once does not hide what the next word leads to.
    const search = document.querySelector(".list .dt-search input");
    search.value = "nobody";
    search.dispatchEvent(new Event("input", { bubbles: true }));
  }
  document.title = JSON.stringify({ counts });
});
</script>
"""


@needs_browser
def test_words_of_every_page_lead_to_as_many_customers_as_the_marts_have(drawn, demo, tmp_path):
    script = WALK % json.dumps(list(WAYS))
    found = asked(drawn("dashboard")[0], tmp_path, script, "1320,1000")
    for info, query in zip(found["counts"], WAYS.values(), strict=True):
        assert f" of {demo.row(query)[0]:,} (of" in info


def relations_of(build: Build) -> dict[str, str]:
    """Return the relation of each model of a build."""
    return render.relations_of(build.database.parent / "target" / "manifest.json")


def hostile_customers(database: Path) -> None:
    """Give one segment to four customers whose ids are HTML, a formula, and other trouble."""
    ids = ["<b>bold</b>", "</script><script>alert(1)</script>", 'a"b, ü', "=1+1"]
    with duckdb.connect(str(database)) as connection:
        for number, customer_id in enumerate(ids):
            connection.execute(
                """
                update main.customers
                set customer_id = ?, segment = 'At Risk', lifetime_value_365d = ?
                where customer_id = (
                    select min(customer_id) from main.customers where segment = 'Champions'
                )
                """,
                [customer_id, 9e6 - number],
            )
        connection.execute(
            "delete from main.customers where segment = 'At Risk' and lifetime_value_365d < 8e6"
        )


@needs_browser
def test_an_id_is_text_on_the_page_and_a_formula_in_no_file(drawn, demo, tmp_path):
    database = Path(shutil.copy(demo.database, tmp_path))
    hostile_customers(database)
    hostile = customer_list.data(customer_list.customers(database, relations_of(demo)))
    html = drawn("dashboard")[0].read_text()
    start = html.index('<script type="application/json" id="customer-list">')
    end = html.index("</script>", start) + len("</script>")
    page = tmp_path / "hostile.html"
    page.write_text(html[:start] + hostile + html[end:])
    found = clicked(page, tmp_path, "At Risk")
    assert found["cells"][0] == "<b>bold</b>"
    assert found["html"] == 0
    assert found["notice"].startswith("There is no file: 1 of these ids begin with")
    assert found["file"] == [""]
    with duckdb.connect(str(database)) as connection:
        connection.execute("delete from main.customers where customer_id = '=1+1'")
        connection.execute("update main.customers set cluster_name = '=2+2'")
    harmless = customer_list.data(customer_list.customers(database, relations_of(demo)))
    page.write_text(html[:start] + harmless + html[end:])
    found = clicked(page, tmp_path, "At Risk")
    assert found["notice"] == "" and found["lines"] == 4
    rows = list(csv.reader(line.lstrip("\ufeff") for line in found["file"]))
    assert rows[1][0] == "<b>bold</b>" and rows[1][rows[0].index("Cluster")] == "'=2+2"


def test_of_many_customers_the_list_holds_the_same_share_of_each_segment(demo):
    relations = relations_of(demo)
    found = customer_list.customers(demo.database, relations, limit=2000)
    place = found["columns"].index("Segment")
    segments = Counter(row[place] for row in found["rows"])
    counts = demo.rows("select segment, count(*) from customers group by segment")
    assert found["customer_count"] == sum(count for _, count in counts)
    for segment, count in counts:
        code = found["words"]["Segment"].index(segment)
        assert segments[code] == math.ceil(count * 2000 / found["customer_count"])
    assert "the same share of each segment" in customer_list.section(found)
    (best,) = demo.row("select arg_max(customer_id, lifetime_value_365d) from customers")
    assert found["rows"][0][0] == best


def test_of_many_months_the_page_holds_those_of_the_first_customers(demo, monkeypatch):
    monkeypatch.setattr(customer_list.histories, "__defaults__", (300,))
    found = customer_list.customers(demo.database, relations_of(demo))
    kept = found["histories"]
    assert 10 < len(kept) < 100 < len(found["rows"])
    months = sum(len(history) - 2 for history in kept) // 3
    assert 300 - 24 < months <= 300
    # The sums of the months are the orders and the spend of the list.
    orders, spend = (found["columns"].index(label) for label in ("Orders", "Spend"))
    for row, history in zip(found["rows"], kept, strict=False):
        assert sum(history[3::3]) == row[orders]
        assert math.isclose(sum(history[4::3]), row[spend], abs_tol=0.02)


@pytest.fixture(scope="session")
def subscribers(tmp_path_factory) -> Build:
    """The simulated subscribers, and nothing of what is about customers of a shop."""
    build = run_dbt(
        *("run", "--select", "path:models/subscriptions", "--threads", "2"),
        database=tmp_path_factory.mktemp("subscribers") / "subscribers.duckdb",
        variables={"demo": "subscriptions", "modules": ["subscriptions"]},
    )
    assert build.exit_code == 0, build.output
    return build


SUBSCRIPTION_TILES: dict[str, tuple[str, Callable[[float], str]]] = {
    "recurring_revenue": ("select sum(mrr) from subscribers", si),
    "net_retention": (
        """
        select net_revenue_retention from revenue_retention
        where window_months = 12 and is_complete order by month_start_date desc limit 1
        """,
        "{:.1%}".format,
    ),
    "churn_rate": (
        """
        select 1 - customer_retention from revenue_retention
        where window_months = 1 and is_complete order by month_start_date desc limit 1
        """,
        "{:.1%}".format,
    ),
    "residual_value": ("select sum(residual_lifetime_value) from subscribers", si),
}


def test_subscriptions_have_a_page_where_they_are_built(subscribers, tmp_path):
    page = tmp_path / "index.html"
    assert draw(subscribers, subscribers.database, page) == ""
    html = page.read_text()
    tabs = re.findall(r'<a href="#(\w+)"', html.split("</header>")[0])
    assert tabs == ["subscriptions", "definitions"]
    charts = ALL_BOARDS["subscriptions"]["charts"]
    assert {name for name, spec in charts.items() if spec["type"] == "kpi"} == set(
        SUBSCRIPTION_TILES
    )
    assert kinds_of_charts(subscribers, html, "subscriptions") == {
        "forecast": {"residual_value", "subscriber_states"},
        "assumed": set(),
    }
    (date,) = subscribers.row("select max(as_of_date) from subscribers")
    for width in SIZES:
        drawing = section(html, "subscriptions", width)
        assert set(re.findall(r'data-chart-id="([^"]+)"', drawing)) == set(charts)
        for name in charts:
            shapes = re.findall(r"<(?:path|rect|text|circle)\b", chart(drawing, name))
            assert len(shapes) >= 2, f"{name} is empty"
        said = words(drawing)
        assert "These subscribers are simulated." in said
        assert f"{date:%-d %B %Y}" in said
        assert re.findall(r"\b[a-z]+_[a-z_]+\b", said) == []
        for name, (query, written) in SUBSCRIPTION_TILES.items():
            (value,) = subscribers.row(query)
            assert written(float(value)) in words(chart(drawing, name)).replace(" ", "")


def test_a_page_without_subscribers_is_a_sentence(subscribers, tmp_path):
    database = Path(shutil.copy(subscribers.database, tmp_path))
    empty_marts(database)
    page = tmp_path / "index.html"
    draw(subscribers, database, page)
    for width in SIZES:
        drawing = section(page.read_text(), "subscriptions", width)
        assert "There are no subscribers yet." in words(drawing)
        assert "data-chart-id" not in drawing


@pytest.fixture(scope="session")
def trials(tmp_path_factory) -> Build:
    """The simulated trials and those of their customers who pay, without what looks back."""
    marts = (
        *("live_customers", "live_trial_segments", "rule_performance", "segment_profile"),
        *("trial_conversion_evaluation", "trial_conversion_propensities"),
    )
    build = run_dbt(
        *("build", "--threads", "2", "--exclude-resource-type", "unit_test", "test"),
        *("--select", *(f"+{PACKAGE}{mart}" for mart in marts)),
        database=tmp_path_factory.mktemp("trials") / "trials.duckdb",
        variables={"demo": "trials", "modules": ["events"], "bootstrap_replicates": 10},
    )
    assert build.exit_code == 0, build.output
    return build


def a_payment_and_an_experiment(database: Path) -> None:
    """Let a customer pay a day after the build, and put in an experiment, which the demo lacks."""
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            """
            insert into main_internal.demo_trial_transactions by name
            select customer_id, timestamp '2026-01-01 12:00:00' as transacted_at, 900 as amount
            from main.customers order by net_revenue, customer_id limit 1
            """
        )
        connection.execute(
            """
            insert into main.rule_performance by name
            select
                'Spring call' as experiment, variant, segment, rule_set_hash, is_in_force,
                variant = 'control' as is_control, 'made up for a test' as finding,
                400 as trial_count, 400 as known_count, conversions,
                conversions / 400 as conversion_rate, 0.2 as control_rate,
                case when variant != 'control' then conversions / 80 - 1 end as lift,
                case when variant != 'control' then conversions / 80 - 1.2 end as lift_lower_bound,
                case when variant != 'control' then conversions / 80 - 0.7 end as lift_upper_bound,
                date '2025-12-01' as first_date, date '2025-12-30' as last_date
            from (
                values
                ('control', 'Stalled', 80, 'abcdef0123', true),
                ('called', 'Stalled', 100, 'abcdef0123', true),
                ('called', 'Stalled', 72, '9876543210', false)
            ) as made_up (variant, segment, conversions, rule_set_hash, is_in_force)
            """
        )


TRIAL_TILES: dict[str, tuple[str, Callable[[float], str]]] = {
    "running_trials": ("select count(*) from live_trial_segments", "{:,.0f}".format),
    "stalled_trials": (
        "select count(*) from live_trial_segments where segment = 'Stalled'",
        "{:,.0f}".format,
    ),
    "expected_conversions": (
        """
        select sum(probability) from trial_conversion_propensities
        where trial_status = 'running' and is_last_decision
        """,
        "{:,.0f}".format,
    ),
    "converted_share": (
        """
        select count_if(trial_status = 'converted') / count(*) from trial_segments
        where trial_started_date < (select min(trial_started_date) from live_trial_segments)
        """,
        "{:.1%}".format,
    ),
}


@pytest.fixture(scope="session")
def live(trials, tmp_path_factory) -> tuple[Build, Path]:
    """The trials after a payment and with an experiment, and the page of them."""
    folder = tmp_path_factory.mktemp("live")
    database = Path(shutil.copy(trials.database, folder))
    a_payment_and_an_experiment(database)
    page = folder / "index.html"
    assert draw(trials, database, page) == ""
    return Build(0, "", database), page


@needs_browser
@pytest.mark.parametrize("width", WIDTHS)
def test_no_label_lies_on_another_on_the_page_of_trials(live, tmp_path, width):
    found = asked(live[1], tmp_path, TOUCHING, f"{width},900")
    assert [name for name, _ in found["names"]] == ["live"]
    assert found["names"][0][1] > 100
    assert found["touching"] == []
    assert cut_short(live[1].read_text()) == []


def test_chances_of_trials_and_facts_look_different(live):
    now, page = live
    assert kinds_of_charts(now, page.read_text(), "live") == {
        "forecast": {
            *("expected_conversions", "segment_table", "stalled_list", "likely_list"),
            "conversion_rates",
        },
        "assumed": set(),
    }


def test_trials_have_a_page_where_they_are_built(live):
    now, page = live
    html = page.read_text()
    tabs = re.findall(r'<a href="#(\w+)"', html.split("</header>")[0])
    assert tabs == ["live", "customers", "definitions"]
    charts = ALL_BOARDS["live"]["charts"]
    assert {name for name, spec in charts.items() if spec["type"] == "kpi"} == set(TRIAL_TILES)
    (date,) = now.row("select max(live_date) from live_trial_segments")
    segments = now.rows(
        """
        select segment, count_if(trial_status = 'running'), count_if(trial_status = 'converted'),
            count_if(trial_status = 'ended')
        from trial_segments group by segment
        """
    )
    assert len(segments) == 5
    stalled = now.row(
        """
        select customer_id, segment_reason, probability
        from live_trial_segments
        inner join trial_conversion_propensities using (customer_id)
        where segment = 'Stalled' and is_last_decision
        order by probability desc limit 1
        """
    )
    likely = now.frame(
        """
        select *
        from trial_conversion_propensities inner join live_trial_segments using (customer_id)
        where is_last_decision order by probability desc limit 1
        """
    ).iloc[0]
    parts = likely.filter(like="_contribution").astype(float)
    raised_by = str(parts.idxmax()).removesuffix("_contribution").replace("_", " ")
    assert parts.max() > 0 and raised_by != "days since last active"
    evaluation = now.rows(
        """
        select decision_day, auc, auc_lower_bound, auc_upper_bound, brier_score,
            baseline_brier_score, training_rate, predicted_rate, test_rate
        from trial_conversion_evaluation order by decision_day
        """
    )
    assert len(evaluation) == 4
    for width in SIZES:
        drawing = section(html, "live", width)
        assert set(re.findall(r'data-chart-id="([^"]+)"', drawing)) == set(charts)
        said = words(drawing)
        assert "These trials are simulated." in said
        assert f"As of {date:%-d %B %Y}" in said
        assert re.findall(r"\b[a-z]+_[a-z_]+\b", said) == []
        for name, (query, written) in TRIAL_TILES.items():
            (value,) = now.row(query)
            assert written(float(value)) in words(chart(drawing, name)).replace(" ", "")
        table = words(chart(drawing, "segment_table"))
        for segment, *counts in segments:
            own = table.split(segment)[1].replace("%", " ").split()
            assert {f"{count:,}" for count in counts} <= set(own)
        # The tables break a sentence where it is too long.
        table = words(chart(drawing, "stalled_list")).replace(" ", "")
        customer, reason, chance = stalled
        assert f"{customer}{reason.replace(' ', '')}{chance:.1%}" in table
        table = words(chart(drawing, "likely_list")).replace(" ", "")
        row = [likely["customer_id"], f"{likely['probability']:.1%}", likely["segment"]]
        row += [likely["segment_reason"]] if width == "wide" else []
        assert "".join([*row, raised_by]).replace(" ", "") in table
        table = words(chart(drawing, "evaluation_table"))
        rates = words(chart(drawing, "conversion_rates")).replace(" %", "%")
        for _, auc, lower, upper, brier, baseline, *shares in evaluation:
            assert f"{auc:.3f}" in table and f"{lower:.2f} to {upper:.2f}" in table
            assert f"{brier:.3f}" in table and f"{baseline:.3f}" in table
            assert all(f"{share:.0%}" in rates for share in shares)
        lifts = words(chart(drawing, "rule_lifts"))
        assert "+25%, +5% to +55%" in lifts
        assert f"{MINUS}10%, {MINUS}30% to +20%" in lifts and "(rules 987654)" in lifts
        arms = words(chart(drawing, "arm_table"))
        assert "25.0" in arms and "earlier, 987654" in arms
        assert "linesof1customer,0ofthemnew" in said.replace(" ", "")
    wide = section(html, "live", "wide")
    moves = words(chart(wide, "segment_moves"))
    for segment, count in now.rows("select segment, count(*) from live_customers group by segment"):
        assert f"{count:,}" in moves.split(segment)[1]
    fresh = words(chart(wide, "freshness_table"))
    assert "1 January 2026" in said and "1 Jan 2026" in fresh and f"{date:%-d %b %Y}" in fresh


def test_a_page_without_trials_is_a_sentence(trials, tmp_path):
    database = Path(shutil.copy(trials.database, tmp_path))
    empty_marts(database)
    with duckdb.connect(str(database)) as connection:
        connection.execute("delete from main_internal.demo_trials")
    page = tmp_path / "index.html"
    draw(trials, database, page)
    for width in SIZES:
        drawing = section(page.read_text(), "live", width)
        assert "There are no trials yet." in words(drawing)
        assert "No line has arrived since the build as of 31 December 2025." in words(drawing)
        assert set(re.findall(r'data-chart-id="([^"]+)"', drawing)) == {"freshness_table"}
