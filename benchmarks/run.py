"""Time the build against two notebooks and against the least it could cost.

    python benchmarks/run.py --customers 1000000 --shape lines --rounds 3

The opponent is the notebook everybody copies, `notebook` is one that answers what the whole build
answers. `again` is the second night: the same database, and a log with one day more. Whole
processes, alternating, so that what else the machine does falls on all of them; the medians of wall
time and of processor time, the ratios to the opponent and the floor, and the peak memory of each
are printed. The log is simulated (simulate.py), in one of three shapes; everything is written below
--folder and may be deleted after.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from simulate import SHAPES

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
DATA_TESTS = ("--exclude-resource-type", "unit_test")


class Cost(NamedTuple):
    """What a process took: seconds of wall time and of processor time, peak memory in GiB."""

    seconds: float
    processor_seconds: float
    memory: float

    def __str__(self) -> str:
        """Return it in words."""
        return (
            f"{self.seconds:.1f} s, {self.processor_seconds:.1f} s of processor time, "
            f"{self.memory:.1f} GiB at most"
        )


def run(command: list[str], environment: dict[str, str], log: Path) -> Cost:
    """Run a command to its end and return what it cost."""
    start = time.perf_counter()
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{' '.join(command)} failed; see {log}")
    # Linux counts kibibytes, macOS bytes.
    unit = 1 if platform.system() == "Darwin" else 1024
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 2**30)


def run_dbt(folder: Path, database: Path, name: str, variables: dict, *arguments: str) -> Cost:
    """Run dbt on a database and return what it cost; `name` is that of its target and its log."""
    command = [
        *(sys.executable, "-W", "ignore", "-m", "dbt.cli.main", *arguments),
        *("--vars", json.dumps(variables)),
        *("--target-path", str(folder / f"target-{name}"), "--log-path", str(folder / "logs")),
    ]
    environment = {"CUSTOMER_VALUE_DB": str(database), "DBT_PROFILES_DIR": str(PROJECT)}
    return run(command, environment, folder / f"{name}.log")


def dbt_build(
    folder: Path, log: Path, name: str, *arguments: str, again: bool = False
) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment of a build of `log` in a database of its own.

    `log` is a folder of parquet files. `again` keeps the database: what a nightly run finds. The
    project is read once for all rounds, as it is from night to night.
    """
    database = folder / f"{name}-{log.stem}.duckdb"
    variables: dict[str, str | list[str]] = {"transactions": f"{log}/*.parquet"}
    if name == "core":
        variables["modules"] = []
    if not again:
        database.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-W", "ignore", "-m", "dbt.cli.main", "build", *arguments),
        *("--target-path", str(target_of(folder, log, name)), "--log-path", str(folder / "logs")),
        *("--vars", json.dumps(variables)),
    ]
    return command, {"CUSTOMER_VALUE_DB": str(database), "DBT_PROFILES_DIR": str(PROJECT)}


def target_of(folder: Path, log: Path, name: str) -> Path:
    """Return where dbt writes what it did."""
    return folder / f"target-{name}-{log.stem}"


def python_seconds(target: Path) -> float:
    """Return how long the Python models of the last build took together."""
    manifest = json.loads((target / "manifest.json").read_text())
    results = json.loads((target / "run_results.json").read_text())["results"]
    return sum(
        result["execution_time"]
        for result in results
        if manifest["nodes"].get(result["unique_id"], {}).get("language") == "python"
    )


def read_project(folder: Path, log: Path, names: list[str]) -> None:
    """Let dbt read the project, which it does anew only where vars or files have changed."""
    for name in {name.split()[0] for name in names} & {"core", "full"}:
        command, environment = dbt_build(folder, log, name, again=True)
        command[command.index("build")] = "ls"
        run(command, environment, folder / f"{name}-ls.log")


def simulated(folder: Path, customers: int, shape: str) -> Path:
    """Return the folder with the log, the lines of its last day in a file of their own."""
    log = folder / f"{shape}-{customers}"
    if not (log / "last_day.parquet").exists():
        log.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(HERE / "simulate.py"), "--customers", str(customers)]
        files = ["--output", str(log / "before.parquet"), "--last-day", str(log / "new.parquet")]
        subprocess.run([*command, *files, "--shape", shape], check=True)
        # The name comes last, so that a simulation that was stopped is no log.
        (log / "new.parquet").rename(log / "last_day.parquet")
    return log


def first_night(folder: Path, log: Path, name: str) -> None:
    """Build what the second night finds, from the log without its last day."""
    last_day = log / "last_day.parquet"
    put_aside = last_day.rename(log / "last_day.aside")
    try:
        command, environment = dbt_build(folder, log, name, *DATA_TESTS)
        run(command, environment, folder / f"{name}-first.log")
    finally:
        put_aside.rename(last_day)


CONTENDERS = ["floor", "opponent", "notebook", "core", "core again", "full", "full again"]


def main() -> None:
    """Simulate once, then run every contender in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--shape", choices=SHAPES, default="lines")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=PROJECT / "target" / "benchmark")
    parser.add_argument(
        "--only", nargs="*", choices=CONTENDERS, default=CONTENDERS, metavar="CONTENDER"
    )
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    log = simulated(folder, arguments.customers, arguments.shape)
    files = f"{log}/*.parquet"

    def script(name: str, *more: str) -> tuple[list[str], dict[str, str]]:
        return [sys.executable, "-W", "ignore", str(HERE / name), files, *more], {}

    read_project(folder, log, arguments.only)
    results: dict[str, list[Cost]] = {name: [] for name in arguments.only}
    for round_number in range(1, arguments.rounds + 1):
        for name in arguments.only:
            build, again = name.split()[0], name.endswith("again")
            if name == "floor":
                command, environment = script("floor.py")
            elif name == "opponent":
                command, environment = script("pandas_lifetimes.py", str(folder / "few.parquet"))
            elif name == "notebook":
                command, environment = script("whole_notebook.py", str(folder / "all.parquet"))
            else:
                if again:
                    first_night(folder, log, build)
                command, environment = dbt_build(folder, log, build, *DATA_TESTS, again=again)
            cost = run(command, environment, folder / f"{name}.log")
            results[name].append(cost)
            target = target_of(folder, log, build)
            of_python = f", Python {python_seconds(target):.1f} s" if target.exists() else ""
            print(
                f"round {round_number}: {name:10} {cost.seconds:8.1f} s "
                f"{cost.processor_seconds:8.1f} of processor {cost.memory:6.2f} GiB{of_python}",
                flush=True,
            )

    print(
        f"\n{arguments.customers:,} customers, shape {arguments.shape}, {os.cpu_count()} cores, "
        f"{platform.machine()}; load {os.getloadavg()[0]:.1f} at the end"
    )
    print(
        f"{'':12}{'seconds':>10}{'processor':>11}{'of opponent':>13}{'of notebook':>13}"
        f"{'of floor':>10}{'peak GiB':>10}"
    )
    medians = {name: statistics.median(c.seconds for c in runs) for name, runs in results.items()}
    for name, runs in results.items():
        ratios = [
            f"{medians[name] / medians[other]:.2f}" if other in medians else "-"
            for other in ("opponent", "notebook", "floor")
        ]
        processor = statistics.median(cost.processor_seconds for cost in runs)
        peak = max(cost.memory for cost in runs)
        print(
            f"{name:12}{medians[name]:10.1f}{processor:11.1f}{ratios[0]:>13}{ratios[1]:>13}"
            f"{ratios[2]:>10}{peak:10.2f}"
        )


if __name__ == "__main__":
    main()
