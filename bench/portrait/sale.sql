-- The facts every family starts from: one row a sale line, its age in days at the as-of date and
-- its money in minor units. Lines of nothing and returns are left out. Categories become their rank
-- by name, so that grouping by them is grouping by an integer; `category` keeps the names.
create table category as
select
    product_category as name,
    cast(row_number() over (order by product_category) as smallint) as category
from (select distinct product_category from products where product_category is not null);

create table product as
select
    product_id as product,
    category,
    manufacturer_id as brand,
    brand = 'Private' as private_label,
    department = 'FUEL' as fuel,
    category is not null and product_category <> 'COUPON/MISC ITEMS' and department not in (
        'FUEL', 'COUPON', 'CNTRL/STORE SUP', 'GM MERCH EXP', 'PROD-WHS SALES', 'POSTAL CENTER'
    ) as merchandise,
    department in (
        'PRODUCE', 'MEAT', 'MEAT-PCKGD', 'SEAFOOD', 'SEAFOOD-PCKGD', 'DELI', 'PASTRY', 'SALAD BAR',
        'CHEF SHOPPE'
    ) as fresh,
    product_category in (
        'BEERS/ALES', 'MISC WINE', 'IMPORTED WINE', 'DOMESTIC WINE', 'LIQUOR'
    ) as alcohol,
    regexp_matches(product_category, '^(BABY|DIAPERS|INFANT)') as baby,
    product_category in ('DOG FOODS', 'CAT LITTER', 'CAT FOOD', 'PET CARE SUPPLIES') as pet
from products
left join category on category.name = products.product_category;

create table sale as
select
    household_id as customer,
    basket_id as receipt,
    store_id as shop,
    line.product_id as product,
    transaction_timestamp as sold_at,
    cast(date_diff('day', cast(transaction_timestamp as date), as_of) as smallint) as age,
    quantity,
    cast(round(sales_value * 100) as bigint) as net,
    cast(round(retail_disc * 100) + round(coupon_match_disc * 100) as bigint) as discount,
    cast(round(coupon_match_disc * 100) as bigint) as retailer_coupon,
    cast(round(coupon_disc * 100) as bigint) as supplier_coupon,
    category,
    brand,
    private_label,
    coalesce(fuel, false) as fuel,
    coalesce(merchandise, false) as merchandise,
    fresh,
    alcohol,
    baby,
    pet
from transactions as line
cross join asked
left join product on product.product = line.product_id
where
    transaction_timestamp < as_of + interval 1 day
    and not (quantity = 0 and sales_value = 0)
    and quantity >= 0 and sales_value >= 0;
