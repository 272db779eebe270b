{%- set columns = input_map("campaign_contacts") -%}
{{ validate_input("campaign_contacts", is_staging=true) }}
with

source as (

    select * from {{ input_relation("campaign_contacts") }}

),

typed as (

    select
        {{ parse_customer_id(
            input_column(columns, "customer_id")
        ) }} as customer_id,
        {{ parse_id(input_column(columns, "campaign_id")) }} as campaign_id,
        {{ parse_id(input_column(columns, "variant")) }} as variant,
        lower({{ parse_id(input_column(columns, "channel")) }}) as channel,
        {{ parse_number(
            input_column(columns, "response_value"), type_amount()
        ) }} as response_value,
        {{ parse_number(input_column(columns, "cost"), type_amount()) }} as cost,
        {{ parse_number(
            input_column(columns, "planned_share"), type_decimal(9, 6)
        ) }} as planned_share,
        {{ parse_number(
            input_column(columns, "score"), type_decimal(28, 12)
        ) }} as score,
        {{ parse_boolean(input_column(columns, "responded")) }} as is_responded,
        {{ parse_boolean(input_column(columns, "exposed")) }} as is_exposed,
        {% for name in ["response_value", "cost", "planned_share", "score"] -%}
            {{ is_given(input_column(columns, name)) }} as is_{{ name }}_given,
        {% endfor -%}
        {{ is_unknown_flag(input_column(columns, "responded")) }}
        or {{ is_unknown_flag(input_column(columns, "exposed")) }} as is_flag_unknown,
        {{ parse_moment(input_column(columns, "contacted_at")) }} as parsed_at
    from source

),

contacts as (

    select
        ---------- ids
        customer_id,
        campaign_id,

        ---------- strings
        variant,
        channel,

        ---------- numerics
        response_value,
        cost,
        planned_share,
        score,

        ---------- booleans
        is_responded,
        is_exposed,
        is_flag_unknown,
        (is_response_value_given and response_value is null)
        or (is_cost_given and cost is null)
        or (is_planned_share_given and planned_share is null)
        or (is_score_given and score is null) as is_number_unknown,

        ---------- timestamps
        case
            when {{ is_known_moment("parsed_at", type_timestamp()) }}
                then parsed_at
        end as contacted_at
    from typed

)

select * from contacts
