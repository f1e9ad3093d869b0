//! Analysis templates that a reference names, with those that they name themselves.
//!
//! Enters: objects, a list of references. Leaves: templates in the order in which their metrics are merged.
//! It deliberately merges nothing. Source: Argo Rollouts v1.9.1, rollout/controller.go,
//! `getReferencedAnalysisTemplatesFromRef`, and rollout/analysis.go, `getAnalysisTemplatesFromRefs`.

use serde_json::Value;

use super::field::Fields;
use super::object::Object;

/// Templates within each other, at most.
const DEPTH: usize = 32;

/// Templates by scope.
#[derive(Clone, Debug, Default)]
pub(super) struct Templates<'a> {
    /// AnalysisTemplates of the Rollout's namespace.
    pub(super) namespaced: Vec<&'a Object>,
    /// ClusterAnalysisTemplates.
    pub(super) cluster: Vec<&'a Object>,
}

/// Why references lead nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// A template is missing.
    Missing {
        /// Whether another template names it.
        nested: bool,
        /// Whether it would be a ClusterAnalysisTemplate.
        cluster: bool,
        /// Its name.
        name: String,
    },
    /// A template names itself, at last.
    Circle(String),
}

impl<'a> Templates<'a> {
    /// What the references name, each template once.
    pub(super) fn named_by(&self, references: &[Value]) -> Result<Self, Lost> {
        let mut found = Self::default();
        self.collect(references, &mut found, &mut Vec::new())?;
        Ok(found)
    }

    /// All, those of the namespace first.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a Object> {
        self.namespaced.iter().chain(&self.cluster).copied()
    }

    /// Their names as Go prints a list.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.all().map(Object::name).collect();
        format!("[{}]", names.join(" "))
    }

    fn collect(
        &self,
        references: &[Value],
        found: &mut Self,
        within: &mut Vec<(bool, &'a str)>,
    ) -> Result<(), Lost> {
        for reference in references {
            let (cluster, name) = (reference.flag("clusterScope"), reference.text("templateName"));
            let pool = if cluster { &self.cluster } else { &self.namespaced };
            let Some(template) = pool.iter().copied().find(|template| template.name() == name) else {
                return Err(Lost::Missing { nested: !within.is_empty(), cluster, name: name.to_owned() });
            };
            let key = (cluster, template.name());
            if within.contains(&key) || within.len() >= DEPTH {
                return Err(Lost::Circle(name.to_owned()));
            }
            let list = if cluster { &mut found.cluster } else { &mut found.namespaced };
            if list.iter().any(|known| known.name() == name) {
                continue;
            }
            list.push(template);
            within.push(key);
            self.collect(template.value.field("spec").list("templates"), found, within)?;
            within.pop();
        }
        Ok(())
    }
}
