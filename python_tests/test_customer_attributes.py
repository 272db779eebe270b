"""The optional input with one row per customer and any columns."""

import pandas as pd
import pytest
from helpers import CDNOW_SAMPLE_VARS, read_cdnow_sample, write_cdnow_sample

ATTRIBUTES = (
    *("build", "--exclude-resource-type", "unit_test", "test"),
    *(
        "--select",
        "+customer_value__survival_summary",
        "+customer_value__survival_comparison",
        "+customer_value__attribute_coverage",
    ),
)
STAGING = (*ATTRIBUTES[:4], "--select", "+stg_customer_value__customer_attributes")


@pytest.fixture
def run(dbt, tmp_path):
    """Return a function that runs dbt on the CDNOW sample with a frame of attributes."""
    sample, csv = tmp_path / "sample.csv", tmp_path / "attributes.csv"
    write_cdnow_sample(sample)

    def run(attributes, *command, **variables):
        attributes.to_csv(csv, index=False)
        return dbt(
            *(command or STAGING),
            variables={
                "transactions": str(sample),
                "customer_attributes": str(csv),
                **CDNOW_SAMPLE_VARS,
                **variables,
            },
        )

    return run


def attributes_of(customers: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": customers}).assign(
        Channel=lambda rows: ["shop" if int(id) % 2 else " web " for id in rows["customer_id"]],
        note="",
    )


def test_curves_are_drawn_by_attribute_and_strangers_are_reported(run):
    customers = sorted(read_cdnow_sample()["customer"].unique())
    given = attributes_of(customers[:-7])
    strangers = attributes_of(["999901", "999902"]).assign(customer_id=["x1", "x2"])
    # An attribute of which everybody has another value groups nobody.
    given = pd.concat([given, strangers]).assign(
        email=lambda rows: rows["customer_id"] + "@example.com",
        age=lambda rows: [18 + (7 * place) % 211 % 73 for place in range(len(rows))],
    )
    given.loc[given["age"] > 85, "age"] = pd.NA
    result = run(given, *ATTRIBUTES)
    assert result.exit_code == 0, result.output

    covered = len(customers) - 7
    known = given.iloc[:covered]
    assert result.rows(
        "select attribute, value_count, customer_count, unknown_row_count, is_grouping "
        "from attribute_coverage order by 1"
    ) == [
        ("age", 68, known["age"].count(), 2, True),
        ("channel", 2, covered, 2, True),
        ("email", covered, covered, 2, False),
        ("note", 0, 0, 2, False),
    ]
    assert f"attribute channel: a value for {covered:,} customers" in result.output

    groups = dict(
        result.rows(
            "select group_name, customer_count from survival_summary "
            "where curve = 'second_purchase' and grouping_name = 'channel'"
        )
    )
    odd = sum(int(id) % 2 for id in customers[:-7])
    assert groups == {"shop": odd, "web": covered - odd, "unknown": 7}
    assert result.row(
        "select group_count, degrees_of_freedom from survival_comparison "
        "where curve = 'second_purchase' and grouping_name = 'channel'"
    ) == (3, 2)
    assert result.row(
        "select count(*) from survival_curves where grouping_name in ('email', 'note')"
    ) == (0,)

    # A number is grouped by fifths of the customers who have it, equal ones together.
    ages = known["age"].dropna().astype(int)
    fifths = (ages.rank(method="min") - 1) * 5 // len(ages)
    bands = {
        f"{fifth + 1:.0f}: {band.min()} to {band.max()}": len(band)
        for fifth, band in ages.groupby(fifths)
    }
    assert len(bands) == 5
    assert dict(
        result.rows(
            "select group_name, customer_count from survival_summary "
            "where curve = 'second_purchase' and grouping_name = 'age'"
        )
    ) == bands | {"unknown": len(customers) - len(ages)}


def test_a_map_names_the_customer_and_chooses_the_attributes(run):
    given = attributes_of(["0001", "0002"]).rename(columns={"customer_id": "Client No"})
    result = run(
        given, customer_attribute_columns={"customer_id": "Client No", "origin": "Channel"}
    )
    assert result.exit_code == 0, result.output
    assert result.rows(
        "select customer_id, attribute, attribute_value "
        "from main_internal.stg_customer_attributes order by 1"
    ) == [
        ("0001", "origin", "shop"),
        ("0002", "origin", "web"),
    ]


GOOD = attributes_of(["0001", "0002"])


@pytest.mark.parametrize(
    ("given", "variables", "sentence"),
    [
        (
            pd.concat([GOOD, GOOD.head(1)]),
            {},
            "has more than one row for a customer, 0001: the var customer_attributes needs one row",
        ),
        (
            GOOD.rename(columns={"customer_id": "client"}),
            {},
            "has no column customer_id: name yours in the var customer_attribute_columns; its "
            "columns are: client, Channel, note.",
        ),
        (GOOD[["customer_id"]], {}, "has no attribute beside the customer"),
        (
            GOOD,
            {"customer_attribute_columns": {"customer_id": "client"}},
            "customer_attribute_columns maps customer_id to client, and",
        ),
        (
            GOOD,
            {"customer_attribute_columns": {"channel": "Channel"}},
            "customer_attribute_columns has no customer_id",
        ),
        (GOOD.assign(overall=1), {}, "An attribute cannot be called overall"),
        (
            GOOD,
            {"customer_attributes": "nowhere.csv"},
            "The var customer_attributes names the file nowhere.csv, which does not exist",
        ),
    ],
    ids=[
        "duplicates",
        "no customer",
        "no attribute",
        "unknown column",
        "map without customer",
        "reserved name",
        "missing file",
    ],
)
def test_bad_attributes_get_one_sentence(run, given, variables, sentence):
    result = run(given, **variables)
    assert result.exit_code != 0
    assert sentence in " ".join(result.output.split()), result.output
