//! Paths as people and later steps read them.

use std::path::Path;

/// A folder as later steps can name it, whatever their working folder is.
pub(crate) fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// A path as a person would type it from here.
pub(crate) fn shown_path(path: &Path) -> String {
    let text = path.display().to_string();
    if path.is_absolute() || text.starts_with("..") || text.starts_with("./") { text } else { format!("./{text}") }
}

/// The last part of a path.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
