//! Renderings of a finished run for people.

pub mod terminal;
