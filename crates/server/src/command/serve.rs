//! `proffer serve`

use std::net::TcpListener;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap::error::ErrorKind;
use programme::Programme;
use server::http::limit::Allowances;
use server::http::problem::Fault;
use server::http::proxy::TrustedProxies;
use server::http::{self, App, Settings};
use server::language::Language;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::{open, say};
use crate::cli::{Cli, Serve};

pub fn run(cli: &Cli, arguments: &Serve) -> Result<()> {
    refuse_plain_beyond_this_machine(arguments)?;
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(chain), Some(key)) => Some(http::listen::tls(chain, key)?),
        _ => None,
    };
    let (programme, language) = open(cli)?;
    let (programme, settings) = (Arc::new(programme), settings(arguments));
    // Opened now, so that what is wrong with it is said before anybody asks.
    programme.store()?;
    let authenticate = http::access::by_programme(programme.clone());
    let ready = Arc::new({
        let programme = programme.clone();
        move || unready(&programme)
    });
    let stopping_time = settings.stopping_time;
    let invitation = invitation(&programme, language)?;
    let app = App::new(programme.clone(), settings, authenticate, ready)?;

    let listener = TcpListener::bind(arguments.listen)
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let address = listener.local_addr()?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    http::log::start();
    let stop_jobs = Arc::new(AtomicBool::new(false));
    let jobs = std::thread::spawn({
        let stop_jobs = stop_jobs.clone();
        move || {
            let ran = programme.run_jobs(&stop_jobs, &told);
            if let Err(error) = ran {
                told("jobs", Duration::ZERO, Some(&error));
            }
        }
    });
    let ended = runtime.block_on(async {
        let stop = stop()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        say(&format!("listening on {scheme}://{address}"))?;
        if let Some(invitation) = &invitation {
            // Whoever started it may have read the address and gone.
            let _ = say(invitation);
        }
        http::listen::serve(listener, tls, app, http::routes(), stop).await
    })?;
    stop_jobs.store(true, Ordering::Relaxed);
    // A job that is in the middle of something writes it whole or not at all.
    let _ = jobs.join();
    if !ended {
        eprintln!("proffer: some requests did not end in {} s", stopping_time.as_secs());
    }
    // Work that nobody waits for any more is not waited for either: whatever it writes, it writes whole
    // or not at all.
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(())
}

/// Says in the log what became of a job: failures loudly, the rest for whoever looks closely.
fn told(job: &'static str, took: Duration, failed: Option<&anyhow::Error>) {
    let ms = took.as_secs_f64() * 1e3;
    match failed {
        Some(error) => tracing::error!(job, ms, cause = format!("{error:#}"), "a job failed"),
        None => tracing::debug!(job, ms, "a job is done"),
    }
}

/// Where nobody may come in yet, says how the first administrator does.
fn invitation(programme: &Programme, language: Language) -> Result<Option<String>> {
    let Some(link) = programme.invite_first_administrator(programme::now())? else {
        return Ok(None);
    };
    let how = language.pick(
        "Nobody may sign in yet. The first administrator does so once with this token, within a day, at",
        "Войти пока некому. Первый администратор входит один раз с этим ключом, в течение суток:",
    );
    // To whoever starts the program, and never to the log.
    Ok(Some(format!("{how} POST /api/v1/staff-links/accept\n{}", link.token.expose())))
}

/// Passwords and keys do not travel in plain text.
fn refuse_plain_beyond_this_machine(arguments: &Serve) -> Result<()> {
    let protected = arguments.tls_cert.is_some() || !arguments.trusted_proxy.is_empty();
    if protected || arguments.listen.ip().is_loopback() {
        return Ok(());
    }
    let why = format!(
        "{} is reached from other machines, where plain HTTP would show keys to everybody: give \
         --tls-cert and --tls-key, or name the proxy that speaks TLS with --trusted-proxy",
        arguments.listen
    );
    Err(Cli::command().error(ErrorKind::MissingRequiredArgument, why).into())
}

fn settings(arguments: &Serve) -> Settings {
    let allowances = Allowances {
        address: NonZeroU32::new(arguments.limit_address),
        key: NonZeroU32::new(arguments.limit_key),
        card: NonZeroU32::new(arguments.limit_card),
        sign_in: NonZeroU32::new(arguments.limit_sign_in),
    };
    Settings {
        allowances,
        trusted: TrustedProxies(arguments.trusted_proxy.clone()),
        secure: arguments.tls_cert.is_some() || !arguments.trusted_proxy.is_empty(),
        ..Settings::default()
    }
}

/// What keeps the programme from being served. The cause is for the operator, who has it in the log.
fn unready(programme: &Programme) -> Vec<Fault> {
    match programme.lake() {
        Ok(_) => Vec::new(),
        Err(error) => {
            tracing::error!(cause = format!("{error:#}"), "the lake cannot be read");
            vec![Fault::new("lake", "unreadable", "the lake cannot be read")]
        }
    }
}

/// Ends when the system or a person asks the process to stop.
fn stop() -> Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        let (terminated, interrupted) =
            (std::pin::pin!(terminate.recv()), std::pin::pin!(interrupt.recv()));
        futures::future::select(terminated, interrupted).await;
    })
}
