-- The mission of a visit: what each receipt's merchandise looks like. Owns the promotion shares of
-- receipts as well, because they need the same table.
with receipt_category as (
    select
        customer, receipt, category,
        min(age) as age,
        count(*) as lines,
        sum(net) as net,
        sum(case when discount > 0 then net else 0 end) as promo_net,
        bool_or(discount > 0) as promo
    from merch
    where age < 364
    group by customer, receipt, category
),
mission as (
    select
        customer,
        min(age) as age,
        sum(lines) as lines,
        count(*) as categories,
        sum(net) as net,
        sum(promo_net) as promo_net,
        bool_or(promo) as promo
    from receipt_category
    group by customer, receipt
)
select
    customer,
    sum(lines) filter (age < 91) / nullif(count(*) filter (age < 91), 0) as lines_per_receipt_91d,
    avg(lines) as lines_per_receipt_364d,
    quantile_cont(lines, 0.5) as median_lines_per_receipt_364d,
    avg(categories) as categories_per_receipt_364d,
    count(*) filter (lines <= 5) / count(*) as small_receipt_share_364d,
    count(*) filter (lines >= 20) / count(*) as large_receipt_share_364d,
    coalesce(sum(net) filter (lines >= 20), 0) / nullif(sum(net), 0) as stockup_spend_share_364d,
    min(age) filter (lines >= 20) as days_since_stockup,
    count(*) filter (promo) / count(*) as promo_receipt_share_364d,
    count(*) filter (net > 0 and promo_net * 10 >= net * 8) / count(*)
        as cherry_pick_receipt_share_364d
from mission
group by customer
