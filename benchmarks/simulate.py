"""Write a transaction log of simulated customers as parquet, for benchmarks of any size.

    python benchmarks/simulate.py --customers 1000000 --output transactions.parquet --shape lines

The same purchases in one of three shapes: `bare`, a customer, a time and an amount; `purchases`,
each with an order id; `lines`, orders of one to five lines with a product each, of which some are
returned on a later day.

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
SHAPES = ("bare", "purchases", "lines")
# Of the shape `lines`: lines of an order (three on average), and the share that comes back.
MOST_LINES = 5
RETURN_SHARE = 0.02
RETURN_DAYS = 30
PRODUCTS = 5_000


def simulate_chunk(first_customer: int, customer_count: int, seed: int) -> pd.DataFrame:
    """Simulate the purchases of some customers up to the end of the observed days.

    Returns
    -------
    One row per purchase: customer_id (int64), transacted_at (timestamp), amount (float64, two
    decimals), ordered by time as a log is.
    """
    random = np.random.default_rng([seed, first_customer])
    # From 1, since customer 0 is a word for nobody.
    customer = np.arange(first_customer, first_customer + customer_count) + 1
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


def item_lines(orders: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Return the lines of orders, and after them the lines that come back.

    Returns
    -------
    The columns of the orders and product_id (int64). The lines of an order have different products
    and add up to its amount, to the cent; a returned line has its order's id, the amount of a line
    of that order, negative, and a day up to `RETURN_DAYS` later within the observed days.
    """
    counts = random.integers(1, MOST_LINES + 1, len(orders))
    first = np.cumsum(counts) - counts
    order = np.repeat(np.arange(len(orders)), counts)
    shares = random.exponential(1, len(order))
    shares /= np.repeat(np.add.reduceat(shares, first), counts)
    cents = np.round(orders["amount"].to_numpy() * 100).astype("int64")
    part = np.floor(shares * cents[order]).astype("int64")
    part[first] += cents - np.add.reduceat(part, first)
    lines = orders.iloc[order].reset_index(drop=True)
    lines["amount"] = part / 100
    lines["product_id"] = (
        np.repeat(random.integers(0, PRODUCTS, len(orders)), counts) + np.arange(len(order))
    ) % PRODUCTS
    returned = lines[(random.uniform(size=len(lines)) < RETURN_SHARE) & (part > 0)]
    later = random.integers(1, RETURN_DAYS + 1, len(returned)).astype("timedelta64[D]")
    returned = returned.assign(
        amount=-returned["amount"], transacted_at=returned["transacted_at"] + later
    )
    end = pd.Timestamp(FIRST_DAY + np.timedelta64(OBSERVED_DAYS, "D"))
    return pd.concat([lines, returned[returned["transacted_at"] < end]], ignore_index=True)


def in_shape(purchases: pd.DataFrame, shape: str, first_order: int, seed: int) -> pd.DataFrame:
    """Return purchases as a log of a certain shape, ordered by time.

    Parameters
    ----------
    first_order : the id of the first order.
    """
    if shape == "bare":
        return purchases
    purchases = purchases.assign(order_id=np.arange(first_order, first_order + len(purchases)))
    if shape == "purchases":
        return purchases
    lines = item_lines(purchases, np.random.default_rng([seed, first_order, 1]))
    return lines.sort_values("transacted_at", kind="stable", ignore_index=True)


def simulate(
    customer_count: int, output: Path, seed: int, shape: str = "bare", last_day: Path | None = None
) -> int:
    """Write `customer_count` customers to `output` in bounded memory; return the row count.

    Parameters
    ----------
    last_day : where the lines of the last day go, which `output` then leaves out.
    """
    order_count = 0
    with duckdb.connect() as connection:
        for first in range(0, customer_count, CUSTOMERS_PER_CHUNK):
            count = min(CUSTOMERS_PER_CHUNK, customer_count - first)
            purchases = simulate_chunk(first, count, seed)
            chunk = in_shape(purchases, shape, order_count, seed)
            order_count += len(purchases)
            connection.register("chunk", chunk)
            if first == 0:
                connection.execute(
                    "create table log as select * replace (cast(transacted_at as timestamp) as "
                    "transacted_at) from chunk limit 0"
                )
            connection.execute("insert into log select * from chunk")
            connection.unregister("chunk")
        begin = str(FIRST_DAY + np.timedelta64(OBSERVED_DAYS - 1, "D"))
        parts = {output: "true"}
        if last_day is not None:
            parts = {
                output: f"transacted_at < timestamp '{begin}'",
                last_day: f"transacted_at >= timestamp '{begin}'",
            }
        for file, condition in parts.items():
            path = str(file).replace("'", "''")
            connection.execute(
                f"copy (select * from log where {condition}) to '{path}' (format parquet)"
            )
        return int(connection.sql("select count(*) from log").fetchall()[0][0])


def main() -> None:
    """Simulate as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shape", choices=SHAPES, default="bare")
    parser.add_argument("--last-day", type=Path, help="a file of its own for the last day's lines")
    arguments = parser.parse_args()
    rows = simulate(
        arguments.customers,
        arguments.output,
        arguments.seed,
        arguments.shape,
        arguments.last_day,
    )
    print(f"{arguments.output}: {arguments.customers:,} customers, {rows:,} lines")


if __name__ == "__main__":
    main()
