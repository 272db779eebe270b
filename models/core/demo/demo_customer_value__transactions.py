"""The CDNOW master file (Fader & Hardie 2001), read from the installed lifetimes package.

69,659 purchases by the 23,570 customers who first bought at the online music shop CDNOW
in the first quarter of 1997, up to 1998-06-30: amounts in dollars, no returns, no order
ids. The file is found by its path, since importing ``lifetimes.datasets`` needs a package
that is no longer installed by default.
"""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd


def to_relation(frame: pd.DataFrame, session):
    """Turn a frame into what dbt writes on any engine."""
    engine = type(session).__module__.split(".")[0]
    if engine == "pyspark":
        return session.createDataFrame(frame)
    # Snowflake keeps a frame's lower case, and then knows the names in quotes only.
    return frame.rename(columns=str.upper) if engine == "snowflake" else frame


def cdnow_path() -> Path:
    """Return the path of the CDNOW master file inside the installed lifetimes package."""
    spec = find_spec("lifetimes")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "The demo reads the CDNOW file from the Python package lifetimes, which is not "
            "installed: pip install -r requirements.txt, or set the var transactions."
        )
    return Path(spec.origin).parent / "datasets" / "CDNOW_master.txt"


def read_cdnow(path: Path) -> pd.DataFrame:
    """Read a CDNOW file: one row per purchase, under the project's standard names."""
    rows = pd.read_csv(path, sep=r"\s+", dtype=str)
    return pd.DataFrame(
        {
            "customer_id": rows["customer_id"],
            "transacted_at": pd.to_datetime(rows["date"], format="%Y%m%d"),
            "quantity": rows["number_of_cds"].astype("int64"),
            "amount": rows["dollar_value"].astype("float64"),
        }
    )


def model(dbt, session):
    """Write the demo's transactions as they stand in the file."""
    dbt.config(materialized="table", packages=["lifetimes", "pandas"])
    frame = read_cdnow(cdnow_path())
    return to_relation(frame, session)
