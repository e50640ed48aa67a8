//! `proffer rules export`

use anyhow::{Context, Result};
use programme::{Act, BundleTo, bundle_key_file, now};
use serde_json::json;

use super::{open, say, say_json};
use crate::cli::{Cli, RulesCommand, RulesExport};
use crate::language::Language;

pub fn run(cli: &Cli, command: &RulesCommand) -> Result<()> {
    match command {
        RulesCommand::Export(arguments) => export(cli, arguments),
    }
}

fn export(cli: &Cli, arguments: &RulesExport) -> Result<()> {
    let (programme, language) = open(cli)?;
    let to = BundleTo {
        shop: arguments.shop.clone(),
        till: arguments.till.clone(),
        until: arguments.until,
        grants: arguments.grant.iter().cloned().collect(),
    };
    let bytes = programme.export_bundle(&Act::of_job("console", now()), &to)?;
    let out = &arguments.out;
    std::fs::write(out, &bytes).with_context(|| format!("cannot write {}", out.display()))?;
    let keys = cli.dir.join(bundle_key_file());
    if arguments.json {
        return say_json(&json!({ "out": out, "bytes": bytes.len(), "keys": keys }));
    }
    let (out, keys) = (out.display(), keys.display());
    say(&match language {
        Language::En => format!(
            "Wrote {out}. A till believes it by the public key in {keys}:\n\
             proffer price --bundle {out} --key {keys} --basket BASKET.json"
        ),
        Language::Ru => format!(
            "Записан {out}. Касса верит ему по открытому ключу из {keys}:\n\
             proffer price --bundle {out} --key {keys} --basket BASKET.json"
        ),
    })
}
