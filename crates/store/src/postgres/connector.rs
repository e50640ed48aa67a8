//! Connects to a PostgreSQL, and says what to do where that fails.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;

use postgres::{Client, Config, NoTls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{Address, Tls};
use super::said_of;
use crate::DbError;

/// Makes connections to one database.
pub(crate) struct Connector {
    pub config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Connector {
    /// Reads the certificates that an address names.
    pub fn new(address: Address) -> Result<Self, DbError> {
        let tls = address.tls.as_ref().map(client).transpose()?;
        Ok(Self { config: address.config, tls: tls.map(MakeRustlsConnect::new) })
    }

    pub fn connect(&self) -> Result<Client, DbError> {
        let connected = match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        };
        connected.map_err(|error| match advice(&error) {
            Some(why) => DbError::Setting { why },
            None => DbError::Gone { why: said_of(&error) },
        })
    }
}

/// A client that believes a server only by its certificate and name.
fn client(tls: &Tls) -> Result<ClientConfig, DbError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let unusable = |error: rustls::Error| wrong(format!("TLS to it cannot be set up: {error}"));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_root_certificates(trusted(tls.authority.as_deref())?);
    let mut client = match &tls.own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let secret = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| wrong(format!("sslkey {}: {error}", key.display())))?;
            let chain = certificates("sslcert", certificate)?;
            builder.with_client_auth_cert(chain, secret).map_err(unusable)?
        }
    };
    client.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(client)
}

fn trusted(authority: Option<&Path>) -> Result<RootCertStore, DbError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = authority else {
        // One certificate that nobody can read does not spoil the others.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(wrong(
                "this machine trusts no authority that could vouch for it: install ca-certificates, or \
                 name the file of its authority in its URL, sslrootcert=FILE"
                    .to_owned(),
            ));
        }
        return Ok(roots);
    };
    for certificate in certificates("sslrootcert", path)? {
        let added = roots.add(certificate);
        added.map_err(|error| wrong(format!("sslrootcert {}: {error}", path.display())))?;
    }
    Ok(roots)
}

fn certificates(name: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, DbError> {
    let unread = |why: &dyn std::fmt::Display| wrong(format!("{name} {}: {why}", path.display()));
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let read: Vec<_> = read.map_err(|error| unread(&error))?;
    match read.is_empty() {
        true => Err(unread(&"there is no certificate in it")),
        false => Ok(read),
    }
}

/// What to do where server and TLS do not fit; nothing where the server is only away.
fn advice(error: &postgres::Error) -> Option<String> {
    let cause = error.source()?;
    if cause.to_string() == "server does not support TLS" {
        return Some(
            "it does not speak TLS: switch it on there (ssl = on), reach it through a tunnel on this \
             machine, or say sslmode=disable in its URL where the network is your own"
                .to_owned(),
        );
    }
    let cause = cause.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref::<rustls::Error>()?;
    let what_to_do = match cause {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "nobody we trust vouches for it; name the file of its authority in its URL, sslrootcert=FILE"
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "it is for another name; name the server in its URL as its certificate does",
        // What PostgreSQL's own manual makes for a trial is one.
        rustls::Error::InvalidCertificate(_) if cause.to_string().contains("CaUsedAsEndEntity") => {
            "it is an authority's; sign one for the server with it, basicConstraints=CA:FALSE"
        }
        rustls::Error::InvalidCertificate(_) => "the server needs another one",
        _ => return Some(format!("TLS with it failed: {cause}")),
    };
    Some(format!("its certificate is not believed ({cause}): {what_to_do}"))
}

fn wrong(why: String) -> DbError {
    DbError::Setting { why }
}
