//! Networks, shops and tills: added, listed, changed.

use membership::Scheme;
use retail::{Instant, NetworkId, ShopId, TillId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Network, ShopPlace, Till, Tx};

use crate::{Act, FieldProblem, Programme, Refused};

/// A network as it is added.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the names say it
pub struct NewNetwork {
    pub id: String,
    pub name_en: String,
    pub name_ru: String,
    /// How its card numbers are guarded.
    pub scheme: Scheme,
}

/// A shop as it is added.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NewShop {
    pub id: String,
    pub network: String,
    pub name_en: String,
    pub name_ru: String,
    /// Name of its zone in the IANA data base.
    pub time_zone: String,
}

/// A network as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NetworkView {
    pub id: String,
    pub name_en: String,
    pub name_ru: String,
    pub scheme: Scheme,
    pub created_at: Instant,
    pub version: i64,
}

/// A shop as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ShopView {
    pub id: String,
    pub network: String,
    pub name_en: String,
    pub name_ru: String,
    pub time_zone: String,
    pub closed: bool,
    pub version: i64,
}

/// A till as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TillView {
    pub shop: String,
    pub id: String,
    pub closed: bool,
    pub version: i64,
}

/// Longest id and name that are taken.
const ID_CHARS_MAX: usize = 64;
const NAME_CHARS_MAX: usize = 200;

impl Programme {
    /// Adds a network.
    ///
    /// # Errors
    /// `invalid` with the fields that are wrong; `taken` where the id is.
    pub fn add_network(&self, act: &Act, new: NewNetwork) -> Result<NetworkView, Refused> {
        refuse_unless(
            [
                id_problem("/id", &new.id),
                name_problem("/name_en", &new.name_en),
                name_problem("/name_ru", &new.name_ru),
            ]
            .into_iter()
            .flatten(),
        )?;
        self.perform(act, move |tx, act| {
            if !act.bounds.networks.is_empty() {
                let why = "whoever is bound to networks adds none".to_owned();
                return Err(Refused::NotPermitted { why });
            }
            let network = Network {
                id: NetworkId(new.id.clone()),
                name_en: new.name_en.clone(),
                name_ru: new.name_ru.clone(),
                scheme: new.scheme,
                created_at: act.at,
                version: 1,
            };
            if !tx.add_network(&network)? {
                return Err(taken("network", &new.id));
            }
            let detail = json!({ "name_en": new.name_en, "name_ru": new.name_ru });
            told(tx, act, "network.add", "network", &new.id, &detail)?;
            Ok(NetworkView::of(&network))
        })
    }

    /// A network.
    ///
    /// # Errors
    /// `not_found` where there is none, or the caller is bound to others.
    pub fn network(&self, act: &Act, id: &str) -> Result<NetworkView, Refused> {
        self.store()?.read(|tx| Ok(NetworkView::of(&network_of(tx, act, id)?)))
    }

    /// Networks after an id, those the caller may know, at most so many.
    ///
    /// # Errors
    /// When the database fails.
    pub fn networks(&self, act: &Act, after: &str, most: u32) -> Result<Vec<NetworkView>, Refused> {
        let networks = self.store()?.read(|tx| tx.networks(after, most))?;
        let known = networks.iter().filter(|network| act.bounds.allow_network(&network.id.0));
        Ok(known.map(NetworkView::of).collect())
    }

    /// Adds a shop to a network.
    ///
    /// # Errors
    /// As [`Programme::add_network`]; `not_found` where there is no such network.
    pub fn add_shop(&self, act: &Act, new: NewShop) -> Result<ShopView, Refused> {
        let zone = jiff::tz::TimeZone::get(&new.time_zone).is_err().then(|| FieldProblem {
            pointer: "/time_zone".to_owned(),
            code: "unknown",
            detail: "names no time zone; write one as Europe/Moscow".to_owned(),
        });
        refuse_unless(
            [
                id_problem("/id", &new.id),
                name_problem("/name_en", &new.name_en),
                name_problem("/name_ru", &new.name_ru),
                zone,
            ]
            .into_iter()
            .flatten(),
        )?;
        self.perform(act, move |tx, act| {
            let network = network_of(tx, act, &new.network)?;
            let shop = ShopPlace {
                id: ShopId(new.id.clone()),
                network: network.id,
                name_en: new.name_en.clone(),
                name_ru: new.name_ru.clone(),
                time_zone: new.time_zone.clone(),
                closed: false,
                created_at: act.at,
                version: 1,
            };
            if !tx.add_shop(&shop)? {
                return Err(taken("shop", &new.id));
            }
            let detail = json!({ "network": new.network, "time_zone": new.time_zone });
            told(tx, act, "shop.add", "shop", &new.id, &detail)?;
            Ok(ShopView::of(&shop))
        })
    }

    /// Closes or opens a shop that the caller saw in this version.
    ///
    /// # Errors
    /// `not_found`; `stale` where it was changed meanwhile.
    pub fn close_shop(
        &self,
        act: &Act,
        id: &str,
        version: i64,
        closed: bool,
    ) -> Result<ShopView, Refused> {
        let id = id.to_owned();
        self.perform(act, move |tx, act| {
            let shop = shop_of(tx, act, &id)?;
            let changed = ShopPlace { closed, version, ..shop };
            if !tx.put_shop(&changed)? {
                return Err(Refused::Stale);
            }
            told(tx, act, "shop.change", "shop", &id, &json!({ "closed": closed }))?;
            Ok(ShopView::of(&ShopPlace { version: version + 1, ..changed }))
        })
    }

    /// A shop.
    ///
    /// # Errors
    /// `not_found`.
    pub fn shop(&self, act: &Act, id: &str) -> Result<ShopView, Refused> {
        self.store()?.read(|tx| Ok(ShopView::of(&shop_of(tx, act, id)?)))
    }

    /// A network's shops after an id, at most so many.
    ///
    /// # Errors
    /// `not_found` where there is no such network.
    pub fn shops(
        &self,
        act: &Act,
        network: &str,
        after: &str,
        most: u32,
    ) -> Result<Vec<ShopView>, Refused> {
        self.store()?.read(|tx| {
            let network = network_of(tx, act, network)?;
            let shops = tx.shops(&network.id, after, most)?;
            let known = shops.iter().filter(|shop| act.bounds.allow_shop(&shop.id.0));
            Ok(known.map(ShopView::of).collect())
        })
    }

    /// Adds a till to a shop.
    ///
    /// # Errors
    /// `not_found` where there is no such shop; `taken`; `invalid`.
    pub fn add_till(&self, act: &Act, shop: &str, id: &str) -> Result<TillView, Refused> {
        refuse_unless(id_problem("/id", id))?;
        let (shop, id) = (shop.to_owned(), id.to_owned());
        self.perform(act, move |tx, act| {
            let shop = shop_of(tx, act, &shop)?;
            let till = Till {
                shop: shop.id.clone(),
                id: TillId(id.clone()),
                closed: false,
                created_at: act.at,
                version: 1,
            };
            if !tx.add_till(&till)? {
                return Err(taken("till", &id));
            }
            let object = format!("{}/{id}", shop.id);
            told(tx, act, "till.add", "till", &object, &json!({}))?;
            Ok(TillView::of(&till))
        })
    }

    /// A shop's tills after an id, at most so many.
    ///
    /// # Errors
    /// `not_found` where there is no such shop.
    pub fn tills(
        &self,
        act: &Act,
        shop: &str,
        after: &str,
        most: u32,
    ) -> Result<Vec<TillView>, Refused> {
        self.store()?.read(|tx| {
            let shop = shop_of(tx, act, shop)?;
            Ok(tx.tills(&shop.id, after, most)?.iter().map(TillView::of).collect())
        })
    }
}

/// Says in audit and changes what was done, and promises it to the webhooks that want to know: the name of
/// the event is that of the action, and who is told reads the thing itself.
pub(crate) fn told(
    tx: &mut Tx<'_>,
    act: &Act,
    action: &str,
    kind: &str,
    object: &str,
    detail: &serde_json::Value,
) -> Result<(), Refused> {
    tx.add_deed(&act.deed(action, kind, object, detail))?;
    tx.changed(kind, object, act.at)?;
    tx.promise(action, &json!({ "kind": kind, "id": object }).to_string(), act.at)?;
    Ok(())
}

/// A network the caller may know of.
pub(crate) fn network_of(tx: &mut Tx<'_>, act: &Act, id: &str) -> Result<Network, Refused> {
    let found = tx.network(&NetworkId(id.to_owned()))?;
    let known = found.filter(|network| act.bounds.allow_network(&network.id.0));
    known.ok_or_else(|| Refused::NotFound { kind: "network", id: id.to_owned() })
}

/// A shop the caller may know of.
pub(crate) fn shop_of(tx: &mut Tx<'_>, act: &Act, id: &str) -> Result<ShopPlace, Refused> {
    let found = tx.shop(&ShopId(id.to_owned()))?;
    let known = found.filter(|shop| {
        act.bounds.allow_shop(&shop.id.0) && act.bounds.allow_network(&shop.network.0)
    });
    known.ok_or_else(|| Refused::NotFound { kind: "shop", id: id.to_owned() })
}

pub(crate) fn taken(kind: &str, id: &str) -> Refused {
    Refused::Conflict { code: "taken", why: format!("there is a {kind} {id} already") }
}

/// Refuses what has problems.
pub(crate) fn refuse_unless(
    problems: impl IntoIterator<Item = FieldProblem>,
) -> Result<(), Refused> {
    let problems: Vec<FieldProblem> = problems.into_iter().collect();
    if problems.is_empty() { Ok(()) } else { Err(Refused::Invalid { problems }) }
}

/// An id is short, and of letters, digits and a few marks that need no quoting anywhere.
pub(crate) fn id_problem(pointer: &str, id: &str) -> Option<FieldProblem> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = !id.is_empty() && id.chars().count() <= ID_CHARS_MAX && id.chars().all(good);
    (!fits).then(|| FieldProblem {
        pointer: pointer.to_owned(),
        code: "id",
        detail: format!("must be 1 to {ID_CHARS_MAX} letters, digits, dashes, dots or underscores"),
    })
}

/// A name is a short text without control characters.
pub(crate) fn name_problem(pointer: &str, name: &str) -> Option<FieldProblem> {
    let trimmed = name.trim();
    let fits = !trimmed.is_empty()
        && name.chars().count() <= NAME_CHARS_MAX
        && !name.chars().any(char::is_control);
    (!fits).then(|| FieldProblem {
        pointer: pointer.to_owned(),
        code: "name",
        detail: format!("must be a text of 1 to {NAME_CHARS_MAX} characters"),
    })
}

impl NetworkView {
    fn of(network: &Network) -> Self {
        let Network { id, name_en, name_ru, scheme, created_at, version } = network.clone();
        Self { id: id.0, name_en, name_ru, scheme, created_at, version }
    }
}

impl ShopView {
    fn of(shop: &ShopPlace) -> Self {
        let ShopPlace { id, network, name_en, name_ru, time_zone, closed, version, .. } =
            shop.clone();
        Self { id: id.0, network: network.0, name_en, name_ru, time_zone, closed, version }
    }
}

impl TillView {
    fn of(till: &Till) -> Self {
        let Till { shop, id, closed, version, .. } = till.clone();
        Self { shop: shop.0, id: id.0, closed, version }
    }
}
