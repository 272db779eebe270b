"""Survival by renewal against published numbers, lifelines and sums written out."""

import numpy as np
import pandas as pd
import pytest
from helpers import load_model
from lifelines import KaplanMeierFitter
from scipy.special import hyp2f1

FIT = load_model("subscriptions/predictions/fit_customer_value__subscription_models.py")
SCORE = load_model("subscriptions/predictions/score_customer_value__renewals.py")

# Survivors of 1,000 subscribers after 0 to 12 renewals (Fader & Hardie 2007, table 1).
SURVIVORS = {
    "regular": [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173],
    "high-end": [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394],
}
# Data, renewals of the fit -> sbg gamma, delta, log-likelihood; bdw gamma, delta, c,
# log-likelihood; survivors after 12 renewals by geometric, sbg and bdw. The first four
# log-likelihoods and the sbg's parameters at 4 renewals are those of the papers.
PUBLISHED = {
    ("regular", 4): (
        0.7637,
        1.2958,
        -1401.5594,
        0.5231,
        0.8944,
        1.1963,
        -1401.3831,
        0.022,
        0.160,
        0.171,
    ),
    ("high-end", 4): (
        1.2809,
        7.7898,
        -1225.1349,
        0.2593,
        1.7225,
        1.5844,
        -1222.7493,
        0.202,
        0.307,
        0.389,
    ),
    ("regular", 7): (
        0.7041,
        1.1820,
        -1680.2652,
        0.4556,
        0.7793,
        1.2835,
        -1679.6028,
        0.046,
        0.170,
        0.177,
    ),
    ("high-end", 7): (
        0.6681,
        3.8061,
        -1611.1581,
        0.2143,
        1.4266,
        1.7236,
        -1605.3142,
        0.270,
        0.378,
        0.404,
    ),
}


def cohort(survivors: list[int]):
    """Return the renewals of a cohort by its survivors after 0, 1, ... renewals."""
    lost = -np.diff(survivors).astype("float64")
    censored = np.zeros(len(survivors))
    censored[-1] = survivors[-1]
    return FIT.Renewals(np.append(lost, 0.0), censored)


def estimates(rows: list[dict], model: str) -> dict[str, float]:
    return {row["parameter"]: row["estimate"] for row in rows if row["model"] == model}


def survival(rows: list[dict], model: str, t: np.ndarray) -> np.ndarray:
    return np.exp(FIT.log_survival(model, np.array(list(estimates(rows, model).values())), t))


def value_of(rows: list[dict], model: str, key: str):
    return next(row[key] for row in rows if row["model"] == model)


@pytest.mark.parametrize(("data", "renewals"), PUBLISHED, ids=lambda value: str(value))
def test_published_cohorts(data, renewals):
    gamma, delta, likelihood, *others = PUBLISHED[data, renewals]
    bdw_gamma, bdw_delta, c, bdw_likelihood, geometric_12, sbg_12, bdw_12 = others
    rows = FIT.fit_models(cohort(SURVIVORS[data][: renewals + 1]), "best")
    sbg, bdw = estimates(rows, "sbg"), estimates(rows, "bdw")
    assert [sbg["gamma"], sbg["delta"]] == pytest.approx([gamma, delta], rel=2e-4)
    assert value_of(rows, "sbg", "log_likelihood") == pytest.approx(likelihood, abs=1e-4)
    assert [bdw["gamma"], bdw["delta"], bdw["c"]] == pytest.approx(
        [bdw_gamma, bdw_delta, c], abs=5e-4
    )
    assert value_of(rows, "bdw", "log_likelihood") == pytest.approx(bdw_likelihood, abs=1e-4)
    found = {
        model: float(survival(rows, model, np.array([12.0]))[0])
        for model in ("geometric", "sbg", "bdw")
    }
    assert found == pytest.approx(
        {"geometric": geometric_12, "sbg": sbg_12, "bdw": bdw_12}, abs=5.1e-4
    )


def test_the_likelihood_ratio_of_the_papers_cohorts_chooses():
    p_values = {
        ("regular", 4): (0.553, "sbg"),
        ("high-end", 4): (0.029, "bdw"),
        ("regular", 7): (0.250, "sbg"),
        ("high-end", 7): (0.0006, "bdw"),
    }
    for (data, renewals), (p_value, chosen) in p_values.items():
        rows = FIT.fit_models(cohort(SURVIVORS[data][: renewals + 1]), "best")
        assert value_of(rows, "bdw", "p_value") == pytest.approx(p_value, abs=6e-4)
        assert {row["model"] for row in rows if row["is_selected"]} == {chosen}


def test_held_out_years_of_the_high_end_cohort():
    """After 4 renewals the bdw forecasts the next eight to 1.7 %, the geometric to 28.5 %."""
    rows = FIT.fit_models(cohort(SURVIVORS["high-end"][:5]), "best")
    later = np.arange(5.0, 13.0)
    actual = np.array(SURVIVORS["high-end"][5:]) / 1000
    errors = {
        model: float(np.mean(np.abs(survival(rows, model, later) / actual - 1)))
        for model in ("geometric", "sbg", "bdw")
    }
    assert errors == pytest.approx({"geometric": 0.285, "sbg": 0.132, "bdw": 0.017}, abs=6e-4)


@pytest.mark.parametrize(
    ("gamma", "delta", "values"),
    [
        (0.668, 3.806, [5.4149, 5.9018, 6.2943, 6.6203, 6.8971]),
        (0.704, 1.182, [2.9647, 4.1035, 4.8701, 5.4424, 5.8944]),
    ],
)
def test_residual_lifetimes_of_the_papers(gamma, delta, values):
    """The discounted expected residual lifetime just before renewal 1 to 5, at 10 % a year."""
    curve = SCORE.log_survival("sbg", np.array([gamma, delta]), np.arange(600.0))
    for paid, value in enumerate(values):
        found = SCORE.ahead(curve, paid, 0, 1 / 1.1)["residual_renewals"][0]
        closed = (
            (delta + paid)
            / (gamma + delta + paid)
            * hyp2f1(1, delta + paid + 1, gamma + delta + paid + 1, 1 / 1.1)
        )
        assert found == pytest.approx(closed, rel=1e-10)
        assert found == pytest.approx(value, abs=6e-5)


def test_several_cohorts_are_worth_more_than_pooled_retention_says():
    """Fader & Hardie 2010: five cohorts of 10,000, of which the first has been due four times."""
    survivors = [10000, 6334, 4367, 3264, 2604]
    parts = [cohort(survivors[:length]) for length in range(1, 6)]
    lost, censored = np.zeros(5), np.zeros(5)
    for part in parts:
        lost[: len(part.lost)] += part.lost
        censored[: len(part.censored)] += part.censored
    rows = FIT.fit_models(FIT.Renewals(lost, censored), "sbg")
    sbg = estimates(rows, "sbg")
    assert [sbg["gamma"], sbg["delta"]] == pytest.approx([1.6671, 2.8566], abs=5e-4)
    assert value_of(rows, "sbg", "log_likelihood") == pytest.approx(-44644.116, abs=2e-3)
    worth = {}
    for model in ("sbg", "geometric"):
        curve = np.log(survival(rows, model, np.arange(600.0)))
        worth[model] = sum(
            count * SCORE.ahead(curve, paid, 0, 1 / 1.1)["residual_renewals"][0]
            for paid, count in enumerate(survivors)
        )
    assert worth["sbg"] == pytest.approx(73342, abs=5)
    assert worth["geometric"] == pytest.approx(45536, abs=5)


def random_terms(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return renewals paid and whether the term was lost, of an sbg with gamma .7, delta 7."""
    rng = np.random.default_rng(seed)
    loss = rng.beta(0.7, 7.0, count)
    until_loss = rng.geometric(loss) - 1
    followed = rng.integers(1, 24, count)
    return np.minimum(until_loss, followed), until_loss < followed


def test_kaplan_meier_is_that_of_lifelines():
    paid, is_lost = random_terms(5000, seed=3)
    data = FIT.from_counts(paid, is_lost.astype(float), (~is_lost).astype(float))
    # In renewals a lost term is observed one renewal longer than it paid.
    theirs = KaplanMeierFitter().fit(paid + is_lost, is_lost)
    expected = theirs.survival_function_at_times(np.arange(1, data.observed + 1)).to_numpy()
    assert FIT.kaplan_meier(data)[: data.observed] == pytest.approx(expected, abs=1e-12)


def test_parameters_of_simulated_subscribers_are_recovered():
    paid, is_lost = random_terms(40000, seed=5)
    data = FIT.from_counts(paid, is_lost.astype(float), (~is_lost).astype(float))
    rows = FIT.fit_models(data, "best")
    for row in rows:
        if row["model"] == "sbg":
            truth = {"gamma": 0.7, "delta": 7.0}[row["parameter"]]
            assert 0 < row["standard_error"] < 0.1 * truth
            assert abs(row["estimate"] - truth) < 3 * row["standard_error"]
    assert {row["model"] for row in rows if row["is_selected"]} == {"sbg"}


def test_standard_errors_are_those_of_repeated_samples():
    found, errors = [], []
    for seed in range(8):
        paid, is_lost = random_terms(3000, seed=100 + seed)
        data = FIT.from_counts(paid, is_lost.astype(float), (~is_lost).astype(float))
        parameters, is_converged = FIT.fit_by_likelihood("sbg", data)
        assert is_converged
        found.append(parameters)
        errors.append(FIT.standard_errors("sbg", parameters, data))
    spread = np.std(found, axis=0, ddof=1)
    assert np.mean(errors, axis=0) == pytest.approx(spread, rel=0.6)


def test_subscribers_who_are_alike_are_geometric():
    survivors = [10000, 8000, 6400, 5120, 4096, 3277]
    rows = FIT.fit_models(cohort(survivors), "best")
    assert value_of(rows, "sbg", "is_boundary")
    assert {row["model"] for row in rows if row["is_selected"]} == {"geometric"}
    assert estimates(rows, "geometric")["theta"] == pytest.approx(0.2, abs=1e-3)


def test_no_curve_follows_a_cliff():
    """A contract of 12 renewals with a cliff at the end: the observed curve is used, and said."""
    survivors = [1000] * 12 + [400, 390, 380, 370]
    rows = FIT.fit_models(cohort(survivors), "best")
    assert {row["model"] for row in rows if row["is_selected"]} == {"observed"}
    assert "No curve follows the observed one" in value_of(rows, "observed", "finding")
    observed = estimates(rows, "observed")
    assert observed["reach"] == 15
    assert observed["tail_loss_rate"] == pytest.approx(30 / (400 + 390 + 380))


@pytest.mark.parametrize(
    ("survivors", "said"),
    [([100, 80], "Only one renewal"), ([100, 100, 100], "Nobody was lost yet")],
)
def test_too_little_to_fit_is_said(survivors, said):
    rows = FIT.fit_models(cohort(survivors), "best")
    assert {row["model"] for row in rows} == {"observed"}
    assert said in rows[0]["finding"] and rows[0]["is_selected"]


def test_what_is_not_known_is_not_made_up():
    rows = FIT.fit_models(FIT.Renewals(np.zeros(1), np.array([50.0])), "best")
    assert len(rows) == 1 and np.isnan(rows[0]["estimate"])


def counts_of(data, scored: list[int]) -> pd.DataFrame:
    size = len(data.lost)
    return pd.DataFrame(
        {
            "as_of_role": "current",
            "subscription_group": "all, 12 months",
            "renewals_paid": np.arange(size),
            "lost_count": data.lost,
            "censored_count": data.censored,
            "scored_count": [int(place in scored) for place in range(size)],
            "recent_lost_count": 3,
            "recent_kept_count": 7,
            "cycle_days": 365.25,
            "renewals_ahead_count": 5,
        }
    )


def test_the_lookup_is_the_ratio_of_the_curve():
    counts = counts_of(cohort(SURVIVORS["high-end"][:8]), scored=[7])
    fits = FIT.fit(counts, "sbg")
    assert list(fits.dtypes.astype(str)) == list(FIT.COLUMNS.values())
    lookup = SCORE.score(counts, fits, annual_discount_rate=0.1)
    assert not lookup.duplicated(SCORE.KEYS).any()
    own = fits[fits["model"] == "sbg"].set_index("parameter")["estimate"]
    gamma, delta = own["gamma"], own["delta"]
    rows = lookup[(lookup["model"] == "sbg") & (lookup["renewals_paid"] == 7)]
    assert rows["is_selected"].all() and list(rows["renewals_ahead"]) == [0, 1, 2, 3, 4, 5]
    probabilities, left = [], 1.0
    for place in range(7, 12):
        left *= (delta + place) / (gamma + delta + place)
        probabilities.append(left)
    assert list(rows["survival"]) == pytest.approx([1, *probabilities])
    assert list(rows["expected_renewals"]) == pytest.approx([0, *np.cumsum(probabilities)])
    step = 1.1 ** (-365.25 / 365)
    assert list(rows["discounted_renewals"]) == pytest.approx(
        [0, *np.cumsum([one * step**k for k, one in enumerate(probabilities)])]
    )
    assert (rows["residual_renewals"] > rows["discounted_renewals"].max()).all()
    baseline = lookup[(lookup["model"] == "last_retention") & (lookup["renewals_ahead"] == 2)]
    assert list(baseline["survival"]) == pytest.approx([0.7**2])


def test_the_observed_curve_goes_on_with_its_last_loss_rate():
    data = cohort([1000] * 12 + [400, 390, 380, 370])
    counts = counts_of(data, scored=[14])
    lookup = SCORE.score(counts, FIT.fit(counts, "best"), annual_discount_rate=0.1)
    rows = lookup[(lookup["model"] == "observed") & (lookup["renewals_paid"] == 14)]
    tail = 1 - 30 / 1170
    assert list(rows["survival"])[:3] == pytest.approx([1, 370 / 380, 370 / 380 * tail])


def test_the_order_of_the_rows_and_no_rows_at_all():
    counts = counts_of(cohort(SURVIVORS["regular"][:8]), scored=[0, 7])
    fits = FIT.fit(counts, "best")
    pd.testing.assert_frame_equal(fits, FIT.fit(counts.iloc[::-1], "best"))
    lookup = SCORE.score(counts, fits, 0.1)
    pd.testing.assert_frame_equal(lookup, SCORE.score(counts.iloc[::-1], fits.iloc[::-1], 0.1))
    empty = FIT.fit(counts.head(0), "best")
    assert empty.empty and list(empty.dtypes.astype(str)) == list(FIT.COLUMNS.values())
    nothing = SCORE.score(counts.head(0), empty, 0.1)
    assert nothing.empty and list(nothing.dtypes.astype(str)) == list(SCORE.COLUMNS.values())
