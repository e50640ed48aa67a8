//! What parameters are in small cases that a person can follow.

use crate::fixture::check;

#[test]
fn nobody_bought_anything() {
    check(
        "no line",
        "= first_purchase_date null
         = recency_days null
         = recency_tenure_ratio null
         = active_weeks_52 0
         = visits_364d 0
         = spend_all 0
         = avg_receipt_364d null
         = last_receipt_amount null
         = margin_364d null
         = ipt_count_364d 0
         = gap_exceedance null
         = clumpiness_364d null
         = category_entropy_364d null
         = top_category_1_364d null
         = price_index_364d null
         = main_store_364d null
         = visit_share_mon_364d null
         = spend_slope_13w null
         = ewma_visits_hl28 0
         = ewma_spend_hl28 0
         = weeks_since_peak_week_52w null
         = lifecycle_stage null
         = nlr_91d inactive
         = rfm_r_score null
         = spend_percentile_364d null
         = hml_segment_364d zero
         = btyd_frequency null
         = cycle_categories_364d 0
         = cycle_cv_mean_364d null
         = campaigns_received_364d 0
         = campaign_response_rate_364d null
         = category_breadth_364d null
         = region_id null",
    );
    check(
        "only returns",
        "2017-12-30 r1 milk -1 -3.50
         2017-12-30 r1 bread 1 -0.50
         2016-12-30 r2 bread 1 -0.70
         = recency_days null
         = visits_all 0
         = spend_all 0
         = returns_amount_364d 4.00
         = return_share_364d null
         = lifecycle_stage null",
    );
}

#[test]
fn a_single_visit() {
    check(
        "once, on the day itself",
        "2017-12-31T08:15 r1@north milk 2 3.50
         2017-12-31T08:15 r1@north beer 1 1.50 disc=0.50
         = first_purchase_date 2017-12-31
         = recency_days 0
         = tenure_days 0
         = recency_tenure_ratio null
         = days_since_prev_visit null
         = active_day_share 1
         = active_weeks_52 1
         = days_since_promo_purchase 0
         = visits_7d 1
         = lines_364d 2
         = spend_7d 5
         = avg_receipt_28d 5
         = std_receipt_364d null
         = cv_receipt_364d null
         = last_receipt_amount 5
         = ipt_mean_364d null
         = expected_next_purchase_date null
         = overdue_ratio null
         = weekly_streak_current 1
         = category_entropy_364d 0.6108643020548935
         = category_entropy_norm_364d 0.8812908992306927
         = top_category_share_364d 0.7
         = novelty_share_91d null
         = top_category_1_364d dairy
         = top_category_2_364d drinks
         = top_category_3_364d null
         = top_product_364d milk
         = top_affinity_category_364d null
         = alcohol_spend_share_364d 0.3
         = promo_line_share_364d 0.5
         = promo_depth_mean_364d 0.25
         = promo_depth_p25_364d 0.25
         = deep_discount_line_share_364d 0
         = cherry_pick_receipt_share_364d 0
         = price_index_364d 1
         = relative_promo_affinity_364d 0
         = promo_response_new_product_share_364d 0.5
         = main_store_364d north
         = store_switch_rate_364d null
         = main_store_changed_91d null
         = visit_share_sun_364d 1
         = visit_share_morning_364d 1
         = weekend_spend_share_364d 1
         = first_ten_days_visit_share_364d 0
         = lifecycle_stage new
         = rfm_r_score 5
         = rfm_f_score 1
         = spend_percentile_364d null
         = hml_segment_364d light
         = btyd_frequency 0
         = region_id region-0",
    );
    check("one category", "2017-12-01 r1 milk 1 1.00\n = category_entropy_norm_364d 0");
    check(
        "all for nothing",
        "2017-12-01 r1 milk 1 0\n = category_entropy_364d null\n = price_index_364d null\n = hml_segment_364d zero\n = weeks_since_peak_week_52w null",
    );
}

#[test]
fn windows_end_where_they_end() {
    check(
        "edges",
        "2017-12-25 r1 milk 1 1     # age 6
         2017-12-24 r2 milk 1 2     # age 7
         2017-12-04 r3 milk 1 4     # age 27
         2017-12-03 r4 milk 1 8     # age 28
         2017-11-05 r5 milk 1 16    # age 56
         2017-10-02 r6 milk 1 32    # age 90
         2017-10-01 r7 milk 1 64    # age 91
         2017-07-02 r8 milk 1 128   # age 182
         2017-01-02 r9 milk 1 256   # age 363
         2017-01-01 r10 milk 1 512  # age 364
         2016-10-02 r11 milk 1 1024 # age 455
         = spend_7d 1
         = spend_28d 7
         = spend_prev_28d 8
         = spend_91d 63
         = spend_prev_91d 64
         = spend_364d 511
         = spend_all 2047
         = visits_364d 9
         = visits_prev_91d 1
         = purchase_days_364d 9
         = lines_364d 9
         = spend_yoy_91d 0.123046875
         = reactivations_364d 2
         = distinct_categories_28d 1
         = first_ten_days_visit_share_364d 0.7777777777777778
         = weekly_streak_current 2",
    );
    check(
        "a year ago he was not here yet",
        "2017-12-25 r1 milk 1 1\n 2016-10-03 r2 milk 1 2\n = spend_yoy_91d null\n = tenure_days 454",
    );
    check(
        "what comes after the day is not there yet",
        "as of 2017-06-30
         2017-06-01 r1 milk 1 1
         2017-06-30T23:59 r2 milk 1 2
         2017-07-01T00:00 r3 milk 1 4
         redeemed 2017-07-01 spring 2017-06-01
         invited spring 2017-07-01
         anna: 2017-07-02 r1 beer 1 100
         = spend_all 3
         = recency_days 0
         = visits_7d 1
         = coupons_redeemed_364d 0
         = campaigns_received_364d 0
         = rfm_m_score 1
         = anna.recency_days null
         = anna.hml_segment_364d zero
         = category_breadth_364d 1",
    );
}

#[test]
fn returns_and_lines_of_nothing() {
    check(
        "returns count by themselves",
        "2017-12-01 r1 milk 2 8
         2017-12-02 r2 milk -1 -2
         2017-12-03 r3 bread 1 2
         2017-12-03 r3 bread 1 -1
         = visits_all 2
         = spend_all 10
         = returns_amount_364d 3
         = return_share_364d 0.3
         = last_receipt_amount 2
         = recency_days 28
         = lines_364d 2",
    );
    check(
        "a line without quantity has no price",
        "2017-12-01 r1 milk 1 2
         2017-12-01 r1 milk 0 6
         = spend_all 8
         = price_index_364d 1
         = price_tier_mean_364d 0.5
         = lines_364d 2",
    );
    check(
        "what is not merchandise stays out of baskets, and so does what has no category",
        "2017-12-01 r1 petrol 30 40
         2017-12-02 r2 bag 1 10
         2017-12-03 r3 comet 1 5    # unknown to the catalogue
         2017-12-04 r4 milk 1 5
         = visits_all 4
         = spend_all 60
         = lines_364d 1
         = distinct_brands_364d 1
         = fuel_visit_share_364d 0.25
         = stockup_spend_share_364d 0
         = lines_per_receipt_364d 1",
    );
}

#[test]
fn ties_are_decided_by_id() {
    check(
        "brands 9 and 10 are numbers, and come before words",
        "2017-12-01 r1 stout 1 2
         2017-12-01 r1 lager 1 2
         2017-12-01 r1 beer 1 2
         2017-12-02 r2 lager 1 1
         2017-12-03 r3 stout 1 1
         2017-12-03 r3 beer 1 1
         2017-12-04 r4 beer 1 2
         = top_brand_364d brew
         = brand_switch_rate_364d 0.6666666666666666   # 9, 9, 10, brew
         = brand_share_of_category_364d 0.4545454545454545
         = sole_brand_category_share_364d 0",
    );
    check(
        "equal brands, categories and products",
        "2017-12-01 r1 stout 1 2
         2017-12-01 r1 lager 1 2
         2017-12-01 r1 milk 1 4
         2017-12-01 r1 bread 1 2
         2017-12-01 r1 bread 1 2
         = top_brand_364d farm
         = top_category_1_364d bakery
         = top_category_2_364d drinks
         = top_category_3_364d dairy
         = top_product_364d bread",
    );
    check(
        "shops: receipts, then money, then number",
        "2017-12-01 r1@10 milk 1 2
         2017-12-02 r2@9 milk 1 2
         = main_store_364d 9
         = store_switch_rate_364d 1
         anna: 2017-12-01 r1@10 milk 1 3
         anna: 2017-12-02 r2@9 milk 1 2
         = anna.main_store_364d 10
         boris: 2017-12-01 r1@9 milk 1 1
         boris: 2017-12-01 r2@10 milk 1 9
         boris: 2017-12-02 r3@9 milk 1 1
         boris: 2017-08-02 r4@10 milk 1 1
         = boris.main_store_364d 10
         = boris.main_store_visit_share_364d 0.5
         = boris.main_store_changed_91d true",
    );
    check(
        "the last receipt of a moment has the larger number",
        "2017-12-01 9 milk 1 9\n 2017-12-01 10 milk 1 10\n = last_receipt_amount 10",
    );
    check(
        "fifths of equals go by customer",
        "10: 2017-12-01 r1 milk 1 1
         9: 2017-12-01 r1 milk 1 1
         a: 2017-12-01 r1 milk 1 1
         = 9.rfm_r_score 5
         = 10.rfm_r_score 4
         = a.rfm_r_score 3
         = 9.rfm_m_score 1
         = 10.rfm_m_score 2
         = a.rfm_m_score 3
         = 9.spend_percentile_364d 0.5
         = 9.hml_segment_364d light
         = 10.hml_segment_364d light
         = a.hml_segment_364d heavy",
    );
    check(
        "one who is left out is placed as if he were there",
        "1: 2017-12-01 r1 milk 1 1
         2: 2017-12-01 r1 milk 1 2
         3: 2017-12-01 r1 milk 1 3
         excluded 2
         = 2.rfm_m_score 2
         = 3.rfm_m_score 2
         = 2.spend_percentile_364d 0.5
         = 1.spend_percentile_364d 0
         = 2.price_index_364d 1",
    );
}

#[test]
fn regularity_of_visits() {
    check(
        "gaps 1, 2, 4, 10",
        "2017-12-01 r1 milk 1 1
         2017-12-02 r2 milk 1 1
         2017-12-02 r3 milk 1 1
         2017-12-04 r4 milk 1 1
         2017-12-08 r5 milk 1 1
         2017-12-18 r6 milk 1 1
         = ipt_count_364d 4
         = ipt_mean_364d 4.25
         = ipt_median_364d 3
         = ipt_p90_364d 8.2
         = ipt_max_364d 10
         = ipt_std_364d 4.031128874149275
         = ipt_recent_ratio 1.2549019607843137
         = overdue_ratio 3.0588235294117645
         = overdue_z 2.170607855311148
         = gap_exceedance 0.16666666666666666
         = expected_next_purchase_date 2017-12-21
         = days_since_prev_visit 10
         = btyd_frequency 4
         = lifecycle_stage new",
    );
    check(
        "a median of two halves is rounded up",
        "2017-12-01 r1 milk 1 1\n 2017-12-02 r2 milk 1 1\n 2017-12-04 r3 milk 1 1\n = ipt_median_364d 1.5\n = expected_next_purchase_date 2017-12-06\n = overdue_z 36.06244584051392\n = ipt_recent_ratio null",
    );
    check(
        "equal gaps have no deviation",
        "2017-12-01 r1 milk 1 1\n 2017-12-08 r2 milk 1 1\n 2017-12-15 r3 milk 1 1\n = ipt_cv_364d 0\n = overdue_z null\n = weekly_spend_autocorr1_52w 0.6450811093668236",
    );
}

#[test]
fn stages_of_life() {
    for (stage, lines) in [
        ("lost", "2017-07-01 r1 milk 1 1"),
        ("lapsed", "2017-07-02 r1 milk 1 1"),
        ("lapsed", "2017-09-30 r1 milk 1 1"),
        ("new", "2017-10-02 r1 milk 1 1"),
        (
            "at_risk",
            "2017-08-01 r1 milk 1 1\n 2017-08-03 r2 milk 1 1\n 2017-11-05 r3 milk 1 9\n 2017-11-07 r4 milk 1 1\n 2017-11-09 r5 milk 1 1",
        ),
        ("at_risk", "2016-08-01 r1 milk 1 1\n 2017-11-04 r3 milk 1 9"),
        ("reactivated", "2016-08-01 r1 milk 1 1\n 2017-11-05 r3 milk 1 9"),
        ("growing", "2017-09-01 r1 milk 1 10\n 2017-12-01 r2 milk 1 12.01"),
        ("stable", "2017-09-01 r1 milk 1 10\n 2017-12-01 r2 milk 1 12"),
        ("stable", "2017-09-01 r1 milk 1 10\n 2017-12-01 r2 milk 1 8"),
        ("declining", "2017-09-01 r1 milk 1 10\n 2017-12-01 r2 milk 1 7.99"),
    ] {
        check(stage, &format!("{lines}\n = lifecycle_stage {stage}"));
    }
    check("bought again", "2017-09-01 r1 milk 1 1\n 2017-12-01 r2 milk 1 1\n = nlr_91d repeating");
    check("free goods are no spend", "2017-12-01 r2 milk 1 0\n = nlr_91d inactive");
}

#[test]
fn choice_and_its_changes() {
    check(
        "old and new",
        "2017-01-10 r1 milk 1 1
         2017-07-10 r2 beer 1 1
         2017-07-11 r3 beer 1 1
         2017-09-10 r4 bread 1 1
         2017-11-10 r5 bread 1 1
         2017-11-11 r6 catfood 1 1
         2017-11-11 r6 milk 1 1
         2017-11-12 r7 catfood 1 1 disc=1
         = distinct_products_91d 3
         = novelty_share_91d 0.3333333333333333
         = repeat_line_share_364d 0.5
         = category_jaccard_91d 0.25
         = categories_gained_91d 1
         = categories_lost_91d 1
         = product_repurchase_rate_364d 1
         = promo_response_new_product_share_364d 0
         = deep_discount_line_share_364d 0.125
         = promo_share_change_91d 0.25
         = discount_depth_364d 0.1111111111111111",
    );
    check(
        "first days may be older than the year",
        "2016-01-10 r1 milk 1 1\n 2017-11-10 r2 milk 1 1\n = promo_response_new_product_share_364d null\n = repeat_line_share_364d 1\n = product_repurchase_rate_364d 0\n = distinct_products_364d 1",
    );
}

#[test]
fn prices_against_the_population() {
    check(
        "tiers of dairy: kefir and milk share places 1 and 2, cheese has 3",
        "2017-12-01 r1 milk 2 4
         2017-12-02 r2 cheese 0.5 4
         anna: 2017-12-01 r1 milk 1 1
         anna: 2017-12-01 r1 kefir 3 5
         = price_index_364d 1.0909090909090908    # 8 against 2 of 5/3 and 0.5 of 8
         = price_tier_mean_364d 0.5833333333333334
         = premium_spend_share_364d 0.5
         = economy_spend_share_364d 0.5
         = anna.economy_spend_share_364d 1",
    );
    check(
        "seeking promotions more than others do",
        "2017-12-01 r1 milk 1 1 disc=1
         2017-12-02 r2 bread 1 1
         anna: 2017-12-01 r1 milk 1 1
         = promo_line_share_364d 0.5
         = relative_promo_affinity_364d 0.25
         = anna.relative_promo_affinity_364d -0.5",
    );
    check(
        "cherries are 0.8 of a receipt, in whole cents",
        "2017-12-01 r1 milk 1 0.80 disc=0.01\n 2017-12-01 r1 bread 1 0.20\n 2017-12-02 r2 milk 1 0.79 disc=0.01\n 2017-12-02 r2 bread 1 0.21\n = cherry_pick_receipt_share_364d 0.5\n = promo_receipt_share_364d 1",
    );
    check(
        "deep is 0.3 of the shelf price, in whole cents",
        "2017-12-01 r1 milk 1 0.70 disc=0.30\n 2017-12-01 r1 bread 1 0.71 disc=0.30\n 2017-12-01 r1 rye 1 0 disc=0\n = deep_discount_line_share_364d 0.3333333333333333",
    );
    check(
        "margin where the cost of the day is known",
        "cost milk 2017-01-01 1.00\n cost milk 2017-12-02 1.50\n 2017-12-01 r1 milk 2 3\n 2017-12-02 r2 milk 0.5 1\n 2017-12-02 r2 bread 1 7\n = margin_364d 1.25",
    );
    check("no cost", "2017-12-01 r1 milk 2 3\n = margin_364d null");
}

#[test]
fn cycles_of_categories() {
    check(
        "milk each week, catfood each month, beer given up",
        "2017-12-03 r1 milk 1 1\n 2017-12-10 r2 milk 1 1\n 2017-12-17 r3 milk 1 1\n 2017-12-24 r4 milk 1 1
         2017-08-20 r5 catfood 1 5\n 2017-09-19 r6 catfood 1 5\n 2017-10-19 r7 catfood 1 5\n 2017-11-18 r8 catfood 1 5
         2017-03-01 r9 beer 1 2\n 2017-03-08 r10 beer 1 2\n 2017-03-11 r11 beer 1 2\n 2017-03-25 r12 beer 1 2
         2017-12-24 r4 rye 1 9
         = cycle_categories_364d 3
         = due_categories 2
         = overdue_categories 0
         = lapsed_categories 1
         = lapsed_category_annual_spend 8
         = next_due_category dairy
         = next_due_in_days 0
         = top_category_cycle_days 30
         = top_category_due_ratio 1.4333333333333333
         = cycle_cv_mean_364d 0.23199018178458422",
    );
    check(
        "three days are no cycle",
        "2017-12-03 r1 milk 1 1\n 2017-12-10 r2 milk 1 1\n 2017-12-17 r3 milk 1 1\n = cycle_categories_364d 0\n = next_due_category null\n = top_category_due_ratio null",
    );
}

#[test]
fn campaigns_and_coupons() {
    check(
        "answers",
        "2017-12-01 r1 milk 1 5 disc=1 rcoup=0.50
         2017-12-02 r2 bread 1 5 scoup=0.25
         2017-12-03 r3 bread 1 5
         invited spring 2017-03-01
         invited spring 2017-03-01
         invited summer 2017-06-01
         invited autumn 2017-09-01
         invited winter 2018-01-01
         invited old 2016-12-31
         redeemed 2017-03-05 spring 2017-03-01
         redeemed 2017-06-11 summer 2017-06-01
         redeemed 2017-06-11 other
         redeemed 2016-12-31 old 2016-12-31
         redeemed 2018-01-02 autumn 2017-09-01
         = campaigns_received_364d 3
         = campaign_response_rate_364d 0.6666666666666666
         = coupons_redeemed_364d 3
         = coupons_redeemed_91d 0
         = days_since_last_redemption 203
         = mean_days_to_redeem_364d 7
         = campaigns_since_last_response 1
         = retailer_coupon_savings_364d 0.50
         = supplier_coupon_savings_364d 0.25
         = savings_364d 1.25
         = coupon_receipt_share_364d 0.6666666666666666
         = anna.campaigns_since_last_response 0",
    );
    check(
        "no answer yet",
        "invited spring 2017-03-01\n invited old 2016-03-01\n = campaigns_since_last_response 2\n = campaign_response_rate_364d 0\n = mean_days_to_redeem_364d null\n = days_since_last_redemption null",
    );
}

#[test]
fn places_channels_and_answers() {
    check(
        "hours and channels",
        "2017-12-04T05:59 r1 milk 1 1 channel=online
         2017-12-05T06:00 r2 milk 1 1 channel=till
         2017-12-06T10:59 r3 milk 1 1
         2017-12-07T11:00 r4 milk 1 1
         2017-12-08T17:59 r5 milk 1 1
         2017-12-09T21:59 r6 milk 1 1
         2017-12-10T22:00 r7 milk 1 2
         = visit_share_night_364d 0.2857142857142857
         = visit_share_morning_364d 0.2857142857142857
         = visit_share_midday_364d 0.14285714285714285
         = visit_share_afternoon_364d 0.14285714285714285
         = visit_share_evening_364d 0.14285714285714285
         = visit_share_mon_364d 0.14285714285714285
         = weekend_spend_share_364d 0.375
         = online_spend_share_364d 0.125",
    );
    check("no channel", "2017-12-04 r1 milk 1 1\n = online_spend_share_364d null");
    check(
        "a channel, not online",
        "2017-12-04 r1 milk 1 1 channel=till\n = online_spend_share_364d 0",
    );
    check(
        "what was declared",
        "2017-12-04 r1 milk 1 1\n declares gender female\n declares kids_count 2\n declares region south\n = gender female\n = kids_count 2\n = region_id south\n = age_band null\n = age_years null\n = consent_marketing null",
    );
}
