"""A broken seed gets a sentence, and stops what rests on it before it is built."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import Build, run_dbt
from helpers import (
    CDNOW_SAMPLE_VARS,
    PACKAGE,
    ROOT,
    as_documented,
    copy_project,
    read_cdnow_sample,
    seed_path,
    write_cdnow_sample,
)
from scipy import stats

SEEDS = (
    *("build", "--exclude-resource-type", "unit_test"),
    *("--indirect-selection", "buildable"),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project whose seeds may be changed, parsed once."""
    return copy_project(tmp_path_factory.mktemp("copied") / "project")


def rebuild(project, database, model: str, seeds: dict[str, str], **variables) -> Build:
    """Build a model and the seeds that it reads, some of them with another text."""
    node = model if PACKAGE in model else f"{PACKAGE}{model}"
    with changed(project, seeds):
        return run_dbt(
            *(*SEEDS, "--select", f"1+{node},resource_type:seed", node),
            database=database,
            variables=variables,
            project=project,
            target=project.parent / "target",
        )


@contextmanager
def changed(project, seeds: dict[str, str]) -> Iterator[None]:
    """Give seeds of the project another text for a while."""
    paths = {seed_path(name, project): text for name, text in seeds.items()}
    good = {path: path.read_text() for path in paths}
    for path, text in paths.items():
        path.write_text(text)
    try:
        yield
    finally:
        for path, text in good.items():
            path.write_text(text)


def shipped(name: str, *rows: str, without: str = " ") -> str:
    """Return a shipped seed with more rows, and without those that begin in a certain way."""
    lines = seed_path(name).read_text().splitlines()
    return "\n".join([*(line for line in lines if not line.startswith(without)), *rows]) + "\n"


def assert_refused(result, *parts: str) -> None:
    assert result.exit_code != 0, result.output
    assert "Traceback" not in result.output
    lines = [line for line in result.output.splitlines() if all(part in line for part in parts)]
    assert lines, result.output


RULE = ",*,*,act,goal,channel,offer,3,message"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (shipped("action_playbook", f"Champion,*{RULE}"), ["segment Champion,", "does not exist"]),
        (shipped("action_playbook", f"*,Gold{RULE}"), ["value tier Gold,", "VIP, High, Medium"]),
        (
            shipped("action_playbook", "*,*,Whales,*,act,goal,channel,offer,3,message"),
            ["cluster Whales,", "cluster_labels"],
        ),
        (
            shipped("action_playbook", f"Lost,*{RULE}"),
            ["more than one row for the segment Lost, the value tier *"],
        ),
        (
            shipped("action_playbook", without="*,*,*"),
            [],
        ),
        (
            shipped("action_playbook", without="Champions,*").replace("*,*,*,*", "Lost,Low,*,*"),
            ["no action for customers of the segment Champions", "add a row"],
        ),
        (
            shipped("action_playbook", "Lost,High,*,perhaps,act,goal,channel,offer,1,message"),
            ["has perhaps in its column lapsed", "yes, no, or"],
        ),
        (
            shipped("action_playbook", "Lost,High,*,*,act,goal,channel,offer,0,message"),
            ["without a priority of at least 1", "Lost"],
        ),
    ],
)
def test_every_customer_has_one_rule_or_the_build_stops(project, tmp_path, text, sentence):
    seeds = {"action_playbook": text}
    result = rebuild(
        project, tmp_path / "test.duckdb", "int_customer_value__playbook_actions", seeds
    )
    if sentence:
        assert_refused(result, "The seed action_playbook", *sentence)
    else:
        assert result.exit_code == 0, result.output


OWN_SEGMENTS = """\
segment,segment_order,is_at_risk,meaning
Regulars,1,false,come often
Others,2,true,the rest
"""


def test_segments_of_ones_own_need_a_playbook_of_ones_own(project, tmp_path):
    seeds = {"segments": OWN_SEGMENTS}
    result = rebuild(
        project, tmp_path / "test.duckdb", "int_customer_value__playbook_actions", seeds
    )
    assert_refused(
        result, "action_playbook names the segment", "ship your own version of this seed too"
    )


def test_a_wildcard_covers_segments_of_ones_own(project, tmp_path):
    header = shipped("action_playbook").splitlines()[0]
    seeds = {"segments": OWN_SEGMENTS, "action_playbook": f"{header}\n*,*{RULE}\n"}
    result = rebuild(
        project, tmp_path / "test.duckdb", "int_customer_value__playbook_actions", seeds
    )
    assert result.exit_code == 0, result.output
    assert result.row("select count(*), min(action) from main_internal.int_playbook_actions") == (
        # Two segments, four tiers, who has lapsed and who has not.
        16,
        "act",
    )


def intervention(**changes) -> str:
    """Return the shipped interventions with some cells of the first row changed."""
    rows = pd.read_csv(seed_path("interventions"), dtype=str)
    for column, value in changes.items():
        rows.loc[0, column] = value
    return rows.to_csv(index=False)


@pytest.fixture(scope="module")
def copied_demo(demo, tmp_path_factory):
    """A copy of the built demo under the name that its views know it by."""
    database = tmp_path_factory.mktemp("copied_demo") / demo.database.name
    shutil.copy(demo.database, database)
    return database


@pytest.fixture
def refuse(project, copied_demo):
    """Return a function that builds one model of the demo anew with a broken seed."""

    def refuse(model: str, seed: str, text: str, **variables) -> Build:
        table = model.replace(PACKAGE, "")
        table = f"main_internal.{table}" if table.startswith("int_") else table
        before = Build(0, "", copied_demo).dump(table)
        result = rebuild(project, copied_demo, model, {seed: text}, **variables)
        # What was there before is still there, whole.
        assert result.dump(table) == before
        return result

    return refuse


INTERVENTION_CASES = [
    (intervention(cost_per_customer="-1"), ["cost_per_customer -1", "0 or more"]),
    (intervention(reach_share="1.2"), ["reach_share 1.2", "from 0 to 1"]),
    (intervention(effect_low="0.07"), ["order than low, base, high"]),
    (intervention(effect_basis="clicks"), ["effect_basis clicks", "reactivations"]),
    (intervention(segment="Losts"), ["segment Losts,", "does not exist"]),
    (intervention(value_tier="Gold"), ["value tier Gold,", "VIP, High, Medium"]),
    (intervention(cluster_name="Whales"), ["cluster Whales,", "cluster_labels"]),
    (intervention(intervention="Champion care"), ["more than one row", "Champion care"]),
]
CONDITION_CASES = [
    ("shoe_size > 42", ["does not run", "recency_days"]),
    ("recency_days like", ["does not run", "recency_days"]),
    ("recency_days > 'long'", ["does not run"]),
    ("segment =", ["does not run"]),
    ("true; drop table customers", ["one SQL condition"]),
    ("true -- or not", ["one SQL condition"]),
    ("recency_days", ["neither true nor false"]),
]


@pytest.mark.parametrize(("text", "sentence"), INTERVENTION_CASES)
def test_an_impossible_intervention_is_named(refuse, text, sentence):
    result = refuse("int_customer_value__intervention_baselines", "interventions", text)
    assert_refused(result, "The seed interventions", *sentence)


@pytest.mark.parametrize(("condition", "sentence"), CONDITION_CASES)
def test_a_condition_that_does_not_run_is_named(refuse, condition, sentence):
    text = intervention(condition=condition)
    result = refuse("int_customer_value__intervention_baselines", "interventions", text)
    place = f"The seed interventions has for Win back lapsing regulars the condition {condition}"
    assert_refused(result, place, *sentence)


def test_a_condition_may_name_every_column_of_the_customers(project, copied_demo, tmp_path):
    database = shutil.copy(copied_demo, tmp_path / copied_demo.name)
    properties = yaml.safe_load(
        (ROOT / "models/core/marts/customer_value__customers.yml").read_text()
    )
    names = [column["name"] for column in properties["models"][0]["columns"]]
    text = intervention(condition=" or ".join(f"{name} is not null" for name in names))
    node = "int_customer_value__intervention_baselines"
    result = rebuild(project, database, node, {"interventions": text})
    assert result.exit_code == 0, result.output
    count = "select min(customer_count) from main_internal.int_intervention_baselines"
    assert result.row(f"{count} where intervention = 'Win back lapsing regulars'") == result.row(
        "select count(*) from customers"
    )


OTHER_CASES = [
    (
        "acquisition_return",
        "acquisition_costs",
        shipped("acquisition_costs", "cohort,1997-01,per_customer,-3,example"),
        ["cost -3.0000", "cohort 1997-01", "0 or more"],
    ),
    (
        "acquisition_return",
        "acquisition_costs",
        shipped("acquisition_costs", "cohort,January,per_customer,3,example"),
        ["cohort January", "YYYY-MM"],
    ),
    (
        "int_customer_value__budget_segments",
        "current_budget",
        shipped("current_budget", "Champion,5,example"),
        ["segment Champion,", "does not exist"],
    ),
    (
        "int_customer_value__budget_segments",
        "current_budget",
        shipped("current_budget", "Lost,-5,example"),
        ["spend -5", "Lost"],
    ),
    (
        "int_customer_value__budget_segments",
        "budget_response",
        shipped("budget_response", "Promising,0.1,0.2,1.3,2,example"),
        ["uplift_high 1.3", "Promising", "from 0 to 1"],
    ),
    (
        "int_customer_value__budget_segments",
        "budget_response",
        shipped("budget_response", without="*"),
        ["no row for the segment", "one with *"],
    ),
    (
        "budget_phases",
        "budget_steps",
        shipped("budget_steps", "5,0.50,return_per_unit,0.8,,,,example"),
        ["goes back in phase 5"],
    ),
    (
        "customer_profitability",
        "cost_rates",
        shipped("cost_rates", "Gift,order,mood,1,example"),
        ["driver mood", "order_count"],
    ),
    (
        "segment_portfolio",
        "strategic_fit",
        shipped("strategic_fit", "Lost,7,board"),
        ["fit 7", "from 0 to 1"],
    ),
]


@pytest.mark.parametrize(("model", "seed", "text", "sentence"), OTHER_CASES)
def test_an_impossible_assumption_is_named(refuse, model, seed, text, sentence):
    assert_refused(refuse(model, seed, text), f"The seed {seed}", *sentence)


def test_floors_that_exceed_the_budget_are_named(refuse):
    result = refuse(
        "int_customer_value__budget_segments",
        "current_budget",
        shipped("current_budget"),
        budget_floor_share=0.1,
    )
    assert_refused(result, "budget_floor_share is 0.1", "11 segments exceed the budget")


PLAYBOOK = "Lost,High,*,{},act,goal,channel,offer,1,message"
# What the checks of a seed find before anything is built on it.
SEED_CASES = [
    (
        "int_customer_value__transactions_classified",
        "exchange_rates",
        "currency,rate\nEUR,1\nUSD,0.92\nusd ,0.93\n",
        ["more than one row for the currency USD: keep one"],
    ),
    (
        "customer_profitability",
        "cost_rates",
        shipped("cost_rates", *(f"{name},service,service,3,us" for name in ("Call", "call"))),
        ["more than one row for the cost name Call: keep one"],
    ),
    (
        "int_customer_value__attribute_answers",
        "attribute_definitions",
        shipped("attribute_definitions", "Kanal,nominal,,,", "kanal,,,,"),
        ["more than one row for the attribute Kanal: keep one"],
    ),
    (
        "int_customer_value__experiment_checks",
        "experiment_arms",
        shipped("experiment_arms", "spring,Mail,0.5", "spring,mail,0.4"),
        ["more than one row for the experiment spring, the variant Mail: keep one"],
    ),
    (
        "int_customer_value__playbook_actions",
        "action_playbook",
        shipped("action_playbook", PLAYBOOK.format("Yes"), PLAYBOOK.format("yes")),
        ["the segment Lost, the value tier High, the cluster name *, the lapsed Yes: keep one"],
    ),
    (
        "customers",
        "customer_overrides",
        shipped("customer_overrides", "7,VIP,,sister,03.04.2025"),
        ["end_date 03.04.2025 for the customer 7", "YYYY-MM-DD"],
    ),
    (
        "customers",
        "customer_overrides",
        shipped("customer_overrides", "7,VIP,,sister,2025-02-29"),
        ["end_date 2025-02-29 for the customer 7", "YYYY-MM-DD"],
    ),
    (
        "budget_phases",
        "budget_steps",
        shipped("budget_steps", "5,1,return_per_unit,0.8,,,1/2/2025,example"),
        ["start_date 1/2/2025 for phase 5", "YYYY-MM-DD"],
    ),
    (
        "int_customer_value__transactions_classified",
        "exchange_rates",
        'currency,rate\nEUR,1\nUSD,"0,92"\n',
        ["cannot be loaded", "decimal point"],
    ),
]


@pytest.mark.parametrize(("model", "seed", "text", "sentence"), SEED_CASES)
def test_a_seed_that_is_not_sound_stops_what_reads_it(
    project, tmp_path, model, seed, text, sentence
):
    result = rebuild(project, tmp_path / "test.duckdb", model, {seed: text})
    assert_refused(result, f"The seed {seed}", *sentence)
    # What reads it is skipped, not tried.
    assert re.search(r"SKIP=[1-9]", result.output), result.output


# What rests on each seed of assumptions, and changes with it.
ASSUMPTIONS = {
    "interventions": {"intervention_return"},
    "acquisition_costs": {"acquisition_return", "budget_summary"},
    "current_budget": {"budget_scenarios", "budget_summary", "budget_phases", "segment_portfolio"},
    "budget_response": {"budget_scenarios", "budget_summary", "budget_phases", "segment_portfolio"},
    "budget_steps": {"budget_phases"},
    "cost_rates": {"customer_profitability", "concentration", "segment_portfolio"},
    "strategic_fit": {"segment_portfolio"},
}


def test_a_changed_assumption_changes_the_scenarios_and_nothing_else(project, copied_demo):
    before = Build(0, "", copied_demo)
    marts = before.marts()
    dumps = {mart: before.dump(mart) for mart in marts}
    changes = {
        "interventions": (",0.05,0.08,", ",0.06,0.08,"),
        "acquisition_costs": ("45.00", "46.00"),
        "budget_response": ("0.12", "0.13"),
        "cost_rates": ("2.50", "2.60"),
    }
    for seed, (old, new) in changes.items():
        path = seed_path(seed, project)
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
    target = project.parent / "target"
    after = run_dbt(
        *(*SEEDS, "--select", *(f"{PACKAGE}{seed}+" for seed in ASSUMPTIONS)),
        database=copied_demo,
        project=project,
        target=target,
    )
    for seed, (old, new) in changes.items():
        path = seed_path(seed, project)
        path.write_text(path.read_text().replace(new, old, 1))
    assert after.exit_code == 0, after.output
    changed = {mart for mart in marts if after.dump(mart) != dumps[mart]}
    expected = set().union(*(ASSUMPTIONS[seed] for seed in changes))
    assert changed == expected

    children = json.loads((target / "manifest.json").read_text())["child_map"]

    def rests_on(node: str) -> set[str]:
        below = {child for child in children[node] if child.startswith("model.")}
        return below.union(*(rests_on(child) for child in below))

    for seed, scenarios in ASSUMPTIONS.items():
        names = {
            name.split(".")[-1].removeprefix(PACKAGE)
            for name in rests_on(f"seed.customer_value.{PACKAGE}{seed}")
        }
        assert names & marts == scenarios


ACTIVITIES = "customer_id,activity,performed_at,quantity\n"
CORE = (
    *SEEDS,
    "--select",
    "+customer_value__customer_profitability",
    "+customer_value__excluded_rows",
)


@pytest.fixture
def serve(dbt, tmp_path):
    """Return a function that builds the profitability of four buyers with service activities."""
    orders, activities = tmp_path / "orders.csv", tmp_path / "activities.csv"
    orders.write_text(
        "customer_id,transacted_at,amount\n"
        "a,2024-01-01,100\na,2024-02-01,50\nb,2024-01-05,80\nc,2024-03-01,40\n"
    )

    def serve(text: str, **variables):
        activities.write_text(text)
        given = {"transactions": str(orders), "service_activities": str(activities), **variables}
        return dbt(*CORE, variables=given)

    return serve


def test_service_activities_cost_what_their_rates_say(serve):
    text = (
        ACTIVITIES
        + "a,Phone call,2024-01-02,2\na,E-mail,2024-01-03,1\nx,Phone call,2024-01-02,1\n"
        + "b,Phone call,someday,1\nb,phone call,2024-01-02,1\nb,Phone call,2030-01-01,1\n"
    )
    result = serve(text)
    assert result.exit_code == 0, result.output
    assert result.rows(
        "select customer_id, service_cost, order_cost from customer_profitability order by 1"
    ) == [
        ("a", Decimal(11), Decimal("6.6")),
        ("b", Decimal("4.5"), Decimal("3.3")),
        ("c", Decimal(0), Decimal("3.3")),
    ]
    for counted in (
        "3 service activities kept",
        "1 service activity unknown_customer",
        "1 service activity future_dated",
    ):
        assert counted in result.output


@pytest.mark.parametrize(
    ("text", "variables", "sentence"),
    [
        (
            ACTIVITIES + "a,Visit,2024-01-02,1\n",
            {},
            ["activity Visit", "no rate", "cost_rates"],
        ),
        ("customer_id,what,performed_at\na,E-mail,2024-01-02\n", {}, ["no column activity"]),
        (
            ACTIVITIES,
            {"service_activity_columns": {"customer_id": "client"}},
            ["maps customer_id to client", "quantity"],
        ),
        (
            ACTIVITIES,
            {"service_activity_columns": {"client": "customer_id"}},
            ["maps client", "not a standard name"],
        ),
    ],
)
def test_unusable_service_activities_are_named(serve, text, variables, sentence):
    assert_refused(serve(text, **variables), *sentence)


def documented(page: str) -> list[tuple[str, str]]:
    """Return the queries of a part of a page of docs/, each with the table that follows it."""
    return re.findall(r"```sql\n([^`]*)```\n\n(\|(?:[^\n]*\n)+?)\n", page)


def assert_documented(build: Build, query: str, table: str) -> None:
    header, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
    ]
    assert list(build.frame(query).columns) == header
    assert [[as_documented(value) for value in row] for row in build.rows(query)] == rows


LAST_STEP = "**6. The result of the experiment.**"


def test_the_documented_queries_give_the_documented_tables(demo):
    page, _ = (ROOT / "docs" / "decisions.md").read_text().split(LAST_STEP)
    blocks = documented(page)
    assert len(blocks) == 7 + 2 + 5
    for query, table in blocks:
        assert_documented(demo, query, table)


@pytest.fixture(scope="module")
def mailed(project, tmp_path_factory):
    """CDNOW's sample with a mailing to half of it, which made one in seven buy for 30 more."""
    folder = tmp_path_factory.mktemp("mailed")
    sample, contacts = folder / "sample.csv", folder / "contacts.csv"
    lines = read_cdnow_sample()
    customers = np.sort(lines["customer"].unique())
    random = np.random.default_rng(7)
    is_mailed = random.random(len(customers)) < 0.5
    bought = customers[is_mailed & (random.random(len(customers)) < 1 / 7)]
    brought = pd.DataFrame({"customer": bought, "date": "19980320", "cds": "2", "dollars": "30.00"})
    write_cdnow_sample(sample, pd.concat([lines, brought]))
    pd.DataFrame(
        {
            "customer_id": customers,
            "campaign_id": "spring mailing",
            "contacted_at": "1998-03-01",
            "variant": np.where(is_mailed, "mail", "control"),
            "planned_share": 0.5,
            "cost": np.where(is_mailed, "1.00", "0.00"),
        }
    ).to_csv(contacts, index=False)
    first_phase = "1,0.25,return_per_unit,0.80,,spring mailing,,plan of 1998"
    mailing = (
        "Spring mailing,A catalogue to everybody,*,*,*,repeat_count >= 0,purchases,0.02,0.05,0.08,"
        "1.00,0,1.00,0,90,,,spring mailing,experiment of 1998"
    )
    seeds = {
        "budget_steps": shipped("budget_steps", first_phase, without="1,"),
        "interventions": shipped("interventions", mailing),
    }
    with changed(project, seeds):
        result = run_dbt(
            *("build", "--exclude-resource-type", "unit_test"),
            database=folder / "mailed.duckdb",
            variables={
                "transactions": str(sample),
                "campaign_contacts": str(contacts),
                "modules": ["history", "decisions", "experiments"],
                **CDNOW_SAMPLE_VARS,
            },
            project=project,
            target=folder / "target",
        )
    assert result.exit_code == 0, result.output
    return result


def test_a_measured_effect_reaches_the_gate_and_the_scenario(mailed):
    _, page = (ROOT / "docs" / "decisions.md").read_text().split(LAST_STEP)
    blocks = documented(page)
    assert len(blocks) == 3
    for query, table in blocks:
        assert_documented(mailed, query, table)


def test_the_gate_measures_what_the_experiment_did(mailed):
    """The difference per mailed customer over the cost of 1; from the days alone."""
    found = mailed.row(
        "select distinct measured_kpi, measured_lower_bound, measured_upper_bound "
        "from budget_phases where phase = 1"
    )
    lines = mailed.frame(
        "select customer_id, sum(net_amount) as spend from main_internal.int_customer_days "
        "where is_purchase_day and transacted_date between '1998-03-01' and '1998-05-29' group by 1"
    ).set_index("customer_id")["spend"]
    arms = mailed.frame(
        "select customer_id, variant from main_internal.int_campaign_contacts"
    ).set_index("customer_id")["variant"]
    spend = lines.astype(float).reindex(arms.index).fillna(0)
    test = stats.ttest_ind(spend[arms == "mail"], spend[arms == "control"], equal_var=False)
    interval = test.confidence_interval(0.95)
    difference = spend[arms == "mail"].mean() - spend[arms == "control"].mean()
    expected = [difference, interval.low, interval.high]
    assert found == pytest.approx(expected, rel=1e-6)


def test_the_payback_of_acquisition_is_that_of_the_log(demo):
    """The mean customer's cumulative margin by month since the first purchase, by pandas."""
    months = demo.frame(
        "select customer_id, cohort_start_date, month_start_date, net_amount "
        "from main_internal.int_customer_months where cohort_start_date is not null"
    ).astype({"net_amount": float})
    last = demo.row("select max(month_start_date) from monthly_kpis where is_complete")[0]

    def number(dates: pd.Series) -> pd.Series:
        return dates.dt.year * 12 + dates.dt.month

    last_number = last.year * 12 + last.month
    cohort, month = number(months["cohort_start_date"]), number(months["month_start_date"])
    age = (month - cohort)[month <= last_number]
    margins = months.loc[age.index, "net_amount"].groupby(age).sum()
    sizes = cohort.groupby(months["customer_id"]).first().value_counts()
    summary = demo.frame("select * from budget_summary").set_index("scenario")
    cost = demo.row(
        "select sum(acquisition_cost) / sum(customer_count) from acquisition_return "
        "where grouping_name = 'cohort'"
    )[0]
    for scenario, row in summary.iterrows():
        lift = float(row["projected_value_base"]) / float(row["forecast_value"])
        cumulative = 0.0
        for months_since in margins.index:
            observed = sizes[sizes.index + months_since <= last_number].sum()
            margin = margins[months_since] / observed * (lift if months_since else 1)
            if cumulative + margin >= float(cost):
                payback = months_since + (float(cost) - cumulative) / margin
                break
            cumulative += margin
        assert row["acquisition_payback_months"] == pytest.approx(payback, rel=1e-6), scenario
        scenarios = demo.row(
            "select sum(budget), sum(net_change_base), min(marginal_return) "
            f"from budget_scenarios where scenario = '{scenario}'"
        )
        found = (row["budget"], row["net_change_base"], row["lowest_marginal_return"])
        assert [float(value) for value in found] == pytest.approx(
            [float(value) for value in scenarios], rel=1e-9
        )
