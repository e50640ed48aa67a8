//! The listener: connections, TLS, and an orderly end.
//!
//! It speaks HTTP/1.1. Whoever wants more (HTTP/2 for browsers) puts a proxy before it and names it as
//! trusted. A connection that sends no head of a request in time is closed, and so is one that idles as
//! long; there are never more connections than the settings say, further ones wait in the system's queue.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Request;
use futures::future::{Either, select};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

use super::request::Peer;
use super::{App, Routes};

/// How long to wait when the system has no more connections to give.
const PAUSE: Duration = Duration::from_millis(100);

/// TLS by certificate files: a chain and its key, both PEM.
///
/// # Errors
/// When a file cannot be read or they do not belong together.
pub fn tls(chain: &Path, key: &Path) -> Result<TlsAcceptor> {
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read certificates from {}", chain.display()))?;
    let secret = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("cannot read a private key from {}", key.display()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut settings = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, secret)
        .with_context(|| format!("{} and {} do not go together", chain.display(), key.display()))?;
    settings.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(settings)))
}

/// Serves until told to stop; then takes no more connections, and lets requests under way end, for the
/// time the settings give. Returns whether all of them did.
///
/// # Errors
/// When the listener is none.
pub async fn serve(
    listener: std::net::TcpListener,
    tls: Option<TlsAcceptor>,
    app: Arc<App>,
    routes: Routes,
    stop: impl Future<Output = ()>,
) -> Result<bool> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let door = Door { router: routes.router(app.clone()), tls, head_time: app.settings.head_time };
    let places = Arc::new(Semaphore::new(app.settings.connections_max));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let next = pin!(accept(&listener, &places));
        match select(stop.as_mut(), next).await {
            Either::Left(_) => break,
            Either::Right(((stream, peer, place), _)) => {
                tokio::spawn(door.clone().talk(stream, peer, graceful.watcher(), place));
            }
        }
    }
    app.stopping.store(true, Ordering::Relaxed);
    drop(listener);
    let ended = tokio::time::timeout(app.settings.stopping_time, graceful.shutdown()).await;
    Ok(ended.is_ok())
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there is always a permit.
    let place = places.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::warn!(cause = %error, "cannot accept connections");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[derive(Clone)]
struct Door {
    router: Router,
    tls: Option<TlsAcceptor>,
    head_time: Duration,
}

impl Door {
    async fn talk(
        self,
        stream: TcpStream,
        peer: SocketAddr,
        watcher: Watcher,
        place: Option<OwnedSemaphorePermit>,
    ) {
        // Answers are small and awaited.
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => self.speak(TokioIo::new(stream), peer, watcher).await,
            Some(tls) => {
                let shaken = tokio::time::timeout(self.head_time, tls.accept(stream)).await;
                if let Ok(Ok(stream)) = shaken {
                    self.speak(TokioIo::new(stream), peer, watcher).await;
                }
            }
        }
        drop(place);
    }

    async fn speak<I>(&self, io: I, peer: SocketAddr, watcher: Watcher)
    where
        I: Read + Write + Unpin + Send + 'static,
    {
        let router = TowerToHyperService::new(self.router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            router.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_time)
            .serve_connection(io, service);
        // How a connection ends is the client's affair; each request has its own line in the log.
        let _ = watcher.watch(connection).await;
    }
}
