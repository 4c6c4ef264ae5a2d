//! The query of the configuration: what must be known of it before anything is sent.
//!
//! Left out: the rest of SOQL. Salesforce checks it, and its words are shown.

use crate::text::audience::Message;
use crate::text::escape;

/// The longest URI that Salesforce takes.
/// Source: <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm> (414 and 431)
const LONGEST_URI: usize = 16_384;
/// What the host and the headers of a request need of it.
const BESIDE_QUERY: usize = 3_000;

/// A query that reads plain fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    text: String,
    fields: Vec<String>,
    /// The object and its alias, lower-case: a field may be written with either in front.
    names: Vec<String>,
    is_limited: bool,
}

/// Why a query cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    #[error("the query does not begin with SELECT")]
    NoSelect,
    #[error("the query has no FROM")]
    NoFrom,
    #[error("the query selects `{0}`, which is not a plain field")]
    NotAField(String),
    #[error("the query ends with {0}, which changes the records that it reads")]
    Writes(&'static str),
    #[error("the query is too long: Salesforce accepts URLs of up to 16,384 bytes")]
    TooLong,
}

impl QueryError {
    /// What to do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoSelect | Self::NoFrom => {
                "write salesforce.query such as SELECT Id, Name, Website, Support_Domains__c FROM Account"
            }
            Self::NotAField(_) => {
                "between SELECT and FROM only field names are allowed, such as Website or Owner.Name, with commas between them: no function, alias or subquery"
            }
            Self::Writes(_) => "remove that clause from salesforce.query",
            Self::TooLong => "shorten salesforce.query; a formula field in Salesforce can hold a long condition",
        }
    }
}

/// The configuration may be private, and so its field names are.
impl From<&QueryError> for Message {
    fn from(error: &QueryError) -> Self {
        let public = match error {
            QueryError::NotAField(_) => "the query selects something that is not a plain field".to_owned(),
            other => other.to_string(),
        };
        Self::with_public(error.to_string(), public)
    }
}

/// A word of the query, or a single other character. A quoted text is one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token<'q> {
    text: &'q str,
    /// Where it ends in the query.
    end: usize,
    /// How many parentheses are open around it.
    depth: usize,
}

impl Token<'_> {
    fn is(&self, keyword: &str) -> bool {
        self.depth == 0 && self.text.eq_ignore_ascii_case(keyword)
    }

    fn is_name(&self) -> bool {
        is_field(self.text)
    }
}

impl Query {
    /// Reads a query. Errors: it cannot be sent; nothing of the network is needed to know.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let text = text.trim();
        let tokens = tokens(text);
        let [select, rest @ ..] = tokens.as_slice() else { return Err(QueryError::NoSelect) };
        if !select.is("SELECT") {
            return Err(QueryError::NoSelect);
        }
        let at = rest.iter().position(|token| token.is("FROM")).ok_or(QueryError::NoFrom)?;
        let (list, after) = (&text[select.end..rest[at].end - "FROM".len()], &rest[at + 1..]);
        let fields: Vec<String> = list.split(',').map(|field| field.trim().to_owned()).collect();
        if let Some(odd) = fields.iter().find(|field| !is_field(field)) {
            return Err(QueryError::NotAField(escape::terminal(odd)));
        }
        let [object, after @ ..] = after else { return Err(QueryError::NoFrom) };
        if !object.is_name() {
            return Err(QueryError::NoFrom);
        }
        // `FROM Account a` and `FROM Account AS a` give it an alias.
        let alias = after.iter().find(|token| !token.is("AS")).filter(|token| token.is_name() && !is_clause(token));
        let names = [Some(object), alias].into_iter().flatten().map(|token| token.text.to_lowercase()).collect();
        if let Some(clause) = writing_clause(after) {
            return Err(QueryError::Writes(clause));
        }
        if url::form_urlencoded::byte_serialize(text.as_bytes()).map(str::len).sum::<usize>()
            > LONGEST_URI - BESIDE_QUERY
        {
            return Err(QueryError::TooLong);
        }
        let is_limited = after.iter().any(|token| token.is("LIMIT") || token.is("OFFSET"));
        Ok(Self { text: text.to_owned(), fields, names, is_limited })
    }

    /// The query as it is sent.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The fields as they are written, in their order: the header of the table.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Whether it asks for only a part of the records (`LIMIT`, `OFFSET`).
    pub fn is_limited(&self) -> bool {
        self.is_limited
    }

    /// For each field the names that lead to its value in a record.
    pub(super) fn paths(&self) -> Vec<Vec<&str>> {
        let path = |field| {
            let names: Vec<&str> = str::split(field, '.').collect();
            let is_own = names.len() > 1 && self.names.iter().any(|name| name.eq_ignore_ascii_case(names[0]));
            names[usize::from(is_own)..].to_vec()
        };
        self.fields.iter().map(String::as_str).map(path).collect()
    }
}

/// `Name` or `Owner.Name`.
fn is_field(text: &str) -> bool {
    text.split('.').all(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// Whether it begins what may follow the object.
fn is_clause(token: &Token<'_>) -> bool {
    const CLAUSES: [&str; 11] =
        ["WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "USING", "UPDATE", "ALL"];
    CLAUSES.iter().any(|clause| token.is(clause))
}

/// A clause by which a query changes what it reads.
/// Source: <https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_for_view.htm>
fn writing_clause(tokens: &[Token<'_>]) -> Option<&'static str> {
    const CLAUSES: [(&str, &str, &str); 5] = [
        ("FOR", "VIEW", "FOR VIEW"),
        ("FOR", "REFERENCE", "FOR REFERENCE"),
        ("FOR", "UPDATE", "FOR UPDATE"),
        ("UPDATE", "TRACKING", "UPDATE TRACKING"),
        ("UPDATE", "VIEWSTAT", "UPDATE VIEWSTAT"),
    ];
    let written = |(first, second, _): &&(&str, &str, &str)| {
        tokens.windows(2).any(|pair| pair[0].is(first) && pair[1].is(second))
    };
    CLAUSES.iter().find(written).map(|(_, _, clause)| *clause)
}

/// The tokens of a query. White space is none.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let in_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let (mut tokens, mut depth, mut at) = (Vec::new(), 0usize, 0);
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = match first {
            c if in_word(c) => rest.find(|c| !in_word(c)).unwrap_or(rest.len()),
            '\'' => quoted(rest),
            c => c.len_utf8(),
        };
        depth = depth.saturating_sub(usize::from(first == ')'));
        if !first.is_whitespace() {
            tokens.push(Token { text: &rest[..length], end: at + length, depth });
        }
        depth += usize::from(first == '(');
        at += length;
    }
    tokens
}

/// The length of a quoted text with its quotes; a backslash protects the character behind it.
fn quoted(text: &str) -> usize {
    let mut protected = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if protected => protected = false,
            '\\' => protected = true,
            '\'' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Result<String, QueryError> {
        Query::parse(text).map(|query| query.fields().join("|"))
    }

    #[test]
    fn the_fields_are_the_header() {
        for (text, expected) in [
            ("SELECT Id FROM Account", "Id"),
            ("  select Id,Name , Owner.Name\nfrom Account where Type = 'Customer'", "Id|Name|Owner.Name"),
            ("SELECT\tId,\n  Support_Domains__c\nFROM Account a", "Id|Support_Domains__c"),
            ("SELECT Id, From__c FROM Account", "Id|From__c"),
            ("SELECT Id, Parent.Owner.Name FROM Account LIMIT 5", "Id|Parent.Owner.Name"),
        ] {
            assert_eq!(fields(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_plain_field_is_refused_before_any_request() {
        for (field, shown) in [
            ("COUNT()", "COUNT()"),
            ("toLabel(Type)", "toLabel(Type)"),
            ("FIELDS(ALL)", "FIELDS(ALL)"),
            ("(SELECT Id FROM Contacts)", "(SELECT Id FROM Contacts)"),
            ("Name n", "Name n"),
            ("", ""),
            ("*", "*"),
            ("Owner..Name", "Owner..Name"),
            ("Owner. Name", "Owner. Name"),
            ("1a", "1a"),
            ("'Name'", "'Name'"),
        ] {
            let query = format!("SELECT Id, {field} FROM Account");
            assert_eq!(fields(&query), Err(QueryError::NotAField(shown.into())), "{query}");
        }
        // A comma inside of a function is cut, and the halves are not fields either.
        assert!(matches!(fields("SELECT FORMAT(a,b) FROM Account"), Err(QueryError::NotAField(_))));
    }

    #[test]
    fn a_query_begins_with_select_and_has_an_object() {
        for text in ["", " ", "DELETE FROM Account", "SELECTId FROM Account", "(SELECT Id FROM Account)", "FIND {x}"] {
            assert_eq!(fields(text), Err(QueryError::NoSelect), "{text:?}");
        }
        for text in ["SELECT Id", "SELECT Id FROM", "SELECT Id FROM 'Account'", "SELECT Id, Name.From", "SELECT"] {
            assert_eq!(fields(text), Err(QueryError::NoFrom), "{text:?}");
        }
    }

    #[test]
    fn a_clause_that_changes_records_is_refused() {
        for (clause, refused) in [
            ("FOR VIEW", true),
            ("for\n reference", true),
            ("FOR UPDATE", true),
            ("UPDATE TRACKING", true),
            ("UPDATE VIEWSTAT", true),
            ("WHERE Name = 'FOR VIEW'", false),
            ("WHERE Name = 'O\\' FOR VIEW'", false),
            ("WHERE Name = 'it''s' FOR VIEW", true),
            ("WHERE For__c = View__c", false),
        ] {
            let query = format!("SELECT Id FROM Account {clause}");
            assert_eq!(matches!(fields(&query), Err(QueryError::Writes(_))), refused, "{query}");
        }
    }

    #[test]
    fn a_field_may_name_its_object() {
        let paths = |text: &str| {
            let query = Query::parse(text).expect("a query");
            query.paths().iter().map(|path| path.join(".")).collect::<Vec<_>>().join("|")
        };
        assert_eq!(paths("SELECT Account.Id, Owner.Name FROM Account"), "Id|Owner.Name");
        assert_eq!(paths("SELECT a.Id, A.Owner.Name FROM Account a WHERE a.Id != null"), "Id|Owner.Name");
        assert_eq!(paths("SELECT a.Id FROM Account AS a"), "Id");
        assert_eq!(paths("SELECT where.Id FROM Account WHERE Id != null"), "where.Id");
    }

    #[test]
    fn a_part_of_the_records_is_known_as_such() {
        let is_limited =
            |rest: &str| Query::parse(&format!("SELECT Id FROM Account {rest}")).expect("fine").is_limited();
        assert!(is_limited("limit 10") && is_limited("WHERE a = 1 OFFSET 5"));
        assert!(!is_limited("") && !is_limited("WHERE Name = 'LIMIT 1'"));
        assert!(!is_limited("WHERE Id IN (SELECT AccountId FROM Contact LIMIT 5)"));
    }

    #[test]
    fn a_query_that_no_url_can_hold_is_refused() {
        let query = |ids: usize| format!("SELECT Id FROM Account WHERE Id IN ({})", vec!["'001'"; ids].join(","));
        assert!(Query::parse(&query(500)).is_ok());
        assert_eq!(Query::parse(&query(1200)), Err(QueryError::TooLong));
    }
}
