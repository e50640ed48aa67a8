//! Rules of a loyalty programme, pure: what may become of a card, how card numbers are made and
//! read, who may do what through which door, which level a customer has reached, what a receipt
//! earns until the rule engine comes, what customers are asked, which answers are good, and what
//! they consent to.
//!
//! It owns tables and the functions that read them: what a programme decides is data, and data are
//! looked over by a `validate` that returns every [`Problem`] with a pointer to its place. It never
//! keeps a card, a level or a balance, asks no clock (`as_of` is given), draws no random number
//! (virtual numbers are scattered by a key the caller holds), and keeps no personal data: a card is
//! neither the wallet it opens nor the customer who carries it. Answers, phones and addresses pass
//! through on their way to the vault, in one form each; they do not show themselves in a log, and a
//! refusal never repeats them.
//!
//! Start with [`next`], the life cycle of a card in one table; then [`CardNumber::parse`], the door
//! for numbers; [`CardPolicy::permits`], the door for people; [`evaluate`] for levels and [`accrue`]
//! for points; [`Questionnaire::check`], the door for answers, and [`Consents::of`] for what is allowed.

mod access;
mod accrual;
mod card;
mod consent;
mod email;
mod level;
mod name;
mod number;
mod phone;
mod problem;
mod questionnaire;
mod range;
mod text;
mod words;

pub use access::{CardAction, CardPolicy, Door, NotPermitted, Permission, Role, Scope, scopes_of};
pub use accrual::{Accrual, AccrualRow, AccrualRules, LineFact, ReceiptFacts, Rounding, accrue};
pub use card::{
    BlockReason, CAPABILITIES, Capability, CardKind, CardOperation, CardRefusal, CardState,
    TRANSITIONS, Transition, life_cycle_markdown, next,
};
pub use consent::{Channel, ConsentEvent, ConsentPurpose, Consents, Means};
pub use email::{Email, EmailProblem};
pub use level::{
    Held, Level, LevelId, LevelScope, LevelTable, Measure, Period, Progress, Review, Standing,
    ToNext, Went, evaluate,
};
pub use name::UnknownName;
pub use number::{CardNumber, NumberProblem, Scheme};
pub use phone::{Phone, PhoneProblem};
pub use problem::Problem;
pub use questionnaire::{
    Answer, AnswerFault, AnswerOption, AnswerProblem, Answers, Checked, Completeness,
    ConsentAnswer, ProfileAttribute, ProfileUse, Question, QuestionGroup, QuestionKind,
    Questionnaire, Stage, Wording,
};
pub use range::{NumberRange, PrintBatch, PrintRow, scattered};
pub use words::name_words;
