//! `init`
use crate::cli::{Common, Init};
use crate::exit::{Exit, Failure};
pub fn run(_common: &Common, _options: Init) -> Result<Exit, Failure> {
    Ok(Exit::Done)
}
