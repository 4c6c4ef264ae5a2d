//! Which files a folder has, and whether each has the digest that the receipt states.

use super::{Files, FolderMismatch, RECEIPT, Teller};
use crate::digest::{is_sha256, sha256};
use crate::run::artifacts::apply_receipt::ApplyReceipt;
use crate::run::artifacts::receipt::Receipt;
use crate::run::artifacts::{Artifact, TOOL_VERSION, journal};
use crate::run::read::RunFolderError;
use crate::text::words::counted;

/// Reads `receipt.json`, and checks it against its own digest and for what only it tells. `None`: it cannot be read.
pub(super) fn receipt(files: &Files, out: &mut Vec<FolderMismatch>) -> Option<Receipt> {
    let bytes = files.get(RECEIPT)?;
    // A changed digest is told below, and the rest is still worth a look.
    let receipt: Receipt = match crate::run::read::parse_receipt(bytes) {
        Ok(receipt) => receipt,
        Err(RunFolderError::Changed { is, stated, .. }) => {
            let mut teller = Teller::new(RECEIPT, out);
            teller.equal("receipt_sha256", "is not the digest of this file", is, stated);
            serde_json::from_slice(bytes).ok()?
        }
        Err(error) => {
            out.push(super::broken(RECEIPT, &error));
            return None;
        }
    };
    let Receipt { command, started_at, finished_at, as_of, ticket_window, requests, .. } = &receipt;
    let mut teller = Teller::new(RECEIPT, out);
    teller.equal("command.name", "is a different command", "zendesk drift audit", command.name.as_str());
    for (place, text) in [("as_of", as_of), ("ticket_window.from", &ticket_window.from)] {
        teller.time(place, text);
    }
    if let (Some(started), Some(finished)) =
        (teller.time("started_at", started_at), teller.time("finished_at", finished_at))
        && finished < started
    {
        teller.say("finished_at", "is before started_at");
    }
    if let Some(requests) = requests {
        let sum = requests.by_endpoint.values().sum();
        teller.equal("requests.total", "is not the sum of the endpoints", sum, requests.total);
    }
    lists_and_digests(&receipt, &mut teller);
    super::check_form(RECEIPT, &receipt, bytes, out);
    Some(receipt)
}

/// Checks the lists that the receipt names, which are those of this version, and the form of every digest.
fn lists_and_digests(receipt: &Receipt, teller: &mut Teller<'_>) {
    let Receipt {
        schema: _,
        run_id: _,
        command: _,
        tool_version: _,
        started_at: _,
        finished_at: _,
        as_of: _,
        source: _,
        zendesk: _,
        ticket_source: _,
        ticket_window: _,
        public_suffix_list,
        personal_domains,
        digests,
        baseline,
        history,
        suppressions_from,
        counts: _,
        blockers: _,
        warnings: _,
        plan_hash,
        requests: _,
        files: _,
        apply_receipt_not_run_sha256,
        receipt_sha256: _,
    } = receipt;
    let own = TOOL_VERSION == receipt.tool_version;
    if own
        && (personal_domains.version != crate::model::personal::VERSION
            || personal_domains.sha256 != crate::model::personal::digest())
    {
        teller.say("personal_domains", "is not the list of this version of the program");
    }
    if own {
        let known = crate::model::domain::PUBLIC_SUFFIX_VERSION;
        teller.equal("public_suffix_list", "is not the list of this version of the program", known, public_suffix_list);
    }
    let inputs = [&digests.config, &Some(digests.reference.clone()), &Some(plan_hash.clone())];
    let others = baseline.iter().chain(history).flat_map(|run| [&run.plan_hash, &run.receipt_sha256]);
    let others = others.chain(suppressions_from.iter().map(|from| &from.sha256));
    let files = digests.snapshot.iter().flat_map(|files| files.values());
    let inputs = inputs.into_iter().flatten().chain(files).chain(others);
    for digest in inputs.chain([apply_receipt_not_run_sha256]).filter(|digest| !is_sha256(digest)) {
        teller.say("", format!("\"{digest}\" is not a SHA-256"));
    }
}

/// Checks that the folder has the files of an audit and no others, each with its digest.
pub(super) fn files(
    files: &Files,
    strays: &[String],
    receipt: Option<&Receipt>,
    out: &mut Vec<FolderMismatch>,
) -> String {
    let has_baseline = receipt.is_some_and(|receipt| receipt.baseline.is_some());
    let expected = |artifact: &Artifact| *artifact != Artifact::Diff || has_baseline;
    for artifact in Artifact::ALL.into_iter().filter(expected).filter(|artifact| !files.contains_key(artifact.name())) {
        Teller::new(artifact.name(), out).say("", "is missing");
    }
    let known = |name: &str| Artifact::of_name(name).is_some() || ApplyReceipt::run_id_of(name).is_some();
    if receipt.is_some() && !has_baseline && files.contains_key(Artifact::Diff.name()) {
        Teller::new(Artifact::Diff.name(), out).say("", "is present without a baseline");
    }
    tell_strays(files.keys().filter(|name| !known(name)).chain(strays), out);
    let Some(receipt) = receipt else { return "no digest could be compared".to_owned() };
    let digested = || {
        Artifact::ALL.into_iter().filter(|artifact| artifact.is_digested() && expected(artifact)).map(Artifact::name)
    };
    for name in digested() {
        match (receipt.files.get(name), files.get(name)) {
            (Some(stated), Some(bytes)) => Teller::new(name, out).equal(
                "",
                &format!("does not have the SHA-256 that {RECEIPT} states"),
                stated,
                &sha256(bytes),
            ),
            (Some(_), None) => {}
            (None, _) => Teller::new(RECEIPT, out).say("files", format!("does not name {name}")),
        }
    }
    for name in receipt.files.keys().filter(|name| digested().all(|known| known != name.as_str())) {
        Teller::new(RECEIPT, out).say("files", format!("names {name}, which an audit never writes"));
    }
    format!("{} and {RECEIPT} itself", counted(receipt.files.len() as u64, "file"))
}

/// Checks which files the folder of an apply has.
pub(super) fn apply_files(files: &Files, strays: &[String], out: &mut Vec<FolderMismatch>) -> String {
    let expected = [Artifact::ApplyReceipt.name(), journal::FILE_NAME];
    for name in expected.into_iter().filter(|name| !files.contains_key(*name)) {
        let why = if name == Artifact::ApplyReceipt.name() {
            "is missing: the run was interrupted or is still running; the next apply of the plan writes it"
        } else {
            "is missing"
        };
        Teller::new(name, out).say("", why);
    }
    // An apply that was killed leaves the room that it had set aside.
    let known = |name: &str| expected.contains(&name) || name == journal::RESERVE;
    tell_strays(files.keys().filter(|name| !known(name)).chain(strays), out);
    counted(expected.iter().filter(|name| files.contains_key(**name)).count() as u64, "file")
}

fn tell_strays<'a>(names: impl Iterator<Item = &'a String>, out: &mut Vec<FolderMismatch>) {
    for name in names {
        Teller::new(name, out).say("", "does not belong to a run, so it cannot be checked");
    }
}
