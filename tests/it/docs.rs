//! The documents that are rendered, from the catalogue or by the program, are the ones in the repository.

use std::fmt;
use std::path::PathBuf;
use std::{env, fs};

use g_gremlin::commands::explain::markdown;
use g_gremlin::doctor::check;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

const BLESS: &str = "G_GREMLIN_BLESS=1 cargo test --test it docs";

#[test]
fn the_reference_of_codes_is_the_rendered_one() {
    agree("docs/codes.md", |_| markdown::reference());
}

#[test]
fn the_tables_of_the_readme_are_the_rendered_ones() {
    agree("README.md", |present| between("README.md", present, "codes", &markdown::readme_tables()));
}

#[test]
fn the_table_of_checks_is_the_rendered_one() {
    agree("docs/doctor.md", |present| between("docs/doctor.md", present, "checks", &check::markdown_table()));
}

#[test]
fn the_tables_of_the_action_are_those_of_action_yml() {
    let text = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("action.yml")).expect("action.yml");
    let Action { inputs, outputs } = serde_yaml::from_str(&text).expect("valid");
    let mut tables = "| Input | Default | Meaning |\n| --- | --- | --- |\n".to_owned();
    for (name, Input { description, default }) in inputs.0 {
        let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
        tables.push_str(&format!("| `{name}` | {default} | {description} |\n"));
    }
    tables.push_str("\n| Output | Meaning |\n| --- | --- |\n");
    for (name, Output { description, .. }) in outputs.0 {
        tables.push_str(&format!("| `{name}` | {description} |\n"));
    }
    agree("docs/action.md", |present| between("docs/action.md", present, "action", &tables));
}

/// The Action on the first screen: valid, with inputs that exist, and with the pin of the workflows.
#[test]
fn the_action_of_the_readme_is_one_that_works() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join(name)).expect("a file");
    let readme = read("README.md");
    let (_, shown) = readme.split_once("<!-- action:begin -->\n```yaml\n").expect("it begins");
    let (shown, _) = shown.split_once("```\n<!-- action:end -->").expect("it ends");
    let workflow: serde_json::Value = serde_yaml::from_str(shown).expect("valid");
    let steps = workflow["jobs"]["audit"]["steps"].as_array().expect("steps");
    let committed = read(".github/workflows/drift-audit.yml");
    let checkout = steps[0]["uses"].as_str().expect("a text");
    assert!(committed.contains(&format!("uses: {checkout} ")), "{checkout} is not what the workflows use");
    let Action { inputs, .. } = serde_yaml::from_str(&read("action.yml")).expect("valid");
    for name in steps[1]["with"].as_object().expect("inputs").keys() {
        assert!(inputs.0.iter().any(|(input, _)| input == name), "the action has no input {name}");
    }
    let variables: Vec<&String> = steps[1]["env"].as_object().expect("variables").keys().collect();
    assert_eq!(variables, ["ZENDESK_OAUTH_TOKEN", "ZENDESK_SUBDOMAIN"]);
}

#[test]
fn an_audit_in_ci_takes_at_most_seven_steps_and_five_decisions() {
    let page = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/action.md")).expect("the page");
    for (what, most) in [("Step", 7), ("Decision", 5)] {
        let numbers: Vec<usize> = page
            .split(&format!("**{what} "))
            .skip(1)
            .map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|number| number.parse().ok()))
            .map(|number| number.expect("a number"))
            .collect();
        assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>(), "{what}");
        assert!((1..=most).contains(&numbers.len()), "{what}: {numbers:?}");
    }
}

/// What the tables show of `action.yml`.
#[derive(Deserialize)]
struct Action {
    inputs: InOrder<Input>,
    outputs: InOrder<Output>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    description: String,
    default: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Output {
    description: String,
    #[serde(rename = "value")]
    _value: String,
}

/// A mapping in the order of the file.
struct InOrder<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for InOrder<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
            type Value = InOrder<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(InOrder(pairs))
            }
        }
        deserializer.deserialize_map(Pairs(std::marker::PhantomData))
    }
}

#[test]
fn the_example_of_a_trace_is_what_the_program_prints() {
    agree("docs/trace.md", |present| {
        let arguments = ["zendesk", "drift", "trace", "--sf-account-id", "001ACME001", "--demo"];
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("g-gremlin");
        for name in ["GITHUB_ACTIONS", "CI", "NO_COLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        let printed = command.args(arguments).assert().success().get_output().stdout.clone();
        let printed = String::from_utf8(printed).expect("text");
        let example = format!("```console\n$ g-gremlin {}\n{printed}```\n", arguments.join(" "));
        between("docs/trace.md", present, "example", &example)
    });
}

/// The text of a file with this between its lines `<!-- name:begin -->` and `<!-- name:end -->`.
fn between(file: &str, present: &str, name: &str, rendered: &str) -> String {
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let parts = present.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?)));
    let Some((before, (_, after))) = parts else {
        panic!("{file} lacks the lines {} and {end}, in this order", begin.trim_end());
    };
    format!("{before}{begin}{rendered}{end}{after}")
}

/// Fails with the first line that differs and the command that refreshes; with `G_GREMLIN_BLESS` set, writes instead.
fn agree(name: &str, render: impl Fn(&str) -> String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    let present = fs::read_to_string(&path).unwrap_or_default();
    let wanted = render(&present);
    if present == wanted {
        return;
    }
    if env::var_os("G_GREMLIN_BLESS").is_some() {
        fs::write(&path, wanted).unwrap_or_else(|error| panic!("{name} can't be written: {error}"));
        return;
    }
    let same = present.lines().zip(wanted.lines()).take_while(|(present, wanted)| present == wanted).count();
    panic!(
        "{name} differs from what is rendered at line {}:\n  in the file: {:?}\n  rendered:    {:?}\nrefresh it with: {BLESS}",
        same + 1,
        present.lines().nth(same),
        wanted.lines().nth(same),
    );
}
