//! Coupons: series, and codes by their hash.

use retail::{CouponId, CustomerId, Instant};

use crate::discount::{Mark, mark};
use crate::statement::{Row, Statement, Value, sql};
use crate::{DbError, Tx};

static SERIES_ADD: Statement = sql!("coupon_series/add");
static SERIES_READ: Statement = sql!("coupon_series/read");
static SERIES_LIST: Statement = sql!("coupon_series/list");
static SERIES_WITHDRAW: Statement = sql!("coupon_series/withdraw");
static ADD: Statement = sql!("coupon/add");
static READ: Statement = sql!("coupon/read");
static OF_CODE: Statement = sql!("coupon/of_code");
static OF_CUSTOMER: Statement = sql!("coupon/of_customer");
static OF_SERIES: Statement = sql!("coupon/of_series");
static OF_BATCH: Statement = sql!("coupon/of_batch");
static WITHDRAW: Statement = sql!("coupon/withdraw");

/// What coupons of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CouponKind {
    /// One public code for everybody.
    Generic,
    /// Codes that nobody can guess, for whoever has one.
    Unique,
    /// For one customer each.
    Personal,
}

/// Coupons that rules name together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub struct CouponSeries {
    pub id: String,
    pub kind: CouponKind,
    pub name_en: String,
    pub name_ru: String,
    /// From when on, and before when, its coupons count.
    pub starts_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    /// How often each code may be used; nothing is any number.
    pub uses_max: Option<i64>,
    /// How often one customer may use each code.
    pub customer_uses_max: Option<i64>,
    pub withdrawn: Option<Mark>,
    pub created: Mark,
    pub version: i64,
}

/// One coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Coupon {
    pub id: CouponId,
    pub series: String,
    pub code_sha256: String,
    /// The last characters of its code.
    pub code_end: String,
    /// Its code, where that is no secret.
    pub code: Option<String>,
    /// The batch it was made in.
    pub batch: Option<String>,
    /// Whose it is, if one customer's alone.
    pub customer: Option<CustomerId>,
    pub promise: Option<CouponPromise>,
    /// Within the time of its series.
    pub starts_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    pub withdrawn: Option<Mark>,
    pub created: Mark,
    pub version: i64,
}

/// What a coupon promises of one product; either of the two is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CouponPromise {
    /// Which product.
    pub product: String,
    /// What a unit costs, minor units.
    pub price: Option<i64>,
    /// Or how much of its price is taken off, hundredths of a per cent.
    pub discount_bps: Option<i64>,
}

impl CouponKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Generic, Self::Unique, Self::Personal];

    /// Its name in the database and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Unique => "unique",
            Self::Personal => "personal",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Tx<'_> {
    /// Adds a series; whether its id was free.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn add_coupon_series(&mut self, series: &CouponSeries) -> Result<bool, DbError> {
        let params = [
            ("id", (&series.id).into()),
            ("kind", series.kind.as_str().into()),
            ("name_en", (&series.name_en).into()),
            ("name_ru", (&series.name_ru).into()),
            ("starts_at", series.starts_at.map(|at| at.0).into()),
            ("ends_at", series.ends_at.map(|at| at.0).into()),
            ("uses_max", series.uses_max.into()),
            ("customer_uses_max", series.customer_uses_max.into()),
            ("at", series.created.at.0.into()),
            ("by", (&series.created.by).into()),
        ];
        Ok(self.execute(&SERIES_ADD, &params)? == 1)
    }

    /// A series.
    ///
    /// # Errors
    /// As [`Tx::add_coupon_series`].
    pub fn coupon_series(&mut self, id: &str) -> Result<Option<CouponSeries>, DbError> {
        self.row(&SERIES_READ, &[("id", id.into())], series)
    }

    /// Series after an id, at most so many.
    ///
    /// # Errors
    /// As [`Tx::add_coupon_series`].
    pub fn coupon_series_after(
        &mut self,
        after: &str,
        most: u32,
    ) -> Result<Vec<CouponSeries>, DbError> {
        let params = [("after", after.into()), ("most", i64::from(most).into())];
        self.rows(&SERIES_LIST, &params, series)
    }

    /// Withdraws a series; whether it counted until now.
    ///
    /// # Errors
    /// As [`Tx::add_coupon_series`].
    pub fn withdraw_coupon_series(&mut self, id: &str, mark: &Mark) -> Result<bool, DbError> {
        let params = [("id", id.into()), ("at", mark.at.0.into()), ("by", (&mark.by).into())];
        Ok(self.execute(&SERIES_WITHDRAW, &params)? == 1)
    }

    /// Adds coupons; how many of their codes were free.
    ///
    /// # Errors
    /// As [`Tx::add_coupon_series`].
    pub fn add_coupons(&mut self, coupons: &[Coupon]) -> Result<u64, DbError> {
        let rows: Vec<[(&str, Value<'_>); 14]> = coupons.iter().map(params).collect();
        self.execute_each(&ADD, &rows)
    }

    /// A coupon by its id.
    ///
    /// # Errors
    /// As [`Tx::add_coupon_series`].
    pub fn coupon(&mut self, id: &CouponId) -> Result<Option<Coupon>, DbError> {
        self.row(&READ, &[("id", (&id.0).into())], coupon)
    }

    /// The coupon whose code has a hash.
    ///
    /// # Errors
    /// As [`Tx::add_coupon_series`].
    pub fn coupon_of_code(&mut self, code_sha256: &str) -> Result<Option<Coupon>, DbError> {
        self.row(&OF_CODE, &[("code_sha256", code_sha256.into())], coupon)
    }

    /// Coupons of one customer that promise something of a product, not withdrawn and not over at a moment,
    /// at most so many.
    ///
    /// # Errors
    /// As [`Tx::add_coupon_series`].
    pub fn coupons_of_customer(
        &mut self,
        customer: &CustomerId,
        at: Instant,
        most: u32,
    ) -> Result<Vec<Coupon>, DbError> {
        let params = [
            ("customer", (&customer.0).into()),
            ("at", at.0.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&OF_CUSTOMER, &params, coupon)
    }

    /// Coupons of a series after an id, at most so many.
    ///
    /// # Errors
    /// As [`Tx::add_coupon_series`].
    pub fn coupons_of_series(
        &mut self,
        series: &str,
        after: &str,
        most: u32,
    ) -> Result<Vec<Coupon>, DbError> {
        let params =
            [("series", series.into()), ("after", after.into()), ("most", i64::from(most).into())];
        self.rows(&OF_SERIES, &params, coupon)
    }

    /// How many coupons a batch has.
    ///
    /// # Errors
    /// As [`Tx::add_coupon_series`].
    pub fn coupons_of_batch(&mut self, series: &str, batch: &str) -> Result<i64, DbError> {
        let params = [("series", series.into()), ("batch", batch.into())];
        Ok(self.row(&OF_BATCH, &params, Row::integer)?.unwrap_or(0))
    }

    /// Withdraws a coupon; whether it counted until now.
    ///
    /// # Errors
    /// As [`Tx::add_coupon_series`].
    pub fn withdraw_coupon(&mut self, id: &CouponId, mark: &Mark) -> Result<bool, DbError> {
        let params = [("id", (&id.0).into()), ("at", mark.at.0.into()), ("by", (&mark.by).into())];
        Ok(self.execute(&WITHDRAW, &params)? == 1)
    }
}

fn params(coupon: &Coupon) -> [(&'static str, Value<'_>); 14] {
    let promise = coupon.promise.as_ref();
    [
        ("id", (&coupon.id.0).into()),
        ("series", (&coupon.series).into()),
        ("code_sha256", (&coupon.code_sha256).into()),
        ("code_end", (&coupon.code_end).into()),
        ("code", coupon.code.as_ref().into()),
        ("batch", coupon.batch.as_ref().into()),
        ("customer", coupon.customer.as_ref().map(|customer| &customer.0).into()),
        ("product", promise.map(|promise| &promise.product).into()),
        ("price", promise.and_then(|promise| promise.price).into()),
        ("discount_bps", promise.and_then(|promise| promise.discount_bps).into()),
        ("starts_at", coupon.starts_at.map(|at| at.0).into()),
        ("ends_at", coupon.ends_at.map(|at| at.0).into()),
        ("at", coupon.created.at.0.into()),
        ("by", (&coupon.created.by).into()),
    ]
}

fn series(row: &mut Row) -> Result<CouponSeries, DbError> {
    Ok(CouponSeries {
        id: row.text()?,
        kind: row.understood("a kind of coupons", CouponKind::named)?,
        name_en: row.text()?,
        name_ru: row.text()?,
        starts_at: row.integer_or_null()?.map(Instant),
        ends_at: row.integer_or_null()?.map(Instant),
        uses_max: row.integer_or_null()?,
        customer_uses_max: row.integer_or_null()?,
        withdrawn: mark(row)?,
        created: Mark { at: Instant(row.integer()?), by: row.text()? },
        version: row.integer()?,
    })
}

fn coupon(row: &mut Row) -> Result<Coupon, DbError> {
    let (id, series) = (CouponId(row.text()?), row.text()?);
    let (code_sha256, code_end, code) = (row.text()?, row.text()?, row.text_or_null()?);
    let (batch, customer) = (row.text_or_null()?, row.text_or_null()?.map(CustomerId));
    let (product, price, discount_bps) =
        (row.text_or_null()?, row.integer_or_null()?, row.integer_or_null()?);
    Ok(Coupon {
        id,
        series,
        code_sha256,
        code_end,
        code,
        batch,
        customer,
        promise: product.map(|product| CouponPromise { product, price, discount_bps }),
        starts_at: row.integer_or_null()?.map(Instant),
        ends_at: row.integer_or_null()?.map(Instant),
        withdrawn: mark(row)?,
        created: Mark { at: Instant(row.integer()?), by: row.text()? },
        version: row.integer()?,
    })
}
