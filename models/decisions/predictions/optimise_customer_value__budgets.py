"""Divide the budget among the segments: shifted by a rule, and optimal under the same total.

Spending s on a segment brings response * (1 - exp(-s / spend_scale)), a concave function. So
the optimum under a fixed total, within floors and caps, is where one more unit brings the same
everywhere (the Karush-Kuhn-Tucker conditions; Boyd & Vandenberghe 2004, section 5.5.3, for the
same problem as water-filling), and one number, that marginal return, is searched for.

Money is in whole cents, so that the totals are equal to the cent.
"""

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


def shifted(
    budget: np.ndarray,
    floor: np.ndarray,
    cap: np.ndarray,
    returns: np.ndarray,
    reallocation_share: float,
) -> np.ndarray:
    """Move a share of the budget from the lowest to the highest return per unit.

    Segments below the mean return (weighted by budget) give, the lowest first and down to
    their floor; those above it take, the highest first and up to their cap. As much moves as
    the share allows, the givers have and the takers hold. Of equal returns the first segment
    goes first.

    Parameters
    ----------
    budget, floor, cap : whole cents per segment.
    returns : return per unit of today's budget.
    """
    total = budget.sum()
    result = budget.copy()
    if total == 0:
        return result
    mean = float(np.average(returns, weights=budget))
    # Returns that are equal but for their last digits are equal.
    gap = 1e-9 * max(abs(mean), 1e-300)
    givers = [i for i in np.argsort(returns, kind="stable") if returns[i] < mean - gap]
    takers = [i for i in np.argsort(-returns, kind="stable") if returns[i] > mean + gap]
    moved = min(
        int(reallocation_share * total),
        int(sum(budget[i] - floor[i] for i in givers)),
        int(sum(cap[i] - budget[i] for i in takers)),
    )
    for order, room, sign in ((givers, budget - floor, -1), (takers, cap - budget, 1)):
        left = moved
        for i in order:
            step = min(left, int(room[i]))
            result[i] += sign * step
            left -= step
    return result


def optimal(
    budget: np.ndarray, floor: np.ndarray, cap: np.ndarray, most: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Return the division of today's total that brings the most.

    Parameters
    ----------
    budget, floor, cap : whole cents per segment, floor <= budget <= cap.
    most, scale : the response per segment, scale in cents.
    """
    total = int(budget.sum())
    most = np.where(scale > 0, most, 0.0)
    if total == 0 or not (most > 0).any():
        return budget.copy()
    # Where nothing can be won a trace of a response takes what no other segment may hold.
    scale = np.where(most > 0, np.maximum(scale, 1.0), total)
    slope = np.maximum(most, 1e-12 * most.max()) / scale

    def spend(log_return: float) -> np.ndarray:
        return np.clip(scale * (np.log(slope) - log_return), floor, cap)

    highest = float(np.log(slope).max())
    lowest = float((np.log(slope) - (cap + 1) / scale).min())
    found = brentq(
        lambda value: spend(value).sum() - total, lowest, highest, xtol=1e-13, maxiter=1000
    )
    exact = spend(found)
    result = np.floor(exact).astype("int64").clip(floor, cap)
    # The cents that were cut off go to the largest remainders with room for them.
    for i in np.argsort(result - exact, kind="stable"):
        step = int(np.clip(total - result.sum(), 0, min(1, cap[i] - result[i])))
        result[i] += step
    for i in np.argsort(result - exact, kind="stable"):
        result[i] += int(np.clip(total - result.sum(), floor[i] - result[i], cap[i] - result[i]))
    return result


def allocate(segments: pd.DataFrame, reallocation_share: float) -> pd.DataFrame:
    """Return the budgets of the three scenarios.

    Parameters
    ----------
    segments : segment, budget_cents, floor_cents, cap_cents, response_base, spend_scale.

    Returns
    -------
    One row per scenario and segment, with the columns COLUMNS.
    """
    segments = segments.sort_values("segment")
    budget, floor, cap = (
        segments[name].to_numpy("int64") for name in ("budget_cents", "floor_cents", "cap_cents")
    )
    most = segments["response_base"].to_numpy("float64")
    scale = 100 * segments["spend_scale"].to_numpy("float64")
    # A segment without a budget is ranked by what its first unit would bring.
    first = np.divide(most, scale, out=np.zeros(len(most)), where=scale > 0)
    returns = np.divide(
        response(budget.astype("float64"), most, scale), budget, out=first, where=budget > 0
    )
    scenarios = {
        "current": budget,
        "shifted": shifted(budget, floor, cap, returns, reallocation_share),
        "optimal": optimal(budget, floor, cap, most, scale),
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
    )
    return to_relation(frame, session)
