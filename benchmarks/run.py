"""Time the build against the notebook everybody copies and against the least it could cost.

    python benchmarks/run.py --customers 1000000 --rounds 3

Whole processes, alternating, so that what else the machine does falls on all of them; the medians
of wall time, the ratios to the opponent and the floor, and the peak memory of each are printed. The
log is simulated (simulate.py); everything is written below --folder and may be deleted after.
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

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
DATA_TESTS = ("--exclude-resource-type", "unit_test")


def run(command: list[str], environment: dict[str, str], log: Path) -> tuple[float, float]:
    """Run a command to its end; return its seconds and its peak memory in GiB."""
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
    return seconds, usage.ru_maxrss * unit / 2**30


def dbt_build(
    folder: Path, log: Path, name: str, *arguments: str, again: bool = False
) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment of a build of `log` in a database of its own.

    `again` keeps the database: what a nightly run finds, with its history stored. The project is
    read once for all rounds, as it is from night to night.
    """
    database = folder / f"{name}-{log.stem}.duckdb"
    variables: dict[str, str | list[str]] = {"transactions": str(log)}
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


def main() -> None:
    """Simulate once, then run every contender in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=PROJECT / "target" / "benchmark")
    parser.add_argument(
        "--only",
        nargs="*",
        default=["floor", "opponent", "core", "core again", "full"],
        metavar="CONTENDER",
    )
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"transactions-{arguments.customers}.parquet"
    if not log.exists():
        simulate = [sys.executable, str(HERE / "simulate.py")]
        size = ["--customers", str(arguments.customers), "--output", str(log)]
        subprocess.run([*simulate, *size], check=True)

    read_project(folder, log, arguments.only)
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in arguments.only}
    for round_number in range(1, arguments.rounds + 1):
        opponent = [str(HERE / "pandas_lifetimes.py"), str(log), str(folder / "opponent.parquet")]
        contenders = {
            "floor": lambda: ([sys.executable, str(HERE / "floor.py"), str(log)], {}),
            "opponent": lambda command=opponent: ([sys.executable, *command], {}),
            "core": lambda: dbt_build(folder, log, "core", *DATA_TESTS),
            "core again": lambda: dbt_build(folder, log, "core", *DATA_TESTS, again=True),
            "full": lambda: dbt_build(folder, log, "full", "--exclude-resource-type", "unit_test"),
        }
        for name in arguments.only:
            command, environment = contenders[name]()
            seconds, memory = run(command, environment, folder / f"{name}.log")
            results[name].append((seconds, memory))
            target = target_of(folder, log, name.split()[0])
            of_python = f", Python {python_seconds(target):.1f} s" if target.exists() else ""
            print(
                f"round {round_number}: {name:10} {seconds:8.1f} s {memory:6.2f} GiB{of_python}",
                flush=True,
            )

    medians = {name: statistics.median(s for s, _ in runs) for name, runs in results.items()}
    print(f"\n{arguments.customers:,} customers, {os.cpu_count()} cores, {platform.machine()}")
    print(f"{'':12}{'seconds':>10}{'of opponent':>13}{'of floor':>10}{'peak GiB':>10}")
    for name, runs in results.items():
        ratios = [
            f"{medians[name] / medians[other]:.2f}" if other in medians else "-"
            for other in ("opponent", "floor")
        ]
        peak = max(memory for _, memory in runs)
        print(f"{name:12}{medians[name]:10.1f}{ratios[0]:>13}{ratios[1]:>10}{peak:10.2f}")


if __name__ == "__main__":
    main()
