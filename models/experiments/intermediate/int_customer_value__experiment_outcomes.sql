-- The day of the contact belongs to the window after it, in every arm alike. Purchases
-- before the first contact of the campaign cannot have been caused by it.
with

experiment_customers as (

    select
        experiment,
        customer_id,
        variant,
        response_value,
        score,
        window_days,
        is_control,
        is_exposed,
        is_responded,
        has_responses,
        has_response_values,
        start_date,
        contacted_date
    from {{ ref("int_customer_value__experiment_customers") }}
    where exclusion_reason is null

),

purchase_days as (

    select
        customer_id,
        spend,
        purchase_date
    from {{ ref("int_customer_value__purchase_days") }}

),

scores as (

    select
        customer_id,
        segment,
        as_of_date
    from {{ ref("int_customer_value__customer_scores") }}

),

as_of_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}

),

start_dates as (

    select distinct
        experiment,
        start_date
    from experiment_customers

),

-- The segment of a customer is that of the last as-of date before the experiment began.
segment_dates as (

    select
        start_dates.experiment,
        max(as_of_dates.as_of_date) as as_of_date
    from start_dates
    inner join as_of_dates
        on start_dates.start_date > as_of_dates.as_of_date
    group by start_dates.experiment

),

-- Who had bought by the start was a customer; anybody else was a prospect, whatever the
-- contact made of them.
first_purchases as (

    select
        customer_id,
        min(purchase_date) as first_purchase_date
    from purchase_days
    group by customer_id

),

purchases as (

    select
        experiment_customers.experiment,
        experiment_customers.customer_id,
        sum(
            case
                when purchase_days.purchase_date < experiment_customers.start_date
                    then 1
                else 0
            end
        ) as purchases_before,
        sum(
            case
                when purchase_days.purchase_date < experiment_customers.start_date
                    then purchase_days.spend
                else 0
            end
        ) as spend_before,
        sum(
            case
                when
                    purchase_days.purchase_date >= experiment_customers.contacted_date
                    then 1
                else 0
            end
        ) as purchases_after,
        sum(
            case
                when
                    purchase_days.purchase_date >= experiment_customers.contacted_date
                    then purchase_days.spend
                else 0
            end
        ) as spend_after
    from experiment_customers
    inner join purchase_days
        on
            experiment_customers.customer_id = purchase_days.customer_id
            and purchase_days.purchase_date
            >= {{ date_add_days(
                "experiment_customers.start_date", "-1 * " ~ var("activity_days")
            ) }}
            and purchase_days.purchase_date
            < {{ date_add_days(
                "experiment_customers.contacted_date",
                "cast(experiment_customers.window_days as integer)"
            ) }}
    group by experiment_customers.experiment, experiment_customers.customer_id

),

-- Both arms together, so that a band has the same scores in each; equal scores are in
-- one band.
score_ranks as (

    select
        experiment,
        customer_id,
        rank() over (partition by experiment order by score desc) as score_rank,
        count(*) over (partition by experiment) as score_count
    from experiment_customers
    where score is not null

),

outcomes as (

    select
        ---------- ids
        experiment_customers.customer_id,

        ---------- strings
        experiment_customers.experiment,
        experiment_customers.variant,
        case
            when
                coalesce(
                    first_purchases.first_purchase_date
                    >= experiment_customers.start_date,
                    true
                )
                then 'prospect'
            else coalesce(scores.segment, 'unknown')
        end as segment,
        cast(
            cast(
                floor(5 * (score_ranks.score_rank - 1) / score_ranks.score_count)
                + 1 as {{ dbt.type_int() }}
            ) as {{ dbt.type_string() }}
        ) as score_band,

        ---------- numerics
        case
            when experiment_customers.has_responses
                then case when experiment_customers.is_responded then 1 else 0 end
        end as response_rate,
        case
            when experiment_customers.has_response_values
                then experiment_customers.response_value
        end as response_value,
        case when purchases.purchases_after > 0 then 1 else 0 end as purchase_rate,
        cast(coalesce(purchases.spend_after, 0) as {{ type_money() }}) as spend,
        case
            when experiment_customers.is_exposed then 1
            when not experiment_customers.is_exposed then 0
        end as exposure,
        cast(coalesce(purchases.purchases_before, 0) as {{ dbt.type_bigint() }})
            as purchases_before,
        cast(coalesce(purchases.spend_before, 0) as {{ type_money() }}) as spend_before,

        ---------- booleans
        experiment_customers.is_control
    from experiment_customers
    left join purchases
        on
            experiment_customers.experiment = purchases.experiment
            and experiment_customers.customer_id = purchases.customer_id
    left join score_ranks
        on
            experiment_customers.experiment = score_ranks.experiment
            and experiment_customers.customer_id = score_ranks.customer_id
    left join first_purchases
        on experiment_customers.customer_id = first_purchases.customer_id
    left join segment_dates
        on experiment_customers.experiment = segment_dates.experiment
    left join scores
        on
            experiment_customers.customer_id = scores.customer_id
            and segment_dates.as_of_date = scores.as_of_date

)

select * from outcomes
