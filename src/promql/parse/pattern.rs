//! Regular expressions of Go, for Rust.
//!
//! Enters: a pattern in Go's syntax (RE2). Leaves: the pattern in Rust's, or Go's complaint.
//! It deliberately covers syntax only: both engines take linear time and agree on what the operators mean.
//!
//! The dialects differ where it can hurt silently. In Rust `\d`, `\w`, `\s` and `\b` know all of Unicode, classes nest
//! and have operators (`[[a]&&b]`), and `\<` is a boundary; Go has `\Q…\E` and octal escapes, reads a `{` that counts
//! nothing as itself, and refuses `a**`.
//!
//! Source: Go 1.26, regexp/syntax/parse.go, parse with the flags Perl and DotNL.

use std::collections::BTreeSet;

use regex::Regex;

/// Repeats of repeats may not multiply to more.
const MAX_REPEAT: u32 = 1000;

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t\n\x0C\r\x20";

pub(super) fn fault(reason: &str, part: &str) -> String {
    format!("error parsing regexp: {reason}: `{part}`")
}

/// The same pattern in Rust's syntax.
///
/// # Errors
/// What Go says against it.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator::new(pattern);
    while let Some(c) = translator.peek() {
        translator.step(c)?;
    }
    if translator.groups.is_empty() { Ok(translator.out) } else { Err(fault("missing closing )", pattern)) }
}

/// What is open around the place that is read.
#[derive(Clone, Copy)]
struct Group {
    /// Whether something stands before that a repeat can repeat.
    atom: bool,
    /// How often that repeats already, by repeats inside of it.
    weight: u32,
    /// The greatest of these weights in the group.
    heaviest: u32,
}

struct Translator<'p> {
    whole: &'p str,
    rest: &'p str,
    out: String,
    /// The group that is read, and those around it.
    here: Group,
    groups: Vec<Group>,
    /// The text from the repeat operator that stands right before, if one does.
    last_repeat: Option<&'p str>,
    /// Bytes at the end of what is written that are flags: a repeat after them repeats what is before them.
    flags: usize,
    /// Classes that are known to exist.
    classes: BTreeSet<String>,
}

impl<'p> Translator<'p> {
    fn new(whole: &'p str) -> Self {
        let here = Group { atom: false, weight: 1, heaviest: 1 };
        Translator {
            whole,
            rest: whole,
            out: String::new(),
            here,
            groups: Vec::new(),
            last_repeat: None,
            flags: 0,
            classes: BTreeSet::new(),
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        Some(c)
    }

    fn accept(&mut self, start: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(start) else {
            return false;
        };
        self.rest = rest;
        true
    }

    /// What has been read since `from`.
    fn since(&self, from: &'p str) -> &'p str {
        from.get(..from.len().saturating_sub(self.rest.len())).unwrap_or_default()
    }

    fn atom(&mut self, text: &str) {
        self.out.push_str(text);
        self.here.atom = true;
        self.here.weight = 1;
    }

    fn literal(&mut self, c: char) {
        let escaped = regex::escape(c.encode_utf8(&mut [0; 4]));
        self.atom(&escaped);
    }

    fn step(&mut self, c: char) -> Result<(), String> {
        let before = self.rest;
        let mut repeat = None;
        let flags = std::mem::take(&mut self.flags);
        match c {
            '(' => self.open()?,
            ')' => self.close()?,
            '|' => {
                self.take();
                self.out.push('|');
                self.here.atom = false;
            }
            '^' | '$' | '.' => {
                self.take();
                self.atom(c.encode_utf8(&mut [0; 4]));
            }
            '[' => self.class()?,
            '*' | '+' | '?' => {
                self.take();
                self.repeat(before, None, flags)?;
                repeat = Some(before);
            }
            '{' => match counts(self.rest) {
                None => {
                    self.take();
                    self.literal(c);
                }
                Some((counts, rest)) => {
                    self.rest = rest;
                    let (least, most) = counts.ok_or_else(|| self.bad_count(before))?;
                    self.repeat(before, Some((least, most)), flags)?;
                    repeat = Some(before);
                }
            },
            '\\' => self.escape()?,
            _ => {
                self.take();
                self.literal(c);
            }
        }
        self.last_repeat = repeat;
        Ok(())
    }

    fn bad_count(&self, before: &'p str) -> String {
        fault("invalid repeat count", self.since(before))
    }

    /// A repeat operator has been read, from `before` on; `counts` are those in braces, `flags` the bytes of flags
    /// between it and what it repeats.
    fn repeat(&mut self, before: &'p str, counts: Option<Counts>, flags: usize) -> Result<(), String> {
        self.accept("?");
        self.out.insert_str(self.out.len().saturating_sub(flags), self.since(before));
        self.flags = flags;
        if let Some(last) = self.last_repeat {
            return Err(fault("invalid nested repetition operator", self.since(last)));
        }
        if !self.here.atom {
            return Err(fault("missing argument to repetition operator", self.since(before)));
        }
        if let Some((least, most)) = counts {
            self.here.weight = match most.unwrap_or(least) {
                0 if most.is_some() => 1,
                0 => self.here.weight,
                times => self.here.weight.saturating_mul(times),
            };
            if (least >= 2 || most.is_some_and(|most| most >= 2)) && self.here.weight > MAX_REPEAT {
                return Err(self.bad_count(before));
            }
            self.here.heaviest = self.here.heaviest.max(self.here.weight);
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), String> {
        let before = self.rest;
        self.take();
        if self.accept("?P<") || self.accept("?<") {
            let name = self.rest.split_once('>').map(|(name, _)| name);
            let Some(name) = name else {
                return Err(fault("invalid named capture", before));
            };
            self.rest = self.rest.get(name.len() + 1..).unwrap_or_default();
            if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) {
                return Err(fault("invalid named capture", self.since(before)));
            }
            self.out.push_str(self.since(before));
        } else if self.accept("?") {
            let opens = self.flags(before)?;
            let flags = self.since(before);
            // Go lets flags be none; in Rust that is a repeat of nothing.
            let flags = if flags == "(?)" { "" } else { flags };
            self.out.push_str(flags);
            if !opens {
                self.flags = flags.len();
                return Ok(());
            }
        } else {
            self.out.push('(');
        }
        self.groups.push(self.here);
        self.here = Group { atom: false, weight: 1, heaviest: 1 };
        Ok(())
    }

    /// Flags up to `:` or `)`; whether a group opens.
    fn flags(&mut self, before: &'p str) -> Result<bool, String> {
        let (mut negative, mut seen) = (false, false);
        while let Some(c) = self.take() {
            match c {
                'i' | 'm' | 's' | 'U' => seen = true,
                '-' if !negative => (negative, seen) = (true, false),
                ':' | ')' if !negative || seen => return Ok(c == ':'),
                _ => break,
            }
        }
        Err(fault("invalid or unsupported Perl syntax", self.since(before)))
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(outer) = self.groups.pop() else {
            return Err(fault("unexpected )", self.whole));
        };
        self.take();
        self.out.push(')');
        let weight = self.here.heaviest;
        self.here = Group { atom: true, weight, heaviest: outer.heaviest.max(weight) };
        Ok(())
    }

    /// An escape outside of classes.
    fn escape(&mut self) -> Result<(), String> {
        let before = self.rest;
        self.take();
        match self.peek() {
            Some('A') => self.atom_of(r"\A"),
            Some('z') => self.atom_of(r"\z"),
            Some('b') => self.atom_of(r"(?-u:\b)"),
            // Of the ASCII boundary there is no opposite over text; that of Unicode differs beyond ASCII only.
            Some('B') => self.atom_of(r"\B"),
            Some('Q') => {
                self.take();
                let (quoted, rest) = self.rest.split_once(r"\E").unwrap_or((self.rest, ""));
                self.rest = rest;
                quoted.chars().for_each(|c| self.literal(c));
            }
            _ => {
                self.rest = before;
                if let Some(class) = self.escaped_class()? {
                    self.atom(&class);
                } else {
                    let c = self.escaped_char()?;
                    self.literal(c);
                }
            }
        }
        Ok(())
    }

    fn atom_of(&mut self, text: &str) {
        self.take();
        self.atom(text);
    }

    /// `\d`, `\pL` and their like, as a class that may also stand in a class.
    fn escaped_class(&mut self) -> Result<Option<String>, String> {
        let before = self.rest;
        let mut chars = before.chars();
        let class = match chars.next().filter(|c| *c == '\\').and_then(|_| chars.next()) {
            Some('d') => format!("[{DIGIT}]"),
            Some('D') => format!("[^{DIGIT}]"),
            Some('w') => format!("[{WORD}]"),
            Some('W') => format!("[^{WORD}]"),
            Some('s') => format!("[{SPACE}]"),
            Some('S') => format!("[^{SPACE}]"),
            Some(p @ ('p' | 'P')) => return self.unicode_class(p == 'P').map(Some),
            _ => return Ok(None),
        };
        self.rest = chars.as_str();
        Ok(Some(class))
    }

    /// Whether there is such a class. Each is looked up once, since that takes long.
    fn exists(&mut self, class: &str) -> bool {
        if self.classes.contains(class) {
            return true;
        }
        let exists = Regex::new(class).is_ok();
        if exists {
            self.classes.insert(class.to_owned());
        }
        exists
    }

    fn unicode_class(&mut self, negative: bool) -> Result<String, String> {
        let before = self.rest;
        self.take();
        self.take();
        let name = match self.peek() {
            Some('{') => {
                let Some((name, rest)) = self.rest.split_once('}') else {
                    return Err(fault("invalid character class range", before));
                };
                self.rest = rest;
                name.strip_prefix('{').unwrap_or_default().to_owned()
            }
            Some(letter) => {
                self.take();
                letter.to_string()
            }
            None => return Err(fault("invalid escape sequence", before)),
        };
        let (name, negative) = match name.strip_prefix('^') {
            Some(name) => (name.to_owned(), !negative),
            None => (name, negative),
        };
        let class = format!(r"\{}{{{name}}}", if negative { 'P' } else { 'p' });
        if !self.exists(&class) {
            return Err(fault("invalid character class range", self.since(before)));
        }
        Ok(class)
    }

    /// The character that an escape stands for.
    fn escaped_char(&mut self) -> Result<char, String> {
        let before = self.rest;
        self.take();
        let Some(c) = self.take() else {
            return Err(fault("trailing backslash at end of expression", ""));
        };
        let octal = |rest: &str| rest.starts_with(|c: char| c.is_digit(8));
        let found = match c {
            'a' => Some('\u{7}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\u{b}'),
            'x' => self.hexadecimal(),
            '0'..='7' if c == '0' || octal(self.rest) => {
                let mut value = c.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else {
                        break;
                    };
                    self.take();
                    value = value * 8 + digit;
                }
                char::from_u32(value)
            }
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c),
            _ => None,
        };
        found.ok_or_else(|| fault("invalid escape sequence", self.since(before)))
    }

    fn hexadecimal(&mut self) -> Option<char> {
        let (mut value, mut digits) = (0_u32, 0);
        let braces = self.accept("{");
        while let Some(c) = self.take() {
            if braces && c == '}' {
                return if digits > 0 { char::from_u32(value) } else { None };
            }
            value = value.checked_mul(16)?.checked_add(c.to_digit(16)?)?;
            digits += 1;
            if !braces && digits == 2 {
                return char::from_u32(value);
            }
        }
        None
    }

    fn class(&mut self) -> Result<(), String> {
        let whole = self.rest;
        self.take();
        let mut class = String::from(if self.accept("^") { "[^" } else { "[" });
        let mut first = true;
        while first || self.peek() != Some(']') {
            first = false;
            if let Some((name, rest)) = posix_class(self.rest) {
                let end = self.rest.len() - rest.len();
                let text = self.rest.get(..end).unwrap_or_default();
                if name.is_empty() || !self.exists(&format!("[{text}]")) {
                    return Err(fault("invalid character class range", text));
                }
                class.push_str(text);
                self.rest = rest;
                continue;
            }
            if let Some(inner) = self.escaped_class()? {
                class.push_str(&inner);
                continue;
            }
            self.class_range(whole, &mut class)?;
        }
        self.take();
        class.push(']');
        self.atom(&class);
        Ok(())
    }

    /// A character of a class, or two with a dash between.
    fn class_range(&mut self, whole: &'p str, class: &mut String) -> Result<(), String> {
        let before = self.rest;
        let low = self.class_char(whole)?;
        class.push_str(&regex::escape(low.encode_utf8(&mut [0; 4])));
        let dash = self.rest.strip_prefix('-').filter(|rest| !rest.is_empty() && !rest.starts_with(']'));
        if let Some(rest) = dash {
            self.rest = rest;
            let high = self.class_char(whole)?;
            if high < low {
                return Err(fault("invalid character class range", self.since(before)));
            }
            class.push('-');
            class.push_str(&regex::escape(high.encode_utf8(&mut [0; 4])));
        }
        Ok(())
    }

    fn class_char(&mut self, whole: &str) -> Result<char, String> {
        match self.peek() {
            None => Err(fault("missing closing ]", whole)),
            Some('\\') => self.escaped_char(),
            Some(c) => {
                self.take();
                Ok(c)
            }
        }
    }
}

/// The name of a class such as `[:alpha:]`, and what follows it.
fn posix_class(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("[:")?.split_once(":]")
}

/// Least and most.
type Counts = (u32, Option<u32>);

/// The counts in braces and what follows them; `None` if the brace stands for itself, no counts if they are too many.
fn counts(text: &str) -> Option<(Option<Counts>, &str)> {
    let (inner, rest) = text.strip_prefix('{')?.split_once('}')?;
    let (least, most) = match inner.split_once(',') {
        Some((least, "")) => (least, None),
        Some((least, most)) => (least, Some(most)),
        None => (inner, Some(inner)),
    };
    let number = |text: &str| {
        let plain = text == "0" || !text.starts_with('0');
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        (plain && digits).then(|| text.parse().unwrap_or(u32::MAX))
    };
    let (least, most) = (number(least)?, most.map(number));
    if most == Some(None) {
        return None;
    }
    let most: Option<u32> = most.flatten();
    let valid = least <= MAX_REPEAT && most.is_none_or(|most: u32| most <= MAX_REPEAT && least <= most);
    Some((valid.then_some((least, most)), rest))
}

#[cfg(test)]
mod tests {
    use super::super::compile::{Compiler, Pattern};

    fn compile(pattern: &str) -> Result<Pattern, String> {
        Compiler::default().compile(pattern)
    }

    fn matches(pattern: &str, value: &str) -> bool {
        compile(pattern).unwrap().regex().is_match(value)
    }

    #[test]
    fn matches_whole_values_over_lines() {
        assert!(matches("a|bc", "bc") && !matches("a|bc", "abc"));
        assert!(matches("a.c", "a\nc") && !matches("(?-s)a.c", "a\nc"));
        assert!(matches("", "") && matches("5..", "503"));
    }

    #[test]
    fn reads_as_go_reads() {
        assert!(!matches(r"\d", "٣") && !matches(r"\w", "é") && !matches(r"\s", "\u{a0}"));
        assert!(matches(r"[\d\W]+", "3é") && matches(r"[[a&&b]+", "[a&b") && matches(r"[]a]+", "]a"));
        assert!(
            matches(r"\Qa.b\E+", "a.bb") && matches(r"\<a\>", "<a>") && matches(r"\101\x41\x{42}", "AAB")
        );
        assert!(matches("{x}", "{x}") && matches("a{,2}", "a{,2}") && matches("a{2}", "aa"));
        assert!(matches("a(?i)+B", "aab") && !matches("a(?i)+b", "Ab"));
        assert!(matches(r"\pL\p{^Greek}", "ab") && matches("[[:alpha:]]", "x") && matches("[a-]", "-"));
    }

    #[test]
    fn complains_as_go_complains() {
        for (pattern, reason) in [
            ("foo(", "missing closing ): `foo(`"),
            ("a)(b", "unexpected ): `a)(b`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("(|+?)", "missing argument to repetition operator: `+?`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("(a{100}){11}", "invalid repeat count: `{11}`"),
            ("a{2,1}", "invalid repeat count: `{2,1}`"),
            ("[a", "missing closing ]: `[a`"),
            ("[b-a]", "invalid character class range: `b-a`"),
            (r"\8", r"invalid escape sequence: `\8`"),
            (r"\p{Nope}", r"invalid character class range: `\p{Nope}`"),
            ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?P<a b>c)", "invalid named capture: `(?P<a b>`"),
            (r"a\", "trailing backslash at end of expression: ``"),
        ] {
            assert_eq!(compile(pattern).unwrap_err(), format!("error parsing regexp: {reason}"), "{pattern}");
        }
    }
}
