//! Renderings of a finished run for people.

pub mod apply;
pub mod terminal;
