//! Manifests that others wrote, read as Argo Rollouts v1.9.1 reads them.
//!
//! Enters: Kubernetes objects, each with where it stands. Leaves: per Rollout a spec with its cluster and analyses, as the
//! simulator plays them, and problems that name object, field and place.
//! It deliberately guesses nothing: a feature that is not simulated is a problem, and what the controller's validation
//! refuses is a spec that says so.

mod analysis;
mod canary;
mod cluster;
mod experiment;
mod field;
mod field_ref;
mod metric;
mod number;
mod object;
mod problem;
mod reader;
mod schema;
mod secret;
mod strategy;
mod template;
mod text;
mod traffic;
mod validate;
mod workload;

pub use object::{Object, Objects};
pub use problem::{Place, Problem, Unsupported};
pub use reader::Reader;

use serde_json::Value;

use field::Fields;

use crate::diagnostic::Code;
use crate::model::argo::cluster::Cluster;
use crate::model::argo::{AnalysisSpec, Spec};

/// All that was read.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// Rollouts in the order of their documents; one that asks for what is not simulated is among the problems instead.
    pub rollouts: Vec<ImportedRollout>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// One Rollout with all that playing it needs.
#[derive(Clone, Debug)]
pub struct ImportedRollout {
    /// `metadata.name`
    pub name: String,
    /// `metadata.namespace`; empty where none is written.
    pub namespace: String,
    /// Where it stands.
    pub place: Place,
    /// What the controllers read.
    pub spec: Spec,
    /// What they write to.
    pub cluster: Cluster,
    /// Analyses by the numbers that the spec gives them.
    pub analyses: Vec<AnalysisSpec>,
    /// Services of its namespace.
    pub services: Vec<ServiceFacts>,
    /// Images of its pods' containers, in their order.
    pub images: Vec<String>,
    /// Labels of its pods.
    pub labels: Vec<(String, String)>,
}

/// What reports and a world want to know of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFacts {
    /// `metadata.name`
    pub name: String,
    /// `spec.selector`
    pub selector: Vec<(String, String)>,
    /// Where it stands.
    pub place: Place,
}

/// Reads every Rollout among the objects.
pub fn read(objects: &Objects) -> Imported {
    let mut imported = Imported { problems: objects.problems.clone(), ..Imported::default() };
    for object in objects.of_kind("Rollout").filter(|object| object.group() == "argoproj.io") {
        match rollout(object, objects) {
            Ok(rollout) => imported.rollouts.push(rollout),
            Err(unsupported) => imported.problems.push(Problem {
                path: unsupported.path,
                ..Problem::new(
                    Code::NotSimulated,
                    object.place.clone(),
                    &object.title(),
                    &unsupported.feature,
                )
            }),
        }
    }
    imported
}

fn rollout(object: &Object, objects: &Objects) -> Result<ImportedRollout, Unsupported> {
    let mut reader = Reader::new(objects, object.namespace());
    let spec = reader.spec(&object.value)?;
    let resolved = workload::resolved(&object.value, &reader);
    let template = resolved.as_deref().ok().path(&["spec", "template"]);
    let containers = template.field("spec").list("containers");
    Ok(ImportedRollout {
        name: object.name().to_owned(),
        namespace: object.namespace().to_owned(),
        place: object.place.clone(),
        spec,
        cluster: reader.cluster(),
        analyses: reader.analyses(),
        services: reader.services.iter().map(|service| facts(service)).collect(),
        images: containers.iter().map(|container| container.text("image").to_owned()).collect(),
        labels: pairs(template.path(&["metadata", "labels"])),
    })
}

fn facts(service: &Object) -> ServiceFacts {
    ServiceFacts {
        name: service.name().to_owned(),
        selector: pairs(service.value.path(&["spec", "selector"])),
        place: service.place.clone(),
    }
}

/// The texts of a map, in the order of its keys.
fn pairs(map: Option<&Value>) -> Vec<(String, String)> {
    let fields = map.and_then(Value::as_object).into_iter().flatten();
    let mut pairs: Vec<(String, String)> =
        fields.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    pairs.sort();
    pairs
}
