use super::position::Position;
use crate::clock::{self, Instant};

/// How far the log of a container was read. It outlives the pod's time in the selection, to which the pod may return.
#[derive(Debug)]
pub(super) struct Progress {
    /// Whether the container was there when the stream began, so that old lines may be left out.
    pub(super) is_initial: bool,
    /// When the log was to be read for the first time.
    pub(super) began: Instant,
    pub(super) was_requested: bool,
    pub(super) position: Position,
    /// The rest of the limit of bytes, if there is one.
    left: Option<u64>,
}

impl Progress {
    pub(super) fn new(is_initial: bool, limit: Option<u64>) -> Self {
        let position = Position::default();
        Self { is_initial, began: clock::now(), was_requested: false, position, left: limit }
    }

    /// Whether there is still room for bytes.
    pub(super) fn has_room(&self) -> bool {
        self.left != Some(0)
    }

    /// Counts a line and its end, and truncates a line that exceeds the limit.
    pub(super) fn take_room(&mut self, text: &mut String) {
        let Some(left) = &mut self.left else { return };
        let room = usize::try_from(*left).unwrap_or(usize::MAX);
        *left = left.saturating_sub(text.len() as u64 + 1);
        if text.len() > room {
            let boundary = (0..=room).rev().find(|end| text.is_char_boundary(*end));
            text.truncate(boundary.unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_at_the_limit_between_characters() {
        for (limit, expected) in [
            (10, vec!["äb", "cdef", ""]),
            (9, vec!["äb", "cdef"]),
            (7, vec!["äb", "cde"]),
            (1, vec![""]),
            (3, vec!["äb"]),
        ] {
            let (mut progress, mut lines) = (Progress::new(true, Some(limit)), Vec::new());
            for line in ["äb", "cdef", "", "x"] {
                if progress.has_room() {
                    let mut text = line.to_owned();
                    progress.take_room(&mut text);
                    lines.push(text);
                }
            }
            assert_eq!(lines, expected, "{limit}");
        }
    }
}
