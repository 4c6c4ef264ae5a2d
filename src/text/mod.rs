//! Text on its way to people: who may read it, how it is escaped, counted and wrapped.

pub mod audience;
mod encoded;
pub mod escape;
pub mod lines;
pub mod nearest;
pub mod said;
pub mod secret;
pub mod short;
pub mod words;
pub mod wrap;
