//! What an object store's refusals and failures mean, in a sentence for the person who runs us. A
//! store's own answer is never shown whole: it may repeat keys and signatures.

use std::error::Error as _;
use std::time::Duration;

use object_store::ClientConfigKey;
use object_store::Error;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{HttpError, HttpErrorKind};

use super::Limits;

/// What sentences must name.
#[derive(Debug)]
pub(super) struct Told {
    bucket: String,
    /// Whom we ask: an address, or a region of Amazon's.
    endpoint: String,
    limits: Limits,
}

impl Told {
    /// Looks at the environment; an error where it cannot work.
    pub fn new(builder: &AmazonS3Builder, bucket: &str, limits: Limits) -> Result<Self, String> {
        let value = |key: AmazonS3ConfigKey| builder.get_config_value(&key);
        let address = value(AmazonS3ConfigKey::S3Endpoint).or(value(AmazonS3ConfigKey::Endpoint));
        let allowed = value(AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp));
        let allowed = allowed.is_some_and(|text| ["true", "1"].contains(&text.as_str()));
        if address.as_ref().is_some_and(|address| address.starts_with("http://")) && !allowed {
            return Err(
                "AWS_ENDPOINT_URL is http, and nothing on the way would be encrypted: use \
                        https, or set AWS_ALLOW_HTTP=true for a network that is yours alone"
                    .to_owned(),
            );
        }
        let region = value(AmazonS3ConfigKey::Region).unwrap_or_else(|| "us-east-1".to_owned());
        let endpoint = address.unwrap_or_else(|| format!("Amazon S3 in {region}"));
        // A name and password in the address are nobody's business.
        let endpoint = match (endpoint.split_once("://"), endpoint.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
            _ => endpoint,
        };
        Ok(Self { bucket: bucket.to_owned(), endpoint, limits })
    }

    /// The sentence: what happened, what was tried, what to check.
    pub fn why(&self, error: &Error, took: Option<Duration>) -> String {
        let (bucket, endpoint) = (&self.bucket, &self.endpoint);
        let code = code(error);
        let said = code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
        let text = deep(error);
        // Where a machine's role is asked for.
        if ["/latest/api/token", "/latest/meta-data", "169.254."].iter().any(|it| text.contains(it))
        {
            return "there are no keys for the object store: set AWS_ACCESS_KEY_ID and \
                    AWS_SECRET_ACCESS_KEY, or run where the machine's role gives them"
                .to_owned();
        }
        match error {
            _ if code.as_deref() == Some("NoSuchBucket") => format!(
                "there is no bucket {bucket} at {endpoint}: check its name, AWS_REGION and \
                 AWS_ENDPOINT_URL, or make it"
            ),
            Error::NotFound { .. } => "there is no such object".to_owned(),
            _ if refuses_keys(error, code.as_deref()) => format!(
                "{endpoint} refuses these keys{said}: check AWS_ACCESS_KEY_ID, \
                 AWS_SECRET_ACCESS_KEY, AWS_REGION and the rights of the key on the bucket {bucket}"
            ),
            Error::Precondition { .. } => {
                "the object changed while it was read; run the command again when it is complete"
                    .to_owned()
            }
            _ => {
                let what = self.what(error, code);
                let tried = took.map(|took| self.tried(took)).unwrap_or_default();
                format!("{what}{tried}")
            }
        }
    }

    fn what(&self, error: &Error, code: Option<String>) -> String {
        let endpoint = &self.endpoint;
        match transport(error) {
            Some((HttpErrorKind::Connect, cause)) => {
                format!(
                    "no connection to {endpoint} ({cause}): check AWS_ENDPOINT_URL and the network"
                )
            }
            Some((HttpErrorKind::Timeout, _)) => format!("{endpoint} did not answer in time"),
            Some((_, cause)) => format!("the connection to {endpoint} broke ({cause})"),
            None => match (status(error), code) {
                (Some(status), Some(code)) => format!("{endpoint} answered {status} {code}"),
                (Some(status), None) => format!("{endpoint} answered {status}"),
                (None, _) => format!("{endpoint} could not be used: {}", first_line(error)),
            },
        }
    }

    fn tried(&self, took: Duration) -> String {
        format!(
            "; gave up after {:.1} s (a request is tried up to {} times within {} s). Nothing is lost: \
             run the command again when the storage answers",
            took.as_secs_f64(),
            self.limits.tries,
            self.limits.total.as_secs()
        )
    }
}

/// It is about who asks, or for which region.
fn refuses_keys(error: &Error, code: Option<&str>) -> bool {
    let codes = ["ExpiredToken", "InvalidToken", "AuthorizationHeaderMalformed"];
    matches!(status(error), Some(401 | 403)) || code.is_some_and(|code| codes.contains(&code))
}

/// The store has decided, and asking again would change nothing.
pub(super) fn is_final(error: &Error) -> bool {
    match error {
        Error::NotSupported { .. } | Error::NotImplemented { .. } => true,
        Error::AlreadyExists { .. } => false,
        error => status(error).is_some_and(|status| (400..500).contains(&status)),
    }
}

/// The connection broke in mid-answer, which `object_store` does not try again everywhere.
pub(super) fn is_broken_off(error: &Error) -> bool {
    use HttpErrorKind::{Decode, Interrupted, Request, Unknown};
    transport(error)
        .is_some_and(|(kind, _)| matches!(kind, Decode | Interrupted | Request | Unknown))
}

/// There is nothing in the range that was asked for.
pub(super) fn is_beyond(error: &Error) -> bool {
    status(error) == Some(416)
}

/// The store does not know what it is asked for.
pub(super) fn is_unknown_request(error: &Error) -> bool {
    matches!(error, Error::NotSupported { .. } | Error::NotImplemented { .. })
        || status(error) == Some(501)
        || code(error).is_some_and(|code| ["NotImplemented", "InvalidArgument"].contains(&&*code))
}

/// All that an error and its causes say.
fn deep(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push('\n');
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The HTTP status of the answer; `object_store` tells it in its text alone.
fn status(error: &Error) -> Option<u16> {
    let text = deep(error);
    let (_, rest) = text.split_once("status code: ")?;
    rest.get(..3)?.parse().ok()
}

/// The store's own name of what is wrong, of its answer the only part that is shown.
fn code(error: &Error) -> Option<String> {
    let text = deep(error);
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let plain = code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric());
    plain.then(|| code.to_owned())
}

/// A failure below HTTP: its kind, and its innermost cause.
fn transport(error: &Error) -> Option<(HttpErrorKind, String)> {
    let mut cause = error.source();
    let mut kind = None;
    let mut innermost = String::new();
    while let Some(error) = cause {
        kind = kind.or_else(|| error.downcast_ref::<HttpError>().map(HttpError::kind));
        innermost = error.to_string();
        cause = error.source();
    }
    kind.map(|kind| (kind, innermost))
}

fn first_line(error: &Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
