with

audiences as (

    select count(*) as audience_count
    from {{ ref("customer_value__audiences") }}

),

unread_values as (

    select
        'suppressions' as input,
        'starts_on' as column_name,
        unread_starts_on as written
    from {{ ref("stg_customer_value__suppressions") }}
    union all
    select
        'suppressions' as input,
        'ends_on' as column_name,
        unread_ends_on as written
    from {{ ref("stg_customer_value__suppressions") }}
    union all
    select
        'consents' as input,
        'granted' as column_name,
        unread_granted as written
    from {{ ref("stg_customer_value__consents") }}
    union all
    select
        'consents' as input,
        'decided_on' as column_name,
        unread_decided_on as written
    from {{ ref("stg_customer_value__consents") }}

),

counted_values as (

    select
        input,
        column_name,
        count(*) as value_count,
        min(written) as example_value
    from unread_values
    where written is not null
    group by input, column_name

),

channel_keys as (

    select distinct channel_key
    from {{ ref("int_customer_value__channels") }}

),

written_channels as (

    {% for input in ["suppressions", "consents"] -%}
        select
            '{{ input }}' as input,
            channel
        from {{ ref("stg_customer_value__" ~ input) }}
        where customer_id is not null and channel is not null
        {{ "union all" if not loop.last }}
    {% endfor %}
),

unknown_channels as (

    select
        written_channels.input,
        written_channels.channel
    from written_channels
    left join channel_keys
        on {{ channel_key("written_channels.channel") }} = channel_keys.channel_key
    where channel_keys.channel_key is null

),

counted_channels as (

    {{ most_frequent_values("unknown_channels", ["input"], "channel") }}

),

audience_warnings as (

    select
        'no_consent_input' as warning_code,
        'consents' as subject,
        concat(
            'No input of consents is named, so there is no check of whether the ',
            'members of the ',
            case
                when audience_count = 1 then 'audience '
                else concat({{ number_text("audience_count", 0) }}, ' audiences ')
            end,
            'may be addressed: name one in the var consents.'
        ) as sentence
    from audiences
    where
        audience_count > 0
        and {{ "1 = 0" if input_value("consents") else "1 = 1" }}
    union all
    select
        'unread_values' as warning_code,
        concat(input, ' ', column_name) as subject,
        concat(
            {{ number_text("value_count", 0) }},
            case when value_count = 1 then ' value of ' else ' values of ' end,
            column_name,
            ' in ',
            input,
            ' cannot be read, such as "',
            substr(example_value, 1, 40),
            '"',
            case concat(input, ' ', column_name)
                {% for input in ["suppressions", "consents"] -%}
                    {% for name, consequence in unread_columns(input).items() -%}
                        when '{{ input }} {{ name }}'
                            then {{ quoted_text(consequence) }}
                    {% endfor -%}
                {% endfor -%}
            end,
            ': correct the values, or map another column.'
        ) as sentence
    from counted_values
    union all
    select
        'unknown_channels' as warning_code,
        concat(input, ' channel') as subject,
        concat(
            {{ number_text("value_count", 0) }},
            case when value_count = 1 then ' row of ' else ' rows of ' end,
            input,
            case when value_count = 1 then ' names' else ' name' end,
            ' a channel that neither audiences nor frequency_caps has, such as ',
            examples,
            case
                when input = 'consents'
                    then
                        ', so that a refusal holds for every channel and a consent '
                        || 'for none'
                when value_count = 1 then ', so that it holds for every channel'
                else ', so that they hold for every channel'
            end,
            ': write the channel as the seed audiences does, or, where it is another ',
            'one, give it a row in the seed frequency_caps.'
        ) as sentence
    from counted_channels

)

select * from audience_warnings
