//! Receipts in columns: a Parquet file as a retailer's warehouse would export it.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow};
use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, Decimal64Array, RecordBatch, TimestampMicrosecondArray};
use demo::local_second;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use retail::Receipt;

const MICROS_A_SECOND: i64 = 1_000_000;
const SECONDS_A_DAY: i64 = 86_400;

/// Lines that travel to the encoder at once.
const BLOCK_LINES: usize = 1 << 16;
const ROW_GROUP_LINES: usize = 1 << 20;
/// Blocks that wait for the encoder at most.
const WAITING: usize = 4;

const TEXTS: [&str; 8] =
    ["number", "shop", "till", "customer", "card", "product", "channel", "original"];
/// Digits after the point: thousandths of a unit, hundredths of a rouble.
const AMOUNTS: [(&str, i8); 5] =
    [("quantity", 3), ("net", 2), ("discount", 2), ("retailer_coupon", 2), ("supplier_coupon", 2)];
const PRECISION: u8 = 15;

/// A Parquet file that grows by receipts. One thread makes the receipts and fills columns, another
/// encodes them.
pub(super) struct Columns {
    block: Block,
    blocks: SyncSender<RecordBatch>,
    encoder: JoinHandle<Result<File>>,
}

impl Columns {
    pub(super) fn create(file: File) -> Result<Self> {
        let (blocks, waiting) = sync_channel(WAITING);
        let mut block = Block::default();
        // The columns' names and types, before there is a line.
        let schema = block.take()?.schema();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_LINES))
            .build();
        // A warehouse that knows nothing of Arrow leaves no hint at Arrow's types.
        let options =
            ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(file, schema, options)?;
        let encoder = std::thread::Builder::new()
            .name("parquet".to_owned())
            .spawn(move || encode(writer, &waiting))?;
        Ok(Self { block, blocks, encoder })
    }

    pub(super) fn put(&mut self, receipt: &Receipt) -> Result<()> {
        self.block.put(receipt);
        if self.block.at.len() < BLOCK_LINES {
            return Ok(());
        }
        let block = self.block.take()?;
        // The encoder hangs up only when it has failed; `finish` would tell why.
        self.blocks.send(block).map_err(|_| anyhow!("the file could not be written any further"))
    }

    pub(super) fn finish(mut self) -> Result<File> {
        let last = self.block.take()?;
        // Whether the encoder has hung up is told below.
        let _ = self.blocks.send(last);
        drop(self.blocks);
        self.encoder.join().map_err(|_| anyhow!("the encoder gave up"))?
    }
}

fn encode(mut writer: ArrowWriter<File>, blocks: &Receiver<RecordBatch>) -> Result<File> {
    for block in blocks {
        writer.write(&block)?;
    }
    writer.into_inner().context("the end of the file")
}

/// Columns of some lines.
#[derive(Default)]
struct Block {
    texts: [StringBuilder; TEXTS.len()],
    at: Vec<i64>,
    amounts: [Vec<i64>; AMOUNTS.len()],
}

impl Block {
    fn put(&mut self, receipt: &Receipt) {
        let local = i64::from(receipt.day.0) * SECONDS_A_DAY + local_second(receipt.at);
        for line in &receipt.lines {
            self.at.push(local * MICROS_A_SECOND);
            let texts = [
                Some(&receipt.key.number),
                Some(&receipt.shop.0),
                Some(&receipt.key.till),
                receipt.customer.as_ref().map(|id| &id.0),
                receipt.card.as_ref().map(|id| &id.0),
                Some(&line.product.0),
                receipt.channel.as_ref(),
                receipt.original.as_ref(),
            ];
            for (column, text) in self.texts.iter_mut().zip(texts) {
                column.append_option(text);
            }
            let amounts = [
                line.quantity.0,
                line.net.0,
                line.discount.0,
                line.retailer_coupon.0,
                line.supplier_coupon.0,
            ];
            for (column, amount) in self.amounts.iter_mut().zip(amounts) {
                column.push(amount);
            }
        }
    }

    /// The lines so far as arrays; the block is empty again.
    fn take(&mut self) -> Result<RecordBatch> {
        let at = TimestampMicrosecondArray::from(std::mem::take(&mut self.at));
        let mut columns: Vec<(&str, ArrayRef, bool)> = vec![("at", Arc::new(at), true)];
        for (name, column) in TEXTS.into_iter().zip(&mut self.texts) {
            columns.push((name, Arc::new(column.finish()), true));
        }
        for ((name, scale), column) in AMOUNTS.into_iter().zip(&mut self.amounts) {
            let amounts = Decimal64Array::from(std::mem::take(column));
            columns.push((
                name,
                Arc::new(amounts.with_precision_and_scale(PRECISION, scale)?),
                true,
            ));
        }
        Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
    }
}
