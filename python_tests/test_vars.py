"""The table of vars and the inputs' specifications: what they accept, and their documentation."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from conftest import run_dbt
from helpers import ROOT, copy_macros, copy_project, thirty_customers

# What a mistyped var may hold, by kind.
VALUES = {
    "word": "???",
    "empty text": "",
    "true": True,
    "false": False,
    "whole number": 7,
    "number": 0.25,
    "list of words": ["???"],
    "list of whole numbers": [3, 4],
    "empty list": [],
    "map": {"customer_id": "client"},
    "empty map": {},
    "null": None,
}
# Which of them have the right type; the bounds are another matter.
RIGHT = {
    "choice": {"word", "empty text", "true", "false"},
    "text": {"word", "empty text"},
    "zone": set(),
    "date": {"word"},
    "map": {"map", "empty map"},
    "list": {"list of words", "list of whole numbers", "empty list"},
    "whole numbers": {"list of whole numbers"},
    "whole number": {"whole number"},
    "number": {"whole number", "number"},
}
PRINTING = """
{% macro print_specifications() %}
    {%- do print(tojson({
        "vars": customer_value.var_specifications(),
        "inputs": customer_value.input_specifications(),
    })) -%}
{% endmacro %}

{% macro print_verdicts(values) %}
    {%- set verdicts = {} -%}
    {%- for group in customer_value.var_specifications().values() -%}
        {%- for name, specification in group.items() -%}
            {%- set found = [] -%}
            {%- for value in values[name] -%}
                {%- do found.append(customer_value.is_valid_var(specification, value)) -%}
            {%- endfor -%}
            {%- do verdicts.update({name: found}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do print(tojson(verdicts)) -%}
{% endmacro %}
"""


WITHOUT_S = "transactions".replace("s", "", 1)
NAMES = """
{% macro print_nearest(names) %}
    {%- set known = [] -%}
    {%- for group in customer_value.var_specifications().values() -%}
        {%- do known.extend(group.keys()) -%}
    {%- endfor -%}
    {%- set found = {} -%}
    {%- for name in names -%}
        {%- set nearest = customer_value.nearest_name(name, known) -%}
        {%- do found.update({name: [
            nearest, customer_value.name_likeness(name, nearest) >= 0.7
        ]}) -%}
    {%- endfor -%}
    {%- do print(tojson(found)) -%}
{% endmacro %}
"""


@pytest.fixture(scope="module")
def operation(tmp_path_factory):
    """Return a function that runs a macro that prints JSON, and returns what it printed."""
    directory = tmp_path_factory.mktemp("vars")
    project = copy_macros(directory / "project")
    (project / "macros" / "printing.sql").write_text(PRINTING + NAMES)

    def run(macro: str, **arguments):
        result = run_dbt(
            *("--quiet", "run-operation", macro, "--args", json.dumps(arguments)),
            database=directory / "vars.duckdb",
            project=project,
        )
        assert result.exit_code == 0, result.output
        return json.loads(result.output.strip().splitlines()[-1])

    return run


@pytest.fixture(scope="module")
def specifications(operation):
    return operation("print_specifications")


@pytest.fixture(scope="module")
def variables(specifications) -> dict[str, dict]:
    """Return name -> specification, of all groups."""
    return {name: of for group in specifications["vars"].values() for name, of in group.items()}


def defaults() -> dict:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    return project["vars"]["customer_value"]


def test_the_table_holds_every_var_once(specifications, variables):
    assert set(variables) == set(defaults())
    assert sum(len(group) for group in specifications["vars"].values()) == len(variables)
    assert all(of["kind"] in RIGHT and of["meaning"] for of in variables.values())


def edges(of: dict) -> dict[str, list]:
    """Return the values beside the bounds of a var: those just inside, and those outside."""
    step = 1 if of["kind"] == "whole number" else 0.001
    inside, outside = [], []
    for bound, sign in (("from", 1), ("to", -1)):
        if bound in of:
            inside.append(of[bound])
            outside.append(of[bound] - sign * step)
    for bound, sign in (("above", 1), ("below", -1)):
        if bound in of:
            inside.append(of[bound] + sign * step)
            outside.append(of[bound])
    if of["kind"] == "whole numbers":
        return {"inside": [[value] for value in inside], "outside": [[v] for v in outside]}
    return {"inside": inside, "outside": outside}


def test_every_var_refuses_values_of_another_type_and_beyond_its_bounds(operation, variables):
    asked, expected = {}, {}
    for name, of in variables.items():
        is_empty_allowed = "empty" in of and of["kind"] not in ("text", "choice")
        wrong = [value for kind, value in VALUES.items() if kind not in RIGHT[of["kind"]]]
        if is_empty_allowed:
            wrong = [value for value in wrong if value not in ("", None)]
        if of["kind"] == "choice":
            wrong += [value for value in ("???", "", True, False) if value not in of["choices"]]
        around = edges(of)
        right = [defaults()[name], *of.get("choices", []), *around["inside"]]
        right += [""] if is_empty_allowed else []
        wrong += around["outside"]
        assert len(wrong) >= 4
        asked[name] = right + wrong
        expected[name] = [True] * len(right) + [False] * len(wrong)
    verdicts = operation("print_verdicts", values=asked)
    mistaken = [
        (name, value, verdict)
        for name in asked
        for value, verdict, truth in zip(asked[name], verdicts[name], expected[name], strict=True)
        if verdict != truth
    ]
    assert mistaken == []


def test_a_pattern_and_the_calendar_are_kept(operation, variables):
    values: dict[str, list] = {name: [] for name in variables}
    values["timezone"] = ["Europe/Paris", "Mars'--", ""]
    values["control_variant"] = ["held out", "  ", ""]
    values["as_of_date"] = ["1998-06-30", "1998-02-30", "30/06/1998", "1896-02-29", "2000-02-29"]
    values["as_of_date"] += ["2262-01-01", "2500-01-01"]
    values["published_path"] = [
        "auto",
        "",
        "/srv/shop..published",
        "out/x",
        "..",
        "../x",
        "/a/../b",
    ]
    values["cluster_counts"] = [[3, 4], [3, 3, 3], [3, {"a": 1}]]
    values["excluded_statuses"] = [["void", 7], [], [None], [["x"]], [None, ["x"]]]
    values["history_months"] = [0, -1]
    values["annual_discount_rate"] = [1, 5, float("inf"), float("nan")]
    verdicts = operation("print_verdicts", values=values)
    assert verdicts["timezone"] == [True, False, False]
    assert verdicts["control_variant"] == [True, False, False]
    assert verdicts["as_of_date"] == [True, False, False, False, True, False, False]
    assert verdicts["published_path"] == [True, True, True, True, False, False, False]
    assert verdicts["cluster_counts"] == [True, False, False]
    assert verdicts["excluded_statuses"] == [True, True, False, False, False]
    assert verdicts["history_months"] == [True, False]
    assert verdicts["annual_discount_rate"] == [True, False, False, False]


def test_every_input_has_its_two_vars_and_its_customer(specifications, variables):
    assert len(specifications["inputs"]) >= 4
    for name, of in specifications["inputs"].items():
        assert {name, of["map"]} <= set(variables)
        assert of["columns"]["customer_id"]["is_required"]
        assert all(column["type"] and column["meaning"] for column in of["columns"].values())


def test_the_page_of_vars_is_what_the_operation_prints(dbt):
    result = dbt("--quiet", "run-operation", "document_vars")
    assert result.exit_code == 0, result.output
    tables = re.compile(r"<!-- document_vars:.*<!-- /document_vars -->", re.S)
    printed = tables.search(result.output)
    written = tables.search((ROOT / "docs" / "vars.md").read_text())
    assert printed is not None and written is not None
    assert written.group() == printed.group(), (
        "write the page anew: dbt --quiet run-operation document_vars > docs/vars.md"
    )


def test_a_name_typed_wrong_is_known_by_its_letters(operation):
    names = {
        WITHOUT_S: "transactions",
        "transaction_column": "transaction_columns",
        "asofdate": "as_of_date",
        "Purchase-Model": "purchase_model",
        "horizon_day": "horizon_days",
        "excluded_status": "excluded_statuses",
        "module": "modules",
    }
    found = operation("print_nearest", names=[*names, "colour_of_the_logo"])
    assert found["colour_of_the_logo"][1] is False
    del found["colour_of_the_logo"]
    assert found == {wrong: [right, True] for wrong, right in names.items()}


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {WITHOUT_S: "orders.csv"},
            f"There is no var {WITHOUT_S}: did you mean transactions?",
        ),
        ({"logo_colour": "red"}, "There is no var logo_colour, and nothing reads it"),
    ],
)
def test_a_var_that_nothing_reads_is_refused_before_anything_is_built(dbt, variables, sentence):
    result = dbt("build", "--select", "stg_customer_value__transactions", variables=variables)
    assert result.exit_code != 0
    assert sentence in " ".join(result.output.split())
    assert result.marts() == set()


def test_a_var_of_a_model_of_yours_is_known(dbt, tmp_path):
    project = copy_project(tmp_path / "project")
    (project / "models" / "mine.sql").write_text("select '{{ var('logo_colour') }}' as colour")
    result = dbt(
        *("run", "--select", "mine"),
        variables={"logo_colour": "red"},
        project=project,
        target=tmp_path / "target",
    )
    assert result.exit_code == 0, result.output


# As a shop might have them: none is the default.
OF_A_SHOP = {
    "transaction_columns": {
        **{"customer_id": "customer_id", "transacted_at": "transacted_at", "amount": "amount"},
        "customer_group": "customer_id",
    },
    **{"date_format": "%d/%m/%Y", "decimal_separator": ",", "minor_units": 100},
    **{"timezone": "Europe/Berlin", "encoding": "latin-1", "customer_id_format": "email"},
    **{"missing_customer_ids": ["zzz"], "excluded_products": ["a"], "drop_identical_lines": True},
    **{"as_of_date": "2025-06-01", "holdout_days": 60, "history_months": 3, "horizon_days": 180},
    **{"activity_days": 60, "forecast_months": 12, "annual_discount_rate": 0.2},
    **{"gross_margin": 0.4, "purchase_model": "mbg_nbd", "value_model": "ridge"},
    **{"fit_group": "customer_group", "rfm_scoring": "thresholds", "cluster_counts": [2, 3]},
    **{"spend_cap_percentile": 99, "vip_share": 0.1, "high_share": 0.3, "lapse_after_days": 60},
    **{"control_variant": "nobody", "control_share": 0.5, "test_power": 0.9, "wished_lift": 0.3},
    **{"response_value": 3, "contact_cost": 0.2, "service_loss_share": 0.1},
    **{"marketing_budget_share": 0.1, "budget_floor_share": 0.02, "budget_cap_share": 0.3},
    **{"decay_retention_share": 0.6, "minimum_customers": 5, "maximum_excluded_share": 0.5},
    **{"minimum_group_ratio": 0.5, "maximum_undone_share": 0.5, "return_order_prefix": "R"},
}


def test_unit_tests_pass_whatever_the_vars_are(demo, tmp_path):
    """They are part of a plain dbt build, so each gives the vars that it rests on."""
    orders, erased = tmp_path / "orders.csv", tmp_path / "erased.csv"
    thirty_customers().to_csv(orders, index=False)
    erased.write_text("customer_id\n1\n")
    inputs = {"transactions": str(orders), "erasure_requests": str(erased)}
    tested = run_dbt(
        *("test", "--threads", "2", "--select", "test_type:unit"),
        database=Path(shutil.copy(demo.database, tmp_path)),
        variables={**OF_A_SHOP, **inputs},
    )
    assert re.search(r"PASS=\d{3} ", tested.output), tested.output
    assert tested.exit_code == 0, tested.output
