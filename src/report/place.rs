//! Where a report is read, and what it can point to from there.

use crate::run::artifacts::Artifact;
use crate::text::audience::Audience;
use crate::text::escape;

/// The surroundings of a report.
#[derive(Debug, Clone)]
pub struct Place {
    pub audience: Audience,
    /// The artifact that holds the run folder, if it was uploaded.
    pub artifact: Option<UploadedArtifact>,
    /// The workflow that applies a plan.
    pub apply_workflow: String,
    /// The run of the workflow, where there is one.
    pub run: Option<WorkflowRun>,
}

/// An uploaded artifact.
#[derive(Debug, Clone)]
pub struct UploadedArtifact {
    pub name: String,
    pub url: Option<String>,
}

/// A run of a workflow.
#[derive(Debug, Clone)]
pub struct WorkflowRun {
    /// As `https://github.com`.
    pub server: String,
    /// As `owner/name`.
    pub repository: String,
    pub id: u64,
}

/// What a public report says of what it leaves out.
pub const PUBLIC: &str = "\n> Counts only: names, ids and domains are hidden, and nothing is uploaded, because \
    this repository may be public. The input `allow-public-artifacts: true` changes that.\n";

impl Place {
    /// The end of a sentence that says where a file of the run folder is.
    pub fn file(&self, file: Artifact) -> String {
        let name = file.name();
        match &self.artifact {
            Some(artifact) => format!("`{name}` of {}", artifact.shown()),
            None => format!("`{name}` of the run folder"),
        }
    }
}

impl UploadedArtifact {
    /// In a text.
    pub fn shown(&self) -> String {
        self.named(&escape::markdown_code(&self.name))
    }

    /// In a cell of a table.
    pub fn cell(&self) -> String {
        self.named(&escape::markdown_cell(&self.name))
    }

    fn named(&self, name: &str) -> String {
        match self.url.as_deref().and_then(|url| escape::markdown_link("download", url)) {
            Some(link) => format!("the artifact {name} ({link})"),
            None => format!("the artifact {name}"),
        }
    }
}

impl WorkflowRun {
    /// A link to it, in Markdown.
    pub fn link(&self) -> Option<String> {
        let Self { server, repository, id } = self;
        escape::markdown_link("the run", &format!("{server}/{repository}/actions/runs/{id}"))
    }
}
