with bought_weeks as (
    select customer, age // 7 as weeks_ago, sum(spend) as spend
    from day where age < 364 group by customer, weeks_ago
),
weeks as (
    select customer, weeks_ago, 51 - weeks_ago as week, coalesce(spend, 0) / 100 as spend
    from (select customer, weeks_ago from customer cross join range(52) as calendar (weeks_ago))
    left join bought_weeks using (customer, weeks_ago)
),
around as (
    select
        *,
        avg(spend) over (partition by customer) as mean,
        lag(spend) over (partition by customer order by week) as before
    from weeks
),
course as (
    select
        customer,
        regr_slope(spend, week) filter (weeks_ago < 13) as slope,
        stddev_samp(spend) / nullif(avg(spend), 0) as variation,
        sum((spend - mean) * (before - mean)) / nullif(sum((spend - mean) ** 2), 0)
            as autocorrelation,
        case when max(spend) > 0 then arg_max(weeks_ago, (spend, -weeks_ago)) end as peak
    from around group by customer
),
decayed as (
    select customer, sum(0.5 ** (age / 28)) as visits, sum(spend * 0.5 ** (age / 28)) / 100 as spend
    from day group by customer
),
population as (
    select sum(spend_91) / nullif(sum(spend_prev_91), 0) as growth from customer
)
select
    customer,
    spend_28 / nullif(spend_prev_28, 0) as spend_ratio_28d,
    visits_28 / nullif(visits_prev_28, 0) as visits_ratio_28d,
    spend_91 / nullif(spend_prev_91, 0) as spend_ratio_91d,
    visits_91 / nullif(visits_prev_91, 0) as visits_ratio_91d,
    (spend_91 / nullif(visits_91, 0)) / nullif(spend_prev_91 / nullif(visits_prev_91, 0), 0)
        as avg_receipt_ratio_91d,
    spend_91 / nullif(spend_prev_91, 0) / nullif(growth, 0) as share_of_population_trend_91d,
    slope as spend_slope_13w,
    variation as weekly_spend_cv_52w,
    autocorrelation as weekly_spend_autocorr1_52w,
    peak as weeks_since_peak_week_52w,
    decayed.visits as ewma_visits_hl28,
    decayed.spend as ewma_spend_hl28
from customer
cross join population
join visits using (customer)
join course using (customer)
join decayed using (customer)
