"""What a build warns of: one list of codes, each documented, and each produced by a test."""

import json
import re

import yaml
from conftest import run_dbt
from helpers import ROOT, reasons_of_the_list

CORE = ROOT / "models" / "core"


def codes_of_the_list() -> list[str]:
    text = (ROOT / "macros" / "checks" / "warning_codes.sql").read_text()
    return re.findall(r'"(\w+)"', text)


def codes_in_unit_tests() -> set[str]:
    """Return the codes of all rows that a unit test expects of the models of warnings."""
    found = set()
    for path in (ROOT / "models").rglob("*_warnings.yml"):
        for test in yaml.safe_load(path.read_text()).get("unit_tests", []):
            found |= {row["warning_code"] for row in test["expect"]["rows"]}
    return found


def test_every_code_is_listed_once_documented_and_produced_by_a_test():
    codes = codes_of_the_list()
    assert len(codes) == len(set(codes)) >= 18
    page = (CORE / "_core__docs.md").read_text()
    block = page.split("{% docs warning_code %}")[1].split("{% enddocs %}")[0]
    documented = re.findall(r"^\| (\w+) \|", block, re.M)
    assert sorted(documented[1:]) == sorted(codes)
    assert codes_in_unit_tests() == set(codes)


def test_every_reason_for_leaving_rows_out_has_its_advice():
    advice = (ROOT / "macros" / "checks" / "exclusion_advice.sql").read_text()
    advised = set(re.findall(r'^ +"(\w+)": ', advice, re.M))
    reasons = {reason for names in reasons_of_the_list().values() for reason in names}
    assert len(reasons) > 20
    assert reasons - advised == set()


# What a value that cannot be read does: the reason that its row gets, the warning of its column, or
# the account of it in `attribute_coverage`, which the end of a build repeats.
UNREAD = {
    "transactions": {
        "transacted_at": "invalid_timestamp", "amount": "invalid_amount",
        "refunded_amount": "invalid_amount", "is_return": "invalid_flag",
        "cost": "unread_values", "quantity": "unread_values", "unit_price": "unread_values",
    },
    "customer_attributes": {"answered_on": "unused_row_count"},
    "service_activities": {"performed_at": "invalid_date", "quantity": "invalid_quantity"},
    "campaign_contacts": {
        "contacted_at": "invalid_timestamp", "responded": "invalid_flag",
        "exposed": "invalid_flag", "response_value": "invalid_number",
        "cost": "invalid_number", "planned_share": "invalid_number",
        "score": "invalid_number",
    },
    "subscriptions": {
        "started_on": "invalid_date", "ended_on": "invalid_date",
        "trial_ends_on": "invalid_date", "cancelled_on": "invalid_date",
        "amount": "invalid_amount", "quantity": "invalid_amount",
        "billing_interval": "missing_interval", "is_paused": "invalid_flag",
    },
    "subscription_payments": {
        "paid_on": "invalid_date", "amount": "invalid_amount",
        "billing_interval": "missing_interval",
    },
    "subscription_changes": {
        "changed_on": "invalid_date", "mrr_change": "invalid_amount",
        "billing_interval": "missing_interval",
    },
    "events": {"occurred_at": "invalid_timestamp"},
    "trials": {
        "trial_started_at": "invalid_date", "trial_ends_at": "invalid_date",
        "converted_at": "invalid_date",
    },
    "suppressions": {"starts_on": "unread_values", "ends_on": "unread_values"},
    "consents": {"granted": "unread_values", "decided_on": "unread_values"},
    "erasure_requests": {},
}  # fmt: skip


def test_no_column_of_an_input_has_values_that_are_lost_in_silence():
    """Every column of numbers, dates or flags has a reason or the warning unread_values."""
    page = (ROOT / "docs" / "vars.md").read_text().split("## Columns of the inputs")[1]
    specifications = (ROOT / "macros" / "inputs" / "input_specifications.sql").read_text()
    for part in page.split("\n### ")[1:]:
        name = part.split("\n")[0]
        columns = re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|", part, re.M)
        typed = {c for c, kind in columns if re.search("number|date|boolean", kind)}
        assert typed == set(UNREAD[name]), name
        of_the_list = "subscriptions" if name.startswith("subscription") else name
        reasons = reasons_of_the_list().get(of_the_list, ["unused_row_count"])
        for column, reason in UNREAD[name].items():
            assert reason in [*reasons, "unread_values"], (name, column)
    warned = sum(reason == "unread_values" for of in UNREAD.values() for reason in of.values())
    # And the attribute acquisition_cost.
    assert specifications.count('"if_unread": ') == warned + 1


def test_one_row_of_an_input_is_said_in_the_singular(tmp_path):
    rows = [
        ("transactions", "kept", 1200),
        # Of as many rows the order is always the same.
        ("suppressions", "kept", 1),
        ("suppressions", "total", 1),
        ("service_activities", "invalid_date", 1),
        ("campaign_contacts", "kept", 2),
    ]
    table = " union all ".join(
        f"select '{name}' as input, '{reason}' as exclusion_reason, {count} as row_count, "
        "null as amount, 0 as identical_line_count"
        for name, reason, count in rows
    )
    result = run_dbt(
        *("run-operation", "report_rows", "--args"),
        json.dumps({"built": {"excluded_rows": f"({table}) as excluded_rows"}}),
        database=tmp_path / "report.duckdb",
    )
    assert result.exit_code == 0, result.output
    assert re.findall(r"customer_value: (.*)", result.output) == [
        "1,200 lines kept",
        "1 suppression total",
        "1 suppression kept",
        "1 service activity invalid_date",
        "2 campaign contacts kept",
    ]
