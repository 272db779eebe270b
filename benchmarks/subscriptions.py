"""Time the module of subscriptions on simulated payments.

    python benchmarks/subscriptions.py --subscribers 1000000

Subscribers of two plans join over five years and pay every month until they are lost, each with a
probability of their own, drawn from a beta distribution: about 20 payments each, of which 3 in 100
come late. One process of dbt builds everything of the module with its data tests; its seconds and
peak memory are printed. Everything is written below --folder and may be deleted after.
"""

import argparse
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from run import PROJECT, run_dbt

FIRST_MONTH = "2021-01-01"
LAST_DAY = "2025-12-31"
MONTHS = 60
# Price, share of the subscribers, gamma and delta of the probability to be lost at a renewal.
PLANS = {"basic": (9.0, 0.7, 0.8, 22.0), "pro": (29.0, 0.3, 0.9, 40.0)}


def write_payments(path: Path, count: int, seed: int) -> int:
    """Write a row per payment as parquet and return their number."""
    random = np.random.default_rng(seed)
    plan = random.choice(list(PLANS), size=count, p=[share for _, share, _, _ in PLANS.values()])
    gamma, delta, price = (np.array([PLANS[name][i] for name in plan]) for i in (2, 3, 0))
    # The first payment is made in any case; then the number of renewals before the loss.
    payments = random.geometric(np.clip(random.beta(gamma, delta), 1e-9, 1))
    subscribers = pd.DataFrame(
        {
            "customer_id": np.arange(count) + 1,
            "start_day": random.integers(0, MONTHS * 30, count),
            "plan": plan,
            "amount": price,
            "payment_count": np.minimum(payments, MONTHS),
        }
    )
    with duckdb.connect() as connection:
        connection.register("subscribers", subscribers)
        connection.execute(
            f"""
            copy (
                select customer_id, paid_on, amount, plan
                from (
                    select *,
                        date '{FIRST_MONTH}' + start_day::integer
                            + to_months(number::integer)
                            + case
                                when number > 0 and hash(customer_id, number) % 100 < 3
                                    then to_days((1 + hash(number, customer_id) % 20)::integer)
                                else interval 0 day
                            end as paid_on
                    from subscribers, range({MONTHS}) as numbers (number)
                    where number < payment_count
                )
                where paid_on <= date '{LAST_DAY}'
            ) to '{path}' (format parquet)
            """
        )
        ((rows,),) = connection.sql(f"select count(*) from '{path}'").fetchall()
    return rows


def main() -> None:
    """Simulate, build and print what the build cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=PROJECT / "target" / "benchmark")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"payments-{arguments.subscribers}.parquet"
    rows = write_payments(log, arguments.subscribers, arguments.seed)
    print(f"{arguments.subscribers:,} subscribers, {rows:,} payments", flush=True)
    database = log.with_suffix(".duckdb")
    database.unlink(missing_ok=True)
    variables = {
        "subscription_payments": str(log),
        "billing_interval": "month",
        "as_of_date": LAST_DAY,
    }
    arguments = ("build", "--no-partial-parse", "--select", "path:models/subscriptions")
    no_unit_tests = ("--exclude-resource-type", "unit_test")
    cost = run_dbt(folder, database, "subscriptions", variables, *arguments, *no_unit_tests)
    print(f"{cost}, parsing included")


if __name__ == "__main__":
    main()
