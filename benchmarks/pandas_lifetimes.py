"""The opponent: the notebook that everybody copies, as a script.

    python benchmarks/pandas_lifetimes.py transactions.parquet customers.parquet

pandas and lifetimes as their tutorials use them: summary, BG/NBD, Gamma-Gamma, probability to be
alive, expected purchases, lifetime value, quintile scores; one row per customer is written. A fit
that does not converge is repeated with a penalizer, as the tutorials advise. Where lines have order
ids, they are summed by order and orders that came back whole are left out.
"""

import sys

import duckdb
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter
from lifetimes.utils import ConvergenceError, summary_data_from_transaction_data


def fit_with_penalizer(fitter_class, *data):
    """Fit, raising the penalizer until lifetimes is content."""
    for penalizer in (0.0, 0.001, 0.01, 0.1):
        try:
            return fitter_class(penalizer_coef=penalizer).fit(*data)
        except ConvergenceError:
            continue
    raise RuntimeError("lifetimes did not converge with any penalizer")


def read_orders(transactions_path: str) -> pd.DataFrame:
    """Return one row per order: customer_id, transacted_at and amount."""
    lines = duckdb.sql(f"from '{transactions_path}'").df()
    if "order_id" not in lines:
        return lines
    if "product_id" not in lines:
        return lines.drop(columns="order_id")
    orders = lines.groupby("order_id", sort=False).agg(
        customer_id=("customer_id", "first"),
        transacted_at=("transacted_at", "min"),
        amount=("amount", "sum"),
    )
    return orders[orders["amount"] > 0]


def main(transactions_path: str, output_path: str) -> None:
    """Score every customer of a transaction log in memory."""
    transactions = read_orders(transactions_path)
    summary = summary_data_from_transaction_data(
        transactions,
        "customer_id",
        "transacted_at",
        monetary_value_col="amount",
        observation_period_end=transactions["transacted_at"].max(),
    )
    purchases = fit_with_penalizer(
        BetaGeoFitter, summary["frequency"], summary["recency"], summary["T"]
    )
    repeat = summary[(summary["frequency"] > 0) & (summary["monetary_value"] > 0)]
    spend = fit_with_penalizer(GammaGammaFitter, repeat["frequency"], repeat["monetary_value"])
    history = summary["frequency"], summary["recency"], summary["T"]
    summary["probability_alive"] = purchases.conditional_probability_alive(*history)
    summary["expected_purchases_365d"] = (
        purchases.conditional_expected_number_of_purchases_up_to_time(365, *history)
    )
    summary["lifetime_value_365d"] = spend.customer_lifetime_value(
        purchases, *history, summary["monetary_value"], time=12, discount_rate=0.008, freq="D"
    )
    totals = transactions.groupby("customer_id").agg(
        last=("transacted_at", "max"), orders=("transacted_at", "count"), spend=("amount", "sum")
    )
    today = transactions["transacted_at"].max()
    recency = (today - totals["last"]).dt.days
    for name, values in {"r": -recency, "f": totals["orders"], "m": totals["spend"]}.items():
        ranks = values.rank(method="first")
        summary[f"{name}_score"] = pd.qcut(ranks, 5, labels=[1, 2, 3, 4, 5]).astype("int64")
    result = summary.reset_index()
    duckdb.sql(f"copy (select * from result) to '{output_path}' (format parquet)")
    print(f"{len(result):,} customers scored by pandas and lifetimes")


if __name__ == "__main__":
    main(*sys.argv[1:3])
