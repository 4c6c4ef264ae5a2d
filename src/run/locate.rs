//! Which run folder is meant: a folder, a run id under the root, or `latest` (rules 1).

use std::path::{Path, PathBuf};

/// The word for the newest audit.
pub const LATEST: &str = "latest";

/// Why there is no such run.
#[derive(Debug, thiserror::Error)]
pub enum NoRun {
    #[error("there is no audit under {}", .0.display())]
    NoAudit(PathBuf),
    #[error("there is no folder {} and no run of that name under {}", named.display(), root.display())]
    Unknown { named: PathBuf, root: PathBuf },
    #[error("{} cannot be read: {error}", root.display())]
    Unreadable { root: PathBuf, error: std::io::Error },
}

/// Finds the run folder that is named. `root` is asked for only where the name does not say enough by itself.
pub fn find<E>(named: &Path, root: impl FnOnce() -> Result<PathBuf, E>) -> Result<Result<PathBuf, NoRun>, E> {
    if named != Path::new(LATEST) && named.is_dir() {
        return Ok(Ok(named.to_owned()));
    }
    let root = root()?;
    Ok(match named {
        latest if latest == Path::new(LATEST) => newest(&root),
        run_id if is_run_id(run_id) && root.join(run_id).is_dir() => Ok(root.join(run_id)),
        _ => Err(NoRun::Unknown { named: named.to_owned(), root }),
    })
}

/// Whether it is a name and not a path.
fn is_run_id(named: &Path) -> bool {
    let text = named.to_string_lossy();
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
}

/// The newest audit under a root: by the time in its run id, then by the number behind it.
fn newest(root: &Path) -> Result<PathBuf, NoRun> {
    audits(root)?.pop().ok_or_else(|| NoRun::NoAudit(root.to_owned()))
}

/// All audits under a root, oldest first.
pub fn audits(root: &Path) -> Result<Vec<PathBuf>, NoRun> {
    let entries = match std::fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(NoRun::Unreadable { root: root.to_owned(), error }),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| NoRun::Unreadable { root: root.to_owned(), error })?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some((time, number)) = audit_order(&name).filter(|_| path.is_dir()) {
            found.push((time.to_owned(), number, path));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, _, path)| path).collect())
}

/// The time and the number in the run id of an audit: `20260417_221530Z_audit_2` is the second of its second.
fn audit_order(run_id: &str) -> Option<(&str, u32)> {
    let (time, rest) = run_id.split_at_checked("20260417_221530Z".len())?;
    let form = |(at, c): (usize, u8)| match at {
        8 => c == b'_',
        15 => c == b'Z',
        _ => c.is_ascii_digit(),
    };
    if !time.bytes().enumerate().all(form) {
        return None;
    }
    match rest.strip_prefix("_audit")? {
        "" => Some((time, 1)),
        number => {
            let number = number.strip_prefix('_')?;
            let parsed: u32 = number.parse().ok()?;
            (parsed >= 2 && parsed.to_string() == number).then_some((time, parsed))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(names: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        names.iter().for_each(|name| std::fs::create_dir(root.path().join(name)).expect("made"));
        root
    }

    fn find_in(root: &Path, named: &str) -> Result<PathBuf, NoRun> {
        find(Path::new(named), || Ok::<_, ()>(root.to_owned())).expect("a root")
    }

    #[test]
    fn the_latest_audit_is_the_one_of_the_latest_time_and_number() {
        let root = root(&[
            "20260417_221530Z_audit",
            "20260417_221530Z_audit_2",
            "20260417_221530Z_audit_10",
            "20260417_221531Z_apply",
            "20260101_000000Z_audit",
            "20990101_000000Z_audit_1",
            "20990101_000000Z_auditor",
            ".unfinished-x",
        ]);
        std::fs::write(root.path().join("20990101_000000Z_audit"), "a file").expect("written");
        let latest = find_in(root.path(), "latest").expect("a run");
        assert_eq!(latest, root.path().join("20260417_221530Z_audit_10"));
        let names: Vec<_> =
            audits(root.path()).expect("runs").into_iter().map(|run| crate::paths::file_name(&run)).collect();
        assert_eq!(
            names,
            [
                "20260101_000000Z_audit",
                "20260417_221530Z_audit",
                "20260417_221530Z_audit_2",
                "20260417_221530Z_audit_10"
            ]
        );
    }

    #[test]
    fn a_folder_a_run_id_and_nothing() {
        let root = root(&["20260417_221530Z_audit", "20260417_221531Z_apply"]);
        let folder = root.path().join("20260417_221530Z_audit");
        let by_path = find(&folder, || Err("no root"));
        assert_eq!(by_path.expect("no root is needed").expect("a run"), folder, "a folder needs no root");
        assert_eq!(find_in(root.path(), "20260417_221530Z_audit").expect("a run"), folder);
        assert!(find_in(root.path(), "20260417_221531Z_apply").is_ok());
        let error = find_in(root.path(), "20260417_221532Z_audit").expect_err("unknown").to_string();
        assert!(
            error.starts_with("there is no folder 20260417_221532Z_audit and no run of that name under "),
            "{error}"
        );
        assert!(find_in(root.path(), "../x").is_err());
        let empty = find_in(&root.path().join("nowhere"), "latest").expect_err("none").to_string();
        assert!(empty.starts_with("there is no audit under "), "{empty}");
    }
}
