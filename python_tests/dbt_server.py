"""A process that has dbt imported and warm, and forks for every command it is asked to run.

dbt needs three seconds to import, and two thirds of a parse are spent on the text of templates and
on data that is checked against a schema. A forked command starts with all that done, and reads
the whole project anew all the same. One command per line of standard input, as JSON; its exit code
on standard output.
"""

import gc
import json
import os
import pickle
import sys
import tempfile
from collections import ChainMap
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
import jinja2.runtime
import parsedatetime  # type: ignore[import-untyped]
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import reset_adapters
from dbt.artifacts.schemas import base
from dbt.artifacts.schemas.run.v5 import run as run_results
from dbt.cli.main import cli, dbtRunner
from dbt.clients import checked_load
from dbt.clients.jinja import MacroGenerator
from dbt.context import base as context
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import Macro
from dbt.parser import schemas
from dbt_common.clients.jinja import MacroFuzzTemplate, NativeSandboxTemplate, template_cache
from dbt_common.dataclass_schema import dbtClassMixin
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.tests import enable_test_caching
from dbt_common.utils.encoding import JSONEncoder
from jinja2.utils import missing

ROOT = Path(__file__).resolve().parents[1]


def remember_templates() -> None:
    """Let jinja keep the tree and the code of each template text.

    Both depend on the text and the kind of environment, and on nothing that a command may change,
    so a command that renders what the warm-up has rendered starts with the code at hand.
    """
    trees: dict[tuple, jinja2.nodes.Template] = {}
    codes: dict[tuple, CodeType] = {}
    environment = jinja2.Environment
    parse, compile_ = environment.parse, environment.compile

    def remembered_parse(self, source, name=None, filename=None):
        key = (type(self), str(source), name, filename)
        if key not in trees:
            trees[key] = parse(self, source, name, filename)
        return trees[key]

    def remembered_compile(self, source, name=None, filename=None, raw=False, defer_init=False):
        if raw or not isinstance(source, str):
            return compile_(self, source, name, filename, raw, defer_init)
        key = (type(self), source, name, filename, defer_init)
        if key not in codes:
            codes[key] = compile_(self, source, name, filename, raw, defer_init)
        return codes[key]

    environment.parse = remembered_parse  # type: ignore[method-assign]
    environment.compile = remembered_compile  # type: ignore[method-assign]


def remember_valid_data() -> None:
    """Let dbt check the same data against the same schema only once, where it passed.

    The name of the database does not matter, and is another one in every test.
    """
    valid: set[tuple[type, str]] = set()
    validate = dbtClassMixin.validate.__func__  # type: ignore[attr-defined]

    def remembered_validate(cls: type, data: Any) -> None:
        if isinstance(data, dict) and isinstance(data.get("database"), str):
            key = (cls, repr({**data, "database": "any"}))
        else:
            key = (cls, repr(data))
        if key not in valid:
            validate(cls, data)
            valid.add(key)

    dbtClassMixin.validate = classmethod(remembered_validate)  # type: ignore[assignment]


def remember_yaml() -> None:
    """Let dbt read the same text of a yml file once; each reader gets a copy of its own."""
    read: dict[str, bytes] = {}
    load = checked_load.checked_load

    def remembered_load(contents):
        if contents not in read:
            read[contents] = pickle.dumps(load(contents))
        return pickle.loads(read[contents])

    schemas.checked_load = remembered_load


def make_events_late() -> None:
    """Let dbt put an event into its message only where somebody reads it."""
    make = BaseEvent.__init__

    def remember_arguments(self, *arguments, **named) -> None:
        self.__dict__["arguments"] = (arguments, named)

    def make_message(self, name):
        if name == "pb_msg":
            arguments, named = self.__dict__["arguments"]
            make(self, *arguments, **named)
            return self.__dict__["pb_msg"]
        return getattr(self.pb_msg, name)

    BaseEvent.__init__ = remember_arguments  # type: ignore[method-assign]
    BaseEvent.__getattr__ = make_message  # type: ignore[method-assign]


def drop_debug_events() -> None:
    """Let dbt make no message of what it would log for debugging, and nobody reads."""
    fire = EventManager.fire_event

    def fire_what_is_read(self, e, level=None, *arguments, **options):
        if (level or e.level_tag()) is not EventLevel.DEBUG:
            fire(self, e, level, *arguments, **options)

    EventManager.fire_event = fire_what_is_read  # type: ignore[method-assign]


def look_names_up_fast() -> None:
    """Let a template find a name by one look into a dictionary, not by one into each of many.

    A native template, such as an argument of a generic test, would besides copy all names first,
    with a new object for each macro.
    """
    # dbt-core 1.11, which the engines' environment has, keeps its names in another way.
    if not issubclass(MacroNamespace, ChainMap):
        return
    build_namespace = MacroNamespaceBuilder.build_namespace
    flattened: dict[tuple[int, int, str], tuple[Any, dict[str, Any]]] = {}

    class FlatNamespace(MacroNamespace):
        names: dict[str, Any]

        def __contains__(self, name):
            return name in self.names

        def __getitem__(self, name):
            value = self.names[name]
            if isinstance(value, Macro):
                return MacroGenerator(value, self.ctx, self.node, self.thread_ctx)
            return super().__getitem__(name)

    def build_flat(self, macros_by_package, ctx):
        namespace = build_namespace(self, macros_by_package, ctx)
        count = sum(len(macros) for macros in macros_by_package.values())
        key = (id(macros_by_package), count, self.search_package)
        if key not in flattened:
            names: dict[str, Any] = {}
            for mapping in reversed(namespace.maps):
                names.update(mapping)
            # With what the key is the id of, so that nothing else gets this id.
            flattened[key] = (macros_by_package, names)
        flat = FlatNamespace(ctx, self.node, self.thread_ctx, namespace.maps)
        flat.names = flattened[key][1]
        return flat

    def resolve_or_missing(self, name):
        if name in self.vars:
            return self.vars[name]
        try:
            return self.parent[name]
        except KeyError:
            return missing

    jinja2.runtime.Context.resolve_or_missing = resolve_or_missing  # type: ignore[method-assign]
    MacroNamespaceBuilder.build_namespace = build_flat  # type: ignore[method-assign]
    NativeSandboxTemplate.new_context = MacroFuzzTemplate.new_context  # type: ignore
    context.get_context_modules = cache(context.get_context_modules)


def remember_words_of_dates() -> None:
    """Let agate compile the words and patterns of dates once, not five times per result."""
    parsedatetime.Constants = cache(parsedatetime.Constants)


def write_json(path: str, data: dict[str, Any]) -> bool:
    """Write what dbt writes, through the encoder that is written in C."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(data, cls=JSONEncoder), encoding="utf-8")
    return True


def warm_up() -> None:
    """Parse the project once, and import what a build and the Python models import."""
    import babel.dates  # noqa: F401
    import dbt.task.build  # noqa: F401
    import lifetimes  # noqa: F401
    import pyarrow.pandas_compat  # type: ignore[import-untyped]  # noqa: F401
    import scipy.optimize  # noqa: F401
    import sklearn.cluster
    import sklearn.ensemble
    import sklearn.neural_network
    import sklearn.pipeline  # noqa: F401

    with tempfile.TemporaryDirectory() as directory:
        os.environ["CUSTOMER_VALUE_DB"] = f"{directory}/warm.duckdb"
        # The static parser starts threads, which a fork would lose and then wait for.
        parsed = dbtRunner().invoke(
            [
                *("parse", "--quiet", "--no-partial-parse", "--no-static-parser"),
                *("--project-dir", str(ROOT), "--profiles-dir", str(ROOT)),
                *("--target-path", directory, "--log-path", directory),
            ]
        )
        # A project that does not parse is for the tests to report.
        if isinstance(parsed.result, Manifest):
            for macro in parsed.result.macros.values():
                template_cache.get_node_template(macro)
        # Or else the forked commands would go on with this database.
        reset_adapters()


def run(arguments: list[str], environment: dict[str, str], directory: str, log: str) -> None:
    """Be the dbt command line, and exit like it."""
    os.chdir(directory)
    os.environ.update(environment)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    # A command makes much and drops little, and its end frees all.
    gc.set_threshold(100_000, 20, 100)
    try:
        cli(arguments, prog_name="dbt")
    except SystemExit as end:
        sys.stdout.flush()
        # Not through the interpreter's end, which would look for threads that a fork lost;
        # so the database is closed by hand.
        DuckDBConnectionManager.close_all_connections()
        gc.collect()
        os._exit(int(end.code or 0))


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    enable_test_caching()
    remember_templates()
    remember_valid_data()
    remember_yaml()
    make_events_late()
    drop_debug_events()
    look_names_up_fast()
    remember_words_of_dates()
    base.write_json = run_results.write_json = write_json
    warm_up()
    # What the warm-up made stays, so no command need look for what of it is garbage.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            run(**json.loads(line))
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
