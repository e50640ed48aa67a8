//! HTTP of Proffer: the API by which the UI, tills, partners and programs of others use a programme.
//!
//! It parses, asks who calls, calls one function of `programme`, and answers; it computes nothing and
//! touches no file of the programme itself. No SQL, no rule of the trade and no personal data in a log
//! are ever here. Start with [`http`]; the binary `proffer` (`main.rs`) is the command line over it.

pub mod http;
pub mod language;
