with

features as (

    select batch_number
    from {{ ref("int_propensity_features") }}
    where is_current

),

batches as (

    select distinct batch_number
    from features

)

select * from batches
