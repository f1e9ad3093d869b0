//! A Rollout read among the objects of its namespace.
//!
//! Enters: objects, a Rollout of their namespace, again and again as it is edited. Leaves: its spec, and the cluster and
//! analyses to which the spec's numbers refer.
//! It deliberately keeps analyses once found, so that numbers given earlier stay good.

use serde_json::Value;

use super::analysis;
use super::cluster;
use super::field::Fields;
use super::field_ref::with_fields;
use super::object::{Object, Objects, or_default};
use super::problem::Unsupported;
use super::strategy;
use super::template::Templates;
use super::validate;
use super::workload;
use crate::model::argo::cluster::Cluster;
use crate::model::argo::{Analysis, AnalysisSpec, Spec};

/// What a Rollout may refer to.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    pub(super) services: Vec<&'a Object>,
    pub(super) virtual_services: Vec<&'a Object>,
    pub(super) destination_rules: Vec<&'a Object>,
    pub(super) templates: Templates<'a>,
    pub(super) ingresses: Vec<&'a Object>,
    pub(super) workloads: Vec<&'a Object>,
    pub(super) secrets: Vec<&'a Object>,
    /// Its name; `default` where none is written.
    pub(super) namespace: &'a str,
    /// The Rollout that is being read.
    pub(super) rollout: Value,
    /// References as they were written, with what they came to.
    analyses: Vec<(Value, AnalysisSpec)>,
}

impl<'a> Reader<'a> {
    /// Whatever a Rollout of this namespace finds.
    pub fn new(objects: &'a Objects, namespace: &'a str) -> Self {
        let mut workloads = Vec::new();
        for kind in ["Deployment", "ReplicaSet", "PodTemplate"] {
            workloads.extend(objects.beside(kind, namespace));
        }
        Self {
            ingresses: objects.beside("Ingress", namespace),
            workloads,
            secrets: objects.beside("Secret", namespace),
            rollout: Value::Null,
            namespace: or_default(namespace),
            services: objects.beside("Service", namespace),
            virtual_services: objects.beside("VirtualService", namespace),
            destination_rules: objects.beside("DestinationRule", namespace),
            templates: Templates {
                namespaced: objects.beside("AnalysisTemplate", namespace),
                cluster: objects.of_kind("ClusterAnalysisTemplate").collect(),
            },
            analyses: Vec::new(),
        }
    }

    /// The Services, VirtualServices, DestinationRules and Ingresses.
    pub fn cluster(&self) -> Cluster {
        Cluster {
            ingresses: self.ingresses.iter().map(|object| cluster::ingress(object)).collect(),
            ..cluster::cluster(&self.services, &self.virtual_services, &self.destination_rules)
        }
    }

    /// The analyses of all specs read so far.
    pub fn analyses(&self) -> Vec<AnalysisSpec> {
        self.analyses.iter().map(|(_, spec)| spec.clone()).collect()
    }

    /// Reads a Rollout. Of one that the controller's validation refuses it keeps what the status shows nonetheless.
    pub fn spec(&mut self, rollout: &Value) -> Result<Spec, Unsupported> {
        self.rollout = rollout.clone();
        let reason = match workload::resolved(rollout, self) {
            Ok(resolved) => validate::refusal(&resolved, self)?,
            Err(reason) => Some(reason),
        };
        let Some(reason) = reason else {
            return strategy::spec(rollout, self);
        };
        let spec = strategy::spec(rollout, self).unwrap_or_else(|_| strategy::outline(rollout));
        Ok(Spec { refused: Some(reason.into()), ..spec })
    }

    /// Whether this namespace has that name.
    pub(super) fn is_own(&self, namespace: &str) -> bool {
        namespace.is_empty() || namespace == self.namespace
    }

    /// Takes an analysis template away, as `kubectl delete` does.
    pub fn delete(&mut self, kind: &str, name: &str) {
        let list = match kind {
            "AnalysisTemplate" => &mut self.templates.namespaced,
            "ClusterAnalysisTemplate" => &mut self.templates.cluster,
            "Service" => &mut self.services,
            "VirtualService" => &mut self.virtual_services,
            "DestinationRule" => &mut self.destination_rules,
            _ => return,
        };
        list.retain(|object| object.name() != name);
    }

    /// An analysis; equal references are one.
    pub(super) fn analysis(&mut self, raw: &Value, path: &str) -> Result<Analysis, Unsupported> {
        if raw.field("analysisRunMetadata").is_some() {
            let place = format!("{path}.analysisRunMetadata");
            return Err(Unsupported::new(place, "labels and annotations of AnalysisRuns"));
        }
        let references = raw.list("templates");
        let empty = references.is_empty();
        let raw = &with_fields(raw, &self.rollout, self.namespace, path)?;
        let mut key = raw.clone();
        if let Some(fields) = key.as_object_mut() {
            fields.remove("startingStep");
        }
        if let Some(index) = self.analyses.iter().position(|(seen, _)| *seen == key) {
            return Ok(Analysis { index, empty });
        }
        // Templates that are not there are validation's business; no run is ever made of them.
        let Ok(templates) = self.templates.named_by(references) else {
            return Ok(Analysis { index: usize::MAX, empty: true });
        };
        let spec = analysis::merged(raw, &templates, &self.secrets, path)?;
        self.analyses.push((key, spec));
        Ok(Analysis { index: self.analyses.len() - 1, empty })
    }

    /// The place among the Services of the one that a field names.
    pub(super) fn service(&self, raw: &Value, field: &str) -> Option<usize> {
        let name = raw.text(field);
        self.services.iter().position(|service| !name.is_empty() && service.name() == name)
    }

    pub(super) fn virtual_service(&self, name: &str) -> Option<(usize, &'a Object)> {
        self.virtual_services.iter().copied().enumerate().find(|(_, service)| service.name() == name)
    }

    pub(super) fn destination_rule(&self, name: &str) -> Option<usize> {
        self.destination_rules.iter().position(|rule| rule.name() == name)
    }
}
