with promo as (
    select
        customer,
        count(*) filter (age < 91 and discount > 0) / nullif(count(*) filter (age < 91), 0)
            as lines_91,
        count(*) filter (age >= 91 and age < 182 and discount > 0)
            / nullif(count(*) filter (age >= 91 and age < 182), 0) as lines_prev_91,
        count(*) filter (discount > 0) / count(*) as lines_364,
        coalesce(sum(net) filter (discount > 0), 0) / nullif(sum(net), 0) as spend_364,
        sum(discount + supplier_coupon) / 100 as savings,
        sum(discount) / nullif(sum(net + discount), 0) as depth,
        avg(discount / (net + discount)) filter (discount > 0) as depth_mean,
        quantile_cont(discount / (net + discount), 0.25) filter (discount > 0) as depth_p25,
        count(*) filter (discount > 0 and discount * 10 >= (net + discount) * 3) / count(*) as deep
    from merch where age < 364 group by customer
),
product_year as (
    select
        product,
        any_value(category) as category,
        sum(promo_lines) / nullif(sum(lines), 0) as promo_share,
        sum(priced_net) / nullif(sum(quantity), 0) as price
    from bought group by product
),
-- A product's place among the prices of its category, 0 to 1; equal prices share their mean place.
tiers as (
    select
        product,
        (rank() over (partition by category order by price)
            + (count(*) over (partition by category, price) - 1) / 2 - 0.5)
            / count(*) over (partition by category) as tier
    from product_year where price is not null
),
level as (
    select
        customer,
        sum(priced_net) / nullif(sum(quantity * price), 0) as price_index,
        sum(priced_net * tier) / nullif(sum(priced_net), 0) as tier_mean,
        coalesce(sum(priced_net) filter (tier > 2 / 3), 0) / nullif(sum(priced_net), 0) as premium,
        coalesce(sum(priced_net) filter (tier <= 1 / 3), 0) / nullif(sum(priced_net), 0) as economy,
        sum(lines * promo_share) / sum(lines) as expected_promo
    from bought
    join product_year using (product)
    left join tiers using (product)
    where lines > 0
    group by customer
)
select
    customer,
    lines_91 as promo_line_share_91d,
    lines_364 as promo_line_share_364d,
    promo.spend_364 as promo_spend_share_364d,
    coalesce(savings, 0) as savings_364d,
    depth as discount_depth_364d,
    depth_mean as promo_depth_mean_364d,
    depth_p25 as promo_depth_p25_364d,
    deep as deep_discount_line_share_364d,
    lines_91 - lines_prev_91 as promo_share_change_91d,
    lines_364 - expected_promo as relative_promo_affinity_364d,
    price_index as price_index_364d,
    tier_mean as price_tier_mean_364d,
    premium as premium_spend_share_364d,
    economy as economy_spend_share_364d
from customer
left join promo using (customer)
left join level using (customer)
