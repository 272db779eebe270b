{{ config(materialized="table") }}

{{ trial_states(
    ref("int_customer_value__trials_classified"),
    ref("int_customer_value__events_classified"),
    none
) }}
