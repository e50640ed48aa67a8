with products as (
    select
        customer,
        count(*) filter (last_age < 91) as products_91,
        count(*) filter (last_age < 364) as products_364,
        count(*) filter (first_age < 91) as new_products_91
    from bought group by customer
),
repeated as (
    select customer, count(*) filter (merch.age < bought.first_age) / count(*) as share
    from merch join bought using (customer, product)
    where merch.age < 364
    group by customer
),
shares as (
    select *, case when net > 0 then net / sum(net) over (partition by customer) end as share
    from category_year
),
categories as (
    select
        customer,
        count(*) filter (last_age < 28) as categories_28,
        count(*) filter (recent) as categories_91,
        count(*) as categories_364,
        count(*) filter (recent and previous) / nullif(count(*) filter (recent or previous), 0)
            as jaccard,
        count(*) filter (recent and days_before_91 = 0) as gained,
        count(*) filter (not recent and days_before_91 >= 2) as lost,
        count(share) as with_spend,
        -sum(share * ln(share)) as entropy,
        max(share) as top_share
    from shares group by customer
),
brands as (
    select customer, count(distinct brand) as brands from brand_day group by customer
)
select
    customer,
    coalesce(products_91, 0) as distinct_products_91d,
    coalesce(products_364, 0) as distinct_products_364d,
    coalesce(categories_28, 0) as distinct_categories_28d,
    coalesce(categories_91, 0) as distinct_categories_91d,
    coalesce(categories_364, 0) as distinct_categories_364d,
    coalesce(brands, 0) as distinct_brands_364d,
    entropy as category_entropy_364d,
    case when with_spend = 1 then 0 else entropy / ln(with_spend) end as category_entropy_norm_364d,
    top_share as top_category_share_364d,
    case when tenure >= 91 then new_products_91 / nullif(products_91, 0) end as novelty_share_91d,
    repeated.share as repeat_line_share_364d,
    jaccard as category_jaccard_91d,
    coalesce(gained, 0) as categories_gained_91d,
    coalesce(lost, 0) as categories_lost_91d
from customer
left join products using (customer)
left join repeated using (customer)
left join categories using (customer)
left join brands using (customer)
