//! Coupons: series of public codes, of codes that nobody can guess, and of one customer's own; what is
//! known of a code when a basket is priced, and the accounts of their uses.
//!
//! Of a code that nobody can guess the database keeps a hash and the last four signs: who reads the
//! database can use none. Whoever made a batch has its codes in the first answer, and nowhere else.

mod code;
mod facts;
mod uses;

use retail::{CouponId, Instant};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Coupon, CouponKind, CouponPromise, CouponSeries, Mark, Secret, Tx};

use crate::cards::customer_named;
use crate::discounts::{is_bound, may_change};
use crate::places::{id_problem, name_problem, refuse_unless, taken, told};
use crate::{Act, FieldProblem, Programme, Refused};

pub(crate) use code::masked;
pub use facts::{CouponsFound, coupon_facts, coupons_of_basket, customer_claims, personal_prices};
pub use uses::open_coupon_accounts;

/// Codes of one batch, at most: they are made in one write, which others wait for.
pub const COUPON_BATCH_MAX: u32 = 10_000;
/// Most uses of a coupon.
const USES_MAX: i64 = 1_000_000_000;
/// Signs of a public code.
const PUBLIC_SIGNS: std::ops::RangeInclusive<usize> = 3..=16;
const ID_BYTES: usize = 10;

/// A series as it is made.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the names say it
pub struct NewCouponSeries {
    pub id: String,
    pub kind: CouponKind,
    pub name_en: String,
    pub name_ru: String,
    /// From when on its coupons count; at once if not said.
    pub starts_at: Option<Instant>,
    /// Before when they count; for ever if not said.
    pub ends_at: Option<Instant>,
    /// How often each code may be used. Of a public code any number if not said, of others once.
    pub uses_max: Option<i64>,
    /// How often one customer may use each code; any number if not said.
    pub customer_uses_max: Option<i64>,
    /// The public code of a generic series.
    pub code: Option<String>,
}

/// A series as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CouponSeriesView {
    pub id: String,
    pub kind: String,
    pub name_en: String,
    pub name_ru: String,
    pub starts_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    pub uses_max: Option<i64>,
    pub customer_uses_max: Option<i64>,
    pub withdrawn_at: Option<Instant>,
    pub withdrawn_by: Option<String>,
    pub created_at: Instant,
    pub created_by: String,
    pub version: i64,
}

/// Codes that were made together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CouponBatch {
    /// Its id within the series.
    pub id: String,
    /// The series.
    pub series: String,
    /// How many.
    pub count: u32,
    /// The codes, shown this once. They are not in the answer that is kept for a request's key: who asks
    /// again because he lost the answer finds nothing here. Nobody has them then, and he makes another
    /// batch.
    #[serde(skip)]
    pub codes: Option<Vec<Secret>>,
}

/// A coupon for one customer.
#[derive(Clone, Debug)]
pub struct NewPersonalCoupon {
    /// Of which series.
    pub series: String,
    /// For whom.
    pub customer: String,
    /// The product it promises something of, if one.
    pub product: Option<String>,
    /// What a unit of it costs, minor units.
    pub price: Option<i64>,
    /// Or how much of its price is taken off, hundredths of a per cent.
    pub discount_bps: Option<i64>,
    /// Within the time of the series.
    pub starts_at: Option<Instant>,
    /// Within the time of the series.
    pub ends_at: Option<Instant>,
}

/// A coupon as it is shown: of a code that is secret only the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CouponView {
    pub id: String,
    pub series: String,
    pub kind: String,
    pub code: Option<String>,
    pub code_end: String,
    pub batch: Option<String>,
    pub customer: Option<String>,
    pub product: Option<String>,
    pub price: Option<i64>,
    pub discount_bps: Option<i64>,
    pub starts_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    /// How many uses are left; nothing is any number.
    pub uses_left: Option<i64>,
    pub withdrawn_at: Option<Instant>,
    pub withdrawn_by: Option<String>,
    pub created_at: Instant,
    pub created_by: String,
    pub version: i64,
}

impl Programme {
    /// Makes a series of coupons; a generic one with its code.
    ///
    /// # Errors
    /// `invalid` with the fields that are wrong; `taken` where the id or the code is.
    pub fn add_coupon_series(
        &self,
        act: &Act,
        new: NewCouponSeries,
    ) -> Result<CouponSeriesView, Refused> {
        may_change(act)?;
        refuse_unless(new.problems())?;
        self.perform(act, move |tx, act| {
            let series = new.series(act);
            if !tx.add_coupon_series(&series)? {
                return Err(taken("series of coupons", &series.id));
            }
            if let Some(public) = new.public_code() {
                let id = CouponId(series.id.clone());
                let coupon = Coupon { code: new.code.clone(), ..coupon(act, id, &series, &public) };
                if tx.add_coupons(&[coupon])? == 0 {
                    return Err(taken("coupon with the code", &public));
                }
            }
            let detail = json!({ "kind": series.kind.as_str() });
            told(tx, act, "coupons.add_series", "coupon_series", &series.id, &detail)?;
            Ok(CouponSeriesView::of(&series))
        })
    }

    /// Series after an id, at most so many.
    ///
    /// # Errors
    /// When the database fails. Who is bound to a part of the programme sees none.
    pub fn coupon_series_after(
        &self,
        act: &Act,
        after: &str,
        most: u32,
    ) -> Result<Vec<CouponSeriesView>, Refused> {
        if is_bound(act) {
            return Ok(Vec::new());
        }
        let series = self.store()?.read(|tx| tx.coupon_series_after(after, most))?;
        Ok(series.iter().map(CouponSeriesView::of).collect())
    }

    /// A series.
    ///
    /// # Errors
    /// `not_found`.
    pub fn coupon_series(&self, act: &Act, id: &str) -> Result<CouponSeriesView, Refused> {
        self.store()?.read(|tx| Ok(CouponSeriesView::of(&series_of(tx, act, id)?)))
    }

    /// Withdraws a series: none of its coupons is good any more. Twice changes nothing.
    ///
    /// # Errors
    /// `not_found`.
    pub fn withdraw_coupon_series(&self, act: &Act, id: &str) -> Result<CouponSeriesView, Refused> {
        may_change(act)?;
        let id = id.to_owned();
        self.perform(act, move |tx, act| {
            series_of(tx, act, &id)?;
            if tx.withdraw_coupon_series(&id, &mark(act))? {
                told(tx, act, "coupons.withdraw_series", "coupon_series", &id, &json!({}))?;
            }
            Ok(CouponSeriesView::of(&series_of(tx, act, &id)?))
        })
    }

    /// Makes so many codes of a series. They are in the first answer only.
    ///
    /// # Errors
    /// `not_found`; `kind` where the series is not of unique codes; `withdrawn`; `taken` where there is
    /// such a batch; `invalid`.
    pub fn make_coupons(
        &self,
        act: &Act,
        series: &str,
        batch: &str,
        count: u32,
    ) -> Result<CouponBatch, Refused> {
        may_change(act)?;
        let wrong = (!(1..=COUPON_BATCH_MAX).contains(&count)).then(|| FieldProblem {
            pointer: "/count".to_owned(),
            code: "count",
            detail: format!("must be 1 to {COUPON_BATCH_MAX}"),
        });
        refuse_unless(id_problem("/id", batch).into_iter().chain(wrong))?;
        let mut codes = Vec::with_capacity(count as usize);
        for _ in 0..count {
            codes.push((fresh_id()?, Secret::new(code::fresh()?)));
        }
        let (series, batch) = (series.to_owned(), batch.to_owned());
        self.perform(act, move |tx, act| {
            let series = good_series(tx, act, &series, CouponKind::Unique)?;
            if tx.coupons_of_batch(&series.id, &batch)? > 0 {
                return Err(taken("batch", &batch));
            }
            let made: Vec<Coupon> = codes
                .iter()
                .map(|(id, code)| Coupon {
                    batch: Some(batch.clone()),
                    ..coupon(act, id.clone(), &series, code.expose())
                })
                .collect();
            if tx.add_coupons(&made)? != u64::from(count) {
                // Two equal codes of 80 random bits: the system's numbers are not random.
                let why = "the system's random numbers repeat".to_owned();
                return Err(Refused::Broken { why });
            }
            let object = format!("{}/{batch}", series.id);
            told(tx, act, "coupons.make", "coupon_batch", &object, &json!({ "count": count }))?;
            let codes = codes.iter().map(|(_, code)| code.clone()).collect();
            Ok(CouponBatch { id: batch.clone(), series: series.id, count, codes: Some(codes) })
        })
    }

    /// Gives one customer a coupon of a personal series.
    ///
    /// # Errors
    /// `not_found`; `kind` where the series is of another kind; `withdrawn`; `invalid`.
    pub fn give_coupon(&self, act: &Act, new: NewPersonalCoupon) -> Result<CouponView, Refused> {
        may_change(act)?;
        let customer = customer_named(&new.customer)?;
        refuse_unless(new.problems())?;
        let (id, code) = (fresh_id()?, code::fresh()?);
        self.perform(act, move |tx, act| {
            let series = good_series(tx, act, &new.series, CouponKind::Personal)?;
            let coupon = Coupon {
                // It is good for nobody else, and he must be able to read it.
                code: Some(code.clone()),
                customer: Some(customer.clone()),
                promise: new.product.clone().map(|product| CouponPromise {
                    product,
                    price: new.price,
                    discount_bps: new.discount_bps,
                }),
                starts_at: new.starts_at,
                ends_at: new.ends_at,
                ..coupon(act, id.clone(), &series, &code)
            };
            tx.add_coupons(std::slice::from_ref(&coupon))?;
            told(tx, act, "coupons.give", "coupon", &coupon.id.0, &json!({ "series": series.id }))?;
            CouponView::of(tx, &coupon, &series)
        })
    }

    /// Coupons of a series after an id, at most so many.
    ///
    /// # Errors
    /// `not_found`.
    pub fn coupons_after(
        &self,
        act: &Act,
        series: &str,
        after: &str,
        most: u32,
    ) -> Result<Vec<CouponView>, Refused> {
        self.store()?.read(|tx| {
            let series = series_of(tx, act, series)?;
            let coupons = tx.coupons_of_series(&series.id, after, most)?;
            coupons.iter().map(|coupon| CouponView::of(tx, coupon, &series)).collect()
        })
    }

    /// A coupon by its code or id.
    ///
    /// # Errors
    /// `not_found`, whatever is wrong with the code.
    pub fn coupon(&self, act: &Act, named: &str) -> Result<CouponView, Refused> {
        self.store()?.read(|tx| {
            let coupon = coupon_named(tx, act, named)?;
            let series = series_of(tx, act, &coupon.series)?;
            CouponView::of(tx, &coupon, &series)
        })
    }

    /// Withdraws a coupon by its code or id. Twice changes nothing.
    ///
    /// # Errors
    /// `not_found`.
    pub fn withdraw_coupon(&self, act: &Act, named: &str) -> Result<CouponView, Refused> {
        may_change(act)?;
        let named = named.to_owned();
        self.perform(act, move |tx, act| {
            let coupon = coupon_named(tx, act, &named)?;
            if tx.withdraw_coupon(&coupon.id, &mark(act))? {
                told(tx, act, "coupons.withdraw", "coupon", &coupon.id.0, &json!({}))?;
            }
            let coupon = coupon_named(tx, act, &coupon.id.0)?;
            let series = series_of(tx, act, &coupon.series)?;
            CouponView::of(tx, &coupon, &series)
        })
    }
}

fn mark(act: &Act) -> Mark {
    Mark { at: act.at, by: act.actor.clone() }
}

fn fresh_id() -> Result<CouponId, Refused> {
    let mut random = [0; ID_BYTES];
    getrandom::fill(&mut random).map_err(|error| Refused::Broken {
        why: format!("the system gives no random numbers: {error}"),
    })?;
    Ok(CouponId(random.iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// A coupon that has only its code yet.
fn coupon(act: &Act, id: CouponId, series: &CouponSeries, printed: &str) -> Coupon {
    let code = code::understood(printed).unwrap_or_default();
    Coupon {
        id,
        series: series.id.clone(),
        code_sha256: code::sha256(&code),
        code_end: code::end(&code),
        code: None,
        batch: None,
        customer: None,
        promise: None,
        starts_at: None,
        ends_at: None,
        withdrawn: None,
        created: mark(act),
        version: 1,
    }
}

fn series_of(tx: &mut Tx<'_>, act: &Act, id: &str) -> Result<CouponSeries, Refused> {
    let found = tx.coupon_series(id)?.filter(|_| !is_bound(act));
    found.ok_or_else(|| Refused::NotFound { kind: "series of coupons", id: id.to_owned() })
}

fn good_series(
    tx: &mut Tx<'_>,
    act: &Act,
    id: &str,
    kind: CouponKind,
) -> Result<CouponSeries, Refused> {
    let series = series_of(tx, act, id)?;
    if series.kind != kind {
        let why = format!("the series {id} is {}, not {}", series.kind.as_str(), kind.as_str());
        return Err(Refused::Conflict { code: "kind", why });
    }
    if series.withdrawn.is_some() {
        let why = format!("the series {id} was withdrawn");
        return Err(Refused::Conflict { code: "withdrawn", why });
    }
    Ok(series)
}

fn coupon_named(tx: &mut Tx<'_>, act: &Act, named: &str) -> Result<Coupon, Refused> {
    let mut found = facts::of_code(tx, named)?;
    if found.is_none() {
        found = tx.coupon(&CouponId(named.to_owned()))?;
    }
    // What was asked for may be a code that nobody else should read.
    let none = || Refused::NotFound { kind: "coupon", id: String::new() };
    found.filter(|_| !is_bound(act)).ok_or_else(none)
}

fn problem(pointer: &str, code: &'static str, detail: impl Into<String>) -> FieldProblem {
    FieldProblem { pointer: pointer.to_owned(), code, detail: detail.into() }
}

/// A time that ends before it begins.
fn time_problem(starts: Option<Instant>, ends: Option<Instant>) -> Option<FieldProblem> {
    let never = starts.zip(ends).is_some_and(|(starts, ends)| starts >= ends);
    never.then(|| problem("/ends_at", "never", "ends before it begins"))
}

impl NewCouponSeries {
    fn problems(&self) -> Vec<FieldProblem> {
        let uses = |pointer: &str, uses: Option<i64>| {
            let wrong = uses.is_some_and(|uses| !(1..=USES_MAX).contains(&uses));
            wrong.then(|| problem(pointer, "range", format!("must be 1 to {USES_MAX}")))
        };
        let code = match (self.kind, &self.code) {
            (CouponKind::Generic, None) => {
                Some(problem("/code", "missing", "a generic series has one public code"))
            }
            (CouponKind::Generic, Some(_)) => self.public_code().is_none().then(|| {
                let detail = "must have 3 to 16 letters and digits, dashes and spaces aside";
                problem("/code", "coupon_code", detail)
            }),
            (_, Some(_)) => {
                Some(problem("/code", "unexpected", "only a generic series has a public code"))
            }
            (_, None) => None,
        };
        [
            id_problem("/id", &self.id),
            name_problem("/name_en", &self.name_en),
            name_problem("/name_ru", &self.name_ru),
            time_problem(self.starts_at, self.ends_at),
            uses("/uses_max", self.uses_max),
            uses("/customer_uses_max", self.customer_uses_max),
            code,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The public code as it is looked for; nothing where it is none. It is shorter than those that
    /// nobody can guess, so that one is never taken for the other.
    fn public_code(&self) -> Option<String> {
        let code = code::understood(self.code.as_deref()?)?;
        let fits =
            PUBLIC_SIGNS.contains(&code.chars().count()) && code.chars().all(char::is_alphanumeric);
        fits.then_some(code)
    }

    fn series(&self, act: &Act) -> CouponSeries {
        let once = (self.kind != CouponKind::Generic).then_some(1);
        CouponSeries {
            id: self.id.clone(),
            kind: self.kind,
            name_en: self.name_en.clone(),
            name_ru: self.name_ru.clone(),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            uses_max: self.uses_max.or(once),
            customer_uses_max: self.customer_uses_max,
            withdrawn: None,
            created: mark(act),
            version: 1,
        }
    }
}

impl NewPersonalCoupon {
    fn problems(&self) -> Vec<FieldProblem> {
        let promise = match (&self.product, self.price, self.discount_bps) {
            (None, None, None) => None,
            (None, ..) => Some(problem("/product", "missing", "what is promised is of a product")),
            (Some(product), ..) if product.is_empty() || product.chars().count() > 200 => {
                Some(problem("/product", "product", "must be a text of 1 to 200 characters"))
            }
            (Some(_), Some(price), None) => {
                (!(0..=pricing::AMOUNT_MAX).contains(&price)).then(|| {
                    problem("/price", "range", format!("must be 0 to {}", pricing::AMOUNT_MAX))
                })
            }
            (Some(_), None, Some(bps)) => (!(1..=10_000).contains(&bps))
                .then(|| problem("/discount_bps", "range", "must be 1 to 10000")),
            (Some(_), ..) => {
                Some(problem("", "one_of", "promises a price or a share off, one of the two"))
            }
        };
        promise.into_iter().chain(time_problem(self.starts_at, self.ends_at)).collect()
    }
}

impl CouponSeriesView {
    fn of(series: &CouponSeries) -> Self {
        let withdrawn = series.withdrawn.clone();
        Self {
            id: series.id.clone(),
            kind: series.kind.as_str().to_owned(),
            name_en: series.name_en.clone(),
            name_ru: series.name_ru.clone(),
            starts_at: series.starts_at,
            ends_at: series.ends_at,
            uses_max: series.uses_max,
            customer_uses_max: series.customer_uses_max,
            withdrawn_at: withdrawn.as_ref().map(|mark| mark.at),
            withdrawn_by: withdrawn.map(|mark| mark.by),
            created_at: series.created.at,
            created_by: series.created.by.clone(),
            version: series.version,
        }
    }
}

impl CouponView {
    fn of(tx: &mut Tx<'_>, coupon: &Coupon, series: &CouponSeries) -> Result<Self, Refused> {
        let uses_left = match series.uses_max {
            Some(most) => Some(uses::left(tx, &coupon.id, most)?.max(0)),
            None => None,
        };
        let promise = coupon.promise.as_ref();
        let withdrawn = coupon.withdrawn.clone();
        Ok(Self {
            id: coupon.id.0.clone(),
            series: coupon.series.clone(),
            kind: series.kind.as_str().to_owned(),
            code: coupon.code.clone(),
            code_end: coupon.code_end.clone(),
            batch: coupon.batch.clone(),
            customer: coupon.customer.as_ref().map(|customer| customer.0.clone()),
            product: promise.map(|promise| promise.product.clone()),
            price: promise.and_then(|promise| promise.price),
            discount_bps: promise.and_then(|promise| promise.discount_bps),
            starts_at: coupon.starts_at,
            ends_at: coupon.ends_at,
            uses_left,
            withdrawn_at: withdrawn.as_ref().map(|mark| mark.at),
            withdrawn_by: withdrawn.map(|mark| mark.by),
            created_at: coupon.created.at,
            created_by: coupon.created.by.clone(),
            version: coupon.version,
        })
    }
}
