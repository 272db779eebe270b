"""Predict what each customer will spend, by learners that know nothing of purchase models.

Every learner has two parts (Duan et al. 1983, Journal of Business & Economic Statistics 1:115):
the probability to spend anything, and what those who do spend. The second is learned on
ln(1 + spend), because a few customers spend many times what the others do and a squared error
in money would be about them alone. Taking the exponential of a mean logarithm is too low; the
mean of the exponentials of the errors makes up for it (the smearing estimate: Duan 1983,
Journal of the American Statistical Association 78:605). The errors are those on buyers that the
learner has not seen (four folds), since its errors on what it has seen are too small. Assumed is
that errors on the log scale are alike for all customers.

What was learned is not kept: the forecasts of the bounded sample are, and those of everybody
where the var `value_model` names a learner, in batches of about 100,000 customers, each written
before the next is read. The seeds are fixed and one thread adds up.
"""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

# For good, and in every such model: dbt runs models side by side in one process, and a limit that
# one of them took back would end that of another, and change its last digits.
threadpool_limits(1)

# What the observations say beside the features.
KEYS = {
    "customer_id",
    "as_of_role",
    "fold",
    "value",
    "window_days",
    "target_days",
    "batch_number",
    "as_of_date",
}
# Below so many who spend, or who do not, a fit would learn chance.
FEWEST_OUTCOMES = 20
# Of so many buyers one is kept aside at a time, for the smearing.
FOLDS = 4
FOREST: dict[str, Any] = {
    "n_estimators": 60,
    "max_depth": 6,
    "min_samples_leaf": 20,
    "n_jobs": 1,
}
BOOSTING: dict[str, Any] = {
    "max_iter": 60,
    "max_leaf_nodes": 8,
    "learning_rate": 0.08,
    "min_samples_leaf": 20,
    "l2_regularization": 1.0,
    "early_stopping": False,
}
# Weights are held small, here and in ridge: features overlap (revenue is orders times their
# mean), and customers of today differ from those of the earlier date.
NETWORK: dict[str, Any] = {
    "hidden_layer_sizes": (8,),
    "solver": "lbfgs",
    "alpha": 10.0,
    "max_iter": 200,
}

LEARNERS: dict[str, Callable[[int], tuple[Any, Any]]] = {
    "ridge": lambda seed: (LogisticRegression(C=0.01, max_iter=2_000), Ridge(alpha=100.0)),
    "random_forest": lambda seed: (
        RandomForestClassifier(**FOREST, max_features="sqrt", random_state=seed),
        RandomForestRegressor(**FOREST, max_features=1 / 3, random_state=seed),
    ),
    "gradient_boosting": lambda seed: (
        HistGradientBoostingClassifier(**BOOSTING, random_state=seed),
        HistGradientBoostingRegressor(**BOOSTING, random_state=seed),
    ),
    "neural_network": lambda seed: (
        MLPClassifier(**NETWORK, random_state=seed),
        MLPRegressor(**NETWORK, random_state=seed),
    ),
}

COLUMNS = {
    "as_of_role": "string",
    "model": "string",
    "row_kind": "string",
    "customer_id": "string",
    "value": "float64",
    "fit_customer_count": "int64",
    "is_estimated": "bool",
    "finding": "string",
}
SQL_TYPES = {"string": "varchar", "float64": "double", "int64": "bigint", "bool": "boolean"}


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


def features_of(rows: pd.DataFrame) -> list[str]:
    """Return the names of the features, sorted, so that their order in the table plays no part."""
    return sorted(set(rows.columns) - KEYS)


def cannot_learn(train: pd.DataFrame) -> str | None:
    """Return why nothing can be learned, as a sentence, or None where something can."""
    if len(train) == 0:
        return (
            "The log is too short for an earlier date with a window after it: nothing was "
            "estimated."
        )
    buyers = int((train["value"] > 0).sum())
    rarer = min(buyers, len(train) - buyers)
    if rarer == 0:
        return (
            f"{'Everybody' if buyers else 'Nobody'} spent something in the window after the "
            "earlier date: there is nothing to distinguish, and nothing was estimated."
        )
    if rarer < FEWEST_OUTCOMES:
        return (
            f"Only {rarer} of {len(train)} customers {'spent' if rarer == buyers else 'did not'}"
            f"{' something' if rarer == buyers else ' spend anything'} in the window after the "
            f"earlier date, and at least {FEWEST_OUTCOMES} are needed: nothing was estimated."
        )
    if not (np.ptp(train[features_of(train)].to_numpy("float64"), axis=0) > 1e-9).any():
        return "All customers are alike in every feature: nothing was estimated."
    return None


def what_was_learned(train: pd.DataFrame) -> str:
    """Return what the learners saw, as a sentence."""
    first = train.iloc[0]
    window, target = int(first["window_days"]), int(first["target_days"])
    sentence = (
        f"Trained on {len(train)} customers as of {pd.Timestamp(first['as_of_date']).date()} and "
        f"the {window} days after it, in which {int((train['value'] > 0).sum())} of them bought."
    )
    if window < target:
        sentence += f" Their spend is taken to go on at that pace over {target} days."
    return sentence


def matrix(rows: pd.DataFrame, features: list[str]) -> np.ndarray:
    """Return the features, rounded to 32 bits: beyond, engines differ, and trees would split so."""
    return rows[features].to_numpy("float64").astype("float32").astype("float64")


class TwoPartLearner:
    """The probability to spend anything times what those who do spend."""

    def __init__(self, name: str, train: pd.DataFrame, seed: int):
        rows = train.sort_values("customer_id", ignore_index=True)
        self.features = features_of(rows)
        points = matrix(rows, self.features)
        self.lowest, self.highest = points.min(axis=0), points.max(axis=0)
        self.mean, deviation = points.mean(axis=0), points.std(axis=0)
        self.deviation = np.where(deviation > 1e-9, deviation, 1.0)
        points = self.standardised(points)
        spend = rows["value"].to_numpy("float64")
        buys = spend > 0
        self.highest_spend = float(spend.max())
        self.classifier, self.regressor = LEARNERS[name](seed)
        points_of_buyers, log_spend = points[buys], np.log1p(spend[buys])
        aside_number = np.arange(len(log_spend)) % FOLDS
        errors = np.zeros(len(log_spend))
        with warnings.catch_warnings():
            # A network that is still on its way is evaluated on the holdout like any other.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.classifier.fit(points, buys)
            for aside in range(FOLDS):
                self.regressor.fit(
                    points_of_buyers[aside_number != aside], log_spend[aside_number != aside]
                )
                unseen = points_of_buyers[aside_number == aside]
                errors[aside_number == aside] = log_spend[
                    aside_number == aside
                ] - self.regressor.predict(unseen)
            self.regressor.fit(points_of_buyers, log_spend)
        self.smearing = float(np.exp(errors).mean())

    def standardised(self, points: np.ndarray) -> np.ndarray:
        """Return features with mean 0 and deviation 1; beyond what training saw, its edge.

        A line, or a network, would go on beyond it, and the exponential make it absurd.
        """
        return (np.clip(points, self.lowest, self.highest) - self.mean) / self.deviation

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """Return what each row is expected to spend, never more than the most that was seen."""
        points = self.standardised(matrix(rows, self.features))
        probability = self.classifier.predict_proba(points)[:, 1]
        spend = self.smearing * np.exp(np.minimum(self.regressor.predict(points), 700)) - 1
        # Trees and networks add up in blocks: the last digits are not those of the customer.
        return np.round(probability * np.clip(spend, 0, self.highest_spend), 9)


def to_columns(role: str, model: str, row_kind: str, **columns) -> pd.DataFrame:
    """Return rows of the table; what is not given is missing, 0 or false."""
    frame = pd.DataFrame(columns).assign(as_of_role=role, model=model, row_kind=row_kind)
    defaults = {"fit_customer_count": 0, "is_estimated": False}
    return frame.reindex(columns=list(COLUMNS)).fillna(defaults).astype(COLUMNS)


def forecasts(observations, learners: dict[str, list[str]], seed: int) -> Iterator[pd.DataFrame]:
    """Yield a finding per role and learner, and what the learner expects of the customers.

    Parameters
    ----------
    observations : relation with as_of_role, fold (training, test or current), customer_id, the
        features, value (of train), window_days, target_days, as_of_date and batch_number.
    learners : the names of the learners of each role.
    """
    batches = to_frame(
        observations.filter("fold != 'training'").select("as_of_role", "batch_number").distinct()
    )
    for role, names in learners.items():
        train = to_frame(observations.filter(f"as_of_role = '{role}' and fold = 'training'"))
        train = train.astype({"value": "float64"})
        reason = cannot_learn(train)
        finding = {
            "finding": [reason or what_was_learned(train)],
            "fit_customer_count": [len(train)],
            "is_estimated": [reason is None],
        }
        for name in names:
            yield to_columns(role, name, "finding", **finding)
        if reason is not None:
            continue
        fitted = {name: TwoPartLearner(name, train, seed) for name in names}
        for batch in sorted(batches.loc[batches["as_of_role"] == role, "batch_number"]):
            rows = to_frame(
                observations.filter(
                    f"as_of_role = '{role}' and fold != 'training' and batch_number = {batch}"
                )
            ).sort_values("customer_id", ignore_index=True)
            for name, learner in fitted.items():
                value = learner.predict(rows)
                yield to_columns(
                    role, name, "forecast", customer_id=rows["customer_id"], value=value
                )


def write(batches: Iterator[pd.DataFrame], session):
    """Return the batches as one relation, on DuckDB without holding them all at once."""
    if not hasattr(session, "register"):
        return to_relation(pd.concat(batches), session)
    types = ", ".join(f"{name} {SQL_TYPES[kind]}" for name, kind in COLUMNS.items())
    session.execute(f"create or replace temp table scored_values ({types})")
    for batch in batches:
        session.register("scored_batch", batch)
        session.execute("insert into scored_values select * from scored_batch")
        session.unregister("scored_batch")
    return session.table("scored_values")


def model(dbt, session):
    """Write what every learner expects of the holdout, and the one in use of everybody."""
    dbt.config(materialized="table", packages=["numpy", "pandas", "scikit-learn", "threadpoolctl"])
    value_model = dbt.config.meta_get("value_model")
    learners = {"calibration": list(LEARNERS)}
    if value_model in LEARNERS:
        learners["current"] = [value_model]
    seed = int(dbt.config.meta_get("random_seed"))
    return write(
        forecasts(dbt.ref("int_customer_value__value_observations"), learners, seed), session
    )
