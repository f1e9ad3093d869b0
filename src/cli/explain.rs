//! `rollcast explain`: a code's page, or every fact of a program beside who says so.
//!
//! Enters: a code or a program. Leaves: Markdown as it stands, or a table.
//! It deliberately knows neither the pages' words nor the defaults' reasons.

use super::Inputs;
use super::console::{Console, ExitStatus, legible};
use super::files::Disk;
use crate::diagnostic::{Code, nearest};
use crate::model::Origin;
use crate::model::compile::{Compiled, compile};
use crate::model::facts::{FactLine, facts};
use crate::report::style::Look;
use crate::report::text::{clean, left, spaces, width, wrap};

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// A code such as `RC0304`, or a program.
    #[arg(value_name = "CODE|FILE")]
    what: String,
    #[command(flatten)]
    inputs: Inputs,
}

impl Explain {
    pub(crate) fn run(&self, console: &mut Console) -> ExitStatus {
        if let Some(code) = Code::from_id(&self.what) {
            let page = legible(code.page(), &console.look);
            console.out(&page);
            return ExitStatus::Yes;
        }
        let digits = self.what.strip_prefix("RC").or_else(|| self.what.strip_prefix("rc"));
        if digits.is_some_and(|digits| digits.chars().all(|c| c.is_ascii_digit())) {
            let ids = Code::ALL.iter().map(|code| code.id());
            let near = nearest(&self.what.to_uppercase(), ids).unwrap_or("RC0304");
            return console.could_not_run(&format!(
                "there is no code `{}`; `rollcast explain {near}` is one",
                self.what
            ));
        }
        match compile(&self.what, &Disk, &self.inputs.options()) {
            Err(fault) => console.unreadable(&self.what, &fault),
            Ok(compiled) => {
                if console.refuse(&compiled) {
                    return ExitStatus::No;
                }
                if compiled.program.rollouts.is_empty() {
                    console.err(&format!(
                        "`{}` declares no rollout, so there is nothing to explain\n",
                        self.what
                    ));
                }
                let text = table(&compiled, &console.look);
                console.out(&text);
                ExitStatus::Yes
            }
        }
    }
}

/// Columns between two columns of text.
const GAP: usize = 2;
/// An origin in fewer columns is read more easily on a line of its own.
const ORIGIN: usize = 28;
/// A longer value has its origin below itself and does not move those of all others.
const VALUE: usize = 36;
/// Where a line begins that stands below a name.
const BELOW: usize = 4;

/// Facts in columns, a block for each subject, defaults told from what was written.
fn table(compiled: &Compiled, look: &Look) -> String {
    let mut blocks = Vec::new();
    for rollout in &compiled.program.rollouts {
        let lines = facts(rollout);
        let name = lines.iter().map(|line| width(line.name)).max().unwrap_or(0);
        for block in lines.chunk_by(|one, next| one.subject == next.subject) {
            let subject = block.first().map_or("", |line| line.subject.as_str());
            let rows = Rows::of(block, name, compiled, look);
            let text: String = block.iter().map(|line| rows.row(line, compiled, look)).collect();
            blocks.push(format!("{}\n{text}", look.bold(&clean(subject))));
        }
    }
    blocks.join("\n")
}

/// Widths of the columns of one block.
struct Rows {
    name: usize,
    value: usize,
    origin: usize,
}

impl Rows {
    /// Values are as wide as the widest that leaves the origins enough room.
    fn of(block: &[FactLine], name: usize, compiled: &Compiled, look: &Look) -> Self {
        let room = look.columns().saturating_sub(GAP + name + GAP);
        let places = block.iter().map(|line| longest_word(&origin(line, compiled)));
        let most = room.saturating_sub(GAP + places.max().unwrap_or(0).max(ORIGIN)).min(VALUE);
        let values = block.iter().map(|line| width(&clean(&line.value)));
        let value = values.filter(|value| *value <= most).max().unwrap_or(most);
        Self { name, value, origin: room.saturating_sub(value + GAP) }
    }

    /// Name, value and origin beside each other; the origin below where they do not fit.
    fn row(&self, line: &FactLine, compiled: &Compiled, look: &Look) -> String {
        let value = legible(&clean(&line.value), look);
        let origin = legible(&clean(&origin(line, compiled)), look);
        let indent = GAP + self.name + GAP;
        let paint = |text: &str| match line.origin {
            Origin::Written(_) => text.to_owned(),
            Origin::Default(_) => look.dim(text),
        };
        let longest = longest_word(&origin);
        let start = format!("{}{}{}", spaces(GAP), left(line.name, self.name), spaces(GAP));
        if width(&value) <= self.value && longest <= self.origin && self.origin >= ORIGIN {
            let lines = wrap(&origin, self.origin);
            let below = spaces(indent + self.value + GAP);
            let rest: Vec<String> = lines.iter().map(|line| paint(line)).collect();
            return format!(
                "{start}{}{}{}\n",
                left(&value, self.value),
                spaces(GAP),
                rest.join(&format!("\n{below}"))
            );
        }
        // Where the names leave too little, all of the width is used.
        let beside = look.columns().saturating_sub(indent);
        let below = if beside < ORIGIN { BELOW } else { indent };
        let room = look.columns().saturating_sub(below);
        let lines =
            |text: &str| if longest_word(text) > room { vec![text.to_owned()] } else { wrap(text, room) };
        let mut text = start;
        let mut rest = lines(&origin).iter().map(|line| paint(line)).collect::<Vec<_>>();
        if width(&value) <= beside {
            text.push_str(&value);
        } else {
            text.truncate(text.trim_end().len());
            rest.splice(0..0, lines(&value));
        }
        for line in rest {
            text.push_str(&format!("\n{}{line}", spaces(below)));
        }
        text + "\n"
    }
}

/// Columns of the longest word: places and addresses are not broken, so that they can be copied.
fn longest_word(text: &str) -> usize {
    text.split(' ').map(width).max().unwrap_or(0)
}

fn origin(line: &FactLine, compiled: &Compiled) -> String {
    match &line.origin {
        Origin::Written(span) => compiled.sources.place(*span),
        Origin::Default(reason) => format!("default: {reason}"),
    }
}
