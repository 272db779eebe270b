"""Purchase models per group: the parameters are the group's, and SQL scores with them."""

import numpy as np
import pandas as pd
import pytest
from conftest import run_dbt
from helpers import customers_as_of
from replay import expected, fits

GROUPS = {"quick": (120, 15.0), "slow": (110, 90.0), "rare": (8, 40.0)}


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """Return two groups who buy at paces of their own, and a group of eight."""
    random = np.random.default_rng(4)
    frames = []
    for group, (size, gap) in GROUPS.items():
        for number in range(size):
            start = random.integers(0, 200)
            days = start + np.cumsum(np.append(0, random.exponential(gap, random.geometric(0.2))))
            days = np.unique(days[days <= 365].astype(int))
            frames.append(
                pd.DataFrame(
                    {
                        "customer_id": f"{group}-{number:03d}",
                        "transacted_at": pd.Timestamp("2023-01-01") + pd.to_timedelta(days, "D"),
                        "amount": random.gamma(4, 10, len(days)).round(2) + 1,
                        "customer_group": group,
                    }
                )
            )
    rows = pd.concat(frames, ignore_index=True)
    # A later line of another group changes nothing.
    later = rows["customer_id"].eq("quick-001") & rows["customer_id"].duplicated()
    rows.loc[later, "customer_group"] = "slow"
    return rows


@pytest.fixture(scope="module")
def grouped(lines, tmp_path_factory):
    directory = tmp_path_factory.mktemp("groups")
    path = directory / "lines.csv"
    lines.to_csv(path, index=False)
    result = run_dbt(
        *("run", "--select", "+int_customer_value__forecasts", "+customer_value__model_parameters"),
        variables={
            "modules": [],
            "transactions": str(path),
            "fit_group": "customer_group",
            "minimum_customers": 100,
            "as_of_date": "2023-12-31",
        },
        database=directory / "grouped.duckdb",
    )
    assert result.exit_code == 0, result.output
    return result


def test_each_group_has_the_parameters_of_its_customers_and_sql_scores_with_them(grouped, lines):
    rows = customers_as_of(
        lines.rename(
            columns={"customer_id": "customer", "transacted_at": "date", "amount": "dollars"}
        ),
        "2023-12-31",
    ).rename(
        columns={"x": "repeat_count", "t_x": "last_purchase_age_days", "T": "customer_age_days"}
    )
    rows["group"] = rows.index.str.split("-").str[0]
    published = grouped.frame(
        "select fit_group, parameter, estimate from model_parameters "
        "where as_of_role = 'current' and model = 'mbg_nbd'"
    )
    assert set(published["fit_group"]) == {"all", "quick", "slow"}
    scored = grouped.frame(
        "select customer_id, expected_purchases_365d from main_internal.int_model_forecasts "
        "where forecast_role = 'current' and date_number = 0 and model = 'mbg_nbd'"
    ).set_index("customer_id")["expected_purchases_365d"]
    assert len(scored) == len(rows) == 238
    for group, members in rows.groupby("group"):
        of_group = published[published["fit_group"] == ("all" if group == "rare" else group)]
        found = dict(zip(of_group["parameter"], of_group["estimate"], strict=True))
        fitted_on = rows if group == "rare" else members
        counted = fitted_on.groupby(list(fits.PATTERN[:3])).size().reset_index(name="n")
        arrays = (counted[name].to_numpy("float64") for name in (*fits.PATTERN[:3], "n"))
        alone = fits.fit_model("mbg_nbd", *arrays, 0).estimates
        for name, estimate in alone.items():
            assert found[name] == pytest.approx(estimate, rel=1e-4, nan_ok=True), (group, name)
        ordered = {name: found[name] for name in alone}
        np.testing.assert_allclose(
            scored.loc[members.index], expected("mbg_nbd", members, ordered, 365), rtol=1e-9
        )


def test_a_group_that_is_pooled_is_said_to_be(grouped):
    fewest = grouped.row(
        "select count(*), count(distinct group_name), count(fit_group) "
        "from main_internal.int_fit_groups"
    )
    assert fewest == (238, 3, 230)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"fit_group": "customer_group"}, "transaction_columns maps no such column"),
        ({"fit_group": "country"}, "not an attribute of customer_attributes"),
    ],
)
def test_a_group_that_nothing_names_gets_a_sentence(dbt, variables, words):
    result = dbt("run", "--select", "int_customer_value__fit_groups", variables=variables)
    assert result.exit_code != 0
    assert words in " ".join(result.output.split())


@pytest.mark.parametrize(
    "variables", [{"fit_group": "country"}, {"cluster_features": ["hours", "usage"]}]
)
def test_the_core_alone_reads_no_attribute_and_says_so(dbt, variables):
    """In a sentence of ours, where dbt would name a model that is disabled."""
    result = dbt("run", variables={"modules": [], "customer_attributes": "people.csv", **variables})
    ((name, value),) = variables.items()
    named = value if isinstance(value, str) else " and ".join(value)
    assert result.exit_code != 0
    assert (
        f"The var {name} names {named}, and attributes are read where a module is on: list one in "
        f"the var modules, or leave {named} out." in " ".join(result.output.split())
    )
