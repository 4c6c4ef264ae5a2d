//! Many short lists in two vectors: what each domain is expected by, or held by.

/// Lists of indexes, by another dense index.
#[derive(Debug, Default)]
pub struct Lists<T> {
    /// Where each list begins, and after the last one the number of all items.
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T: Copy + Default> Lists<T> {
    /// Builds the lists from (index, item) pairs, which `pairs` gives twice, alike; each list keeps their order.
    pub fn new<I: Iterator<Item = (usize, T)>>(count: usize, pairs: impl Fn() -> I) -> Self {
        let mut starts = vec![0u32; count + 1];
        for (index, _) in pairs() {
            starts[index + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut items = vec![T::default(); starts[count] as usize];
        for (index, item) in pairs() {
            items[next[index] as usize] = item;
            next[index] += 1;
        }
        Self { starts, items }
    }

    /// A list; empty beyond those that were built.
    pub fn of(&self, index: usize) -> &[T] {
        match self.starts.get(index..index + 2) {
            Some([start, end]) => &self.items[*start as usize..*end as usize],
            _ => &[],
        }
    }

    /// All lists.
    pub fn iter(&self) -> impl Iterator<Item = &[T]> {
        self.starts.windows(2).map(|ends| &self.items[ends[0] as usize..ends[1] as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_keeps_the_order_of_its_items() {
        let lists = Lists::new(3, || [(2, 7), (0, 1), (2, 3)].into_iter());
        assert_eq!(lists.iter().collect::<Vec<_>>(), [&[1][..], &[], &[7, 3]]);
        assert_eq!((lists.of(2), lists.of(3), Lists::<u32>::default().of(0)), (&[7, 3][..], &[][..], &[][..]));
    }
}
