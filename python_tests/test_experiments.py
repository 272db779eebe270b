"""Experiments: the tests' numbers against scipy's and statsmodels', and what they promise."""

import hashlib
import re

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import run_dbt
from helpers import (
    CDNOW_SAMPLE_VARS,
    ROOT,
    FakeDbt,
    as_documented,
    load_model,
    read_cdnow_sample,
    write_cdnow_sample,
)
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

comparisons = load_model("experiments/predictions/compare_customer_value__experiment_arms.py")

EXPERIMENTS = 1_000
CUSTOMERS = 240
EFFECT = 5.0
BUILD = (
    *("build", "--exclude-resource-type", "unit_test", "test", "--select"),
    *(
        "+customer_value__experiment_results",
        "+customer_value__experiment_health",
        "+customer_value__excluded_rows",
    ),
)


def simulated_contacts() -> pd.DataFrame:
    """Return many small experiments on CDNOW's sample, with an effect that is known.

    Half of them add EFFECT to a skewed response value whose mean follows the customer's past
    spend, and a tenth to a response rate of three tenths; the other half add nothing.
    """
    lines = read_cdnow_sample()
    past = lines[lines["date"].between("19971001", "19971231")]
    spend = past.assign(dollars=past["dollars"].astype(float)).groupby("customer")["dollars"].sum()
    everybody = np.sort(lines["customer"].unique())
    random = np.random.default_rng(11)
    chosen = np.argsort(random.random((EXPERIMENTS, len(everybody))), axis=1)[:, :CUSTOMERS]
    customer = everybody[chosen.ravel()]
    experiment = np.repeat(np.arange(EXPERIMENTS), CUSTOMERS)
    treated = random.random(len(customer)) < 0.5
    works = experiment % 2 == 1
    value = random.gamma(2, 10, len(customer)) + 0.5 * spend.reindex(customer).fillna(0).to_numpy()
    rate = 0.3 + 0.1 * (treated & works)
    frame = pd.DataFrame(
        {
            "customer_id": customer,
            "campaign_id": [f"e{number:04}" for number in experiment],
            "contacted_at": "1998-01-01",
            "variant": np.where(treated, "mail", "control"),
            "responded": random.random(len(customer)) < rate,
            "response_value": (value + EFFECT * (treated & works)).round(4),
            "planned_share": 0.5,
        }
    )
    # Somebody dropped a third of those held out in one more experiment on everybody.
    broken = pd.DataFrame(
        {
            "customer_id": everybody,
            "campaign_id": "broken",
            "contacted_at": "1998-01-01",
            "variant": np.where(np.arange(len(everybody)) % 2 == 0, "mail", "control"),
            "responded": False,
            "response_value": 0.0,
            "planned_share": 0.5,
        }
    )
    dropped = (broken["variant"] == "control") & (broken.index % 3 == 0)
    strangers = broken.head(2).assign(customer_id="nobody")
    return pd.concat([frame, broken[~dropped], strangers, *other_experiments()], ignore_index=True)


def other_experiments() -> list[pd.DataFrame]:
    """Return experiments whose membership is judged at the contact.

    prospects: in February 1997 most of the sample have yet to buy, and a thousand never do. The
    contact made some of the treated buy at all, and those would be all that is left of them.
    reach: nothing has an effect, and the contact reaches who is active.
    arms: three variants of 20 % each, of which none has an effect; the plan is 40 % of control.
    unplanned: 90 and 10 %, as nobody wrote down.
    """
    lines = read_cdnow_sample()
    everybody = np.sort(lines["customer"].unique())
    random = np.random.default_rng(5)
    never = np.array([f"n{number:04}" for number in range(1_000)])
    prospects = pd.DataFrame(
        {
            "customer_id": np.concatenate([everybody, never]),
            "campaign_id": "prospects",
            "contacted_at": "1997-02-10",
            "planned_share": 0.5,
        }
    )
    prospects["variant"] = np.where(random.random(len(prospects)) < 0.5, "mail", "control")
    active = set(lines.loc[lines["date"].between("19970901", "19971231"), "customer"])
    reach = pd.DataFrame(
        {
            "customer_id": everybody,
            "campaign_id": "reach",
            "contacted_at": "1998-01-01",
            "planned_share": 0.5,
            "variant": np.where(random.random(len(everybody)) < 0.5, "mail", "control"),
        }
    )
    reach["exposed"] = (reach["variant"] == "mail") & reach["customer_id"].isin(active)
    reach["score"] = (random.random(len(reach)) + reach["customer_id"].isin(active)).round(1)
    arms = reach.drop(columns=["exposed", "score"]).assign(campaign_id="arms")
    arms["variant"] = random.choice(
        ["control", "mail", "phone", "card"], len(arms), p=[0.4, 0.2, 0.2, 0.2]
    )
    arms["planned_share"] = arms["variant"].map({"control": 40.0}).fillna(20.0)
    unplanned = reach.drop(columns=["exposed", "score", "planned_share"]).assign(
        campaign_id="unplanned"
    )
    unplanned["variant"] = np.where(random.random(len(unplanned)) < 0.9, "mail", "control")
    return [prospects, reach, arms, unplanned]


def purchases_after(contacts: pd.DataFrame, days: int = 90) -> pd.DataFrame:
    """Return what everybody did in the days from the contact on, by pandas alone."""
    lines = read_cdnow_sample()
    date, dollars = pd.to_datetime(lines["date"]), lines["dollars"].astype(float)
    start = pd.Timestamp(contacts["contacted_at"].iloc[0])
    window = date.ge(start) & date.lt(start + pd.Timedelta(days=days))
    spend = dollars[window].groupby(lines["customer"]).sum()
    rows = contacts.set_index("customer_id")
    rows["spend"] = spend.reindex(rows.index).fillna(0.0)
    rows["purchase_rate"] = rows.index.isin(spend.index).astype(float)
    rows["is_customer"] = rows.index.isin(lines.loc[date < start, "customer"])
    return rows


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """CDNOW's sample with the simulated contacts, built as far as the experiments go."""
    folder = tmp_path_factory.mktemp("experiments")
    sample, contacts = folder / "sample.csv", folder / "contacts.parquet"
    write_cdnow_sample(sample)
    frame = simulated_contacts()
    # A column that nobody filled in, as pandas writes it.
    frame.assign(cost=None).to_parquet(contacts, index=False)
    variables = {
        "transactions": str(sample),
        "campaign_contacts": str(contacts),
        **CDNOW_SAMPLE_VARS,
    }
    result = run_dbt(*BUILD, variables=variables, database=folder / "experiments.duckdb")
    assert result.exit_code == 0, result.output
    return result


def test_every_contact_is_kept_or_has_a_reason(simulated):
    rows = simulated_contacts()
    reasons = dict(
        simulated.rows(
            "select exclusion_reason, row_count from excluded_rows "
            "where input = 'campaign_contacts'"
        )
    )
    # Who never bought anything was contacted all the same.
    assert reasons["kept"] == len(rows)
    assert reasons["total"] == len(rows)


def test_intervals_cover_the_truth_as_often_as_they_say(simulated):
    for metric, truth in {"response_value": EFFECT, "response_rate": 0.1}.items():
        found = simulated.frame(
            f"select * from experiment_results where grouping_name = 'all' and metric = '{metric}' "
            "and experiment like 'e0%' order by experiment"
        )
        assert len(found) == EXPERIMENTS
        effect = np.where(np.arange(EXPERIMENTS) % 2 == 1, truth, 0.0)
        for prefix in ("", "adjusted_"):
            covered = found[f"{prefix}lower_bound"].le(effect) & found[f"{prefix}upper_bound"].ge(
                effect
            )
            assert 0.93 <= covered.mean() <= 0.97, (metric, prefix, covered.mean())
            nothing = found.loc[effect == 0, f"{prefix}p_value"]
            assert stats.kstest(nothing, "uniform").pvalue > 0.01, (metric, prefix)


def test_spend_before_makes_the_estimate_sharper(simulated):
    (share,) = simulated.row(
        "select avg(variance_reduction_share) from experiment_results "
        "where grouping_name = 'all' and metric = 'response_value' and experiment like 'e0%'"
    )
    assert share > 0.1


def test_the_sample_ratio_fires_where_customers_are_missing_and_seldom_else(simulated):
    found = simulated.frame(
        "select * from experiment_health where check_name = 'sample_ratio' "
        "and (experiment = 'broken' or experiment like 'e0%')"
    )
    assert found.loc[found["experiment"] == "broken", "is_passed"].tolist() == [False]
    assert (~found["is_passed"]).sum() <= 1 + 5
    assert stats.kstest(found["p_value"], "uniform").pvalue > 1e-4


def outcomes_of(simulated, experiment: str) -> pd.DataFrame:
    return simulated.frame(
        "select * from main_internal.int_experiment_outcomes "
        f"where experiment = '{experiment}' order by customer_id"
    ).astype({"response_value": float, "spend": float, "spend_before": float})


def results_of(simulated, experiment: str, metric: str, grouping: str = "segment") -> pd.DataFrame:
    return simulated.frame(
        "select * from experiment_results "
        f"where experiment = '{experiment}' and metric = '{metric}' "
        f"and grouping_name in ('all', '{grouping}') order by group_name"
    ).set_index("group_name")


@pytest.mark.parametrize("metric", ["response_value", "spend"])
def test_money_is_compared_as_scipy_does(simulated, metric):
    rows = outcomes_of(simulated, "e0007")
    results = results_of(simulated, "e0007", metric)
    for segment, result in results.iterrows():
        part = rows if segment == "all" else rows[rows["segment"] == segment]
        treated = part.loc[~part["is_control"], metric]
        control = part.loc[part["is_control"], metric]
        if min(len(treated), len(control)) < 2 or part[metric].var() == 0:
            continue
        test = stats.ttest_ind(treated, control, equal_var=False)
        interval = test.confidence_interval(0.95)
        assert result["p_value"] == pytest.approx(test.pvalue, rel=1e-6)
        assert result["lower_bound"] == pytest.approx(interval.low, rel=1e-6, abs=1e-9)
        assert result["upper_bound"] == pytest.approx(interval.high, rel=1e-6, abs=1e-9)
    segments = results.drop(index="all").dropna(subset="p_value")
    expected = stats.false_discovery_control(segments["p_value"], method="bh")
    assert segments["corrected_p_value"].to_numpy() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("metric", ["response_rate", "purchase_rate"])
def test_rates_are_compared_as_statsmodels_does(simulated, metric):
    rows, result = outcomes_of(simulated, "e0007"), results_of(simulated, "e0007", metric)
    treated, control = rows.loc[~rows["is_control"], metric], rows.loc[rows["is_control"], metric]
    counts, sizes = [treated.sum(), control.sum()], [len(treated), len(control)]
    _, p_value = proportions_ztest(counts, sizes)
    low, high = confint_proportions_2indep(
        counts[0], sizes[0], counts[1], sizes[1], method="wald", compare="diff"
    )
    found = result.loc["all"]
    assert found["p_value"] == pytest.approx(p_value, rel=1e-9)
    assert (found["lower_bound"], found["upper_bound"]) == pytest.approx((low, high), rel=1e-9)


def test_the_adjusted_difference_is_cuped(simulated):
    rows = outcomes_of(simulated, "e0007")
    slope = np.cov(rows["response_value"], rows["spend_before"])[0, 1] / rows["spend_before"].var()
    adjusted = rows["response_value"] - slope * (rows["spend_before"] - rows["spend_before"].mean())
    test = stats.ttest_ind(
        adjusted[~rows["is_control"]], adjusted[rows["is_control"]], equal_var=False
    )
    found = results_of(simulated, "e0007", "response_value").loc["all"]
    interval = test.confidence_interval(0.95)
    assert found["adjusted_p_value"] == pytest.approx(test.pvalue, rel=1e-6)
    assert found["adjusted_lower_bound"] == pytest.approx(interval.low, rel=1e-6)
    assert found["adjusted_upper_bound"] == pytest.approx(interval.high, rel=1e-6)


def test_the_sample_ratio_is_scipys_chi_square(simulated):
    rows = outcomes_of(simulated, "broken")
    test = stats.chisquare([rows["is_control"].sum(), (~rows["is_control"]).sum()])
    found = simulated.row(
        "select statistic, p_value from experiment_health "
        "where experiment = 'broken' and check_name = 'sample_ratio'"
    )
    assert found == pytest.approx((test.statistic, test.pvalue), rel=1e-9)


def test_who_never_bought_counts_as_much_as_who_was_won(simulated):
    prospects = other_experiments()[0]
    rows = purchases_after(prospects)
    treated, control = rows[rows["variant"] == "mail"], rows[rows["variant"] == "control"]
    rate, spend = (
        results_of(simulated, "prospects", metric) for metric in ("purchase_rate", "spend")
    )
    found = rate.loc["all"]
    assert (found["treated_count"], found["control_count"]) == (len(treated), len(control))
    _, p_value = proportions_ztest(
        [treated["purchase_rate"].sum(), control["purchase_rate"].sum()],
        [len(treated), len(control)],
    )
    assert found["treated_mean"] == pytest.approx(treated["purchase_rate"].mean(), rel=1e-12)
    assert found["control_mean"] == pytest.approx(control["purchase_rate"].mean(), rel=1e-12)
    assert found["p_value"] == pytest.approx(p_value, rel=1e-9)
    assert spend.loc["all", "treated_mean"] == pytest.approx(treated["spend"].mean(), rel=1e-9)
    # Segments are those of the contact: who had not bought by then is a prospect.
    counts = rows.loc[~rows["is_customer"], "variant"].value_counts()
    assert rate.loc["prospect", "treated_count"] == counts["mail"]
    assert rate.loc["prospect", "control_count"] == counts["control"]
    assert found["health"] == "passed"


def test_reach_that_depends_on_activity_makes_no_effect(simulated):
    """An A/A test: those reached are the active ones, and spend more for that alone."""
    reach = other_experiments()[1]
    rows = purchases_after(reach)
    treated, control = rows[rows["variant"] == "mail"], rows[rows["variant"] == "control"]
    reached = treated[treated["exposed"].astype(bool)]
    assert stats.ttest_ind(reached["spend"], control["spend"], equal_var=False).pvalue < 1e-6
    found = results_of(simulated, "reach", "spend").loc["all"]
    test = stats.ttest_ind(treated["spend"], control["spend"], equal_var=False)
    assert found["p_value"] == pytest.approx(test.pvalue, rel=1e-6)
    assert found["p_value"] > 0.01
    assert found["reached_share"] == pytest.approx(len(reached) / len(treated), rel=1e-12)
    # The effect on those reached is that of two-stage least squares on the arm.
    effect = (treated["spend"].mean() - control["spend"].mean()) / found["reached_share"]
    residual = [
        (part["spend"] - effect * part["exposed"].astype(float)).var() / len(part)
        for part in (treated, control)
    ]
    error = np.sqrt(sum(residual)) / found["reached_share"]
    assert found["effect_on_reached"] == pytest.approx(effect, rel=1e-9)
    bounds = (found["effect_on_reached_lower_bound"], found["effect_on_reached_upper_bound"])
    assert bounds == pytest.approx(
        (effect - stats.norm.ppf(0.975) * error, effect + stats.norm.ppf(0.975) * error), rel=1e-6
    )
    assert bounds[0] < 0 < bounds[1]


def test_results_by_score_are_those_of_the_fifths(simulated):
    """Each fifth of the scores, both arms together, with equal scores in one of them."""
    rows = purchases_after(other_experiments()[1])
    higher = rows["score"].map(lambda score: (rows["score"] > score).sum())
    rows["band"] = (higher * 5 // len(rows) + 1).astype(str)
    found = results_of(simulated, "reach", "spend", "score_band").drop(index="all")
    assert found.index.tolist() == sorted(rows["band"].unique())
    for band, part in rows.groupby("band"):
        row = found.loc[str(band)]
        treated, control = (
            part.loc[part["variant"] == arm, "spend"] for arm in ("mail", "control")
        )
        test = stats.ttest_ind(treated, control, equal_var=False)
        assert row["treated_count"] == len(treated)
        assert row["difference"] == pytest.approx(treated.mean() - control.mean())
        assert row["p_value"] == pytest.approx(test.pvalue, rel=1e-6)
    _, expected, _, _ = multipletests(found["p_value"], method="fdr_bh")
    assert found["corrected_p_value"].to_numpy() == pytest.approx(expected, rel=1e-9)


def test_several_arms_are_corrected_for(simulated):
    found = simulated.frame(
        "select * from experiment_results where experiment = 'arms' and grouping_name = 'all' "
        "and metric = 'purchase_rate' order by variant"
    )
    assert found["variant"].tolist() == ["card", "mail", "phone"]
    _, expected, _, _ = multipletests(found["p_value"], method="holm")
    assert found["corrected_p_value"].to_numpy() == pytest.approx(expected, rel=1e-9)
    within = simulated.frame(
        "select * from experiment_results where experiment = 'arms' and grouping_name = 'segment' "
        "and metric = 'spend' and p_value is not null"
    )
    _, expected, _, _ = multipletests(within["p_value"], method="fdr_bh")
    assert within["corrected_p_value"].to_numpy() == pytest.approx(expected, rel=1e-9)
    sizes = other_experiments()[2]["variant"].value_counts()
    test = stats.chisquare(
        sizes[["card", "control", "mail", "phone"]], sizes.sum() * np.array([0.2, 0.4, 0.2, 0.2])
    )
    assert simulated.row(
        "select statistic, p_value, is_passed from experiment_health "
        "where experiment = 'arms' and check_name = 'sample_ratio'"
    ) == (pytest.approx(test.statistic, rel=1e-9), pytest.approx(test.pvalue, rel=1e-6), True)


def test_without_a_plan_the_sample_ratio_is_not_known(simulated):
    assert simulated.rows(
        "select is_passed, finding like '%not known%' from experiment_health "
        "where experiment = 'unplanned' and check_name = 'sample_ratio'"
    ) == [(None, True)]
    (health,) = simulated.row(
        "select distinct health from experiment_results where experiment = 'unplanned'"
    )
    assert health == "sample ratio unknown"


def test_a_result_says_that_its_experiment_is_broken(simulated):
    rows = simulated.rows(
        "select health, finding from experiment_results where experiment = 'broken'"
    )
    assert rows and all("sample_ratio" in health for health, _ in rows)
    assert all(finding.startswith("Not to be trusted (failed:") for _, finding in rows)


def test_the_documented_experiment_is_that_of_the_simulation(simulated):
    page = (ROOT / "docs" / "experiments.md").read_text()
    ((query, table),) = re.findall(r"```sql\n([^`]*)```\n\n(\|(?:[^\n]*\n)+?)\n", page)
    header, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
    ]
    assert list(simulated.frame(query).columns) == header
    assert [[as_documented(cell) for cell in row] for row in simulated.rows(query)] == rows


def test_distribution_functions_are_scipys():
    contrasts = pd.DataFrame(
        {
            **dict.fromkeys(comparisons.KEYS, "x"),
            "experiment": list("abef"),
            "distribution": ["normal", "t", "t", "normal"],
            "statistic": [1.3, -2.2, 1.0, np.nan],
            "degrees_of_freedom": [np.nan, 11.7, np.nan, np.nan],
            "is_covariate": [False, True, False, False],
        }
    )
    checks = pd.DataFrame(
        {
            "experiment": ["c", "c"],
            "check_name": ["sample_ratio", "both_arms"],
            "statistic": [7.0, np.nan],
            "degrees_of_freedom": [3, np.nan],
        }
    )
    found = comparisons.compare(contrasts, checks, test_power=0.8).set_index("experiment")
    assert found.index.tolist() == ["a", "all", "b", "c", "e", "f"]
    p_values = [2 * stats.norm.sf(1.3), 2 * stats.t.sf(2.2, 11.7), stats.chi2.sf(7, 3)]
    assert found.loc[["a", "b", "c"], "p_value"].to_numpy() == pytest.approx(p_values, rel=1e-12)
    assert found["p_value"].isna().tolist() == [False, True, False, False, True, True]
    critical = [
        stats.norm.ppf(0.975),
        stats.t.ppf(0.975, 11.7),
        stats.norm.ppf(0.975) + stats.norm.ppf(0.8),
    ]
    assert found.loc[["a", "b", "all"], "critical_value"].to_numpy() == pytest.approx(
        critical, rel=1e-12
    )
    assert found["is_covariate"].tolist() == [False, False, True, False, False, False]


def test_without_contacts_only_the_row_for_planning_is_left():
    refs = {
        "int_customer_value__experiment_contrasts": pd.DataFrame(
            columns=[*comparisons.COLUMNS, "distribution", "degrees_of_freedom"]
        ).drop(columns=["p_value", "critical_value"]),
        "int_customer_value__experiment_checks": pd.DataFrame(
            columns=["experiment", "check_name", "statistic", "degrees_of_freedom"]
        ),
    }
    relations = {name: duckdb.from_df(frame) for name, frame in refs.items()}
    nothing = comparisons.model(FakeDbt(relations, {"test_power": 0.8}), None)
    assert nothing["estimator"].tolist() == ["plan"]
    assert nothing.dtypes.astype(str).to_dict() == comparisons.COLUMNS


def test_the_arm_is_the_md5_of_salt_and_customer(demo):
    rows = demo.rows("select customer_id, variant from experiment_assignments")
    # The campaign's experiment is about its audience: 1,000 contacts and their control.
    assert sorted(customer for customer, _ in rows) == sorted(
        customer for (customer,) in demo.rows("select customer_id from campaign_audience")
    )
    for customer, variant in rows:
        digest = hashlib.md5(f"next_campaign|{customer}".encode()).hexdigest()
        assert (int(digest[:8], 16) / 2**32 < 0.10) == (variant == "control")


def test_an_audience_has_a_control_of_its_own_that_nobody_contacts(demo):
    rows = demo.frame("select * from campaign_audience order by audience_rank")
    arm = [
        "control"
        if int(hashlib.md5(f"next_campaign|{customer}".encode()).hexdigest()[:8], 16) / 2**32 < 0.1
        else "treatment"
        for customer in rows["customer_id"]
    ]
    assert rows["variant"].tolist() == arm
    assert rows["is_held_out"].tolist() == [variant == "control" for variant in arm]
    contacted = rows[~rows["is_held_out"]]
    assert len(contacted) == 1_000
    assert float(rows["cumulative_cost"].max()) == 1_000.0
    # A share of 10 % of about 1,111: within four standard deviations.
    assert abs(rows["is_held_out"].mean() - 0.1) < 4 * np.sqrt(0.09 / len(rows))
    assert rows["expected_response_total"].iloc[-1] == pytest.approx(
        contacted["probability"].sum(), rel=1e-9
    )


def test_the_power_is_that_of_the_audience(demo):
    audience = demo.frame(
        "select campaign_audience.variant, customers.purchase_propensity_90d as propensity "
        "from campaign_audience inner join customers using (customer_id)"
    )
    rate = audience["propensity"].mean()
    found = demo.frame(
        "select * from experiment_power where segment = 'all' and metric = 'purchase_rate'"
    ).iloc[0]
    counts = audience["variant"].value_counts()
    assert (found["treated_count"], found["control_count"]) == (
        counts["treatment"],
        counts["control"],
    )
    assert found["baseline_mean"] == pytest.approx(rate, rel=1e-9)
    assert found["baseline_deviation"] == pytest.approx(np.sqrt(rate * (1 - rate)), rel=1e-9)
    (everybody,) = demo.row(
        "select baseline_mean from main_internal.int_experiment_baselines "
        "where segment = 'all' and metric = 'purchase_rate'"
    )
    assert rate > 2 * everybody


def test_the_planned_size_finds_the_effect_as_often_as_asked(demo):
    """The chance of a z beyond 1.96 under the effect that is called detectable."""
    rows = demo.frame("select * from experiment_power where detectable_effect is not null")
    # The audience has few segments, each with an arm of its own.
    assert len(rows) >= 4
    error = rows["baseline_deviation"] * np.sqrt(
        1 / rows["treated_count"] + 1 / rows["control_count"]
    )
    power = stats.norm.sf(stats.norm.ppf(0.975) - rows["detectable_effect"] / error)
    assert power == pytest.approx(0.8, abs=1e-9)


GOOD = pd.DataFrame({"customer_id": ["0001"], "campaign_id": ["c"], "contacted_at": ["1998-01-01"]})


@pytest.mark.parametrize(
    ("given", "variables", "sentence"),
    [
        (
            GOOD.drop(columns="campaign_id"),
            {},
            "has no column for campaign_id: name it in the var campaign_contact_columns; its "
            "columns are: customer_id, contacted_at.",
        ),
        (
            GOOD,
            {"campaign_contact_columns": {"person": "client"}},
            "campaign_contact_columns maps person, which is not a standard name",
        ),
    ],
    ids=["missing column", "not a standard name"],
)
def test_bad_contacts_get_one_sentence(dbt, tmp_path, given, variables, sentence):
    sample, contacts = tmp_path / "sample.csv", tmp_path / "contacts.csv"
    write_cdnow_sample(sample)
    given.to_csv(contacts, index=False)
    result = dbt(
        *("run", "--select", "stg_customer_value__campaign_contacts"),
        variables={
            "transactions": str(sample),
            "campaign_contacts": str(contacts),
            **CDNOW_SAMPLE_VARS,
            **variables,
        },
    )
    assert result.exit_code != 0
    assert sentence in " ".join(result.output.split()), result.output
