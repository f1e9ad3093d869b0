//! `trafficRouting`.
//!
//! Enters: routing that validation accepts. Leaves: [`Traffic`].
//! It deliberately knows Istio's routes of HTTP only.

use serde_json::Value;

use super::field::Fields;
use super::problem::Unsupported;
use super::reader::Reader;
use crate::model::argo::{Subsets, Traffic};

const PATH: &str = "spec.strategy.canary.trafficRouting";

/// Reads the routing.
pub(super) fn traffic(raw: Option<&Value>, reader: &Reader<'_>) -> Result<Option<Traffic>, Unsupported> {
    let Some(object) = raw.and_then(Value::as_object) else {
        return Ok(None);
    };
    for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        match key.as_str() {
            "istio" | "managedRoutes" => {}
            "plugins" => {
                let names = value.as_object().into_iter().flat_map(|plugins| plugins.keys());
                let names: Vec<&str> = names.map(String::as_str).collect();
                let feature = format!("traffic by the plugin {}", names.join(", "));
                return Err(Unsupported::new(format!("{PATH}.plugins"), feature));
            }
            other => return Err(Unsupported::new(format!("{PATH}.{other}"), format!("traffic by {other}"))),
        }
    }
    let istio = raw.field("istio");
    let Some(service) = istio.field("virtualService") else {
        return Err(Unsupported::new(format!("{PATH}.istio.virtualServices"), "several VirtualServices"));
    };
    let place = || format!("{PATH}.istio.virtualService");
    let Some((index, stored)) = reader.virtual_service(service.text("name")) else {
        return Err(Unsupported::new(place(), "a VirtualService that is not among the documents"));
    };
    if ["tls", "tcp"].iter().any(|kind| stored.value.field("spec").field(kind).is_some()) {
        return Err(Unsupported::new(place(), "a VirtualService with tls or tcp routes"));
    }
    let destination_rule = istio.field("destinationRule").map(|rule| subsets(rule, reader)).transpose()?;
    Ok(Some(Traffic {
        virtual_service: index,
        routes: service.list("routes").iter().filter_map(Value::as_str).map(Into::into).collect(),
        destination_rule,
        managed_routes: raw.list("managedRoutes").iter().map(|route| route.text("name").into()).collect(),
    }))
}

fn subsets(rule: &Value, reader: &Reader<'_>) -> Result<Subsets, Unsupported> {
    let place = format!("{PATH}.istio.destinationRule");
    if rule.field("additionalSubsetNames").is_some() {
        return Err(Unsupported::new(format!("{place}.additionalSubsetNames"), "additional subsets"));
    }
    let Some(destination_rule) = reader.destination_rule(rule.text("name")) else {
        return Err(Unsupported::new(place, "a DestinationRule that is not among the documents"));
    };
    Ok(Subsets {
        destination_rule,
        canary: rule.text("canarySubsetName").into(),
        stable: rule.text("stableSubsetName").into(),
    })
}
