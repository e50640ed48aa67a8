//! Feeds beside receipts.

use crate::{problems, read};

const PRODUCTS: &str = "
    [products]
    files = 'p.csv'
    [products.fields]
    id = 'id'
    name = 'name'
    department = 'dep'
    category = 'cat'
    private_label = { column = 'brand', is = ['Private'] }
    merchandise = { all = [{ column = 'cat', present = true, is_not = ['MISC'] }, { not = { column = 'dep', is = ['FUEL'] } }] }
    offerable = { any = [{ column = 'dep', is = ['GROCERY'] }, { column = 'cat', starts_with = ['PET'] }] }
    service = false
    [products.fields.tags]
    fuel = { column = 'dep', is = ['FUEL'] }
    pet = { column = 'cat', starts_with = ['PET', 'DOG'] }
    plain = { column = 'cat', present = false }";

#[test]
fn products_get_flags_and_tags_by_rules() {
    let check = |row: &str, expected: &str| {
        let text = format!("id,name,dep,cat,brand\n{row}\n");
        let feed = read(PRODUCTS, &[("p.csv", text.as_bytes())]);
        let p = &feed.batch.products[0];
        let mut words = vec![p.id.0.as_str()];
        words.extend(p.private_label.then_some("private"));
        words.extend(p.merchandise.then_some("merchandise"));
        words.extend(p.offerable.then_some("offerable"));
        words.extend(p.tags.iter().map(String::as_str));
        assert_eq!(words.join(" "), expected, "{row}");
    };
    check("1,Milk,GROCERY,DAIRY,Private", "1 private merchandise offerable");
    check("1,Milk,GROCERY,,National", "1 offerable plain");
    check("1,Gas,FUEL,GAS,National", "1 fuel");
    check("1,Bowl,HOME,PET CARE,National", "1 merchandise offerable pet");
    check("1,Coupon,GROCERY,MISC,National", "1 offerable");
}

#[test]
fn every_feed_has_its_rows_and_its_problems() {
    let check = |feed: &str, fields: &str, text: &str, expected: &str| {
        let fields = fields.replace(", ", "\n");
        let mapping = format!("[{feed}]\nfiles = 'f.csv'\n[{feed}.fields]\n{fields}");
        let feed = read(&mapping, &[("f.csv", text.as_bytes())]);
        let b = &feed.batch;
        let rows = format!(
            "{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}",
            b.products,
            b.shops,
            b.customers,
            b.campaigns,
            b.invitations,
            b.coupons,
            b.redemptions,
            b.costs,
            b.prices,
            b.assortment,
            b.stock
        );
        let mut shown = rows.replace("[]", "").replace('"', "");
        shown.push_str(&problems(&feed).join(" "));
        assert_eq!(shown, expected, "{text}");
    };
    check(
        "shops",
        "id = 'a', name = 'b', region = 'c'",
        "a,b,c\n1,Центр,77\n,x,y",
        "[Shop { id: ShopId(1), name: Some(Центр), name_en: None, region: Some(77) }]!3 missing id",
    );
    check(
        "customers",
        "id = 'a', attributes.age_band = 'b'",
        "a,b\n1,19-24\n2,8 916 123 45 67\n3,",
        "[Customer { id: CustomerId(1), household: None, attributes: {age_band: 19-24} }, \
         Customer { id: CustomerId(3), household: None, attributes: {} }]!3 personal-data attributes.age_band 8***67",
    );
    check(
        "campaigns",
        "id = 'a', start = 'b', end = 'c'",
        "a,b,c\n1,2017-01-01,2017-02-01\n2,2017-02-01,2017-01-01",
        "[Campaign { id: CampaignId(1), kind: None, start: Day(17167), end: Day(17198) }]!3 date end 2017-01-01",
    );
    check(
        "invitations",
        "campaign = 'a', customer = 'b'",
        "a,b\n1,ann\n1,ann\n1,",
        "[Invitation { campaign: CampaignId(1), customer: CustomerId(ann) }]!4 missing customer",
    );
    check(
        "coupons",
        "id = 'a', campaign = 'b', product = 'c'",
        "a,b,c\nx,1,milk",
        "[Coupon { id: CouponId(x), campaign: CampaignId(1), product: ProductId(milk) }]",
    );
    check(
        "redemptions",
        "coupon = 'a', customer = 'b', campaign = 'c', day = 'd'",
        "a,b,c,d\nx,ann,1,31.12.2017\nx,a@b.ru,1,31.12.2017",
        "[Redemption { coupon: CouponId(x), customer: CustomerId(ann), campaign: CampaignId(1), day: Day(17531) }]!3 personal-data customer a***@***",
    );
    check(
        "costs",
        "product = 'a', from = 'b', cost = 'c'",
        "a,b,c\nmilk,2017-12-31,1.5\nmilk,2017-12-31,-1",
        "[Cost { product: ProductId(milk), from: Day(17531), cost: Money(150) }]!3 number cost -1",
    );
    check(
        "prices",
        "product = 'a', shop = 'd', from = 'b', price = 'c'",
        "a,b,c,d\nmilk,2017-12-31,1.5,\nmilk,,1,",
        "[Price { product: ProductId(milk), shop: None, from: Day(17531), price: Money(150) }]!3 missing from",
    );
    check(
        "assortment",
        "product = 'a', shop = 'b', to = 'c'",
        "a,b,c\nmilk,1,2017-12-31\nmilk,1,x",
        "[Assortment { product: ProductId(milk), shop: ShopId(1), from: None, to: Some(Day(17531)) }]!3 date to x",
    );
    check(
        "stock",
        "product = 'a', shop = 'b', day = 'c', quantity = 'd'",
        "a,b,c,d\nmilk,1,2017-12-31,-1.5\nmilk,1,2017-12-31,",
        "[Stock { product: ProductId(milk), shop: ShopId(1), day: Day(17531), quantity: Quantity(-1500) }]!3 missing quantity",
    );
}

#[test]
fn the_last_row_of_a_product_counts() {
    let text = "id,name,dep,cat,brand\n1,Old,A,B,C\n2,Two,A,B,C\n1,New,A,B,C\n";
    let feed = read(PRODUCTS, &[("p.csv", text.as_bytes())]);
    let names: Vec<_> = feed.batch.products.iter().map(|p| p.name.clone().unwrap()).collect();
    assert_eq!(names, ["New", "Two"]);
    assert_eq!(feed.warnings, ["products: 1 rows repeat an earlier one; the last counts"]);
}

#[test]
fn one_mapping_may_have_several_feeds_of_a_kind() {
    let one = |name: &str| {
        format!(
            "[[receipts]]\nfiles = '{name}'\n[receipts.fields]\nnumber = 'n'\nproduct = 'p'\nat = 't'\nnet = 'net'\n"
        )
    };
    let mapping = one("a.csv") + &one("*.jsonl");
    let files = [
        ("a.csv", b"n,p,t,net\n1,milk,2017-12-31,2\n" as &[u8]),
        ("b.jsonl", b"{\"n\":\"1\",\"p\":\"milk\",\"t\":\"2017-12-31\",\"net\":2}\n{\"n\":\"2\",\"p\":\"milk\",\"t\":\"2017-12-31\",\"net\":2}"),
    ];
    let feed = read(&mapping, &files);
    assert_eq!(crate::shown(&feed), ["1 milk 1000 200", "2 milk 1000 200"]);
    assert_eq!(feed.counts.len(), 1);
    assert_eq!((feed.counts[0].read, feed.counts[0].good, feed.counts[0].bad), (3, 3, 0));
    assert!(feed.warnings[0].contains("1 lines of receipts stand in several files"));
}
