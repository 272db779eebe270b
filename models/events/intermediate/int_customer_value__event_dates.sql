{{ config(materialized="table") }}

{{ event_dates() }}
