//! Somebody else's reading of our OpenAPI document: schemathesis calls every operation with good and bad
//! data, and holds each answer against what the document says of it.

use std::path::Path;
use std::process::Command;

use super::fixture::{Shop, rows, skip, soak};
use super::http_process::Serving;
use super::http_strangers::Things;

/// No answer is a fault of ours, none has a status, type, header or form that is not described; what the
/// document calls wrong is refused.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,\
                      negative_data_rejection,missing_required_header,unsupported_method,\
                      allow_header_conformance,ignored_auth";

/// Whoever changes a thing without naming its version is told so by a status of its own (RFC 6585).
const SETTINGS: &str = "[checks]\nmissing_required_header.expected-statuses = \
                        [400, 401, 403, 406, 415, 422, 428]\n";

#[test]
fn the_document_is_true() {
    let Some(python) = std::env::var_os("PROFFER_PYTHON") else {
        return skip(
            "PROFFER_PYTHON names no Python with schemathesis; `cargo xtask test` makes one",
        );
    };
    let program = Path::new(&python).with_file_name("schemathesis");
    let shop = Shop::new();
    // Things that paths of the document's examples lead to, and a snapshot to show.
    Things::made(&shop);
    shop.import(&rows(300));
    shop.done(&["refresh"]);
    shop.write("schemathesis.toml", SETTINGS);
    let limits = ["--limit-key", "0", "--limit-address", "0", "--limit-card", "0"];
    let serving = Serving::start(&shop, &[&limits[..], &["--limit-sign-in", "0"]].concat());
    let seconds = if soak() { "600" } else { "60" };
    let authorization = format!("Authorization: {}", serving.keys["all"]);
    let output = Command::new(program)
        .args([
            "--config-file",
            "schemathesis.toml",
            "run",
            &format!("http://{}/api/v1/openapi.json", serving.address),
        ])
        .args(["--header", &authorization, "--checks", CHECKS, "--max-time", seconds])
        // Not from this machine, on which counts are open.
        .args(["--header", "X-Forwarded-For: 192.0.2.1"])
        // A walk along links would revoke the very key that it walks with.
        .args(["--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-color"])
        // Two workers meet in the parser of CPython 3.11, which counts its depth for all threads together.
        .args(["--seed", "7", "--workers", "1", "--warnings", "off"])
        .args(["--suppress-health-check", "all"])
        .current_dir(shop.path(""))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    assert!(told.contains("passed") || told.contains("generated"), "it ran: {told}\n{errors}");
}
