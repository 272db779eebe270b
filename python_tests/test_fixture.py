"""Six customers whose histories can be counted by hand."""

import pytest

LINES = """\
customer_id,transacted_at,amount
1,2015-01-01,1
1,2015-02-06,2
2,2015-01-01,2
3,2015-01-01,3
3,2015-01-02,1
3,2015-01-05,5
4,2015-01-16,6
4,2015-02-02,3
4,2015-02-05,3
5,2015-01-16,3
5,2015-01-17,1
5,2015-01-18,8
6,2015-02-02,5
"""
# customer, x, t_x, T, mean repeat value, net revenue
COUNTED = [
    ("1", 1, 36, 37, 2.0, 3.0),
    ("2", 0, 0, 37, None, 2.0),
    ("3", 2, 4, 37, 3.0, 9.0),
    ("4", 2, 20, 22, 3.0, 12.0),
    ("5", 2, 2, 22, 4.5, 12.0),
    ("6", 0, 0, 5, None, 5.0),
]


@pytest.mark.parametrize("with_second_purchase", [False, True], ids=["as published", "one more"])
def test_six_customers_come_out_as_counted_by_hand(built, tmp_path, with_second_purchase):
    lines, expected = LINES, list(COUNTED)
    if with_second_purchase:
        # On a day on which customer 4 bought already: the day's total counts, not the line.
        lines += "4,2015-02-05,6\n"
        expected[3] = ("4", 2, 20, 22, 6.0, 18.0)
    csv = tmp_path / "six.csv"
    csv.write_text(lines)
    build = built({"transactions": str(csv), "as_of_date": "2015-02-07"}, core_only=True)
    found = build.rows(
        "select customer_id, repeat_count, last_purchase_age_days, customer_age_days, "
        "mean_repeat_value, cast(net_revenue as double) from customers order by customer_id"
    )
    assert found == expected
