//! Dictionaries: compact codes of the lake and the source's own ids behind them.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, UInt32Array};
use retail::{NONE, Texts, compare_ids};

use crate::manifest::StoredFile;
use crate::rows::{Opened, column, encode_to, read_all};
use crate::{LakeError, Storage};

/// What a dictionary names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Customer,
    Product,
    Shop,
    Channel,
    Category,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Customer, Self::Product, Self::Shop, Self::Channel, Self::Category];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Product => "product",
            Self::Shop => "shop",
            Self::Channel => "channel",
            Self::Category => "category",
        }
    }
}

/// Ids of one kind. A code is given once and never means another id; the rank is the id's position
/// in source order ([`compare_ids`]), by which ties are broken.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    texts: Texts,
    // Erased ids: their codes stay, their texts are gone.
    erased: Vec<u32>,
    ranks: Vec<u32>,
}

impl Dictionary {
    /// How many codes were given.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether no code was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The source's id of a code; nothing for codes never given and for erased customers.
    #[must_use]
    pub fn text(&self, code: u32) -> Option<&str> {
        if self.erased.binary_search(&code).is_ok() {
            return None;
        }
        self.texts.text(code)
    }

    /// The code of an id.
    #[must_use]
    pub fn code(&self, text: &str) -> Option<u32> {
        self.texts.find(text).filter(|code| self.erased.binary_search(code).is_err())
    }

    /// Position of each code's id in source order, by code.
    #[must_use]
    pub fn ranks(&self) -> &[u32] {
        &self.ranks
    }

    /// The code of an id, new or known; [`Dictionary::rank`] must follow the last new one.
    pub(crate) fn add(&mut self, text: &str) -> u32 {
        self.texts.code(text)
    }

    /// Codes for texts of a feed, by the feed's own code; [`NONE`] where `used` says no row needs the
    /// text. A dictionary that others read is copied when the first new one comes;
    /// [`Dictionary::rank`] must follow the last.
    pub(crate) fn extend(
        shared: &mut Arc<Self>,
        feed: &Texts,
        used: impl Fn(u32) -> bool,
    ) -> Vec<u32> {
        let mut code_of = |text| match shared.texts.find(text) {
            Some(code) => code,
            None => Arc::make_mut(shared).add(text),
        };
        (0..feed.len() as u32)
            .map(|code| match feed.text(code) {
                Some(text) if used(code) => code_of(text),
                _ => NONE,
            })
            .collect()
    }

    pub(crate) fn erase(&mut self, code: u32) {
        if let Err(place) = self.erased.binary_search(&code) {
            self.erased.insert(place, code);
        }
    }

    /// Gives every code its place in source order.
    pub(crate) fn rank(&mut self) {
        let mut codes: Vec<u32> = (0..self.texts.len() as u32).collect();
        // Start from the known order, so that the sort finds long runs.
        codes.sort_by_key(|&code| self.ranks.get(code as usize).copied().unwrap_or(NONE));
        let text = |code: u32| self.texts.text(code).unwrap_or_default();
        codes.sort_by(|&a, &b| compare_ids(text(a), text(b)));
        self.ranks = vec![0; codes.len()];
        for (rank, code) in codes.into_iter().enumerate() {
            self.ranks[code as usize] = rank as u32;
        }
    }

    /// The code of one id, from a file whose other ids nobody needs.
    pub(crate) fn look_up(
        storage: &Storage,
        file: &StoredFile,
        id: &str,
    ) -> Result<Option<u32>, LakeError> {
        let mut before = 0;
        for batch in Opened::new(storage, file)?.columns(&["id"])? {
            let batch = batch?;
            let ids: &StringArray = column(&batch, "id", file)?;
            if let Some(row) = ids.iter().position(|other| other == Some(id)) {
                return Ok(Some(before + row as u32));
            }
            before += ids.len() as u32;
        }
        Ok(None)
    }

    pub(crate) fn read(storage: &Storage, file: &StoredFile) -> Result<Self, LakeError> {
        let batch = read_all(storage, file)?;
        let ids: &StringArray = column(&batch, "id", file)?;
        let ranks: &UInt32Array = column(&batch, "rank", file)?;
        let mut dictionary = Self { ranks: ranks.values().to_vec(), ..Self::default() };
        for code in 0..ids.len() as u32 {
            if ids.is_null(code as usize) {
                dictionary.erased.push(code);
                // A text no source can send keeps the place of the erased one.
                dictionary.texts.code(&format!("\u{0}erased {code}"));
            } else if dictionary.texts.code(ids.value(code as usize)) != code {
                return Err(LakeError::Damaged {
                    path: file.path.clone(),
                    why: format!("the id {:?} stands in it twice", ids.value(code as usize)),
                });
            }
        }
        Ok(dictionary)
    }

    pub(crate) fn write(
        &self,
        storage: &Storage,
        kind: Kind,
        run: u64,
    ) -> Result<StoredFile, LakeError> {
        let codes: Vec<u32> = (0..self.texts.len() as u32).collect();
        let ids: StringArray = codes.iter().map(|&code| self.text(code)).collect();
        let columns: [(&str, ArrayRef, bool); 3] = [
            ("code", Arc::new(UInt32Array::from(codes)), false),
            ("id", Arc::new(ids), true),
            ("rank", Arc::new(UInt32Array::from(self.ranks.clone())), false),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(columns)?;
        encode_to(storage, &format!("dictionary/{}", kind.name()), &[batch], run)
    }
}
