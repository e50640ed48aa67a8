//! The demo shops, written as feeds that the ordinary import reads.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use demo::{DemoShop, Feed, MAPPING, Size};

use crate::Progress;

/// Which demo shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DemoKind {
    Grocery,
    Shoes,
    Travel,
}

/// How large a demo shop is, where it should differ from its kind's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DemoSize {
    /// Customers.
    pub customers: Option<u32>,
    /// Days of trade.
    pub days: Option<u16>,
    /// The same seed gives the same bytes.
    pub seed: Option<u64>,
}

impl DemoKind {
    fn shop(self, size: DemoSize) -> DemoShop {
        let (make, default): (fn(Size) -> DemoShop, Size) = match self {
            Self::Grocery => (DemoShop::grocery, Size::GROCERY),
            Self::Shoes => (DemoShop::shoes, Size::SHOES),
            Self::Travel => (DemoShop::travel, Size::TRAVEL),
        };
        make(Size {
            customers: size.customers.unwrap_or(default.customers),
            days: size.days.unwrap_or(default.days),
            seed: size.seed.unwrap_or(default.seed),
        })
    }

    /// Writes the feeds of a demo shop and their mapping into a folder; gives the mapping's path.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(self, size: DemoSize, folder: &Path, progress: &dyn Progress) -> Result<PathBuf> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let shop = self.shop(size);
        for feed in Feed::ALL {
            let path = folder.join(feed.file());
            progress.stage(&format!("writing {}", feed.file()), None);
            let write = || -> std::io::Result<()> {
                let mut out = BufWriter::new(File::create(&path)?);
                shop.write(feed, &mut out)?;
                out.flush()
            };
            write().with_context(|| format!("cannot write {}", path.display()))?;
        }
        let mapping = folder.join("mapping.toml");
        std::fs::write(&mapping, MAPPING)
            .with_context(|| format!("cannot write {}", mapping.display()))?;
        Ok(mapping)
    }
}
