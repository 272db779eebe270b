with

customers_clustered as (

    select *
    from {{ ref("int_customer_clusters") }}
    where is_current or is_calibration

),

purchase_parameters as (

    select
        as_of_role,
        max(case when parameter = 'r' then estimate end) as r,
        max(case when parameter = 'alpha' then estimate end) as alpha,
        max(case when parameter = 'a' then estimate end) as a,
        max(case when parameter = 'b' then estimate end) as b
    from {{ ref("fit_purchase_models") }}
    where model = '{{ var("purchase_model") }}'
    group by as_of_role

),

spend_parameters as (

    select
        as_of_role,
        max(case when parameter = 'p' then estimate end) as p,
        max(case when parameter = 'q' then estimate end) as q,
        max(case when parameter = 'v' then estimate end) as v,
        max(mean_purchase_value) as mean_purchase_value
    from {{ ref("fit_spend_model") }}
    group by as_of_role

),

expected_purchases as (

    select
        as_of_role,
        repeat_count,
        customer_age_days,
        active_if_alive_90d,
        purchases_if_alive_90d,
        purchases_if_alive_365d,
        discounted_purchases_if_alive_365d
    from {{ ref("score_expected_purchases") }}
    where model = '{{ var("purchase_model") }}'

),

with_parameters as (

    select
        customers_clustered.*,
        expected_purchases.as_of_role,
        expected_purchases.active_if_alive_90d,
        expected_purchases.purchases_if_alive_90d,
        expected_purchases.purchases_if_alive_365d,
        expected_purchases.discounted_purchases_if_alive_365d,
        purchase_parameters.r,
        purchase_parameters.alpha,
        purchase_parameters.a,
        purchase_parameters.b,
        spend_parameters.p,
        spend_parameters.q,
        spend_parameters.v,
        spend_parameters.mean_purchase_value
    from customers_clustered
    left join expected_purchases
        on
            customers_clustered.repeat_count = expected_purchases.repeat_count
            and customers_clustered.customer_age_days
            = expected_purchases.customer_age_days
            and case
                when customers_clustered.is_current then 'current' else 'calibration'
            end = expected_purchases.as_of_role
    left join purchase_parameters
        on expected_purchases.as_of_role = purchase_parameters.as_of_role
    left join spend_parameters
        on expected_purchases.as_of_role = spend_parameters.as_of_role

),

-- BG/NBD (Fader, Hardie & Lee 2005): a customer can only drop out right after a repeat
-- purchase, so who has none is alive by construction. The odds are capped in the
-- logarithm, beyond which the probability is zero to every digit.
alive as (

    select
        *,
        case
            when repeat_count = 0 or a = 0 then 1.0
            else
                1 / (
                    1 + exp(
                        least(
                            ln(a / (b + repeat_count - 1))
                            + (r + repeat_count)
                            * ln(
                                (alpha + customer_age_days)
                                / (alpha + last_purchase_age_days)
                            ),
                            700
                        )
                    )
                )
        end as probability_alive,
        -- Gamma-Gamma (Fader & Hardie 2013, eq. 5): between the customer's own mean and
        -- the population's, by how many paid repeat purchases there are.
        case
            when p is null then mean_purchase_value
            else
                (v * p + p * paid_repeat_count * coalesce(mean_repeat_value, 0))
                / (p * paid_repeat_count + q - 1)
        end as expected_purchase_value
    from with_parameters

),

valued as (

    select
        *,
        probability_alive * active_if_alive_90d as probability_active_90d,
        probability_alive * purchases_if_alive_90d as expected_purchases_90d,
        probability_alive * purchases_if_alive_365d as expected_purchases_365d,
        probability_alive
        * discounted_purchases_if_alive_365d
        * expected_purchase_value
        * {{ var("gross_margin") }} as lifetime_value_365d
    from alive

),

with_percentile as (

    select
        ---------- ids
        customer_id,
        cluster_id,

        ---------- strings
        as_of_role,
        rfm_code,
        segment,
        cluster_name,

        ---------- numerics
        r_score,
        f_score,
        m_score,
        order_count,
        purchase_day_count,
        repeat_count,
        paid_repeat_count,
        net_revenue,
        mean_repeat_value,
        average_order_value,
        recency_days,
        last_purchase_age_days,
        customer_age_days,
        mean_days_between_purchases,
        days_between_purchases_cv,
        probability_alive,
        probability_active_90d,
        expected_purchases_90d,
        expected_purchases_365d,
        expected_purchase_value,
        lifetime_value_365d,
        -- The share of customers with a strictly lower value; equal values share it.
        100.0 * (
            rank() over (
                partition by as_of_date, is_current, is_calibration
                order by lifetime_value_365d
            ) - 1
        ) / count(*) over (partition by as_of_date, is_current, is_calibration)
            as lifetime_value_percentile,

        ---------- booleans
        is_current,
        is_calibration,

        ---------- dates
        as_of_date,
        first_purchase_date,
        last_purchase_date
    from valued

)

select * from with_percentile
