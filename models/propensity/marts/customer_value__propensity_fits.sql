with

fitted as (

    select
        target,
        model,
        finding
    from {{ ref("fit_customer_value__propensity") }}
    where part = 'finding'

),

sample_rows as (

    select
        target,
        propensity_role,
        label,
        as_of_date
    from {{ ref("int_customer_value__propensity_sample") }}

),

counted as (

    select
        {% for role in ["train", "test"] %}
            sum(case when propensity_role = '{{ role }}' then 1 else 0 end)
                as {{ role }}_observation_count,
            avg(
                case
                    when propensity_role = '{{ role }}'
                        then cast(label as {{ type_double() }})
                end
            ) as {{ role }}_outcome_share,
            min(case when propensity_role = '{{ role }}' then as_of_date end)
                as first_{{ role }}_date,
            max(case when propensity_role = '{{ role }}' then as_of_date end)
                as last_{{ role }}_date,
        {% endfor %}
        target
    from sample_rows
    group by target

),

propensity_fits as (

    select
        ---------- strings
        cast(fitted.target as {{ dbt.type_string() }}) as target,
        cast(fitted.model as {{ dbt.type_string() }}) as model,
        cast(fitted.finding as {{ dbt.type_string() }}) as finding,

        ---------- numerics
        {% for role in ["train", "test"] %}
            cast(
                coalesce(counted.{{ role }}_observation_count, 0)
                as {{ dbt.type_bigint() }}
            ) as {{ role }}_observation_count,
            cast(counted.{{ role }}_outcome_share as {{ type_double() }})
                as {{ role }}_outcome_share,
        {% endfor %}

        ---------- dates
        cast(counted.first_train_date as date) as first_train_date,
        cast(counted.last_train_date as date) as last_train_date,
        cast(counted.first_test_date as date) as first_test_date,
        cast(counted.last_test_date as date) as last_test_date
    from fitted
    left join counted on fitted.target = counted.target

)

select * from propensity_fits
