with

audiences as (

    select channel
    from {{ ref("customer_value__audiences") }}

),

frequency_caps as (

    select channel
    from {{ ref("customer_value__frequency_caps") }}

),

named_channels as (

    select
        lower(trim(channel)) as channel,
        1 as audience_flag
    from audiences
    union all
    select
        lower(trim(channel)) as channel,
        0 as audience_flag
    from frequency_caps

),

channels as (

    select
        ---------- strings
        channel,
        {{ channel_key("channel") }} as channel_key,

        ---------- booleans
        max(audience_flag) = 1 as is_of_audience
    from named_channels
    group by channel

)

select * from channels
