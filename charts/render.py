"""Draw the boards as one offline page: python charts/render.py.

dbt-charts writes one file per board, at a width of its own. Every board is drawn twice: wide, and
narrow with its columns stacked, which is then cut into panels, so that a window of a medium width
shows them in two columns. The drawings share one file, its fonts and its tabs. A page more is a
board in this folder and its name in PAGES.
"""

import argparse
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import customer_list
import duckdb
import yaml
from markdown_it import MarkdownIt

PAGES = [
    *("overview", "forecasts", "retention", "clusters", "decide", "act", "audiences"),
    *("subscriptions", "portraits", "live"),
]

SVG = "http://www.w3.org/2000/svg"
ROOT = Path(__file__).resolve().parents[1]
NARROW_WIDTH = 460
# What does not fit into a narrow table, by board and chart; the wide drawing shows it.
NARROW_HIDDEN = {
    ("overview", "segments_in_words"): [
        *("trend", "customer_share", "revenue_share", "mean_net_revenue"),
        *("mean_recency_days", "mean_chance", "description"),
    ],
    ("forecasts", "model_comparison"): ["kind", "gini_normalised", "revenue_gini_normalised"],
    ("clusters", "profiles"): ["mean_order_count", "average_order_value", "mean_recency_days"],
    ("clusters", "candidate_verdicts"): ["inertia", "smallest_cluster_share"],
    ("decide", "intervention_table"): ["description", "customers_reached", "payback_days"],
    ("decide", "acquisition_payback"): ["cost_per_customer"],
    ("decide", "assumptions"): ["part"],
    ("act", "power_table"): ["control_count"],
    ("act", "campaign_table"): ["last_contact_date", "responding_customer_count", "window_days"],
    ("act", "experiment_table"): ["treated_count", "control_count", "adjusted_difference"],
    ("audiences", "audience_table"): ["public_name", "entered_count", "exited_count"],
    ("portraits", "rule_table"): ["customer_count", "coverage"],
    ("portraits", "stability_table"): ["earlier_customer_share"],
    ("portraits", "choice_table"): ["eligible_count", "selection_rate"],
    ("portraits", "attribute_table"): ["kind", "role"],
    ("subscriptions", "subscriber_states"): ["mean_renewal_probability"],
    ("subscriptions", "renewal_models"): ["kind"],
    ("live", "segment_table"): ["mean_probability", "segment_reason"],
    ("live", "stalled_list"): ["lowered_by"],
    ("live", "likely_list"): ["segment_reason"],
    ("live", "evaluation_table"): ["test_count", "published"],
    ("live", "arm_table"): ["conversions", "finding"],
    ("live", "freshness_table"): ["row_count"],
}
# dct as it is, without looking for cycles of objects on the way and at its end, which is a fifth of
# its work: the process is over before memory matters.
DCT = """
import gc, os, sys
gc.disable()
from dbt_charts.cli.main import app
try:
    app(prog_name="dct")
except SystemExit as end:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))
"""
SERVED_HELP = "draw nothing; write what dct serve reads into the folder"
# The shape of the narrow drawings, by template.
NARROW_SHAPE = {
    "sankey": {"aspect_ratio": 0.8},
    "dendrogram": {"aspect_ratio": 0.9},
    "matrix": {"aspect_ratio": 0.8, "max_height": 720},
    "portraits": {"aspect_ratio": 0.36, "max_height": 1400},
    "quadrants": {"aspect_ratio": 0.9, "max_height": 720},
    "tiles": {"aspect_ratio": 0.8, "min_height": 526, "max_height": 530},
}

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:;
  font-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{name}</title>
{styles}
<style>
{fonts}
body {{ background: #f5f6f8; color: #1f2329; }}
header {{ position: sticky; top: 0; z-index: 5; background: #fff;
  border-bottom: 1px solid #dde1e8; }}
nav {{ display: flex; flex-wrap: wrap; align-items: center; gap: 0 4px; max-width: 1280px;
  margin: 0 auto; padding: 0 20px; }}
nav strong {{ margin-right: 24px; padding: 14px 0; font-size: 16px; }}
nav small {{ margin-left: auto; padding: 4px 0; color: #5b6472; font-size: 13px; }}
nav a {{ padding: 15px 12px 12px; border-bottom: 3px solid transparent; color: #5b6472;
  font-size: 15px; text-decoration: none; }}
nav a:hover, nav a:focus-visible {{ color: #1f2329; }}
nav a.current {{ border-color: #0072b2; color: #1f2329; font-weight: 600; }}
main {{ max-width: 1280px; margin: 0 auto; }}
.key {{ display: flex; flex-wrap: wrap; gap: 0 20px; max-width: 1280px; margin: 0 auto;
  padding: 10px 20px 0; color: #5b6472; font-size: 13px; }}
.key span::before {{ content: ""; display: inline-block; width: 10px; height: 10px;
  margin-right: 6px; border: 2px solid #0072b2; border-radius: 3px; background: #0072b2; }}
.key .forecast::before {{ border-color: #e69f00; background: #e69f00; }}
.key .assumed::before {{ border-style: dashed; background: none; }}
.key .assumed {{ font-style: italic; }}
.list td.forecast {{ color: #8f6100; }}
main .narrow {{ display: none; }}
.panels {{ display: grid; grid-template-columns: repeat(2, 1fr); gap: 16px; align-items: start;
  max-width: 640px; margin: 0 auto; padding: 4px; }}
.panels svg {{ display: block; width: 100%; height: auto; overflow: visible; }}
.panels :is(.half, .whole) {{ grid-column: span 2; }}
@media (min-width: 720px) and (max-width: 959px) {{
  .panels {{ grid-template-columns: repeat(4, 1fr); gap: 10px; max-width: none;
    padding: 4px 8px; }}
  .panels .whole {{ grid-column: span 4; max-width: 620px; }}
  .panels .text {{ max-width: 500px; }}
  /* Four tiles stand beside the chart before them. */
  .panels .half:has(+ .quarter) {{ grid-row: span 2; }}
}}
@media (max-width: 959px) {{
  main .wide {{ display: none; }}
  main .narrow {{ display: block; }}
  nav {{ padding: 0 12px; }}
  nav strong {{ flex-basis: 100%; padding: 10px 0 0 8px; }}
  nav a {{ padding: 10px 8px 8px; }}
  nav small {{ flex-basis: 100%; padding: 0 8px 8px; }}
  .person .bar {{ display: none !important; }}
  .list {{ padding: 16px 10px !important; }}
  .list .dt-container {{ padding: 8px !important; }}
  /* The table is moved sideways: squeezed, each of its rows would be eight lines high. */
  .list:not(.person) table.dataTable {{ min-width: 1100px; }}
}}
main.tabbed section:not(.current) {{ display: none; }}
svg .way {{ cursor: pointer; }}
svg .way:hover, svg .way:focus-visible {{ text-decoration: underline; }}
svg path.way:is(:hover, :focus-visible) {{ fill-opacity: 0.9; }}
:is(.list, .definitions) {{ padding: 24px 20px; }}
:is(.list, .definitions) h1 {{ font-size: 26px; font-weight: 650; }}
.definitions :is(ul, p) {{ max-width: 760px; margin: 16px 0; font-size: 15px; }}
.definitions li {{ margin: 8px 0; }}
.list p, .list label, .list table {{ font-size: 14px; }}
.list .filters {{ display: flex; flex-wrap: wrap; gap: 8px 16px; margin: 16px 0; }}
.list label:not([hidden]) {{ display: flex; flex-direction: column; color: #5b6472; }}
.list .notice {{ color: #9c2f00; }}
.list select {{ max-width: 200px; padding: 4px; }}
.list .filters input {{ width: 110px; padding: 4px; }}
.list .dt-container {{ padding: 12px 16px; border: 1px solid #dde1e8; border-radius: 8px;
  background: #fff; }}
.person ul {{ margin: 12px 0; padding-left: 20px; font-size: 14px; list-style: disc; }}
.person .bar {{ display: inline-block; height: 10px; margin-right: 8px; background: #0072b2; }}
.list .dt-layout-table {{ overflow-x: auto; }}
.list table.dataTable :is(td, th) {{ padding: 6px 8px; font-size: 13px; vertical-align: top; }}
.list table.dataTable td.dt-right, .list table.dataTable td:nth-child(2) {{ white-space: nowrap; }}
main :is(a, button, select, input, summary, [tabindex]):focus-visible, nav a:focus-visible {{
  outline: 2px solid #0072b2; outline-offset: 2px; }}
main .printed {{ display: none; }}
main .wide.measured {{ display: block; }}
@page {{ size: A4; margin: 10mm; }}
@media print {{
  header, .key, .list :is(.filters, .dt-search, .dt-buttons, .dt-paging) {{
    display: none !important; }}
  /* A sheet has room for the columns that one acts by; the groups come after them. */
  .list:not(.person) table.dataTable :is(td, th):nth-child(n + 9) {{ display: none; }}
  .list .dt-layout-table {{ overflow: visible; }}
  main {{ max-width: none; }}
  main .wide {{ display: block; }}
  main .narrow {{ display: none; }}
  /* What a sheet shows is drawn once, here: without a box of its own it could not be shown. */
  main .wide.measured {{ position: absolute; width: 0; height: 0; overflow: hidden; }}
  main .printed {{ display: block; }}
  .printed svg {{ display: block !important; width: 100%; max-height: 276mm; }}
  .printed svg + svg {{ break-before: page; }}
}}
</style>
</head>
<body>
<header><nav><strong>{name}</strong>{tabs}<small>{version}</small></nav></header>
<p class="key"><span class="forecast">Forecasts are orange.</span>
<span class="assumed">What rests on assumptions is in italics, hollow, dashed or pale.</span>
<span>What happened has other colours.</span></p>
<main>
{sections}
</main>
<script>
{behaviour}
</script>
{script}
</body>
</html>
"""


def stacked(layout: dict, tiles: set[str]) -> dict:
    """Return a layout with its columns below each other; tiles stay two abreast."""
    layout = dict(layout)
    if "cols" in layout:
        items = layout.pop("cols")
        if all(isinstance(item, str) and item in tiles for item in items):
            items = [{"cols": items[i : i + 2]} for i in range(0, len(items), 2)]
            layout["rows"] = items
            return layout
        layout["rows"] = items
    rows: list[Any] = []
    for item in layout.get("rows", []):
        if isinstance(item, dict) and {"rows", "cols"} & set(item):
            item = stacked(item, tiles)
        # A layout of nothing but rows is a board of its own to dct, which costs as much as a chart.
        rows += item["rows"] if isinstance(item, dict) and set(item) == {"rows"} else [item]
    layout["rows"] = rows
    return layout


def narrow(name: str, board: dict) -> dict:
    """Return a board as it is drawn for a small window."""
    charts = board["charts"]
    tiles = {chart for chart, spec in charts.items() if spec["type"] == "kpi"}
    board = stacked(board, tiles)
    style = dict(board.get("style", {}))
    board["style"] = {**style, "frame": {"width": NARROW_WIDTH, "margin": 4, "card_padding": 11}}
    for (page, chart), columns in NARROW_HIDDEN.items():
        if page == name and chart in charts:
            shown = charts[chart]["style"]["columns"]
            for column in columns:
                shown[column] = {**shown.get(column, {}), "visible": False}
    for spec in charts.values():
        if spec.get("x") == "month_start_date":
            # The names of two years of months would touch.
            axis = spec["style"].setdefault("axis_x", {})
            axis["labels"] = {"font": {"size": 10}}
        if spec["type"] == "custom":
            spec["style"] = NARROW_SHAPE.get(spec["template"], {"aspect_ratio": 1.1})
        elif "legend" in spec.get("style", {}):
            # Three names of clusters are wider than a small window.
            spec["style"]["legend"] = {**spec["style"]["legend"], "columns": 2}
    return board


def load_board(path: Path) -> dict:
    """Read a board, by the C library of YAML where it is there."""
    return yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def charts_in(layout: dict) -> set[str]:
    """Return the names of the charts that a layout shows."""
    items = [*layout.get("rows", []), *layout.get("cols", [])]
    inner = (charts_in(item) for item in items if isinstance(item, dict))
    return {item for item in items if isinstance(item, str)}.union(*inner)


def query_sql(board: dict, name: str) -> str:
    """Return a query of a board as SQL, with the queries that it names and the defaults in it."""
    sql = board["queries"][name]["sql"]
    for variable, spec in board.get("variables", {}).items():
        sql = re.sub(rf"\{{\{{ {variable} \}}\}}", str(spec["default"]), sql)
    return re.sub(
        r"\{\{ queries\.(\w+) \}\}",
        lambda found: f"({query_sql(board, found[1])}) as {found[1]}",
        sql,
    )


def answered(board: dict, connection: duckdb.DuckDBPyConnection) -> dict:
    """Return a board with the rows of its queries in their place.

    dct would ask for every drawing, of a database opened anew, and check each query's SQL twice.
    """
    queries = dict(board["queries"])
    for name, query in queries.items():
        if "sql" in query:
            found = connection.sql(query_sql(board, name))
            queries[name] = {"columns": found.columns, "values": found.fetchall()}
    return {**board, "queries": queries}


def as_text(board: dict) -> str:
    """Return a board as YAML, which is written as JSON but for its dates."""

    def plain(value: Any) -> Any:
        return f"@{value:%Y-%m-%d}" if isinstance(value, date) else float(value)

    return re.sub(r'"@(\d{4}-\d\d-\d\d)"', r"\1", json.dumps(board, default=plain))


def as_shown(board: dict) -> dict:
    """Return an answered board without what its queries hide.

    To dct each condition is a board around what it is about, hidden or not.
    """

    def decided(spec: Any) -> bool | None:
        """Return whether a condition holds, or nothing where there is none."""
        if not isinstance(spec, dict):
            return None
        query = board["queries"][spec["query"]]
        (row,) = query["values"]
        return dict(zip(query["columns"], row, strict=True))[spec["column"]]

    def kept(layout: dict) -> dict:
        (side,) = {"rows", "cols"} & set(layout)
        items: list[Any] = []
        for item in layout[side]:
            spec = board["charts"][item] if isinstance(item, str) else item
            shown = decided(spec.get("visible"))
            if shown is False:
                continue
            if shown:
                spec = {key: value for key, value in spec.items() if key != "visible"}
            if isinstance(item, str):
                board["charts"][item] = spec
                items.append(item)
                continue
            if {"rows", "cols"} & set(spec):
                spec = kept(spec)
                if not spec.get("rows", spec.get("cols")):
                    continue
            items += spec[side] if set(spec) == {side} else [spec]
        return {**layout, side: items}

    board = kept(board)
    named = charts_in(board)
    board["charts"] = {name: spec for name, spec in board["charts"].items() if name in named}
    return board


def render(boards: list[Path], project: Path) -> list[dict]:
    """Run dct over the boards and return what it has to say about them."""
    environment = {key: value for key, value in os.environ.items() if key != "DBT_TARGET_PATH"}
    environment["DO_NOT_TRACK"] = "1"
    dct = subprocess.Popen(
        [
            *(sys.executable, "-c", DCT, "--no-workspace-guard", "render"),
            *(str(board.relative_to(project)) for board in boards),
            *("--format", "html", "--no-cache", "--diagnostics-json"),
            # A chart without rows is hidden behind a sentence, and that is no fault.
            *("--ignore-warning", "WARN-QUERY-RETURNED-ZERO-ROWS"),
            *("--ignore-warning", "WARN-CATEGORY-COLOR-PIN-UNSEEN"),
            *("--ignore-warning", "WARN-Y-ENCODING-MOSTLY-NULL"),
            # The names of the clusters are the data's.
            *("--ignore-warning", "WARN-SERIES-LABELS-REPEAT-WORD"),
            *("--output", str(project / "drawn" / "{stem}.html")),
        ],
        cwd=project,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert dct.stderr is not None
    lines, drawn = [], 0
    for line in dct.stderr:
        lines.append(line.rstrip("\n"))
        if board := re.match(r"Rendered (\S+) to ", line):
            drawn += 1
            print(f"{drawn} of {len(boards)} drawn: {board[1]}", flush=True)
    diagnostics = [json.loads(line) for line in lines if line.startswith("{")]
    if dct.wait() != 0:
        told = [f"{entry['code']}: {entry['message']}" for entry in diagnostics]
        raise SystemExit("The dashboard was not drawn.\n" + "\n".join(told or lines))
    return diagnostics


def as_heading(tag: re.Match[str]) -> str:
    """Return the tag of a title as that of a heading, to which a screen reader jumps."""
    level = 1 if 'data-authored-path="title"' in tag[0] else 2
    plain = re.sub(r' (?:role|aria-roledescription)="[^"]*"', "", tag[0])
    plain = re.sub(
        r'(aria-label=")Title text (?:\'|&#x27;|&apos;)(.*?)(?:\'|&#x27;|&apos;)"', r'\1\2"', plain
    )
    return f'{plain[:-1]} role="heading" aria-level="{level}">'


def parts(name: str, page: str) -> tuple[str, list[str], str, str]:
    """Return a drawing, its fonts, and the styles and the script of its host page.

    Names inside a drawing are made its own, because all drawings share one document.
    """
    start = page.index("<svg", page.index("dbt-charts-svg-container", page.index("<body")))
    end = page.rindex("</svg>") + len("</svg>")
    drawing = page[start:end]
    fonts = re.findall(r"@font-face\s*{[^}]*}", drawing)
    drawing = re.sub(r"@font-face\s*{[^}]*}", "", drawing)
    drawing = re.sub(r' data-rendered-at="[^"]*"', "", drawing)
    drawing = drawing.replace("<svg", '<svg role="group"', 1)
    drawing = re.sub(r'<(?:g|text)\b[^>]* data-authored-kind="title"[^>]*>', as_heading, drawing)
    drawing = re.sub(r"(<svg\b[^>]*>)(.*)(</svg>)", r'\1<g id="all">\2</g>\3', drawing, flags=re.S)
    # A hundredth of a pixel is enough.
    drawing = re.sub(
        r' (?:d|transform)="[^"]*"',
        lambda place: re.sub(r"(\.\d\d)\d+(?!\d|e)", r"\1", place[0]),
        drawing,
    )
    # Links that set a filter are for dct serve; on the page they would load it anew.
    drawing = re.sub(r'<a href="\?[^"]*">(.*?)</a>', r"\1", drawing, flags=re.S)
    # dct keeps names that begin with data- to itself.
    drawing = re.sub(r'(<(?:g|path|text)\b[^>]*) way="', r'\1 data-way="', drawing)
    drawing = re.sub(r'(?<![\w-])id="', f'id="{name}-', drawing)
    drawing = re.sub(r"url\((&quot;|['\"]?)#", rf"url(\1#{name}-", drawing)
    drawing = re.sub(r'href="#', f'href="#{name}-', drawing)
    styles = "\n".join(re.findall(r"<style>.*?</style>", page[:start], re.S))
    script = "\n".join(re.findall(r"<script>.*?</script>", page[end:], re.S))
    return drawing, fonts, styles, script


def spans(board: dict) -> dict[str, str]:
    """Return how much of a medium window each chart of a board takes.

    Tiles get a quarter, but for the last of an odd number of them, a drawing that has a row for
    itself all of it, and anything else a half.
    """
    charts = board["charts"]
    tiles = {chart for chart, spec in charts.items() if spec["type"] == "kpi"}
    alone = {row[-1] for row in rows_of_tiles(board, tiles) if len(row) % 2}
    taken = {}
    for chart, spec in charts.items():
        is_drawing = spec["type"] == "custom" and spec["template"] != "tiles"
        whole = is_drawing and chart in board["rows"]
        taken[chart] = "quarter" if chart in tiles - alone else "whole" if whole else "half"
    return taken


def rows_of_tiles(layout: dict, tiles: set[str]) -> list[list[str]]:
    """Return the columns of a layout that are tiles alone."""
    columns = layout.get("cols", [])
    found = [columns] if columns and all(item in tiles for item in map(str, columns)) else []
    for item in [*layout.get("rows", []), *columns]:
        found += rows_of_tiles(item, tiles) if isinstance(item, dict) else []
    return found


def panels(drawing: str, taken: dict[str, str]) -> str:
    """Return a narrow drawing as a drawing for each of its charts and texts, in their order.

    Parameters
    ----------
    taken : chart -> its share of a medium window.
    """
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(drawing)
    kept = {name: value for name, value in root.items() if name.startswith("data-dbt-")}
    found: list[str] = []

    def cut(element: ElementTree.Element, share: str, width: str, height: str) -> None:
        panel = ElementTree.Element(
            f"{{{SVG}}}svg", {"class": share, "viewBox": f"0 0 {width} {height}", **kept}
        )
        panel.append(element)
        found.append(ElementTree.tostring(panel, encoding="unicode"))

    def walk(element: ElementTree.Element) -> None:
        chart = element.get("data-chart-id")
        if chart:
            width, height = (element.attrib[f"data-chart-{side}"] for side in ("width", "height"))
            return cut(element, taken[chart], width, height)
        if element.get("data-authored-kind") == "title":
            element.set("transform", "translate(0, 0)")
            box = element[0].attrib
            return cut(element, "text whole", box["width"], str(float(box["height"]) + 28))
        texts = [child for child in element if child.get("data-authored-kind") == "header"]
        if texts:
            # The box of a text is drawn beside it.
            return cut(element, "text whole", element.attrib["width"], element.attrib["height"])
        for child in element:
            walk(child)

    walk(root)
    label = html.escape(root.get("aria-label", ""))
    return f'<div class="panels" role="group" aria-label="{label}">{"".join(found)}</div>'


@cache
def read_manifest(manifest: Path) -> dict:
    """Read what dbt wrote of the project, which is large, once."""
    return json.loads(manifest.read_text())


def pages_of(manifest: Path) -> list[str]:
    """Return the pages whose marts are all built: those whose exposures are on.

    Raises
    ------
    SystemExit
        No page is, since the var modules leaves out what they show.
    """
    exposures = read_manifest(manifest)["exposures"].values()
    on = {entry["name"].removeprefix("dashboard_") for entry in exposures}
    pages = [page for page in PAGES if page in on]
    if not pages:
        raise SystemExit(
            "No page of the dashboard can be drawn: the var modules leaves out the capabilities "
            "that they show. Add history, validation or another one and build again."
        )
    return pages


def shop_name(manifest: Path) -> str:
    """Return the var shop_name, as the exposures of the pages carry it, or what the page is."""
    exposures = read_manifest(manifest)["exposures"].values()
    names = {entry.get("config", {}).get("meta", {}).get("shop_name") for entry in exposures}
    return max(filter(None, names), default="Customer value")


def version_of(database: Path, relations: dict[str, str]) -> str:
    """Return the date as of which the tables are true, and the version that was published of them.

    The build that made the tables publishes them last, and only where all tests passed.
    """
    words = []
    with duckdb.connect(str(database), read_only=True) as connection:
        for model, sql in (
            ("customer_value__customers", "select max(as_of_date) from {}"),
            ("customer_value__publication", "select max(version) from {}"),
        ):
            try:
                row = connection.sql(sql.format(relations[model])).fetchone()
            except (KeyError, duckdb.CatalogException):
                continue
            if row and row[0]:
                date = not isinstance(row[0], str)
                words.append(f"as of {row[0]:%-d %B %Y}" if date else f"version {row[0]}")
    text = ", ".join(words)
    return text[:1].upper() + text[1:]


def definitions() -> str:
    """Return the glossary as a section of the page."""
    text = (ROOT / "docs" / "glossary.md").read_text()
    words = MarkdownIt("js-default").render(text)
    return f'<section data-page="definitions"><div class="definitions">{words}</div></section>'


def combine(
    drawn: Path,
    pages: dict[str, dict[str, str]],
    customers: dict,
    name: str = "Customer value",
    version: str = "",
) -> str:
    """Return the page that holds all drawings, the list of customers and the glossary.

    Parameters
    ----------
    pages : page -> what `spans` has of its board.
    """
    fonts: dict[str, None] = {}
    sections, tabs = [], []
    styles = script = ""
    for page in pages:
        drawings = []
        for width in ("wide", "narrow"):
            board = page if width == "wide" else f"{page}_narrow"
            text = (drawn / f"{board}.html").read_text()
            drawing, own_fonts, styles, script = parts(board, text)
            fonts |= dict.fromkeys(own_fonts)
            if width == "narrow":
                drawing = panels(drawing, pages[page])
            drawings.append(
                f'<div class="dbt-charts-board {width}">'
                f'<div class="dbt-charts-svg-container">{drawing}</div></div>'
            )
        sections.append(f'<section data-page="{page}">{"".join(drawings)}</section>')
        tabs.append(f'<a href="#{page}">{page.capitalize()}</a>')
    if customers:
        sections.append(customer_list.section(customers))
        tabs.append('<a href="#customers">Customers</a>')
        styles = f"<style>{customer_list.styles()}</style>\n{styles}"
        script = f"{script}\n{customer_list.script(customers)}"
    sections.append(definitions())
    tabs.append('<a href="#definitions">Definitions</a>')
    return PAGE.format(
        name=html.escape(name),
        version=html.escape(version),
        styles=styles,
        fonts="\n".join(fonts),
        tabs="".join(tabs),
        sections="\n".join(sections),
        behaviour=(ROOT / "charts" / "page.js").read_text(),
        script=script,
    )


def without_refs(text: str, relations: dict[str, str]) -> str:
    """Return a board's text with the tables that its refs name.

    Parameters
    ----------
    relations : model -> its relation in SQL, as dbt wrote it into the manifest.

    For a query with a ref dct looks up the connection and the manifest again and again, which was
    a quarter of its work.
    """
    return re.sub(r"\{\{ ref\('(\w+)'\) \}\}", lambda ref: relations.get(ref[1], ref[0]), text)


def write_connection(project: Path) -> None:
    """Write what dct reads of the project and the profile, and no more.

    It reads both files anew for every query of every board.
    """
    profiles_folder = Path(os.environ.get("DBT_PROFILES_DIR", ROOT))
    settings = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    profiles = yaml.safe_load((profiles_folder / "profiles.yml").read_text())
    name = settings["profile"]
    profile = profiles[name]
    target = profile.get("target", "dev")
    if target in profile["outputs"]:
        # dct opens the file in several ways, and DuckDB lets all of them have one configuration.
        output = {k: v for k, v in profile["outputs"][target].items() if k != "config_options"}
        profile = {**profile, "outputs": {target: output}}
    kept = {key: settings[key] for key in ("name", "version", "profile")}
    (project / "dbt_project.yml").write_text(yaml.safe_dump(kept))
    (project / "profiles.yml").write_text(yaml.safe_dump({name: profile}))


def relations_of(manifest: Path) -> dict[str, str]:
    """Return the relation in SQL of each model, as dbt wrote it into the manifest."""
    nodes = read_manifest(manifest)["nodes"].values()
    return {node["name"]: node["relation_name"] for node in nodes if node.get("relation_name")}


def write_project(project: Path, manifest: Path) -> list[str]:
    """Write the boards of the pages that can be drawn with their templates; return their names."""
    pages = pages_of(manifest)
    shutil.copytree(ROOT / "templates", project / "templates", dirs_exist_ok=True)
    shutil.copy(ROOT / "dbt_charts.yml", project)
    (project / "charts").mkdir()
    relations = relations_of(manifest)
    for name in (*pages, "meta"):
        board = without_refs((ROOT / "charts" / f"{name}.yml").read_text(), relations)
        (project / "charts" / f"{name}.yml").write_text(board)
    return pages


def serve(folder: Path, manifest: Path) -> None:
    """Write the project that dct serves, with the first page at the address that it states."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    first, *_ = write_project(folder, manifest)
    write_connection(folder)
    (folder / "target").mkdir()
    shutil.copy(manifest, folder / "target" / "manifest.json")
    board = folder / "charts" / f"{first}.yml"
    board.write_text(f"aliases: [/]\n{board.read_text()}")


def draw(database: Path, manifest: Path, output: Path) -> list[dict]:
    """Write the page, from a copy of the boards that leaves the project as it is."""
    with tempfile.TemporaryDirectory() as directory:
        project = Path(directory).resolve()
        pages = write_project(project, manifest)
        boards = []
        taken = {}
        connection = duckdb.connect(str(database), read_only=True)
        for page in pages:
            wide = project / "charts" / f"{page}.yml"
            small = project / "charts" / f"{page}_narrow.yml"
            board = as_shown(answered(load_board(wide), connection))
            # Filters are for dct serve; on paper they would be knobs that do nothing.
            for variable in board.get("variables", {}).values():
                variable["visible"] = False
            wide.write_text(as_text(board))
            taken[page] = spans(board)
            small.write_text(as_text(narrow(page, board)))
            boards += [wide, small]
        connection.close()
        diagnostics = render(boards, project)
        output.parent.mkdir(parents=True, exist_ok=True)
        customers = customer_list.customers(database, relations_of(manifest))
        name, version = shop_name(manifest), version_of(database, relations_of(manifest))
        output.write_text(combine(project / "drawn", taken, customers, name, version))
    return diagnostics


def main() -> None:
    """Read the command line, draw, and say what was worth a remark."""
    database = os.environ.get("CUSTOMER_VALUE_DB", "customer_value.duckdb")
    target = os.environ.get("DBT_TARGET_PATH", "target")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", type=Path, default=Path(database))
    parser.add_argument("--manifest", type=Path, default=Path(target) / "manifest.json")
    parser.add_argument("--output", type=Path, default=ROOT / "public" / "index.html")
    parser.add_argument("--served", type=Path, metavar="FOLDER", help=SERVED_HELP)
    arguments = parser.parse_args()
    for file in (arguments.database, arguments.manifest):
        if not file.exists():
            parser.error(f"{file} does not exist; run dbt build first.")
    if arguments.served:
        return serve(arguments.served, arguments.manifest)
    for entry in draw(arguments.database.resolve(), arguments.manifest, arguments.output):
        print(f"{entry['code']}: {entry['message']}", file=sys.stderr)
    print(f"The dashboard is in {arguments.output}.")


if __name__ == "__main__":
    main()
