//! The known name that a person probably meant.

/// The candidate that is most like `wanted`, when one is like it at all. Case does not count.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    if wanted.is_empty() {
        return None;
    }
    let scored = candidates.into_iter().map(|candidate| {
        // Spaces and underscores are how exports differ most.
        let folded = candidate.to_lowercase().replace([' ', '-'], "_");
        let mut score = strsim::jaro_winkler(&wanted, &folded);
        if folded.contains(&wanted) || wanted.contains(&folded) && folded.len() > 3 {
            score = score.max(0.9);
        }
        (candidate, score)
    });
    scored.filter(|(_, score)| *score >= 0.7).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(candidate, _)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_like_nothing_has_no_nearest() {
        let known = ["org_missing_external_id", "user_domain_ambiguous"];
        assert_eq!(nearest("Org missing external ID", known), Some("org_missing_external_id"));
        assert_eq!([nearest("", known), nearest("zzz", known)], [None, None]);
    }
}
