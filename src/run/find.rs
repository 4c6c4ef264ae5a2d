//! Run folders by name: `latest`, a run id under the output root, or a path (rules 1).

use std::path::{Path, PathBuf};

/// The name of the newest audit under the root.
pub const LATEST: &str = "latest";

/// Why there is no such run folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    #[error("there is no audit under {}", root.display())]
    NoAudit { root: PathBuf },
    #[error("there is neither a run {name} under {}, nor such a path", root.display())]
    Neither { name: String, root: PathBuf },
}

/// The run folder, or the file, that a person names.
pub fn named(root: &Path, name: &Path) -> Result<PathBuf, FindError> {
    if name == Path::new(LATEST) {
        return latest(root).ok_or_else(|| FindError::NoAudit { root: root.to_owned() });
    }
    let text = name.to_string_lossy();
    let under_root = root.join(name);
    if is_run_id(&text) && under_root.is_dir() {
        return Ok(under_root);
    }
    if name.exists() {
        return Ok(name.to_owned());
    }
    Err(FindError::Neither { name: text.into_owned(), root: root.to_owned() })
}

/// The newest audit under the root, by the time in its run id, then by the number behind it.
pub fn latest(root: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(root).ok()?.filter_map(Result::ok);
    let audits = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let order = order_of_audit(&name)?;
        entry.path().is_dir().then(|| (order, entry.path()))
    });
    audits.max().map(|(_, path)| path)
}

/// The time and the number in the run id of an audit.
fn order_of_audit(run_id: &str) -> Option<(String, u32)> {
    let (time, rest) = run_id.split_once("_audit")?;
    let number = match rest.strip_prefix('_') {
        None if rest.is_empty() => 1,
        None => return None,
        Some(number) => number.parse().ok().filter(|n: &u32| *n >= 2 && n.to_string() == number)?,
    };
    is_time(time).then(|| (time.to_owned(), number))
}

fn is_run_id(text: &str) -> bool {
    text.split_once('_')
        .and_then(|(date, rest)| Some((date, rest.split_once('_')?)))
        .is_some_and(|(date, (time, _))| is_time(&format!("{date}_{time}")))
}

/// `20260417_221530Z`.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 16
        && bytes[8] == b'_'
        && bytes[15] == b'Z'
        && [&bytes[..8], &bytes[9..15]].concat().iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(names: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for name in names {
            std::fs::create_dir(root.path().join(name)).expect("made");
        }
        root
    }

    #[test]
    fn the_latest_audit_is_the_one_with_the_latest_time_and_then_the_highest_number() {
        let root = root(&[
            "20260417_221530Z_audit_9",
            "20260417_221530Z_audit_10",
            "20260417_221529Z_audit",
            "20260418_000000Z_apply",
            "20260419_000000Z_audit_01",
            "99999999_audit",
        ]);
        std::fs::write(root.path().join("20270101_000000Z_audit"), "a file").expect("written");
        let found = named(root.path(), Path::new(LATEST)).expect("an audit");
        assert_eq!(found, root.path().join("20260417_221530Z_audit_10"));
        let empty = tempfile::tempdir().expect("a folder");
        assert!(matches!(named(empty.path(), Path::new(LATEST)), Err(FindError::NoAudit { .. })));
    }

    #[test]
    fn a_run_id_is_found_under_the_root_and_anything_else_is_a_path() {
        let root = root(&["20260417_221530Z_audit", "20260417_221600Z_apply_2"]);
        for id in ["20260417_221530Z_audit", "20260417_221600Z_apply_2"] {
            assert_eq!(named(root.path(), Path::new(id)), Ok(root.path().join(id)));
        }
        assert_eq!(named(root.path(), root.path()), Ok(root.path().to_owned()));
        let absent = named(root.path(), Path::new("20260417_221531Z_audit")).expect_err("absent");
        assert!(absent.to_string().starts_with("there is neither a run 20260417_221531Z_audit under "), "{absent}");
    }
}
