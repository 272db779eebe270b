"""The division of the budget: the rule that shifts it, and the optimum against all others."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from helpers import FakeDbt, load_model
from hypothesis import given
from hypothesis import strategies as st

budget_model = load_model("decisions/predictions/optimise_customer_value__budgets.py")


def value(spend, most, scale) -> float:
    return float(budget_model.response(np.asarray(spend, dtype="float64"), most, scale).sum())


def cents(*amounts: int) -> np.ndarray:
    return np.array(amounts, dtype="int64")


@pytest.mark.parametrize(
    ("most", "scale", "floor", "cap"),
    [
        ([9.0, 4.0, 1.0], [6.0, 5.0, 3.0], [0, 0, 0], [20, 20, 20]),
        ([9.0, 4.0, 1.0], [6.0, 5.0, 3.0], [2, 3, 4], [9, 12, 20]),
        ([5.0, 5.0, 5.0], [4.0, 4.0, 4.0], [0, 0, 0], [20, 20, 20]),
        ([7.0, 2.0, 0.0], [9.0, 1.0, 0.0], [1, 1, 1], [8, 6, 20]),
    ],
)
def test_the_optimum_is_that_of_an_exhaustive_search(most, scale, floor, cap):
    """Twenty cents among three segments: every division that the bounds allow is tried."""
    most, scale = np.array(most), np.array(scale)
    budget = cents(6, 6, 8)
    divisions = [
        division
        for division in product(
            *(range(low, high + 1) for low, high in zip(floor, cap, strict=True))
        )
        if sum(division) == budget.sum()
    ]
    best = max(value(division, most, scale) for division in divisions)
    found = budget_model.optimal(budget, cents(*floor), cents(*cap), most, scale)
    assert tuple(found) in divisions
    assert value(found, most, scale) == pytest.approx(best, rel=2e-3)

    # In cents the steps are so small that the two are one.
    fine = budget_model.optimal(
        100 * budget, 100 * cents(*floor), 100 * cents(*cap), most, 100 * scale
    )
    assert value(fine / 100, most, scale) >= best - 1e-9


AMOUNTS = st.integers(min_value=0, max_value=10**7)
SCALES = st.one_of(st.just(0.0), st.floats(1, 1e7))


@given(
    segments=st.lists(
        st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, st.floats(0, 1e6), SCALES),
        min_size=1,
        max_size=15,
    ),
    share=st.floats(0, 1),
)
def test_every_scenario_divides_the_same_total_within_the_bounds(segments, share):
    budgets, below, above, most, scale = (
        np.array(column) for column in zip(*segments, strict=True)
    )
    frame = pd.DataFrame(
        {
            "segment": [f"s{number:02}" for number in range(len(segments))],
            "budget_cents": budgets,
            "floor_cents": np.maximum(budgets - below, 0),
            "cap_cents": budgets + above,
            "response_base": most,
            "spend_scale": scale / 100,
        }
    )
    result = budget_model.allocate(frame, share)
    sums = result.groupby("scenario")["budget_cents"].sum()
    assert set(sums.drop("profitable")) == {int(budgets.sum())}
    assert sums["profitable"] <= budgets.sum()
    wide = result.pivot_table("budget_cents", "segment", "scenario", aggfunc="sum")
    for scenario in ("shifted", "optimal", "profitable"):
        found = wide[scenario].to_numpy()
        assert (found >= frame["floor_cents"].to_numpy()).all()
        assert (found <= frame["cap_cents"].to_numpy()).all()
    # Whole cents may bring less than their parts would, by what a cent brings.
    cent = np.divide(most, scale, out=np.zeros(len(most)), where=scale > 0)
    tolerance = 1e-6 * most.sum() + len(most) * cent.max() + 1e-9
    best = value(wide["optimal"], most, scale)
    assert best >= value(wide["shifted"], most, scale) - tolerance
    assert best >= value(wide["current"], most, scale) - tolerance
    moved = np.abs(wide["shifted"] - wide["current"]).sum() / 2
    assert moved <= share * budgets.sum() + 1
    # No shift brings less than today's division, and what is not spent costs nothing.
    assert value(wide["shifted"], most, scale) >= value(wide["current"], most, scale) - tolerance

    def net(scenario: str) -> float:
        return 100 * value(wide[scenario], most, scale) - wide[scenario].sum()

    assert net("profitable") >= net("optimal") - 100 * tolerance - len(most)


@pytest.mark.parametrize(
    ("most", "scale", "budget", "limit"),
    [
        ([9.0, 4.0, 1.0], [6.0, 5.0, 3.0], [6, 6, 8], 3),
        ([9.0, 4.0, 1.0], [6.0, 5.0, 3.0], [6, 6, 8], 20),
        # The first has the best average and the worst next unit: it is saturated.
        ([40.0, 9.0, 2.0], [1.0, 9.0, 9.0], [12, 4, 4], 6),
        ([5.0, 5.0, 0.0], [4.0, 4.0, 4.0], [10, 4, 6], 4),
    ],
)
def test_the_shift_is_the_best_within_its_limit(most, scale, budget, limit):
    """Every division that moves at most the limit is tried."""
    most, scale, budget = np.array(most), np.array(scale), cents(*budget)
    divisions = [
        division
        for division in product(range(21), repeat=3)
        if sum(division) == 20 and np.abs(np.array(division) - budget).sum() <= 2 * limit
    ]
    found_best = max(value(division, most, scale) for division in divisions)
    none, all_of_it = 0 * budget, np.full(3, 2000)
    fine = budget_model.shifted(100 * budget, none, all_of_it, most, 100 * scale, limit / 20)
    assert np.abs(fine - 100 * budget).sum() <= 200 * limit
    assert value(fine / 100, most, scale) >= found_best - 1e-9
    # Nobody gains from a further cent moved: the brute force in cents around the result.
    for give, take in product(range(3), repeat=2):
        other = fine + np.eye(3, dtype="int64")[take] - np.eye(3, dtype="int64")[give]
        if (other < 0).any() or np.abs(other - 100 * budget).sum() > 200 * limit:
            continue
        assert value(other / 100, most, scale) <= value(fine / 100, most, scale) + 1e-5


def test_a_saturated_segment_with_the_best_average_gives():
    """Average returns rank the first highest; its last unit brings nothing."""
    most, scale = np.array([4000.0, 900.0, 300.0]), np.array([500.0, 3000.0, 3000.0])
    budget = cents(400_000, 200_000, 200_000)
    average = budget_model.response(budget / 100, most, scale) / (budget / 100)
    assert average.argmax() == 0
    found = budget_model.shifted(budget, 0 * budget, 4 * budget, most, 100 * scale, 0.3)
    assert found[0] < budget[0]
    assert value(found / 100, most, scale) > value(budget / 100, most, scale)
    to_the_best_average = budget + cents(200_000, -100_000, -100_000)
    assert value(to_the_best_average / 100, most, scale) < value(budget / 100, most, scale)


def test_named_segments_give_and_take_whatever_it_brings():
    """Thirty of the hundred that b and c have go to a, the least of their loss first."""
    most, scale = np.array([1.0, 90.0, 60.0]), np.array([50.0, 80.0, 80.0])
    budget = cents(2_000, 6_000, 4_000)
    is_named = np.array([False, True, True])
    found = budget_model.shifted(
        budget, 0 * budget, 9 * budget, most, 100 * scale, 0.3, is_named, ~is_named
    )
    assert found[0] == 5_000 and found.sum() == budget.sum()
    losses = [
        value(np.array([0.0, 60 - given / 100, 40 - (3000 - given) / 100]), most, scale)
        for given in range(3001)
    ]
    assert value(np.append(0, found[1:] / 100), most, scale) == pytest.approx(max(losses), abs=1e-6)
    # Floors and caps hold, and the rest stays where it is.
    found = budget_model.shifted(
        budget, budget - 500, budget + 700, most, 100 * scale, 0.3, is_named, None
    )
    assert list(found) == [2_700, *found[1:]] and (found[1:] >= budget[1:] - 500).all()


def segments_of(**columns) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    frame = pd.DataFrame({"segment": list("abcdef")[:count], **columns})
    return frame.assign(
        floor_cents=frame.get("floor_cents", 0), cap_cents=frame.get("cap_cents", 10**9)
    )


def test_a_name_that_is_no_segment_is_named():
    frame = segments_of(budget_cents=[1000, 1000], response_base=[5.0, 5.0], spend_scale=[7.0, 7.0])
    with pytest.raises(ValueError, match="name Losts, which does not exist"):
        budget_model.allocate(frame, 0.3, givers=["Losts"])
    with pytest.raises(ValueError, match="both name a"):
        budget_model.allocate(frame, 0.3, givers=["a"], takers=["a"])


def test_the_profitable_division_spends_nothing_that_does_not_come_back():
    """By hand: the marginal return most / scale * exp(-s / scale) is 1 at scale * ln(most/scale).

    That is 100 * ln(2) = 69.31 of the first's 80; the second's first unit brings .5.
    """
    frame = segments_of(
        budget_cents=[8_000, 2_000], response_base=[200.0, 50.0], spend_scale=[100.0, 100.0]
    )
    found = budget_model.allocate(frame, 0.3)
    spent = found[found["scenario"] == "profitable"]["budget_cents"].tolist()
    assert spent == [int(100 * 100 * np.log(2)), 0]
    # With less than that to divide, no more than today's total is spent.
    frame = segments_of(
        budget_cents=[3_000, 1_000], response_base=[200.0, 50.0], spend_scale=[100.0, 100.0]
    )
    found = budget_model.allocate(frame, 0.3)
    spent = found[found["scenario"] == "profitable"]["budget_cents"].tolist()
    assert spent == [4_000, 0]


def test_equal_returns_move_nothing():
    budget, most, scale = cents(10, 20, 30), np.array([5.0, 10.0, 15.0]), np.array([7.0, 14, 21])
    found = budget_model.shifted(budget, 0 * budget, 9 * budget, most, scale, 0.5)
    assert list(found) == [10, 20, 30]


def test_the_order_of_the_rows_does_not_matter():
    frame = pd.DataFrame(
        {
            "segment": list("abcd"),
            "budget_cents": [1000, 1001, 999, 0],
            "floor_cents": [10, 10, 10, 0],
            "cap_cents": [2000, 2000, 2000, 2000],
            "response_base": [5.0, 5.0, 5.0, 5.0],
            "spend_scale": [7.0, 7.0, 7.0, 7.0],
        }
    )
    first = budget_model.allocate(frame, 0.3)
    pd.testing.assert_frame_equal(first, budget_model.allocate(frame.iloc[::-1], 0.3))
    optimal = first[first["scenario"] == "optimal"]["budget_cents"]
    assert optimal.max() - optimal.min() <= 1


META = {"reallocation_share": "0.3", "reallocation_from": [], "reallocation_to": []}


def test_an_empty_input_gives_a_typed_empty_table():
    names = ["segment", "budget_cents", "floor_cents", "cap_cents", "response_base", "spend_scale"]
    refs = {"int_customer_value__budget_segments": pd.DataFrame(columns=names)}
    frame = budget_model.model(FakeDbt(refs, META), None)
    assert len(frame) == 0
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == budget_model.COLUMNS
