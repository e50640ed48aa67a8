//! The HTTP API: what every route has in common, and the routes.
//!
//! A request comes in through [`listen`], is watched over by [`request`] (id, time, place, log, problem),
//! held against what its route needs by [`access`], parsed by [`extract`], and its handler calls one
//! function of `programme` on [`blocking::Pool`]. What goes wrong anywhere is a [`problem::Problem`].
//!
//! A new route is a file with request, response and handler, and one line in [`routes()`]: `read` or
//! `write` with the scope it needs. That line makes the guard and the OpenAPI document.

pub mod access;
mod audit;
pub mod blocking;
pub mod call;
mod cards;
mod coupons;
mod customers;
mod discounts;
pub mod extract;
mod flags;
pub mod health;
mod keys;
mod levels;
pub mod limit;
pub mod listen;
pub mod log;
pub mod metrics;
mod networks;
mod offers;
pub mod page;
pub mod portrait;
pub mod problem;
pub mod proxy;
mod quotes;
mod ranges;
mod receipts;
mod refunds;
pub mod request;
mod rights;
mod routes;
mod rules;
pub mod secret;
mod segments;
mod session;
mod staff;
mod time;
pub mod version;
mod webhooks;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Result;
use axum::extract::State;
use programme::{Programme, SettingsLanguage};
use tokio::sync::Semaphore;
use utoipa_axum::routes;

use access::{Authenticate, Scope};
use blocking::Pool;
use extract::BodyBounds;
use health::Readiness;
use limit::{Allowances, Limits};
use metrics::Metrics;
use proxy::TrustedProxies;
pub use routes::{Documented, Routes};

use crate::language::Language;

/// What every handler has at hand.
pub struct App {
    /// The programme that is served.
    pub programme: Arc<Programme>,
    /// Its language, for sentences where the client names none.
    pub language: Language,
    /// How the server is set.
    pub settings: Settings,
    /// Where synchronous work runs.
    pub pool: Pool,
    /// Rate limits.
    pub limits: Limits,
    /// Verifies credentials.
    pub authenticate: Authenticate,
    /// Says whether it can serve.
    pub ready: Readiness,
    /// Counts.
    pub metrics: Metrics,
    // Requests under way.
    places: Semaphore,
    stopping: AtomicBool,
}

/// The state that handlers take.
pub type Shared = State<Arc<App>>;

/// How a server is set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Requests a minute.
    pub allowances: Allowances,
    /// Proxies that say who asks.
    pub trusted: TrustedProxies,
    /// How large and slow a body may be.
    pub body: BodyBounds,
    /// How long a connection may take to send a request's head, and how long it may idle.
    pub head_time: Duration,
    /// How long a request may take.
    pub request_time: Duration,
    /// How long requests under way may take to end when the server stops.
    pub stopping_time: Duration,
    /// Most connections.
    pub connections_max: usize,
    /// Most requests under way; whoever comes after is told that it is busy.
    pub requests_max: usize,
    /// Threads for synchronous work.
    pub threads: usize,
    /// Most requests that wait for one.
    pub waiting_max: usize,
    /// Whether clients speak TLS, to us or to the proxy.
    pub secure: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            allowances: Allowances::default(),
            trusted: TrustedProxies::default(),
            body: BodyBounds { bytes: 1 << 20, wait: Duration::from_secs(10) },
            head_time: Duration::from_secs(30),
            request_time: Duration::from_secs(30),
            stopping_time: Duration::from_secs(20),
            connections_max: 10_000,
            requests_max: 1_000,
            threads: 4 * cores,
            waiting_max: 500,
            secure: false,
        }
    }
}

impl App {
    /// A server over a programme; who may call it and whether it can serve are functions given here.
    ///
    /// # Errors
    /// Never, as long as the names of counts differ.
    pub fn new(
        programme: Arc<Programme>,
        settings: Settings,
        authenticate: Authenticate,
        ready: Readiness,
    ) -> Result<Arc<Self>> {
        let language = match programme.settings().language {
            SettingsLanguage::En => Language::En,
            SettingsLanguage::Ru => Language::Ru,
        };
        Ok(Arc::new(Self {
            programme,
            language,
            pool: Pool::new(settings.threads, settings.waiting_max),
            limits: Limits::new(settings.allowances),
            places: Semaphore::new(settings.requests_max),
            authenticate,
            ready,
            metrics: Metrics::new()?,
            stopping: AtomicBool::new(false),
            settings,
        }))
    }
}

/// The most bytes of many receipts.
const RECEIPTS_BYTES: usize = 16 << 20;

/// The most bytes of a ruleset of discounts.
const DISCOUNTS_BYTES: usize = 16 << 20;

/// Every route of Proffer.
#[must_use]
pub fn routes() -> Routes {
    with_customers(with_quotes(with_discounts(Routes::default())))
        .open(routes!(health::live))
        .open(routes!(health::ready))
        .open(routes!(routes::openapi))
        .local(Scope::ProgrammeAdmin, routes!(metrics::metrics))
        .open(routes!(session::sign_in))
        .signed_in(routes!(session::session))
        .signed_in_write(routes!(session::sign_out))
        .person_write(routes!(session::change_password))
        .person_write(routes!(session::begin_totp))
        .person_write(routes!(session::confirm_totp))
        .open(routes!(staff::accept))
        .write(Scope::StaffWrite, routes!(staff::invite))
        .read(Scope::StaffWrite, routes!(staff::staff))
        .write(Scope::StaffWrite, routes!(staff::add))
        .read(Scope::StaffWrite, routes!(staff::one))
        .write(Scope::StaffWrite, routes!(staff::change))
        .write(Scope::StaffWrite, routes!(staff::set_password))
        .write(Scope::StaffWrite, routes!(staff::remove_totp))
        .write(Scope::StaffWrite, routes!(staff::end_sessions))
        .read(Scope::KeysWrite, routes!(keys::keys))
        .write(Scope::KeysWrite, routes!(keys::make))
        .read(Scope::KeysWrite, routes!(keys::key))
        .write(Scope::KeysWrite, routes!(keys::rotate))
        .write(Scope::KeysWrite, routes!(keys::revoke))
        .read(Scope::AuditRead, routes!(flags::flags))
        .write(Scope::AuditRead, routes!(flags::close))
        .read(Scope::PortraitsRead, routes!(portrait::portrait))
        .read(Scope::PortraitsRead, routes!(portrait::parameters))
        .read(Scope::PortraitsRead, routes!(segments::count))
        .read(Scope::OffersRead, routes!(offers::offers))
        .read(Scope::NetworksRead, routes!(networks::networks))
        .write(Scope::NetworksWrite, routes!(networks::add_network))
        .read(Scope::NetworksRead, routes!(networks::network))
        .read(Scope::NetworksRead, routes!(networks::shops))
        .write(Scope::NetworksWrite, routes!(networks::add_shop))
        .read(Scope::NetworksRead, routes!(networks::shop))
        .write(Scope::NetworksWrite, routes!(networks::change_shop))
        .read(Scope::NetworksRead, routes!(networks::tills))
        .write(Scope::NetworksWrite, routes!(networks::add_till))
        .write(Scope::NetworksWrite, routes!(ranges::add_range))
        .write(Scope::NetworksWrite, routes!(ranges::print))
        .read(Scope::NetworksWrite, routes!(ranges::printed))
        .write(Scope::NetworksWrite, routes!(ranges::prepare))
        .write(Scope::CardsWrite, routes!(ranges::issue_virtual))
        .read(Scope::CardsRead, routes!(cards::card))
        .write(Scope::CardsWrite, routes!(cards::operate))
        .write(Scope::CardsWrite, routes!(cards::join))
        .read(Scope::CardsRead, routes!(cards::events))
        .read(Scope::BalanceRead, routes!(cards::balance))
        .read(Scope::LedgerRead, routes!(cards::statement))
        .write(Scope::ReceiptsWrite, routes!(receipts::receipt))
        .write(Scope::ReceiptsWrite, routes!(receipts::return_))
        .write_large(Scope::ReceiptsWrite, RECEIPTS_BYTES, routes!(receipts::receipts))
        .read(Scope::NetworksRead, routes!(rules::rules))
        .write(Scope::ProgrammeAdmin, routes!(rules::publish))
        .read(Scope::AuditRead, routes!(audit::deeds))
        .read(Scope::CardsRead, routes!(levels::level))
        .write(Scope::ProgrammeAdmin, routes!(levels::grant))
        .read(Scope::WebhooksWrite, routes!(webhooks::webhooks))
        .write(Scope::WebhooksWrite, routes!(webhooks::add))
        .read(Scope::WebhooksWrite, routes!(webhooks::webhook))
        .write(Scope::WebhooksWrite, routes!(webhooks::change))
        .write(Scope::WebhooksWrite, routes!(webhooks::remove))
        .write(Scope::WebhooksWrite, routes!(webhooks::rotate))
        .read(Scope::WebhooksWrite, routes!(webhooks::deliveries))
        .write(Scope::WebhooksWrite, routes!(webhooks::try_again))
}

/// The routes of customers as persons.
fn with_customers(routes: Routes) -> Routes {
    routes
        .read(Scope::CustomersWrite, routes!(customers::form))
        .write(Scope::CustomersWrite, routes!(customers::register))
        .write(Scope::CustomersFind, routes!(customers::find))
        .read(Scope::CustomersRead, routes!(customers::customer))
        .write(Scope::CustomersWrite, routes!(customers::change_answers))
        .read(Scope::CustomersRead, routes!(customers::changes))
}

/// The same with those of checkout.
fn with_quotes(routes: Routes) -> Routes {
    routes
        .write(Scope::ReceiptsWrite, routes!(quotes::quote))
        .read(Scope::ReceiptsWrite, routes!(quotes::kept))
        .read(Scope::ReceiptsWrite, routes!(quotes::explain))
        .write(Scope::ReceiptsWrite, routes!(quotes::confirm))
        .write(Scope::ReceiptsWrite, routes!(quotes::cancel))
        .read(Scope::ReceiptsWrite, routes!(quotes::proof))
        .write(Scope::ReceiptsWrite, routes!(refunds::refund))
}

/// The same with those of discounts and coupons.
fn with_discounts(routes: Routes) -> Routes {
    routes
        .read(Scope::NetworksRead, routes!(discounts::list))
        .write_large(Scope::ProgrammeAdmin, DISCOUNTS_BYTES, routes!(discounts::draft))
        .read(Scope::NetworksRead, routes!(discounts::schema))
        .read(Scope::NetworksRead, routes!(discounts::current))
        .read(Scope::NetworksRead, routes!(discounts::bundle))
        .read(Scope::NetworksRead, routes!(discounts::one))
        .write_large(Scope::ProgrammeAdmin, DISCOUNTS_BYTES, routes!(discounts::replace))
        .write(Scope::ProgrammeAdmin, routes!(discounts::verify))
        .write(Scope::ProgrammeAdmin, routes!(discounts::publish))
        .write(Scope::ProgrammeAdmin, routes!(discounts::retire))
        .read(Scope::NetworksRead, routes!(coupons::all_series))
        .write(Scope::ProgrammeAdmin, routes!(coupons::add_series))
        .read(Scope::NetworksRead, routes!(coupons::series))
        .write(Scope::ProgrammeAdmin, routes!(coupons::withdraw_series))
        .write(Scope::ProgrammeAdmin, routes!(coupons::make))
        .read(Scope::OffersRead, routes!(coupons::of_series))
        .write(Scope::ProgrammeAdmin, routes!(coupons::give))
        .read(Scope::OffersRead, routes!(coupons::coupon))
        .write(Scope::ProgrammeAdmin, routes!(coupons::withdraw))
}
