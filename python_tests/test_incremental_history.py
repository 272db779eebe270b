"""History kept from run to run is the history that one full build gives."""

import duckdb
import pandas as pd
import pytest
from conftest import build_arguments
from helpers import CDNOW_SAMPLE_VARS, read_cdnow_sample, write_cdnow_sample

MODELS = ("build", "--exclude-resource-type", "unit_test", "test")
HISTORY = (
    *MODELS,
    "--select",
    "+int_customer_value__segment_changes",
    "+int_customer_value__segment_totals",
)
KEPT = ("main_internal.int_segment_changes", "main_internal.int_segment_totals")


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


def stored_dates(build) -> dict:
    return dict(
        build.rows(
            "select distinct as_of_date::text, fingerprint from main_internal.int_segment_totals"
        )
    )


def test_builds_in_steps_give_what_one_build_gives(run):
    lines = read_cdnow_sample()
    up_to_a = lines[lines["date"] <= "19980215"]
    up_to_b = lines[lines["date"] <= "19980531"]
    # For the past of A and B: an order that came late, an amount corrected, one taken back.
    corrected = lines.copy()
    in_november = corrected.index[corrected["date"].str.startswith("199711")]
    corrected.loc[in_november[0], "dollars"] = "99.99"
    corrected = corrected.drop(index=in_november[1])
    late = corrected[corrected["date"] == "19980105"].head(3).assign(date="19971203")
    corrected = pd.concat([corrected, late])

    run(up_to_a)
    after_b = run(up_to_b)
    stored = stored_dates(after_b)
    after_late_rows = run(corrected)
    at_once = run(corrected, name="at_once")
    expect_equal(tables(after_late_rows), tables(at_once))

    restored = stored_dates(after_late_rows)
    unchanged = {date for date in stored if restored.get(date) == stored[date]}
    # The first month end of the window has nothing before it any more.
    assert unchanged == {"1997-08-31", "1997-09-30", "1997-10-31"}

    refreshed = run(corrected, *MODELS, "--full-refresh")
    expect_equal(tables(refreshed), tables(at_once))


def test_past_dates_are_computed_once(run):
    lines = read_cdnow_sample()
    first = run(lines[lines["date"] <= "19980530"], *HISTORY)
    with duckdb.connect(str(first.database)) as connection:
        connection.execute(
            "update main_internal.int_segment_changes set segment = 'marked' "
            "where as_of_date = date '1998-03-31'"
        )
    second = run(lines, *HISTORY)
    marked = second.rows(
        "select distinct as_of_date::text from main_internal.int_segment_changes "
        "where segment = 'marked'"
    )
    assert marked == [("1998-03-31",)]


def test_roles_and_dates_are_those_of_the_last_run(run):
    lines = read_cdnow_sample()
    run(lines, *HISTORY)
    run(lines, *HISTORY, as_of_date="1998-03-15", holdout_days=30, history_months=3)
    back = run(lines, *HISTORY, as_of_date="1998-04-30")
    fresh = run(lines, *HISTORY, name="fresh", as_of_date="1998-04-30")
    for table in KEPT:
        assert back.dump(table) == fresh.dump(table)


def test_a_var_that_changes_the_past_changes_its_snapshots(run):
    lines = read_cdnow_sample()
    prefixes = {
        "transaction_columns": {
            "customer_id": "customer",
            "order_id": "master",
            "transacted_at": "date",
            "amount": "dollars",
        }
    }
    run(lines, *HISTORY, **prefixes)
    changed = run(lines, *HISTORY, return_order_prefix="00021", **prefixes)
    fresh = run(lines, *HISTORY, name="fresh", return_order_prefix="00021", **prefixes)
    for table in KEPT:
        assert changed.dump(table) == fresh.dump(table)


def test_beyond_late_arrival_days_the_past_stays_and_the_build_says_so(run):
    lines = read_cdnow_sample()
    before = run(lines, *HISTORY, late_arrival_days=100)
    said = stored_dates(before)
    changed = lines.copy()
    changed.loc[changed.index[changed["date"] == "19971230"][0], "dollars"] = "77.77"
    after = run(changed, *HISTORY, late_arrival_days=100)
    kept = {date for date, fingerprint in stored_dates(after).items() if said[date] == fingerprint}
    assert max(kept) == "1998-02-28"
    assert "the data of 3 past dates changed" in after.output

    refreshed = run(changed, *HISTORY, "--full-refresh", late_arrival_days=100)
    assert {date for date in said if stored_dates(refreshed)[date] == said[date]} == {
        date for date in said if date < "1997-12-30"
    }
    assert "past dates changed" not in refreshed.output


def test_an_empty_build_in_between_leaves_nothing_wrong(run):
    lines = read_cdnow_sample()
    first = run(lines, *HISTORY)
    expected = first.dump("main_internal.int_customer_snapshots")
    emptied = run(lines, *HISTORY, "--empty")
    assert emptied.rows("select count(*) from main_internal.int_customer_snapshots") == [(0,)]
    again = run(lines, *HISTORY)
    assert again.dump("main_internal.int_customer_snapshots") == expected
