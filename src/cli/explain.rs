//! `rollcast explain`: a code's page, or every fact of a program beside who says so.
//!
//! Enters: a code or a program. Leaves: Markdown as it stands, or a table.
//! It deliberately knows neither the pages' words nor the defaults' reasons.

use super::Inputs;
use super::console::{Console, ExitStatus};
use super::files::Disk;
use crate::diagnostic::{Code, nearest};
use crate::model::Origin;
use crate::model::compile::{Compiled, compile};
use crate::model::facts::{FactLine, facts};

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
            console.out(code.page());
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
                console.out(&table(&compiled));
                ExitStatus::Yes
            }
        }
    }
}

/// Facts in columns, a block for each subject, defaults told from what was written.
fn table(compiled: &Compiled) -> String {
    let mut text = String::new();
    for rollout in &compiled.program.rollouts {
        let lines = facts(rollout);
        let name = lines.iter().map(|line| line.name.len()).max().unwrap_or(0);
        let value = lines.iter().map(|line| line.value.len()).filter(|len| *len <= 40).max().unwrap_or(0);
        let mut subject = "";
        for line in &lines {
            if line.subject != subject {
                let gap = if text.is_empty() { "" } else { "\n" };
                text.push_str(&format!("{gap}{}\n", line.subject));
                subject = &line.subject;
            }
            text.push_str(&format!(
                "  {:name$}  {:value$}  {}\n",
                line.name,
                line.value,
                origin(line, compiled)
            ));
        }
    }
    text
}

fn origin(line: &FactLine, compiled: &Compiled) -> String {
    match &line.origin {
        Origin::Written(span) => compiled.sources.place(*span),
        Origin::Default(reason) => format!("default: {reason}"),
    }
}
