{#- When a trait changed cannot be computed again, so a full refresh keeps it. -#}
{{ config(
    materialized="incremental",
    unique_key="customer_id",
    incremental_strategy="delete+insert" if target.type == "duckdb" else "merge",
    full_refresh=false,
    on_schema_change="append_new_columns",
    pre_hook="{{ customer_value.forget_erased() }}"
) }}
{%- do require_kept_history() %}

{#- dbt-spark would append the rows that are to be replaced. -#}
{%- if execute and target.type == "spark"
    and config.get("file_format") not in ["delta", "iceberg", "hudi"] -%}
    {{- exceptions.raise_compiler_error(
        "customer_traits replaces rows, which Spark does in tables of Delta, Iceberg or Hudi "
        ~ "alone: set models: {customer_value: {+file_format: delta}} (docs/engines.md), or "
        ~ "leave audiences out of the var modules."
    ) -}}
{%- endif -%}
{%- set traits = [
    "segment", "value_tier", "recommended_action", "cluster_name", "activity_band",
    "purchase_propensity_band", "closed_channels", "lifetime_value_decile",
    "is_customer", "is_at_risk", "is_lapsed"
] %}
with

channels as (

    select distinct lower(trim(channel)) as channel
    from {{ ref("customer_value__audiences") }}

),

permissions as (

    select
        customer_id,
        channel,
        suppression_reason,
        is_consented,
        is_refused
    from {{ ref("int_customer_value__channel_permissions") }}

),

scored_customers as (

    select
        customer_id,
        segment,
        value_tier,
        recommended_action,
        cluster_name,
        {{ probability_band("probability_active_90d") }} as activity_band,
        {{ probability_band("purchase_propensity_90d") }} as purchase_propensity_band,
        cast(
            least(floor(lifetime_value_percentile / 10) + 1, 10) as {{ dbt.type_int() }}
        ) as lifetime_value_decile,
        true as is_customer,
        is_at_risk,
        is_lapsed
    from {{ ref("customer_value__customers") }}

),

closed as (

    select
        scored_customers.customer_id,
        channels.channel
    from scored_customers
    cross join channels
    left join permissions
        on
            scored_customers.customer_id = permissions.customer_id
            and channels.channel = permissions.channel
    where {{ suppression_reason() }} is not null

),

closed_channels as (

    select
        customer_id,
        {{ ordered_list("channel", ", ") }} as closed_channels
    from closed
    group by customer_id

),

customers as (

    select
        scored_customers.*,
        closed_channels.closed_channels
    from scored_customers
    left join closed_channels
        on scored_customers.customer_id = closed_channels.customer_id

),

known_traits as (

    {% if is_incremental() -%}
        select
            customer_id,
            traits_hash,
            is_customer,
            changed_at
        from {{ this }}
    {%- else -%}
        select
            customer_id,
            '' as traits_hash,
            is_customer,
            cast(null as {{ type_timestamp() }}) as changed_at
        from customers
        where 1 = 0
    {%- endif %}

),

last_moments as (

    select max(changed_at) as last_changed_at
    from known_traits

),

-- Who has left the log is said to have left it.
former_customers as (

    select known_traits.customer_id
    from known_traits
    left join customers on known_traits.customer_id = customers.customer_id
    where known_traits.is_customer and customers.customer_id is null

),

everybody as (

    select
        customer_id,
        {{ traits | join(",\n        ") }}
    from customers
    union all
    select
        customer_id,
    {% for name in traits -%}
        {%- set type = {"lifetime_value_decile": dbt.type_int()}.get(
            name, "boolean" if name.startswith("is_") else dbt.type_string()
        ) -%}
        {%- set nothing = "cast(null as " ~ type ~ ")" -%}
        {{ "false" if name == "is_customer" else nothing }} as {{ name }}
        {{- "," if not loop.last }}
    {% endfor %}
    from former_customers

),

hashed as (

    select
        *,
        {% set texts = [] -%}
        {%- for name in traits -%}
            {%- do texts.append(
                "coalesce(cast(" ~ name ~ " as " ~ dbt.type_string() ~ "), '')"
            ) -%}
        {%- endfor -%}
        {{ dbt.hash("concat(" ~ texts | join(", '|', ") ~ ")") }} as traits_hash
    from everybody

),

-- Only rows that differ are written, so that a moment is that of a change.
changed as (

    select
        hashed.*,
        last_moments.last_changed_at
    from hashed
    cross join last_moments
    left join known_traits on hashed.customer_id = known_traits.customer_id
    where
        coalesce(known_traits.traits_hash, '') != hashed.traits_hash
        -- An empty run looks at no customers; that is no change of anybody.
        and {{ "1 = 0" if flags.EMPTY else "1 = 1" }}

),

customer_traits as (

    select
        ---------- ids
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast(value_tier as {{ dbt.type_string() }}) as value_tier,
        cast(recommended_action as {{ dbt.type_string() }}) as recommended_action,
        cast(cluster_name as {{ dbt.type_string() }}) as cluster_name,
        cast(activity_band as {{ dbt.type_string() }}) as activity_band,
        cast(purchase_propensity_band as {{ dbt.type_string() }})
            as purchase_propensity_band,
        cast(closed_channels as {{ dbt.type_string() }}) as closed_channels,
        cast(traits_hash as {{ dbt.type_string() }}) as traits_hash,

        ---------- numerics
        cast(lifetime_value_decile as {{ dbt.type_int() }}) as lifetime_value_decile,

        ---------- booleans
        is_customer,
        is_at_risk,
        is_lapsed,

        ---------- timestamps
        cast(
            {{ build_moment("last_changed_at") }} as {{ type_timestamp() }}
        ) as changed_at
    from changed

)

select * from customer_traits
