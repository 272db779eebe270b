"""A build holds what its log and its vars say, whatever was built in the database before."""

import pandas as pd
import pytest
from conftest import build_arguments
from helpers import CDNOW_SAMPLE_VARS, read_cdnow_sample, write_cdnow_sample

MODELS = ("build", "--exclude-resource-type", "unit_test", "test")
HISTORY = (*MODELS, "--select", "+int_customer_value__customer_groups")


@pytest.fixture
def run(dbt, tmp_path):
    """Return a function that runs dbt on a version of the CDNOW sample."""
    csv = tmp_path / "sample.csv"

    def run(lines, *command, name="steps", **variables):
        write_cdnow_sample(csv, lines)
        sample = {k: v for k, v in CDNOW_SAMPLE_VARS.items() if k != "as_of_date"}
        result = dbt(
            *(command or build_arguments()),
            variables={"transactions": str(csv), **sample, **variables},
            database=tmp_path / f"{name}.duckdb",
        )
        assert result.exit_code == 0, result.output
        return result

    return run


def tables(build) -> dict[str, str]:
    """Return everything that was built, as text; models that Python wrote among them.

    What publishing writes names the database file, which is another one in another build.
    """
    names = build.rows(
        "select schema_name || '.' || table_name from duckdb_tables() "
        "where schema_name in ('main', 'main_internal') "
        "and table_name not in ('publication', 'published_marts') order by 1"
    )
    return {name: build.dump(name) for (name,) in names}


def expect_equal(found, expected):
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []


NOVEMBER = "from group_history where as_of_date = date '1997-11-30'"


def test_builds_in_steps_give_what_one_build_gives(run):
    lines = read_cdnow_sample()
    # For the past of the first step: an order that came late, an amount corrected, one taken back.
    corrected = lines.copy()
    in_november = corrected.index[corrected["date"].str.startswith("199711")]
    corrected.loc[in_november[0], "dollars"] = "99.99"
    corrected = corrected.drop(index=in_november[1])
    late = corrected[corrected["date"] == "19980105"].head(3).assign(date="19971103")
    corrected = pd.concat([corrected, late])

    # Other lines, other dates and another rule: nothing of them may stay behind.
    first = run(
        lines[lines["date"] <= "19980531"],
        as_of_date="1998-05-15",
        holdout_days=30,
        history_months=7,
        rfm_scoring="ntile",
    )
    (before,) = first.row(f"select sum(net_revenue) {NOVEMBER} and grouping_name = 'segment'")
    after_late_rows = run(corrected)
    at_once = run(corrected, name="at_once")
    expect_equal(tables(after_late_rows), tables(at_once))
    (after,) = at_once.row(f"select sum(net_revenue) {NOVEMBER} and grouping_name = 'segment'")
    assert after != before


def test_an_empty_build_in_between_leaves_nothing_wrong(run):
    lines = read_cdnow_sample()
    expected = run(lines, *HISTORY).dump("main_internal.int_customer_groups")
    emptied = run(lines, *HISTORY, "--empty")
    assert emptied.rows("select count(*) from main_internal.int_customer_groups") == [(0,)]
    again = run(lines, *HISTORY)
    assert again.dump("main_internal.int_customer_groups") == expected
