//! Indexes that know what they are an index of: an account of the reference, an org of the world.
//!
//! A row of a large audit holds many of them, so each takes four bytes, and none of them takes no more.

use std::num::NonZeroU32;

/// Declares the index of a row in its table.
macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The index `at`, from 0. A table has less than 2^32 − 1 rows.
            pub fn new(at: usize) -> Self {
                Self(NonZeroU32::MIN.saturating_add(at as u32))
            }

            /// From 0.
            pub fn index(self) -> usize {
                self.0.get() as usize - 1
            }

            /// The indexes of a table with this many rows.
            pub fn all(rows: usize) -> impl ExactSizeIterator<Item = Self> + Clone {
                (0..rows).map(Self::new)
            }
        }

        /// The first one.
        impl Default for $name {
            fn default() -> Self {
                Self(NonZeroU32::MIN)
            }
        }
    };
}

index! {
    /// The index of an account in [`super::accounts::Reference::accounts`].
    AccountAt
}

index! {
    /// The index of an org in [`super::world::World::orgs`].
    OrgAt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_keeps_the_order_and_none_costs_nothing() {
        assert!(OrgAt::all(3).is_sorted() && OrgAt::all(3).map(OrgAt::index).eq(0..3));
        assert_eq!((AccountAt::default(), size_of::<Option<AccountAt>>()), (AccountAt::new(0), 4));
    }
}
