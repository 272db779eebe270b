"""K-Means: the choice of k, the numbering of the clusters, and tiny or degenerate data."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from helpers import FakeDbt, load_model
from sklearn.metrics import silhouette_score

clusters = load_model("core/predictions/fit_customer_value__clusters.py")

# Mean recency, frequency and spend of three groups, in logs, far apart from one another.
GROUPS = np.array([[1.0, 3.0, 7.0], [3.0, 2.0, 4.0], [6.0, 0.7, 2.0]])


def three_groups(size: int = 120, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    values = np.repeat(GROUPS, size, axis=0) + random.normal(0, 0.15, (3 * size, 3))
    return features_of(values)


def features_of(values) -> pd.DataFrame:
    frame = pd.DataFrame(np.asarray(values, "float64"), columns=clusters.FEATURES)
    frame.insert(0, "customer_id", [f"c{number:06}" for number in range(len(frame))])
    return frame


def fit(features, counts=(2, 3, 4, 5), minimum_share=0.02, seed=11) -> pd.DataFrame:
    return clusters.fit_clusters(features, list(counts), minimum_share, seed)


def test_three_groups_are_found_and_chosen():
    fitted = fit(three_groups())
    chosen = fitted[fitted["is_selected"]]
    assert set(chosen["cluster_count"]) == {3}
    in_logs = chosen["centre"] * chosen["feature_deviation"] + chosen["feature_mean"]
    found = in_logs.to_numpy().reshape(3, 3)
    np.testing.assert_allclose(found, GROUPS, atol=0.05)


def test_clusters_are_numbered_from_the_highest_spend_down():
    fitted = fit(three_groups())
    for _, candidate in fitted[fitted["feature"] == "monetary"].groupby("cluster_count"):
        assert candidate.sort_values("cluster_id")["centre"].is_monotonic_decreasing


def test_where_two_features_say_the_same_there_are_few_clusters():
    """Every order costs 20: orders and spend are one feature, and eight clusters three names."""
    random = np.random.default_rng(5)
    orders = random.geometric(0.3, 900)
    recency = np.log1p(random.exponential(60, 900))
    same = features_of(np.column_stack([recency, np.log1p(orders), np.log1p(20.0 * orders)]))
    fitted = fit(same, counts=(3, 4, 5, 6, 7, 8)).groupby("cluster_count").first()
    assert fitted.index[fitted["is_selected"]].max() <= 4
    assert fitted.loc[5:, "finding"].str.contains("frequency and monetary carry the same").all()
    other = features_of(
        np.column_stack([recency, np.log1p(orders), np.log1p(random.gamma(2, 20, 900))])
    )
    findings = fit(other, counts=(3, 8))["finding"]
    assert not findings.str.contains("say the same").any()
    # Where only larger numbers are asked for, the smallest of them.
    assert set(fit(same, counts=(6, 8)).query("is_selected")["cluster_count"]) == {6}


def test_what_is_added_makes_clusters_and_a_missing_value_none():
    """Two rhythms that recency, orders and spend do not tell; who bought once has none."""
    random = np.random.default_rng(7)
    features = features_of(np.full((600, 3), 3.0))
    rhythm = np.where(np.arange(600) % 2 == 0, 0.2, 1.4) + random.normal(0, 0.02, 600)
    features["log_rhythm"] = np.where(np.arange(600) % 5 == 0, np.nan, rhythm)
    fitted = fit(features, counts=[3])
    assert list(fitted["feature"].unique()) == [*clusters.FEATURES, "log_rhythm"]
    centres = fitted[fitted["feature"] == "log_rhythm"]
    in_logs = centres["centre"] * centres["feature_deviation"] + centres["feature_mean"]
    assert sorted(in_logs) == pytest.approx([0.2, 0.8, 1.4], abs=0.05)
    assert centres["feature_mean"].iloc[0] == pytest.approx(
        np.nanmean(features["log_rhythm"]), abs=0.01
    )
    groups = three_groups()
    nothing = fit(groups.assign(log_rhythm=np.nan), counts=[3])
    assert nothing.loc[nothing["feature"] == "log_rhythm", "centre"].eq(0).all()
    of_three = fit(groups, counts=[3])
    same = nothing[nothing["feature"] != "log_rhythm"].reset_index(drop=True)
    pd.testing.assert_frame_equal(same.drop(columns="finding"), of_three.drop(columns="finding"))


def test_every_candidate_is_reported_with_its_evidence():
    fitted = fit(three_groups())
    evidence = fitted.groupby("cluster_count").first()
    assert list(evidence.index) == [2, 3, 4, 5]
    assert evidence["inertia"].is_monotonic_decreasing
    assert evidence["stability"].between(-1, 1).all()
    assert evidence.loc[3, "stability"] == pytest.approx(1.0)
    assert evidence.loc[3, "smallest_cluster_share"] == pytest.approx(1 / 3)
    assert evidence["finding"].str.startswith(("Selected", "Not selected")).all()


def test_the_silhouette_is_that_of_the_nearest_centroids():
    features = three_groups()
    fitted = fit(features, counts=[3])
    wide = fitted.pivot_table(index="cluster_id", columns="feature", values="centre")
    scale = fitted.groupby("feature").first()
    values = features[clusters.FEATURES]
    capped = values.clip(
        scale["lower_cap"][clusters.FEATURES], scale["upper_cap"][clusters.FEATURES], axis=1
    )
    points = (capped - scale["feature_mean"]) / scale["feature_deviation"]
    points = points[clusters.FEATURES].to_numpy()
    centres = wide[clusters.FEATURES].to_numpy()
    labels = np.argmin(((points[:, None] - centres) ** 2).sum(axis=2), axis=1)
    expected = silhouette_score(points, labels)
    assert fitted["silhouette"].iloc[0] == pytest.approx(expected, rel=1e-6)


def test_the_order_of_the_rows_is_irrelevant():
    features = three_groups()
    pd.testing.assert_frame_equal(
        fit(features.sample(frac=1, random_state=2)), fit(features), check_exact=True
    )


def test_a_few_giants_do_not_own_a_cluster():
    features = three_groups()
    features.loc[0, "monetary"] = 40.0
    fitted = fit(features)
    assert fitted.loc[fitted["feature"] == "monetary", "upper_cap"].iloc[0] < 8
    assert set(fitted.loc[fitted["is_selected"], "cluster_count"]) == {3}


def candidates(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns, index=pd.Index([3, 4, 5], name="cluster_count"))


def test_the_highest_silhouette_wins_among_sound_candidates():
    chosen, sentences = clusters.choose(
        candidates(
            silhouette=[0.3, 0.4, 0.35],
            stability=[0.9, 0.95, 0.99],
            smallest_cluster_share=[0.1, 0.1, 0.1],
        ),
        0.02,
    )
    assert chosen == 4
    assert sentences[4].startswith("Selected: the highest silhouette")
    assert sentences[3] == sentences[5] == "Not selected: a lower silhouette."


def test_an_unstable_or_tiny_cluster_loses_whatever_its_silhouette():
    chosen, sentences = clusters.choose(
        candidates(
            silhouette=[0.9, 0.2, 0.8],
            stability=[0.5, 0.95, 0.99],
            smallest_cluster_share=[0.1, 0.1, 0.001],
        ),
        0.02,
    )
    assert chosen == 4
    assert "not stable" in sentences[3]
    assert "minimum share" in sentences[5]


def test_without_a_sound_candidate_the_choice_says_so():
    chosen, sentences = clusters.choose(
        candidates(
            silhouette=[0.1, 0.2, np.nan],
            stability=[0.5, 0.4, 0.3],
            smallest_cluster_share=[0.1, 0.1, 0.1],
        ),
        0.02,
    )
    assert chosen == 4
    assert "although no candidate is sound" in sentences[4]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([[1.0, 1.0, 1.0]], id="one customer"),
        pytest.param([[1.0, 2.0, 3.0]] * 50, id="everybody alike"),
        pytest.param([[1.0, 2.0, 3.0], [2.0, 2.0, 3.0]], id="two customers"),
    ],
)
def test_too_few_distinct_customers_share_one_cluster(values):
    fitted = fit(features_of(values))
    assert set(fitted["cluster_count"]) == {1}
    assert fitted["is_selected"].all()
    assert fitted["finding"].iloc[0].startswith("One cluster for all")
    assert np.isfinite(fitted[["centre", "feature_mean", "feature_deviation"]]).all().all()
    assert fitted["smallest_cluster_share"].eq(1).all()


def test_three_customers_can_be_two_clusters():
    fitted = fit(features_of([[1.0, 2.0, 3.0], [1.1, 2.0, 3.0], [6.0, 0.7, 1.0]]), counts=[2, 8])
    assert set(fitted["cluster_count"]) == {2}
    assert fitted["is_selected"].all()


def test_no_rows_give_a_typed_empty_frame():
    fitted = fit(three_groups().head(0))
    assert len(fitted) == 0
    assert fitted.dtypes.astype(str).to_dict() == clusters.COLUMNS


@pytest.mark.parametrize("wrap", [lambda frame: frame, duckdb.from_df], ids=["pandas", "duckdb"])
def test_the_model_takes_its_settings_from_its_meta(wrap):
    meta = {"cluster_counts": [2, 3], "minimum_cluster_share": 0.05, "random_seed": 11}
    dbt = FakeDbt({"int_customer_value__cluster_features": wrap(three_groups())}, meta)
    written = clusters.model(dbt, None)
    assert written.dtypes.astype(str).to_dict() == clusters.COLUMNS
    pd.testing.assert_frame_equal(
        written, fit(three_groups(), counts=[2, 3], minimum_share=0.05), check_exact=True
    )
