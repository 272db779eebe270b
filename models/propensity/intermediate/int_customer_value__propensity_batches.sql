with

features as (

    select batch_number
    from {{ ref("int_customer_value__propensity_features") }}
    where is_current

),

batches as (

    select distinct batch_number
    from features

)

select * from batches
