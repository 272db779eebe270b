"""Copy the public marts to where readers are never in the way of a build.

A version is a folder with one DuckDB file and a parquet file per table. It is written under
another name, and `current`, a symbolic link, is turned to it when it is whole; turning a link
is one step for the file system. So a reader sees one version or the next and nothing between,
and a build that is killed leaves nothing that anybody reads.
"""

import hashlib
import os
import re
import shutil
from pathlib import Path

import pandas as pd

# Every DuckDB since 1.0 reads it.
STORAGE_VERSION = "v1.0.0"
DATABASE = "marts.duckdb"
UNFINISHED = "unfinished"
VERSION = re.compile(r"\d{4}-\d{2}-\d{2}_[0-9a-f]{12}")

COLUMNS = {
    "table_name": "string",
    "row_count": "int64",
    "fingerprint": "string",
    "version": "string",
    "as_of_date": "datetime64[us]",
    "folder": "string",
}


def text(value) -> str:
    """Return a value as a literal of SQL."""
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"


def name(value: str) -> str:
    """Return an identifier as SQL."""
    return '"' + value.replace('"', '""') + '"'


def folder_of(published_path: str, database: str | None) -> Path:
    """Return the folder to publish in; `auto` is one beside the database, named after it."""
    if published_path != "auto":
        return Path(published_path).expanduser().absolute()
    if not database:
        raise ValueError(
            "published_path is auto, a folder beside the database, and this database is no file: "
            "name a folder, or set published_path to '' to publish nothing."
        )
    return Path(database).absolute().with_name(f"{Path(database).stem}_published")


def describe(connection, table_name: str, relation_name: str) -> dict:
    """Return what identifies a table's content: names, types, comments, rows."""
    columns = connection.execute(f"describe select * from {relation_name}").fetchall()
    fields = [(column, data_type) for column, data_type, *_ in columns]
    # A sum, since rows have no order.
    row_count, fingerprint = connection.execute(
        f"select count(*), sum(hash(mart)) from (select * from {relation_name}) as mart"
    ).fetchall()[0]
    table_comment, comments = comments_of(connection, relation_name)
    return {
        "table_name": table_name,
        "relation_name": relation_name,
        "row_count": row_count,
        "fingerprint": f"{fingerprint or 0:x}",
        "comment": table_comment,
        "columns": [(*field, comments.get(field[0])) for field in fields],
    }


def comments_of(connection, relation_name: str) -> tuple[str | None, dict[str, str]]:
    """Return the comment on a table or view, and those on its columns."""
    place = [part.replace('""', '"') for part in re.findall(r'"((?:[^"]|"")*)"', relation_name)]
    (comment,) = connection.execute(
        "select max(comment) from (select comment, database_name, schema_name, table_name "
        "from duckdb_tables() union all select comment, database_name, schema_name, view_name "
        "from duckdb_views()) where [database_name, schema_name, table_name] = ?",
        [place],
    ).fetchall()[0]
    comments = connection.execute(
        "select column_name, comment from duckdb_columns() where comment is not null "
        "and [database_name, schema_name, table_name] = ?",
        [place],
    ).fetchall()
    return comment, dict(comments)


def version_of(tables: list[dict], as_of_date) -> str:
    """Return the name of the version that these tables make: the same for the same data."""
    content = [{**table, "relation_name": None} for table in tables]
    return f"{as_of_date}_{hashlib.md5(repr(content).encode()).hexdigest()[:12]}"


def summarise(tables: list[dict], version: str, as_of_date, folder: Path) -> pd.DataFrame:
    """Return one row per published table with the columns COLUMNS."""
    rows = [
        {**table, "version": version, "as_of_date": as_of_date, "folder": str(folder)}
        for table in tables
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def write_version(connection, tables: list[dict], publication: pd.DataFrame, path: Path) -> None:
    """Write the tables into a new folder: the DuckDB file first, parquet from it."""
    path.mkdir(parents=True)
    connection.execute(
        f"attach {text(path / DATABASE)} as publishing (storage_version '{STORAGE_VERSION}')"
    )
    try:
        # In one transaction, or every comment would wait for the disk.
        connection.begin()
        for table in tables:
            target = f"publishing.main.{name(table['table_name'])}"
            connection.execute(f"create table {target} as from {table['relation_name']}")
            connection.execute(f"comment on table {target} is {text(table['comment'])}")
            for column, _, comment in table["columns"]:
                connection.execute(f"comment on column {target}.{name(column)} is {text(comment)}")
        connection.register("publication_frame", publication)
        connection.execute(
            "create table publishing.main.publication as select table_name, row_count, "
            "fingerprint, version, cast(as_of_date as date) as as_of_date from publication_frame"
        )
        connection.commit()
        connection.unregister("publication_frame")
        for table_name in [*(table["table_name"] for table in tables), "publication"]:
            file = text(path / f"{table_name}.parquet")
            source = f"publishing.main.{name(table_name)}"
            connection.execute(f"copy {source} to {file} (format parquet)")
        connection.execute("checkpoint publishing")
    finally:
        connection.execute("detach publishing")
    for written in path.iterdir():
        # Who opens it for writing would shut the other readers out.
        written.chmod(written.stat().st_mode & ~0o222)


def put_in_place(folder: Path, version: str) -> None:
    """Turn `current` to a version, and delete all others but the one before.

    Who has resolved `current` and reads on file by file has the time of a build to finish.
    """
    current, link = folder / "current", folder / "current.new"
    before = os.readlink(current) if current.is_symlink() else ""
    link.unlink(missing_ok=True)
    link.symlink_to(Path("versions") / version)
    os.replace(link, current)
    kept = {version, Path(before).name}
    for path in (folder / "versions").iterdir():
        if VERSION.fullmatch(path.name) and path.name not in kept:
            shutil.rmtree(path)


def publish(connection, marts: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Copy the marts into the folder and return what is published there now."""
    places = dict(zip(marts["table_name"], marts["relation_name"], strict=True))
    (as_of_date,) = connection.execute(
        f"select max(as_of_date) from {places['customers']}"
    ).fetchall()[0]
    tables = [describe(connection, *item) for item in sorted(places.items())]
    version = version_of(tables, as_of_date)
    publication = summarise(tables, version, as_of_date, folder)
    finished, unfinished = folder / "versions" / version, folder / "versions" / UNFINISHED
    if (folder / "current").exists() and not (folder / "current").is_symlink():
        raise ValueError(
            f"{folder / 'current'} is in the way: publishing makes a link of that name. "
            "Move it, or name another folder in published_path."
        )
    # A version that is there is whole, since only whole ones get their name.
    if not finished.exists():
        shutil.rmtree(unfinished, ignore_errors=True)
        write_version(connection, tables, publication, unfinished)
        unfinished.rename(finished)
    put_in_place(folder, version)
    return publication


def model(dbt, session):
    """Publish the marts where everything was built and tested, and say what was published."""
    dbt.config(materialized="table", packages=["duckdb", "pandas"])
    marts = dbt.ref("customer_value__published_marts").order("table_name").df()
    if marts.empty or (marts["refusal"] != "").any():
        return summarise([], "", None, Path())
    # A connection of its own: the model's has a transaction open, which writes elsewhere.
    connection = session.cursor()
    (database,) = connection.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchall()[0]
    folder = folder_of(dbt.config.meta_get("published_path"), database)
    return publish(connection, marts, folder)
