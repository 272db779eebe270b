"""Each capability alone, on a log of thirty customers: none may need what it does not name."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import Build, run_dbt
from helpers import ROOT, mart_names, thirty_customers

# What each is built with: itself, and what it needs. Validation alone is built in test_inputs.
ALONE = {
    "core": [],
    "history": ["history"],
    "decisions": ["history", "decisions"],
    "propensity": ["propensity"],
    "experiments": ["experiments"],
    "subscriptions": ["subscriptions"],
    "portraits": ["portraits"],
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> dict[str, str]:
    """Write two years of thirty customers, one campaign and their subscriptions."""
    folder = tmp_path_factory.mktemp("inputs")
    start = pd.Timestamp("2024-01-01")
    frames = {
        "transactions": thirty_customers(),
        "campaign_contacts": pd.DataFrame(
            {
                "customer_id": np.arange(1, 31),
                "campaign_id": "spring",
                "contacted_at": start + pd.Timedelta(days=500),
                "variant": np.where(np.arange(30) % 2 == 0, "control", "letter"),
            }
        ),
        "subscriptions": pd.DataFrame(
            {
                "subscription_id": np.arange(30),
                "customer_id": np.arange(1, 31),
                "started_on": start + pd.to_timedelta(np.arange(30), unit="D"),
                "ended_on": start + pd.to_timedelta(np.arange(30) * 25 + 40, unit="D"),
                "amount": 10,
                "billing_interval": "month",
            }
        ),
    }
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return {name: str(folder / f"{name}.csv") for name in frames}


def build_alone(capability: str, inputs: dict[str, str], folder: Path) -> Build:
    """Build a capability with its own data tests; those of the core are run with the core."""
    names = ["transactions"]
    names += ["campaign_contacts"] * (capability in ("experiments", "propensity"))
    names += ["subscriptions"] * (capability == "subscriptions")
    skipped = ["--exclude-resource-type", "unit_test"]
    skipped += ["--exclude", "path:models/core,resource_type:test"]
    return run_dbt(
        *("build", "--threads", "2", *(skipped if capability != "core" else [])),
        variables={"modules": ALONE[capability], **{name: inputs[name] for name in names}},
        database=folder / "alone.duckdb",
    )


@pytest.mark.parametrize("capability", list(ALONE))
def test_a_capability_is_built_without_the_others(capability, inputs, tmp_path):
    """The core with its unit tests too, as docs and developers build it."""
    build = build_alone(capability, inputs, tmp_path)
    assert build.exit_code == 0, build.output
    assert set(mart_names(capability)) - {"attribute_coverage"} <= build.marts()
    assert build.row("select count(*) from customers") == (30,)


def needed(properties: dict) -> list[set[str]]:
    """Return what a model or unit test needs to be enabled: one of each set, or `any`."""
    enabled = str(properties.get("config", {}).get("enabled", ""))
    parts = [re.findall(r"'(\w+)' in var\('modules'\)", part) for part in enabled.split(" and ")]
    return [set(part) or {"any"} for part in parts if "modules" in enabled]


def test_a_unit_test_needs_no_capability_that_it_does_not_name():
    """Or a build without it would stop at an input that is not in the project."""
    files = [yaml.safe_load(path.read_text()) for path in (ROOT / "models").rglob("*.yml")]
    models = {model["name"]: needed(model) for of in files for model in of.get("models", [])}
    unit_tests = [test for of in files for test in of.get("unit_tests", [])]
    assert len(unit_tests) > 100
    for test in unit_tests:
        # Nobody knows which one of several is there.
        parts = [*models[test["model"]], *needed(test)]
        own = {"any" if len(part) > 1 else next(iter(part)) for part in parts}
        for given in test["given"]:
            (name,) = re.findall(r"ref\('(\w+)'\)", given["input"]) or [""]
            missing = [part for part in models.get(name, []) if not part & own]
            assert all(own and part == {"any"} for part in missing), (test["name"], name)
