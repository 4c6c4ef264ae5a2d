//! The few names that records repeat (roles, statuses), as numbers.

use super::Fault;

/// Statuses and roles that have fixed numbers; others are numbered as they come.
pub(super) const STATUSES: [&str; 8] = ["", "new", "open", "pending", "hold", "solved", "closed", "deleted"];
pub(super) const DELETED: u16 = 7;
pub(super) const ROLES: [&str; 4] = ["", "end-user", "agent", "admin"];

/// A few names, numbered in order of first sight after the known ones. Number 0 is "none".
pub(super) struct Names {
    pub names: Vec<Box<str>>,
}

impl Names {
    pub(super) fn new(known: &[&str]) -> Self {
        Self { names: known.iter().map(|name| Box::from(*name)).collect() }
    }

    pub(super) fn number(&mut self, name: &str, field: &'static str, limit: usize) -> Result<usize, Fault> {
        if let Some(known) = self.names.iter().position(|known| **known == *name) {
            return Ok(known);
        }
        if self.names.len() >= limit {
            return Err(Fault::TooMany(field, limit));
        }
        self.names.push(name.into());
        Ok(self.names.len() - 1)
    }

    /// The number here of what has `number` in `other`; the known ones have the same in both.
    pub(super) fn adopt(
        &mut self,
        other: &Self,
        number: usize,
        field: &'static str,
        limit: usize,
    ) -> Result<usize, Fault> {
        if self.names.get(number) == other.names.get(number) {
            Ok(number)
        } else {
            self.number(&other.names[number], field, limit)
        }
    }

    pub(super) fn json(&self, number: usize) -> Option<&str> {
        Some(&*self.names[number]).filter(|name| !name.is_empty())
    }
}
