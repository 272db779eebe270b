"""Show what fitting on a bounded sample costs: the same log, fitted on a sample and on everybody.

    python benchmarks/sample_against_all.py --log target/benchmark/transactions-1000000.parquet

Builds `customers` twice, with the default `fit_customer_limit` and without a limit, and prints
how far the parameters lie apart, in standard errors of the sample's, and how far the totals of
the forecast do, beside the deviation that the sample's own parameter errors let expect.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parent.parent


def build(folder: Path, name: str, variables: dict) -> Path:
    """Build what the comparison reads, in a database of its own; return the database."""
    database = folder / f"{name}.duckdb"
    database.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-m", "dbt.cli.main", "build", "--exclude-resource-type", "unit_test"),
        *(
            "--select",
            "+customer_value__customers",
            "+customer_value__forecast_intervals",
            "--indirect-selection",
            "cautious",
        ),
        *("--vars", json.dumps({**variables, "modules": ["validation"], "history_months": 0})),
        *("--target-path", str(folder / f"target-{name}"), "--log-path", str(folder / "logs")),
    ]
    environment = {"CUSTOMER_VALUE_DB": str(database), "DBT_PROFILES_DIR": str(PROJECT)}
    with (folder / f"{name}.log").open("w") as output:
        subprocess.run(
            command,
            cwd=PROJECT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=True,
        )
    return database


def main() -> None:
    """Build twice and print the differences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--folder", type=Path, default=PROJECT / "target" / "benchmark")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    log = {"transactions": str(arguments.log.resolve())}
    sample = build(folder, "sample", log)
    everybody = build(folder, "everybody", {**log, "fit_customer_limit": 2_000_000_000})

    with duckdb.connect() as connection:
        connection.execute(f"attach '{sample}' as sample (read_only)")
        connection.execute(f"attach '{everybody}' as everybody (read_only)")
        parameters = connection.sql(
            """
            select model, parameter, s.estimate, s.standard_error, e.estimate as of_everybody,
                (s.estimate - e.estimate) / s.standard_error as standard_errors_apart
            from sample.main_internal.fit_forecast_models as s
            inner join everybody.main_internal.fit_forecast_models as e
                using (as_of_role, model, replicate, parameter)
            where as_of_role = 'current' and replicate = 0
            order by model, parameter
            """
        ).fetchall()
        totals = connection.sql(
            """
            select
                sum(s.expected_purchases_365d) / sum(e.expected_purchases_365d) - 1,
                sum(s.lifetime_value_365d) / sum(e.lifetime_value_365d) - 1
            from sample.main.customers as s
            inner join everybody.main.customers as e using (customer_id)
            """
        ).fetchall()[0]
        expected = dict(
            connection.sql(
                """
                select measure, max(parameter_deviation)
                from sample.main_internal.score_forecast_intervals
                where scope = 'total'
                group by measure
                """
            ).fetchall()
        )
    print(f"{'':28}{'sample':>12}{'error':>10}{'everybody':>12}{'errors apart':>14}")
    for model, parameter, estimate, error, of_everybody, apart in parameters:
        print(
            f"{model:14}{parameter:14}{estimate:12.4f}{error:10.4f}{of_everybody:12.4f}{apart:14.2f}"
        )
    print(f"{'':28}{'difference':>12}{'expected':>10}")
    for measure, difference in zip(("expected_purchases", "lifetime_value"), totals, strict=True):
        print(f"{measure:28}{difference:12.3%}{expected[measure]:10.3%}")


if __name__ == "__main__":
    main()
