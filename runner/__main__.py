"""Builds the project on DuckDB with a dbt that runs no Python models: `python -m runner`.

dbt 2 runs SQL on DuckDB, and no Python. So dbt runs the SQL models that are ready, this fits the
Python models that read them, dbt runs what has become ready, and so on; then dbt tests everything,
and the copy for readers is published where all tests passed.

    python -m runner --dbt /path/to/dbt --database customer_value.duckdb -- --vars '{modules: []}'

What follows `--` goes to every dbt command. It runs in the folder of the root project. There as a
package the command is `python dbt_packages/customer_value/runner`.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb

Nodes = dict[str, dict[str, Any]]

# What a Python model may read here without being told otherwise.
REFUSALS = "model.customer_value.customer_value__published_marts"
PUBLICATION = "model.customer_value.customer_value__publication"


class Config:
    """What a Python model asks its configuration for."""

    def __init__(self, meta: dict[str, Any]):
        self.meta = meta

    def __call__(self, **_: Any) -> None:
        """Take the configuration that a model states, of which this needs nothing."""

    def meta_get(self, key: str, default: Any = None) -> Any:
        """Return a value of `config: meta:`."""
        return self.meta.get(key, default)


class Dbt:
    """The object that a Python model gets in place of dbt's own."""

    def __init__(self, node: dict[str, Any], nodes: Nodes, connection: duckdb.DuckDBPyConnection):
        self.config = Config(node["config"].get("meta") or node.get("meta") or {})
        self._connection = connection
        self._parents = {nodes[key]["name"]: nodes[key] for key in parents_of(node, nodes)}

    def ref(self, name: str, *_: str) -> duckdb.DuckDBPyRelation:
        """Return the table of a model; of the publication's list as it is after all tests."""
        parent = self._parents[name]
        relation = self._connection.sql(f"select * from {parent['relation_name']}")
        if parent["unique_id"] == REFUSALS:
            return relation.project("table_name, relation_name, '' as refusal")
        return relation


def parents_of(node: dict[str, Any], nodes: Nodes) -> list[str]:
    """Return the models and seeds that a node reads."""
    return [key for key in node["depends_on"]["nodes"] if key in nodes]


def is_python(node: dict[str, Any]) -> bool:
    """Return whether a node is a Python model."""
    return node["original_file_path"].endswith(".py")


def waves(nodes: Nodes) -> list[tuple[list[str], list[str]]]:
    """Return in turn the SQL models that are ready and the Python models that they make ready.

    Parameters
    ----------
    nodes : models by their unique id, with `depends_on` and `original_file_path`.

    Returns
    -------
    Pairs of lists of ids. Each model is in one list, behind all that it reads; a model of SQL that
    reads one of the same list is left to dbt's own order.

    Raises
    ------
    ValueError : the models depend on each other in a circle.
    """
    done: set[str] = set()
    found = []
    while len(done) < len(nodes):
        sql = ready(nodes, done, lambda node: not is_python(node))
        python = ready(nodes, done | set(sql), is_python)
        if not sql and not python:
            raise ValueError(f"{sorted(set(nodes) - done)} depend on each other in a circle.")
        done |= set(sql) | set(python)
        found.append((sql, python))
    return found


def ready(nodes: Nodes, done: set[str], wanted: Callable[[dict[str, Any]], bool]) -> list[str]:
    """Return the wanted models of which all parents are done or in the list before them."""
    found: list[str] = []
    known = set(done)
    grew = True
    while grew:
        more = [
            key
            for key, node in nodes.items()
            if key not in known and wanted(node) and known.issuperset(parents_of(node, nodes))
        ]
        found += more
        known |= set(more)
        grew = bool(more)
    return found


def file_of(node: dict[str, Any], root_project: str) -> Path:
    """Return the file of a model of the root project or of an installed package."""
    package = node["package_name"]
    folder = Path() if package == root_project else Path("dbt_packages") / package
    return folder / node["original_file_path"]


def fit(node: dict[str, Any], nodes: Nodes, root_project: str, database: str) -> None:
    """Run a Python model on the tables in the database and write what it returns."""
    path = file_of(node, root_project)
    names: dict[str, Any] = {"__name__": node["name"], "__file__": str(path)}
    exec(compile(path.read_text(), str(path), "exec"), names)
    with duckdb.connect(database) as connection:
        connection.execute("set TimeZone = 'UTC'")
        result = names["model"](Dbt(node, nodes, connection), connection)
        connection.execute(f"create schema if not exists {quoted(node['schema'])}")
        if not isinstance(result, duckdb.DuckDBPyRelation):
            connection.register("result_of_the_model", result)
            result = connection.table("result_of_the_model")
        result.create_view("rows_of_the_model")
        connection.execute(
            f"create or replace table {node['relation_name']} as select * from rows_of_the_model"
        )


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def selected(nodes: Iterable[dict[str, Any]]) -> list[str]:
    """Return what dbt's --select calls the nodes."""
    return [".".join(node["fqn"]) for node in nodes]


def read_manifest(target: Path) -> tuple[Nodes, str]:
    """Return the models and seeds that dbt has parsed, and the name of the root project."""
    manifest = json.loads((target / "manifest.json").read_text())
    nodes = {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed")
    }
    return nodes, manifest["metadata"]["project_name"]


def build(dbt: list[str], given: list[str], database: str, target: Path) -> int:
    """Build, test and publish the project; return the exit code of the first command that fails."""

    def run(*command: str) -> int:
        print(f"runner: {' '.join([*dbt, *command])[:160]}", flush=True)
        return subprocess.run([*dbt, *command, *given], check=False).returncode

    code = run("parse") or run("seed")
    if code:
        return code
    everything, root_project = read_manifest(target)
    models = {key: node for key, node in everything.items() if node["resource_type"] == "model"}
    last = models.pop(PUBLICATION, None)
    for sql, python in waves(models):
        code = run("run", "--select", *selected(models[key] for key in sql)) if sql else 0
        if code:
            return code
        for key in python:
            print(f"runner: fits {models[key]['name']}", flush=True)
            fit(models[key], everything, root_project, database)
    code = run("test", "--exclude", "test_type:unit", "customer_value__publication")
    if last is not None and not code:
        print("runner: publishes", flush=True)
        fit(last, everything, root_project, database)
    return code


def main() -> int:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(prog="python -m runner", description=__doc__.split("\n\n")[0])
    parser.add_argument("--dbt", default="dbt", help="the dbt to call, such as that of dbt 2")
    parser.add_argument(
        "--database",
        default=os.environ.get("CUSTOMER_VALUE_DB", "customer_value.duckdb"),
        help="the DuckDB file of the profile",
    )
    parser.add_argument("arguments", nargs="*", help="after --: passed to every dbt command")
    asked = parser.parse_args()
    target = Path(os.environ.get("DBT_TARGET_PATH", "target"))
    return build(asked.dbt.split(), asked.arguments, asked.database, target)


if __name__ == "__main__":
    sys.exit(main())
