//! A programme: one folder that holds a retailer's settings, lake and snapshots, and every flow over
//! it as one function: import, refresh, portrait, segment, offers, history,
//! evaluate, erase.
//!
//! It gathers, calls and stores; it computes nothing that a pure crate computes, and it speaks
//! neither HTTP nor to a terminal. Start with [`Programme`]; each flow is one file.

mod access;
mod act;
mod background;
mod backup;
mod cards;
mod coupons;
mod customers;
mod demo_shop;
mod discounts;
mod erase;
mod error;
mod evaluate;
mod fetch;
mod history;
mod import;
mod jobs;
mod journal;
mod levels;
mod migration;
mod offers;
mod passes;
mod people;
mod places;
mod portrait_rows;
mod portraits;
mod price;
mod progress;
mod quotes;
mod receipts;
mod reference;
mod refresh;
mod refunds;
mod refused;
mod rules;
mod sealing;
mod segments;
mod settings;
mod shared_card;
mod studio;
mod table;
mod vault;
mod webhooks;

pub use access::{
    Activity, ActivityLimit, ActivityLimits, Caller, Doer, Doing, FlagView, Judged, Judgement,
    KeyMade, KeyView, LimitThen, NewKey, NewStaff, SignIn, SignedIn, StaffChange, StaffLink,
    StaffRights, StaffView, TotpSetup, csrf_of, judge, judge_all,
};
pub use act::{Act, Bounds, RequestKey, now};
pub use backup::{
    BackupFile, BackupPage, BackupReport, BackupVerdict, Restore, Restored, WasErased,
};
pub use cards::{
    BalanceView, CardChange, CardEventView, CardView, LotView, NewPrintBatch, NewRange,
    PrintBatchView, PrintedCard, RangeView, StatementLine,
};
pub use coupons::{
    COUPON_BATCH_MAX, CouponBatch, CouponSeriesView, CouponView, CouponsFound, NewCouponSeries,
    NewPersonalCoupon, coupon_facts, coupons_of_basket, customer_claims, open_coupon_accounts,
    personal_prices,
};
pub use customers::{
    AnswerChange, AnswersChanged, AnswersGiven, ChangeView, CustomerView, FindBy, FormView,
    FoundCustomer, NewCustomer, Registered,
};
pub use demo_shop::{DemoFeeds, DemoFormat, DemoKind, DemoReport, DemoSize, DemoTrade};
pub use discounts::{
    BundleTo, DiscountProblem, DiscountVerdict, DiscountsView, DiscountsWhole, SimulatedDays,
    SimulatedRules, bundle_key_file, discounts_schema,
};
pub use erase::{EraseReport, ErasureLine};
pub use error::ProgrammeError;
pub use evaluate::{EvaluateQuestion, EvaluateReport, Sampled};
pub use history::{HistoryLine, HistoryView};
pub use import::{AccrualReport, FeedReport, ImportReport, Quarantined, TooManyBad};
pub use journal::JournalMoved;
pub use levels::{LevelGrant, LevelView};
pub use migration::{CardsBrought, LevelsBrought, OpeningReport, RowsOf, UnitBrought};
pub use offers::{OfferRow, OfferSet};
pub use places::{NetworkView, NewNetwork, NewShop, ShopView, TillView};
pub use portraits::{PortraitDay, PortraitFigures, PortraitRow, PortraitView};
pub use price::{Explained, Priced, RulesFrom, price_files};
pub use progress::{Progress, STAGES};
pub use quotes::{
    ConfirmIn, Confirmed, ConfirmedLine, Note, NoteCode, QuoteEnded, QuoteIn, QuoteView,
    QuotedRule, TakenIn, TakenLine,
};
pub use receipts::{
    BatchedReceipt, FiscalIn, LineIn, OriginalIn, ReceiptIn, ReceiptProblem, ReceiptTaken,
    WhyNoPoints, WhyNothing,
};
pub use refresh::{ModelChoice, RefreshReport};
pub use refunds::{RefundIn, RefundLine, RefundView};
pub use refused::{FieldProblem, Refused};
pub use rules::{RulesKind, RulesView};
pub use sealing::{AuditBreak, AuditReport, DeedView, HeadFault, HeadSource, Sealed, WrongHead};
pub use segments::{SegmentView, WithoutValues};
pub use settings::{Language as SettingsLanguage, Settings};
pub use shared_card::SharedCard;
pub use table::Format;
pub use vault::{VaultKeyView, VaultView};
pub use webhooks::{
    Delivery, DeliveryReport, GivenUp, NewWebhook, Undelivered, WebhookMade, WebhookSender,
    WebhookState, WebhookView,
};

pub use membership::{
    CardKind, CardOperation, CardState, ConsentEvent, Door, Means, NumberRange, Role, Scheme,
    Scope, UnknownName,
};
pub use models::{Evaluation, Level, Protocol, Reason};
pub use portrait::segment;
pub use portrait::{
    Kind as ParameterKind, Parameter, Wording, markdown as portrait_markdown,
    registry as parameters,
};
pub use pricing;
pub use pricing::{
    Adjustment, BasketLine, Claimed, CouponOutcome, Delivery as BasketDelivery, GiftDue,
    Language as ReasonLanguage, MessageTo, Off, Position, Quote, QuotedDelivery, QuotedLine,
    QuotedMessage, Reason as PricingReason, ReturnedLine, Text, Trimmed, TrimmedBy, Undone,
    Withheld,
};
pub use retail::{Claim, Day, Instant, Money, Quantity};
pub use store::{CouponKind, DbError, Secret};

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result};
pub use lake::{Compacted, Extent, Repaired};
use lake::{Lake, Snapshots, Storage};
use progress::COMPACTING;
use sha2::{Digest, Sha256};
use store::{Limits, Location, Store};

/// An open programme folder.
#[derive(Debug)]
pub struct Programme {
    folder: PathBuf,
    settings: Settings,
    // Which settings a snapshot was made with.
    settings_sha256: String,
    storage: Arc<Storage>,
    // Opened when first asked for: what only reads the lake needs no database.
    store: OnceLock<Store>,
    // Held while it is opened: two who ask first open it once.
    opening: Mutex<()>,
    gate: access::Gate,
    buyers: quotes::Buyers,
    at_till: offers::OffersAtTill,
    discounts: discounts::DiscountCache,
    warm: studio::WarmStudio,
    vault: vault::VaultDoor,
    range_lines: u64,
}

/// The right to change a programme; one process at a time has it.
#[derive(Debug)]
pub struct Writing {
    // The lock goes with the file handle.
    _lock: File,
}

/// How often, and after which pause, the right to change the programme is asked for again.
const WRITE_TRIES: u32 = 20;
const WRITE_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

const SETTINGS: &str = "proffer.toml";

/// Lines that are in memory at once: two ranges of so many, some 80 bytes a line.
const RANGE_LINES: u64 = 1_000_000;

fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Programme {
    /// Makes a new programme in a folder that holds none; it speaks the language from then on.
    ///
    /// # Errors
    /// When the folder already holds a programme or cannot be written.
    pub fn init(folder: &Path, language: SettingsLanguage) -> Result<Self> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let settings = folder.join(SETTINGS);
        if settings.exists() {
            return Err(ProgrammeError::Exists { folder: folder.to_owned() }.into());
        }
        std::fs::write(&settings, Settings::default_text(language))
            .with_context(|| format!("cannot write {}", settings.display()))?;
        Self::open(folder)
    }

    /// Opens a programme.
    ///
    /// # Errors
    /// When the folder holds none or its settings cannot be understood.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(SETTINGS);
        if !path.exists() {
            return Err(ProgrammeError::Absent { folder: folder.to_owned() }.into());
        }
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let settings =
            Settings::read(&text).with_context(|| format!("{} is wrong", path.display()))?;
        let storage = Arc::new(Storage::open(&settings.lake.url, folder)?);
        let settings_sha256 = sha256_hex(text.as_bytes());
        let folder = folder.to_owned();
        let store = OnceLock::new();
        let gate = access::Gate::new(&settings.access);
        Ok(Self {
            folder,
            settings,
            settings_sha256,
            storage,
            store,
            opening: Mutex::new(()),
            gate,
            buyers: quotes::Buyers::default(),
            at_till: offers::OffersAtTill::default(),
            discounts: discounts::DiscountCache::default(),
            warm: studio::WarmStudio::default(),
            vault: vault::VaultDoor::default(),
            range_lines: RANGE_LINES,
        })
    }

    /// Sets how many lines are read at once, a million unless told: memory grows with it, and no result
    /// depends on it.
    #[must_use]
    pub fn with_range_lines(mut self, range_lines: u64) -> Self {
        self.range_lines = range_lines;
        self
    }

    /// What the retailer has set.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The database: cards, ledger, staff, audit. Made, or brought to this program's version, when it
    /// is first asked for.
    ///
    /// # Errors
    /// When it cannot be reached or is not set up as it must be.
    pub fn store(&self) -> Result<&Store, store::DbError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let _opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let location = Location::of(&self.settings.store.url, &self.folder);
        let store = Store::open(&location, &Limits::default(), now())?;
        Ok(self.store.get_or_init(|| store))
    }

    /// What it keeps in memory of who may come in.
    pub(crate) fn gate(&self) -> &access::Gate {
        &self.gate
    }

    /// The newest state of the lake.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn lake(&self) -> Result<Lake> {
        Ok(Lake::open(self.storage.clone())?)
    }

    /// The snapshots.
    #[must_use]
    pub fn snapshots(&self) -> Snapshots {
        Snapshots::new(self.storage.clone())
    }

    /// Takes the right to change the programme.
    ///
    /// # Errors
    /// [`ProgrammeError::Busy`] while another process has it.
    pub fn write(&self) -> Result<Writing> {
        // A compaction that removes old files holds it for a moment: that is no reason to refuse.
        self.lock_patiently("lock")
    }

    fn lock_patiently(&self, name: &str) -> Result<Writing> {
        for _ in 0..WRITE_TRIES {
            if let Ok(writing) = self.lock(name) {
                return Ok(writing);
            }
            std::thread::sleep(WRITE_PAUSE);
        }
        self.lock(name)
    }

    fn lock(&self, name: &str) -> Result<Writing> {
        let path = self.folder.join(name);
        let file =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Writing { _lock: file }),
            Err(std::fs::TryLockError::WouldBlock) => {
                Err(ProgrammeError::Busy { folder: self.folder.clone() }.into())
            }
            Err(std::fs::TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }

    /// Takes the right to compact the lake: one process at a time, while others import.
    pub(crate) fn compacting(&self) -> Result<Writing> {
        self.lock("lock-compaction")
    }

    /// Goes on from the lake's last whole state after newer ones were lost or damaged.
    ///
    /// # Errors
    /// When another process changes the programme or compacts the lake, or the storage fails.
    pub fn repair(&self) -> Result<Repaired> {
        let _writing = self.write()?;
        // A compaction under way would put its change upon a state that is given up.
        let _compacting = self.compacting()?;
        Ok(self.lake()?.repair()?.1)
    }

    /// Whether the lake consists of so many runs that it should be compacted.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub fn wants_compaction(&self) -> Result<bool> {
        Ok(self.lake()?.manifest().runs() > self.settings.import.runs_max)
    }

    /// Makes one run of the lake's many and drops replaced receipts' rows; imports and readers go on
    /// meanwhile. Then removes files that nobody needs any more.
    ///
    /// # Errors
    /// When another process compacts, or the storage fails.
    pub fn compact(&self, extent: Extent, progress: &dyn Progress) -> Result<Compacted> {
        let _compacting = self.compacting()?;
        let stage = std::cell::Cell::new(false);
        let (_, done) = self.lake()?.compact(extent, &|finished, parts| {
            if !stage.replace(true) {
                progress.stage(COMPACTING, Some(parts as u64));
            }
            progress.done(finished as u64);
        })?;
        // While somebody imports, his files are in no manifest yet: the next compaction sweeps. Whoever
        // imported since has made a newer state.
        if let Ok(_writing) = self.lock("lock") {
            self.lake()?.sweep()?;
        }
        Ok(done)
    }
}
