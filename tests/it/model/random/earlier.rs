//! The run that a world is compared with: an earlier reference, and the limits that need one.

use super::{Builder, Row};
use crate::model::text;

impl Builder {
    /// The reference of an earlier run: accounts that are lost now, and perhaps without one that is new.
    ///
    /// It comes last, so that it changes nothing else of a seed's world.
    pub(super) fn earlier_reference(&mut self) -> Option<String> {
        if !self.random.chance(35) {
            return None;
        }
        let rows = self.rows.clone();
        if self.rows.len() > 1 && self.random.chance(30) {
            self.rows.remove(self.random.below(rows.len()));
        }
        for _ in 0..self.random.pick(&[0, 1, 1, 1, 2, 4]) {
            self.add_lost(&rows);
        }
        let csv = self.reference_csv();
        self.rows = rows;
        self.config.max_lost_percent = self.random.pick(&[5, 5, 0, 20, 50, 100]);
        for name in ["max_new_issues", "max_lost_accounts"] {
            if self.random.chance(40) {
                self.config.thresholds.push((name.to_owned(), self.random.below(4) as u64));
            }
        }
        Some(csv)
    }

    /// Adds an account to the earlier reference; its domain may be one that has a sole owner now.
    fn add_lost(&mut self, now: &[Row]) {
        let sf_account_id = self.new_account_id();
        let key = text::account_key(&sf_account_id);
        if self.rows.iter().chain(now).any(|row| text::account_key(&row.sf_account_id) == key) {
            return;
        }
        let other = self.random.below(now.len());
        let domain = if self.random.chance(50) { now[other].domains[0].clone() } else { self.new_domain() };
        let name = self.random.pick_text(&super::NAMES);
        let cells = [domain.clone(), String::new(), String::new(), String::new()];
        self.rows.push(Row { sf_account_id, name, domains: vec![domain], cells, org: None });
    }
}
