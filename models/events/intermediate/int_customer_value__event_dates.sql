{{ config(materialized="table") }}

{{ event_dates(ref("int_customer_value__event_days")) }}
