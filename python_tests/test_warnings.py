"""What a build warns of: one list of codes, each documented, and each produced by a test."""

import re

import yaml
from helpers import PACKAGE, ROOT

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
    advised = set(re.findall(r'^ +"(\w+)": "', advice, re.M))
    rows = (CORE / "marts" / f"{PACKAGE}excluded_rows.sql").read_text().split("\nwith\n")[0]
    reasons = set(re.findall(r'"(\w+)"', rows.split("{%- set reasons")[1]))
    reasons -= {"transactions", "campaign_contacts", "service_activities"}
    reasons -= {"decisions", "subscriptions"}
    assert reasons - advised == set()
