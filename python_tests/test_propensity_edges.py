"""What cannot be estimated is said in a sentence, and everything else is built all the same."""

import numpy as np
import pandas as pd
import pytest

AS_OF_DATE = pd.Timestamp("2024-12-31")
# A name of a campaign is text, whatever it holds.
CAMPAIGN = "mother's day' or 1 = 1 --"


def log_of(purchase_days: dict[str, list[int]], amounts: np.random.Generator | float):
    """Return a line for every purchase, its day counted back from the as-of date."""
    rows = [(customer, day) for customer, days in purchase_days.items() for day in days]
    frame = pd.DataFrame(rows, columns=["customer_id", "day"])
    frame["transacted_at"] = (AS_OF_DATE - pd.to_timedelta(frame.pop("day"), "D")).dt.date
    if isinstance(amounts, float):
        return frame.assign(amount=amounts)
    return frame.assign(amount=amounts.gamma(2, 20, len(frame)).round(2) + 1)


def twenty_customers() -> pd.DataFrame:
    """Return a year of a shop that just began."""
    random = np.random.default_rng(1)
    days = {
        f"c{i:02}": sorted(random.choice(365, random.integers(1, 9), replace=False).tolist())
        for i in range(20)
    }
    return log_of(days, random)


def nobody_returns() -> pd.DataFrame:
    """Return a sale ten months ago, after which nobody came back."""
    random = np.random.default_rng(2)
    days = {
        f"c{i:03}": random.choice(range(300, 366), random.integers(1, 4), replace=False).tolist()
        for i in range(150)
    }
    return log_of(days, random)


def everybody_returns() -> pd.DataFrame:
    """Return a subscription: everybody buys about every 30 days."""
    random = np.random.default_rng(3)
    days = {
        f"c{i:03}": [30 * month + int(random.integers(0, 20)) for month in range(18)]
        for i in range(150)
    }
    return log_of(days, random)


def one_price() -> pd.DataFrame:
    """Return two years of a shop where all cost the same, and 30 customers who came last."""
    random = np.random.default_rng(4)
    days = {}
    for i in range(400):
        first = int(random.integers(200, 730))
        gaps = random.exponential(random.choice([30, 90, 400]), 40).cumsum().astype(int)
        later = np.unique(first - gaps[(gaps > 0) & (gaps <= first)])
        days[f"c{i:03}"] = [first, *later.tolist()]
    days |= {f"d{i:03}": [int(random.integers(0, 60))] for i in range(30)}
    return log_of(days, 10.0)


def attributes_of(lines: pd.DataFrame) -> pd.DataFrame:
    """Return regions, one of which only the last customers have, and two empty attributes."""
    customers = lines["customer_id"].drop_duplicates().sort_values(ignore_index=True)
    region = np.where(customers.index % 3 == 0, "north", "south").astype(object)
    region[customers.str.startswith("d")] = "new town"
    return pd.DataFrame(
        {"customer_id": customers, "region": region, "country": "NL", "note": pd.NA}
    )


@pytest.fixture
def build_edge(built, tmp_path):
    """Return a function that builds a log, and its customers' attributes where they are given."""

    def run(lines: pd.DataFrame, attributes: pd.DataFrame | None = None):
        variables = {
            "campaign_experiment": CAMPAIGN,
            "transactions": str(tmp_path / "log.csv"),
            "as_of_date": str(AS_OF_DATE.date()),
        }
        lines.to_csv(variables["transactions"], index=False)
        if attributes is not None:
            variables["customer_attributes"] = str(tmp_path / "attributes.csv")
            attributes.to_csv(variables["customer_attributes"], index=False)
        result = built(variables)
        return result, dict(result.rows("select target, finding from propensity_fits"))

    return run


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (twenty_customers, "training rows have the rarer outcome, and at least 20 are needed"),
        (nobody_returns, "Nobody in the training rows has the outcome"),
        (everybody_returns, "Everybody in the training rows has the outcome"),
    ],
)
def test_too_little_to_learn_from_is_said_and_the_rest_is_built(build_edge, lines, sentence):
    result, findings = build_edge(lines())
    assert sentence in findings["purchase"]
    assert findings["purchase"].endswith("nothing was estimated.")
    assert findings["response"].startswith("No contacts whose response is known")
    assert result.row("select count(purchase_propensity_90d) from customers") == (0,)
    assert result.row("select count(*) from customers")[0] == lines()["customer_id"].nunique()
    for mart in ("propensity_gains", "campaign_audience", "experiment_results"):
        assert result.row(f"select count(*) from {mart}") == (0,)
    assert result.row(
        "select count(*) from probability_evaluation where predictor = 'propensity'"
    ) == (0,)
    assert result.row(
        "select sum(row_count) from excluded_rows where input = 'campaign_contacts'"
    ) == (0,)


def test_what_is_alike_empty_or_new_teaches_nothing_and_is_scored(build_edge):
    lines = one_price()
    result, findings = build_edge(lines, attributes_of(lines))
    left_out = findings["purchase"].split("Left out, since all or nearly all are alike: ")[1]
    left_out = left_out.split(".")[0].split(", ")
    assert {"average_order_value", "country", "note"} <= set(left_out)
    learned = result.frame("select feature, feature_value from main_internal.fit_propensity")
    assert not learned["feature"].isin(left_out).any()
    # Nobody in the new town was there to train on: they are scored by all the rest.
    assert set(learned.loc[learned["feature"] == "region", "feature_value"].dropna()) == {
        "north",
        "south",
    }
    assert result.rows(
        "select count(*), count(purchase_propensity_90d) from customers where customer_id like 'd%'"
    ) == [(30, 30)]
    groups = result.rows("select distinct attribute, attribute_value from propensity_fairness")
    assert ("region", "north") in groups
    assert "note" not in {attribute for attribute, _ in groups}
