"""What is expected of a subscriber who has paid n renewals: a lookup for SQL.

The probability to pay k more renewals is S(n + k) / S(n). It depends on the group, the model,
n and k only, so that a table of some thousand rows scores any number of subscribers.
"""

import numpy as np
import pandas as pd
from scipy.special import betaln

# The residual value looks at the renewals of a hundred years.
RESIDUAL_DAYS = 36525
# The parameters of all models in the order in which log_survival takes them.
PARAMETERS = ["theta", "gamma", "delta", "c"]
COLUMNS = {
    "as_of_role": "string",
    "subscription_group": "string",
    "model": "string",
    "renewals_paid": "int64",
    "renewals_ahead": "int64",
    "is_selected": "bool",
    "survival": "float64",
    "expected_renewals": "float64",
    "discounted_renewals": "float64",
    "residual_renewals": "float64",
}
KEYS = list(COLUMNS)[:5]


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


def log_observed(
    lost: np.ndarray, at_risk: np.ndarray, reach: int, tail: float, size: int
) -> np.ndarray:
    """Return log S(0), ..., log S(size - 1) as observed, and with the loss rate `tail` after.

    Parameters
    ----------
    lost, at_risk : those lost and at risk at renewal 1, 2, ...
    reach : the last renewal whose loss rate is taken from them.
    """
    rates = np.full(size - 1, tail)
    known = min(reach, size - 1)
    rates[:known] = lost[:known] / np.maximum(at_risk[:known], 1)
    with np.errstate(divide="ignore"):
        return np.concatenate([[0.0], np.cumsum(np.log1p(-rates))])


def ahead(curve: np.ndarray, renewals_paid: int, count: int, discount: float) -> dict:
    """Return what is expected of one who paid n renewals, just before the next is due.

    Parameters
    ----------
    curve : log S(0), log S(1), ...
    renewals_paid : n.
    count : for 0 to this many renewals ahead.
    discount : the value today of an amount that comes one billing interval later.

    Returns
    -------
    Arrays over 0 to count: survival, the probability to pay k renewals more; their expected
    number among the next k, plain and discounted to the day of the next one; and the
    discounted number of all that the curve covers.
    """
    start = curve[renewals_paid]
    if np.isfinite(start):
        probabilities = np.exp(curve[renewals_paid:] - start)
    else:
        probabilities = np.zeros(len(curve) - renewals_paid)
        probabilities[0] = 1.0
    weights = discount ** np.arange(len(probabilities) - 1)
    plain = np.concatenate([[0.0], np.cumsum(probabilities[1:])])
    discounted = np.concatenate([[0.0], np.cumsum(probabilities[1:] * weights)])
    return {
        "survival": probabilities[: count + 1],
        "expected_renewals": plain[: count + 1],
        "discounted_renewals": discounted[: count + 1],
        "residual_renewals": np.full(count + 1, discounted[-1]),
    }


def curve_of(model: str, parameters: dict, counts: pd.DataFrame, size: int) -> np.ndarray:
    """Return log S(0), ..., log S(size - 1) of a model, or of what was observed."""
    if model != "observed":
        values = np.array([parameters[name] for name in PARAMETERS if name in parameters])
        return log_survival(model, values, np.arange(size, dtype="float64"))
    ordered = counts.set_index("renewals_paid")[["lost_count", "censored_count"]]
    full = ordered.reindex(range(int(ordered.index.max()) + 1), fill_value=0).astype("float64")
    lost = full["lost_count"].to_numpy()
    reached = np.cumsum((lost + full["censored_count"].to_numpy())[::-1])[::-1]
    at_risk = reached - full["censored_count"].to_numpy()
    tail, reach = parameters["tail_loss_rate"], int(parameters["reach"])
    return log_observed(lost, at_risk, reach, tail, size)


def score(counts: pd.DataFrame, fits: pd.DataFrame, annual_discount_rate: float) -> pd.DataFrame:
    """Return the lookup of all roles, groups and models.

    Parameters
    ----------
    counts : as_of_role, subscription_group, renewals_paid, lost_count, censored_count,
        scored_count, cycle_days, renewals_ahead_count (how far to look).
    fits : as_of_role, subscription_group, model, parameter, estimate, is_selected.
    annual_discount_rate : per year of 365 days.

    Returns
    -------
    Rows with the columns COLUMNS. Nobody who has paid no renewal needs to be scored for a model
    to have the row of 0 renewals: it holds the curve itself. As of today all other rows are of
    the selected model.
    """
    rows = []
    for (role, group), part in counts.groupby(["as_of_role", "subscription_group"], sort=True):
        cycle_days = float(part["cycle_days"].iloc[0])
        discount = (1 + annual_discount_rate) ** (-cycle_days / 365)
        last = int(part["renewals_paid"].max())
        count = int(part["renewals_ahead_count"].max())
        size = last + max(int(np.ceil(RESIDUAL_DAYS / cycle_days)), count) + 2
        scored = part.loc[part["scored_count"] > 0, "renewals_paid"].astype(int).tolist()
        own = fits[(fits["as_of_role"] == role) & (fits["subscription_group"] == group)]
        for model_name, parameters in own.groupby("model", sort=True):
            if parameters["estimate"].isna().any():
                continue
            estimates = dict(zip(parameters["parameter"], parameters["estimate"], strict=True))
            is_selected = bool(parameters["is_selected"].any())
            curve = curve_of(str(model_name), estimates, part, size)
            wanted = set(scored) if is_selected or role == "calibration" else set()
            for renewals_paid in sorted(wanted | {0}):
                length = max(count, last + 1) if renewals_paid == 0 else count
                found = ahead(curve, renewals_paid, length, discount)
                rows.append(
                    pd.DataFrame(
                        {
                            "as_of_role": role,
                            "subscription_group": group,
                            "model": model_name,
                            "renewals_paid": renewals_paid,
                            "renewals_ahead": np.arange(length + 1),
                            "is_selected": is_selected,
                            **found,
                        }
                    )
                )
    empty = pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
    return pd.concat([empty, *rows], ignore_index=True).astype(COLUMNS)


def model(dbt, session):
    """Write what is expected of the subscribers by group, model and renewals paid."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scipy"])
    frame = score(
        to_frame(dbt.ref("int_customer_value__renewal_counts")),
        to_frame(dbt.ref("fit_customer_value__subscription_models")),
        annual_discount_rate=float(dbt.config.meta_get("annual_discount_rate")),
    )
    return to_relation(frame, session)
