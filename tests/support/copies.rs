//! `examples/checkout.roll` a thousand times, for benches and tests of speed.
//!
//! Enters: the example. Leaves: as many programs, or one program with as many rollouts.
//! It deliberately measures nothing.

use std::path::Path;

use rollcast::model::compile::{Fault, Files};

pub(crate) const COPIES: usize = 1000;

pub(crate) const CHECKOUT: &str = include_str!("../../examples/checkout.roll");
const DEPLOYMENT: &str = include_str!("../../examples/checkout.deployment.yaml");

/// Holds the example and its Deployment under every name.
#[derive(Debug)]
pub(crate) struct Copies;

impl Files for Copies {
    fn read(&self, path: &str) -> Result<String, Fault> {
        let text = if Path::new(path).extension().is_some_and(|extension| extension == "roll") {
            CHECKOUT
        } else {
            DEPLOYMENT
        };
        Ok(text.to_owned())
    }
}

/// One program with a thousand rollouts: the example's own without its scenarios, each under a name of its own.
pub(crate) fn one_program() -> String {
    let (head, rest) = CHECKOUT.split_once("rollout checkout in shop").unwrap();
    let (body, _) = rest.split_once("\nscenario").unwrap();
    let head = head.replace("# examples/checkout.roll", "# a thousand of it");
    let rollout = |at: usize| {
        format!(
            "rollout checkout-{at} in shop{}",
            body.replace("host checkout ", &format!("host checkout-{at} "))
        )
    };
    head + &(0..COPIES).map(rollout).collect::<String>()
}

/// Writes a thousand programs, and one with a thousand rollouts below `one/`.
pub(crate) fn write(folder: &Path) {
    for at in 0..COPIES {
        std::fs::write(folder.join(format!("checkout-{at}.roll")), CHECKOUT).unwrap();
    }
    std::fs::write(folder.join("checkout.deployment.yaml"), DEPLOYMENT).unwrap();
    let one = folder.join(".one");
    std::fs::create_dir_all(&one).unwrap();
    std::fs::write(one.join("thousand.roll"), one_program()).unwrap();
    std::fs::write(one.join("checkout.deployment.yaml"), DEPLOYMENT).unwrap();
}
