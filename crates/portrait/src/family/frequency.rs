//! How often the customer comes.

use crate::registry::{Parameter, parameter};
use crate::value::Kind::Int;
use crate::value::count;
use crate::window::YEAR;

const EMPTY: &str = "0 over nothing";

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "visits_7d",
        ["Receipts in 7 days", "Чеков за 7 дней"],
        Int,
        "receipts",
        "#receipts(S(7))",
        EMPTY,
        |f| f.walk.visits(0, 7).into(),
    ),
    parameter(
        "visits_28d",
        ["Receipts in 28 days", "Чеков за 28 дней"],
        Int,
        "receipts",
        "#receipts(S(28))",
        EMPTY,
        |f| f.walk.visits(0, 28).into(),
    ),
    parameter(
        "visits_91d",
        ["Receipts in 91 days", "Чеков за 91 день"],
        Int,
        "receipts",
        "#receipts(S(91))",
        EMPTY,
        |f| f.walk.visits(0, 91).into(),
    ),
    parameter(
        "visits_364d",
        ["Receipts in 364 days", "Чеков за 364 дня"],
        Int,
        "receipts",
        "#receipts(S(364))",
        EMPTY,
        |f| f.walk.visits(0, YEAR).into(),
    ),
    parameter(
        "visits_all",
        ["Receipts of all time", "Чеков за всё время"],
        Int,
        "receipts",
        "#receipts(S)",
        EMPTY,
        |f| count(f.walk.visits.len()),
    ),
    parameter(
        "visits_prev_28d",
        ["Receipts in the 28 days before the last 28", "Чеков за 28 дней перед последними 28"],
        Int,
        "receipts",
        "#receipts(S(56,28))",
        EMPTY,
        |f| f.walk.visits(28, 56).into(),
    ),
    parameter(
        "visits_prev_91d",
        ["Receipts in the 91 days before the last 91", "Чеков за 91 день перед последними 91"],
        Int,
        "receipts",
        "#receipts(S(182,91))",
        EMPTY,
        |f| f.walk.visits(91, 182).into(),
    ),
    parameter(
        "purchase_days_364d",
        ["Days with a purchase in 364 days", "Дней с покупкой за 364 дня"],
        Int,
        "days",
        "#days(S(364))",
        EMPTY,
        |f| count(f.walk.days_364d().len()),
    ),
    parameter(
        "lines_364d",
        ["Lines of merchandise in 364 days", "Товарных позиций за 364 дня"],
        Int,
        "lines",
        "#lines(M(364))",
        EMPTY,
        |f| f.walk.lines(0, YEAR).0.into(),
    ),
];
