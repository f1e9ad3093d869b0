//! The language as a whole: what may be written is read without complaint.

use rollcast::diagnostic::Diagnostic;
use rollcast::source::FileId;
use rollcast::syntax::{self, tree::Item};

fn mistakes(text: &str) -> Vec<Diagnostic> {
    syntax::parse(FileId(0), text).diagnostics.into_sorted()
}

#[test]
fn every_production_is_read() {
    let text = include_str!("language/everything.roll");
    assert_eq!(mistakes(text), []);
    let tree = syntax::parse(FileId(0), text).tree;
    assert_eq!(tree.items.len(), 12);
    println!("{tree:#?}");
}

#[test]
fn the_smallest_useful_file_is_read() {
    let text = include_str!("../examples/canary-demo.roll");
    assert_eq!(mistakes(text), []);
    let tree = syntax::parse(FileId(0), text).tree;
    assert!(matches!(tree.items.as_slice(), [Item::Rollout(_), Item::Scenario(_)]));
}
