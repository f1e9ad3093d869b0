//! A text of several documents, each with what it is and where it begins.
//!
//! Enters: the text of one YAML file. Leaves: its documents that are not empty; each can be read as a type, and asked
//! where a field stands.
//! It deliberately knows no kind; see [`super::Object`].

use serde::de::{self, DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;
use std::fmt;

use super::yaml::{self, ReadError};

/// Documents of the longest file that is read.
const DOCUMENT_LIMIT: usize = 10_000;

/// One document of a file.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    text: &'a str,
    /// Lines of the file before this document.
    lines_before: u32,
}

/// What a document says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// `apiVersion`
    pub api_version: Option<String>,
    /// `kind`
    pub kind: Option<String>,
}

/// Cuts a file at its `---` and `...` lines; documents without any content are left out.
///
/// A line that begins with one of these is a marker wherever it stands, in literal blocks and in quotes, too.
/// Source: YAML 1.2.2, rule 206, `c-forbidden`.
pub fn documents(text: &str) -> Result<Vec<Document<'_>>, ReadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    let (mut from, mut at, mut line, mut first_line) = (0, 0, 0, 0);
    for whole in text.split_inclusive('\n') {
        if at > from && is_marker(whole) {
            documents.extend(document(text, from, at, first_line));
            (from, first_line) = (at, line);
        }
        at += whole.len();
        line += 1;
    }
    documents.extend(document(text, from, at, first_line));
    match documents.get(DOCUMENT_LIMIT) {
        Some(first_too_many) => {
            Err(first_too_many.blame(&[], format!("more than {DOCUMENT_LIMIT} documents in one file")))
        }
        None => Ok(documents),
    }
}

fn is_marker(line: &str) -> bool {
    ["---", "..."].iter().any(|marker| {
        line.strip_prefix(marker)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    })
}

fn document(text: &str, from: usize, to: usize, lines_before: u32) -> Option<Document<'_>> {
    let text = text.get(from..to)?;
    // The end marker of the document before would be an error at the beginning of this one.
    let text = match text.strip_prefix("...") {
        Some(rest) => rest,
        None => text,
    };
    let has_content = text.lines().any(|line| {
        let line = line.strip_prefix("---").unwrap_or(line).trim_start();
        !line.is_empty() && !line.starts_with(['#', '%'])
    });
    has_content.then_some(Document { text, lines_before })
}

impl Document<'_> {
    /// Its text, with the marker before it.
    pub fn text(&self) -> &str {
        self.text
    }

    /// The line of the file on which its content begins, from 1.
    pub fn line(&self) -> u32 {
        let empty = |line: &&str| {
            let line = line.strip_prefix("---").unwrap_or(line).trim_start();
            line.is_empty() || line.starts_with(['#', '%'])
        };
        let before = self.text.lines().take_while(empty).count();
        self.lines_before.saturating_add(u32::try_from(before).unwrap_or(u32::MAX)).saturating_add(1)
    }

    /// Reads it as a type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        yaml::read(self.text).map_err(|error| self.shift(error))
    }

    /// Reads what it says it is.
    pub fn header(&self) -> Result<Header, ReadError> {
        self.read()
    }

    /// An error at a field, or at the nearest thing around it that exists. A number in the path is an index from 0.
    pub fn blame(&self, path: &[&str], message: impl Into<String>) -> ReadError {
        let place = yaml::read::<Spanned<Node>>(self.text).ok();
        let (line, column) = place.as_ref().map_or((1, 1), |root| place_of(root, path));
        self.shift(ReadError { message: message.into(), line, column })
    }

    fn shift(&self, error: ReadError) -> ReadError {
        ReadError {
            line: if error.line == 0 { 0 } else { error.line.saturating_add(self.lines_before) },
            ..error
        }
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Header;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `apiVersion` and `kind`")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut header = Header::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "apiVersion" => header.api_version = map.next_value()?,
                        "kind" => header.kind = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(header)
            }
        }
        deserializer.deserialize_any(Fields)
    }
}

/// The shape of a document with the places of its nodes.
#[derive(Debug)]
enum Node {
    Mapping(Vec<(Spanned<String>, Spanned<Node>)>),
    Sequence(Vec<Spanned<Node>>),
    Scalar,
}

/// Where the path leads: at the key of its last step that exists, or at the item of a list.
fn place_of(root: &Spanned<Node>, path: &[&str]) -> (u32, u32) {
    let (mut node, mut place) = (root, root.referenced);
    for step in path {
        let found = match &node.value {
            Node::Mapping(fields) => {
                fields.iter().find(|(key, _)| key.value == *step).map(|(key, value)| (value, key.referenced))
            }
            Node::Sequence(items) => step
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index))
                .map(|item| (item, item.referenced)),
            Node::Scalar => None,
        };
        let Some(found) = found else { break };
        (node, place) = found;
    }
    let narrow = |count| u32::try_from(count).unwrap_or(u32::MAX).max(1);
    (narrow(place.line()), narrow(place.column()))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Node;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Node::Mapping(fields))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Node::Sequence(items))
            }
            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Node, E> {
                Ok(Node::Scalar)
            }
            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Node, E> {
                Ok(Node::Scalar)
            }
            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Node, E> {
                Ok(Node::Scalar)
            }
            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Node, E> {
                Ok(Node::Scalar)
            }
            fn visit_str<E: de::Error>(self, _: &str) -> Result<Node, E> {
                Ok(Node::Scalar)
            }
            fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
                Ok(Node::Scalar)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn files_are_cut_at_their_markers() {
        let text = "# of shop\n---\na: 1\n---\n# nothing\n--- # note\nb: |\n  x\n ---\n  y\n...\n---\nc: 3\n";
        let documents = documents(text).unwrap();
        let values: Vec<Value> = documents.iter().take(1).map(|d| d.read().unwrap()).collect();
        assert_eq!(values, [serde_json::json!({"a": 1})]);
        assert_eq!(documents.len(), 3);
        let error = documents[1].read::<Value>().unwrap_err();
        assert!(error.line >= 9, "{error}");
        assert_eq!(documents[2].read::<Value>().unwrap(), serde_json::json!({"c": 3}));
    }

    #[test]
    fn fields_have_places_in_the_file() {
        let text = "---\na: 1\n---\nspec:\n  list:\n  - x: é\n    z: 2\n";
        let documents = documents(text).unwrap();
        let place = |path: &[&str]| {
            let error = documents[1].blame(path, "");
            (error.line, error.column)
        };
        assert_eq!(place(&["spec", "list", "0", "z"]), (7, 5));
        assert_eq!(place(&["spec", "list", "0"]), (6, 5));
        assert_eq!(place(&["spec", "gone", "0"]), (4, 1));
    }
}
