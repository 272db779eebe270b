"""What several tests need: the models as modules, and CDNOW computed without the project."""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]

# What every model and seed has in its name, and its table has not.
PACKAGE = "customer_value__"

CDNOW_SAMPLE_VARS = {
    "as_of_date": "1998-06-30",
    "date_format": "%Y%m%d",
    "transaction_columns": {
        "customer_id": "customer",
        "transacted_at": "date",
        "quantity": "cds",
        "amount": "dollars",
    },
}


def copy_project(target: Path) -> Path:
    """Copy what dbt reads of the project, for tests that change it or install it."""
    for name in ("dbt_project.yml", "profiles.yml"):
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    for name in ("macros", "models", "seeds", "tests"):
        shutil.copytree(ROOT / name, target / name)
    return target


def copy_macros(target: Path) -> Path:
    """Copy the macros alone, for operations on them: without nodes dbt has little to parse."""
    shutil.copytree(ROOT / "macros", target / "macros")
    for name in ("dbt_project.yml", "profiles.yml", "models/groups.yml"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    return target


def mart_names(capability: str = "*") -> list[str]:
    """Return the names of the marts' tables, of one capability or of all."""
    paths = (ROOT / "models").glob(f"{capability}/marts/*.sql")
    return sorted(path.stem.removeprefix(PACKAGE) for path in paths)


def transaction_marts() -> list[str]:
    """Return the marts that a log of transactions alone builds, with the default modules."""
    off = ("subscriptions", "audiences", "portraits", "events")
    switched_off = {mart for capability in off for mart in mart_names(capability)}
    return sorted(set(mart_names()) - switched_off)


def seed_path(name: str, project: Path = ROOT) -> Path:
    """Return the file of a seed, whichever capability it belongs to."""
    (path,) = (project / "seeds").glob(f"*/{PACKAGE}{name}.csv")
    return path


def reasons_of_the_list() -> dict[str, list[str]]:
    """Return input -> the reasons for leaving out one of its rows."""
    text = (ROOT / "macros" / "checks" / "exclusion_reasons.sql").read_text()
    return {
        name: re.findall(r'"(\w+)"', names)
        for name, names in re.findall(r'"(\w+)": \[(.*?)\]', text, re.S)
    }


@cache
def load_model(path: str) -> ModuleType:
    """Import a Python model by its path inside models/."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / "models" / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_on_project(
    *command: str, database: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command on this project in a process of its own, its artifacts beside the database."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env={
            **os.environ,
            "CUSTOMER_VALUE_DB": str(database),
            "DBT_TARGET_PATH": str(database.parent / "target"),
            "DBT_LOG_PATH": str(database.parent),
            "DBT_USE_COLORS": "false",
            **environment,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass
class FakeConfig:
    """dbt.config: called with the model's configuration, asked for its meta."""

    meta: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)

    def __call__(self, **given) -> None:
        self.given = given

    def meta_get(self, key: str, default: Any = None) -> Any:
        return self.meta.get(key, default)


class FakeDbt:
    """The object that dbt hands to a Python model."""

    def __init__(self, refs: dict[str, Any], meta: dict[str, Any] | None = None):
        self.refs = refs
        self.config = FakeConfig(meta or {})

    def ref(self, name: str, *_) -> Any:
        return self.refs[name]


def cdnow_path(name: str) -> Path:
    spec = importlib.util.find_spec("lifetimes")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "datasets" / name


def read_cdnow_sample() -> pd.DataFrame:
    """Return the lines of the sample, everything as the text that it is."""
    return pd.read_csv(
        cdnow_path("CDNOW_sample.txt"),
        sep=r"\s+",
        names=["master", "customer", "date", "cds", "dollars"],
        dtype=str,
    )


def write_cdnow_sample(path: Path, lines: pd.DataFrame | None = None) -> None:
    """Write the sample as a shop might export it: amounts such as $29.33, dates unseparated."""
    lines = read_cdnow_sample() if lines is None else lines
    lines.assign(dollars="$" + lines["dollars"]).to_csv(path, index=False)


def thirty_customers() -> pd.DataFrame:
    """Return two years of thirty customers of a small shop."""
    random = np.random.default_rng(30)
    customers = np.repeat(np.arange(1, 31), random.integers(1, 12, 30))
    days = random.integers(0, 730, len(customers))
    return pd.DataFrame(
        {
            "customer_id": customers,
            "transacted_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D"),
            "amount": random.choice([5.0, 9.5, 20.0, 35.25], len(customers)),
        }
    )


def with_another_future(lines: pd.DataFrame, last_date: str) -> pd.DataFrame:
    """Return the sample with all after a date (such as 19980331) changed at will.

    Amounts are seven times as high, half of the lines are gone, and 300 are new.
    """
    is_future = lines["date"] > last_date
    dollars = (lines["dollars"].astype(float) * 7).round(2).astype(str)
    changed = lines.assign(dollars=lines["dollars"].where(~is_future, dollars))
    changed = changed[~is_future | (np.random.default_rng(1).random(len(lines)) < 0.5)]
    return pd.concat([changed, changed.head(300).assign(date="19980515", dollars="99.00")])


def customers_as_of(lines: pd.DataFrame, as_of_date: str) -> pd.DataFrame:
    """Return x, t_x, T and mean repeat spend per customer, by pandas and nothing of ours.

    Parameters
    ----------
    lines : customer, date (timestamps), dollars (numbers).
    """
    end = pd.Timestamp(as_of_date)
    totals = lines[lines["date"] <= end].groupby(["customer", "date"])["dollars"].sum()
    days = totals.sort_index().reset_index()
    days["number"] = days.groupby("customer").cumcount()
    dates = days.groupby("customer")["date"].agg(["min", "max", "size"])
    paid = days[(days["number"] > 0) & (days["dollars"] > 0)].groupby("customer")["dollars"]
    return pd.DataFrame(
        {
            "x": dates["size"] - 1,
            "t_x": (dates["max"] - dates["min"]).dt.days,
            "T": (end - dates["min"]).dt.days,
            "paid_x": paid.size().reindex(dates.index, fill_value=0),
            "m": paid.mean().reindex(dates.index),
        }
    )


@cache
def cdnow_sample_customers(as_of_date: str) -> pd.DataFrame:
    lines = read_cdnow_sample()
    return customers_as_of(
        pd.DataFrame(
            {
                "customer": lines["customer"],
                "date": pd.to_datetime(lines["date"], format="%Y%m%d"),
                "dollars": lines["dollars"].astype("float64"),
            }
        ),
        as_of_date,
    )


@cache
def cdnow_master_customers(as_of_date: str) -> pd.DataFrame:
    lines = pd.read_csv(cdnow_path("CDNOW_master.txt"), sep=r"\s+", dtype={"customer_id": str})
    return customers_as_of(
        pd.DataFrame(
            {
                "customer": lines["customer_id"],
                "date": pd.to_datetime(lines["date"].astype(str), format="%Y%m%d"),
                "dollars": lines["dollar_value"].astype("float64"),
            }
        ),
        as_of_date,
    )


def as_documented(value: object) -> str:
    """Return a cell of a result as the tables of docs/ write it."""
    if value is None:
        return "\N{EN DASH}"
    if not isinstance(value, (float, Decimal)):
        return str(value)
    size = abs(float(value))
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{2 if size >= 20 else 4}f}".rstrip("0").rstrip(".")


def correction_features(rows: pd.DataFrame) -> np.ndarray:
    """Return the features of int_model_forecasts, computed by numpy alone."""
    repeats = rows["repeat_count"].to_numpy("float64")
    gap = rows["last_purchase_age_days"].to_numpy("float64") / np.maximum(repeats, 1)
    recency = np.log1p(rows["recency_days"].to_numpy("float64"))
    return np.column_stack(
        [
            np.log(np.maximum(rows["expected_purchases_in_window"], 1e-12)),
            np.log1p(repeats),
            repeats == 0,
            recency,
            np.log1p(rows["customer_age_days"].to_numpy("float64")),
            np.where(repeats == 0, 0, np.clip(recency - np.log1p(gap), -3, 3)),
            np.log(np.maximum(rows["mean_paid_value"], 1e-9)),
            np.log1p(rows["quarter_window_purchases"].to_numpy("float64")),
            np.log1p(rows["half_window_purchases"].to_numpy("float64")),
            np.log1p(rows["whole_window_purchases"].to_numpy("float64")),
            np.log1p(np.maximum(rows["window_spend"].to_numpy("float64"), 0)),
            np.log(np.maximum(rows["shrunk_purchase_value"], 1e-9)),
        ]
    ).astype("float64")


def correction_of(rows: pd.DataFrame) -> Any:
    """Return the factor that rows of fit_corrections hold."""
    ordered = rows[rows["feature"] != "level"].sort_values("position")
    intercept, rest = ordered.iloc[0], ordered.iloc[1:]
    corrections = load_model("core/predictions/fit_customer_value__corrections.py")
    return corrections.Correction(
        *(rest[name].to_numpy() for name in ("mean", "deviation", "low", "high")),
        intercept["coefficient"],
        rest["coefficient"].to_numpy(),
        (intercept["low"], intercept["high"]),
    )
