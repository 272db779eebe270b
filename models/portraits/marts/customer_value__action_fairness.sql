{#- Fewer customers than this say too little of a group. -#}
{%- set fewest = 30 -%}
with

answers as (

    select
        customer_id,
        attribute,
        attribute_value
    from {{ ref("int_customer_value__portrait_answers") }}
    where is_answer

),

sensitive as (

    select attribute
    from {{ ref("int_customer_value__attribute_kinds") }}
    where is_compared and role = 'sensitive'

),

customers as (

    select
        customer_id,
        recommended_action
    from {{ ref("customer_value__customers") }}

),

audience as (

    {% if is_on("propensity") -%}
        select customer_id
        from {{ ref("customer_value__campaign_audience") }}
    {%- else -%}
        select customer_id
        from customers
        where 1 = 0
    {%- endif %}

),

members as (

    select
        answers.customer_id,
        answers.attribute,
        answers.attribute_value,
        customers.recommended_action,
        case when audience.customer_id is not null then 1 else 0 end as in_audience
    from answers
    inner join sensitive on answers.attribute = sensitive.attribute
    inner join customers on answers.customer_id = customers.customer_id
    left join audience on answers.customer_id = audience.customer_id

),

group_sizes as (

    select
        attribute,
        attribute_value,
        cast(count(*) as {{ type_double() }}) as eligible_count,
        cast(sum(in_audience) as {{ type_double() }}) as audience_count
    from members
    group by attribute, attribute_value

),

actions as (

    select distinct recommended_action
    from customers
    where recommended_action is not null

),

chosen as (

    select
        attribute,
        attribute_value,
        recommended_action,
        count(*) as selected_count
    from members
    group by attribute, attribute_value, recommended_action

),

{% if is_on("audiences") %}
    audience_members as (

        select
            customer_id,
            audience
        from {{ ref("customer_value__audience_members") }}
        where is_member

    ),

    audiences as (

        select distinct audience
        from audience_members

    ),

    audience_groups as (

        select
            members.attribute,
            members.attribute_value,
            audience_members.audience,
            count(*) as member_count
        from members
        inner join audience_members
            on members.customer_id = audience_members.customer_id
        group by
            members.attribute,
            members.attribute_value,
            audience_members.audience

    ),
{% endif %}

selections as (

    select
        'recommended_action' as selection,
        actions.recommended_action as action,
        group_sizes.attribute,
        group_sizes.attribute_value,
        group_sizes.eligible_count,
        cast(coalesce(chosen.selected_count, 0) as {{ type_double() }})
            as selected_count
    from group_sizes
    cross join actions
    left join chosen
        on
            group_sizes.attribute = chosen.attribute
            and group_sizes.attribute_value = chosen.attribute_value
            and actions.recommended_action = chosen.recommended_action
    {% if is_on("propensity") -%}
        union all
        select
            'campaign_audience' as selection,
            'in the audience' as action,
            attribute,
            attribute_value,
            eligible_count,
            audience_count as selected_count
        from group_sizes
    {% endif %}
    {% if is_on("audiences") -%}
        union all
        select
            'audience' as selection,
            audiences.audience as action,
            group_sizes.attribute,
            group_sizes.attribute_value,
            group_sizes.eligible_count,
            cast(coalesce(audience_groups.member_count, 0) as {{ type_double() }})
                as selected_count
        from group_sizes
        cross join audiences
        left join audience_groups
            on
                group_sizes.attribute = audience_groups.attribute
                and group_sizes.attribute_value = audience_groups.attribute_value
                and audiences.audience = audience_groups.audience
    {% endif %}

),

rates as (

    select
        *,
        selected_count / eligible_count as selection_rate
    from selections

),

-- Groups are held against the one most often chosen, of those large enough to judge.
placed as (

    select
        *,
        row_number() over (
            partition by selection, action, attribute
            order by
                case when eligible_count >= {{ fewest }} then selection_rate end desc
                nulls last,
                attribute_value asc
        ) as place
    from rates

),

best as (

    select
        selection,
        action,
        attribute,
        eligible_count,
        selected_count,
        selection_rate
    from placed
    where place = 1 and eligible_count >= {{ fewest }}

),

compared as (

    select
        placed.*,
        best.selection_rate as best_selection_rate,
        placed.selection_rate / nullif(best.selection_rate, 0) as selection_ratio,
    {% for side, sign in [("lower", "-"), ("upper", "+")] -%}
        {{ ratio_bound(
            "placed.selected_count", "placed.eligible_count", "best.selected_count",
            "best.eligible_count", sign
        ) }} as selection_ratio_{{ side }}_95
        {{- "," if not loop.last }}
    {% endfor %}
    from placed
    left join best
        on
            placed.selection = best.selection
            and placed.action = best.action
            and placed.attribute = best.attribute

),

judged as (

    select
        *,
        case
            when eligible_count < {{ fewest }} then 'few'
            when selection_ratio is null then 'nobody'
            when
                selection_ratio < {{ var("minimum_group_ratio") }}
                and selection_ratio_upper_95 < 1
                then 'below'
            else 'none'
        end as verdict
    from compared

),

action_fairness as (

    select
        ---------- strings
        cast(selection as {{ dbt.type_string() }}) as selection,
        cast(action as {{ dbt.type_string() }}) as action,
        cast(attribute as {{ dbt.type_string() }}) as attribute,
        cast(attribute_value as {{ dbt.type_string() }}) as attribute_value,
        cast(
            case
                when verdict = 'few'
                    then 'Fewer than {{ fewest }} customers: too few to judge.'
                when verdict = 'nobody'
                    then
                        concat(
                            'Nobody in any group of at least {{ fewest }} customers ',
                            'is chosen.'
                        )
                when verdict = 'below'
                    then
                        concat(
                            {{ number_text("100 * selection_rate", 1) }},
                            ' % are chosen, against ',
                            {{ number_text("100 * best_selection_rate", 1) }},
                            ' % of the group chosen most often.'
                        )
                else
                    concat(
                        'Not below {{ var("minimum_group_ratio") }} of the group most ',
                        'often chosen beyond chance.'
                    )
            end as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(eligible_count as {{ dbt.type_bigint() }}) as eligible_count,
        cast(selected_count as {{ dbt.type_bigint() }}) as selected_count,
        cast(selection_rate as {{ type_double() }}) as selection_rate,
        cast(selection_ratio as {{ type_double() }}) as selection_ratio,
        cast(selection_ratio_lower_95 as {{ type_double() }})
            as selection_ratio_lower_95,
        cast(selection_ratio_upper_95 as {{ type_double() }})
            as selection_ratio_upper_95,

        ---------- booleans
        verdict = 'below' as is_divergent
    from judged

)

select * from action_fairness
