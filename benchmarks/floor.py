"""The floor: one group by customer over the same file, the least any of this can cost.

python benchmarks/floor.py transactions.parquet
"""

import sys

import duckdb


def main(transactions_path: str) -> None:
    """Aggregate the log by customer and keep the result."""
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            create table totals as
            select
                customer_id,
                min(transacted_at) as first_at,
                max(transacted_at) as last_at,
                count(*) as order_count,
                sum(amount) as revenue
            from '{transactions_path}'
            group by customer_id
            """
        )
        count = connection.sql("select count(*) from totals").fetchall()[0][0]
    print(f"{count:,} customers grouped by DuckDB")


if __name__ == "__main__":
    main(sys.argv[1])
