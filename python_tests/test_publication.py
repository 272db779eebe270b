"""The file for readers: whole, tested and never in the way, whatever happens to the builds."""

import errno
import fcntl
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from conftest import CORE, Build, run_dbt
from helpers import ROOT, copy_project, load_model, transaction_marts

publication = load_model("publication/customer_value__publication.py")

# Reads in a loop until its input ends, as a BI tool in a process of its own: one version in the
# DuckDB file, one in parquet, and every table with the rows that the version says.
READER = """
import json, sys, threading, time
from pathlib import Path
import duckdb

folder, ended = Path(sys.argv[1]), threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
content = "select count(*), coalesce(sum(hash(mart)), 0) from {} as mart"

def check(connection, place):
    said = connection.execute(
        f"select version, table_name, row_count, fingerprint from {place('publication')}"
    ).fetchall()
    (version,) = {row[0] for row in said}
    for _, table, row_count, fingerprint in said:
        found = connection.execute(content.format(place(table))).fetchall()[0]
        assert found == (row_count, int(fingerprint, 16)), (version, table, found)
    return version

while True:
    last = ended.is_set()
    try:
        with duckdb.connect(str(folder / "current" / "marts.duckdb"), read_only=True) as file:
            print(json.dumps(["duckdb", check(file, str)]), flush=True)
        version = (folder / "current").resolve()
        with duckdb.connect() as memory:
            found = check(memory, lambda table: f"'{version / table}.parquet'")
        print(json.dumps(["parquet", found]), flush=True)
    except Exception as problem:
        print(json.dumps(["failed", repr(problem)]), flush=True)
    if last:
        break
    time.sleep(0.02)
"""


class Reader:
    """The process that reads, from start to `stop`."""

    def __init__(self, folder: Path):
        self.process = subprocess.Popen(
            [sys.executable, "-c", READER, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> dict[str, Counter]:
        """Return how often each version was read, by the kind of file; failures as such."""
        output, _ = self.process.communicate(timeout=60)
        reads: dict[str, Counter] = {"duckdb": Counter(), "parquet": Counter(), "failed": Counter()}
        for line in output.splitlines():
            kind, found = json.loads(line)
            reads[kind][found] += 1
        return reads


def make_marts(connection, day: int, rows: int = 3000, schema: str = "main") -> pd.DataFrame:
    """Make two marts of another day, commented as dbt does, and list them."""
    connection.execute(f"create schema if not exists {schema}; use {schema}")
    connection.execute(
        f"create or replace table customers as select i as customer_id, cast(i * {day} as "
        f"decimal(18, 4)) as net_revenue, date '2015-01-01' + {day} as as_of_date "
        f"from range({rows}) as t(i)"
    )
    connection.execute("comment on table customers is 'One row per customer; it''s theirs.'")
    connection.execute("comment on column customers.net_revenue is 'What they brought.'")
    connection.execute(
        "create or replace table profile as select sum(net_revenue) as total from customers"
    )
    (database,) = connection.execute("select current_database()").fetchall()[0]
    return pd.DataFrame(
        {
            "table_name": ["customers", "profile"],
            "relation_name": [
                f'"{database}"."{schema}"."{name}"' for name in ("customers", "profile")
            ],
        }
    )


def read(folder: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(folder / "current" / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_the_file_has_the_rows_types_and_comments_of_the_marts(tmp_path):
    with duckdb.connect() as connection:
        publication.publish(connection, make_marts(connection, 1), tmp_path)
    assert read(
        tmp_path,
        "select column_name, data_type, comment from duckdb_columns() "
        "where table_name = 'customers' order by column_index",
    ) == [
        ("customer_id", "BIGINT", None),
        ("net_revenue", "DECIMAL(18,4)", "What they brought."),
        ("as_of_date", "DATE", None),
    ]
    comments = read(tmp_path, "select comment from duckdb_tables() where table_name = 'customers'")
    assert comments == [("One row per customer; it's theirs.",)]
    assert read(tmp_path, "select count(*), sum(net_revenue) from customers") == [(3000, 4498500)]
    parquet = duckdb.sql(f"from '{tmp_path}/current/customers.parquet'")
    assert [str(data_type) for data_type in parquet.types] == ["BIGINT", "DECIMAL(18,4)", "DATE"]


def test_a_project_may_leave_out_the_quotes(tmp_path):
    """As with `quoting: {schema: false}` in its dbt_project.yml."""
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        marts = make_marts(connection, 1)
        marts["relation_name"] = marts["relation_name"].str.replace('"', "")
        folder = tmp_path / "published"
        publication.publish(connection, marts, folder, str(tmp_path / "shop.duckdb"))
    comments = read(folder, "select comment from duckdb_tables() where table_name = 'customers'")
    assert comments == [("One row per customer; it's theirs.",)]
    owner = json.loads((folder / "database.json").read_text())
    assert owner == {"database": "../shop.duckdb", "schema": "main"}
    assert publication.parts_of('"a ""b""".c."d.e"') == ['a "b"', "c", "d.e"]


def test_in_memory_there_is_nothing_to_publish_beside(tmp_path):
    """The default path must not break the build of who works without a file."""
    profiles = copy_project(tmp_path / "project") / "profiles.yml"
    text = profiles.read_text()
    path = re.search(r"path: .*", text)
    assert path is not None
    profiles.write_text(text.replace(path[0], 'path: ":memory:"'))
    build = run_dbt(
        *("compile", "--inline", "refused: {{ publication_refusal('build') }}"),
        database=tmp_path / "unused.duckdb",
        project=tmp_path / "project",
    )
    assert "refused: published_path is auto, a folder beside the database" in build.output


def test_older_duckdbs_can_open_the_file(tmp_path):
    with duckdb.connect() as connection:
        publication.publish(connection, make_marts(connection, 1), tmp_path)
    tags = "select tags['storage_version'] from duckdb_databases() where database_name = 'marts'"
    assert read(tmp_path, tags) == [("v1.0.0+",)]


def test_nobody_opens_the_file_for_writing_by_accident(tmp_path):
    with duckdb.connect() as connection:
        publication.publish(connection, make_marts(connection, 1), tmp_path)
    files = list((tmp_path / "current").iterdir())
    assert [file.name for file in files if file.stat().st_mode & 0o222] == []
    assert sorted(file.name for file in files) == [
        "customers.parquet",
        "manifest.json",
        "marts.duckdb",
        "profile.parquet",
        "publication.parquet",
    ]


def test_the_same_rows_in_another_order_are_the_same_version(tmp_path):
    versions = []
    for order in ("customer_id", "md5(customer_id::varchar)"):
        with duckdb.connect() as connection:
            marts = make_marts(connection, 1)
            connection.execute("alter table customers rename to before")
            connection.execute(f"create table customers as from before order by {order}")
            found = publication.publish(connection, marts, tmp_path)
            versions.append(found["version"].iloc[0])
    assert versions[0] == versions[1]
    assert [path.name for path in (tmp_path / "versions").iterdir()] == versions[:1]


def test_the_version_before_stays_for_those_who_still_read_it(tmp_path):
    versions = []
    with duckdb.connect() as connection:
        for day in (1, 2, 3, 2):
            found = publication.publish(connection, make_marts(connection, day), tmp_path)
            versions.append(found["version"].iloc[0])
    assert (tmp_path / "current").resolve().name == versions[-1]
    assert {path.name for path in (tmp_path / "versions").iterdir()} == set(versions[-2:])


def test_no_version_before_stays_where_somebody_is_to_be_forgotten(tmp_path):
    with duckdb.connect() as connection:
        publication.publish(connection, make_marts(connection, 1), tmp_path)
        marts = make_marts(connection, 2)
        found = publication.publish(connection, marts, tmp_path, keeps_earlier=False)
    left = [path.name for path in (tmp_path / "versions").iterdir()]
    assert left == [found["version"].iloc[0]]


def test_what_else_is_in_the_folder_stays(tmp_path):
    (tmp_path / "versions" / "of_mine").mkdir(parents=True)
    with duckdb.connect() as connection:
        for day in (1, 2, 3):
            publication.publish(connection, make_marts(connection, day), tmp_path)
    assert (tmp_path / "versions" / "of_mine").exists()


def test_a_folder_in_the_way_gets_a_sentence(tmp_path):
    (tmp_path / "current").mkdir()
    with duckdb.connect() as connection, pytest.raises(ValueError, match="is in the way"):
        publication.publish(connection, make_marts(connection, 1), tmp_path)


def publish_shop(
    database: Path, folder: Path, shop: str = "orders.csv", day: int = 1, schema: str = "main"
) -> str:
    """Publish a day of a shop from a database of its own, and return the version's folder."""
    with duckdb.connect(str(database)) as connection:
        marts = make_marts(connection, day, schema=schema)
        publication.publish(connection, marts, folder, str(database), shop)
    return os.readlink(folder / "current")


def test_a_folder_belongs_to_one_database(tmp_path):
    folder = tmp_path / "published"
    before = publish_shop(tmp_path / "one.duckdb", folder)
    with pytest.raises(ValueError, match=r"belongs to the database .*one\.duckdb, and two would"):
        publish_shop(tmp_path / "two.duckdb", folder, day=2)
    assert os.readlink(folder / "current") == before
    # Moved together they still belong together; where the database is gone the folder is free.
    (tmp_path / "elsewhere").mkdir()
    for name in ("published", "one.duckdb"):
        (tmp_path / name).rename(tmp_path / "elsewhere" / name)
    publish_shop(tmp_path / "elsewhere" / "one.duckdb", tmp_path / "elsewhere" / "published", day=2)
    (tmp_path / "elsewhere" / "one.duckdb").unlink()
    publish_shop(tmp_path / "two.duckdb", tmp_path / "elsewhere" / "published", day=3)


def test_two_targets_in_one_database_do_not_take_turns(tmp_path):
    """A build of a developer's schema would hide that of production from its readers."""
    database, folder = tmp_path / "shop.duckdb", tmp_path / "shop_published"
    before = publish_shop(database, folder, schema="analytics")
    with pytest.raises(ValueError, match=r"belongs to the schema analytics of this database, and"):
        publish_shop(database, folder, day=2, schema="dev")
    assert os.readlink(folder / "current") == before
    publish_shop(database, tmp_path / "elsewhere", day=2, schema="dev")
    # A folder of before belongs to the schema that publishes next.
    (folder / "database.json").write_text('{"database": "../shop.duckdb"}')
    publish_shop(database, folder, day=3, schema="analytics")
    with pytest.raises(ValueError, match="this build is of dev"):
        publish_shop(database, folder, day=4, schema="dev")
    # Where the other schema is gone the folder is free.
    with duckdb.connect(str(database)) as connection:
        connection.execute("drop schema analytics cascade")
    assert publish_shop(database, folder, day=4, schema="dev") != before


def test_the_demo_does_not_take_the_place_of_a_shop(tmp_path):
    specifications = (ROOT / "macros" / "checks" / "var_specifications.sql").read_text()
    (choices,) = re.findall(r'"demo": {\s+"kind": "choice",\s+"choices": (\[.*\])', specifications)
    assert json.loads(choices) == list(publication.DEMOS)
    database, folder = tmp_path / "shop.duckdb", tmp_path / "published"
    publish_shop(database, folder, "cdnow")
    before = publish_shop(database, folder, "orders.csv", day=2)
    for demo in publication.DEMOS:
        with pytest.raises(ValueError, match=r"holds the tables of orders\.csv, and this is the"):
            publish_shop(database, folder, demo, day=3)
    assert os.readlink(folder / "current") == before


def test_two_builds_do_not_publish_into_a_folder_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(publication, "LOCK_SECONDS", 0.2)
    folder = tmp_path / "published"
    publish_shop(tmp_path / "one.duckdb", folder)
    with (
        publication.locked(folder),
        pytest.raises(ValueError, match="Another build publishes into"),
    ):
        publish_shop(tmp_path / "one.duckdb", folder, day=2)
    publish_shop(tmp_path / "one.duckdb", folder, day=2)


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL])
def test_a_file_system_without_locks_is_no_other_build(tmp_path, monkeypatch, code):
    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(ValueError, match=rf"gives no locks \({os.strerror(code)}\), without which"):
        publish_shop(tmp_path / "one.duckdb", tmp_path / "published")


@pytest.mark.parametrize("step", ["locked", "claim", "write_version", "put_in_place"])
def test_a_folder_that_cannot_be_written_gets_a_sentence_at_every_step(tmp_path, monkeypatch, step):
    folder = tmp_path / "published"
    before = publish_shop(tmp_path / "one.duckdb", folder)

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))

    with monkeypatch.context() as patch, pytest.raises(ValueError, match="cannot be written"):
        patch.setattr(publication, step, refuse)
        publish_shop(tmp_path / "one.duckdb", folder, day=2)
    assert os.readlink(folder / "current") == before


@pytest.mark.parametrize("damage", ["missing", "short", "no manifest"])
def test_a_damaged_version_is_made_anew_and_never_missing(tmp_path, damage):
    folder = tmp_path / "published"
    place = publish_shop(tmp_path / "one.duckdb", folder)
    file = folder / place / ("manifest.json" if damage == "no manifest" else "customers.parquet")
    content = file.read_bytes()
    file.unlink()
    if damage == "short":
        file.write_bytes(content[:-1])
    mended = publish_shop(tmp_path / "one.duckdb", folder)
    assert mended == f"{place}_2"
    assert publication.is_whole(folder / mended)
    assert read(folder, "select count(*) from customers") == [(3000,)]
    # It is whole, and so it is used again; the next version leaves no damaged one behind.
    assert publish_shop(tmp_path / "one.duckdb", folder) == mended
    publish_shop(tmp_path / "one.duckdb", folder, day=2)
    assert len(list((folder / "versions").iterdir())) == 2


def test_a_version_that_a_kill_left_half_deleted_does_not_look_whole(tmp_path, monkeypatch):
    """The kill comes after the first file of the version that is deleted."""
    folder = tmp_path / "published"
    first = Path(publish_shop(tmp_path / "one.duckdb", folder, day=1)).name
    publish_shop(tmp_path / "one.duckdb", folder, day=2)

    def half(path, **_):
        if first in str(path):
            next(Path(path).iterdir()).unlink()
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(publication.shutil, "rmtree", half)
        publish_shop(tmp_path / "one.duckdb", folder, day=3)
    assert not (folder / "versions" / first).exists()
    assert Path(publish_shop(tmp_path / "one.duckdb", folder, day=1)).name == first
    assert publication.is_whole(folder / "current")
    assert not list((folder / "versions").glob("deleted_*"))


@pytest.mark.parametrize(
    "problem",
    [OSError(28, "No space left on device"), duckdb.IOException("Could not write: No space left")],
)
def test_a_full_disk_gets_a_sentence_and_leaves_nothing_behind(tmp_path, monkeypatch, problem):
    folder = tmp_path / "published"
    before = publish_shop(tmp_path / "one.duckdb", folder)

    def full(*_):
        raise problem

    with monkeypatch.context() as patch, pytest.raises(ValueError, match="no space left to pub"):
        patch.setattr(publication, "write_manifest", full)
        publish_shop(tmp_path / "one.duckdb", folder, day=2)
    assert [path.name for path in (folder / "versions").iterdir()] == [Path(before).name]
    assert os.readlink(folder / "current") == before
    publish_shop(tmp_path / "one.duckdb", folder, day=2)


@pytest.mark.parametrize("name", ["publishing", "publishing_0", "marts", "select"])
def test_a_database_of_any_name_can_publish(tmp_path, name):
    publish_shop(tmp_path / f"{name}.duckdb", tmp_path / "published")
    assert read(tmp_path / "published", "select count(*) from customers") == [(3000,)]


def test_beside_a_database_that_is_no_file_there_is_no_folder():
    with pytest.raises(ValueError, match="this database is not a file"):
        publication.folder_of("auto", None)
    assert publication.folder_of("auto", "/data/shop.duckdb") == Path("/data/shop_published")


def test_readers_see_whole_versions_while_publications_are_killed(tmp_path):
    """Thirty publications, most of them killed somewhere on their way."""
    folder, database = tmp_path / "published", str(tmp_path / "marts_of_a_build.duckdb")
    with duckdb.connect(database) as connection:
        publication.publish(connection, make_marts(connection, 1), folder)
    reader = Reader(folder)
    wait, finished, seconds = random.Random(1), 0, 0.0
    for day in range(2, 32):
        started = time.monotonic()
        child = os.fork()
        if child == 0:
            with duckdb.connect(str(tmp_path / f"{day}.duckdb")) as connection:
                publication.publish(connection, make_marts(connection, day, 30000), folder)
            os._exit(0)
        if day == 2:
            # How long one takes, here and today; the others get up to half as long again.
            status = os.waitpid(child, 0)[1]
            seconds = time.monotonic() - started
        else:
            time.sleep(wait.uniform(0.02, 1.5 * seconds))
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
        finished += status == 0
    reads = reader.stop()
    assert not reads["failed"], reads["failed"]
    # Some were finished before they could be killed, or the loop would prove nothing.
    assert finished > 1
    assert len(reads["duckdb"]) > 1
    assert len(reads["parquet"]) > 1


SMALL = {**CORE, "as_of_date": "2015-06-30", "bootstrap_replicates": 10, "cluster_counts": [2]}
# Of two marts, neither of which is made of the other.
FAILS_ON_DEMAND = """\
with customers as (select * from {{ ref("customer_value__customers") }}),
excluded_rows as (select * from {{ ref("customer_value__excluded_rows") }})
select 1 as wrong from customers cross join excluded_rows where {{ var("failing") }}
"""


def write_lines(path: Path, days: int) -> None:
    """Write twenty customers who bought every few days of the first half of 2015."""
    lines = ["customer_id,transacted_at,amount"]
    for customer in range(20):
        for day in range(customer, days, 7 + 5 * customer):
            date = pd.Timestamp("2015-01-01") + pd.Timedelta(days=day)
            lines.append(f"{customer},{date:%Y-%m-%d},{10 + customer + day % 3}")
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """A copy of the project with a test that fails on demand, and a shop's first version."""
    directory = tmp_path_factory.mktemp("published")
    project = copy_project(directory / "project")
    (project / "tests" / "assert_on_demand.sql").write_text(FAILS_ON_DEMAND)
    write_lines(directory / "lines.csv", 150)
    build = build_shop(directory)
    assert build.exit_code == 0, build.output
    assert "customer_value: published" in build.output
    return directory


def arguments(directory: Path, failing: bool = False) -> dict:
    lines = str(directory / "lines.csv")
    return {
        "database": directory / "shop.duckdb",
        "variables": {"transactions": lines, "failing": failing, **SMALL},
        "project": directory / "project",
    }


def build_shop(directory: Path, *options: str, failing: bool = False) -> Build:
    command = ["build", "--exclude-resource-type", "unit_test", *options]
    return run_dbt(*command, **arguments(directory, failing))


def version_of(directory: Path) -> str:
    return os.readlink(directory / "shop_published" / "current")


def kill_in_the_middle(directory: Path) -> None:
    """Start a build as a user does, and kill it once the customers stand in the database."""
    given = arguments(directory)
    process = subprocess.Popen(
        [
            *(str(Path(sys.executable).with_name("dbt")), "build"),
            *("--exclude-resource-type", "unit_test", "--no-use-colors"),
            *("--vars", json.dumps(given["variables"])),
            *("--project-dir", str(given["project"]), "--profiles-dir", str(given["project"])),
        ],
        env={
            **os.environ,
            "CUSTOMER_VALUE_DB": str(given["database"]),
            "DBT_TARGET_PATH": str(directory / "target"),
            "DBT_LOG_PATH": str(directory / "target"),
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if re.search(r"OK created .* main\.customers ", line):
            break
    process.kill()
    assert process.wait() == -signal.SIGKILL, "".join(seen)


def test_readers_see_one_tested_version_whatever_happens_to_the_builds(shop):
    folder = shop / "shop_published"
    first = version_of(shop)
    reader = Reader(folder)

    write_lines(shop / "lines.csv", 160)
    kill_in_the_middle(shop)
    assert version_of(shop) == first

    failed = build_shop(shop, failing=True)
    assert failed.exit_code == 1
    assert "customer_value: failed: on demand; found" in failed.output
    assert "customer_value: not published, because an earlier node failed" in failed.output
    assert version_of(shop) == first

    write_lines(shop / "lines.csv", 170)
    last = build_shop(shop)
    assert last.exit_code == 0, last.output
    second = version_of(shop)
    time.sleep(1)

    reads = reader.stop()
    assert not reads["failed"], reads["failed"]
    expected = {Path(version).name for version in (first, second)}
    assert len(expected) == 2
    assert set(reads["duckdb"]) == set(reads["parquet"]) == expected
    assert reads["duckdb"].total() > 20


def test_what_dbt_run_built_is_not_published(shop):
    before = version_of(shop)
    build = run_dbt("run", "--select", "customer_value__published_marts+", **arguments(shop))
    assert build.exit_code == 0, build.output
    assert "customer_value: not published: dbt run does not test what it builds" in build.output
    assert version_of(shop) == before


def test_what_was_not_all_built_and_tested_is_not_published(shop):
    before = version_of(shop)
    build = build_shop(
        shop, "--select", "customer_value__customers", "customer_value__published_marts+"
    )
    assert build.exit_code == 0, build.output
    manifest, results = (
        json.loads((shop / "target" / f"{name}.json").read_text())
        for name in ("manifest", "run_results")
    )
    needed = {
        name
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed", "test")
        and "publication" not in name
        # A test of a model that is off has nothing to test.
        and (node.get("attached_node") or name) in manifest["nodes"]
    }
    missing = needed - {result["unique_id"] for result in results["results"]}
    missing -= {name for name in missing if "published_marts" in name}
    assert f"customer_value: not published: this command left out {len(missing)} of" in build.output
    assert version_of(shop) == before


def test_every_test_comes_before_the_publication(cdnow_sample):
    """What dbt made of the tests: which of them a failure of the publication waits for."""
    file = cdnow_sample.database.parent / "target" / "graph_summary.json"
    summary = json.loads(file.read_text())["with_test_edges"]
    names = {number: node["name"] for number, node in summary.items()}
    before: dict[str, set[str]] = {number: set() for number in summary}
    for number, node in summary.items():
        for successor in node.get("succ", []):
            before[str(successor)].add(number)
    (start,) = [number for number, name in names.items() if name.endswith("__publication")]
    waiting: list[str] = [start]
    seen: set[str] = set()
    while waiting:
        for number in before[waiting.pop()] - seen:
            seen.add(number)
            waiting.append(number)
    awaited = {names[number] for number in seen}
    # A test without a model is one of a capability that is off.
    tests = {names[number] for number in summary if before[number]}
    tests = {name for name in tests if name.startswith("test.")}
    assert len(tests) > 100
    assert {name for name in tests - awaited if "publi" not in name} == set()


def test_every_public_mart_is_published(cdnow_sample):
    # Without subscriptions among the inputs their tables are not built.
    marts = set(transaction_marts())
    folder = cdnow_sample.database.with_name("cdnow_sample_published")
    published = read(folder, "select table_name from publication")
    assert {name for (name,) in published} == marts
    named = (ROOT / "macros" / "engine" / "capabilities.sql").read_text()
    forgotten = [name for name in sorted(marts) if f'"{name}"' not in named]
    assert not forgotten, f"add to macros/engine/capabilities.sql: {forgotten}"


def test_a_mart_that_the_publication_forgets_stops_the_build(tmp_path):
    project = copy_project(tmp_path / "project")
    marts = project / "macros" / "engine" / "capabilities.sql"
    marts.write_text(marts.read_text().replace('"calendar",', ""))
    build = run_dbt(
        *("run", "--select", "customer_value__published_marts"),
        database=tmp_path / "test.duckdb",
        project=project,
    )
    assert build.exit_code == 1
    assert "public_marts does not name the public model calendar" in build.output
