//! Replays the inputs that fuzzing starts from and what it found.
