//! The client that posts messages.
//!
//! It stands here and not in `channels`: those speak to customers through providers, each with its own
//! protocol, limits and price; a webhook is one POST to a machine, and its guard of addresses must sit
//! where the connection is made.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::blocking::Client;
use reqwest::redirect::Policy;

use super::Delivery;

/// How long a receiver may take, and to be reached.
const ANSWERS_WITHIN: Duration = Duration::from_secs(15);
const CONNECTS_WITHIN: Duration = Duration::from_secs(5);
/// Receivers whose connections are kept.
const CLIENTS_MAX: usize = 64;

/// Posts messages over HTTPS. It must not be used on a thread of an async runtime.
#[derive(Debug, Default)]
pub struct WebhookSender {
    // A client connects to the addresses that were looked at, whatever the name means to others.
    clients: Mutex<HashMap<(String, Vec<SocketAddr>), Client>>,
}

impl WebhookSender {
    /// A sender without connections.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Posts one message.
    ///
    /// # Errors
    /// A sentence, where the receiver cannot be reached or answers with anything but 2xx. The address is
    /// not in it: a token may stand there.
    pub fn send(&self, delivery: &Delivery) -> Result<(), String> {
        let client = self.client(delivery).map_err(said)?;
        let mut request = client.post(&delivery.url);
        for (name, value) in delivery.headers() {
            request = request.header(name, value);
        }
        // The answer's body is not read: it says nothing that we act upon, and may be without end.
        let answer = request.body(delivery.body.clone()).send().map_err(said)?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status if status.is_redirection() => {
                Err(format!("it answered {status}, and another address is not followed"))
            }
            status => Err(format!("it answered {status}")),
        }
    }

    fn client(&self, delivery: &Delivery) -> reqwest::Result<Client> {
        let key = (delivery.host.clone(), delivery.addresses.clone());
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let client = Client::builder()
            .user_agent(concat!("proffer/", env!("CARGO_PKG_VERSION")))
            .timeout(ANSWERS_WITHIN)
            .connect_timeout(CONNECTS_WITHIN)
            .redirect(Policy::none())
            // A proxy would resolve the name anew.
            .no_proxy()
            .resolve_to_addrs(&delivery.host, &delivery.addresses)
            .build()?;
        if clients.len() >= CLIENTS_MAX {
            clients.clear();
        }
        clients.insert(key, client.clone());
        Ok(client)
    }
}

fn said(error: reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "it cannot be reached"
    } else {
        "the message could not be sent"
    };
    let error = anyhow::Error::from(error.without_url());
    format!("{kind}: {error:#}")
}
