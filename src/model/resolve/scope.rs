//! Params and the units of values: what a name stands for in the environment asked for.
//!
//! Enters: declarations, one environment, settings from the command line. Leaves: values in the unit that a place wants.
//! It deliberately knows no statement; whoever wants a value says which unit and what for.

use std::collections::BTreeMap;

use super::damage::Damage;
use super::declared_before;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::model::Fact;
use crate::model::compile::{LoadedFile, Settings, declared_unit};
use crate::source::Span;
use crate::syntax::tree::{Item, Param, Value, ValueKind};
use crate::unit::{Millis, Seconds, Weight, grouped};

/// What a place wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Ratio,
    Duration,
    Rate,
    Count,
    Text,
}

impl Unit {
    /// `a ratio such as `95%``: for labels.
    pub(crate) fn with_example(self) -> &'static str {
        match self {
            Self::Ratio => "a ratio such as `95%`",
            Self::Duration => "a duration such as `2m` or `500ms`",
            Self::Rate => "a rate such as `200/s`",
            Self::Count => "a count such as `3`",
            Self::Text => "a text in quotes",
        }
    }

    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Ratio => "a ratio",
            Self::Duration => "a duration",
            Self::Rate => "a rate",
            Self::Count => "a count",
            Self::Text => "a text",
        }
    }
}

/// The unit of a literal; a bare name has none.
pub(crate) fn unit_of(kind: &ValueKind) -> Option<Unit> {
    Some(match kind {
        ValueKind::Ratio(_) => Unit::Ratio,
        ValueKind::Duration(_) => Unit::Duration,
        ValueKind::Rate(_) => Unit::Rate,
        ValueKind::Number(_) => Unit::Count,
        ValueKind::Text(_) => Unit::Text,
        ValueKind::Name(_) => return None,
    })
}

#[derive(Debug)]
struct Binding {
    /// `None` where the declaration itself was wrong, so that uses are silent.
    kind: Option<ValueKind>,
    unit: Option<Unit>,
    declared: Span,
}

/// All params with their values in force.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    params: BTreeMap<String, Binding>,
    /// What may explain that a name is missing.
    pub(crate) damage: Damage,
}

impl Scope {
    /// Declares all params, then lets the environment and the settings override them.
    pub(crate) fn new(
        files: &[LoadedFile],
        settings: &Settings,
        damage: Damage,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut scope = Self { params: BTreeMap::new(), damage };
        let mut names = Vec::new();
        let items = || files.iter().flat_map(|file| &file.tree.items);
        for item in items() {
            if let Item::Param(param) = item
                && !declared_before(&mut names, &param.name.value, &param.name, "param", diagnostics)
            {
                scope.declare(param, diagnostics);
            }
        }
        let mut known = Vec::new();
        let mut env_names = Vec::new();
        for (at, file) in files.iter().enumerate() {
            for item in &file.tree.items {
                let Item::Env(env) = item else { continue };
                let key = format!("{at}/{}", env.name.value);
                if declared_before(&mut env_names, &key, &env.name, "env", diagnostics) {
                    continue;
                }
                known.push(env.name.value.clone());
                let chosen = settings.env.as_ref().is_some_and(|(name, _)| *name == env.name.value);
                for (name, value) in &env.settings {
                    scope.set(name, value, chosen, diagnostics);
                }
            }
        }
        if let Some((name, span)) = &settings.env
            && !known.contains(name)
            && !scope.damage.explains(name)
        {
            diagnostics.push(unknown_env(name, *span, &known));
        }
        for param in &settings.params {
            scope.set(&param.name, &param.value, true, diagnostics);
        }
        scope
    }

    fn declare(&mut self, param: &Param, diagnostics: &mut Diagnostics) {
        let declared = param.name.span;
        let unit = match &param.unit {
            None => unit_of(&param.value.kind),
            Some(name) => declared_unit(&name.value).or_else(|| {
                let units = ["ratio", "duration", "rate", "count", "text"];
                let headline = format!("`{}` is no unit", name.value);
                let mut report = Diagnostic::new(
                    Code::WrongUnit,
                    headline,
                    name.span,
                    "units are ratio, duration, rate, count and text",
                );
                if let Some(near) = nearest(&name.value, units) {
                    report = report.fix(format!("write `{near}`"), name.span, near);
                }
                diagnostics.push(report);
                None
            }),
        };
        let found = unit_of(&param.value.kind);
        let kind = if found.is_none() {
            let headline = format!("the default of `{}` is no value", param.name.value);
            let label = "expected a value such as `5`, `95%`, `2m` or a text in quotes";
            diagnostics.push(Diagnostic::new(Code::WrongUnit, headline, param.value.span, label));
            None
        } else if unit.is_some() && found != unit {
            diagnostics.push(mismatch(&param.name.value, &param.value, unit, Some(declared)));
            None
        } else {
            Some(param.value.kind.clone())
        };
        self.params.insert(param.name.value.clone(), Binding { kind, unit, declared });
    }

    /// An override; checked in every environment, in force only in the one asked for.
    fn set(
        &mut self,
        name: &crate::syntax::tree::Name,
        value: &Value,
        in_force: bool,
        diagnostics: &mut Diagnostics,
    ) {
        let known: Vec<String> = self.params.keys().cloned().collect();
        let Some(binding) = self.params.get_mut(&name.value) else {
            if !self.damage.explains(&name.value) {
                diagnostics.push(unknown_param(&name.value, name.span, &known));
            }
            return;
        };
        if binding.unit.is_some() && unit_of(&value.kind) != binding.unit {
            diagnostics.push(mismatch(&name.value, value, binding.unit, Some(binding.declared)));
        } else if in_force && binding.kind.is_some() {
            binding.kind = Some(value.kind.clone());
        }
    }

    /// What a value stands for; `None` when a name is unknown (reported here) or wrongly declared (reported there).
    pub(crate) fn kind(&self, value: &Value, diagnostics: &mut Diagnostics) -> Option<ValueKind> {
        let ValueKind::Name(name) = &value.kind else {
            return Some(value.kind.clone());
        };
        if let Some(binding) = self.params.get(name) {
            return binding.kind.clone();
        }
        let known: Vec<String> = self.params.keys().cloned().collect();
        if !self.damage.explains(name) {
            diagnostics.push(unknown_param(name, value.span, &known));
        }
        None
    }

    /// Whether a name is a param.
    pub(crate) fn is_param(&self, name: &str) -> bool {
        self.params.contains_key(name)
    }

    fn of_unit(
        &self,
        value: &Value,
        unit: Unit,
        what: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<ValueKind> {
        let kind = self.kind(value, diagnostics)?;
        if unit_of(&kind) == Some(unit) {
            return Some(kind);
        }
        let found = unit_of(&kind).map_or("a name", Unit::noun);
        let headline = format!("{what} is {}, not {found}", unit.noun());
        let label = format!("{found}; expected {}", unit.with_example());
        let mut report = Diagnostic::new(Code::WrongUnit, headline, value.span, label);
        if let ValueKind::Name(name) = &value.kind
            && let Some(binding) = self.params.get(name)
        {
            report = report.because(binding.declared, format!("`{name}` is declared here as {found}"));
        }
        if let (Unit::Duration, ValueKind::Number(number)) = (unit, &value.kind)
            && number.fract() == 0.0
        {
            report = report.fix(
                format!("write `{number}s` if seconds are meant"),
                value.span,
                format!("{number}s"),
            );
        }
        // A fraction cannot be of seconds; `2.5` is rather two minutes and a half.
        if let (Unit::Duration, ValueKind::Number(number)) = (unit, &value.kind)
            && number.fract() != 0.0
            && (number * 60.0).fract() == 0.0
            && (0.0..1e6).contains(number)
        {
            let minutes = Seconds((number * 60.0) as u64).to_string();
            report = report.fix(format!("write `{minutes}` if minutes are meant"), value.span, minutes);
        }
        if let (Unit::Rate, ValueKind::Number(number)) = (unit, &value.kind) {
            report = report.fix(format!("write `{number}/s`"), value.span, format!("{number}/s"));
        }
        if let (Unit::Ratio, ValueKind::Number(number)) = (unit, &value.kind) {
            report = report.fix(format!("write `{number}%`"), value.span, format!("{number}%"));
        }
        diagnostics.push(report);
        None
    }

    /// A ratio between 0 and 1.
    pub(crate) fn ratio(
        &self,
        value: &Value,
        what: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Fact<f64>> {
        let ValueKind::Ratio(ratio) = self.of_unit(value, Unit::Ratio, what, diagnostics)? else {
            return None;
        };
        if (0.0..=1.0).contains(&ratio) {
            return Some(Fact::written(ratio, value.span));
        }
        let headline = format!("{what} is between 0% and 100%");
        diagnostics.push(Diagnostic::new(Code::PercentageOutOfRange, headline, value.span, "outside that"));
        None
    }

    /// A whole percentage of traffic.
    pub(crate) fn weight(&self, value: &Value, what: &str, diagnostics: &mut Diagnostics) -> Option<Weight> {
        let percent = self.ratio(value, what, diagnostics)?.value * 100.0;
        let whole = libm::round(percent);
        if (percent - whole).abs() > 1e-9 {
            let headline = format!("{what} is a whole percentage");
            let label = "Argo Rollouts counts weights in whole percent";
            diagnostics.push(Diagnostic::new(Code::NumberOutOfRange, headline, value.span, label).fix(
                format!("write `{whole}%`"),
                value.span,
                format!("{whole}%"),
            ));
            return None;
        }
        Weight::new(whole as u32)
    }

    /// A duration of at least a millisecond.
    pub(crate) fn duration(
        &self,
        value: &Value,
        what: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Millis> {
        let ValueKind::Duration(millis) = self.of_unit(value, Unit::Duration, what, diagnostics)? else {
            return None;
        };
        Some(millis)
    }

    /// A duration of whole seconds, at least `least`.
    pub(crate) fn seconds(
        &self,
        value: &Value,
        what: &str,
        least: u64,
        diagnostics: &mut Diagnostics,
    ) -> Option<Fact<Seconds>> {
        let millis = self.duration(value, what, diagnostics)?;
        if !millis.is_whole_seconds() {
            let headline = format!("{what} is a whole number of seconds");
            let label = "the controller keeps times in whole seconds";
            let up = Seconds(millis.seconds().0 + 1);
            diagnostics.push(Diagnostic::new(Code::FractionOfASecond, headline, value.span, label).fix(
                format!("write `{up}`"),
                value.span,
                up.to_string(),
            ));
            return None;
        }
        if millis.seconds().0 < least {
            let headline = format!("{what} is at least {}", Seconds(least));
            diagnostics.push(Diagnostic::new(
                Code::NumberOutOfRange,
                headline,
                value.span,
                "shorter than that",
            ));
            return None;
        }
        Some(Fact::written(millis.seconds(), value.span))
    }

    /// A rate of at least zero.
    pub(crate) fn rate(&self, value: &Value, what: &str, diagnostics: &mut Diagnostics) -> Option<f64> {
        let ValueKind::Rate(rate) = self.of_unit(value, Unit::Rate, what, diagnostics)? else {
            return None;
        };
        Some(rate)
    }

    /// A whole number between the bounds.
    pub(crate) fn count(
        &self,
        value: &Value,
        what: &str,
        bounds: std::ops::RangeInclusive<u64>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Fact<u64>> {
        let ValueKind::Number(number) = self.of_unit(value, Unit::Count, what, diagnostics)? else {
            return None;
        };
        let whole = number as u64;
        if number.fract() == 0.0 && number >= 0.0 && bounds.contains(&whole) {
            return Some(Fact::written(whole, value.span));
        }
        let headline = format!(
            "{what} is a whole number from {} to {}",
            grouped(*bounds.start()),
            grouped(*bounds.end())
        );
        diagnostics.push(Diagnostic::new(Code::NumberOutOfRange, headline, value.span, "outside that"));
        None
    }

    /// A text.
    pub(crate) fn text(
        &self,
        value: &Value,
        what: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Fact<String>> {
        let ValueKind::Text(text) = self.of_unit(value, Unit::Text, what, diagnostics)? else {
            return None;
        };
        Some(Fact::written(text, value.span))
    }
}

fn mismatch(name: &str, value: &Value, unit: Option<Unit>, declared: Option<Span>) -> Diagnostic {
    let expected = unit.map_or("another unit", Unit::noun);
    let found = unit_of(&value.kind).map_or("a name", Unit::noun);
    let headline = format!("`{name}` is {expected} and cannot be set to {found}");
    let label = format!("{found}; expected {}", unit.map_or("a value", Unit::with_example));
    let report = Diagnostic::new(Code::WrongUnit, headline, value.span, label);
    match declared {
        Some(span) => report.because(span, format!("`{name}` is declared here")),
        None => report,
    }
}

fn unknown_param(name: &str, span: Span, known: &[String]) -> Diagnostic {
    let headline = format!("there is no param `{name}`");
    let report =
        Diagnostic::new(Code::UnknownParam, headline, span, "not declared in this file or its imports");
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => report.fix(format!("write `{near}`"), span, near),
        None if known.is_empty() => {
            report.help(format!("`param {name} = …` at the top of the file declares it"))
        }
        None => report.help(declared(known)),
    }
}

fn unknown_env(name: &str, span: Span, known: &[String]) -> Diagnostic {
    let headline = format!("there is no env `{name}`");
    let report = Diagnostic::new(Code::UnknownEnv, headline, span, "not declared in the file or its imports");
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => report.help(format!("write `{near}`")),
        None if known.is_empty() => report.help("the file declares no env at all"),
        None => report.help(declared(known)),
    }
}

/// What there is, for a name that there is not.
pub(crate) fn declared<S: AsRef<str>>(names: &[S]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("declared {verb} {}", list(names))
}

/// `` `a`, `b` and `c` ``
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
