//! Trees to model: params and environments, then shared slos and defaults, then rollouts, then scenarios.
//!
//! Enters: the files of a program in import order. Leaves: [`Program`] and diagnostics, each mistake once.
//! It deliberately reads no syntax but the tree, and of the outside only pods files, through `Files`.

mod action;
mod canary;
mod damage;
mod expectation;
mod fate;
mod metric;
mod outside;
mod pods;
mod replay;
mod rollout;
mod route;
mod scenario;
mod scope;
mod slo;

use damage::Damage;
pub(crate) use scope::{Scope, Unit};
pub(crate) use slo::sign;

use super::Program;
use super::compile::{Files, LoadedFile, Settings};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Sources, Span};
use crate::syntax::tree;

/// What every part of the resolution needs.
pub(crate) struct Context<'a> {
    pub(crate) scope: Scope,
    /// Metrics that slos may call by name; those of a rollout are there while it is resolved.
    pub(crate) metrics: Vec<metric::Declared>,
    pub(crate) files: &'a dyn Files,
    pub(crate) sources: &'a Sources,
    pub(crate) diagnostics: &'a mut Diagnostics,
}

impl Context<'_> {
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

/// Resolves the program of the root file, which is the last of `files`.
pub(crate) fn program(
    loaded: &[LoadedFile],
    settings: &Settings,
    files: &dyn Files,
    sources: &Sources,
    diagnostics: &mut Diagnostics,
) -> Program {
    let damage = Damage::of(diagnostics, sources);
    let scope = Scope::new(loaded, settings, damage, diagnostics);
    let mut context = Context { scope, metrics: Vec::new(), files, sources, diagnostics };
    for item in loaded.iter().flat_map(|file| &file.tree.items) {
        if let tree::Item::Metric(item) = item {
            metric::declare(item, &mut context);
        }
    }
    let shared = slo::shared(loaded, &mut context);
    let defaults = rollout::Defaults::gather(loaded, &mut context);
    let Some(root) = loaded.iter().find(|file| file.is_root) else {
        return Program::default();
    };
    let mut rollouts = Vec::new();
    let mut names: Vec<(String, Span)> = Vec::new();
    for item in &root.tree.items {
        let tree::Item::Rollout(item) = item else { continue };
        let namespace = item.namespace.as_ref().map_or("", |name| name.value.as_str());
        let key = format!("{namespace}/{}", item.name.value);
        if declared_before(&mut names, &key, &item.name, "rollout", context.diagnostics) {
            continue;
        }
        rollouts.push(rollout::resolve(item, &root.path, &shared, &defaults, &mut context));
    }
    // Scenarios of rollouts from outside count on behind the program's own.
    let own = rollouts.len();
    if let Some(span) = root.tree.items.iter().find_map(|item| match item {
        tree::Item::Scenario(scenario) => Some(scenario.span),
        _ => None,
    }) {
        rollouts.extend(settings.outside.iter().map(|name| outside::known(name, span)));
    }
    let scenarios = scenarios(root, &rollouts, &mut context);
    rollouts.truncate(own);
    for played in rollouts.iter().enumerate().filter(|(at, _)| {
        // What is recorded may have any series.
        scenarios.iter().any(|scenario| scenario.rollout == *at && scenario.replay.is_none())
    }) {
        super::check::series::check(&played.1.rollout, context.diagnostics);
    }
    Program { rollouts: rollouts.into_iter().map(|resolved| resolved.rollout).collect(), scenarios }
}

fn scenarios(
    root: &LoadedFile,
    rollouts: &[rollout::ResolvedRollout],
    context: &mut Context<'_>,
) -> Vec<super::scenario::Scenario> {
    let mut names: Vec<(String, Span)> = Vec::new();
    let mut scenarios = Vec::new();
    for item in &root.tree.items {
        let tree::Item::Scenario(item) = item else {
            continue;
        };
        let key = format!("{}/{}", item.rollout.value, item.name.value);
        if !declared_before(&mut names, &key, &item.name, "scenario", context.diagnostics) {
            scenarios.extend(scenario::resolve(item, rollouts, context));
        }
    }
    scenarios
}

/// Reports a second declaration of a name; true when it is one.
pub(crate) fn declared_before(
    names: &mut Vec<(String, Span)>,
    key: &str,
    name: &tree::Name,
    kind: &str,
    diagnostics: &mut Diagnostics,
) -> bool {
    if let Some((_, first)) = names.iter().find(|(other, _)| other == key) {
        let headline = format!("the {kind} `{}` is declared twice", name.value);
        diagnostics.push(
            Diagnostic::new(Code::DuplicateName, headline, name.span, "the second one")
                .because(*first, "the first one"),
        );
        return true;
    }
    names.push((key.to_owned(), name.span));
    false
}
