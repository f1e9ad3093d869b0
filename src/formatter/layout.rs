//! Where entries go: on lines of their own, or in one line with their block.
//!
//! Enters: an outline. Leaves: the text. It deliberately knows no columns; `line` lines lines up.

use crate::syntax::outline::{Block, Entry, EntryKind, Family, Row, Token};

use super::line::{self, Line};

/// A block written on one line stays there while its line is no wider.
const WIDTH_MAX: usize = 100;

/// The text of a file.
pub(super) fn text(entries: &[Entry]) -> String {
    let mut lines = Vec::new();
    block(entries, 0, &mut lines);
    line::text(lines)
}

fn block(entries: &[Entry], depth: usize, lines: &mut Vec<Line>) {
    let mut first = true;
    for entry in entries {
        let apart = !first && entry.newlines > 1;
        match &entry.kind {
            EntryKind::Comment(text) => {
                let open = lines.last_mut().filter(|_| entry.newlines == 0);
                if let Some(line) = open.filter(|line| line.comment.is_none() && !line.is_comment()) {
                    line.comment = Some(text.clone());
                } else {
                    lines.push(Line::comment(depth, text.clone(), apart));
                }
            }
            EntryKind::Verbatim(text) => lines.push(Line::verbatim(depth, text.clone(), apart)),
            EntryKind::Statement(row) => statement(row, depth, apart, lines),
        }
        first = false;
    }
}

fn statement(row: &Row, depth: usize, apart: bool, lines: &mut Vec<Line>) {
    let mut cells = cells(&row.tokens);
    let Some(block) = &row.block else {
        lines.push(Line::cells(depth, row.family, cells, apart));
        return;
    };
    if let Some(inside) = one_line(block) {
        let width = 2 * depth + cells.join(" ").chars().count() + 1 + inside.chars().count();
        if width <= WIDTH_MAX || block.entries.is_empty() {
            with_block(row.family, &mut cells, &inside);
            lines.push(Line::cells(depth, row.family, cells, apart));
            return;
        }
    }
    let head = format!("{} {{", cells.join(" "));
    lines.push(Line::cells(depth, Family::Other, vec![head], apart));
    self::block(&block.entries, depth + 1, lines);
    lines.push(Line::cells(depth, Family::Other, vec!["}".to_owned()], false));
}

/// A block of one line begins a column of its own after what lines up with others.
fn with_block(family: Family, cells: &mut Vec<String>, inside: &str) {
    let starts = family == Family::Clause && cells.len() == 1;
    match cells.last_mut().filter(|_| !starts) {
        Some(last) => {
            last.push(' ');
            last.push_str(inside);
        }
        None => cells.push(inside.to_owned()),
    }
}

/// A block on one line, or nothing where it was written on several or holds what cannot stand on one.
fn one_line(block: &Block) -> Option<String> {
    if block.entries.is_empty() {
        return Some("{}".to_owned());
    }
    if !block.one_line {
        return None;
    }
    let mut texts = Vec::new();
    let mut labels = true;
    for entry in &block.entries {
        let EntryKind::Statement(row) = &entry.kind else {
            return None;
        };
        labels &= row.family == Family::Label;
        let mut text = cells(&row.tokens).join(" ");
        if let Some(block) = &row.block {
            text.push(' ');
            text.push_str(&one_line(block)?);
        }
        texts.push(text);
    }
    let between = if labels { ", " } else { "  " };
    Some(format!("{{ {} }}", texts.join(between)))
}

/// Tokens with their blanks, parted where columns begin.
fn cells(tokens: &[Token]) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    for token in tokens {
        match cells.last_mut().filter(|_| !token.column) {
            Some(cell) => {
                if !token.sticks {
                    cell.push(' ');
                }
                cell.push_str(&token.text);
            }
            None => cells.push(token.text.clone()),
        }
    }
    cells
}
