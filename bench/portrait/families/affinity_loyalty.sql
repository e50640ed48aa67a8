with ranked as (
    select
        customer, name,
        row_number() over (partition by customer order by net desc, lines desc, category) as place
    from category_year join category using (category)
),
top_categories as (
    select
        customer,
        max(name) filter (place = 1) as first,
        max(name) filter (place = 2) as second,
        max(name) filter (place = 3) as third
    from ranked where place <= 3 group by customer
),
products as (
    select
        customer,
        arg_max(product, (lines, net, -product)) as top,
        count(*) filter (first_age_364 > last_age) / count(*) as repurchased
    from bought where lines > 0 group by customer
),
category_brand as (
    select customer, category, brand, sum(net) as net, sum(lines) as lines
    from brand_day where brand is not null group by customer, category, brand
),
top_brand as (
    select customer, arg_max(brand, (net, lines, -brand)) as brand
    from (
        select customer, brand, sum(net) as net, sum(lines) as lines
        from category_brand group by customer, brand
    )
    group by customer
),
loyal as (
    select customer, sum(main) / nullif(sum(net), 0) as share
    from (
        select customer, category, max(net) as main, sum(net) as net
        from category_brand group by customer, category
    )
    group by customer
),
switched as (
    select customer, count(*) filter (brand <> next) / nullif(count(next), 0) as rate
    from (
        select
            customer, main_brand as brand,
            lag(main_brand) over (partition by customer, category order by age) as next
        from category_day where main_brand is not null
    )
    group by customer
),
spent as (
    select
        customer,
        sum(net) as net,
        coalesce(sum(net) filter (private_label), 0) as private_label,
        coalesce(sum(net) filter (fresh), 0) as fresh,
        coalesce(sum(net) filter (alcohol), 0) as alcohol,
        coalesce(sum(net) filter (baby), 0) as baby,
        coalesce(sum(net) filter (pet), 0) as pet
    from merch where age < 364 group by customer
),
fuelled as (
    select customer, count(*) filter (fuel) / count(*) as share
    from receipt where age < 364 group by customer
)
select
    customer,
    first as top_category_1_364d,
    second as top_category_2_364d,
    third as top_category_3_364d,
    products.top as top_product_364d,
    top_brand.brand as top_brand_364d,
    private_label / nullif(net, 0) as private_label_spend_share_364d,
    fresh / nullif(net, 0) as fresh_spend_share_364d,
    alcohol / nullif(net, 0) as alcohol_spend_share_364d,
    baby / nullif(net, 0) as baby_spend_share_364d,
    pet / nullif(net, 0) as pet_spend_share_364d,
    fuelled.share as fuel_visit_share_364d,
    loyal.share as brand_share_of_category_364d,
    switched.rate as brand_switch_rate_364d,
    repurchased as product_repurchase_rate_364d
from customer
left join top_categories using (customer)
left join products using (customer)
left join top_brand using (customer)
left join loyal using (customer)
left join switched using (customer)
left join spent using (customer)
left join fuelled using (customer)
