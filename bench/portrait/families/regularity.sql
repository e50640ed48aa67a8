with exceeded as (
    select customer, count(*) filter (gap >= recency) as pauses_as_long
    from pause join customer using (customer) group by customer
),
steps as (
    select
        customer,
        364 - age - lag(364 - age, 1, 0) over (partition by customer order by age desc) as step
    from day where age < 364
    union all
    select customer, min(age) + 1 from day where age < 364 group by customer
),
clump as (
    select customer, 1 + sum(step / 365 * ln(step / 365)) / ln(count(*)) as clumpiness
    from steps group by customer
),
streak as (
    select customer, count(*) filter (week = position) as weeks
    from (
        select
            customer, week,
            row_number() over (partition by customer order by week) - 1 as position
        from (select distinct customer, age // 7 as week from day where age < 364)
    )
    group by customer
),
returned as (
    select customer, count(*) filter (gap > 56 and age < 364) as reactivations
    from day group by customer
)
select
    customer,
    coalesce(pauses, 0) as ipt_count_364d,
    mean as ipt_mean_364d,
    median as ipt_median_364d,
    p90 as ipt_p90_364d,
    longest as ipt_max_364d,
    deviation as ipt_std_364d,
    deviation / mean as ipt_cv_364d,
    case when pauses >= 3 then mean_of_last_3 / mean end as ipt_recent_ratio,
    recency / mean as overdue_ratio,
    (recency - mean) / nullif(deviation, 0) as overdue_z,
    (1 + pauses_as_long) / (2 + pauses) as gap_exceedance,
    as_of - recency + cast(ceil(median) as integer) as expected_next_purchase_date,
    clumpiness as clumpiness_364d,
    coalesce(weeks, 0) as weekly_streak_current,
    reactivations as reactivations_364d
from customer
cross join asked
join returned using (customer)
left join regular using (customer)
left join exceeded using (customer)
left join clump using (customer)
left join streak using (customer)
