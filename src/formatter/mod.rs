//! One way to write a program: the same tokens and comments, in their order, at their places.
//!
//! Enters: a text, whether it checks or not. Leaves: the text as everybody writes it, meaning the same; what is broken
//! stays as it was. It deliberately knows no names and no files, and it never decides what a statement is: `syntax` does.

mod layout;
mod line;

use crate::diagnostic::Diagnostics;
use crate::syntax::outline::{Block, Entry, EntryKind, outline};
use crate::syntax::{Parse, meaning};

/// A text in the one format. What it means is compared before and after; in doubt it is returned as it came.
pub fn format(text: &str) -> String {
    let Some(entries) = outline(text) else {
        return text.to_owned();
    };
    let formatted = layout::text(&entries);
    if formatted == text || means_the_same(text, &entries, &formatted) { formatted } else { text.to_owned() }
}

fn means_the_same(text: &str, entries: &[Entry], formatted: &str) -> bool {
    let Some(again) = outline(formatted) else {
        return false;
    };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    comments(entries, &mut before);
    comments(&again, &mut after);
    before == after && same(meaning(text), meaning(formatted))
}

fn same(left: Parse, right: Parse) -> bool {
    let told = |diagnostics: Diagnostics| -> Vec<String> {
        let list = diagnostics.into_sorted();
        list.into_iter().map(|diagnostic| diagnostic.headline).collect()
    };
    left.tree == right.tree && told(left.diagnostics) == told(right.diagnostics)
}

fn comments<'t>(entries: &'t [Entry], list: &mut Vec<&'t str>) {
    for entry in entries {
        match &entry.kind {
            EntryKind::Comment(text) => list.push(text),
            EntryKind::Statement(row) => {
                if let Some(Block { entries, .. }) = &row.block {
                    comments(entries, list);
                }
            }
            EntryKind::Verbatim(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(before: &str, after: &str) {
        assert_eq!(format(before), after);
        assert_eq!(format(after), after, "not settled");
    }

    #[test]
    fn what_the_books_show_stays() {
        for text in [
            include_str!("../../examples/canary-demo.roll"),
            include_str!("../../tests/language/everything.roll"),
        ] {
            assert_eq!(format(text), text);
        }
    }

    #[test]
    fn blanks_are_put_where_they_belong() {
        settled(
            "rollout  a   in b{\n\n\n  replicas   3#few\n\n\n\n  analyze x ,y   in background }\n\n",
            "rollout a in b {\n  replicas 3  # few\n\n  analyze x, y in background\n}\n"
                .replace("# few", "#few")
                .as_str(),
        );
        settled("", "");
        settled("\n\n# a\n\n\n# b  \n", "# a\n\n# b\n");
        settled("param a:ratio=1%", "param a: ratio = 1%\n");
        settled("import \"a\"  import \"b\"\r\n", "import \"a\"\nimport \"b\"\n");
        settled(
            "scenario \"s\" for a { pods {\nstart 1s .. 2s } }",
            "scenario \"s\" for a {\n  pods {\n    start 1s..2s\n  }\n}\n",
        );
    }

    #[test]
    fn comments_keep_their_place() {
        settled(
            "slo a < 1% { # why\n# own\nevery 30s # one\n  for 5 measurements # two\n} # end\n# last",
            "slo a < 1% {  # why\n  # own\n  every 30s           # one\n  for 5 measurements  # two\n}  # end\n# last\n",
        );
    }

    #[test]
    fn long_lines_are_broken_and_short_blocks_are_not() {
        let long = format!("defaults {{ namespace {}  labels {{ a: b c: d }} }}", "n".repeat(90));
        let broken = format!("defaults {{\n  namespace {}\n  labels {{ a: b, c: d }}\n}}\n", "n".repeat(90));
        assert_eq!(format(&long), broken);
        assert_eq!(format(&broken), broken);
    }

    #[test]
    fn what_is_broken_stays() {
        settled(
            "rollout a {\n replicas   3\n  slo   x <<   3 # no\n   replicas 4  foo   bar\nroute istio {  hots   a }\n metric a   = b\n  replicas 3;\n}\n",
            "rollout a {\n  replicas 3\n  slo   x <<   3  # no\n  replicas 4  foo   bar\n  route istio {  hots   a }\n  metric a   = b\n  replicas 3;\n}\n",
        );
        let unbalanced = "rollout a {\n replicas   3\n";
        assert_eq!(format(unbalanced), unbalanced);
    }
}
