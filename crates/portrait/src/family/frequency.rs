//! How often the customer comes.

use crate::registry::{Parameter, parameter};
use crate::value::Kind::Int;
use crate::value::count;
use crate::window::YEAR;

const EMPTY: &str = "0 over nothing";

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter("visits_7d", Int, "receipts", "#receipts(S(7))", EMPTY, |f| {
        f.walk.visits(0, 7).into()
    }),
    parameter("visits_28d", Int, "receipts", "#receipts(S(28))", EMPTY, |f| {
        f.walk.visits(0, 28).into()
    }),
    parameter("visits_91d", Int, "receipts", "#receipts(S(91))", EMPTY, |f| {
        f.walk.visits(0, 91).into()
    }),
    parameter("visits_364d", Int, "receipts", "#receipts(S(364))", EMPTY, |f| {
        f.walk.visits(0, YEAR).into()
    }),
    parameter("visits_all", Int, "receipts", "#receipts(S)", EMPTY, |f| count(f.walk.visits.len())),
    parameter("visits_prev_28d", Int, "receipts", "#receipts(S(56,28))", EMPTY, |f| {
        f.walk.visits(28, 56).into()
    }),
    parameter("visits_prev_91d", Int, "receipts", "#receipts(S(182,91))", EMPTY, |f| {
        f.walk.visits(91, 182).into()
    }),
    parameter("purchase_days_364d", Int, "days", "#days(S(364))", EMPTY, |f| {
        count(f.walk.days_364d().len())
    }),
    parameter("lines_364d", Int, "lines", "#lines(M(364))", EMPTY, |f| {
        f.walk.lines(0, YEAR).0.into()
    }),
];
