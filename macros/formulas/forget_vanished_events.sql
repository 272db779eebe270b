{# Deletes what the table has of the days that the run reads again where the input has no event of the
   day any more, and those without a day likewise: the days that are there are replaced by the run
   itself. A pre-hook of int_events_classified. #}
{% macro forget_vanished_events() -%}
    {%- set event_dates = ref("int_customer_value__event_dates") -%}
    {%- set event_days = ref("int_customer_value__event_days") -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }}
        where
            (
                event_date is null
                or coalesce(
                    event_date >= (
                        select starts.start_date
                        from ({{ customer_value.event_start(this, event_dates) }}) as starts
                    ),
                    true
                )
            )
            and batch_date not in (
                select coalesce(event_date, cast('1900-01-01' as date))
                from {{ event_days }}
            )
    {%- endif -%}
{%- endmacro %}
