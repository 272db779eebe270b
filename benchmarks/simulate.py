"""Write a transaction log of simulated customers as parquet, for benchmarks of any size.

    python benchmarks/simulate.py --customers 1000000 --output transactions.parquet

Purchases follow the BG/NBD (Fader, Hardie & Lee 2005) and amounts the Gamma-Gamma model (Fader &
Hardie 2013): what the fits assume is true here, so that their estimates can be checked against the
parameters below. The same arguments give the same rows.
"""

import argparse
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

# Time in days, money in currency units; about 3.8 transactions per customer.
PURCHASES = {"r": 0.55, "alpha": 50.0, "a": 0.75, "b": 2.6}
SPEND = {"p": 6.0, "q": 4.0, "v": 15.0}
FIRST_DAY = np.datetime64("2023-01-01", "D")
OBSERVED_DAYS = 730
ACQUISITION_DAYS = 640
CUSTOMERS_PER_CHUNK = 1_000_000


def simulate_chunk(first_customer: int, customer_count: int, seed: int) -> pd.DataFrame:
    """Simulate the purchases of some customers up to the end of the observed days.

    Returns
    -------
    One row per purchase: customer_id (int64), transacted_at (timestamp), amount (float64, two
    decimals), ordered by time as a log is.
    """
    random = np.random.default_rng([seed, first_customer])
    customer = np.arange(first_customer, first_customer + customer_count)
    rate = random.gamma(PURCHASES["r"], 1 / PURCHASES["alpha"], customer_count)
    dropout = random.beta(PURCHASES["a"], PURCHASES["b"], customer_count)
    spend_rate = random.gamma(SPEND["q"], 1 / SPEND["v"], customer_count)
    # Days are counted in hours, so that a log has times in it.
    time = random.uniform(0, ACQUISITION_DAYS, customer_count)

    customers, times, spend_rates = [customer], [time], [spend_rate]
    while len(customer):
        with np.errstate(divide="ignore"):
            time = time + random.exponential(1, len(customer)) / rate
        bought = time < OBSERVED_DAYS
        customer, time, rate, dropout, spend_rate = (
            values[bought] for values in (customer, time, rate, dropout, spend_rate)
        )
        customers.append(customer)
        times.append(time)
        spend_rates.append(spend_rate)
        stays = random.uniform(size=len(customer)) >= dropout
        customer, time, rate, dropout, spend_rate = (
            values[stays] for values in (customer, time, rate, dropout, spend_rate)
        )

    when = np.concatenate(times)
    amounts = random.gamma(SPEND["p"], 1 / np.concatenate(spend_rates))
    order = np.argsort(when, kind="stable")
    return pd.DataFrame(
        {
            "customer_id": np.concatenate(customers)[order],
            "transacted_at": FIRST_DAY.astype("datetime64[s]")
            + (when[order] * 86_400).astype("timedelta64[s]"),
            "amount": np.maximum(np.round(amounts[order], 2), 0.01),
        }
    )


def simulate(customer_count: int, output: Path, seed: int) -> int:
    """Write `customer_count` customers to `output` in bounded memory; return the row count."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table log (customer_id bigint, transacted_at timestamp, amount double)"
        )
        for first in range(0, customer_count, CUSTOMERS_PER_CHUNK):
            count = min(CUSTOMERS_PER_CHUNK, customer_count - first)
            chunk = simulate_chunk(first, count, seed)
            connection.register("chunk", chunk)
            connection.execute("insert into log select * from chunk")
            connection.unregister("chunk")
        path = str(output).replace("'", "''")
        connection.execute(f"copy log to '{path}' (format parquet)")
        return int(connection.sql("select count(*) from log").fetchall()[0][0])


def main() -> None:
    """Simulate as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rows = simulate(arguments.customers, arguments.output, arguments.seed)
    print(f"{arguments.output}: {arguments.customers:,} customers, {rows:,} transactions")


if __name__ == "__main__":
    main()
