with purchase_days as (
    select customer, count(*) as days from day where age < 364 group by customer
),
lines as (
    select customer, sum(lines) as lines from bought group by customer
)
select
    customer,
    visits_7 as visits_7d,
    visits_28 as visits_28d,
    visits_91 as visits_91d,
    visits_364 as visits_364d,
    visits_all,
    visits_prev_28 as visits_prev_28d,
    visits_prev_91 as visits_prev_91d,
    coalesce(days, 0) as purchase_days_364d,
    coalesce(lines, 0) as lines_364d
from visits
left join purchase_days using (customer)
left join lines using (customer)
