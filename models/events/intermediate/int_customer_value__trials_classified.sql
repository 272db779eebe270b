{{ config(materialized="table") }}

{{ classified_trials(ref("int_customer_value__event_dates")) }}
