with visit as (
    select
        *,
        isodow(as_of - age) as weekday,
        day(as_of - age) as day_of_month,
        hour(began_at) as hour,
        lag(shop) over (partition by customer order by began_at, receipt) as previous_shop
    from receipt cross join asked
    where age < 364
),
-- The main shop is the one with most visits, so its share of them is the greatest.
shops as (
    select
        customer,
        count(*) as shops,
        arg_max(shop, (visits, spend, -shop)) as main,
        max(visits) / sum(visits) as main_share
    from (
        select customer, shop, count(*) as visits, sum(total) as spend
        from visit group by customer, shop
    )
    group by customer
),
shares as (
    select
        customer,
        count(*) filter (shop <> previous_shop) / nullif(count(*) - 1, 0) as switch_rate,
        count(*) filter (weekday = 1) / count(*) as mon,
        count(*) filter (weekday = 2) / count(*) as tue,
        count(*) filter (weekday = 3) / count(*) as wed,
        count(*) filter (weekday = 4) / count(*) as thu,
        count(*) filter (weekday = 5) / count(*) as fri,
        count(*) filter (weekday = 6) / count(*) as sat,
        count(*) filter (weekday = 7) / count(*) as sun,
        count(*) filter (hour between 6 and 10) / count(*) as morning,
        count(*) filter (hour between 11 and 14) / count(*) as midday,
        count(*) filter (hour between 15 and 17) / count(*) as afternoon,
        count(*) filter (hour between 18 and 21) / count(*) as evening,
        count(*) filter (hour >= 22 or hour <= 5) / count(*) as night,
        count(*) filter (day_of_month <= 10) / count(*) as first_ten_days,
        coalesce(sum(total) filter (weekday >= 6), 0) / nullif(sum(total), 0) as weekend
    from visit group by customer
)
select
    customer,
    coalesce(shops, 0) as stores_364d,
    main as main_store_364d,
    main_share as main_store_visit_share_364d,
    switch_rate as store_switch_rate_364d,
    mon as visit_share_mon_364d,
    tue as visit_share_tue_364d,
    wed as visit_share_wed_364d,
    thu as visit_share_thu_364d,
    fri as visit_share_fri_364d,
    sat as visit_share_sat_364d,
    sun as visit_share_sun_364d,
    weekend as weekend_spend_share_364d,
    morning as visit_share_morning_364d,
    midday as visit_share_midday_364d,
    afternoon as visit_share_afternoon_364d,
    evening as visit_share_evening_364d,
    night as visit_share_night_364d,
    first_ten_days as first_ten_days_visit_share_364d
from customer
left join shops using (customer)
left join shares using (customer)
