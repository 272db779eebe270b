"""Scores, segments and clusters of the demo, each computed again by other means."""

import numpy as np
import pandas as pd
import pytest
from helpers import seed_path

# Segment -> codes (recency, frequency, monetary; 5 is best), as the legend is published.
LEGEND = {
    "Champions": "555 554 544 545 454 455 445",
    "Loyal Customers": "543 444 435 355 354 345 344 335",
    "Potential Loyalist": "553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 "
    "353 352 351 342 341 333 323",
    "New Customers": "512 511 422 421 412 411 311",
    "Promising": "525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313",
    "Need Attention": "535 534 443 434 343 334 325 324",
    "About To Sleep": "331 321 312 221 213 231 241 251",
    "At Risk": "255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 "
    "125 124",
    "Cannot Lose Them": "155 154 144 214 215 115 114 113",
    "Hibernating": "332 322 233 232 223 222 132 123 122 212 211",
    "Lost": "111 112 121 131 141 151",
}
SEGMENT_OF = {code: name for name, codes in LEGEND.items() for code in codes.split()}


@pytest.fixture(scope="module")
def customers(demo) -> pd.DataFrame:
    return demo.frame("select * from customers")


def fifths(values: pd.Series, *, high_is_good: bool) -> pd.Series:
    """Return 1 + floor(5 x share of customers who are strictly worse)."""
    worse = values.rank(method="min", ascending=high_is_good) - 1
    return (1 + 5 * worse.astype("int64") // len(values)).astype("int64")


def test_the_legend_seed_is_the_published_partition():
    legend = pd.read_csv(seed_path("rfm_legend"), dtype=str)
    codes = legend["r_score"] + legend["f_score"] + legend["m_score"]
    assert len(legend) == len(SEGMENT_OF) == 125
    assert dict(zip(codes, legend["segment"], strict=True)) == SEGMENT_OF


def test_scores_are_fifths_in_which_equal_values_are_equal(customers):
    expected = pd.DataFrame(
        {
            "r_score": fifths(customers["recency_days"], high_is_good=False),
            "f_score": fifths(customers["order_count"], high_is_good=True),
            "m_score": fifths(customers["net_revenue"].astype("float64"), high_is_good=True),
        }
    )
    found = customers[["r_score", "f_score", "m_score"]].astype("int64")
    pd.testing.assert_frame_equal(found, expected)


def test_customers_with_equal_orders_have_equal_scores(customers):
    assert customers.groupby("order_count")["f_score"].nunique().eq(1).all()


def test_the_code_is_the_scores_and_the_segment_the_codes(customers):
    digits = customers[["r_score", "f_score", "m_score"]].astype(int).astype(str)
    code = digits["r_score"] + digits["f_score"] + digits["m_score"]
    assert (customers["rfm_code"] == code).all()
    assert (customers["segment"] == code.map(SEGMENT_OF)).all()


@pytest.mark.parametrize(
    ("profile", "key"), [("segment_profile", "segment"), ("cluster_profile", "cluster_id")]
)
def test_a_profile_tells_the_size_and_worth_of_its_groups(demo, customers, profile, key):
    found = demo.frame(f"select * from {profile}").set_index(key).sort_index()
    assert found["customer_share"].sum() == pytest.approx(1)
    assert found["revenue_share"].sum() == pytest.approx(1)
    money = customers.astype({"net_revenue": "float64"})
    groups = money.groupby(key)
    sums = groups[["net_revenue", "order_count", "recency_days", "lifetime_value_365d"]].sum()
    found = found[found["customer_count"] > 0]
    size = groups.size()
    expected = {
        "customer_count": size,
        "customer_share": size / len(customers),
        "net_revenue": sums["net_revenue"],
        "revenue_share": sums["net_revenue"] / money["net_revenue"].sum(),
        "average_order_value": sums["net_revenue"] / sums["order_count"],
        "mean_order_count": sums["order_count"] / size,
        "mean_recency_days": sums["recency_days"] / size,
    }
    for column, values in expected.items():
        np.testing.assert_allclose(
            found[column].astype("float64"), values.sort_index(), rtol=1e-9, err_msg=column
        )
    # Money is kept to a hundredth of a cent, so a sum over thousands is that close.
    np.testing.assert_allclose(
        found["lifetime_value_365d"].astype("float64"),
        sums["lifetime_value_365d"].sort_index(),
        rtol=1e-5,
    )


def test_every_customer_is_in_the_cluster_with_the_nearest_centroid(demo, customers):
    chosen = demo.frame("select * from main_internal.fit_clusters where is_selected")
    features = {"recency": "recency_days", "frequency": "order_count", "monetary": "net_revenue"}
    distance = np.zeros((len(customers), chosen["cluster_id"].nunique()))
    for feature, column in features.items():
        of_feature = chosen[chosen["feature"] == feature].sort_values("cluster_id")
        scale = of_feature.iloc[0]
        value = np.log1p(customers[column].astype("float64").clip(lower=0))
        value = value.clip(scale["lower_cap"], scale["upper_cap"])
        point = (value - scale["feature_mean"]) / scale["feature_deviation"]
        distance += (point.to_numpy()[:, None] - of_feature["centre"].to_numpy()) ** 2
    assert (customers["cluster_id"] == distance.argmin(axis=1) + 1).all()


def test_the_selected_clusters_are_the_profiled_ones(demo):
    selection = demo.frame("select * from cluster_selection").set_index("cluster_count")
    assert list(selection.index.sort_values()) == [3, 4, 5, 6, 7, 8]
    assert selection["is_selected"].sum() == 1
    assert selection["inertia"].sort_index().is_monotonic_decreasing
    (k,) = selection.index[selection["is_selected"]]
    assert demo.row("select count(*), count(distinct cluster_name) from cluster_profile") == (k, k)
    assert selection.loc[k, "smallest_cluster_share"] >= 0.02
    assert selection.loc[k, "stability"] >= 0.8


def test_spend_outliers_are_those_of_a_robust_distance(customers):
    spend = customers["net_revenue"].astype("float64")
    logs = np.log(spend[spend > 0])
    middle = logs.median()
    spread = (logs - middle).abs().median()
    expected = spend.gt(0) & (0.6745 * (logs - middle).abs() / spread > 3.5).reindex(
        spend.index, fill_value=False
    )
    assert (customers["is_spend_outlier"] == expected).all()
