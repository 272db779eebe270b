# ruff: noqa: E501
"""The recipes of the documentation, each on a small file with the header of the export."""

import re
from dataclasses import dataclass

import duckdb
import pytest
import yaml
from conftest import run_dbt
from helpers import ROOT, copy_project

PAGE = (ROOT / "docs" / "recipes.md").read_text()


@dataclass(frozen=True)
class Recipe:
    """A section of the page, rows for it, and what the account of the input has to be."""

    heading: str
    files: dict[str, str]
    lines: dict[str, tuple[int, float]]
    revenue: dict[str, float]
    is_table: bool = False


RECIPES = [
    Recipe(
        "Shopify: the export of orders",
        {
            "orders_export.csv": """\
Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price
#1001,a@x.com,paid,2024-01-31 23:30:00 -0500,USD,100.00,5.00,0.00,105.00,2024-01-31 23:30:00 -0500,1,Shirt,70.00
#1001,a@x.com,,,,,,,,2024-01-31 23:30:00 -0500,2,Mug,15.00
#1002,b@x.com,voided,,USD,30.00,0.00,0.00,30.00,2024-02-01 10:00:00 -0500,1,Mug,30.00
#1003,b@x.com,paid,2024-02-02 10:00:00 -0500,USD,30.00,0.00,0.00,30.00,2024-02-02 10:00:00 -0500,1,Mug,30.00
""",
        },
        {"kept": (2, 135.0), "invalid_amount": (1, 0.0), "excluded_status": (1, 30.0)},
        {"a@x.com": 105.0, "b@x.com": 30.0},
    ),
    Recipe(
        "WooCommerce: the table of order statistics",
        {
            "wp_wc_order_stats.csv": """\
order_id,parent_id,date_created,date_created_gmt,num_items_sold,total_sales,tax_total,shipping_total,net_total,returning_customer,status,customer_id
11,0,2024-01-05 10:00:00,2024-01-05 09:00:00,2,60,10,0,50,0,wc-completed,7
12,11,2024-01-09 10:00:00,2024-01-09 09:00:00,-1,-24,-4,0,-20,0,wc-completed,7
13,0,2024-01-10 10:00:00,2024-01-10 09:00:00,1,36,6,0,30,0,wc-failed,8
14,0,2024-01-11 10:00:00,2024-01-11 09:00:00,1,36,6,0,30,0,wc-processing,8
""",
        },
        {"kept": (3, 60.0), "excluded_status": (1, 30.0)},
        {"7": 30.0, "8": 30.0},
    ),
    Recipe(
        "Stripe: charges",
        {
            "charges.csv": """\
id,object,amount,amount_refunded,created,currency,customer,paid,status
ch_1,charge,10000,0,2024-01-05T10:00:00Z,usd,cus_1,true,succeeded
ch_2,charge,5000,2000,2024-01-06T10:00:00Z,usd,cus_2,true,succeeded
ch_3,charge,5000,0,2024-01-07T10:00:00Z,usd,cus_2,false,failed
ch_4,charge,700,0,2024-01-08T10:00:00Z,usd,,true,succeeded
""",
        },
        {"kept": (2, 130.0), "excluded_status": (1, 50.0), "missing_customer": (1, 7.0)},
        {"cus_1": 100.0, "cus_2": 30.0},
    ),
    Recipe(
        "Square: transactions",
        {
            "transactions.csv": """\
Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Tax,Tip,Total Collected,Transaction ID,Payment ID,Event Type,Customer ID
01/31/24,10:15:02,Eastern,"$1,250.00",($15.44),"$1,234.56",$0.00,$0.00,"$1,234.56",T1,P1,Payment,C1
02/01/24,11:15:02,Eastern,-$34.56,$0.00,-$34.56,$0.00,$0.00,-$34.56,T2,P2,Refund,C1
02/02/24,12:15:02,Eastern,$8.00,$0.00,$8.00,$0.00,$0.00,$8.00,T3,P3,Payment,
""",
        },
        {"kept": (2, 1200.0), "missing_customer": (1, 8.0)},
        {"C1": 1200.0},
    ),
    Recipe(
        "Olist: orders and items in two files",
        {
            "olist_orders_dataset.csv": """\
order_id,customer_id,order_status,order_purchase_timestamp
o1,c1,delivered,2018-01-05 10:00:00
o2,c2,canceled,2018-01-06 10:00:00
""",
            "olist_order_items_dataset.csv": """\
order_id,order_item_id,product_id,price,freight_value
o1,1,p1,20.00,3.00
o1,2,p1,20.00,3.00
o2,1,p2,5.00,3.00
""",
        },
        {"kept": (2, 40.0), "excluded_status": (1, 5.0)},
        {"c1": 40.0},
    ),
    Recipe(
        "UCI Online Retail",
        {
            "online_retail.csv": """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,HOLDER,6,12/1/2010 8:26,2.50,17850,United Kingdom
C536379,85123A,HOLDER,-2,12/13/2010 9:41,2.50,17850,United Kingdom
536366,POST,POSTAGE,1,12/13/2010 8:28,18.00,17850,United Kingdom
536367,71053,LANTERN,4,12/14/2010 8:28,2.00,,United Kingdom
""",
        },
        {"kept": (2, 10.0), "excluded_product": (1, 18.0), "missing_customer": (1, 8.0)},
        {"17850": 10.0},
    ),
    Recipe(
        "The package dbt_shopify",
        {
            "shopify__orders": """\
select 1 as order_id, 7 as customer_id, timestamp '2024-01-05 10:00:00' as processed_timestamp,
    50.00 as order_adjusted_total, 'USD' as currency, 'paid' as financial_status
union all
select 2, 8, timestamp '2024-01-06 10:00:00', 30.00, 'USD', 'voided'
""",
        },
        {"kept": (1, 50.0), "excluded_status": (1, 30.0)},
        {"7": 50.0},
        is_table=True,
    ),
    Recipe(
        "The package dbt_stripe",
        {
            "stripe__balance_transactions": """\
select 'txn_1' as balance_transaction_id, 'ch_1' as charge_id, 'cus_1' as customer_id,
    50.00 as balance_transaction_amount, 'usd' as balance_transaction_currency,
    timestamp '2024-01-05 10:00:00' as balance_transaction_created_at,
    'charge' as balance_transaction_type
union all
select 'txn_2', 'ch_1', 'cus_1', -20.00, 'usd', timestamp '2024-01-06 10:00:00', 'refund'
union all
select 'txn_3', null, null, -30.00, 'usd', timestamp '2024-01-07 10:00:00', 'payout'
""",
        },
        {"kept": (2, 30.0), "missing_customer": (1, -30.0)},
        {"cus_1": 30.0},
        is_table=True,
    ),
]


def block(heading: str, language: str) -> str:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    found = re.findall(rf"```{language}\n(.*?)```", section, re.S)
    assert len(found) == 1, heading
    return found[0]


def test_every_recipe_is_tried():
    assert [recipe.heading for recipe in RECIPES] == re.findall(r"^## (.*)$", PAGE, re.M)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.heading.split(":")[0])
def test_a_recipe_reads_its_export(tmp_path, recipe):
    database, project = tmp_path / "recipe.duckdb", ROOT
    variables = yaml.safe_load(block(recipe.heading, "yaml"))
    if recipe.is_table:
        project = copy_project(tmp_path / "project")
        for name, query in recipe.files.items():
            (project / "models" / f"{name}.sql").write_text(query)
    else:
        for name, content in recipe.files.items():
            (tmp_path / name).write_text(content)
        variables["transactions"] = variables["transactions"].replace(
            next(iter(recipe.files)), str(tmp_path / next(iter(recipe.files)))
        )
    if "```sql" in PAGE.split(f"## {recipe.heading}\n")[1].split("\n## ")[0]:
        query = block(recipe.heading, "sql")
        for name in recipe.files:
            query = query.replace(f"'{name}'", f"'{tmp_path / name}'")
        with duckdb.connect(str(database)) as connection:
            connection.execute(query)
    result = run_dbt(
        *("build", "--select", "+int_customer_value__customer_days"),
        *("int_customer_value__line_totals", "--exclude-resource-types", "test", "unit_test"),
        database=database,
        variables={"modules": [], **variables},
        project=project,
        target=tmp_path / "target",
    )
    assert result.exit_code == 0, result.output
    rows = result.rows(
        "select exclusion_reason, line_count, amount from main_internal.int_line_totals"
    )
    assert {reason: (count, float(amount)) for reason, count, amount in rows} == recipe.lines
    customers = result.rows(
        "select customer_id, sum(net_amount) from main_internal.int_customer_days group by 1"
    )
    assert {customer: float(amount) for customer, amount in customers} == recipe.revenue
