//! The vocabulary of the rules: account keys, domains, times and the compact records of both systems.
//! No rule and no I/O lives here.

pub mod account_key;
pub mod accounts;
pub mod at;
pub mod consent;
pub mod domain;
mod domain_list;
pub mod domains;
pub mod kind;
pub mod lists;
pub mod personal;
pub mod platforms;
pub mod precondition;
pub mod record;
pub mod settings;
pub mod texts;
pub mod time;
pub mod untrusted;
pub mod warning;
pub mod world;
