//! One line a case: rules, and what is said of them.

use serde_json::{Value, json};

use super::warnings;

/// (fields of the ruleset, rules, expected). A rule takes 10 % off everything, is called by its place
/// `r0`, `r1` … and has names in both languages, unless its fields say otherwise.
#[rustfmt::skip]
const CASES: &[(&str, &[&str], &[&str])] = &[
    ("{}", &["{}"], &[]),
    // Names.
    ("{}", &[r#"{"name":{"en":"Sale"}}"#], &["/rules/0/name/ru no_text"]),
    ("{}", &[r#"{"then":[{"message":{"to":"till","text":{"ru":"Спасибо"}}}]}"#], &["/rules/0/then/0/message/text/en no_text"]),
    // What nothing bounds.
    ("{}", &[r#"{"then":[{"gift":{"product":"bag","price":100}}]}"#], &["/rules/0/then/0/gift unlimited"]),
    ("{}", &[r#"{"then":[{"gift":{"product":"bag","price":100}}],"limits":{"budget":{"campaign":"c","counts":"uses","amount":9}}}"#], &[]),
    ("{}", &[r#"{"then":[{"gift":{"product":"bag","price":100}}],"limits":{"customer":{"window":"day","uses":1}}}"#], &[]),
    ("{}", &[r#"{"then":[{"percent":{"discount_bps":10000,"on":{"products":["bag"]}}}]}"#], &["/rules/0/then/0/percent unlimited"]),
    ("{}", &[r#"{"then":[{"percent":{"discount_bps":9999}}]}"#], &[]),
    ("{}", &[r#"{"then":[{"points":{"fixed":{"points":500}}}]}"#], &["/rules/0/then/0/points unlimited"]),
    ("{}", &[r#"{"then":[{"points":{"multiplier":{"multiplier_bps":20000}}}]}"#], &["/rules/0/then/0/points unlimited"]),
    ("{}", &[r#"{"then":[{"points":{"multiplier":{"multiplier_bps":5000}}}]}"#], &[]),
    // Conditions that exclude each other.
    ("{}", &[r#"{"when":{"all":[{"card":true},{"card":false}]}}"#], &["/rules/0/when/all/1 never"]),
    ("{}", &[r#"{"when":{"any":[{"card":true},{"card":false}]}}"#], &[]),
    ("{}", &[r#"{"when":{"any":[{"all":[{"card":false},{"card_type":["gold"]}]},{"card":true}]}}"#], &["/rules/0/when/any/0/all/1 never"]),
    ("{}", &[r#"{"when":{"all":[{"all":[{"payment":["cash"]}]},{"payment":["sbp","card"]}]}}"#], &["/rules/0/when/all/1 never"]),
    ("{}", &[r#"{"when":{"all":[{"level":["gold"]},{"level":["gold","silver"]}]}}"#], &[]),
    ("{}", &[r#"{"when":{"all":[{"level":["gold"]},{"not":{"level":["gold"]}}]}}"#], &["/rules/0/when/all/1 never"]),
    ("{}", &[r#"{"when":{"all":[{"receipt":{"amount":{"min":100}}},{"receipt":{"amount":{"max":99}}}]}}"#], &["/rules/0/when/all/1 never"]),
    ("{}", &[r#"{"when":{"all":[{"receipt":{"amount":{"min":100}}},{"receipt":{"amount":{"max":100}}}]}}"#], &[]),
    ("{}", &[r#"{"when":{"all":[{"receipt":{"amount":{"min":100},"base":"original"}},{"receipt":{"amount":{"max":99}}}]}}"#], &[]),
    ("{}", &[r#"{"when":{"all":[{"purchase":{"number":{"max":1}}},{"purchase":{"number":{"min":2}}}]}}"#], &["/rules/0/when/all/1 never"]),
    ("{}", &[r#"{"when":{"all":[{"goods":{"goods":{"brands":["a"]},"quantity":{"min":3000}}},{"goods":{"goods":{"brands":["a"]},"quantity":{"max":2000}}}]}}"#], &["/rules/0/when/all/1 never"]),
    ("{}", &[r#"{"when":{"all":[{"goods":{"goods":{"brands":["a"]},"quantity":{"min":3000}}},{"goods":{"goods":{"brands":["b"]},"quantity":{"max":2000}}}]}}"#], &[]),
    // Times without a moment: 2026-01-05 is a Monday.
    ("{}", &[r#"{"schedule":{"from":"2026-01-05T00:00:00","until":"2026-01-07T00:00:00","weekdays":[3]}}"#], &["/rules/0/schedule never"]),
    ("{}", &[r#"{"schedule":{"from":"2026-01-05T00:00:00","until":"2026-01-07T00:00:01","weekdays":[3]}}"#], &[]),
    ("{}", &[r#"{"schedule":{"from":"2026-01-05T00:00:00","until":"2026-02-05T00:00:00","weekdays":[3]}}"#], &[]),
    ("{}", &[r#"{"schedule":{"from":"2026-01-05T10:00:00","until":"2026-01-05T12:00:00","hours":[{"from":"12:00:00","until":"14:00:00"}]}}"#], &["/rules/0/schedule never"]),
    ("{}", &[r#"{"schedule":{"from":"2026-01-05T10:00:00","until":"2026-01-05T12:00:01","hours":[{"from":"12:00:00","until":"14:00:00"}]}}"#], &[]),
    ("{}", &[r#"{"schedule":{"from":"2026-01-05T01:00:00","until":"2026-01-05T02:00:00","hours":[{"from":"22:00:00","until":"03:00:00"}]}}"#], &[]),
    ("{}", &[r#"{"schedule":{"from":"2026-01-05T03:00:00","until":"2026-01-05T22:00:00","hours":[{"from":"22:00:00","until":"03:00:00"}]}}"#], &["/rules/0/schedule never"]),
    // Rules that wait for later ones.
    ("{}", &[r#"{"when":{"applied":["r1"]},"priority":5}"#, "{}"], &["/rules/0/when/applied never"]),
    ("{}", &[r#"{"when":{"applied":["r1"]}}"#, r#"{"priority":5}"#], &[]),
    ("{}", &[r#"{"when":{"applied":["r0"]}}"#], &["/rules/0/when/applied never"]),
    ("{}", &[r#"{"when":{"applied":["r1","r2"]},"priority":1}"#, "{}", r#"{"priority":2}"#], &[]),
    // Shadows.
    ("{}", &[r#"{"exclusive":true,"priority":9}"#, "{}"], &["/rules/1 shadowed"]),
    ("{}", &[r#"{"exclusive":true,"priority":9}"#, r#"{"exclusive":true}"#, "{}"], &["/rules/1 shadowed", "/rules/2 shadowed"]),
    ("{}", &[r#"{"exclusive":true,"when":{"card":true}}"#, "{}"], &[]),
    ("{}", &[r#"{"exclusive":true,"schedule":{"weekdays":[1]}}"#, "{}"], &[]),
    ("{}", &[r#"{"exclusive":true,"scope":{"shops":["s1"]}}"#, "{}"], &[]),
    ("{}", &[r#"{"exclusive":true,"limits":{"customer":{"window":"day","uses":1}}}"#, "{}"], &[]),
    ("{}", &[r#"{"exclusive":true,"then":[{"percent":{"discount_bps":1000,"on":{"brands":["a"]}}}]}"#, "{}"], &[]),
    (r#"{"settings":{"exclusive":"best"}}"#, &[r#"{"exclusive":true}"#, "{}"], &[]),
    (r#"{"groups":[{"id":"g","mode":"first"}]}"#, &[r#"{"group":"g","priority":2}"#, r#"{"group":"g","priority":1}"#], &["/rules/1 shadowed"]),
    (r#"{"groups":[{"id":"g","mode":"best"}]}"#, &[r#"{"group":"g","priority":2}"#, r#"{"group":"g","priority":1}"#], &[]),
    // Overlaps.
    (r#"{"groups":[{"id":"g","mode":"best"}]}"#, &[r#"{"group":"g"}"#, r#"{"group":"g"}"#], &["/rules/1 overlap"]),
    (r#"{"groups":[{"id":"g","mode":"best"}]}"#, &[r#"{"group":"g"}"#, r#"{"group":"g","priority":1}"#], &[]),
    (r#"{"groups":[{"id":"g","mode":"best"}]}"#, &[r#"{"group":"g","then":[{"percent":{"discount_bps":1000,"on":{"brands":["a","b"]}}}]}"#, r#"{"group":"g","then":[{"fixed":{"amount":9,"per":"unit","on":{"brands":["b","c"]}}}]}"#], &["/rules/1 overlap"]),
    (r#"{"groups":[{"id":"g","mode":"best"}]}"#, &[r#"{"group":"g","then":[{"percent":{"discount_bps":1000,"on":{"brands":["a"]}}}]}"#, r#"{"group":"g","then":[{"percent":{"discount_bps":1000,"on":{"brands":["b"]}}}]}"#], &[]),
    (r#"{"groups":[{"id":"g","mode":"best"}]}"#, &[r#"{"group":"g","scope":{"shops":["s1"]}}"#, r#"{"group":"g","scope":{"shops":["s2"]}}"#], &[]),
    (r#"{"groups":[{"id":"g","mode":"best"}]}"#, &[r#"{"group":"g","schedule":{"weekdays":[1,2]}}"#, r#"{"group":"g","schedule":{"weekdays":[3]}}"#], &[]),
    (r#"{"groups":[{"id":"g","mode":"best"}]}"#, &[r#"{"group":"g","schedule":{"until":"2026-01-05T00:00:00"}}"#, r#"{"group":"g","schedule":{"from":"2026-01-05T00:00:00"}}"#], &[]),
    (r#"{"groups":[{"id":"g","mode":"best"}]}"#, &[r#"{"group":"g","schedule":{"hours":[{"from":"09:00:00","until":"12:00:00"}]}}"#, r#"{"group":"g","schedule":{"hours":[{"from":"12:00:00","until":"15:00:00"}]}}"#], &[]),
    (r#"{"groups":[{"id":"g","mode":"best"}]}"#, &[r#"{"group":"g","when":{"level":["gold"]}}"#, r#"{"group":"g","when":{"level":["silver"]}}"#], &[]),
    // Together more than half.
    ("{}", &[r#"{"then":[{"percent":{"discount_bps":3000}}]}"#, r#"{"then":[{"percent":{"discount_bps":3000}}]}"#], &["/rules/1 stacking"]),
    ("{}", &[r#"{"then":[{"percent":{"discount_bps":3000}}]}"#, r#"{"then":[{"percent":{"discount_bps":2500}}]}"#], &[]),
    (r#"{"settings":{"percent_base":"original"}}"#, &[r#"{"then":[{"percent":{"discount_bps":3000}}]}"#, r#"{"then":[{"percent":{"discount_bps":2500}}]}"#], &["/rules/1 stacking"]),
    (r#"{"caps":{"unit_discount_bps_max":5000}}"#, &[r#"{"then":[{"percent":{"discount_bps":3000}}]}"#, r#"{"then":[{"percent":{"discount_bps":3000}}]}"#], &[]),
    (r#"{"groups":[{"id":"g","mode":"best"}]}"#, &[r#"{"group":"g","priority":1,"then":[{"percent":{"discount_bps":3000}}]}"#, r#"{"group":"g","then":[{"percent":{"discount_bps":3000}}]}"#], &[]),
    (r#"{"groups":[{"id":"g","mode":"all"}]}"#, &[r#"{"group":"g","priority":1,"then":[{"percent":{"discount_bps":3000}}]}"#, r#"{"group":"g","then":[{"percent":{"discount_bps":3000}}]}"#], &["/rules/1 stacking"]),
    ("{}", &[r#"{"then":[{"percent":{"discount_bps":3000}}]}"#, r#"{"then":[{"percent":{"discount_bps":3000}}],"limits":{"line_discount_max":100}}"#], &[]),
    ("{}", &[r#"{"then":[{"percent":{"discount_bps":3000}}],"stacks":["a"]}"#, r#"{"then":[{"percent":{"discount_bps":3000}}],"stacks":["b"]}"#], &[]),
    ("{}", &[r#"{"then":[{"percent":{"discount_bps":3000}}]}"#, r#"{"then":[{"percent":{"discount_bps":3000,"on":{"brands":["a"]}}}]}"#], &["/rules/1 stacking"]),
    ("{}", &[r#"{"then":[{"percent":{"discount_bps":3000,"on":{"brands":["b"]}}}]}"#, r#"{"then":[{"percent":{"discount_bps":3000,"on":{"brands":["a"]}}}]}"#], &[]),
    ("{}", &[r#"{"then":[{"percent":{"discount_bps":3000,"on":{"categories":["c"],"except":{"categories":["c"]}}}}]}"#, r#"{"then":[{"percent":{"discount_bps":3000,"on":{"categories":["c"]}}}]}"#], &[]),
    ("{}", &[r#"{"then":[{"percent":{"discount_bps":3000}}]}"#, r#"{"then":[{"tiers":{"by":"amount","tiers":[{"from":0,"discount_bps":100},{"from":9,"discount_bps":4000}]}}]}"#], &["/rules/1 stacking"]),
    ("{}", &[r#"{"then":[{"percent":{"discount_bps":6000}}]}"#], &[]),
    // Money does not bound points.
    ("{}", &[r#"{"then":[{"percent":{"discount_bps":100}},{"points":{"fixed":{"points":5}}}],"limits":{"budget":{"campaign":"c","counts":"discount","amount":9}}}"#], &["/rules/0/then/1/points unlimited"]),
    ("{}", &[r#"{"then":[{"points":{"fixed":{"points":5}}}],"limits":{"budget":{"campaign":"c","counts":"uses","amount":9}}}"#], &[]),
    // What the programme does not know yet.
    ("{}", &[r#"{"schedule":{"birthday":{"days_before":1,"days_after":1}}}"#], &["/rules/0/schedule/birthday not_known_yet"]),
    ("{}", &[r#"{"then":[{"percent":{"discount_bps":1000,"on":{"favourite":true}}}]}"#], &["/rules/0 not_known_yet"]),
    ("{}", &[r#"{"when":{"goods":{"goods":{"favourite":true}}}}"#], &["/rules/0 not_known_yet"]),
    // What no rule names, and budgets that differ.
    (r#"{"groups":[{"id":"g","mode":"all"}],"segments":{"a/b":"x","used":"y"}}"#, &[r#"{"when":{"not":{"segment":"used"}}}"#], &["/groups/0 unused", "/segments/a~1b unused"]),
    ("{}", &[r#"{"limits":{"budget":{"campaign":"c","counts":"uses","amount":9}}}"#, r#"{"limits":{"budget":{"campaign":"c","counts":"uses","amount":8}}}"#], &["/rules/1/limits/budget/amount budget_differs"]),
    ("{}", &[r#"{"limits":{"budget":{"campaign":"c","counts":"uses","amount":9}}}"#, r#"{"limits":{"budget":{"campaign":"c","counts":"discount","amount":8}}}"#], &[]),
];

fn merged(into: &mut Value, fields: &str) {
    let fields: Value = serde_json::from_str(fields).unwrap();
    for (name, value) in fields.as_object().unwrap() {
        into[name] = value.clone();
    }
}

#[test]
fn what_looks_like_a_mistake_is_told() {
    for (fields, rules, expected) in CASES {
        let mut ruleset = json!({
            "currency": "RUB", "regulated": { "profile": "none", "confirmed": true }, "rules": [],
        });
        merged(&mut ruleset, fields);
        for (at, fields) in rules.iter().enumerate() {
            let mut rule = json!({
                "id": format!("r{at}"), "name": { "ru": "Скидка", "en": "Sale" },
                "then": [{ "percent": { "discount_bps": 1000 } }],
            });
            merged(&mut rule, fields);
            ruleset["rules"].as_array_mut().unwrap().push(rule);
        }
        let ruleset = serde_json::from_value(ruleset).unwrap();
        assert_eq!(crate::problems(&ruleset), [], "{rules:?} can be published");
        let told: Vec<String> = warnings(&ruleset)
            .into_iter()
            .map(|warning| format!("{} {}", warning.pointer, warning.code))
            .collect();
        assert_eq!(told, *expected, "{fields} {rules:?}");
    }
}
