with

built_dates as (

    select as_of_date as built_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

source as (

    {{ rows_after("transactions", "transacted_at", "built_dates", "built_date") }}

),

{{ typed_transactions() }}

select *
from transactions
where transacted_at is not null
