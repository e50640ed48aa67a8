//! `proffer lake files | compact`

use anyhow::Result;
use serde::Serialize;

use programme::Extent;

use super::{open, say, say_json, watched};
use crate::cli::{Cli, LakeCommand};
use crate::language::Language;
use crate::text::count;

#[derive(Serialize)]
struct LiveFile {
    holds: String,
    path: String,
}

pub fn run(cli: &Cli, command: &LakeCommand) -> Result<()> {
    let (programme, language) = open(cli)?;
    match command {
        LakeCommand::Files { json } => {
            let files: Vec<LiveFile> = programme
                .lake()?
                .files()
                .into_iter()
                .map(|(holds, path)| LiveFile { holds, path })
                .collect();
            if *json {
                return say_json(&files);
            }
            let lines: Vec<String> =
                files.iter().map(|file| format!("{}\t{}", file.holds, file.path)).collect();
            say(&lines.join("\n"))
        }
        LakeCommand::Compact { json } => {
            let done = watched(|bar| programme.compact(Extent::Everything, bar))?;
            if *json {
                return say_json(&done);
            }
            let (lines, before, after) =
                (count(done.lines), count(done.bytes_before), count(done.bytes_after));
            say(&match language {
                Language::En => format!(
                    "{} runs became {}: {lines} lines written, {before} bytes before, {after} after.",
                    done.runs_before, done.runs_after
                ),
                Language::Ru => format!(
                    "Серий было {}, стало {}: записано строк {lines}, байт было {before}, стало {after}.",
                    done.runs_before, done.runs_after
                ),
            })
        }
    }
}
