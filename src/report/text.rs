//! Text in columns: how wide it is, padded, cut, wrapped, made harmless.
//!
//! Enters: text of any origin. Leaves: text of a known width. It deliberately knows no colour: what is painted is
//! laid out first, because paint has no width.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::style::Look;

/// Columns on a terminal.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Filled with spaces on the right; longer text stays as it is.
pub fn left(text: &str, columns: usize) -> String {
    format!("{text}{}", spaces(columns.saturating_sub(width(text))))
}

/// Filled with spaces on the left; longer text stays as it is.
pub fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", spaces(columns.saturating_sub(width(text))))
}

/// That many spaces.
pub fn spaces(columns: usize) -> String {
    " ".repeat(columns)
}

/// Cut to the columns, with a sign that something was cut.
pub fn clip(text: &str, columns: usize, look: &Look) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(look.ellipsis()));
    let (head, _) = split_at_width(text, room);
    format!("{head}{}", look.ellipsis())
}

/// Control characters and those that reorder a line made visible, because names and messages come from files and
/// servers and may not steer the terminal; line breaks and tabs become spaces.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if is_steering(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Whether a character moves the cursor or the order of what is read, rather than being read.
pub fn is_steering(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// Lines of at most `columns`, broken at spaces and, in words longer than a line, anywhere. A number stays with its
/// unit and a comparison with its threshold.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(text, columns) {
        let gap = usize::from(!line.is_empty());
        if width(&line) + gap + width(&piece) <= columns {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(&piece);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut rest = piece;
        while width(&rest) > columns {
            let (head, tail) = split_at_width(&rest, columns);
            lines.push(head);
            rest = tail;
        }
        line = rest;
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Words, with those that belong together joined as long as they fit a line.
fn pieces(text: &str, columns: usize) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut glue_next = false;
    for word in text.split(' ') {
        let glue = glue_next || matches!(word, "%" | "ms" | "/s" | "s" | "%," | "ms," | "/s,");
        glue_next = matches!(word, "<" | "<=" | ">" | ">=");
        match pieces.last_mut() {
            Some(last) if glue && width(last) + 1 + width(word) <= columns => {
                last.push(' ');
                last.push_str(word);
            }
            _ => pieces.push(word.to_owned()),
        }
    }
    pieces
}

/// The longest beginning within the columns, but one character at least, and the rest.
fn split_at_width(text: &str, columns: usize) -> (String, String) {
    let mut head = String::new();
    let mut used = 0;
    let mut tail = text.chars();
    while let Some(c) = tail.clone().next() {
        used += UnicodeWidthChar::width(c).unwrap_or(0);
        if used > columns && !head.is_empty() {
            break;
        }
        head.push(c);
        tail.next();
    }
    (head, tail.as_str().to_owned())
}

/// Adds a line.
pub(super) fn line(text: &mut String, words: &str) {
    text.push_str(words);
    text.push('\n');
}

/// `1 pod`, `2 pods`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    let noun = if count == 1 { one } else { many };
    format!("{} {noun}", crate::unit::grouped(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_is_columns_not_characters() {
        assert_eq!(width("v2 läuft"), 8);
        assert_eq!(width("日本"), 4);
        assert_eq!(left("日本", 6), "日本  ");
        assert_eq!(right("9 %", 5), "  9 %");
        assert_eq!(clip("日本語です", 5, &Look::plain()), "日本…");
    }

    #[test]
    fn nothing_is_lost_when_wrapped() {
        let message = "Metric \"error-rate\" assessed Failed due to failed (1) > failureLimit (0)";
        for columns in [8, 13, 20, 71, 72, 200] {
            let lines = wrap(message, columns);
            assert!(lines.iter().all(|line| width(line) <= columns), "{lines:?}");
            let compact = |text: &str| text.replace(' ', "");
            assert_eq!(compact(&lines.concat()), compact(message));
        }
        assert_eq!(wrap("", 20), [""]);
    }

    #[test]
    fn a_number_keeps_its_unit() {
        assert_eq!(wrap("it was at 9.6 % where", 12), ["it was at", "9.6 % where"]);
        assert_eq!(wrap("says it is < 1 %", 12), ["says it is", "< 1 %"]);
    }

    #[test]
    fn a_message_cannot_steer_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb c");
        assert_eq!(clean("\u{202e}x"), "\u{fffd}x");
    }
}
