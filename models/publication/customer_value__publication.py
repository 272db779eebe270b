"""Copy the public marts to where readers are never in the way of a build.

A version is a folder with one DuckDB file, a parquet file per table, and a manifest with the size
of each. It is written under another name, and `current`, a symbolic link, is turned to it when it
is whole; turning a link is one step for the file system. So a reader sees one version or the next
and nothing between, and a build that is killed leaves nothing that anybody reads.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pandas as pd

# Every DuckDB since 1.0 reads it.
STORAGE_VERSION = "v1.0.0"
DATABASE = "marts.duckdb"
MANIFEST = "manifest.json"
UNFINISHED = "unfinished"
# Versions carry it while they are deleted, so that a kill leaves none that looks whole.
DELETED = "deleted_"
# A copy made anew, since the one of that name was damaged, has a number behind it.
VERSION = re.compile(r"\d{4}-\d{2}-\d{2}_[0-9a-f]{12}(_\d+)?")
# How long to wait for another build that publishes into the folder.
LOCK_SECONDS = 10.0
DEMOS = ("cdnow", "complete_journey", "subscriptions", "trials")

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
            "published_path is auto, a folder beside the database, and this database is not a "
            "file: name a folder, or set published_path to '' to publish nothing."
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


def parts_of(relation_name: str) -> list[str]:
    """Return database, schema and name of a relation, quoted or, as a project may have it, not."""
    found = re.findall(r'"((?:[^"]|"")*)"|([^."]+)', relation_name)
    return [quoted.replace('""', '"') or plain for quoted, plain in found]


def comments_of(connection, relation_name: str) -> tuple[str | None, dict[str, str]]:
    """Return the comment on a table or view, and those on its columns."""
    place = parts_of(relation_name)
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


def free_name(connection) -> str:
    """Return a name that no attached database has."""
    taken = {
        row[0]
        for row in connection.execute("select database_name from duckdb_databases()").fetchall()
    }
    return next(name for name in map("publishing_{}".format, range(99)) if name not in taken)


def write_version(connection, tables: list[dict], publication: pd.DataFrame, path: Path) -> None:
    """Write the tables into a new folder: the DuckDB file first, parquet from it."""
    path.mkdir(parents=True)
    published = free_name(connection)
    connection.execute(
        f"attach {text(path / DATABASE)} as {published} (storage_version '{STORAGE_VERSION}')"
    )
    try:
        # In one transaction, or every comment would wait for the disk.
        connection.begin()
        for table in tables:
            target = f"{published}.main.{name(table['table_name'])}"
            connection.execute(f"create table {target} as from {table['relation_name']}")
            connection.execute(f"comment on table {target} is {text(table['comment'])}")
            for column, _, comment in table["columns"]:
                connection.execute(f"comment on column {target}.{name(column)} is {text(comment)}")
        connection.register("publication_frame", publication)
        connection.execute(
            f"create table {published}.main.publication as select table_name, row_count, "
            "fingerprint, version, cast(as_of_date as date) as as_of_date from publication_frame"
        )
        connection.commit()
        connection.unregister("publication_frame")
        for table_name in [*(table["table_name"] for table in tables), "publication"]:
            file = text(path / f"{table_name}.parquet")
            source = f"{published}.main.{name(table_name)}"
            connection.execute(f"copy {source} to {file} (format parquet)")
        connection.execute(f"checkpoint {published}")
    except BaseException:
        # Or else the transaction would keep the file open.
        with suppress(duckdb.Error):
            connection.rollback()
        raise
    finally:
        connection.execute(f"detach {published}")


def write_manifest(path: Path, shop: str) -> None:
    """Write what a whole version consists of, and make its files read-only.

    Parameters
    ----------
    path : the folder of the version.
    shop : the input that the tables are of.
    """
    sizes = {file.name: file.stat().st_size for file in sorted(path.iterdir())}
    (path / MANIFEST).write_text(json.dumps({"input": shop, "sizes": sizes}, indent=1))
    for written in path.iterdir():
        # Who opens it for writing would shut the other readers out.
        written.chmod(written.stat().st_mode & ~0o222)


def read_json(path: Path) -> dict:
    """Return the content of a file of JSON; nothing where it is missing or damaged."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def is_whole(path: Path) -> bool:
    """Return whether a version's folder has all the files of its manifest, of their sizes."""
    sizes = read_json(path / MANIFEST).get("sizes")
    if not sizes:
        return False
    files = {name: path / name for name in sizes}
    return all(file.is_file() and file.stat().st_size == sizes[n] for n, file in files.items())


def place_of(versions: Path, version: str) -> Path:
    """Return the folder of a version: one that is whole, or the first name that is free."""
    places = [versions / version, *(versions / f"{version}_{i}" for i in range(2, 100))]
    there = [place for place in places if is_whole(place)]
    return there[0] if there else next(place for place in places if not place.exists())


def put_in_place(folder: Path, place: str, *, keeps_earlier: bool = True) -> None:
    """Turn `current` to a version's folder, and delete all others but the one before.

    Who has resolved `current` and reads on file by file has the time of a build to finish. Not
    where somebody is to be forgotten, whom the version before still knows.
    """
    current, link = folder / "current", folder / "current.new"
    before = os.readlink(current) if current.is_symlink() else ""
    link.unlink(missing_ok=True)
    link.symlink_to(Path("versions") / place)
    os.replace(link, current)
    kept = {place, Path(before).name} if keeps_earlier else {place}
    for path in (folder / "versions").iterdir():
        if VERSION.fullmatch(path.name) and path.name not in kept:
            path.rename(path.with_name(DELETED + path.name))
    for path in (folder / "versions").glob(f"{DELETED}*"):
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which ends with the process; stop where another build keeps it."""
    try:
        import fcntl
    except ImportError:  # Windows: the database's own lock has to do.
        yield
        return
    with (folder / "lock").open("w") as lock:
        waited_until = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as problem:
                # Only these say that somebody else has it.
                if problem.errno not in (errno.EAGAIN, errno.EACCES):
                    raise ValueError(
                        f"The file system of {folder} gives no locks ({problem.strerror}), without "
                        "which two builds could mix their files there: name a folder on another "
                        "disk in published_path."
                    ) from problem
                if time.monotonic() > waited_until:
                    raise ValueError(
                        f"Another build publishes into {folder} right now: run dbt build again "
                        "when it has ended, or name another folder in published_path."
                    ) from None
                time.sleep(0.1)
        yield


def schemas_with_customers(connection) -> set[str]:
    """Return the schemas of this database that have a table of customers."""
    rows = connection.execute(
        "select schema_name from duckdb_tables() "
        "where database_name = current_database() and table_name = 'customers'"
    ).fetchall()
    return {schema for (schema,) in rows}


def claim(folder: Path, database: str | None, shop: str, schema: str, schemas: set[str]) -> None:
    """Make the folder this database's, or stop where it is another's or holds another shop.

    A folder and its database may be moved together: the path between them counts. The folder of a
    database that is gone is free; one in memory owns none. Nor may two targets with schemas of
    their own in one database take turns: readers of production would find a trial.

    Parameters
    ----------
    schema : that of the marts. schemas : those of the database that have customers.
    """
    owner = folder / "database.json"
    owned = read_json(owner)
    other, other_schema = owned.get("database"), owned.get("schema", schema)
    mine = os.path.relpath(Path(database).resolve(), folder.resolve()) if database else other
    if other and other != mine and (folder.resolve() / other).exists():
        raise ValueError(
            f"{folder} belongs to the database {(folder.resolve() / other).resolve()}, and two "
            "would mix their files: name another folder in published_path, or delete "
            f"{owner} if this one is to take it over."
        )
    if other and other == mine and other_schema != schema and other_schema in schemas:
        raise ValueError(
            f"{folder} belongs to the schema {other_schema} of this database, and this build is of "
            f"{schema}: readers would find the one in the place of the other. Name another folder "
            "in published_path, or publish nothing here, by --vars '{published_path: \"\"}', or "
            f"delete {owner} if this schema is to take it over."
        )
    held = read_json(folder / "current" / MANIFEST).get("input", shop)
    if shop in DEMOS and held not in DEMOS:
        raise ValueError(
            f"{folder} holds the tables of {held}, and this is the demo, which is built while the "
            "var transactions names no input: name it, or another folder in published_path, or "
            "delete this one if the demo is to take it over."
        )
    if owned != (now := {"database": mine, "schema": schema}):
        owner.write_text(json.dumps(now))


def publish(
    connection,
    marts: pd.DataFrame,
    folder: Path,
    database: str | None = None,
    shop: str = "",
    keeps_earlier: bool = True,
) -> pd.DataFrame:
    """Copy the marts into the folder and return what is published there now.

    Parameters
    ----------
    marts : table_name and relation_name of every mart.
    database : the path of the database that they are in, None in memory.
    shop : the input that they are of: a demo, or what the var transactions names.
    keeps_earlier : whether readers of the version before may read on.
    """
    places = dict(zip(marts["table_name"], marts["relation_name"], strict=True))
    (as_of_date,) = connection.execute(
        f"select max(as_of_date) from {places['customers']}"
    ).fetchall()[0]
    try:
        if (folder / "current").exists() and not (folder / "current").is_symlink():
            raise ValueError(
                f"{folder / 'current'} is in the way: publishing makes a link of that name. "
                "Move it, or name another folder in published_path."
            )
        (folder / "versions").mkdir(parents=True, exist_ok=True)
        with locked(folder):
            *_, schema, _ = parts_of(places["customers"])
            claim(folder, database, shop, schema, schemas_with_customers(connection))
            tables = [describe(connection, *item) for item in sorted(places.items())]
            version = version_of(tables, as_of_date)
            publication = summarise(tables, version, as_of_date, folder)
            place = place_of(folder / "versions", version)
            if not place.exists():
                unfinished = folder / "versions" / UNFINISHED
                shutil.rmtree(unfinished, ignore_errors=True)
                try:
                    write_version(connection, tables, publication, unfinished)
                    write_manifest(unfinished, shop)
                    unfinished.rename(place)
                except BaseException:
                    shutil.rmtree(unfinished, ignore_errors=True)
                    raise
            put_in_place(folder, place.name, keeps_earlier=keeps_earlier)
    except (OSError, duckdb.Error) as problem:
        if sentence := sentence_of(problem, folder):
            raise ValueError(sentence) from problem
        raise
    return publication


def sentence_of(problem: Exception, folder: Path) -> str:
    """Return what an error of the disk means for the folder; empty for any other error."""
    words, code = str(problem).lower(), getattr(problem, "errno", None)
    is_duckdb = isinstance(problem, duckdb.Error)
    full = ("no space left", "disk quota", "enough space", "could not write")
    if code in (errno.ENOSPC, errno.EDQUOT) or (is_duckdb and any(w in words for w in full)):
        return (
            f"There is no space left to publish into {folder}: readers keep the version they "
            "have. Free some, or name a folder elsewhere in published_path."
        )
    refused = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)
    if code in refused or (is_duckdb and str(folder) in str(problem) and "permission" in words):
        return (
            f"{folder} cannot be written ({getattr(problem, 'strerror', None) or problem}): give "
            "yourself the right to write there, or name another folder in published_path."
        )
    return ""


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
    shop = dbt.config.meta_get("transactions") or dbt.config.meta_get("demo")
    keeps_earlier = not dbt.config.meta_get("erasure_requests")
    return publish(connection, marts, folder, database, shop, keeps_earlier)
