with redeemed as (
    select
        household_id as customer,
        campaign_id as campaign,
        as_of - cast(redemption_date as date) as age
    from coupon_redemptions cross join asked
    where redemption_date < as_of + interval 1 day
),
redemptions as (
    select
        customer,
        count(*) filter (age < 364) as redeemed_364,
        count(*) filter (age < 91) as redeemed_91,
        min(age) as last_age
    from redeemed group by customer
),
received as (
    select distinct household_id as customer, campaign_id as campaign
    from campaigns
    join campaign_descriptions using (campaign_id)
    cross join asked
    where as_of - cast(start_date as date) between 0 and 363
),
responses as (
    select customer, count(*) as received, count(answered.campaign) as answered
    from received
    left join (select distinct customer, campaign from redeemed) as answered
        using (customer, campaign)
    group by customer
),
coupons as (
    select
        customer,
        sum(supplier_coupon) / 100 as supplier,
        sum(retailer_coupon) / 100 as retailer
    from day where age < 364 group by customer
),
with_coupon as (
    select customer, count(*) filter (coupon) / count(*) as share
    from receipt where age < 364 group by customer
)
select
    customer,
    coalesce(received, 0) as campaigns_received_364d,
    coalesce(redeemed_91, 0) as coupons_redeemed_91d,
    coalesce(redeemed_364, 0) as coupons_redeemed_364d,
    answered / received as campaign_response_rate_364d,
    last_age as days_since_last_redemption,
    coalesce(supplier, 0) as supplier_coupon_savings_364d,
    coalesce(retailer, 0) as retailer_coupon_savings_364d,
    with_coupon.share as coupon_receipt_share_364d
from customer
left join redemptions using (customer)
left join responses using (customer)
left join coupons using (customer)
left join with_coupon using (customer)
