with visited as (
    select customer,
        max(age) filter (back = 2) as previous_age,
        count(distinct age // 7) filter (age < 364) as weeks
    from day group by customer
),
promo as (
    select customer, min(age) as age from merch where discount > 0 group by customer
)
select
    customer,
    as_of - tenure as first_purchase_date,
    as_of - recency as last_purchase_date,
    recency as recency_days,
    tenure as tenure_days,
    tenure - recency as active_span_days,
    previous_age - recency as days_since_prev_visit,
    (tenure - recency) / nullif(tenure, 0) as recency_tenure_ratio,
    days / (tenure + 1) as active_day_share,
    weeks as active_weeks_52,
    promo.age as days_since_promo_purchase
from customer
cross join asked
join visited using (customer)
left join promo using (customer)
