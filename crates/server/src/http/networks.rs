//! `/api/v1/networks`, their shops and tills.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use programme::{NetworkView, NewNetwork, NewShop, ShopView, TillView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::call::Call;
use super::extract::{Body, Path, Query};
use super::page::{List, Page};
use super::problem::{Fault, Problem};
use super::time::rfc3339;
use super::version::{ETag, IfMatch, Tagged};

/// A network to be added.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkToAdd {
    /// Its id: letters, digits, dashes, dots, underscores.
    #[schema(example = "pyramid", min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    id: String,
    /// Its name for English readers.
    #[schema(example = "Pyramid", min_length = 1, max_length = 200)]
    name_en: String,
    /// Its name for Russian readers.
    #[schema(example = "Пирамида", min_length = 1, max_length = 200)]
    name_ru: String,
    /// How its card numbers are guarded: `ean13`, `luhn` or `plain`.
    #[schema(example = "ean13", pattern = "^(ean13|luhn|plain)$")]
    scheme: String,
}

/// A chain of shops.
#[derive(Debug, Serialize, ToSchema)]
pub struct Network {
    /// Its id.
    #[schema(example = "pyramid")]
    id: String,
    /// Its name for English readers.
    #[schema(example = "Pyramid")]
    name_en: String,
    /// Its name for Russian readers.
    #[schema(example = "Пирамида")]
    name_ru: String,
    /// How its card numbers are guarded.
    #[schema(example = "ean13")]
    scheme: &'static str,
    /// When it was added.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    created_at: String,
    /// Grows with every change; `ETag` and `If-Match` name it.
    #[schema(example = 1)]
    version: i64,
}

/// A shop to be added.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShopToAdd {
    /// Its id, unique in the programme.
    #[schema(
        example = "pyramid-1",
        min_length = 1,
        max_length = 64,
        pattern = "^[A-Za-z0-9._-]+$"
    )]
    id: String,
    /// Its name for English readers.
    #[schema(example = "Pyramid on Main Street", min_length = 1, max_length = 200)]
    name_en: String,
    /// Its name for Russian readers.
    #[schema(example = "Пирамида на Главной", min_length = 1, max_length = 200)]
    name_ru: String,
    /// Name of its zone in the IANA data base.
    #[schema(example = "Europe/Moscow")]
    time_zone: String,
}

/// A shop.
#[derive(Debug, Serialize, ToSchema)]
pub struct Shop {
    /// Its id.
    #[schema(example = "pyramid-1")]
    id: String,
    /// Its network.
    #[schema(example = "pyramid")]
    network: String,
    /// Its name for English readers.
    #[schema(example = "Pyramid on Main Street")]
    name_en: String,
    /// Its name for Russian readers.
    #[schema(example = "Пирамида на Главной")]
    name_ru: String,
    /// Name of its zone.
    #[schema(example = "Europe/Moscow")]
    time_zone: String,
    /// A closed shop takes no receipts and issues no cards.
    closed: bool,
    /// Grows with every change; `ETag` and `If-Match` name it.
    #[schema(example = 1)]
    version: i64,
}

/// What is changed of a shop.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShopChange {
    /// Whether it is closed.
    closed: bool,
}

/// A till to be added.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TillToAdd {
    /// Its id, unique in the shop.
    #[schema(example = "1", min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    id: String,
}

/// A till of a shop.
#[derive(Debug, Serialize, ToSchema)]
pub struct Till {
    /// Its shop.
    #[schema(example = "pyramid-1")]
    shop: String,
    /// Its id.
    #[schema(example = "1")]
    id: String,
    /// A closed till does nothing.
    closed: bool,
    /// Grows with every change.
    #[schema(example = 1)]
    version: i64,
}

/// Adds a network.
#[utoipa::path(
    post,
    path = "/api/v1/networks",
    tag = "networks",
    request_body = NetworkToAdd,
    responses((status = 201, description = "The network", body = Network))
)]
pub async fn add_network(
    State(app): Shared,
    call: Call,
    Body(body): Body<NetworkToAdd>,
) -> Result<(StatusCode, Tagged<Json<Network>>), Problem> {
    let act = call.writing(&body)?;
    let scheme = body.scheme.parse().map_err(|error: programme::UnknownName| {
        Problem::invalid(vec![Fault::new("/scheme", "value", error.to_string())])
    })?;
    let NetworkToAdd { id, name_en, name_ru, .. } = body;
    let new = NewNetwork { id, name_en, name_ru, scheme };
    let programme = app.programme.clone();
    let view = app.pool.run(move || Ok(programme.add_network(&act, new)?)).await?;
    Ok((StatusCode::CREATED, Tagged(ETag::of(view.version), Json(view.into()))))
}

/// Networks, by id.
#[utoipa::path(
    get,
    path = "/api/v1/networks",
    tag = "networks",
    params(Page),
    responses((status = 200, description = "A page of networks", body = List<Network>))
)]
pub async fn networks(
    State(app): Shared,
    call: Call,
    Query(page): Query<Page>,
) -> Result<Json<List<Network>>, Problem> {
    let after: String = page.place()?.unwrap_or_default();
    let (act, most) = (call.reading(), page.asked());
    let programme = app.programme.clone();
    let rows = app.pool.run(move || Ok(programme.networks(&act, &after, most)?)).await?;
    let rows = rows.into_iter().map(Network::from).collect();
    Ok(Json(List::of(rows, page.limit, |row: &Network| row.id.clone())))
}

/// One network.
#[utoipa::path(
    get,
    path = "/api/v1/networks/{network}",
    tag = "networks",
    params(("network" = String, Path, description = "The network's id", example = "pyramid")),
    responses((status = 200, description = "The network", body = Network))
)]
pub async fn network(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Tagged<Json<Network>>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let view = app.pool.run(move || Ok(programme.network(&act, &id)?)).await?;
    Ok(Tagged(ETag::of(view.version), Json(view.into())))
}

/// Adds a shop to a network.
#[utoipa::path(
    post,
    path = "/api/v1/networks/{network}/shops",
    tag = "networks",
    params(("network" = String, Path, description = "The network's id", example = "pyramid")),
    request_body = ShopToAdd,
    responses((status = 201, description = "The shop", body = Shop))
)]
pub async fn add_shop(
    State(app): Shared,
    call: Call,
    Path(network): Path<String>,
    Body(body): Body<ShopToAdd>,
) -> Result<(StatusCode, Tagged<Json<Shop>>), Problem> {
    let act = call.writing(&body)?;
    let ShopToAdd { id, name_en, name_ru, time_zone } = body;
    let new = NewShop { id, network, name_en, name_ru, time_zone };
    let programme = app.programme.clone();
    let view = app.pool.run(move || Ok(programme.add_shop(&act, new)?)).await?;
    Ok((StatusCode::CREATED, Tagged(ETag::of(view.version), Json(view.into()))))
}

/// A network's shops, by id.
#[utoipa::path(
    get,
    path = "/api/v1/networks/{network}/shops",
    tag = "networks",
    params(("network" = String, Path, description = "The network's id", example = "pyramid"), Page),
    responses((status = 200, description = "A page of shops", body = List<Shop>))
)]
pub async fn shops(
    State(app): Shared,
    call: Call,
    Path(network): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<List<Shop>>, Problem> {
    let after: String = page.place()?.unwrap_or_default();
    let (act, most) = (call.reading(), page.asked());
    let programme = app.programme.clone();
    let rows = app.pool.run(move || Ok(programme.shops(&act, &network, &after, most)?)).await?;
    let rows = rows.into_iter().map(Shop::from).collect();
    Ok(Json(List::of(rows, page.limit, |row: &Shop| row.id.clone())))
}

/// One shop.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}",
    tag = "networks",
    params(("shop" = String, Path, description = "The shop's id", example = "pyramid-1")),
    responses((status = 200, description = "The shop", body = Shop))
)]
pub async fn shop(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Tagged<Json<Shop>>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let view = app.pool.run(move || Ok(programme.shop(&act, &id)?)).await?;
    Ok(Tagged(ETag::of(view.version), Json(view.into())))
}

/// Closes or opens a shop.
#[utoipa::path(
    patch,
    path = "/api/v1/shops/{shop}",
    tag = "networks",
    params(
        ("shop" = String, Path, description = "The shop's id", example = "pyramid-1"),
        ("If-Match" = String, Header, description = "The version it is changed from", example = "\"1\"")
    ),
    request_body = ShopChange,
    responses((status = 200, description = "The shop", body = Shop))
)]
pub async fn change_shop(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
    seen: IfMatch,
    Body(body): Body<ShopChange>,
) -> Result<Tagged<Json<Shop>>, Problem> {
    let version = seen.version()?;
    let (act, programme) = (call.writing(&(version, &body))?, app.programme.clone());
    let changed = move || Ok(programme.close_shop(&act, &id, version, body.closed)?);
    let view = app.pool.run(changed).await?;
    Ok(Tagged(ETag::of(view.version), Json(view.into())))
}

/// Adds a till to a shop.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/tills",
    tag = "networks",
    params(("shop" = String, Path, description = "The shop's id", example = "pyramid-1")),
    request_body = TillToAdd,
    responses((status = 201, description = "The till", body = Till))
)]
pub async fn add_till(
    State(app): Shared,
    call: Call,
    Path(shop): Path<String>,
    Body(body): Body<TillToAdd>,
) -> Result<(StatusCode, Json<Till>), Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let view = app.pool.run(move || Ok(programme.add_till(&act, &shop, &body.id)?)).await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// A shop's tills, by id.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/tills",
    tag = "networks",
    params(("shop" = String, Path, description = "The shop's id", example = "pyramid-1"), Page),
    responses((status = 200, description = "A page of tills", body = List<Till>))
)]
pub async fn tills(
    State(app): Shared,
    call: Call,
    Path(shop): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<List<Till>>, Problem> {
    let after: String = page.place()?.unwrap_or_default();
    let (act, most) = (call.reading(), page.asked());
    let programme = app.programme.clone();
    let rows = app.pool.run(move || Ok(programme.tills(&act, &shop, &after, most)?)).await?;
    let rows = rows.into_iter().map(Till::from).collect();
    Ok(Json(List::of(rows, page.limit, |row: &Till| row.id.clone())))
}

impl From<NetworkView> for Network {
    fn from(view: NetworkView) -> Self {
        let NetworkView { id, name_en, name_ru, scheme, created_at, version } = view;
        let created_at = rfc3339(created_at);
        Self { id, name_en, name_ru, scheme: scheme.as_str(), created_at, version }
    }
}

impl From<ShopView> for Shop {
    fn from(view: ShopView) -> Self {
        let ShopView { id, network, name_en, name_ru, time_zone, closed, version } = view;
        Self { id, network, name_en, name_ru, time_zone, closed, version }
    }
}

impl From<TillView> for Till {
    fn from(view: TillView) -> Self {
        let TillView { shop, id, closed, version } = view;
        Self { shop, id, closed, version }
    }
}
