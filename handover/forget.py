"""Copy the database into a new file, so that nothing that was deleted can be read in its bytes.

DuckDB marks deleted rows as free and leaves their bytes where they were, also when a table is
written anew. What the var erasure_requests asks for is gone from every table after the next build;
this takes it out of the file too. No other process may have the database open.

    python handover/forget.py
"""

import os
import sys
from pathlib import Path

import duckdb

STORAGE_VERSION = "v1.5.0"


def text(value: object) -> str:
    """Return a value as a literal of SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def copy_into_new_file(database: Path) -> None:
    """Replace a database by a copy of its tables and views, in one step.

    Raises
    ------
    ValueError : there is no such file, or it cannot be copied.
    """
    if not database.is_file():
        raise ValueError(f"There is no database {database}: build first.")
    fresh = database.with_name(f"{database.name}.fresh")
    fresh.unlink(missing_ok=True)
    try:
        with duckdb.connect() as connection:
            connection.execute(f"attach {text(database)} as old")
            connection.execute(
                f"attach {text(fresh)} as fresh (storage_version {text(STORAGE_VERSION)})"
            )
            connection.execute("copy from database old to fresh")
            connection.execute("checkpoint fresh")
            connection.execute("detach fresh")
            connection.execute("detach old")
    except duckdb.Error as problem:
        fresh.unlink(missing_ok=True)
        raise ValueError(
            f"{database} could not be copied, and is unchanged: {problem}. Close the programs that "
            "have it open, and make sure that the disk has room for a second copy."
        ) from problem
    os.replace(fresh, database)
    database.with_name(f"{database.name}.wal").unlink(missing_ok=True)


def main() -> int:
    """Copy the database of the project, or say in one sentence why not."""
    database = Path(os.environ.get("CUSTOMER_VALUE_DB", "customer_value.duckdb"))
    try:
        copy_into_new_file(database)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"{database} is a new file with all its tables and without the deleted rows.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
