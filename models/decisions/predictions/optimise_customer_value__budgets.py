"""Divide the budget among the segments: shifted, optimal, and without what costs more.

Spending s on a segment brings response * (1 - exp(-s / spend_scale)), a concave function. So
the optimum under a fixed total, within floors and caps, is where one more unit brings the same
everywhere (the Karush-Kuhn-Tucker conditions; Boyd & Vandenberghe 2004, section 5.5.3, for the
same problem as water-filling), and one number, that marginal return, is searched for.

Money is in whole cents, so that the totals are equal to the cent.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.optimize import brentq

COLUMNS = {"scenario": "string", "segment": "string", "budget_cents": "int64"}


def to_frame(relation) -> pd.DataFrame:
    """Turn what ``dbt.ref`` gives on any engine into a frame with lower-case columns."""
    for name in ("to_pandas", "toPandas", "df"):
        convert = getattr(relation, name, None)
        if callable(convert):
            relation = convert()
            break
    return relation.rename(columns=str.lower)


def to_relation(frame: pd.DataFrame, session):
    """Turn a frame into what dbt writes on any engine."""
    engine = type(session).__module__.split(".")[0]
    if engine == "pyspark":
        return session.createDataFrame(frame)
    # Snowflake keeps a frame's lower case, and then knows the names in quotes only.
    return frame.rename(columns=str.upper) if engine == "snowflake" else frame


def response(spend: np.ndarray, most: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return what spending brings: `most` in the limit, 63 % of it at `scale`."""
    safe = np.where(scale > 0, scale, 1.0)
    return np.where(scale > 0, most * -np.expm1(-spend / safe), 0.0)


def divided(
    exact_at: Callable[[float], np.ndarray], total: int, floor: np.ndarray, cap: np.ndarray
) -> np.ndarray:
    """Return the whole cents of the division at the marginal return that spends the total.

    Parameters
    ----------
    exact_at : the exact cents per segment at the logarithm of a marginal return, non-increasing.
    total : between the sums of floor and cap.
    floor, cap : whole cents per segment.
    """
    lowest, highest = -1.0, 1.0
    while exact_at(lowest).sum() < total and lowest > -1e9:
        lowest *= 2
    while exact_at(highest).sum() > total and highest < 1e9:
        highest *= 2
    found = brentq(
        lambda value: exact_at(value).sum() - total, lowest, highest, xtol=1e-13, maxiter=1000
    )
    exact = exact_at(found)
    result = np.floor(exact).astype("int64").clip(floor, cap)
    # The cents that were cut off go to the largest remainders with room for them.
    for i in np.argsort(result - exact, kind="stable"):
        step = int(np.clip(total - result.sum(), 0, min(1, cap[i] - result[i])))
        result[i] += step
    for i in np.argsort(result - exact, kind="stable"):
        result[i] += int(np.clip(total - result.sum(), floor[i] - result[i], cap[i] - result[i]))
    return result


def best(
    total: int, floor: np.ndarray, cap: np.ndarray, most: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Return the division of a total that brings the most.

    Parameters
    ----------
    total : whole cents, between the sums of floor and cap.
    floor, cap : whole cents per segment, floor <= cap.
    most, scale : the response per segment, scale in cents.
    """
    if len(floor) == 0 or total <= floor.sum():
        return floor.copy()
    if total >= cap.sum():
        return cap.copy()
    most = np.where(scale > 0, most, 0.0)
    # Where nothing can be won a trace of a response takes what no other segment may hold.
    scale = np.where(most > 0, np.maximum(scale, 1.0), max(total, 1))
    slope = np.maximum(most, 1e-12 * max(most.max(), 1e-12)) / scale

    def spend(log_return: float) -> np.ndarray:
        return np.clip(scale * (np.log(slope) - log_return), floor, cap)

    return divided(spend, total, floor, cap)


def optimal(
    budget: np.ndarray, floor: np.ndarray, cap: np.ndarray, most: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Return the division of today's total that brings the most; see `best`."""
    if not (np.where(scale > 0, most, 0.0) > 0).any():
        return budget.copy()
    return best(int(budget.sum()), floor, cap, most, scale)


def profitable(
    floor: np.ndarray, most_spent: np.ndarray, most: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Return the division that brings the most beyond its cost, of at most the optimal one.

    A unit is spent where it brings at least a unit back. What the optimum of today's total
    spends beyond that is not spent at all: nowhere is its return higher.

    Parameters
    ----------
    floor : whole cents per segment.
    most_spent : the optimal division.
    most, scale : the response per segment in units of money, scale in cents.
    """
    slope = np.divide(100 * most, scale, out=np.zeros(len(most)), where=scale > 0)
    exact = scale * np.log(np.maximum(slope, 1.0))
    return np.minimum(np.floor(exact).astype("int64").clip(floor), most_spent)


def shifted(
    budget: np.ndarray,
    floor: np.ndarray,
    cap: np.ndarray,
    most: np.ndarray,
    scale: np.ndarray,
    reallocation_share: float,
    givers: np.ndarray | None = None,
    takers: np.ndarray | None = None,
) -> np.ndarray:
    """Move at most a share of the budget to where the next unit brings the most.

    Without names, money moves while the marginal return of the taker exceeds that of the giver,
    until `reallocation_share` of the whole has moved. What is given is what brings the least, and
    it is added where it brings the most, so no shift brings less than today's division.

    With named givers or takers, the share is that of the givers' budget and is moved whatever it
    brings, as far as floors and caps allow; among the givers and among the takers it is divided
    in the best way.

    Parameters
    ----------
    budget, floor, cap : whole cents per segment, floor <= budget <= cap.
    most, scale : the response per segment, scale in cents.
    givers, takers : whether a segment was named; None where nobody named any.
    """
    if givers is None and takers is None:
        target = optimal(budget, floor, cap, most, scale)
        limit = int(reallocation_share * budget.sum())
        if np.abs(target - budget).sum() // 2 <= limit:
            return target
        # What the optimum takes from a segment, and gives to it, bounds each step towards it.
        givers, takers = target < budget, target > budget
        lowest, highest = np.minimum(target, budget), np.maximum(target, budget)
    else:
        if givers is None:
            assert takers is not None
            givers = ~takers
        takers = ~givers if takers is None else takers
        limit = int(reallocation_share * budget[givers].sum())
        lowest, highest = floor, cap
    moved = min(
        limit,
        int((budget - lowest)[givers].sum()),
        int((highest - budget)[takers].sum()),
    )
    result = budget.copy()
    for part, change, low, high in (
        (givers, -moved, lowest, budget),
        (takers, moved, budget, highest),
    ):
        total = int(budget[part].sum()) + change
        result[part] = best(total, low[part], high[part], most[part], scale[part])
    return result


def allocate(
    segments: pd.DataFrame,
    reallocation_share: float,
    givers: Sequence[str] = (),
    takers: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the budgets of the four scenarios.

    Parameters
    ----------
    segments : segment, budget_cents, floor_cents, cap_cents, response_base, spend_scale.
    givers, takers : names of the segments that the shift takes from and gives to; where both are
        empty the marginal returns decide.

    Returns
    -------
    One row per scenario and segment, with the columns COLUMNS.

    Raises
    ------
    ValueError : where a name is no segment, or is both giver and taker.
    """
    segments = segments.sort_values("segment")
    names = segments["segment"].astype("string")
    unknown = sorted({*givers, *takers} - set(names))
    if len(segments) and unknown:
        raise ValueError(
            f"The vars reallocation_from and reallocation_to name {', '.join(unknown)}, which "
            f"does not exist: the segments are {', '.join(names)}."
        )
    if both := sorted(set(givers) & set(takers)):
        raise ValueError(
            f"The vars reallocation_from and reallocation_to both name {', '.join(both)}: a "
            "segment cannot give to itself."
        )
    budget, floor, cap = (
        segments[name].to_numpy("int64") for name in ("budget_cents", "floor_cents", "cap_cents")
    )
    most = segments["response_base"].to_numpy("float64")
    scale = 100 * segments["spend_scale"].to_numpy("float64")
    division = optimal(budget, floor, cap, most, scale)
    scenarios = {
        "current": budget,
        "shifted": shifted(
            budget,
            floor,
            cap,
            most,
            scale,
            reallocation_share,
            names.isin(givers).to_numpy("bool") if len(givers) else None,
            names.isin(takers).to_numpy("bool") if len(takers) else None,
        ),
        "optimal": division,
        "profitable": profitable(floor, division, most, scale),
    }
    frames = [
        pd.DataFrame({"scenario": name, "segment": segments["segment"], "budget_cents": cents})
        for name, cents in scenarios.items()
    ]
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)].astype(COLUMNS)


def model(dbt, session):
    """Write the budget of every scenario and segment."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy"])
    frame = allocate(
        to_frame(dbt.ref("int_customer_value__budget_segments")),
        reallocation_share=float(dbt.config.meta_get("reallocation_share")),
        givers=dbt.config.meta_get("reallocation_from"),
        takers=dbt.config.meta_get("reallocation_to"),
    )
    return to_relation(frame, session)
