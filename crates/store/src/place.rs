//! Networks, their shops and tills.

use membership::Scheme;
use retail::{Instant, NetworkId, ShopId, TillId};

use crate::statement::{Row, Statement, sql};
use crate::{DbError, Tx};

static NETWORK_ADD: Statement = sql!("network/add");
static NETWORK_READ: Statement = sql!("network/read");
static NETWORK_LIST: Statement = sql!("network/list");
static NETWORK_PUT: Statement = sql!("network/put");
static SHOP_ADD: Statement = sql!("shop/add");
static SHOP_READ: Statement = sql!("shop/read");
static SHOP_LIST: Statement = sql!("shop/list");
static SHOP_PUT: Statement = sql!("shop/put");
static TILL_ADD: Statement = sql!("till/add");
static TILL_READ: Statement = sql!("till/read");
static TILL_LIST: Statement = sql!("till/list");
static TILL_PUT: Statement = sql!("till/put");

/// A chain of shops.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub struct Network {
    pub id: NetworkId,
    pub name_en: String,
    pub name_ru: String,
    /// How its card numbers are guarded.
    pub scheme: Scheme,
    pub created_at: Instant,
    /// Grows with every change; a change names the one it was made upon.
    pub version: i64,
}

/// A shop of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ShopPlace {
    pub id: ShopId,
    pub network: NetworkId,
    pub name_en: String,
    pub name_ru: String,
    /// Name of its zone in the IANA data base: `Europe/Moscow`.
    pub time_zone: String,
    /// A closed shop takes no receipts and issues no cards.
    pub closed: bool,
    pub created_at: Instant,
    pub version: i64,
}

/// A till of a shop; its id is unique within the shop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Till {
    pub shop: ShopId,
    pub id: TillId,
    pub closed: bool,
    pub created_at: Instant,
    pub version: i64,
}

impl Tx<'_> {
    /// Adds a network; whether its id was free.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn add_network(&mut self, network: &Network) -> Result<bool, DbError> {
        let params = [
            ("id", (&network.id.0).into()),
            ("name_en", (&network.name_en).into()),
            ("name_ru", (&network.name_ru).into()),
            ("scheme", network.scheme.as_str().into()),
            ("at", network.created_at.0.into()),
        ];
        Ok(self.execute(&NETWORK_ADD, &params)? == 1)
    }

    /// A network.
    ///
    /// # Errors
    /// As [`Tx::add_network`].
    pub fn network(&mut self, id: &NetworkId) -> Result<Option<Network>, DbError> {
        self.row(&NETWORK_READ, &[("id", (&id.0).into())], network)
    }

    /// Networks after an id, by id, at most so many.
    ///
    /// # Errors
    /// As [`Tx::add_network`].
    pub fn networks(&mut self, after: &str, most: u32) -> Result<Vec<Network>, DbError> {
        let params = [("after", after.into()), ("most", i64::from(most).into())];
        self.rows(&NETWORK_LIST, &params, network)
    }

    /// Renames a network that has this version still; whether it had.
    ///
    /// # Errors
    /// As [`Tx::add_network`].
    pub fn put_network(&mut self, network: &Network) -> Result<bool, DbError> {
        let params = [
            ("name_en", (&network.name_en).into()),
            ("name_ru", (&network.name_ru).into()),
            ("id", (&network.id.0).into()),
            ("version", network.version.into()),
        ];
        Ok(self.execute(&NETWORK_PUT, &params)? == 1)
    }

    /// Adds a shop; whether its id was free.
    ///
    /// # Errors
    /// As [`Tx::add_network`].
    pub fn add_shop(&mut self, shop: &ShopPlace) -> Result<bool, DbError> {
        let params = [
            ("id", (&shop.id.0).into()),
            ("network", (&shop.network.0).into()),
            ("name_en", (&shop.name_en).into()),
            ("name_ru", (&shop.name_ru).into()),
            ("time_zone", (&shop.time_zone).into()),
            ("at", shop.created_at.0.into()),
        ];
        Ok(self.execute(&SHOP_ADD, &params)? == 1)
    }

    /// A shop.
    ///
    /// # Errors
    /// As [`Tx::add_network`].
    pub fn shop(&mut self, id: &ShopId) -> Result<Option<ShopPlace>, DbError> {
        self.row(&SHOP_READ, &[("id", (&id.0).into())], shop)
    }

    /// A network's shops after an id, by id, at most so many.
    ///
    /// # Errors
    /// As [`Tx::add_network`].
    pub fn shops(
        &mut self,
        network: &NetworkId,
        after: &str,
        most: u32,
    ) -> Result<Vec<ShopPlace>, DbError> {
        let params = [
            ("network", (&network.0).into()),
            ("after", after.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&SHOP_LIST, &params, shop)
    }

    /// Changes names, zone or closing of a shop that has this version still; whether it had.
    ///
    /// # Errors
    /// As [`Tx::add_network`].
    pub fn put_shop(&mut self, shop: &ShopPlace) -> Result<bool, DbError> {
        let params = [
            ("name_en", (&shop.name_en).into()),
            ("name_ru", (&shop.name_ru).into()),
            ("time_zone", (&shop.time_zone).into()),
            ("closed", shop.closed.into()),
            ("id", (&shop.id.0).into()),
            ("version", shop.version.into()),
        ];
        Ok(self.execute(&SHOP_PUT, &params)? == 1)
    }

    /// Adds a till; whether its id was free in the shop.
    ///
    /// # Errors
    /// As [`Tx::add_network`].
    pub fn add_till(&mut self, till: &Till) -> Result<bool, DbError> {
        let params = [
            ("shop", (&till.shop.0).into()),
            ("id", (&till.id.0).into()),
            ("at", till.created_at.0.into()),
        ];
        Ok(self.execute(&TILL_ADD, &params)? == 1)
    }

    /// A till.
    ///
    /// # Errors
    /// As [`Tx::add_network`].
    pub fn till(&mut self, shop: &ShopId, id: &TillId) -> Result<Option<Till>, DbError> {
        self.row(&TILL_READ, &[("shop", (&shop.0).into()), ("id", (&id.0).into())], till)
    }

    /// A shop's tills after an id, by id, at most so many.
    ///
    /// # Errors
    /// As [`Tx::add_network`].
    pub fn tills(&mut self, shop: &ShopId, after: &str, most: u32) -> Result<Vec<Till>, DbError> {
        let params =
            [("shop", (&shop.0).into()), ("after", after.into()), ("most", i64::from(most).into())];
        self.rows(&TILL_LIST, &params, till)
    }

    /// Closes or opens a till that has this version still; whether it had.
    ///
    /// # Errors
    /// As [`Tx::add_network`].
    pub fn put_till(&mut self, till: &Till) -> Result<bool, DbError> {
        let params = [
            ("closed", till.closed.into()),
            ("shop", (&till.shop.0).into()),
            ("id", (&till.id.0).into()),
            ("version", till.version.into()),
        ];
        Ok(self.execute(&TILL_PUT, &params)? == 1)
    }
}

fn network(row: &mut Row) -> Result<Network, DbError> {
    Ok(Network {
        id: NetworkId(row.text()?),
        name_en: row.text()?,
        name_ru: row.text()?,
        scheme: row.understood("a scheme of numbers", |text| text.parse().ok())?,
        created_at: Instant(row.integer()?),
        version: row.integer()?,
    })
}

fn shop(row: &mut Row) -> Result<ShopPlace, DbError> {
    Ok(ShopPlace {
        id: ShopId(row.text()?),
        network: NetworkId(row.text()?),
        name_en: row.text()?,
        name_ru: row.text()?,
        time_zone: row.text()?,
        closed: row.flag()?,
        created_at: Instant(row.integer()?),
        version: row.integer()?,
    })
}

fn till(row: &mut Row) -> Result<Till, DbError> {
    Ok(Till {
        shop: ShopId(row.text()?),
        id: TillId(row.text()?),
        closed: row.flag()?,
        created_at: Instant(row.integer()?),
        version: row.integer()?,
    })
}
