use std::time::Duration;

use super::{Action, Damage};

/// Damage to the frames of an upgraded connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameFault {
    Delay(Duration),
    Fragment(usize),
    BadOpcode,
    DropPongs,
}

/// The faults of an upgraded connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct FrameFaults {
    pub(crate) delay: Option<Duration>,
    pub(crate) fragment: Option<usize>,
    pub(crate) bad_opcode: bool,
    pub(crate) drops_pongs: bool,
    /// The size of the pieces in which bytes are written.
    pub(crate) split: Option<usize>,
    /// The number of bytes after which the connection is reset.
    pub(crate) reset_after: Option<usize>,
}

impl FrameFaults {
    /// Adds the effect of an action on frames, if it has any.
    pub(crate) fn add(&mut self, action: &Action) {
        match action {
            Action::Frames(FrameFault::Delay(by)) => self.delay = Some(*by),
            Action::Frames(FrameFault::Fragment(bytes)) => self.fragment = Some(*bytes),
            Action::Frames(FrameFault::BadOpcode) => self.bad_opcode = true,
            Action::Frames(FrameFault::DropPongs) => self.drops_pongs = true,
            Action::Damage(Damage::Split(bytes)) => self.split = Some(*bytes),
            Action::Damage(Damage::ResetAfter(bytes)) => self.reset_after = Some(*bytes),
            _ => {}
        }
    }
}
