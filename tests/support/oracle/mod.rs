//! Scenarios and traces of the oracle that runs the real Argo Rollouts controllers.
//!
//! Enters: `NAME.json` and `NAME.trace.jsonl`. Leaves: the simulator's trace of the same scenario, and where they first differ.

pub(crate) mod compare;
pub(crate) mod numbers;
pub(crate) mod read;
pub(crate) mod script;
pub(crate) mod views;
pub(crate) mod writer;

use rollcast::simulator::play::Player;
use serde_json::Value;

/// Plays a scenario; `Err` says which feature is not supported.
pub(crate) fn play(scenario: &Value) -> Result<Vec<Value>, String> {
    let read = read::read(scenario)?;
    let mut player = Player::new(read.spec, &read.cluster, read.analyses);
    let mut world = read.world;
    let mut writer = writer::Writer::new(read.action_names);
    player.play(&mut world, &mut writer, &read.actions, read.until);
    Ok(writer.finish(read.until))
}
