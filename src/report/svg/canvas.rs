//! Shapes written down as SVG.
//!
//! Enters: coordinates in pixels, classes, texts of any origin. Leaves: elements, with texts escaped. It deliberately
//! knows no run and no colour: classes are the style sheet's.

use std::fmt::Write as _;

use super::super::xml::escaped;

/// Where a text stands relative to its coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// To the right of it.
    Start,
    /// Around it.
    Middle,
    /// To the left of it.
    End,
}

/// Elements in the order in which they are drawn.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    text: String,
}

impl Canvas {
    /// Raw elements, ready made.
    pub(super) fn raw(&mut self, element: &str) {
        self.text.push_str(element);
        self.text.push('\n');
    }

    pub(super) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let (x1, y1, x2, y2) = (px(x1), px(y1), px(x2), px(y2));
        self.raw(&format!(r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#));
    }

    /// A rectangle by its left upper corner and its size, with words for who points at it.
    pub(super) fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), words: &str) {
        let (x, y, width, height) = (px(x), px(y), px(width.max(0.0)), px(height.max(0.0)));
        let start = format!(r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}""#);
        self.titled(&start, "rect", words);
    }

    pub(super) fn path(&mut self, class: &str, data: &str, words: &str) {
        self.titled(&format!(r#"<path class="{class}" d="{data}""#), "path", words);
    }

    pub(super) fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64, words: &str) {
        let (x, y, radius) = (px(x), px(y), px(radius));
        self.titled(&format!(r#"<circle class="{class}" cx="{x}" cy="{y}" r="{radius}""#), "circle", words);
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, words: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let (x, y, words) = (px(x), px(y), escaped(words));
        self.raw(&format!(r#"<text class="{class}" x="{x}" y="{y}"{anchor}>{words}</text>"#));
    }

    fn titled(&mut self, start: &str, name: &str, words: &str) {
        if words.is_empty() {
            self.raw(&format!("{start}/>"));
        } else {
            self.raw(&format!("{start}><title>{}</title></{name}>", escaped(words)));
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// A path through points, lifted where there is none. A point alone becomes a dot.
pub(super) fn polyline(points: impl IntoIterator<Item = Option<(f64, f64)>>) -> String {
    let mut data = String::new();
    let mut drawing = false;
    let mut alone = false;
    for point in points {
        let Some((x, y)) = point else {
            if alone {
                data.push_str("h0");
            }
            (drawing, alone) = (false, false);
            continue;
        };
        let command = if drawing { 'L' } else { 'M' };
        let _ = write!(data, "{command}{} {}", px(x), px(y));
        alone = !drawing;
        drawing = true;
    }
    if alone {
        data.push_str("h0");
    }
    data
}

/// A tenth of a pixel is exact enough, and the shortest spelling of it keeps files small and differences readable.
pub(super) fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".into() } else { text.to_owned() }
}

/// How wide a text will be at most in a common sans-serif face: nothing measures fonts here, so this errs upward.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    super::super::text::width(text) as f64 * size * 0.6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_stay_text() {
        let mut canvas = Canvas::default();
        canvas.text("name", (1.0, 2.04), Anchor::End, "a<b");
        assert_eq!(
            canvas.finish(),
            "<text class=\"name\" x=\"1\" y=\"2\" text-anchor=\"end\">a&lt;b</text>\n"
        );
    }

    #[test]
    fn a_path_is_lifted_where_there_is_no_value() {
        let points = [Some((0.0, 1.0)), Some((1.0, 2.0)), None, Some((3.0, -0.04))];
        assert_eq!(polyline(points), "M0 1L1 2M3 0h0");
    }
}
