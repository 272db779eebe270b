"""Lists of customers for the page: searched, filtered, sorted and downloaded where it is read.

The rows are part of the page. DataTables shows them, as the package itables brings it, so that
nothing is loaded from elsewhere. A name of a segment, a tier, a cluster or an action in a drawing
leads to its customers, and an id in the list to what that customer did, month by month.
"""

import html
import json
import re
import runpy
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, StrictUndefined

FOLDER = Path(__file__).resolve().parent
# The other lists for people know what a spreadsheet takes for a formula.
TRIGGERS = runpy.run_path(str(FOLDER.parent / "handover" / "lists.py"))["TRIGGERS"]
# Beyond so many a page becomes slow, and larger than a mail takes.
MOST_CUSTOMERS = 25_000
MOST_MONTHS = 60_000
# Each has few values, which the page holds once; rows have their numbers.
FILTERS = ["Segment", "Moved", "Value tier", "Cluster", "Action", "Next mailing", "Audience"]
# What a drawing leads to, and the table has no room for: a choice that is shown while it is made.
QUIET = ["Segment before", "Active", "At risk", "Recency score", "Frequency score"]
CODED = [*FILTERS, *QUIET, "Why"]
SECTION = """<section data-page="customers"><div class="list">
<h1>Who are they, one by one?</h1>
<p>{sentence} A click on a group, an action or a cell of another page leads here.</p>
<form class="filters">{filters}<label>In the file, at most
<input type="number" name="most" min="1" placeholder="all"></label>
<button type="reset">All customers</button></form>
<p class="notice" role="status"></p>
<table class="display compact"></table>
</div><div class="list person" hidden>
<p><a href="#customers">All customers</a></p>
<h1></h1>
<p class="summary"></p>
<ul class="reasons"></ul>
<p class="notice" role="status"></p>
<table class="display compact"></table>
</div></section>"""


def customers(
    database: Path, relations: dict[str, str], limit: int = MOST_CUSTOMERS
) -> dict[str, Any]:
    """Read the list as the page keeps it.

    Parameters
    ----------
    database : the file that was built. relations : model -> its relation in SQL. limit :
        customers at most, give or take one per segment.

    Returns
    -------
    columns : their labels. quiet : those of them that the table does not show. words : by label
    of a coded column, its values in order. rows : a list per customer, in order of the predicted
    value. customer_count : of all. formula_signs : what begins with one is a formula to a
    spreadsheet. as_of_date, meanings : of the segments. audiences : whose members may be addressed.
    What `histories` returns. Nothing where the table of customers was not built.
    """
    with duckdb.connect(str(database), read_only=True) as connection:
        names = {
            f'"{catalog}"."{schema}"."{table}"'
            for catalog, schema, table in connection.sql(
                "select table_catalog, table_schema, table_name from information_schema.tables"
            ).fetchall()
        }
        built = {model: name for model, name in relations.items() if name in names}
        if "customer_value__customers" not in built:
            return {}
        found = connection.sql(query("customer_list.sql", built, limit=limit))
        columns, rows = found.columns[:-1], found.fetchall()
        past = {}
        if "int_customer_value__customer_days" in built:
            past = histories(connection, built, [row[0] for row in rows])
        meanings = connection.sql(
            f"select segment, description from {built['customer_value__segment_profile']}"
        ).fetchall()
        (as_of_date,) = connection.sql(
            f"select cast(max(as_of_date) as text) from {built['customer_value__customers']}"
        ).fetchone() or (None,)
    table = [list(row[:-1]) for row in rows]
    words: dict[str, list[str]] = {}
    for index, label in enumerate(columns):
        if label in CODED:
            words[label] = sorted({row[index] for row in rows if row[index] is not None})
            codes = {word: code for code, word in enumerate(words[label])}
            for row in table:
                row[index] = codes.get(row[index])
    return {
        "columns": columns,
        "formula_signs": TRIGGERS,
        "words": words,
        "quiet": QUIET,
        "rows": table,
        "customer_count": rows[0][-1] if rows else 0,
        # A customer may be in several, which share a cell.
        "audiences": sorted({name for each in words["Audience"] for name in each.split(", ")}),
        "as_of_date": as_of_date,
        "meanings": dict(meanings),
        **past,
    }


def query(file: str, built: dict[str, str], **settings: int) -> str:
    """Return the SQL of a file in this folder for the tables that are built."""
    template = Environment(undefined=StrictUndefined).from_string((FOLDER / file).read_text())
    return template.render(
        ref=built.__getitem__, is_built=built.__contains__, because=because, **settings
    )


@cache
def feature_names() -> dict[str, str]:
    """Return the features of the propensity models in words, as the page Act has them."""
    board = (FOLDER / "act.yml").read_text()
    return dict(re.findall(r"when '(\w+)' then '([^']+)'", board.split("feature_name,")[0]))


def because(feature: str, effect: str) -> str:
    """Return the SQL of a reason in words, from the columns of its feature and its effect."""
    names = " ".join(
        f"when '{name}' then '{words[:1].lower()}{words[1:]}'"
        for name, words in feature_names().items()
    )
    return (
        f"case {effect} when 'raises' then 'raised by ' else 'lowered by ' end || "
        f"case {feature} {names} else replace({feature}, '_', ' ') end"
    )


def histories(
    connection: duckdb.DuckDBPyConnection,
    built: dict[str, str],
    ids: list[str],
    limit: int = MOST_MONTHS,
) -> dict[str, Any]:
    """Read what the customers of the list did, month by month.

    Parameters
    ----------
    built : model -> its relation in SQL. ids : of the customers, in the list's order. limit :
        months at most, of the customers who come first.

    Returns
    -------
    months, dates, segments, paths, reasons : each value once; a path is, in turns, the place of a
    date and that of the segment which began on it. histories : per customer of the list, in
    order, the places of the path and of the reasons, and three numbers per month with orders or
    returns: its place, orders, spend. Customers beyond the limit are left out.
    """
    rows = connection.execute(query("customer_history.sql", built), [ids]).fetchall()
    found = {row[0]: row[1:] for row in rows}
    names = ("months", "dates", "segments", "paths", "reasons")
    values: dict[str, dict] = {name: {} for name in names}

    def place(name: str, value: Any) -> int:
        return values[name].setdefault(value, len(values[name]))

    past: list[list[float] | None] = []
    room = limit
    for customer_id in ids:
        if customer_id not in found:
            past.append(None)
            continue
        months, orders, spends, segments, dates, reasons = found[customer_id]
        room -= len(months)
        if room < 0:
            break
        path: list[int] = []
        for date, segment in zip(dates or [], segments or [], strict=True):
            step = place("segments", segment)
            if not path or path[-1] != step:
                path += [place("dates", date), step]
        history: list[float] = [place("paths", tuple(path)), place("reasons", tuple(reasons or []))]
        for month, count, spend in zip(months, orders, spends, strict=True):
            history += [place("months", month), count, spend]
        past.append(history)
    return {**{name: list(each) for name, each in values.items()}, "histories": past}


def library() -> str:
    """Return DataTables as a script that leaves its class in `window.DataTable`.

    Raises
    ------
    SystemExit
        The package itables holds it in another shape than the pinned version does.
    """
    source = files("itables").joinpath("html", "dt_bundle.js").read_text(encoding="utf-8")
    exports = re.search(r"export\s*\{[^}]*?(\w+) as default[^}]*\}", source)
    if exports is None:
        raise SystemExit(
            "The lists of customers cannot be drawn: the installed version of itables packages "
            "DataTables differently. Install that of requirements-dashboard.txt."
        )
    return source.replace(exports[0], f"window.DataTable = {exports[1]}").replace(
        "</script", "<\\/script"
    )


def styles() -> str:
    """Return the style sheet of DataTables."""
    return files("itables").joinpath("html", "dt_bundle.css").read_text(encoding="utf-8")


def section(found: dict[str, Any]) -> str:
    """Return the page's section, with a choice for each column that has something to choose."""
    listed, count = len(found["rows"]), found["customer_count"]
    sentence = (
        f"{count:,} customer{'s' if count != 1 else ''}, the highest predicted value first."
        if listed == count
        else f"{listed:,} of {count:,} customers: the same share of each segment, those with the "
        "highest predicted value. The table customers has all of them."
    )
    choices = {**found["words"], "Audience": found["audiences"]}
    filters = "".join(
        f'<label{" hidden" * (label in QUIET)}>{label}<select name="{label}">'
        '<option value="">all</option>'
        + "".join(f"<option>{html.escape(word)}</option>" for word in choices[label])
        + "</select></label>"
        for label in [*FILTERS, *QUIET]
        if choices[label]
    )
    return SECTION.format(sentence=sentence, filters=filters)


def data(found: dict[str, Any]) -> str:
    """Return the rows as the page holds them; nothing in them can end the element."""
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="customer-list">{text}</script>'


def script(found: dict[str, Any]) -> str:
    """Return what the browser runs: the rows, DataTables, and what joins the two."""
    return (
        f"{data(found)}\n"
        f'<script type="module" data-library="datatables">{library()}\n'
        f"{(FOLDER / 'customer_list.js').read_text()}</script>"
    )
