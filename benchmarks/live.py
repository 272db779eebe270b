"""Time the view of live customers: a log in a table, a build, a day of new lines.

    python benchmarks/live.py --customers 1000000 --text

The simulated log of simulate.py, orders of one to five lines, lands in a table without its last
day; one process of dbt builds what the view needs, the last day lands, and the view is asked about
a customer without and with new lines, about all with new lines, and about all. With --text every
column is text in the table. Seconds of the clock and of the processor are printed, the least of
three questions each. Everything is written below --folder and may be deleted after.
"""

import argparse
import time
from pathlib import Path

import duckdb
from run import PROJECT, run_dbt, simulated

QUESTIONS = {
    "one customer": "where customer_id = '{same}'",
    "one with new lines": "where customer_id = '{changed}'",
    "all with new lines": "where new_line_count > 0",
    "all": "",
}


def fill(database: Path, file: Path, is_text: bool) -> None:
    """Add the lines of a parquet file to the table of the input."""
    columns = "cast(columns(*) as varchar)" if is_text else "*"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema if not exists input")
        lines = f"select {columns} from '{file}'"
        connection.execute(f"create table if not exists input.lines as {lines} limit 0")
        connection.execute(f"insert into input.lines {lines}")


def build(folder: Path, database: Path) -> None:
    """Build the view and what it needs."""
    arguments = ("build", "--select", "+customer_value__live_customers")
    no_tests = ("--exclude-resource-type", "unit_test", "test")
    variables = {"modules": ["events"], "transactions": "input.lines"}
    print("build:", run_dbt(folder, database, "live", variables, *arguments, *no_tests))


def ask(connection: duckdb.DuckDBPyConnection, condition: str) -> tuple[int, float, float]:
    """Return the rows of a question to the view, and the least seconds that it took."""
    costs = []
    for _ in range(3):
        start, processor = time.perf_counter(), time.process_time()
        rows = connection.sql(f"select * from live_customers {condition}").fetchall()
        costs.append((time.perf_counter() - start, time.process_time() - processor))
    seconds, processor_seconds = zip(*costs, strict=True)
    return len(rows), min(seconds), min(processor_seconds)


def main() -> None:
    """Simulate, build, add a day and ask."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--text", action="store_true", help="every column is text in the table")
    parser.add_argument("--folder", type=Path, default=PROJECT / "target" / "benchmark")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    log = simulated(folder, arguments.customers, "lines")
    database = folder / f"live-{arguments.customers}.duckdb"
    database.unlink(missing_ok=True)
    fill(database, log / "before.parquet", arguments.text)
    build(folder, database)
    fill(database, log / "last_day.parquet", arguments.text)
    with duckdb.connect(str(database), read_only=True) as connection:
        query = "select min(customer_id) from live_customers where new_line_count {} 0"
        ((same,),) = connection.sql(query.format("=")).fetchall()
        ((changed,),) = connection.sql(query.format(">")).fetchall()
        for name, condition in QUESTIONS.items():
            rows, seconds, processor_seconds = ask(
                connection, condition.format(same=same, changed=changed)
            )
            print(
                f"{name:20}{rows:10,} rows {seconds * 1000:9.0f} ms "
                f"{processor_seconds * 1000:9.0f} ms of processor time",
                flush=True,
            )


if __name__ == "__main__":
    main()
