use super::{Action, Fault, RandomFaults};
use crate::request::RequestInfo;

/// The pending faults.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    faults: Vec<Fault>,
    random: Option<RandomFaults>,
}

impl Rules {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub(crate) fn set_random(&mut self, random: RandomFaults) {
        self.random = Some(random);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The faults of a request, in the order in which they were injected.
    pub(crate) fn draw(&mut self, method: &http::Method, path: &str, info: &RequestInfo) -> Vec<Action> {
        let mut actions = Vec::new();
        for fault in &mut self.faults {
            if !fault.fits(method, path, info) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if fault.action.replaces_answer() && actions.iter().any(Action::replaces_answer) {
                continue;
            }
            if let Some(times) = &mut fault.times {
                if *times == 0 {
                    continue;
                }
                *times -= 1;
            }
            actions.push(fault.action.clone());
        }
        self.faults.retain(|fault| fault.times != Some(0));
        actions.extend(self.random.as_mut().and_then(|random| random.draw(info)));
        actions
    }
}
