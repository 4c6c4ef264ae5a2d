//! The answers of GitHub, read from bytes, for the proofs.

use super::{BranchRecord, RepositoryRecord, approval, client, comment, runs};

/// Every kind of answer, with an example.
pub(crate) const ANSWERS: [(&str, &str); 15] = [
    ("contents", CONTENT),
    ("approval's file", "# approved in #3\nplan_hash: 0f3a5c\nexpires: 2026-12-31\n"),
    ("pull requests of a commit", r#"[{"number":3,"title":"x"}]"#),
    ("pull request", PULL_REQUEST),
    ("changed files", CHANGED_FILES),
    ("reviews", REVIEWS),
    ("events", r#"[{"event":"base_ref_changed","created_at":"2026-04-17T22:15:30Z"},{"event":"closed"}]"#),
    ("permission", r#"{"permission":"write","role_name":"maintain","user":{"login":"bob"}}"#),
    ("runs", RUNS),
    ("artifacts", ARTIFACTS),
    ("comparison", r#"{"status":"ahead","ahead_by":1}"#),
    ("comments", COMMENTS),
    ("repository", r#"{"default_branch":"main","full_name":"acme/ops"}"#),
    ("branch", r#"{"name":"main","commit":{"sha":"a"}}"#),
    ("refusal", r#"{"message":"Validation Failed","errors":[{"message":"body is too long"}]}"#),
];

/// Whether an answer of this kind can be read.
pub(crate) fn reads(kind: &str, body: &[u8]) -> bool {
    match kind {
        "runs" | "artifacts" | "comparison" => runs::reads(kind, body),
        "comments" => comment::reads(body),
        "repository" => client::parse::<RepositoryRecord>(kind, body).is_ok(),
        "branch" => client::parse::<BranchRecord>(kind, body).is_ok(),
        "refusal" => !client::said(body).is_empty(),
        kind => approval::reads(kind, body),
    }
}

const CHANGED_FILES: &str =
    r#"[{"filename":"a.yaml","status":"added","sha":"3d21"},{"filename":"b","status":"removed","sha":null}]"#;
const CONTENT: &str = r#"{"type":"file","sha":"3d21","encoding":"base64","content":"cGxhbl9oYXNoOiBhYmMKZXhwaXJlczogMjAyNi0x\nMi0zMQo=\n"}"#;
const PULL_REQUEST: &str = r#"{"number":3,"merged":true,"user":{"id":1,"login":"ann","type":"User"},"head":{"sha":"a"},"base":{"ref":"main","repo":{"full_name":"acme/ops"}}}"#;
const REVIEWS: &str = r#"[{"id":1,"user":{"id":2,"login":"bob","type":"User"},"state":"APPROVED","commit_id":"a","submitted_at":"2026-04-17T22:15:30Z"},{"id":2,"user":null,"state":"PENDING","commit_id":null}]"#;
const RUNS: &str = r#"[{"id":9,"path":".github/workflows/drift-audit.yml@main","event":"schedule","status":"completed","head_branch":"main","head_sha":"a","created_at":"2026-04-17T22:15:30Z","run_started_at":"2026-04-17T22:15:31Z","run_attempt":2,"repository":{"full_name":"acme/ops"},"head_repository":{"full_name":"acme/ops"}}]"#;
const ARTIFACTS: &str = r#"[{"id":5,"name":"drift-9-2","expired":false,"created_at":"2026-04-17T22:20:00Z","workflow_run":{"id":9}},{"id":6,"name":"drift-9-1","expired":true,"created_at":null,"workflow_run":null}]"#;
const COMMENTS: &str = "[{\"id\":1,\"body\":\"<!-- g-gremlin:sticky v1 key=default -->\\r\\ntext\",\"user\":{\"login\":\"github-actions[bot]\"},\"html_url\":\"https://github.com/x\"},{\"id\":2,\"body\":null,\"user\":null}]";
