//! Consent to one plan, as a type: who holds a [`Confirmed`] may write to Zendesk.
//!
//! Left out: the check of the terms, which is `apply::consent`'s and the only caller of [`Confirmed::seal`].

use super::time::Instant;

/// What the operator and the configuration say about a run of `apply`.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// `--apply`.
    pub live: bool,
    /// `--confirm-plan-hash`.
    pub confirmed_hash: Option<&'a str>,
    /// The configured Zendesk, `scheme://host[:port]`.
    pub zendesk: Option<&'a str>,
    pub max_plan_age_hours: u32,
    pub now: Instant,
}

/// A plan that may be applied live, named by its hash. Nothing outside of this crate can make one:
///
/// ```compile_fail,E0451
/// fn forge() -> g_gremlin::model::consent::Confirmed {
///     g_gremlin::model::consent::Confirmed { plan_hash: String::new() }
/// }
/// ```
///
/// ```compile_fail,E0624
/// fn forge() -> g_gremlin::model::consent::Confirmed {
///     g_gremlin::model::consent::Confirmed::seal(String::new())
/// }
/// ```
#[derive(Debug)]
pub struct Confirmed {
    plan_hash: String,
}

impl Confirmed {
    /// Seals the consent to the plan with this hash.
    pub(crate) fn seal(plan_hash: String) -> Self {
        Self { plan_hash }
    }

    /// The hash of the plan that may be applied.
    pub fn plan_hash(&self) -> &str {
        &self.plan_hash
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Each file below `folder` with the calls of `seal` outside of its tests.
    fn callers(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                callers(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            if code.lines().any(|line| line.contains("Confirmed::seal(") && !line.trim_start().starts_with("//")) {
                found.push(path.file_name().expect("a name").to_string_lossy().into_owned());
            }
        }
    }

    #[test]
    fn only_the_check_of_the_terms_seals_a_consent() {
        let mut found = Vec::new();
        callers(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert_eq!(found, ["consent.rs"], "only apply/consent.rs may call Confirmed::seal");
    }
}
