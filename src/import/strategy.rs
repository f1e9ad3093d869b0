//! `spec` of a Rollout and its blue-green strategy.
//!
//! Enters: a Rollout that validation accepts. Leaves: [`Spec`].
//! It deliberately refuses only what the simulator has no notion of.

use std::sync::Arc;

use serde_json::Value;

use super::canary;
use super::field::Fields;
use super::problem::Unsupported;
use super::reader::Reader;
use crate::model::argo::{Analysis, BlueGreen, Canary, Spec, Step};

/// Reads `spec`; the pod template's number is the caller's business.
pub(super) fn spec(rollout: &Value, reader: &mut Reader<'_>) -> Result<Spec, Unsupported> {
    let raw = rollout.field("spec");
    if raw.field("restartAt").is_some() {
        return Err(Unsupported::new("spec.restartAt", "a restart at a set time"));
    }
    let scale_down = raw.field("workloadRef").text("scaleDown");
    if !scale_down.is_empty() && scale_down != "never" {
        let feature = format!("a workload that is scaled down {scale_down}");
        return Err(Unsupported::new("spec.workloadRef.scaleDown", feature));
    }
    let strategy = raw.field("strategy");
    let canary = match strategy.field("canary") {
        Some(raw) => canary::canary(raw, reader)?,
        None => Canary::default(),
    };
    let mut spec = Spec { canary: Arc::new(canary), ..outline(rollout) };
    if let Some(raw) = strategy.field("blueGreen") {
        spec.blue_green = Some(Arc::new(blue_green(raw, reader)?));
    }
    Ok(spec)
}

/// All but the strategy, of which the number of steps is kept.
pub(super) fn outline(rollout: &Value) -> Spec {
    let raw = rollout.field("spec");
    let steps = raw.path(&["strategy", "canary"]).list("steps").iter().map(|_| Step::default()).collect();
    let mut spec = Spec::new(rollout.name(), Canary { steps, ..Canary::default() });
    let set = |field: &mut i64, value: Option<i64>| *field = value.unwrap_or(*field);
    set(&mut spec.replicas, raw.int("replicas"));
    set(&mut spec.min_ready, raw.int("minReadySeconds"));
    set(&mut spec.progress_deadline, raw.int("progressDeadlineSeconds"));
    set(&mut spec.revision_history_limit, raw.int("revisionHistoryLimit"));
    set(&mut spec.rollback_window, raw.field("rollbackWindow").int("revisions"));
    set(&mut spec.successful_history, raw.field("analysis").int("successfulRunHistoryLimit"));
    set(&mut spec.unsuccessful_history, raw.field("analysis").int("unsuccessfulRunHistoryLimit"));
    spec.progress_deadline_abort = raw.flag("progressDeadlineAbort");
    let containers = raw.path(&["template", "spec"]).list("containers");
    spec.ports = containers.iter().any(|container| !container.list("ports").is_empty());
    spec.paused = raw.field("paused").and_then(Value::as_bool);
    spec
}

fn blue_green(raw: &Value, reader: &mut Reader<'_>) -> Result<BlueGreen, Unsupported> {
    let mut analysis = |field: &str| -> Result<Option<Analysis>, Unsupported> {
        let path = format!("spec.strategy.blueGreen.{field}");
        raw.field(field).map(|raw| reader.analysis(raw, &path)).transpose()
    };
    let (pre_promotion, post_promotion) =
        (analysis("prePromotionAnalysis")?, analysis("postPromotionAnalysis")?);
    let active_service = reader.service(raw, "activeService").ok_or_else(|| {
        Unsupported::new(
            "spec.strategy.blueGreen.activeService",
            "a blue-green strategy without an active Service",
        )
    })?;
    Ok(BlueGreen {
        active_service,
        preview_service: reader.service(raw, "previewService"),
        auto_promotion: raw.field("autoPromotionEnabled").and_then(Value::as_bool).unwrap_or(true),
        auto_promotion_seconds: raw.int("autoPromotionSeconds").unwrap_or(0),
        preview_replicas: raw.int("previewReplicaCount"),
        pre_promotion,
        post_promotion,
        scale_down_delay: raw.int("scaleDownDelaySeconds"),
        scale_down_delay_revision_limit: raw.int("scaleDownDelayRevisionLimit"),
        abort_scale_down_delay: raw.int("abortScaleDownDelaySeconds"),
    })
}
