//! What a step of a workflow tells the steps after it: lines in the file that GitHub names in `GITHUB_OUTPUT`.

use crate::text::secret::masked_everywhere;
use std::collections::hash_map::RandomState;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// An output: its name, which is ours, and its value, which may be anything.
pub(crate) type Output = (&'static str, String);

/// Appends outputs to the file.
pub(crate) fn append(path: &Path, outputs: &[Output]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    // Whoever wrote before may have left the last line open.
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let open_line = if last == *b"\n" { "" } else { "\n" };
    let outputs: Vec<Output> = outputs.iter().map(|(name, value)| (*name, masked_everywhere(value))).collect();
    file.write_all(format!("{open_line}{}", render(&outputs, &mut random)).as_bytes())
}

/// `name=value`, or, for a value with line ends, the form with a delimiter that is not in it.
/// Source: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions#multiline-strings>
fn render(outputs: &[Output], random: &mut dyn FnMut() -> String) -> String {
    let mut text = String::new();
    for (name, value) in outputs {
        // Writing to a string cannot fail.
        let _ = if value.contains(['\n', '\r']) {
            let mut delimiter = format!("ghadelimiter_{}", random());
            while value.contains(&delimiter) {
                delimiter = format!("ghadelimiter_{}", random());
            }
            writeln!(text, "{name}<<{delimiter}\n{value}\n{delimiter}")
        } else {
            writeln!(text, "{name}={value}")
        };
    }
    text
}

/// What nobody who wrote a value can have foreseen: 128 bits from the keys that the system gives to hash maps.
fn random() -> String {
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_several_lines_cannot_end_its_own_text() {
        let mut tokens = ["a", "b"].into_iter();
        let mut random = || tokens.next().expect("a token").to_owned();
        let value = "x\nghadelimiter_a\nevil=1".to_owned();
        let text = render(&[("run-dir", "/a=b<<c".to_owned()), ("breached", value), ("n", String::new())], &mut random);
        assert_eq!(text, "run-dir=/a=b<<c\nbreached<<ghadelimiter_b\nx\nghadelimiter_a\nevil=1\nghadelimiter_b\nn=\n");
    }

    #[test]
    fn delimiters_differ_and_lines_that_were_left_open_are_closed() {
        assert_ne!(random(), random());
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("output");
        std::fs::write(&path, "other=1").expect("written");
        append(&path, &[("a", "1".to_owned())]).expect("appended");
        append(&path, &[("b", "2".to_owned())]).expect("appended");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "other=1\na=1\nb=2\n");
    }
}
