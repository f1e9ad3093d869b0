//! Manifests of rollouts.
//!
//! Enters: a rollout of the model. Leaves: objects in the order in which they are applied, and their text.
//! It deliberately decides nothing that the simulator would have to know, too: that stands in the model.

mod analysis;
mod rollout;
mod route;

pub use crate::manifest::conventions;

use std::collections::BTreeMap;

use crate::manifest::kustomization::Kustomization;
use crate::manifest::meta::{Labels, Metadata};
use crate::manifest::{Object, WriteError, write};
use crate::model::rollout::Rollout;

/// All objects of a rollout: Services, DestinationRule, VirtualService, AnalysisTemplates, Rollout.
///
/// `kubectl apply` takes documents in the order of the file. In this one an object comes after all that it refers to:
/// the VirtualService never names a subset that does not exist (503 until it does), the Rollout never a template or
/// Service that does not (`InvalidSpec` until it does).
pub fn manifests(rollout: &Rollout) -> Vec<Object> {
    let mut objects = route::objects(rollout);
    objects.extend(analysis::templates(rollout));
    objects.push(Object::Rollout(Box::new(rollout::rollout(rollout))));
    objects
}

/// All objects as one text. The comment becomes its first line, without the `# `.
pub fn to_yaml(objects: &[Object], comment: &str) -> Result<String, WriteError> {
    let documents: Result<Vec<_>, _> = objects.iter().map(write).collect();
    Ok(comment_line(comment) + &documents?.join("---\n"))
}

/// A file for each object and a Kustomization that lists them: texts by file name. The comment is the first line of each.
pub fn to_files(objects: &[Object], comment: &str) -> Result<BTreeMap<String, String>, WriteError> {
    let comment = comment_line(comment);
    let mut files = BTreeMap::new();
    for object in objects {
        let namespace = object.metadata().and_then(|metadata| metadata.namespace.as_deref());
        let mut name = conventions::file_name(object.kind(), object.name());
        if files.contains_key(&name) {
            name = conventions::file_name_in(object.kind(), object.name(), namespace.unwrap_or("default"));
        }
        files.insert(name, comment.clone() + &write(object)?);
    }
    let list = Kustomization::new(files.keys().cloned().collect());
    files.insert(conventions::KUSTOMIZATION_FILE.to_owned(), comment + &write(&list)?);
    Ok(files)
}

/// One line whatever the text, as a file's name may hold a line break.
fn comment_line(comment: &str) -> String {
    let line: String = comment
        .chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    format!("# {line}\n")
}

fn metadata(rollout: &Rollout, name: &str) -> Metadata {
    let mut labels = Labels::from(rollout.labels.as_slice());
    labels.set(conventions::MANAGED_BY.0, conventions::MANAGED_BY.1);
    Metadata {
        name: Some(name.to_owned()),
        namespace: Some(rollout.namespace.value.clone()),
        labels,
        ..Metadata::default()
    }
}
