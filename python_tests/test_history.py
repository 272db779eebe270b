"""Migration, cohorts and monthly figures, each computed again in pandas from raw days."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from helpers import correction_features, correction_of
from sklearn.metrics import adjusted_rand_score

BUILDS = pytest.mark.parametrize("name", ["demo", "online_retail"])


@pytest.fixture
def build(name, request):
    return request.getfixturevalue(name)


@pytest.fixture
def days(build) -> pd.DataFrame:
    """The days of customers who ever bought, with their month and cohort."""
    days = build.frame(
        "select customer_id, transacted_date, is_purchase_day, order_count, "
        "net_amount::double as net_amount from main_internal.int_customer_days "
        "where first_purchase_date is not null"
    )
    days["month"] = days["transacted_date"].dt.to_period("M")
    bought = days[days["is_purchase_day"]]
    days["cohort"] = days["customer_id"].map(bought.groupby("customer_id")["month"].min())
    return days


def months_of(build, days) -> pd.PeriodIndex:
    current = pd.Timestamp(build.row("select max(as_of_date) from customers")[0])
    return pd.period_range(days["month"].min(), current.to_period("M"), freq="M")


def is_complete(build, month: pd.Period) -> bool:
    current = pd.Timestamp(build.row("select max(as_of_date) from customers")[0])
    return bool(month.end_time.normalize() <= current)


@BUILDS
def test_monthly_figures(build, days):
    buyers = {
        month: set(rows["customer_id"])
        for month, rows in days[days["is_purchase_day"]].groupby("month")
    }
    seen: set[str] = set()
    before: set[str] = set()
    rows_expected = []
    for month in months_of(build, days):
        active = buyers.get(month, set())
        rows = days[days["month"] == month]
        revenue, orders = rows["net_amount"].sum(), rows["order_count"].sum()
        rows_expected.append(
            {
                "month_start_date": month.start_time,
                "active_customer_count": len(active),
                "new_customer_count": len(active - seen),
                "returning_customer_count": len(active & before),
                "reactivated_customer_count": len((active & seen) - before),
                "lapsed_customer_count": len(before - active),
                "acquired_customer_count": len(seen | active),
                "retention_rate": len(active & before) / len(before)
                if before and is_complete(build, month)
                else np.nan,
                "order_count": orders,
                "net_revenue": revenue,
                "average_order_value": revenue / orders if orders else np.nan,
                "orders_per_customer": orders / len(active) if active else np.nan,
                "is_complete": is_complete(build, month),
            }
        )
        seen, before = seen | active, active
    expected = pd.DataFrame(rows_expected)
    found = build.frame("select * from monthly_kpis order by month_start_date")
    found["net_revenue"] = found["net_revenue"].astype("float64")
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_dtype=False)


@BUILDS
def test_cohorts(build, days):
    months = months_of(build, days)
    days = days.assign(since=(days["month"] - days["cohort"]).map(lambda gap: max(gap.n, 0)))
    rows_expected = []
    for cohort, rows in days.groupby("cohort"):
        size = rows["customer_id"].nunique()
        total = 0.0
        for since, month in enumerate(months[months >= cohort]):
            here = rows[rows["since"] == since]
            active = here.loc[here["is_purchase_day"], "customer_id"].nunique()
            total += here["net_amount"].sum()
            rows_expected.append(
                {
                    "cohort_start_date": cohort.start_time,
                    "months_since": since,
                    "cohort_size": size,
                    "active_customer_count": active,
                    "retention_share": active / size if is_complete(build, month) else np.nan,
                    "order_count": here["order_count"].sum(),
                    "net_revenue": here["net_amount"].sum(),
                    "cumulative_revenue_per_customer": total / size,
                    "is_complete": is_complete(build, month),
                }
            )
    expected = pd.DataFrame(rows_expected)
    found = build.frame("select * from cohort_retention order by cohort_start_date, months_since")
    found["net_revenue"] = found["net_revenue"].astype("float64")
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_dtype=False)


# The groupings of the customers: their name, the column of it in `customers`.
GROUPINGS = {"segment": "segment", "value_tier": "value_tier", "cluster": "cluster_name"}


def nearest_cluster(build, scores: pd.DataFrame) -> np.ndarray:
    """Return the name of the nearest of today's centroids."""
    centroids = build.frame("select * from main_internal.fit_clusters where is_selected")
    names = build.frame("select * from main_internal.int_cluster_names").set_index("cluster_id")
    distance = np.zeros((len(scores), centroids["cluster_id"].nunique()))
    for feature, column in {
        "recency": "recency_days",
        "frequency": "order_count",
        "monetary": "revenue",
    }.items():
        rows = centroids[centroids["feature"] == feature].sort_values("cluster_id")
        scale = rows.iloc[0]
        value = np.log1p(scores[column].astype("float64").clip(lower=0))
        value = value.clip(scale["lower_cap"], scale["upper_cap"])
        point = (value - scale["feature_mean"]) / scale["feature_deviation"]
        distance += (point.to_numpy()[:, None] - rows["centre"].to_numpy()) ** 2
    return names["cluster_name"].loc[distance.argmin(axis=1) + 1].to_numpy()


def tier_of_value(build, scores: pd.DataFrame) -> np.ndarray:
    """Return the tier within the date: today's MBG/NBD by hand but for D(x, T), corrected."""
    fit = build.frame(
        "select * from main_internal.int_forecast_parameters "
        "where as_of_role = 'current' and model = 'mbg_nbd'"
    ).iloc[0]
    lookup = build.frame(
        "select repeat_count, customer_age_days, discounted_purchases_if_alive as discounted, "
        "purchases_if_alive as purchases "
        "from main_internal.score_forecasts where as_of_role = 'current' and model = 'mbg_nbd' "
        "and month_ahead = 0 and from_day = 0 and to_day = 365"
    )
    # What the correction reads of the customer besides; customers have the features of each date.
    known = build.frame(
        "select * from main_internal.int_model_forecasts "
        "where forecast_role = 'current' and date_number = 0 and model = 'mbg_nbd'"
    )
    names = ["repeat_count", "customer_age_days"]
    keys = ["customer_id", "as_of_date"]
    learned = build.frame(
        "select * from main_internal.fit_corrections "
        "where forecast_role = 'current' and measure = 'revenue'"
    )
    rows = (
        scores[[*keys, *names, "last_purchase_age_days"]]
        .merge(lookup, on=names, how="left", validate="m:1")
        .merge(
            known,
            on=[*keys, *names, "last_purchase_age_days"],
            how="left",
            validate="1:1",
        )
    )
    assert rows[["discounted", "shrunk_purchase_value"]].notna().all(axis=None)
    x = rows["repeat_count"].to_numpy()
    silence = (fit["alpha"] + rows["customer_age_days"].to_numpy()) / (
        fit["alpha"] + rows["last_purchase_age_days"].to_numpy()
    )
    odds = fit["a"] / (fit["b"] + x) * silence ** (fit["r"] + x)
    # Where no dropout is identified b has no estimate.
    alive = np.where(fit["dropout"] == 0, 1, 1 / (1 + odds))
    money = alive * rows["shrunk_purchase_value"].to_numpy()
    factor = correction_of(learned).factors(correction_features(rows))
    # The revenue that the base expects of today's customers stays their total.
    of_today = ~rows["is_history"].to_numpy().astype(bool)
    expected = (money * rows["purchases"].to_numpy())[of_today]
    level = expected.sum() / (expected * factor[of_today]).sum()
    value = pd.Series(money * rows["discounted"].to_numpy() * factor * level)
    band = np.floor(20_000 * np.log(value.clip(lower=1e-9)))
    dates = scores["as_of_date"].reset_index(drop=True)
    share = band.groupby(dates).rank(method="min", ascending=False).sub(1) / band.groupby(
        dates
    ).transform("size")
    tiers = np.select([share < 0.05, share < 0.25, share < 0.70], ["VIP", "High", "Medium"], "Low")
    return np.where(value <= 1e-9, "Low", tiers)


@pytest.fixture
def moves(build) -> pd.DataFrame:
    """The groups of every customer on every date, computed without the history.

    The segments are those of the scored snapshots.
    """
    scores = build.frame(
        "select *, net_revenue::double as revenue from main_internal.int_customer_scores "
        "where as_of_date in (select as_of_date from main_internal.int_as_of_dates "
        "where as_of_role in ('history', 'current'))"
    )
    return scores.assign(
        cluster_name=nearest_cluster(build, scores), value_tier=tier_of_value(build, scores)
    )


@BUILDS
def test_migration(build, moves):
    dates = sorted(moves["as_of_date"].unique())
    assert len(dates) > 6
    stability = build.frame("select * from migration_stability").set_index(
        ["grouping_name", "to_date"]
    )
    assert set(stability.index.unique("grouping_name")) == set(GROUPINGS)
    for name, column in GROUPINGS.items():
        found = build.frame(
            "select to_date, from_group as origin, to_group as target, customer_count "
            f"from migration where grouping_name = '{name}' order by all"
        )
        steps = []
        for earlier, later in pairwise(dates):
            groups = [
                moves[moves["as_of_date"] == date].set_index("customer_id")[column]
                for date in (earlier, later)
            ]
            pair = pd.concat(groups, axis=1, keys=["origin", "target"])
            assert pair["target"].notna().all()
            there = pair.dropna()
            measured = stability.loc[(name, later)]
            assert measured["staying_share"] == pytest.approx(
                (there["origin"] == there["target"]).mean(), rel=1e-12
            )
            assert measured["adjusted_rand_index"] == pytest.approx(
                adjusted_rand_score(there["origin"], there["target"]), rel=1e-9
            )
            assert measured["new_customer_count"] == len(pair) - len(there)
            steps.append(pair.fillna({"origin": "New"}).assign(to_date=later))
        keys = ["to_date", "origin", "target"]
        expected = pd.concat(steps).groupby(keys).size().reset_index(name="customer_count")
        pd.testing.assert_frame_equal(
            found, expected.sort_values(keys, ignore_index=True), check_dtype=False
        )


@BUILDS
def test_the_groups_over_time_are_in_the_order_of_their_profiles(build):
    orders = build.rows("select distinct grouping_name, group_name, group_order from group_history")
    profiles = [
        *build.rows("select 'segment', segment, segment_order from segment_profile"),
        *build.rows("select 'value_tier', value_tier, tier_order from value_tier_profile"),
        *build.rows("select 'cluster', cluster_name, cluster_id from cluster_profile"),
    ]
    assert sorted(orders) == sorted(profiles)
    moves = build.rows(
        "select grouping_name, from_group, from_group_order from migration union "
        "select grouping_name, to_group, to_group_order from migration"
    )
    new = {(name, "New", 0) for name in GROUPINGS}
    assert set(moves) <= set(orders) | new


@BUILDS
@pytest.mark.parametrize(("name_of_grouping", "column"), GROUPINGS.items())
def test_groups_at_every_date(build, moves, name_of_grouping, column):
    found = build.frame(
        "select * from group_history where customer_count > 0 "
        f"and grouping_name = '{name_of_grouping}'"
    )
    found = found.set_index(["as_of_date", "group_name"]).sort_index()
    groups = moves.groupby(["as_of_date", column])
    np.testing.assert_array_equal(found["customer_count"], groups.size())
    np.testing.assert_allclose(found["net_revenue"].astype("float64"), groups["revenue"].sum())
    np.testing.assert_allclose(found["mean_recency_days"], groups["recency_days"].mean())
    today = build.rows(f"select {column}, count(*) from customers group by all")
    current = found[found["is_current"]].droplevel("as_of_date")
    assert current["customer_count"].to_dict() == dict(today)


@BUILDS
def test_what_customers_know_of_their_past(build, moves):
    expected = {}
    for customer, rows in moves.sort_values("as_of_date").groupby("customer_id"):
        segments, dates = rows["segment"].tolist(), rows["as_of_date"].tolist()
        since = len(segments) - 1
        while since > 0 and segments[since - 1] == segments[-1]:
            since -= 1
        expected[customer] = (segments[-2] if len(segments) > 1 else "New", dates[since])
    known = build.rows("select customer_id, previous_segment, segment_changed_since from customers")
    assert {id: (before, pd.Timestamp(since)) for id, before, since in known} == expected


@BUILDS
def test_revenue_by_segment_at_month_start(build, moves, days):
    found = build.frame("select * from monthly_segment_revenue")
    for month, rows in found.groupby("month_start_date"):
        start = moves[moves["as_of_date"] == month - pd.Timedelta(days=1)]
        segments = start.set_index("customer_id")["segment"]
        here = days[days["month"] == month.to_period("M")]
        revenue = here.groupby(here["customer_id"].map(segments).fillna("New"))["net_amount"].sum()
        rows = rows.set_index("segment")
        expected = revenue.reindex(rows.index, fill_value=0.0)
        np.testing.assert_allclose(rows["net_revenue"].astype("float64"), expected, atol=1e-6)
        assert len(rows) == 12 and rows["customer_count"].sum() == len(start)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"lapse_after_days": 0},
            "lapse_after_days is 0; it must be empty or a whole number of days from 1 to 3650.",
        ),
        ({"customer_attributes": 7}, "customer_attributes is 7; it must be text."),
        (
            {"customer_attribute_columns": ["region"]},
            "it must be a map from attribute name to your column.",
        ),
    ],
    ids=["lapse", "attributes", "attribute columns"],
)
def test_a_bad_var_gets_a_sentence(dbt, variables, sentence):
    result = dbt("build", "--select", "int_customer_value__lapse_threshold", variables=variables)
    assert result.exit_code != 0
    assert sentence in " ".join(result.output.split())
