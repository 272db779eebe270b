"""What a trial will come to, against a simulation in which it is known what can be known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Build, run_dbt
from helpers import ROOT, load_model
from scipy.special import gammaincinv
from sklearn.metrics import roc_auc_score

DEMO = load_model("events/demo/demo_customer_value__events.py")
FIT = load_model("events/predictions/fit_customer_value__trial_conversion.py")
VARIABLES = {"modules": ["events"], "demo": "trials"}
SEED = 20050501
DAYS = (1, 3, 5, 7)
FEATURES = (
    *("logins", "core_actions", "features_used", "support_contacts", "other_events"),
    *("active_days", "days_since_last_active"),
)
ROLES = {
    "login": "login",
    "ticket_opened": "support",
    **dict.fromkeys(DEMO.CORE_ACTIONS, "core_feature"),
}
# The grid over the engagement, on which what cannot be seen is integrated.
GRID = (np.arange(200) + 0.5) / 200
# Further from what can be known than this, up or down, a model has not learned it.
TOLERANCE = 0.02


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> dict[str, pd.DataFrame]:
    """Return the tables about the simulated trials, built with their tests."""
    database = tmp_path_factory.mktemp("trials") / "trials.duckdb"
    done = run_dbt(
        *("build", "--select", "+customer_value__trial_conversion_propensities"),
        *("+customer_value__trial_conversion_evaluation", "+customer_value__trial_segments"),
        *("--exclude", "resource_type:unit_test,path:models/core"),
        database=database,
        variables=VARIABLES,
    )
    assert done.exit_code == 0, done.output
    return {
        "events": done.frame("from main_internal.demo_events order by event_id"),
        "trials": done.frame("from main_internal.int_trials_classified order by customer_id"),
        "snapshots": done.frame(
            "from main_internal.int_trial_snapshots order by decision_day, customer_id"
        ),
        "parameters": done.frame("from main_internal.fit_trial_conversion"),
        "propensities": done.frame(
            "from trial_conversion_propensities order by decision_day, customer_id"
        ),
        "evaluation": done.frame("from trial_conversion_evaluation order by decision_day"),
        "segments": done.frame("from trial_segments order by customer_id"),
    }


def daily_counts(events: pd.DataFrame, trials: pd.DataFrame, days: int) -> dict[str, np.ndarray]:
    """Return how often each event of the simulation was on each day since the start, by trial."""
    start = trials.set_index("customer_id")["trial_started_at"]
    known = events[events["customer_id"].isin(start.index)]
    hours = known["occurred_at"] - known["customer_id"].map(start)
    day = (hours.dt.total_seconds() // 86400).astype(int)
    name = known["event_name"].replace(dict.fromkeys(DEMO.CORE_ACTIONS, "core_feature"))
    is_within = day.between(0, days - 1)
    counts = {}
    for event in DEMO.RATES:
        own = known[is_within & (name == event)]
        table = pd.crosstab(own["customer_id"], day[own.index])
        table = table.reindex(index=start.index, columns=range(days), fill_value=0)
        counts[event] = table.to_numpy()
    return counts


def foreseen(counts: dict[str, np.ndarray], days: int) -> np.ndarray:
    """Return the probability of a conversion by the end of the trial, for who knows the simulation.

    Bayes' rule over engagement and day of the loss of interest, given what was done on each day so
    far and that there was no conversion yet. No model can order trials better.
    """
    shape = DEMO.ENGAGEMENT_SHAPE
    engagement = gammaincinv(shape, GRID) / shape
    size = len(next(iter(counts.values())))
    converting, other = np.zeros(size), np.zeros(size)
    for lost_day in range(1, DEMO.TRIAL_DAYS + 1):
        is_lost = lost_day < DEMO.TRIAL_DAYS
        prior = (1 - DEMO.LOSS_OF_INTEREST) ** (lost_day - 1)
        prior *= DEMO.LOSS_OF_INTEREST if is_lost else 1.0
        seen = min(days, lost_day)
        likelihood = np.zeros((size, len(GRID)))
        is_possible = np.ones(size, dtype=bool)
        for event, (base, slope) in DEMO.RATES.items():
            rate = base + slope * engagement
            total = counts[event][:, :seen].sum(axis=1)
            likelihood += total[:, None] * np.log(rate) - seen * rate
            is_possible &= counts[event][:, seen:days].sum(axis=1) == 0
        weight = prior * np.exp(likelihood) * is_possible[:, None]
        converts = DEMO.conversion_probability(engagement, is_lost)
        before = (days / DEMO.TRIAL_DAYS) ** 2
        converting += (weight * converts * (1 - before)).sum(axis=1)
        other += (weight * (1 - converts)).sum(axis=1)
    return converting / (converting + other)


def test_of(demo: dict[str, pd.DataFrame], day: int) -> pd.DataFrame:
    """Return the test of a decision day, with the probability of who knows the simulation."""
    rows = demo["snapshots"]
    rows = rows[(rows["decision_day"] == day) & (rows["fold"] == "test")]
    trials = demo["trials"].set_index("customer_id").loc[rows["customer_id"]].reset_index()
    counts = daily_counts(demo["events"], trials, day)
    return rows.assign(foreseen=foreseen(counts, day)).reset_index(drop=True)


test_of.__test__ = False  # type: ignore[attr-defined]


def has_learned_what_can_be_known(area: float, best: float) -> bool:
    """Return whether a model orders trials as well as who knows the simulation, and no better."""
    return abs(area - best) <= TOLERANCE


def test_the_demo_is_marked_and_the_same_each_time(demo):
    events, _ = DEMO.simulate(DEMO.TRIAL_COUNT, SEED)
    pd.testing.assert_frame_equal(demo["events"], events, check_dtype=False)
    assert events["customer_id"].str.startswith("simulated-").all()
    assert not events["event_id"].duplicated().any()
    assert demo["trials"]["exclusion_reason"].isna().all()
    assert set(demo["segments"]["segment"]) == {
        *("Stalled", "Power User", "Feature Explorer", "New", "Getting Started")
    }


@pytest.mark.parametrize("day", DAYS)
def test_what_can_be_known_is_known_by_the_simulation(demo, day):
    """The oracle is one: its probabilities come true, from the lowest fifth to the highest."""
    rows = test_of(demo, day)
    fifths = pd.qcut(rows["foreseen"].rank(method="first"), 5, labels=False)
    for _, fifth in rows.groupby(fifths):
        expected = fifth["foreseen"].mean()
        error = np.sqrt(expected * (1 - expected) / len(fifth))
        assert abs(fifth["label"].mean() - expected) < 3.5 * error


@pytest.mark.parametrize("day", DAYS)
def test_the_order_of_the_simulation_is_recovered(demo, day):
    rows = test_of(demo, day)
    best = roc_auc_score(rows["label"], rows["foreseen"])
    evaluation = demo["evaluation"].set_index("decision_day").loc[day]
    assert has_learned_what_can_be_known(evaluation["auc"], best)
    assert evaluation["is_published"]
    assert evaluation["brier_score"] < evaluation["baseline_brier_score"]
    # The published scores are the tested ones.
    scores = demo["propensities"]
    scores = scores[(scores["decision_day"] == day) & (scores["fold"] == "test")]
    both = rows.merge(scores, on="customer_id")
    assert len(both) == len(rows) == evaluation["test_count"]
    area = roc_auc_score(both["label"], both["probability"])
    np.testing.assert_allclose(area, evaluation["auc"], rtol=1e-12)
    np.testing.assert_allclose(both["probability"].mean(), evaluation["predicted_rate"], rtol=1e-9)


def replayed(
    demo: dict[str, pd.DataFrame], rows: pd.DataFrame, *, is_leaky: bool = False
) -> pd.DataFrame:
    """Return the features of snapshots, from the events without the project.

    With `is_leaky` they are totals over 14 days from the start, whatever has been decided by then.
    """
    start = demo["trials"].set_index("customer_id")["trial_started_at"]
    events = demo["events"].merge(rows[["customer_id", "decided_at"]], on="customer_id")
    begun = events["customer_id"].map(start)
    until = begun + pd.Timedelta(days=14) if is_leaky else events["decided_at"]
    events = events[(events["occurred_at"] >= begun) & (events["occurred_at"] < until)]
    role = events["event_name"].map(ROLES).fillna("noise")
    found = pd.DataFrame(index=pd.Index(rows["customer_id"]))
    for feature, name in {
        "logins": "login",
        "core_actions": "core_feature",
        "support_contacts": "support",
        "other_events": "noise",
    }.items():
        found[feature] = np.log1p(events[role == name].groupby("customer_id").size())
    core = events[role == "core_feature"].groupby("customer_id")
    found["features_used"] = np.log1p(core["event_name"].nunique())
    active = events[role.isin(["login", "core_feature"])]
    dates = active.assign(date=active["occurred_at"].dt.normalize()).groupby("customer_id")
    found["active_days"] = np.log1p(dates["date"].nunique())
    last = active.groupby("customer_id")["occurred_at"].max()
    last = last.reindex(found.index).fillna(start)
    until = rows.set_index("customer_id")["decided_at"]
    if is_leaky:
        until = start.reindex(found.index) + pd.Timedelta(days=14)
    found["days_since_last_active"] = np.log1p((until - last).dt.total_seconds() / 86400)
    return found.fillna(0.0).reset_index()[["customer_id", *FEATURES]]


@pytest.mark.parametrize("day", DAYS)
def test_a_snapshot_is_what_was_done_strictly_before_the_decision(demo, day):
    rows = demo["snapshots"]
    rows = rows[rows["decision_day"] == day].reset_index(drop=True)
    expected = replayed(demo, rows)
    for feature in FEATURES:
        np.testing.assert_allclose(rows[feature], expected[feature], atol=1e-12, err_msg=feature)


@pytest.mark.parametrize("day", DAYS)
def test_who_is_asked_about_is_undecided(demo, day):
    """On trial, not converted, and at a moment that has come."""
    trials, rows = demo["trials"], demo["snapshots"]
    decided = trials["trial_started_at"] + pd.Timedelta(days=day)
    is_undecided = decided <= demo["events"]["occurred_at"].max()
    is_undecided &= ~(trials["converted_at"] < decided)
    expected = set(trials.loc[is_undecided, "customer_id"])
    assert set(rows.loc[rows["decision_day"] == day, "customer_id"]) == expected
    assert len(expected) > 5000


def leaky_area(demo: dict[str, pd.DataFrame], day: int) -> float:
    """Return the AUC of the model on totals over the whole trial."""
    rows = demo["snapshots"]
    rows = rows[(rows["decision_day"] == day) & rows["fold"].notna()].reset_index(drop=True)
    whole = replayed(demo, rows, is_leaky=True).drop(columns="customer_id")
    found = FIT.fit(pd.concat([rows.drop(columns=list(FEATURES)), whole], axis=1), [day])
    return found.loc[found["feature"] == "auc", "estimate"].item()


@pytest.mark.parametrize("day", DAYS)
def test_totals_over_the_whole_trial_leak_and_the_test_finds_it(demo, day):
    """They hold what people do once they pay, so that they know more than can be known."""
    tested = test_of(demo, day)
    best = roc_auc_score(tested["label"], tested["foreseen"])
    honest = demo["evaluation"].set_index("decision_day").loc[day, "auc"]
    leaky = leaky_area(demo, day)
    assert has_learned_what_can_be_known(honest, best)
    assert not has_learned_what_can_be_known(leaky, best)
    assert leaky > best + 0.1


def test_the_documented_areas_are_those_of_the_simulation(demo):
    page = (ROOT / "docs" / "live_segments.md").read_text()
    table = page.split("| AUC on decision day |")[1].split("\n\n")[0]
    known, honest, leaky = (
        [cell.strip() for cell in row.split("|")[2:6]] for row in table.splitlines()[2:]
    )
    assert honest == [f"{area:.3f}" for area in demo["evaluation"]["auc"]]
    for place, day in enumerate(DAYS):
        tested = test_of(demo, day)
        assert known[place] == f"{roc_auc_score(tested['label'], tested['foreseen']):.3f}"
        assert leaky[place] == f"{leaky_area(demo, day):.3f}"


def test_no_trial_teaches_whose_outcome_was_not_known_when_the_test_began(demo):
    rows = demo["snapshots"].merge(demo["trials"], on="customer_id")
    split = rows.loc[rows["fold"] == "test", "started_date"].min()
    taught = rows[rows["fold"] == "training"]
    assert (taught["trial_ends_at"] < split).all()
    assert (
        taught["converted_at"].isna() | (taught["label"] == 0) | (taught["converted_at"] < split)
    ).all()
    as_of = rows["as_of_date"].max()
    known = rows["trial_ends_at"].dt.normalize() < as_of
    assert (rows["label"].notna() == known).all()
    is_between = known & (rows["trial_ends_at"] >= split) & (rows["started_date"] < split)
    assert rows.loc[is_between, "fold"].isna().all() and is_between.sum() > 100
    converted = rows["converted_at"].dt.normalize() <= rows["trial_ends_at"].dt.normalize()
    assert (rows.loc[known, "label"] == converted[known]).all()


def test_scores_in_sql_are_those_of_the_coefficients(demo):
    scores, parameters = demo["propensities"], demo["parameters"]
    both = scores.merge(demo["snapshots"], on=["customer_id", "decision_day"])
    assert len(both) == len(scores) == len(demo["snapshots"])
    for day, rows in both.groupby("decision_day"):
        own = parameters[parameters["decision_day"] == day]
        fitted = own[own["kind"] == "coefficient"].set_index("feature")
        total = fitted.loc["intercept", "estimate"]
        for feature in FEATURES:
            estimate, mean, deviation = fitted.loc[
                feature, ["estimate", "feature_mean", "feature_deviation"]
            ]
            total = total + estimate * (rows[feature] - mean) / deviation
        np.testing.assert_allclose(rows["probability"], 1 / (1 + np.exp(-total)), rtol=1e-9)
    last = scores[scores["is_last_decision"]]
    assert not last["customer_id"].duplicated().any()
    assert (
        last["decision_day"]
        == scores.groupby("customer_id")["decision_day"].max()[last["customer_id"]].to_numpy()
    ).all()


def test_the_same_rows_in_any_order_teach_the_same(demo):
    rows = demo["snapshots"]
    rows = rows[rows["is_sampled"] & (rows["decision_day"] == 3)]
    shuffled = rows.sample(frac=1, random_state=4)[rows.columns[::-1]]
    pd.testing.assert_frame_equal(FIT.fit(rows, [3]), FIT.fit(shuffled, [3]))


def test_too_few_of_either_outcome_publish_nothing_but_a_sentence(demo):
    rows = demo["snapshots"]
    rows = rows[rows["is_sampled"] & (rows["decision_day"] == 7)]
    is_taught, is_paid = rows["fold"] == "training", rows["label"] == 1
    cases = {
        "learn from on day 7, 99 converted": pd.concat(
            [rows[~is_taught | ~is_paid], rows[is_taught & is_paid][:99]]
        ),
        "converted and 99 did not": pd.concat(
            [rows[~is_taught | is_paid], rows[is_taught & ~is_paid][:99]]
        ),
        "test on on day 7, 19 converted": pd.concat(
            [rows[is_taught | ~is_paid], rows[~is_taught & is_paid][:19]]
        ),
        "learn from on day 7, 0 converted and 0 did not": rows[:0],
    }
    for words, sample in cases.items():
        found = FIT.fit(sample, [7])
        assert not found["is_published"].any()
        assert set(found["kind"]) == {"measure", "finding"}
        (sentence,) = found["finding"].dropna()
        assert words in sentence and sentence.endswith("nothing was estimated.")


def test_what_orders_no_better_than_chance_is_not_published(demo):
    rows = demo["snapshots"]
    rows = rows[rows["is_sampled"] & (rows["decision_day"] == 7)]
    label = rows["label"].sample(frac=1, random_state=5).to_numpy()
    found = FIT.fit(rows.assign(label=label), [7])
    assert not found["is_published"].any()
    (sentence,) = found["finding"].dropna()
    assert "no better than chance may, and is not published" in sentence


def test_the_interval_of_an_area_holds_the_truth_as_often_as_it_says():
    """Scores of exponential distributions, for which the formula of the paper is exact."""
    random = np.random.default_rng(1982)
    positives, negatives, truth, runs = 60, 90, 0.8, 1000
    label = np.repeat([1, 0], [positives, negatives])
    held, areas = 0, []
    for _ in range(runs):
        high = random.exponential(1.0, positives)
        low = random.exponential((1 - truth) / truth, negatives)
        areas.append(roc_auc_score(label, np.concatenate([high, low])))
        lower, upper = FIT.area_bounds(areas[-1], positives, negatives)
        held += lower <= truth <= upper
    assert 0.92 < held / runs < 0.97
    lower, upper = FIT.area_bounds(truth, positives, negatives)
    np.testing.assert_allclose((upper - lower) / 2 / FIT.CRITICAL, np.std(areas), rtol=0.06)
    assert FIT.area_bounds(1.0, 30, 30) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("name", "capability"), [("trials", "events"), ("subscriptions", "subscriptions")]
)
def test_a_demo_needs_its_capability(tmp_path: Path, name: str, capability: str):
    refused: Build = run_dbt(
        *("build", "--select", "customer_value__customers"),
        database=tmp_path / "refused.duckdb",
        variables={"demo": name, "modules": []},
    )
    assert refused.exit_code != 0
    words = " ".join(refused.output.split())
    assert f"a demo of the capability {capability}: add {capability} to the var modules" in words
