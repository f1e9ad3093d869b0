//! Label sets: what names a series.
//!
//! Enters: pairs of names and values. Leaves: sorted sets that are cheap to share, compare and derive from one another.
//! It deliberately knows no samples and no queries.

use std::fmt;
use std::sync::Arc;

/// The label that holds the name of a metric.
pub const METRIC_NAME: &str = "__name__";

/// Labels that say what a metric is, and no longer hold once a function has changed its values.
/// Source: Prometheus v3.15.1, schema/labels.go, `IsMetadataLabel`.
const METADATA: [&str; 3] = [METRIC_NAME, "__type__", "__unit__"];

/// One label: name and value.
type Pair = (Arc<str>, Arc<str>);

/// A set of labels, sorted by name. Labels with an empty value do not exist. Cloning copies a pointer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Labels(Arc<[Pair]>);

impl Labels {
    /// The labels of `pairs` in any order; of two with one name the later counts, and empty values are left out.
    pub fn new<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut all: Vec<Pair> = Vec::new();
        for (name, value) in pairs {
            set(&mut all, name.as_ref(), value.as_ref());
        }
        all.retain(|(_, value)| !value.is_empty());
        Self(all.into())
    }

    /// The value of `name`, empty if there is no such label.
    pub fn get(&self, name: &str) -> &str {
        self.0
            .binary_search_by(|(own, _)| own.as_ref().cmp(name))
            .ok()
            .and_then(|i| self.0.get(i))
            .map_or("", |(_, value)| value)
    }

    /// The name of the metric, empty if it has none.
    pub fn metric(&self) -> &str {
        self.get(METRIC_NAME)
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These labels with `name` set to `value`; an empty value removes it.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut all = self.0.to_vec();
        set(&mut all, name, value);
        all.retain(|(_, value)| !value.is_empty());
        Self(all.into())
    }

    /// Only the labels whose name `keeps` accepts.
    #[must_use]
    pub(crate) fn filtered(&self, keeps: impl Fn(&str) -> bool) -> Self {
        if self.0.iter().all(|(name, _)| keeps(name)) {
            return self.clone();
        }
        Self(self.0.iter().filter(|(name, _)| keeps(name)).cloned().collect())
    }

    /// Only the labels named.
    #[must_use]
    pub fn only(&self, names: &[String]) -> Self {
        self.filtered(|own| names.iter().any(|name| name == own))
    }

    /// All but the labels named.
    #[must_use]
    pub fn without(&self, names: &[String]) -> Self {
        self.filtered(|own| !names.iter().any(|name| name == own))
    }

    /// Without the name of the metric and what else describes it.
    #[must_use]
    pub fn without_name(&self) -> Self {
        self.filtered(|own| !METADATA.contains(&own))
    }
}

/// Sets one pair of a sorted list.
fn set(all: &mut Vec<Pair>, name: &str, value: &str) {
    match all.binary_search_by(|(own, _)| own.as_ref().cmp(name)) {
        Ok(i) => {
            if let Some(pair) = all.get_mut(i) {
                pair.1 = value.into();
            }
        }
        Err(i) => all.insert(i, (name.into(), value.into())),
    }
}

impl fmt::Display for Labels {
    /// As Prometheus prints a metric: `name{label="value", …}`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.metric();
        out.write_str(name)?;
        let mut rest = self.iter().filter(|(own, _)| *own != METRIC_NAME).peekable();
        if rest.peek().is_none() && !name.is_empty() {
            return Ok(());
        }
        out.write_str("{")?;
        for (i, (name, value)) in rest.enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(out, "{comma}{name}={}", super::parse::quote::string(value))?;
        }
        out.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sorted_and_free_of_empty_values() {
        let labels = Labels::new([("pod", "a"), ("__name__", "up"), ("gone", ""), ("pod", "b")]);
        assert_eq!(labels.to_string(), "up{pod=\"b\"}");
        assert_eq!(labels.get("pod"), "b");
        assert_eq!(labels.get("gone"), "");
        assert_eq!(labels.without_name().to_string(), "{pod=\"b\"}");
        assert_eq!(labels.with("pod", ""), Labels::new([("__name__", "up")]));
        assert_eq!(Labels::default().to_string(), "{}");
    }
}
