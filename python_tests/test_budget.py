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
    assert set(sums) == {int(budgets.sum())}
    wide = result.pivot_table("budget_cents", "segment", "scenario", aggfunc="sum")
    for scenario in ("shifted", "optimal"):
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


def test_the_shift_takes_from_the_lowest_and_gives_to_the_highest():
    """Of 100 a share of 30 moves: 15 and 15 from the worst two, 10 and 20 to the best two."""
    budget, floor, cap = cents(20, 30, 20, 30), cents(5, 10, 5, 5), cents(99, 99, 30, 99)
    found = budget_model.shifted(budget, floor, cap, np.array([0.1, 1.2, 3.0, 0.2]), 0.3)
    assert list(found) == [5, 50, 30, 15]
    # The takers hold no more than that.
    cap = cents(99, 31, 21, 99)
    found = budget_model.shifted(budget, floor, cap, np.array([0.1, 1.2, 3.0, 0.2]), 0.3)
    assert list(found) == [18, 31, 21, 30]


def test_equal_returns_move_nothing():
    budget = cents(10, 20, 30)
    found = budget_model.shifted(budget, 0 * budget, 9 * budget, np.full(3, 0.7), 0.5)
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


def test_an_empty_input_gives_a_typed_empty_table():
    names = ["segment", "budget_cents", "floor_cents", "cap_cents", "response_base", "spend_scale"]
    refs = {"int_customer_value__budget_segments": pd.DataFrame(columns=names)}
    frame = budget_model.model(FakeDbt(refs, {"reallocation_share": "0.3"}), None)
    assert len(frame) == 0
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == budget_model.COLUMNS
