-- What several families need, each counted once. Windows are ages: (D-W, D] is age < W.

create table receipt as
select
    customer,
    receipt,
    min(age) as age,
    min(sold_at) as began_at,
    any_value(shop) as shop,
    sum(net) as total,
    bool_or(fuel) as fuel,
    bool_or(retailer_coupon + supplier_coupon > 0) as coupon,
    sum(supplier_coupon) as supplier_coupon,
    sum(retailer_coupon) as retailer_coupon
from sale
group by customer, receipt;

create table day as
select
    customer,
    age,
    sum(total) as spend,
    sum(supplier_coupon) as supplier_coupon,
    sum(retailer_coupon) as retailer_coupon,
    lag(age) over later - age as gap,
    row_number() over (partition by customer order by age) as back
from receipt
group by customer, age
window later as (partition by customer order by age desc);

create table customer as
select
    customer,
    min(age) as recency,
    max(age) as tenure,
    count(*) as days,
    coalesce(sum(spend) filter (age < 7), 0) as spend_7,
    coalesce(sum(spend) filter (age < 28), 0) as spend_28,
    coalesce(sum(spend) filter (age < 91), 0) as spend_91,
    coalesce(sum(spend) filter (age < 364), 0) as spend_364,
    coalesce(sum(spend) filter (age >= 28 and age < 56), 0) as spend_prev_28,
    coalesce(sum(spend) filter (age >= 91 and age < 182), 0) as spend_prev_91,
    sum(spend) as spend_all
from day
group by customer;

create table visits as
select
    customer,
    count(*) filter (age < 7) as visits_7,
    count(*) filter (age < 28) as visits_28,
    count(*) filter (age < 91) as visits_91,
    count(*) filter (age < 364) as visits_364,
    count(*) filter (age >= 28 and age < 56) as visits_prev_28,
    count(*) filter (age >= 91 and age < 182) as visits_prev_91,
    count(*) as visits_all
from receipt
group by customer;

-- The pauses between purchase days of the year; the pause that began before it is not one of them.
create table pause as
select customer, gap, row_number() over (partition by customer order by age) as back
from day
where gap is not null and age + gap < 364;

create table regular as
select
    customer,
    count(*) as pauses,
    avg(gap) as mean,
    quantile_cont(gap, 0.5) as median,
    quantile_cont(gap, 0.9) as p90,
    max(gap) as longest,
    stddev_samp(gap) as deviation,
    avg(gap) filter (back <= 3) as mean_of_last_3
from pause
group by customer;

create table merch as
select * exclude (fuel, merchandise, shop, sold_at, retailer_coupon) from sale where merchandise;

-- A customer and a product: how often, how much, first and last.
create table bought as
select
    customer,
    product,
    any_value(category) as category,
    max(age) as first_age,
    min(age) as last_age,
    count(*) filter (age < 364) as lines,
    count(*) filter (age < 364 and discount > 0) as promo_lines,
    coalesce(sum(net) filter (age < 364), 0) as net,
    max(age) filter (age < 364) as first_age_364,
    coalesce(sum(net) filter (age < 364 and quantity > 0), 0) as priced_net,
    coalesce(sum(quantity) filter (age < 364), 0) as quantity
from merch
group by customer, product;

-- A customer, a category, a brand and a day of the year; then the same without the brand.
create table brand_day as
select customer, category, age, brand, sum(net) as net, count(*) as lines
from merch
where age < 364
group by customer, category, age, brand;

create table category_day as
select
    customer,
    category,
    age,
    sum(net) as net,
    sum(lines) as lines,
    arg_max(brand, (net, -brand)) as main_brand
from brand_day
group by customer, category, age;

create table category_year as
select
    customer,
    category,
    sum(net) as net,
    sum(lines) as lines,
    count(*) as days,
    count(*) filter (age >= 91) as days_before_91,
    min(age) as last_age,
    bool_or(age < 91) as recent,
    bool_or(age >= 91 and age < 182) as previous
from category_day
group by customer, category;
