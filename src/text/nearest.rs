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

/// The candidates that `wanted` was probably meant to be, nearest first: few edits away, or one within the other. Case does
/// not count; ties are in the order of their texts.
pub fn closest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let wanted = wanted.trim().to_lowercase();
    let length = wanted.chars().count();
    let allowed = (length / 4).clamp(1, 4);
    let mut found: Vec<(usize, &str)> = Vec::new();
    for candidate in candidates {
        let folded = candidate.to_lowercase();
        let within = length > 3 && folded.contains(&wanted) || folded.chars().count() > 3 && wanted.contains(&folded);
        let distance = if within {
            1
        } else if folded.chars().count().abs_diff(length) > allowed {
            continue;
        } else {
            strsim::osa_distance(&wanted, &folded)
        };
        if distance <= allowed {
            found.push((distance, candidate));
        }
    }
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(most).map(|(_, candidate)| candidate).collect()
}

/// The numbers up to `greatest` that one slip of the fingers makes of `number`: a digit too many, too few, another one, or two
/// swapped.
pub fn one_slip(number: u64, greatest: u64) -> Vec<u64> {
    let digits = number.to_string().into_bytes();
    let mut texts: Vec<Vec<u8>> = Vec::new();
    for at in 0..=digits.len() {
        for digit in b'0'..=b'9' {
            let mut longer = digits.clone();
            longer.insert(at, digit);
            texts.push(longer);
            if at < digits.len() {
                let mut other = digits.clone();
                other[at] = digit;
                texts.push(other);
            }
        }
        if at < digits.len() {
            let mut shorter = digits.clone();
            shorter.remove(at);
            texts.push(shorter);
        }
        if at + 1 < digits.len() {
            let mut swapped = digits.clone();
            swapped.swap(at, at + 1);
            texts.push(swapped);
        }
    }
    let numbers = texts.iter().filter_map(|text| std::str::from_utf8(text).ok()?.parse().ok());
    let mut numbers: Vec<u64> = numbers.filter(|found| *found != number && *found <= greatest).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
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

    #[test]
    fn the_closest_come_first_and_strangers_not_at_all() {
        let known = ["001ACME001", "001ACME002", "001acme0010", "001OTHER1", "mail.acme.com", "acme.com"];
        assert_eq!(closest("001acme00l", known, 5), ["001ACME001", "001ACME002", "001acme0010"]);
        assert_eq!(closest("acme.co", known, 5), ["acme.com", "mail.acme.com"]);
        assert_eq!(closest("www.acme.com", known, 1), ["acme.com"]);
        assert_eq!(closest("zzzzzz", known, 5), [""; 0]);
    }

    #[test]
    fn one_slip_of_the_fingers() {
        let slips = one_slip(120, 1000);
        for meant in [12, 20, 10, 210, 102, 121, 1000 - 880] {
            assert_eq!(slips.contains(&meant), meant != 120, "{meant}");
        }
        assert!(!slips.contains(&1120), "beyond the greatest");
        assert!(one_slip(120, 9999).contains(&1120));
        assert!(!slips.contains(&430));
    }
}
