"""A process that has dbt imported and warm, and forks for every command it is asked to run.

dbt needs three seconds to import and as long again to warm up its parser. A forked command
starts with both done, and reads the whole project anew all the same. One command per line of
standard input, as JSON; its exit code on standard output.
"""

import gc
import json
import os
import sys
import tempfile
from pathlib import Path

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import reset_adapters
from dbt.cli.main import cli, dbtRunner

ROOT = Path(__file__).resolve().parents[1]


def warm_up() -> None:
    """Parse the project once, and import what its Python models import."""
    import lifetimes  # noqa: F401
    import scipy.optimize  # noqa: F401
    import sklearn.cluster  # noqa: F401

    with tempfile.TemporaryDirectory() as directory:
        os.environ["CUSTOMER_VALUE_DB"] = f"{directory}/warm.duckdb"
        # The static parser starts threads, which a fork would lose and then wait for.
        dbtRunner().invoke(
            [
                *("parse", "--quiet", "--no-partial-parse", "--no-static-parser"),
                *("--project-dir", str(ROOT), "--profiles-dir", str(ROOT)),
                *("--target-path", directory, "--log-path", directory),
            ]
        )
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
    warm_up()
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            run(**json.loads(line))
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
