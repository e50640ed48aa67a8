//! The columns of a batch of lines, all at once: what is done to one is done to each.

use retail::{LineBatch, NONE, Texts};

/// Columns of codes, each with the texts they stand for.
pub(crate) fn coded(lines: &mut LineBatch) -> [(&mut Vec<u32>, &mut Texts); 10] {
    let names = &mut lines.names;
    [
        (&mut lines.network, &mut names.network),
        (&mut lines.shop, &mut names.shop),
        (&mut lines.till, &mut names.till),
        (&mut lines.number, &mut names.number),
        (&mut lines.fiscal, &mut names.fiscal),
        (&mut lines.customer, &mut names.customer),
        (&mut lines.card, &mut names.card),
        (&mut lines.channel, &mut names.channel),
        (&mut lines.original, &mut names.original),
        (&mut lines.product, &mut names.product),
    ]
}

/// Columns of amounts, and of the time.
fn amounts(lines: &mut LineBatch) -> [&mut Vec<i64>; 6] {
    [
        &mut lines.at,
        &mut lines.quantity,
        &mut lines.net,
        &mut lines.discount,
        &mut lines.retailer_coupon,
        &mut lines.supplier_coupon,
    ]
}

/// Makes room for so many rows more.
pub(crate) fn reserve(lines: &mut LineBatch, more: usize) {
    coded(lines).into_iter().for_each(|(column, _)| column.reserve(more));
    amounts(lines).into_iter().for_each(|column| column.reserve(more));
    lines.day.reserve(more);
    lines.minute.reserve(more);
}

/// Takes rows out, which are given in order.
pub(crate) fn remove(lines: &mut LineBatch, rows: &[u32]) {
    for (column, _) in coded(lines) {
        thin(column, rows);
    }
    for column in amounts(lines) {
        thin(column, rows);
    }
    thin(&mut lines.day, rows);
    thin(&mut lines.minute, rows);
}

/// A batch of some rows of another, with no more texts than it needs.
pub(crate) fn copy(from: &mut LineBatch, rows: &[u32]) -> LineBatch {
    let mut to = LineBatch::default();
    for ((column, texts), (new, new_texts)) in coded(from).into_iter().zip(coded(&mut to)) {
        *new = recoded(column, rows, texts, new_texts);
    }
    for (column, new) in amounts(from).into_iter().zip(amounts(&mut to)) {
        *new = picked(column, rows);
    }
    to.day = picked(&from.day, rows);
    to.minute = picked(&from.minute, rows);
    to
}

/// The codes of some rows, in texts of their own.
pub(crate) fn recoded(
    column: &[u32],
    rows: &[u32],
    texts: &Texts,
    new_texts: &mut Texts,
) -> Vec<u32> {
    let mut codes = vec![NONE; texts.len()];
    let mut code = |old: u32| {
        let Some(text) = texts.text(old) else { return NONE };
        let code = &mut codes[old as usize];
        if *code == NONE {
            *code = new_texts.code(text);
        }
        *code
    };
    rows.iter().map(|&row| code(column[row as usize])).collect()
}

pub(crate) fn picked<T: Copy>(column: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|&row| column[row as usize]).collect()
}

pub(crate) fn thin<T: Copy>(column: &mut Vec<T>, rows: &[u32]) {
    let Some(&first) = rows.first() else { return };
    let mut to = first as usize;
    for (i, &row) in rows.iter().enumerate() {
        let from = row as usize + 1;
        let until = rows.get(i + 1).map_or(column.len(), |&next| next as usize);
        column.copy_within(from..until, to);
        to += until - from;
    }
    column.truncate(to);
}
