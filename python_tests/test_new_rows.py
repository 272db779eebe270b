"""What is new since the build is found without reading what is old, however moments are written."""

import itertools

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import run_dbt

# The last day of the month and of the year, the first ones, and days whose digits sort oddly.
BUILT_DATES = ("2024-12-31", "2025-01-01", "2024-02-29", "2024-10-09", "2024-09-10", "2023-12-05")
SEPARATORS = ("-", "/", " ", "\\", "")
TIMES = ("", " 23:59:59", "T00:00", " 24:00:00", "T23:30:00.123", " 1:2:3", "T2330", " 10")
ZONES = ("", "Z", "-05", "+14:00", "-12:00", "+9959", "-9959", " America/New_York", " UTC")
STAGING = ("stg_customer_value__transactions", "stg_customer_value__new_transactions")


def hostile_moments() -> list[str | None]:
    """Return dates of two years in many spellings, and what is none, some with a character off."""
    random = np.random.default_rng(24)
    days = np.datetime64("2023-11-20") + random.integers(0, 800, 300).astype("timedelta64[D]")
    days = np.concatenate([days, *near_the_builds()])
    spellings = list(itertools.product(SEPARATORS, TIMES, ZONES, (True, False)))
    texts: list[str | None] = [None, "", " ", "soon", "epoch", "infinity", "-infinity", "today"]
    texts += ["2024", "2024-12", "12-31-2025", "31/12/2025", "0", "1", "20250101120000", "2024-366"]
    for day in days:
        year, month, date = str(day).split("-")
        for place in random.integers(0, len(spellings), 25):
            separator, time, zone, is_padded = spellings[place]
            parts = [year, month, date] if is_padded else [year, str(int(month)), str(int(date))]
            text = separator.join(parts) + time + zone
            if random.random() < 0.2:
                text = str(random.choice([" ", "\t", "+", "0", "'", "\u00a0"])) + text
            if random.random() < 0.1:
                at = random.integers(0, len(text))
                text = text[:at] + str(random.choice(list("09 -/:TZ+"))) + text[at + 1 :]
            texts.append(text)
    return texts


def near_the_builds() -> list[np.ndarray]:
    """Return the ten days around each build, on which a zone or a blank decides."""
    around = np.arange(-10, 11).astype("timedelta64[D]")
    return [np.datetime64(date) + around for date in BUILT_DATES]


def stage(database, lines: str, **variables) -> None:
    """Stage a log of the moments that a query finds, some of them among the hostile `texts`."""
    texts = pd.DataFrame({"moment": pd.Series(hostile_moments(), dtype=object)})
    with duckdb.connect(str(database)) as connection:
        connection.register("texts", texts)
        connection.execute("create schema if not exists input")
        connection.execute(
            f"create or replace table input.lines as "
            f"select *, moment as transacted_at, 1 as amount from ({lines})"
        )
        connection.execute("create schema if not exists main_internal")
        connection.execute(
            "create or replace table main_internal.int_as_of_dates as "
            "select 'current' as as_of_role, 'events' as built_modules, current_date as as_of_date"
        )
    ran = run_dbt(
        *("run", "--select", *STAGING),
        database=database,
        variables={"modules": ["events"], "transactions": "input.lines", **variables},
    )
    assert ran.exit_code == 0, ran.output


def ask(database, moments: str, **variables) -> None:
    """Compare what is new of the moments of a query with all that was staged of them."""
    stage(database, f"select row_number() over () as customer_id, * from ({moments})", **variables)
    with duckdb.connect(str(database)) as connection:
        for date in BUILT_DATES:
            connection.execute(f"update main_internal.int_as_of_dates set as_of_date = '{date}'")
            new = connection.sql("select * from main_internal.stg_new_transactions order by all")
            expected = connection.sql(
                "select * from main_internal.stg_transactions "
                f"where cast(transacted_at as date) > date '{date}' order by all"
            )
            found, wanted = new.fetchall(), expected.fetchall()
            assert len(wanted) > 20
            assert found == wanted


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """Return the path of a database for logs in one form after the other."""
    return tmp_path_factory.mktemp("new_rows") / "log.duckdb"


@pytest.mark.parametrize("timezone", ["Pacific/Kiritimati", "Pacific/Midway"])
def test_no_spelling_of_a_moment_hides_a_new_line(database, timezone):
    """Not blanks before it, nor a zone, nor another sign between the parts of the day."""
    ask(database, "from texts", timezone=timezone)


@pytest.mark.parametrize(
    "date_format",
    ["%Y-%m-%d", "%Y-%m-%dT%H:%M%z", "%d.%m.%Y"],
)
def test_no_format_of_dates_hides_a_new_line(database, date_format):
    """Also where the text does not begin with the year, and where dates are badly padded."""
    days = "range(timestamp '2023-11-20 12:00', timestamp '2026-01-31', interval '5 hours')"
    formatted = f"strftime(unnest({days}), '{date_format.replace('%z', '-0930')}')"
    ask(database, f"from texts union all select {formatted}", date_format=date_format)


TYPES = ("timestamp", "date", "timestamptz", "timestamp_ns")


@pytest.mark.parametrize("type_of_moment", TYPES)
def test_no_type_of_the_column_hides_a_new_line(database, type_of_moment):
    days = "range(timestamp '2023-11-20 12:00', timestamp '2026-01-31', interval '5 hours')"
    ask(
        database,
        f"select cast(moment as {type_of_moment}) as moment "
        f"from (select unnest({days}) as moment)"
        " union all select null",
        timezone="Pacific/Kiritimati",
    )


@pytest.mark.parametrize(
    ("word", "per_day", "type_of_moment"),
    [("epoch_seconds", 86_400, "bigint"), ("epoch_milliseconds", 86_400_000, "varchar")],
)
def test_no_number_for_a_moment_hides_a_new_line(database, word, per_day, type_of_moment):
    ask(
        database,
        f"select cast(number * {per_day} // 3 as {type_of_moment}) as moment "
        "from range(3 * 19680, 3 * 20480) as numbers (number)",
        date_format=word,
    )


def test_blanks_around_a_value_change_nothing(database):
    """Which keep it from being recognised by its form, so that both ways of reading it agree."""
    ids = [
        "17850.0",
        "007",
        "nan",
        "é",
        "",
        "-1",
        "0.0",
        "1.50",
        ".0",
        "1e5",
        "a b",
        "guest",
        "\\N",
    ]
    ids += [
        "\u00a0a",
        "a\u00a0",
        "\ta",
        "a\t",
        "!",
        '"!',
        "日本",
        "x" * 40,
        "00.00",
        "1.0.0",
        "12.",
    ]
    values = ", ".join(f"('{number}')" for number in ids)
    stage(
        database,
        f"""
        with numbered as (
            select row_number() over () as number, moment from texts where moment is not null
        ),
        ids as (select row_number() over () - 1 as place, id from (values {values}) as ids (id)),
        lines as (select * from numbered inner join ids on number % {len(ids)} = place)
        select number as order_id, id as customer_id, moment from lines
        union all select number, ' ' || id || ' ', ' ' || moment || '  ' from lines
        """,
        timezone="Pacific/Midway",
    )
    with duckdb.connect(str(database)) as connection:
        staged = connection.sql(
            "select order_id, count(*), count(distinct coalesce(customer_id, '')), "
            "count(distinct coalesce(cast(transacted_at as varchar), '')), count(transacted_at) "
            "from main_internal.stg_transactions group by order_id"
        ).fetchall()
    assert {tuple(counts[:3]) for _, *counts in staged} == {(2, 1, 1)}
    assert sum(read == 2 for *_, read in staged) > 1000
