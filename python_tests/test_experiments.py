"""Experiments: the tests' numbers against scipy's and statsmodels', and what they promise."""

import hashlib

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import run_dbt
from helpers import CDNOW_SAMPLE_VARS, FakeDbt, load_model, read_cdnow_sample, write_cdnow_sample
from scipy import stats
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
        }
    )
    dropped = (broken["variant"] == "control") & (broken.index % 3 == 0)
    strangers = broken.head(2).assign(customer_id="nobody")
    return pd.concat([frame, broken[~dropped], strangers], ignore_index=True)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """CDNOW's sample with the simulated contacts, built as far as the experiments go."""
    folder = tmp_path_factory.mktemp("experiments")
    sample, contacts = folder / "sample.csv", folder / "contacts.parquet"
    write_cdnow_sample(sample)
    frame = simulated_contacts()
    duckdb.from_df(frame).write_parquet(str(contacts))
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
    assert reasons["unknown_customer"] == 1 + 1
    assert reasons["kept"] == len(rows) - 2
    assert reasons["total"] == len(rows)


def test_intervals_cover_the_truth_as_often_as_they_say(simulated):
    for metric, truth in {"response_value": EFFECT, "response_rate": 0.1}.items():
        found = simulated.frame(
            f"select * from experiment_results where segment = 'all' and metric = '{metric}' "
            "and experiment != 'broken' order by experiment"
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
        "where segment = 'all' and metric = 'response_value' and experiment != 'broken'"
    )
    assert share > 0.1


def test_the_sample_ratio_fires_where_customers_are_missing_and_seldom_else(simulated):
    found = simulated.frame("select * from experiment_health where check_name = 'sample_ratio'")
    assert found.loc[found["experiment"] == "broken", "is_passed"].tolist() == [False]
    assert (~found["is_passed"]).sum() <= 1 + 5
    assert stats.kstest(found["p_value"], "uniform").pvalue > 1e-4


def outcomes_of(simulated, experiment: str) -> pd.DataFrame:
    return simulated.frame(
        "select * from main_internal.int_experiment_outcomes "
        f"where experiment = '{experiment}' order by customer_id"
    ).astype({"response_value": float, "spend": float, "spend_before": float})


def results_of(simulated, experiment: str, metric: str) -> pd.DataFrame:
    return simulated.frame(
        "select * from experiment_results "
        f"where experiment = '{experiment}' and metric = '{metric}' order by segment"
    ).set_index("segment")


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
    assert segments["p_value_across_segments"].to_numpy() == pytest.approx(expected, rel=1e-9)


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
    assert len(rows) == 23_570
    for customer, variant in rows:
        digest = hashlib.md5(f"next_campaign|{customer}".encode()).hexdigest()
        assert (int(digest[:8], 16) / 2**32 < 0.10) == (variant == "control")


def test_the_planned_size_finds_the_effect_as_often_as_asked(demo):
    """The chance of a z beyond 1.96 under the effect that is called detectable."""
    rows = demo.frame("select * from experiment_power where detectable_effect is not null")
    assert len(rows) > 10
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
            "campaign_contact_columns maps person, which is no standard name",
        ),
    ],
    ids=["missing column", "no standard name"],
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
