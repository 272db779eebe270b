"""Choose whom a bank should write to, and measure what that was worth.

    python benchmarks/bank.py --customers 1000000 --budget 100000

A log is simulated (simulate.py) with two past mailings, whose responses follow a probability that
is known here. The project learns from them, ranks everybody and hands over the list that the budget
reaches, with its control held out. Then the mailing happens: the list and as many customers at
random are written to, and the response of each against that of its own control is what the mailing
brought. Printed are both with their 95 % intervals, what is true, and minutes and memory of the
build.
"""

import argparse
import math
import os
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from run import run
from simulate import FIRST_DAY, OBSERVED_DAYS, simulate_chunk

# Days after the first one on which the mailings went out.
MAILING_DAYS = (560, 630)
CONTROL_SHARE = 0.10
# How much of a response comes without a letter, too.
OWN_SHARE = 0.5


def state_on(log: pd.DataFrame, day: int) -> pd.DataFrame:
    """Return who had bought by a day: purchase_count and recency_days, by customer."""
    date = FIRST_DAY + np.timedelta64(day, "D")
    before = log[log["transacted_at"] < date]
    customers = before.groupby("customer_id")["transacted_at"].agg(["size", "max"])
    recency = (date.astype("datetime64[s]") - customers["max"].to_numpy()) / np.timedelta64(1, "D")
    return pd.DataFrame({"purchase_count": customers["size"], "recency_days": recency})


def response_probability(state: pd.DataFrame, is_contacted: np.ndarray) -> np.ndarray:
    """Return the true probability of a response within the activity window."""
    score = -3.6 + 0.8 * np.log1p(state["purchase_count"]) - 0.006 * state["recency_days"]
    written_to = 1 / (1 + np.exp(-score.to_numpy()))
    return np.where(is_contacted, written_to, OWN_SHARE * written_to)


def mailing(log: pd.DataFrame, day: int, size: int, name: str, seed: int) -> pd.DataFrame:
    """Return the contacts of a mailing to customers at random, with its control held out."""
    random = np.random.default_rng([seed, day])
    state = state_on(log, day)
    chosen = state.iloc[random.choice(len(state), min(size, len(state)), replace=False)]
    is_control = random.uniform(size=len(chosen)) < CONTROL_SHARE
    probability = response_probability(chosen, ~is_control)
    return pd.DataFrame(
        {
            "customer_id": chosen.index,
            "campaign_id": name,
            "contacted_at": FIRST_DAY.astype("datetime64[s]") + np.timedelta64(day, "D"),
            "variant": np.where(is_control, "control", "letter"),
            "planned_share": np.where(is_control, CONTROL_SHARE, 1 - CONTROL_SHARE),
            "responded": random.uniform(size=len(chosen)) < probability,
        }
    )


def incremental_response(responded: np.ndarray, is_control: np.ndarray) -> tuple[float, ...]:
    """Return the difference of the response rates and the ends of its 95 % interval (Wald)."""
    treated, control = responded[~is_control], responded[is_control]
    difference = treated.mean() - control.mean()
    error = math.sqrt(
        treated.mean() * (1 - treated.mean()) / len(treated)
        + control.mean() * (1 - control.mean()) / len(control)
    )
    return difference, difference - 1.959964 * error, difference + 1.959964 * error


def report(name: str, state: pd.DataFrame, is_control: np.ndarray, seed: int) -> str:
    """Let the mailing happen and say what it brought, against what is true."""
    random = np.random.default_rng([seed, len(state)])
    responded = random.uniform(size=len(state)) < response_probability(state, ~is_control)
    found, lower, upper = incremental_response(responded, is_control)
    everybody = np.ones(len(state), bool)
    truth = (
        response_probability(state, everybody) - response_probability(state, ~everybody)
    ).mean()
    return (
        f"{name:>8}: {100 * found:.2f} more responses per 100 letters "
        f"({100 * lower:.2f} to {100 * upper:.2f}), true {100 * truth:.2f}; "
        f"{(~is_control).sum():,} letters, {is_control.sum():,} held out"
    )


def main() -> None:
    """Simulate, build, and let the mailing happen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--mailing", type=int, help="customers of a mailing: a tenth of all")
    parser.add_argument("--budget", type=float, help="letters at 1 each: a tenth of the customers")
    parser.add_argument("--folder", type=Path, default=Path("target/bank"))
    parser.add_argument("--seed", type=int, default=20050501)
    given = parser.parse_args()
    size = given.mailing or given.customers // 10
    budget = given.budget or given.customers // 10
    given.folder.mkdir(parents=True, exist_ok=True)
    folder = given.folder.resolve()

    log = simulate_chunk(0, given.customers, given.seed)
    contacts = pd.concat(
        mailing(log, day, size, f"letter {number}", given.seed)
        for number, day in enumerate(MAILING_DAYS, start=1)
    )
    for name, frame in {"log": log, "contacts": contacts}.items():
        duckdb.from_df(frame).write_parquet(str(folder / f"{name}.parquet"))

    database = folder / "bank.duckdb"
    database.unlink(missing_ok=True)
    variables = (
        f"{{transactions: '{folder}/log.parquet', campaign_contacts: '{folder}/contacts.parquet', "
        "modules: [validation, propensity, experiments], published_path: '', "
        f"campaign_budget: {budget}, contact_cost: 1, response_value: 50}}"
    )
    dbt = Path(sys.executable).with_name("dbt")
    cost = run(
        [str(dbt), "build", "--exclude-resource-type", "unit_test", "--vars", variables],
        {
            "CUSTOMER_VALUE_DB": str(database),
            "DBT_TARGET_PATH": os.environ.get("DBT_TARGET_PATH", str(folder / "target")),
        },
        folder / "build.log",
    )
    with duckdb.connect(str(database), read_only=True) as connection:
        audience = connection.sql(
            "select cast(customer_id as bigint) as customer_id, is_held_out "
            "from campaign_audience order by customer_id"
        ).df()
        quality = connection.sql(
            "select model, observation_count, auc, top_decile_lift from probability_evaluation "
            "where target = 'response' order by auc desc"
        ).df()

    state = state_on(log, OBSERVED_DAYS)
    listed = state.loc[audience["customer_id"]]
    random = np.random.default_rng(given.seed)
    drawn = state.iloc[random.choice(len(state), min(len(listed), len(state)), replace=False)]
    print(quality.to_string(index=False))
    print(report("the list", listed, audience["is_held_out"].to_numpy(bool), given.seed))
    print(report("random", drawn, random.uniform(size=len(drawn)) < CONTROL_SHARE, given.seed))
    print(
        f"{given.customers:,} customers, {len(log):,} purchases, {len(contacts):,} contacts: "
        f"{cost.seconds / 60:.1f} minutes, {cost.processor_seconds / 60:.1f} of a processor, "
        f"{cost.memory:.1f} GiB"
    )


if __name__ == "__main__":
    main()
