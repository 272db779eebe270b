"""A build holds what its log and its vars say, whatever was built in the database before."""

import pytest
from helpers import CDNOW_SAMPLE_VARS, write_cdnow_sample

MODELS = ("build", "--exclude-resource-type", "unit_test", "test")
HISTORY = (*MODELS, "--select", "+int_customer_value__customer_groups")


@pytest.fixture
def run(dbt, tmp_path):
    """Return a function that runs dbt on the CDNOW sample."""
    csv = tmp_path / "sample.csv"
    write_cdnow_sample(csv)

    def run(*command):
        result = dbt(*command, variables={"transactions": str(csv), **CDNOW_SAMPLE_VARS})
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


NOVEMBER = (
    "select sum(net_revenue) from group_history "
    "where as_of_date = date '1997-11-30' and grouping_name = 'segment'"
)


def test_builds_in_steps_give_what_one_build_gives(earlier_sample, rebuilt_sample, cdnow_sample):
    """Of other lines, other dates and another rule nothing may stay behind."""
    assert rebuilt_sample.exit_code == 0, rebuilt_sample.output
    expect_equal(tables(rebuilt_sample), tables(cdnow_sample))
    assert cdnow_sample.row(NOVEMBER) != earlier_sample.row(NOVEMBER)


def test_an_empty_build_in_between_leaves_nothing_wrong(run):
    expected = run(*HISTORY).dump("main_internal.int_customer_groups")
    emptied = run(*HISTORY, "--empty")
    assert emptied.rows("select count(*) from main_internal.int_customer_groups") == [(0,)]
    again = run(*HISTORY)
    assert again.dump("main_internal.int_customer_groups") == expected
