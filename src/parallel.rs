//! Splits work across threads, with results in the order of the parts; and the runtime that waits for networks and signals.

use std::io;
use std::ops::Range;

/// How many parts there are at most: what was measured. CI rarely has more cores.
const MOST: usize = 2;
/// A part that is smaller is not worth a thread.
const LEAST: usize = 4096;

/// How many threads are worth having.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST)
}

/// The program's one kind of asynchronous runtime: everything on the thread that waits, so that nothing has to be `Send`.
pub(crate) fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Calls `work` for consecutive parts that cover `0..len`, side by side.
pub(crate) fn in_parts<T: Send>(len: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    parts_of(len, threads().min(len / LEAST).max(1), work)
}

/// What `work` makes of each item, in their order.
pub(crate) fn map<T: Sync, R: Send + Clone>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    in_parts(items.len(), |range| items[range].iter().map(&work).collect::<Vec<R>>()).concat()
}

/// Sorts by a key, the halves side by side; items with the same key come in any order. Where the halves do not overlap, nothing
/// is left to merge.
pub(crate) fn sort_by_key<T: Send, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K + Sync) {
    let (low, high) = items.split_at_mut(items.len() / 2);
    both(|| low.sort_unstable_by_key(&key), || high.sort_unstable_by_key(&key));
    items.sort_by_key(key);
}

/// Does both, side by side.
pub(crate) fn both<A: Send, B>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|scope| {
        let a = scope.spawn(a);
        let b = b();
        (a.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), b)
    })
}

fn parts_of<T: Send>(len: usize, parts: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let start = |part: usize| len * part / parts;
    let work = &work;
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..parts).map(|part| scope.spawn(move || work(start(part)..start(part + 1)))).collect();
        let first = work(0..start(1));
        let others =
            others.into_iter().map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        std::iter::once(first).chain(others).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_everything_once_and_in_order() {
        for (len, parts) in [(0, 1), (1, 1), (10, 1), (10, 2), (11, 3), (2, 3)] {
            let covered: Vec<usize> = parts_of(len, parts, |range| range.collect::<Vec<_>>()).concat();
            assert_eq!(covered, (0..len).collect::<Vec<_>>(), "{len} in {parts}");
        }
        assert_eq!(in_parts(0, |range| range.len()), [0]);
        assert_eq!(in_parts(3 * LEAST, |range| range.len()).into_iter().sum::<usize>(), 3 * LEAST);
    }
    #[test]
    fn halves_make_a_whole() {
        let mut items: Vec<u32> = (0..1000).map(|i| i * 7919 % 1009).collect();
        sort_by_key(&mut items, |item| *item);
        assert!(items.is_sorted() && items.len() == 1000);
    }
}
