//! How text may look: how wide, in which colours, with which characters.
//!
//! Enters: a decision made elsewhere about the reader's terminal. Leaves: painted text and the signs of both charsets.
//! It deliberately knows no terminal and no `NO_COLOR`; nothing said in colour is said in colour alone.

/// What the reader's terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns; what is laid out for fewer than [`Look::NARROWEST`] is laid out for that many.
    pub width: usize,
    /// Whether ANSI colours are understood and wanted.
    pub colour: bool,
    /// Whether characters outside ASCII can be shown.
    pub unicode: bool,
}

/// What a stretch of text is painted with, by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Ink {
    /// As the terminal writes by itself.
    #[default]
    Plain,
    /// What the eye should find first.
    Bold,
    /// What the eye may pass over.
    Dim,
    /// Failed, aborted, an error.
    Red,
    /// Promoted, as expected.
    Green,
    /// Paused, inconclusive, a warning.
    Yellow,
    /// A name or a place.
    Cyan,
}

impl Look {
    /// Width where nobody says another.
    pub const WIDTH: usize = 100;
    /// The narrowest layout.
    pub const NARROWEST: usize = 40;

    /// Unicode without colour, 100 columns: what a file gets.
    pub fn plain() -> Self {
        Self { width: Self::WIDTH, colour: false, unicode: true }
    }

    /// Columns to lay out for: 100 at most, because longer lines are hard to read, and 40 at least.
    pub fn columns(&self) -> usize {
        self.width.clamp(Self::NARROWEST, Self::WIDTH)
    }

    /// The text in this ink; the text itself where there is no colour or nothing to paint.
    pub fn paint(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Plain => return text.to_owned(),
            Ink::Bold => "1",
            Ink::Dim => "2",
            Ink::Red => "1;31",
            Ink::Green => "1;32",
            Ink::Yellow => "33",
            Ink::Cyan => "36",
        };
        if self.colour && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Bold.
    pub fn bold(&self, text: &str) -> String {
        self.paint(Ink::Bold, text)
    }

    /// Dim.
    pub fn dim(&self, text: &str) -> String {
        self.paint(Ink::Dim, text)
    }

    /// Red.
    pub fn red(&self, text: &str) -> String {
        self.paint(Ink::Red, text)
    }

    /// Green.
    pub fn green(&self, text: &str) -> String {
        self.paint(Ink::Green, text)
    }

    /// Yellow.
    pub fn yellow(&self, text: &str) -> String {
        self.paint(Ink::Yellow, text)
    }

    /// The first where the charset has it, else the second.
    pub fn sign<'a>(&self, unicode: &'a str, ascii: &'a str) -> &'a str {
        if self.unicode { unicode } else { ascii }
    }

    /// Stands before a measurement.
    pub fn pointer(&self) -> &'static str {
        self.sign("▸", ">")
    }

    /// Between a number before and a number after.
    pub fn arrow(&self) -> &'static str {
        self.sign("→", "->")
    }

    /// As expected.
    pub fn tick(&self) -> &'static str {
        self.sign("✓", "ok")
    }

    /// Not as expected.
    pub fn cross(&self) -> &'static str {
        self.sign("✗", "NO")
    }

    /// Where text was cut.
    pub fn ellipsis(&self) -> &'static str {
        self.sign("…", "...")
    }
}

impl Default for Look {
    fn default() -> Self {
        Self::plain()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_paint_and_nothing_else() {
        let plain = Look::plain();
        let coloured = Look { colour: true, ..plain };
        assert_eq!(plain.red("failed"), "failed");
        assert_eq!(coloured.red("failed"), "\u{1b}[1;31mfailed\u{1b}[0m");
        assert_eq!(coloured.red(""), "", "nothing is not painted");
        assert_eq!(coloured.paint(Ink::Plain, "x"), "x");
    }

    #[test]
    fn the_layout_is_neither_wider_than_a_page_nor_narrower_than_forty() {
        let columns = |width| Look { width, ..Look::plain() }.columns();
        assert_eq!((columns(0), columns(72), columns(400)), (40, 72, 100));
    }
}
