-- Horizontal integrity: the current snapshot and the purchase days tell one story.
with

purchase_days as (

    select
        customer_id,
        count(*) as purchase_day_count,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date
    from {{ ref("int_purchase_days") }}
    group by customer_id

),

snapshots as (

    select
        customer_id,
        purchase_day_count,
        first_purchase_date,
        last_purchase_date
    from {{ ref("int_customer_snapshots") }}
    where is_current

)

select
    purchase_days.customer_id,
    snapshots.customer_id as snapshot_customer_id
from purchase_days
full outer join snapshots on purchase_days.customer_id = snapshots.customer_id
where
    purchase_days.customer_id is null
    or snapshots.customer_id is null
    or purchase_days.purchase_day_count != snapshots.purchase_day_count
    or purchase_days.first_purchase_date != snapshots.first_purchase_date
    or purchase_days.last_purchase_date != snapshots.last_purchase_date
