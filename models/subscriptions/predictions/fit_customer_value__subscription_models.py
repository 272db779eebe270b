"""How many subscribers renew, and renew again: models of survival by renewal.

Three models of the probability S(t) to survive t renewals, fitted to the grouped table of
renewals paid, lost and censored by maximum likelihood, beside what was observed:

- geometric: everybody is lost with the same probability at each renewal, S(t) = (1 - theta)^t.
  It is behind the usual "average revenue over churn".
- sbg, the shifted beta-geometric (Fader & Hardie 2007): theta differs between subscribers as a
  beta distribution, S(t) = B(gamma, delta + t) / B(gamma, delta).
- bdw, the beta-discrete-Weibull (Fader, Hardie, Liu, Davin & Steenburgh 2018): besides, the
  probability of each changes with the renewals, S(t) = B(gamma, delta + t^c) / B(gamma, delta).
- observed: the Kaplan-Meier estimate as far as it reaches, and the loss rate of its last
  renewals after that.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaln, chdtrc
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

MODELS = {
    "geometric": ["theta"],
    "sbg": ["gamma", "delta"],
    "bdw": ["gamma", "delta", "c"],
}
# Renewals at which fewer subscribers were at risk say little about the curve.
MINIMUM_AT_RISK = 50
# How far a curve may be from the Kaplan-Meier estimate, and the level of the tests.
MAXIMUM_GAP = 0.05
LEVEL = 0.05
# The observed curve goes on with the loss rate of so many renewals.
TAIL_RENEWALS = 3
# Beyond this gamma + delta nobody can tell the subscribers apart.
HOMOGENEOUS = 1e4

COLUMNS = {
    "as_of_role": "string",
    "subscription_group": "string",
    "model": "string",
    "parameter": "string",
    "estimate": "float64",
    "standard_error": "float64",
    "log_likelihood": "float64",
    "p_value": "float64",
    "calibration_error": "float64",
    "largest_gap": "float64",
    "term_count": "int64",
    "lost_count": "int64",
    "is_converged": "bool",
    "is_boundary": "bool",
    "is_selected": "bool",
    "finding": "string",
}


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


@dataclass(frozen=True)
class Renewals:
    """The renewals of a group: element n of `lost` and `censored` has n renewals paid.

    A lost subscriber was at risk at n + 1 renewals and failed at the last of them; a censored
    one was at risk at n.
    """

    lost: np.ndarray
    censored: np.ndarray

    @property
    def at_risk(self) -> np.ndarray:
        """Return how many were at risk at renewal 1, 2, ... (shape of lost)."""
        reached = np.cumsum((self.lost + self.censored)[::-1])[::-1]
        return reached - self.censored

    @property
    def observed(self) -> int:
        """Return the last renewal at which anybody was at risk."""
        found = np.flatnonzero(self.at_risk > 0)
        return int(found[-1]) + 1 if len(found) else 0

    @property
    def reach(self) -> int:
        """Return the last renewal with enough at risk; the last observed one where none has."""
        found = np.flatnonzero(self.at_risk >= MINIMUM_AT_RISK)
        return int(found[-1]) + 1 if len(found) else self.observed


def from_counts(renewals: np.ndarray, lost: np.ndarray, censored: np.ndarray) -> Renewals:
    """Return the renewals of counts by number of renewals paid, in any order."""
    size = int(renewals.max()) + 1 if len(renewals) else 1
    places = renewals.astype("int64")
    return Renewals(
        np.bincount(places, weights=lost, minlength=size),
        np.bincount(places, weights=censored, minlength=size),
    )


def kaplan_meier(data: Renewals) -> np.ndarray:
    """Return the estimated survival of 1, 2, ... renewals (Kaplan & Meier 1958)."""
    at_risk = data.at_risk
    return np.cumprod(
        1 - np.divide(data.lost, at_risk, out=np.zeros(len(at_risk)), where=at_risk > 0)
    )


def log_survival(model: str, parameters: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Return log S(t) of a model at t renewals (numbers of 0 or more).

    Parameters
    ----------
    parameters : theta; or gamma and delta; or gamma, delta and c of the bdw.
    """
    if len(parameters) == 1:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(t > 0, t * np.log1p(-parameters[0]), 0.0)
    gamma, delta = parameters[:2]
    powered = t ** parameters[2] if model == "bdw" else t
    return betaln(gamma, delta + powered) - betaln(gamma, delta)


def log_likelihood(model: str, parameters: np.ndarray, data: Renewals) -> float:
    """Return the log-likelihood: S(n) - S(n + 1) for each lost, S(n) for each censored."""
    curve = log_survival(model, parameters, np.arange(len(data.lost) + 1, dtype="float64"))
    with np.errstate(divide="ignore", invalid="ignore"):
        lost = curve[:-1] + np.log(-np.expm1(curve[1:] - curve[:-1]))
    terms = [np.where(data.lost > 0, data.lost * lost, 0), data.censored * curve[:-1]]
    return float(np.sum(terms))


def standard_errors(model: str, parameters: np.ndarray, data: Renewals) -> np.ndarray:
    """Return the standard errors from the curvature of the likelihood on the log scale.

    Missing where the likelihood is no peak there.
    """
    center, step = np.log(parameters), 1e-4
    size = len(center)
    hessian = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            value = 0.0
            for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                point = center.copy()
                point[i] += a * step
                point[j] += b * step
                value += a * b * log_likelihood(model, np.exp(point), data)
            hessian[i, j] = value / (4 * step * step)
    try:
        variance = np.diag(np.linalg.inv(-hessian))
    except np.linalg.LinAlgError:
        return np.full(size, np.nan)
    return parameters * np.sqrt(np.where(variance > 0, variance, np.nan))


def fit_geometric(data: Renewals) -> np.ndarray:
    """Return theta: those lost over all who were at risk at a renewal."""
    return np.array([data.lost.sum() / data.at_risk.sum()])


def fit_by_likelihood(model: str, data: Renewals) -> tuple[np.ndarray, bool]:
    """Return the parameters of sbg or bdw, and whether the search ended.

    They are searched for on the log scale, where all of them are positive, from 8 starts; the
    best end is the start of a search without slopes.
    """

    def loss(point: np.ndarray) -> float:
        value = -log_likelihood(model, np.exp(point), data)
        return value if np.isfinite(value) else 1e300

    bounds = [(-10, 15), (-10, 15), (-3, 3)][: len(MODELS[model])]
    starts = [
        np.log([gamma, delta, 1.0])[: len(bounds)]
        for gamma in (0.5, 2.0)
        for delta in (0.5, 2.0, 10.0, 100.0)
    ]
    found = [minimize(loss, start, method="L-BFGS-B", bounds=bounds) for start in starts]
    best = minimize(
        loss,
        min(found, key=lambda one: one.fun).x,
        method="Nelder-Mead",
        bounds=bounds,
        options={"xatol": 1e-8, "fatol": 1e-9, "maxiter": 2000},
    )
    return np.exp(best.x), bool(best.success)


def tail_loss_rate(data: Renewals) -> float:
    """Return the loss rate of the last renewals with enough at risk.

    Half a loss is assumed where there was none, so that nobody stays for ever.
    """
    last = slice(max(data.reach - TAIL_RENEWALS, 0), data.reach)
    return float(max(data.lost[last].sum(), 0.5) / max(data.at_risk[last].sum(), 1))


def distances(model: str, parameters: np.ndarray, data: Renewals) -> tuple[float, float]:
    """Return the mean and the largest distance of a curve from Kaplan-Meier, where it is sure."""
    places = np.flatnonzero(data.at_risk >= MINIMUM_AT_RISK)
    if not len(places):
        return np.nan, np.nan
    curve = np.exp(log_survival(model, parameters, places + 1.0))
    gaps = np.abs(curve - kaplan_meier(data)[places])
    return float(gaps.mean()), float(gaps.max())


def fit_models(data: Renewals, wished: str) -> list[dict]:
    """Return a row per model and parameter, with the choice and the reason for it.

    The sbg is chosen unless it finds all subscribers alike, since ignoring that they differ
    costs more than allowing for it; the bdw over it where the likelihood ratio says so and it is
    closer to Kaplan-Meier. Where the chosen curve is farther from Kaplan-Meier than MAXIMUM_GAP,
    the observed curve is used.

    Parameters
    ----------
    data : the renewals of one group.
    wished : best, or the model to use whatever its fit.
    """
    if data.observed == 0:
        return [
            row("observed", "tail_loss_rate", finding="No renewal was due yet: nothing is known.")
        ]
    observed = [
        row("observed", "reach", float(data.reach)),
        row("observed", "tail_loss_rate", tail_loss_rate(data)),
    ]
    if data.observed < 2 or data.lost.sum() == 0:
        why = "Nobody was lost yet" if data.observed >= 2 else "Only one renewal was observed"
        finding = f"{why}, so that no model can be fitted, and the observed curve is used."
        return [{**one, "is_selected": True, "finding": finding} for one in observed]
    fits: dict[str, dict] = {}
    for model in MODELS:
        if model == "geometric":
            parameters, is_converged = fit_geometric(data), True
        else:
            parameters, is_converged = fit_by_likelihood(model, data)
        is_boundary = bool(
            parameters[0] >= 1 if model == "geometric" else parameters[:2].sum() > HOMOGENEOUS
        )
        mean_gap, largest_gap = distances(model, parameters, data)
        fits[model] = {
            "parameters": parameters,
            "errors": np.full(len(parameters), np.nan)
            if is_boundary
            else standard_errors(model, parameters, data),
            "log_likelihood": log_likelihood(model, parameters, data),
            "calibration_error": mean_gap,
            "largest_gap": largest_gap,
            "is_converged": is_converged,
            "is_boundary": is_boundary,
        }
    chosen, why = choose(fits, wished)
    rows = []
    for model, names in MODELS.items():
        fit = fits[model]
        for place, name in enumerate(names):
            rows.append(
                row(
                    model,
                    name,
                    float(fit["parameters"][place]),
                    standard_error=float(fit["errors"][place]),
                    is_selected=model == chosen,
                    finding=why if model == chosen else finding_of(fit),
                    **{
                        key: fit[key]
                        for key in (
                            "log_likelihood",
                            "p_value",
                            "calibration_error",
                            "largest_gap",
                            "is_converged",
                            "is_boundary",
                        )
                    },
                )
            )
    is_chosen = chosen == "observed"
    finding = why if is_chosen else "A model is used instead."
    rows.extend({**one, "is_selected": is_chosen, "finding": finding} for one in observed)
    return rows


def finding_of(fit: dict) -> str:
    """Return what is to be said of a model that was not chosen."""
    if not fit["is_converged"]:
        return "The search for the parameters did not converge."
    if fit["is_boundary"]:
        return "All subscribers are alike, so that the model is the geometric one."
    return "Another curve is used."


def choose(fits: dict[str, dict], wished: str) -> tuple[str, str]:
    """Return the model to use and why, and add to the fits the p-value of each over its simpler.

    At the boundary of the sbg half of the chi-square distribution is a point at zero.
    """
    ratio = 2 * (fits["sbg"]["log_likelihood"] - fits["geometric"]["log_likelihood"])
    fits["geometric"]["p_value"] = np.nan
    fits["sbg"]["p_value"] = float(0.5 * chdtrc(1, max(ratio, 0)))
    ratio = 2 * (fits["bdw"]["log_likelihood"] - fits["sbg"]["log_likelihood"])
    fits["bdw"]["p_value"] = float(chdtrc(1, max(ratio, 0)))
    if wished != "best":
        return wished, f"The var subscription_model asks for {wished}."
    best = "geometric" if fits["sbg"]["is_boundary"] else "sbg"
    errors = [fits[model]["calibration_error"] for model in ("bdw", best)]
    if fits["bdw"]["p_value"] < LEVEL and not errors[0] > errors[1]:
        best = "bdw"
    gap = fits[best]["largest_gap"]
    if gap > MAXIMUM_GAP:
        return "observed", (
            f"No curve follows the observed one: the closest allowed, {best}, misses it by up to "
            f"{gap:.3f}. The observed curve is used as far as it reaches, and the loss rate of its "
            "last renewals after that."
        )
    return best, {
        "geometric": "The subscribers do not differ: the geometric model describes them.",
        "sbg": "The subscribers differ in their probability of being lost.",
        "bdw": "The subscribers differ, and their probability of being lost changes with renewals.",
    }[best]


def row(model: str, parameter: str, estimate: float = np.nan, **others) -> dict:
    """Return a row of the result with what is the same in most of them."""
    return {
        "model": model,
        "parameter": parameter,
        "estimate": estimate,
        "standard_error": np.nan,
        "log_likelihood": np.nan,
        "p_value": np.nan,
        "calibration_error": np.nan,
        "largest_gap": np.nan,
        "is_converged": True,
        "is_boundary": False,
        "is_selected": False,
        "finding": "",
        **others,
    }


def fit(counts: pd.DataFrame, wished: str) -> pd.DataFrame:
    """Return the parameters of all models by role and group.

    Parameters
    ----------
    counts : as_of_role, subscription_group, renewals_paid, lost_count, censored_count,
        recent_lost_count and recent_kept_count; one row per role, group and renewals paid.
    wished : best, geometric, sbg, bdw or observed.

    Returns
    -------
    Rows with the columns COLUMNS, sorted by role, group, model and parameter. The model
    last_retention is a baseline: the loss rate of the last renewal of everybody.
    """
    rows: list[dict] = []
    for (role, group), part in counts.groupby(["as_of_role", "subscription_group"], sort=True):
        data = from_counts(
            part["renewals_paid"].to_numpy("float64"),
            part["lost_count"].to_numpy("float64"),
            part["censored_count"].to_numpy("float64"),
        )
        found = fit_models(data, wished)
        recent = part["recent_lost_count"].sum() + part["recent_kept_count"].sum()
        if recent > 0:
            found.append(
                row(
                    "last_retention",
                    "theta",
                    float(part["recent_lost_count"].sum() / recent),
                    finding="A baseline: the loss rate at everybody's last renewal continues.",
                )
            )
        keys = {
            "as_of_role": role,
            "subscription_group": group,
            "term_count": int((data.lost + data.censored).sum()),
            "lost_count": int(data.lost.sum()),
        }
        rows.extend({**keys, **one} for one in found)
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    return frame.sort_values(
        ["as_of_role", "subscription_group", "model", "parameter"], ignore_index=True
    )


def model(dbt, session):
    """Write the parameters of every group's models, and which of them is used."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy", "threadpoolctl"])
    frame = fit(
        to_frame(dbt.ref("int_customer_value__renewal_counts")),
        wished=str(dbt.config.meta_get("subscription_model")),
    )
    return to_relation(frame, session)
