//! As whom and how far somebody acts, as the API writes it: of staff, keys and callers alike.

use std::borrow::Cow;

use programme::{Door, Role, Scope};
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Networks, shops and partner that somebody is bound to; an empty list binds to none.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// Ids of networks.
    #[schema(example = json!(["pyramid"]), required = false)]
    networks: Vec<String>,
    /// Ids of shops.
    #[schema(example = json!(["pyramid-1"]), required = false)]
    shops: Vec<String>,
    /// Id of a partner.
    #[schema(required = false)]
    partner: Option<String>,
}

impl From<Bounds> for programme::Bounds {
    fn from(bounds: Bounds) -> Self {
        let Bounds { networks, shops, partner } = bounds;
        Self { networks, shops, partner }
    }
}

impl From<programme::Bounds> for Bounds {
    fn from(bounds: programme::Bounds) -> Self {
        let programme::Bounds { networks, shops, partner } = bounds;
        Self { networks, shops, partner }
    }
}

/// How the document describes [`Role`].
pub struct RoleName;

/// How the document describes [`Door`].
pub struct DoorName;

/// How the document describes [`Scope`].
pub struct ScopeName;

impl PartialSchema for RoleName {
    fn schema() -> RefOr<Schema> {
        names("As whom somebody acts.", "operator", Role::ALL.map(Role::as_str))
    }
}

impl ToSchema for RoleName {
    fn name() -> Cow<'static, str> {
        "Role".into()
    }
}

impl PartialSchema for DoorName {
    fn schema() -> RefOr<Schema> {
        names("Where somebody comes in.", "till", Door::ALL.map(Door::as_str))
    }
}

impl ToSchema for DoorName {
    fn name() -> Cow<'static, str> {
        "Door".into()
    }
}

impl PartialSchema for ScopeName {
    fn schema() -> RefOr<Schema> {
        names("What somebody may do.", "cards:read", Scope::ALL.map(Scope::as_str))
    }
}

impl ToSchema for ScopeName {
    fn name() -> Cow<'static, str> {
        "Scope".into()
    }
}

fn names<const N: usize>(
    description: &str,
    example: &str,
    names: [&'static str; N],
) -> RefOr<Schema> {
    let named = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    named.description(Some(description)).examples([example]).build().into()
}
