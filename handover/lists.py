"""Write the lists that people take away: a CSV per audience, action and segment.

They come from the published file, so from a build of which every test passed. A list holds nobody
who must not be addressed: of an audience its sendable members, of the campaign nobody whom its
experiment holds out, and of an action or a segment whoever can still be reached on some channel,
with the channels that are closed to them.

    python handover/lists.py                    all of them, beside the published file
    python handover/lists.py --audience NAME    one audience, on the standard output
    python handover/lists.py --if-any           all of them; where there are none, also no old ones

A spreadsheet runs a cell that begins with a sign such as = as a formula, and quotes do not stop it.
So text has an apostrophe put in front there, as OWASP advises, and an id, which would then not be
found any longer, stops the list with a sentence.
"""

import argparse
import csv
import io
import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

# OWASP, CSV injection, with the wide forms that some spreadsheets take for the same.
TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
LISTS = "lists"

# What a list of an action or a segment shows of a customer.
TRAITS = (
    "customer_id, segment, value_tier, recommended_action, cluster_name, lifetime_value_decile, "
    "activity_band, is_lapsed, closed_channels"
)
REACHABLE = (
    "from customer_traits where is_customer and closed_channels is distinct from "
    "(select string_agg(distinct channel, ', ' order by channel) from audience_summary "
    "where channel is not null)"
)

# The file for readers, in the published folder.
PUBLISHED = Path("current") / "marts.duckdb"

Rows = Sequence[tuple]


def published_folder(database: str, published_path: str | None = None) -> Path:
    """Return the folder into which a database publishes: the one beside it or another one."""
    beside = Path(database).absolute().with_name(f"{Path(database).stem}_published")
    return Path(published_path) if published_path else beside


def published_file(database: str, published_path: str | None = None) -> Path:
    """Return the published file of a database."""
    file = published_folder(database, published_path) / PUBLISHED
    if not file.exists():
        raise ValueError(
            f"There is no {file}: a whole `dbt build` with the module audiences publishes it."
        )
    return file


def slug(name: str) -> str:
    """Return a name as part of a file's name: letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "unnamed"


def cell(column: str, value: object) -> str:
    """Return a value as the text of a cell.

    Raises
    ------
    ValueError : an id begins with a sign that spreadsheets run.
    """
    if value is None:
        return ""
    if not isinstance(value, str) or not value.startswith(TRIGGERS):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if column.endswith("_id"):
        raise ValueError(
            f"The {column} {value!r} begins with {value[0]!r}, which spreadsheets run as a "
            "formula, and a prefix would change the id: use the parquet file, which has it "
            "unchanged, or let the ids begin with a letter."
        )
    return "'" + value


def csv_text(columns: Sequence[str], rows: Iterable[tuple]) -> str:
    """Return a CSV with one header, every cell in quotes, lines ended by a line feed."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(*pair) for pair in zip(columns, row, strict=True)])
    return written.getvalue()


def write_whole(path: Path, text: str) -> None:
    """Put a file in place in one step, so that nobody reads a half of it."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8", newline="")
    os.replace(unfinished, path)


def tables_of(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the names of the tables that are published."""
    rows = connection.execute("select table_name from duckdb_tables()").fetchall()
    return {name for (name,) in rows}


def queries(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, list[str]]]:
    """Return file name -> its query and the parameters of that."""
    tables = tables_of(connection)
    if "audience_members" not in tables:
        raise ValueError(
            "The published file has no audiences: list the module audiences in the var modules, "
            "and build again."
        )
    found: dict[str, tuple[str, list[str]]] = {}
    audiences = "select distinct audience from audience_summary order by audience"
    for (audience,) in connection.execute(audiences).fetchall():
        add(found, f"audience_{slug(audience)}", audience_query(), [audience])
    for kind, column in (("action", "recommended_action"), ("segment", "segment")):
        names = (
            f"select distinct {column} from customer_traits where {column} is not null order by 1"
        )
        for (name,) in connection.execute(names).fetchall():
            query = f"select {TRAITS} {REACHABLE} and {column} = ? order by customer_id"
            add(found, f"{kind}_{slug(name)}", query, [name])
    if "campaign_audience" in tables:
        query = (
            "select campaign_audience.* from campaign_audience "
            f"where not is_held_out and customer_id in (select customer_id {REACHABLE}) "
            "order by audience_rank"
        )
        add(found, "campaign_audience", query, [])
    return found


def add(found: dict, name: str, query: str, parameters: list[str]) -> None:
    """Add a list under its file name, and under a numbered one where two names are alike."""
    names = [name, *(f"{name}_{i}" for i in range(2, len(found) + 2))]
    found[next(free for free in names if free not in found)] = (query, parameters)


def audience_query() -> str:
    """Return the query of the members of an audience who can be sent to."""
    return (
        "select membership_id, customer_id, public_name, channel, entered_date "
        "from audience_members where is_sendable and audience = ? order by customer_id"
    )


def texts(connection: duckdb.DuckDBPyConnection, wanted: dict) -> dict[str, tuple[str, int]]:
    """Return file name -> the CSV and how many customers it lists."""
    found = {}
    for name, (query, parameters) in wanted.items():
        result = connection.execute(query, parameters)
        columns = [column for column, *_ in result.description or []]
        rows: Rows = result.fetchall()
        found[name] = (csv_text(columns, rows), len(rows))
    return found


def write_lists(file: Path) -> dict[str, int]:
    """Write all lists beside the published file, and delete those that are no more.

    Nothing is written where one of them cannot be.

    Parameters
    ----------
    file : the published file.

    Returns
    -------
    file name -> how many customers it lists.
    """
    folder = file.parent.parent / LISTS
    with duckdb.connect(str(file), read_only=True) as connection:
        found = texts(connection, queries(connection))
    folder.mkdir(exist_ok=True)
    for name, (text, _) in found.items():
        write_whole(folder / f"{name}.csv", text)
    for old in folder.glob("*.csv"):
        if old.stem not in found:
            old.unlink()
    return {f"{name}.csv": count for name, (_, count) in found.items()}


def delete_lists_without_audiences(folder: Path) -> bool:
    """Delete the lists in a published folder where it has no audiences, and return whether.

    Nobody writes them anew there, so that they would go on to name who was forgotten.
    """
    file = folder / PUBLISHED
    if file.exists():
        with duckdb.connect(str(file), read_only=True) as connection:
            if "audience_members" in tables_of(connection):
                return False
    for old in (folder / LISTS).glob("*.csv"):
        old.unlink()
    return True


def audience_text(file: Path, audience: str) -> str:
    """Return the CSV of one audience's sendable members."""
    with duckdb.connect(str(file), read_only=True) as connection:
        queries(connection)
        names = [
            name
            for (name,) in connection.execute(
                "select distinct audience from audience_summary order by audience"
            ).fetchall()
        ]
        if audience not in names:
            raise ValueError(
                f"There is no audience {audience}; the audiences are: {', '.join(names) or 'none'}."
            )
        return texts(connection, {audience: (audience_query(), [audience])})[audience][0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the lists, or say in one sentence why not."""
    parser = argparse.ArgumentParser(description="Write the lists that people take away.")
    parser.add_argument("--audience", help="write this one to the standard output")
    parser.add_argument("--published", help="the folder that published_path names")
    parser.add_argument(
        "--if-any", action="store_true", help="where there are no audiences, delete the old lists"
    )
    options = parser.parse_args(arguments)
    database = os.environ.get("CUSTOMER_VALUE_DB", "customer_value.duckdb")
    folder = published_folder(database, options.published)
    try:
        if options.if_any and delete_lists_without_audiences(folder):
            print(f"There are no audiences in {folder}, so it has no lists.")
            return 0
        file = published_file(database, options.published)
        if options.audience:
            sys.stdout.write(audience_text(file, options.audience))
            return 0
        for name, count in write_lists(file).items():
            print(f"{file.parent.parent / LISTS / name}: {count:,} customers")
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
