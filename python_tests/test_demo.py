"""The demo's input as it stands in the lifetimes package."""

import pandas as pd
import pytest
from helpers import FakeDbt, load_model

demo = load_model("core/demo/demo_customer_value__transactions.py")


@pytest.fixture(scope="module")
def transactions() -> pd.DataFrame:
    return demo.model(FakeDbt({}), None)


def test_the_demo_is_the_cdnow_master_file(transactions):
    assert len(transactions) == 69_659
    assert transactions["customer_id"].nunique() == 23_570
    assert transactions["amount"].sum() == pytest.approx(2_500_315.63)
    assert transactions["transacted_at"].min() == pd.Timestamp("1997-01-01")
    assert transactions["transacted_at"].max() == pd.Timestamp("1998-06-30")


def test_the_demo_has_the_standard_names_and_types(transactions):
    kinds = {name: dtype.kind for name, dtype in transactions.dtypes.items()}
    assert {"customer_id", "transacted_at", "quantity", "amount"} == set(kinds)
    assert (kinds["transacted_at"], kinds["quantity"], kinds["amount"]) == ("M", "i", "f")
    assert transactions.notna().all().all()


def test_a_missing_lifetimes_package_is_named(monkeypatch):
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="lifetimes, which is not installed"):
        demo.cdnow_path()
