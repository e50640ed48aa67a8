//! `proffer erase CUSTOMER`

use anyhow::Result;

use programme::{Act, now};

use super::{open, say, say_json};
use crate::cli::{Cli, Erase};
use crate::language::Language;
use crate::text::count;

pub fn run(cli: &Cli, arguments: &Erase) -> Result<()> {
    let (programme, language) = open(cli)?;
    let report = programme.erase(&Act::of_job("console", now()), &arguments.customer)?;
    if arguments.json {
        return say_json(&report);
    }
    let (lines, rows, files, own) = (
        count(report.lake.lines),
        count(report.lake.table_rows),
        count(report.snapshot_files),
        count(report.rows),
    );
    let number = report.number;
    say(&match language {
        Language::En => format!(
            "Act {number}. Erased: {lines} lines of receipts, {rows} rows of tables, {files} files of snapshots written anew; \
             {own} rows of the database: receipts, cards and wallets that are nobody's now, and what the vault had of him.\n\
             Totals are smaller by these lines. Should a changed feed bring those sales again, they are kept \
             without the customer."
        ),
        Language::Ru => format!(
            "Акт {number}. Удалено: строк чеков {lines}, строк таблиц {rows}, переписано файлов снимков {files}; \
             строк базы {own}: чеки, карты и кошельки теперь без покупателя, анкета и её ключ уничтожены.\n\
             Итоги уменьшились на эти строки. Если изменённые данные принесут те же продажи снова, они \
             останутся без покупателя."
        ),
    })
}
