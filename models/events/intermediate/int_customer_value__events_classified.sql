{%- set replaces_partitions = target.type in ("spark", "databricks", "bigquery") -%}
{{ config(
    materialized="incremental",
    unique_key=none if replaces_partitions else "batch_date",
    incremental_strategy="insert_overwrite" if replaces_partitions else "delete+insert",
    partition_by={"field": "batch_date", "data_type": "date"}
    if target.type == "bigquery"
    else ("batch_date" if replaces_partitions else none),
    on_schema_change="fail",
    pre_hook=["{{ customer_value.forget_erased() }}"] + (
        [] if replaces_partitions else ["{{ customer_value.forget_vanished_events() }}"]
    )
) }}

{{ classified_events(
    ref("stg_customer_value__events"),
    ref("int_customer_value__event_dates"),
    this if is_incremental() else none
) }}
