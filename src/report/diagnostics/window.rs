//! Long lines cut to what is around the places in question, so that a report fits its look.
//!
//! Enters: a text, places in it, and how wide a line may be. Leaves: the text with other lines untouched, and where a
//! place of one is in the other. It deliberately knows no diagnostic.

use unicode_width::UnicodeWidthChar;

use super::super::text::width;

/// So much of a line is kept before the first place in it.
const BEFORE: usize = 24;

/// A text with long lines cut.
#[derive(Debug)]
pub(super) struct Window {
    /// The text.
    pub(super) text: String,
    /// Where parts begin: here, and in the whole text.
    moves: Vec<(usize, usize)>,
}

impl Window {
    /// Cuts the lines from the first of the places to the last that are wider than `columns`.
    pub(super) fn around(whole: &str, places: &[(usize, usize)], columns: usize, sign: &str) -> Self {
        let first = places.iter().map(|(start, _)| *start).min().unwrap_or(0);
        let last = places.iter().map(|(_, end)| *end).max().unwrap_or(0);
        // A file may be long, and its reports many: lines that are not shown are copied, not looked at.
        let head = whole.get(..first).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let tail = whole.get(last..).and_then(|after| after.find('\n')).map_or(whole.len(), |end| last + end);
        let mut new = Self { text: String::with_capacity(whole.len()), moves: vec![(0, 0)] };
        new.text.push_str(whole.get(..head).unwrap_or(""));
        let mut at = head;
        for line in whole.get(head..tail).unwrap_or("").split_inclusive('\n') {
            let body = line.trim_end_matches(['\n', '\r']);
            if width(body) > columns {
                new.cut(body, at, places, columns, sign);
                new.text.push_str(line.get(body.len()..).unwrap_or(""));
            } else {
                new.text.push_str(line);
            }
            at += line.len();
        }
        new.text.push_str(whole.get(tail..).unwrap_or(""));
        new
    }

    fn cut(&mut self, body: &str, at: usize, places: &[(usize, usize)], columns: usize, sign: &str) {
        let within = |place: usize| (at..=at + body.len()).contains(&place);
        let starts = places.iter().filter(|(start, end)| within(*start) || within(*end));
        let focus = starts.map(|(start, _)| start.saturating_sub(at)).min().unwrap_or(0);
        let before = width(body.get(..focus).unwrap_or(""));
        let from = if before > BEFORE { after_columns(body, before - BEFORE) } else { 0 };
        let rest = body.get(from..).unwrap_or("");
        let room = columns.saturating_sub(if from > 0 { width(sign) } else { 0 });
        let to = if width(rest) > room {
            from + after_columns(rest, room.saturating_sub(width(sign)))
        } else {
            body.len()
        };
        if from > 0 {
            self.text.push_str(sign);
        }
        self.moves.push((self.text.len(), at + from));
        self.text.push_str(body.get(from..to).unwrap_or(""));
        if to < body.len() {
            self.text.push_str(sign);
        }
        self.moves.push((self.text.len(), at + body.len()));
    }

    /// Where a place of the whole text is here; what was cut is at the edge of the cut.
    pub(super) fn here(&self, place: usize) -> usize {
        let next = self.moves.partition_point(|(_, there)| *there <= place);
        let (here, there) = self.moves.get(next.saturating_sub(1)).copied().unwrap_or((0, 0));
        let edge = self.moves.get(next).map_or(usize::MAX, |(here, _)| *here);
        (here + (place - there.min(place))).min(edge)
    }

    /// Where a place here is in the whole text.
    pub(super) fn there(&self, place: usize) -> usize {
        let next = self.moves.partition_point(|(here, _)| *here <= place);
        let (here, there) = self.moves.get(next.saturating_sub(1)).copied().unwrap_or((0, 0));
        let edge = self.moves.get(next).map_or(usize::MAX, |(_, there)| *there);
        (there + (place - here.min(place))).min(edge)
    }
}

/// The byte after which so many columns of a text have passed.
fn after_columns(text: &str, columns: usize) -> usize {
    let mut passed = 0;
    for (at, character) in text.char_indices() {
        if passed >= columns {
            return at;
        }
        passed += character.width().unwrap_or(0);
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_its_place() {
        let line = format!("{}GUILTY{}", "a".repeat(200), "b".repeat(200));
        let whole = format!("short\n{line}\n{line}\n");
        let start = 6 + 200;
        let window = Window::around(&whole, &[(start, start + 6)], 60, "…");
        let lines: Vec<&str> = window.text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].contains("GUILTY") && width(lines[1]) <= 60, "{}", lines[1]);
        assert!(lines[1].starts_with('…') && lines[1].ends_with('…'));
        assert_eq!(lines[2], line, "what is not shown is not cut");
        let here = window.here(start);
        assert_eq!(window.text.get(here..here + 6), Some("GUILTY"));
        assert_eq!(window.there(here), start);
        assert_eq!(window.here(whole.len()), window.text.len());
    }

    #[test]
    fn places_beyond_the_window_are_at_its_edge() {
        let whole = format!("{}\nb\n", "é".repeat(300));
        let window = Window::around(&whole, &[(0, 600)], 50, "…");
        let end = window.here(600);
        assert!(window.text.is_char_boundary(end) && end < 120);
        assert_eq!(window.text.lines().last(), Some("b"));
        let short = Window::around("a\nb", &[(0, 1)], 50, "…");
        assert_eq!((short.text.as_str(), short.here(3), short.there(3)), ("a\nb", 3, 3));
    }
}
