//! `proffer erase CUSTOMER`

use anyhow::Result;

use super::{open, say, say_json};
use crate::cli::{Cli, Erase};
use crate::language::Language;
use crate::text::count;

pub fn run(cli: &Cli, arguments: &Erase) -> Result<()> {
    let (programme, language) = open(cli)?;
    let report = programme.erase(&arguments.customer)?;
    if arguments.json {
        return say_json(&report);
    }
    let (lines, rows, files, own) = (
        count(report.lake.lines),
        count(report.lake.table_rows),
        count(report.snapshot_files),
        count(report.rows),
    );
    say(&match language {
        Language::En => format!(
            "Erased: {lines} lines of receipts, {rows} rows of tables, {files} files of snapshots written anew; \
             {own} receipts, cards and wallets are nobody's now.\n\
             Totals are smaller by these lines. Should a changed feed bring those sales again, they are kept \
             without the customer."
        ),
        Language::Ru => format!(
            "Удалено: строк чеков {lines}, строк таблиц {rows}, переписано файлов снимков {files}; \
             чеков, карт и кошельков без покупателя теперь {own}.\n\
             Итоги уменьшились на эти строки. Если изменённые данные принесут те же продажи снова, они \
             останутся без покупателя."
        ),
    })
}
