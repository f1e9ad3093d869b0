//! One analysis of an experiment: its run, and what is known of it.
//!
//! Enters: an analysis, and its run as the cache shows it. Leaves: a run that was made or asked to end, and the analysis'
//! next status. It deliberately takes no measurement. Source: Argo Rollouts v1.9.1, experiments/experiment.go,
//! `reconcileAnalysisRun`, `createAnalysisRun`; utils/template/template.go, `ResolveExperimentArgsValue`.

use std::sync::Arc;

use super::Reconcile;
use crate::model::argo::{AnalysisSpec, ArgValue};
use crate::simulator::analysis_run::resolve;
use crate::simulator::objects::experiment::{AnalysisStatus, Owner};
use crate::simulator::objects::run::{About, Kind, Phase, Run, RunId};
use crate::simulator::text::Text;
use crate::simulator::trace::EventKind;

impl Reconcile<'_> {
    pub(super) fn reconcile_analysis(&mut self, at: usize) {
        let old = self.status.analyses.get(at).cloned().unwrap_or_default();
        let mut next = old.clone();
        self.follow(at, &old, &mut next);
        if old.phase != next.phase && next.phase != Phase::None {
            self.tell_analysis(at, &old, &next);
        }
        if let Some(slot) = self.status.analyses.get_mut(at) {
            *slot = next;
        }
    }

    fn follow(&mut self, at: usize, old: &AnalysisStatus, next: &mut AnalysisStatus) {
        if self.experiment.status.available_at.is_none() {
            self.verify(at, next);
            return;
        }
        let Some(run) = old.run else {
            if !self.terminating {
                match self.create_run(at) {
                    Ok(run) => (next.phase, next.run) = (Phase::Pending, Some(run)),
                    Err(error) => {
                        let name = self.analysis_name(at);
                        let text = format!("Failed to create AnalysisRun for analysis '{name}': {error}");
                        (next.phase, next.message) = (Phase::Error, Text::Owned(text.into()));
                    }
                }
            }
            return;
        };
        if old.phase.completed() {
            return;
        }
        let Some(found) = self.core.store.run(run) else {
            return;
        };
        if self.terminating {
            if !found.phase.completed() && !found.terminate {
                let run_name = found.name(&self.core.store.rollout.spec.name);
                let name = self.analysis_name(at);
                self.emit(false, "AnalysisRunTerminating", || format!("Terminating {name} ({run_name})"));
                self.core.store.terminate_run(run);
            }
            return;
        }
        (next.phase, next.message) = (found.phase, found.message.clone());
    }

    fn analysis_name(&self, at: usize) -> Arc<str> {
        let analysis = self.experiment.spec.analyses.get(at);
        analysis.map_or_else(|| "".into(), |analysis| Arc::clone(&analysis.name))
    }

    /// Before the experiment is available, a template only has to exist.
    fn verify(&mut self, at: usize, next: &mut AnalysisStatus) {
        let Some(analysis) = self.experiment.spec.analyses.get(at) else {
            return;
        };
        if let Some(missing) = &analysis.missing {
            let kind =
                if missing.starts_with("cluster") { "ClusterAnalysisTemplate" } else { "AnalysisTemplate" };
            let name = &analysis.name;
            let text = format!("{kind} verification failed for analysis '{name}': {missing}");
            (next.phase, next.message) = (Phase::Error, Text::Owned(text.into()));
        }
    }

    /// Tells of a new phase, also on the Rollout, where upstream always warns.
    fn tell_analysis(&mut self, at: usize, old: &AnalysisStatus, new: &AnalysisStatus) {
        if self.recorder.silent() {
            return;
        }
        let rollout = Arc::clone(&self.core.store.rollout.spec.name);
        let name = self.analysis_name(at);
        let (from, to) = (old.phase, new.phase);
        let mut text = format!("AnalysisRun '{name}' transitioned from {from} -> {to}");
        if !new.message.is_empty() {
            text.push_str(": ");
            text.push_str(&new.message.spell(&rollout));
        }
        let reason = format!("AnalysisRun{to}");
        let bad = matches!(to, Phase::Failed | Phase::Error | Phase::Inconclusive);
        self.emit(bad, &reason, || text.clone());
        self.core.emit(self.recorder, true, &reason, || text);
    }

    /// Makes a run, or takes an equal one that goes on under the same name.
    fn create_run(&mut self, at: usize) -> Result<RunId, String> {
        let Some(analysis) = self.experiment.spec.analyses.get(at) else {
            return Err(String::new());
        };
        if let Some(missing) = &analysis.missing {
            return Err(missing.to_string());
        }
        for text in &analysis.templated {
            self.resolve_text(text)?;
        }
        let spec = self.core.analyses.get(analysis.analysis.index).cloned().unwrap_or_default();
        let spec = self.resolve_args(spec)?;
        let (hash, stable) = (self.experiment.hash, Some(self.experiment.stable));
        let spec = Arc::new(resolve::resolve(&spec, hash, stable, &[]));
        let suffix = format!("{}-{}", self.experiment.suffix(), analysis.name);
        let about = About { hash, stable, revision: self.experiment.revision, created: self.now };
        let mut run = Run::new(Kind::Experiment(self.id, at), analysis.analysis.index, spec, about);
        run.suffix = Some(suffix.into());
        let rollout = Arc::clone(&self.core.store.rollout.spec.name);
        let runs = &self.core.store.runs;
        let taken = |run: &Run| {
            runs.iter().any(|other| {
                !other.deleted && other.suffix.is_some() && other.name(&rollout) == run.name(&rollout)
            })
        };
        while taken(&run) {
            run.collision += 1;
        }
        let (name, kind) = (run.name(&rollout), run.kind.name().to_owned());
        let step = u32::try_from(self.experiment.step).ok();
        self.core.tell(self.recorder, || EventKind::RunStarted { name, kind, step });
        Ok(self.core.store.create_run(run))
    }

    /// Puts the experiment's facts into arguments that ask for them.
    fn resolve_args(&self, mut spec: AnalysisSpec) -> Result<AnalysisSpec, String> {
        for arg in &mut spec.args {
            if let ArgValue::Templated(text) = &arg.value {
                arg.value = ArgValue::Text(self.resolve_text(text)?);
            }
        }
        Ok(spec)
    }

    fn resolve_text(&self, text: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut unresolved = None;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((tag, behind)) = after.split_once("}}") else {
                return Err(format!(
                    "Cannot find end tag=\"}}}}\" in the template={text:?} starting from {after:?}"
                ));
            };
            out.push_str(before);
            match self.fact(tag.trim()) {
                Some(value) => out.push_str(&value),
                None => unresolved = Some(format!("failed to resolve {{{{{tag}}}}}")),
            }
            rest = behind;
        }
        out.push_str(rest);
        unresolved.map_or(Ok(out), Err)
    }

    fn fact(&self, name: &str) -> Option<String> {
        let (template, field) = name
            .strip_prefix("templates.")?
            .rsplit_once(".podTemplateHash")
            .or_else(|| name.strip_prefix("templates.")?.rsplit_once(".replicaset.name"))?;
        if !field.is_empty() {
            return None;
        }
        let templates = &self.experiment.spec.templates;
        let at = templates.iter().position(|known| &*known.name == template)?;
        let set = self.core.store.template_set(Owner::Experiment(self.id, at))?;
        Some(if name.ends_with(".podTemplateHash") {
            set.hash.to_string()
        } else {
            self.experiment.set_name(&self.core.store.rollout.spec.name, at)
        })
    }
}
