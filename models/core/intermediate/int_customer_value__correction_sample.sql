with

model_forecasts as (

    select *
    from {{ ref("int_customer_value__model_forecasts") }}
    where date_number > 0 and model = '{{ base_model() }}'

),

correction_sample as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        forecast_role,

        ---------- numerics
        date_number,
        population_count,
        {% for name, expression in correction_features().items() -%}
            {{ expression }} as {{ name }},
        {% endfor -%}
        expected_purchases_in_window as expected_purchases,
        expected_purchases_in_window * shrunk_purchase_value as expected_revenue,
        cast(actual_purchases as {{ type_double() }}) as actual_purchases,
        cast(actual_revenue as {{ type_double() }}) as actual_revenue,

        ---------- dates
        as_of_date
    from model_forecasts

)

select * from correction_sample
