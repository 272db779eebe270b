"""Time a short run of the module of events: many events before, few new ones.

    python benchmarks/events.py --events 10000000 --new-events 10000

Trials of 14 days begin over a year, with 50 events each. One process of dbt builds everything of
the module that concerns trials; then new events of the last day land in the same table, the view
`live_trial_segments` is asked about all trials and about one, and a second process does what `make
watch` does. Seconds and peak memory are printed. Everything is written below --folder and may be
deleted after.
"""

import argparse
import time
from pathlib import Path

import duckdb
from run import PROJECT, Cost, run_dbt

FIRST_DAY = "2025-01-01"
DAYS = 365
EVENTS_PER_TRIAL = 50
TRIAL_MINUTES = 14 * 24 * 60
NAMES = ("login", "report_built", "project_created", "data_connected", "page_viewed")
SHORT_RUN = "+customer_value__trial_segment_changes"


def fill(database: Path, count: int) -> int:
    """Write the trials and so many events into a new database and return the number of trials."""
    trials = max(count // EVENTS_PER_TRIAL, 1)
    names = ", ".join(f"'{name}'" for name in NAMES)
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            f"""
            create schema input;
            create table input.trials as
            select
                number as customer_id,
                timestamp '{FIRST_DAY}'
                    + to_minutes((hash(number) % ({DAYS} * 1440))::integer) as trial_started_at,
                case
                    when hash(number, 1) % 6 = 0
                        then trial_started_at
                            + to_minutes((1440 + hash(number, 2) % (12 * 1440))::integer)
                end as converted_at
            from range({trials}) as numbers (number);
            create table input.events as
            select
                number as event_id,
                trials.customer_id,
                trials.trial_started_at
                    + to_minutes((hash(number) % {TRIAL_MINUTES})::integer) as occurred_at,
                ([{names}])[1 + (hash(number, 3) % {len(NAMES)})::integer] as event_name
            from range({count}) as numbers (number)
            inner join input.trials on trials.customer_id = number % {trials}
            where occurred_at < timestamp '{FIRST_DAY}' + to_days({DAYS - 1});
            """
        )
        ((rows,),) = connection.sql("select count(*) from input.events").fetchall()
    print(f"{trials:,} trials, {rows:,} events", flush=True)
    return trials


def add_events(database: Path, count: int, trials: int) -> None:
    """Let new events of the last day land, of trials that are running."""
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            f"""
            insert into input.events
            select
                -1 - number,
                customer_id,
                timestamp '{FIRST_DAY}' + to_days({DAYS - 1})
                    + to_minutes((hash(number) % 1440)::integer),
                'report_built'
            from (
                select customer_id, row_number() over (order by hash(customer_id)) - 1 as place
                from input.trials
                where trial_started_at
                    between timestamp '{FIRST_DAY}' + to_days({DAYS - 14})
                    and timestamp '{FIRST_DAY}' + to_days({DAYS - 1})
            ) as running
            inner join range({count}) as numbers (number)
                on running.place = number % {max(trials // 40, 1)}
            """
        )


def ask(database: Path, condition: str) -> float:
    """Return the seconds of the faster of two questions to the view."""
    seconds = []
    with duckdb.connect(str(database), read_only=True) as connection:
        for _ in range(2):
            start = time.perf_counter()
            connection.sql(f"select * from live_trial_segments where {condition}").fetchall()
            seconds.append(time.perf_counter() - start)
    return min(seconds)


def dbt(folder: Path, database: Path, *arguments: str) -> Cost:
    """Run dbt on the database and return what it cost."""
    variables = {"modules": ["events"], "events": "input.events", "trials": "input.trials"}
    return run_dbt(folder, database, "events", variables, *arguments)


def main() -> None:
    """Simulate, build, add events, run again and print what each cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--new-events", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=PROJECT / "target" / "benchmark")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / f"events-{arguments.events}.duckdb"
    trials = fill(database, arguments.events)
    everything = ("--select", SHORT_RUN, "+customer_value__live_trial_segments")
    no_tests = ("--exclude-resource-type", "unit_test", "test")
    print("build:", dbt(folder, database, "build", *everything, *no_tests), flush=True)
    add_events(database, arguments.new_events, trials)
    print(f"view, all running trials: {ask(database, '1 = 1'):.2f} s", flush=True)
    with duckdb.connect(str(database), read_only=True) as connection:
        query = "select max(customer_id) from trial_segments where trial_status = 'running'"
        ((customer,),) = connection.sql(query).fetchall()
    condition = f"customer_id = '{customer}'"
    print(f"view, one trial: {ask(database, condition):.2f} s", flush=True)
    print("short run:", dbt(folder, database, "run", "--select", SHORT_RUN), flush=True)


if __name__ == "__main__":
    main()
