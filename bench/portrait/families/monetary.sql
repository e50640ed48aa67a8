with totals as (
    select customer,
        quantile_cont(total, 0.5) filter (age < 364) / 100 as median,
        quantile_cont(total, 0.9) filter (age < 364) / 100 as p90,
        stddev_samp(total) filter (age < 364) / 100 as deviation,
        arg_max(total, (began_at, receipt)) / 100 as last
    from receipt group by customer
)
select
    customer,
    spend_7 / 100 as spend_7d,
    spend_28 / 100 as spend_28d,
    spend_91 / 100 as spend_91d,
    spend_364 / 100 as spend_364d,
    customer.spend_all / 100 as spend_all,
    spend_prev_28 / 100 as spend_prev_28d,
    spend_prev_91 / 100 as spend_prev_91d,
    spend_28 / 100 / nullif(visits_28, 0) as avg_receipt_28d,
    spend_91 / 100 / nullif(visits_91, 0) as avg_receipt_91d,
    spend_364 / 100 / nullif(visits_364, 0) as avg_receipt_364d,
    median as median_receipt_364d,
    p90 as p90_receipt_364d,
    deviation as std_receipt_364d,
    deviation / nullif(spend_364 / 100 / visits_364, 0) as cv_receipt_364d,
    last as last_receipt_amount
from customer
join visits using (customer)
join totals using (customer)
