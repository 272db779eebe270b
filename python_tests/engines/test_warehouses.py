"""The SQL compiles for warehouses that are not at hand, and uses what they know.

dbt compiles without a connection; the result is parsed in the warehouse's dialect, and every
function and type in it must be on the list of those that the warehouse has. What compiles may
still fail or differ there: docs/engines.md says what is known of each.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers import ROOT, copy_project

sqlfluff = pytest.importorskip("sqlfluff.core")

COMMON_FUNCTIONS = set(
    """
    abs avg cast ceil coalesce concat count dense_rank exp extract floor greatest lag lead least
    length ln lower max md5 min mod nullif ntile power rank regexp_replace replace round row_number
    sqrt substr sum translate trim upper
    """.split()
)
SPARK_FUNCTIONS = set(
    """
    add_months array_join array_sort collect_list conv current_timezone date_add date_trunc datediff
    from_utc_timestamp get percentile_cont position regexp_extract regexp_like split timestampadd
    timestampdiff to_utc_timestamp try_cast try_to_timestamp typeof xxhash64
    """.split()
)
SNOWFLAKE_FUNCTIONS = set(
    """
    convert_timezone date_trunc dateadd datediff hash listagg percentile_cont position regexp_instr
    split_part to_number to_variant try_cast try_to_timestamp_ntz try_to_timestamp_tz typeof
    """.split()
)
BIGQUERY_FUNCTIONS = set(
    """
    approx_quantiles date_diff datetime datetime_add datetime_diff format offset regexp_contains
    safe.parse_datetime safe_cast safe_offset split string_agg strpos timestamp_trunc to_hex
    """.split()
)


@dataclass(frozen=True)
class Engine:
    """What a warehouse knows, and no more of it than the project uses."""

    functions: set[str]
    types: set[str]
    decimal: tuple[int, int] = (38, 37)


ENGINES = {
    "snowflake": Engine(
        COMMON_FUNCTIONS | SNOWFLAKE_FUNCTIONS,
        set("bigint boolean date double integer text timestamp timestamp_ntz varchar".split()),
    ),
    "bigquery": Engine(
        COMMON_FUNCTIONS | BIGQUERY_FUNCTIONS,
        set("bigint boolean date datetime float64 int64 integer string timestamp".split()),
        # Its decimals have 29 digits before the point and 9 behind it.
        decimal=(29, 9),
    ),
    "databricks": Engine(
        COMMON_FUNCTIONS | SPARK_FUNCTIONS,
        set("bigint boolean date double int integer string timestamp".split()),
    ),
}

# Both ways through the branches that the vars decide.
VARIANTS = {
    "demo": {},
    "mapped": {
        "transactions": "shop.order_lines",
        "transaction_columns": {
            "customer_id": "buyer",
            "transacted_at": "ordered at",
            "quantity": "pieces",
            "unit_price": "price",
            "order_id": "order_number",
            "line_id": "line_number",
            "status": "state",
            "product_id": "sku",
            "is_return": "returned",
            "currency": "currency",
        },
        "date_format": "%d.%m.%Y %H:%M",
        "as_of_date": "2024-12-31",
        "excluded_statuses": ["cancelled", "won't pay"],
        "excluded_products": ["POST"],
        "return_order_prefix": "C",
        "customer_attributes": "shop.customers",
        "customer_attribute_columns": {"customer_id": "id", "country": "country"},
        "service_activities": "shop.service",
        "service_activity_columns": {
            "customer_id": "id",
            "activity": "kind",
            "performed_at": "done_on",
            "quantity": "minutes",
        },
        "campaign_contacts": "shop.mailings",
        "campaign_contact_columns": {
            "customer_id": "id",
            "campaign_id": "campaign",
            "contacted_at": "sent_at",
            "variant": "arm",
            "responded": "answered",
            "response_value": "order_value",
            "cost": "postage",
            "exposed": "opened",
        },
        "holdout_days": 90,
        "lapse_after_days": 120,
        "purchase_model": "pareto_nbd",
        "rfm_scoring": "ntile",
        "spend_cap_percentile": 99,
    },
    # The modules that are off by default, and the inputs that they read.
    "every_module": {
        "modules": [
            *("history", "validation", "decisions", "propensity", "experiments"),
            *("subscriptions", "audiences", "portraits", "events"),
        ],
        "transactions": "shop.order_lines",
        "transaction_columns": {name: name for name in ("customer_id", "transacted_at", "amount")},
        "as_of_date": "2024-12-31",
        "holdout_days": 90,
        **{
            name: f"shop.{name}"
            for name in (
                *("customer_attributes", "subscriptions", "events", "trials"),
                *("suppressions", "consents", "erasure_requests"),
            )
        },
        "customer_attribute_columns": {
            name: name for name in ("customer_id", "attribute", "attribute_value", "answered_on")
        },
        **{
            columns: {name: name for name in names.split()}
            for columns, names in {
                "subscription_columns": (
                    "customer_id subscription_id started_on ended_on amount billing_interval plan"
                ),
                "event_columns": "customer_id occurred_at event_name event_id feature session_id",
                "trial_columns": "customer_id trial_started_at trial_ends_at converted_at",
                "suppression_columns": "customer_id channel reason starts_on ends_on",
                "consent_columns": "customer_id channel granted decided_on",
                "erasure_request_columns": "customer_id",
            }.items()
        },
    },
}

# Asking whether a table is there takes a connection; Snowflake is compiled as on a second
# run, the others keep nothing.
IS_INCREMENTAL = """
{% macro is_incremental() %}{{ return(target.type == "snowflake") }}{% endmacro %}
"""


def compile_for(engine: str, variables: dict, directory: Path) -> list[Path]:
    """Compile all SQL models and tests, and return the files."""
    project = copy_project(directory / "project")
    (project / "macros" / "is_incremental.sql").write_text(IS_INCREMENTAL)
    shutil.copy(Path(__file__).with_name("profiles.yml"), project / "profiles.yml")
    python_models = [path.stem for path in (ROOT / "models").rglob("*.py")]
    result = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("dbt")), "compile", "--target", engine),
            *("--no-introspect", "--no-populate-cache", "--vars", json.dumps(variables)),
            *("--indirect-selection", "empty", "--exclude", *python_models),
        ],
        cwd=project,
        env={**os.environ, "DBT_PROFILES_DIR": str(project), "DBT_USE_COLORS": "false"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return sorted((project / "target" / "compiled").rglob("*.sql"))


def is_type(engine: Engine, written: str) -> bool:
    """Say whether the engine has a type, decimals with their digits among them."""
    name, _, digits = written.rstrip(")").partition("(")
    if name not in ("decimal", "bignumeric"):
        return written in engine.types
    precision, scale = (int(number) for number in digits.split(","))
    before_point, behind_point = engine.decimal
    if name == "bignumeric":
        return engine is ENGINES["bigquery"] and scale <= 38 and precision - scale <= 38
    return scale <= behind_point and precision - scale <= before_point


@pytest.mark.parametrize("name", ENGINES)
def test_sql_compiles_to_what_the_warehouse_knows(name, tmp_path):
    pytest.importorskip(f"dbt.adapters.{name}")
    # Much is the same in the variants, and is parsed once.
    file_names: dict[str, str] = {}
    for variant, variables in VARIANTS.items():
        files = compile_for(name, variables, tmp_path / variant)
        assert len(files) > 150
        file_names |= {path.read_text(): f"{variant}: {path.name}" for path in files}
    linter = sqlfluff.Linter(dialect=name)
    engine, wrong = ENGINES[name], []
    for text, file_name in file_names.items():
        parsed = linter.parse_string(text)
        wrong += [(file_name, str(violation)) for violation in parsed.violations]
        if parsed.tree is None:
            wrong.append((file_name, "cannot be parsed"))
            continue
        functions = {part.raw.lower() for part in parsed.tree.recursive_crawl("function_name")}
        types = {part.raw.lower() for part in parsed.tree.recursive_crawl("data_type")}
        wrong += [(file_name, function) for function in functions - engine.functions]
        wrong += [(file_name, written) for written in types if not is_type(engine, written)]
    assert wrong == []
