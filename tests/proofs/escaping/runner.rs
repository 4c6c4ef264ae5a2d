//! How GitHub's runner looks at the lines of a log: `::name properties::message` and `##[name properties]message`.
//!
//! Source: <https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs>

/// What the runner takes a line for.
#[derive(Debug)]
pub struct Command {
    pub name: String,
    pub properties: Vec<(String, String)>,
    pub message: String,
}

/// Fails when the runner would take a line for a command.
pub fn check(text: &str) {
    let found = commands(text);
    assert!(found.is_empty(), "the runner takes this for a command: {found:?} in\n{text}");
}

/// Every command that the runner finds. It reads lines that end with a line feed, a carriage return or both.
pub fn commands(text: &str) -> Vec<Command> {
    text.split(['\n', '\r']).filter_map(|line| newer(line).or_else(|| older(line))).collect()
}

fn newer(line: &str) -> Option<Command> {
    let rest = line.trim_start().strip_prefix("::")?;
    let (head, message) = rest.split_once("::")?;
    command(head, message, ',')
}

fn older(line: &str) -> Option<Command> {
    let (_, rest) = line.split_once("##[")?;
    let (head, message) = rest.split_once(']')?;
    command(head, message, ';')
}

fn command(head: &str, message: &str, between: char) -> Option<Command> {
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let properties = properties.split(between).filter_map(|property| property.split_once('='));
    let decoded = |text: &str| {
        text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
    };
    let properties = properties.map(|(name, value)| (name.trim().to_owned(), decoded(value)));
    let message = message.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    Some(Command { name: name.to_owned(), properties: properties.collect(), message })
}
