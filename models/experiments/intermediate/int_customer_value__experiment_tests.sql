-- Everything that needs a distribution function, in one list.
with

contrasts as (

    select
        experiment,
        variant,
        metric,
        segment,
        estimator,
        distribution,
        statistic,
        degrees_of_freedom
    from {{ ref("int_customer_value__experiment_contrasts") }}

),

checks as (

    select
        experiment,
        check_name,
        subject,
        distribution,
        statistic,
        degrees_of_freedom
    from {{ ref("int_customer_value__experiment_checks") }}
    where distribution != 'none'

),

tests as (

    select
        experiment,
        variant,
        metric as measure,
        segment as subject,
        estimator,
        distribution,
        statistic,
        degrees_of_freedom
    from contrasts
    union all
    select
        experiment,
        'all' as variant,
        check_name as measure,
        subject,
        'check' as estimator,
        distribution,
        statistic,
        degrees_of_freedom
    from checks
    {% for name, probability in {
        "significance": 0.975, "power": var("test_power"),
    }.items() %}
        union all
        select
            'all' as experiment,
            'all' as variant,
            '{{ name }}' as measure,
            'all' as subject,
            'quantile' as estimator,
            'quantile' as distribution,
            cast({{ probability }} as {{ type_double() }}) as statistic,
            cast(null as {{ type_double() }}) as degrees_of_freedom
    {% endfor %}

)

select * from tests
