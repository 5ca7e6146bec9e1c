use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// The damage to the bytes of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    ResetAfter(usize),
    Split(usize),
    Merge,
    HalfCharacter,
    TruncateLine(usize),
    GarbageLine(usize),
    EndAfterLines(usize),
    DuplicateBookmarks,
    DropBookmarks,
}

/// A piece of a damaged body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Data(Bytes),
    /// The body ends properly.
    End,
    /// The connection is lost.
    Reset,
}

/// Damages a body in transit.
#[derive(Debug)]
pub(crate) struct Filter {
    damage: Damage,
    bytes: usize,
    lines: usize,
    is_over: bool,
}

impl Filter {
    pub(crate) fn new(damage: Damage) -> Self {
        Self { damage, bytes: 0, lines: 0, is_over: false }
    }

    /// Damages chunks that are available together; in a watch, each is an event's line.
    pub(crate) fn pass(&mut self, chunks: Vec<Bytes>) -> VecDeque<Piece> {
        let mut pieces = VecDeque::new();
        if self.is_over {
            return pieces;
        }
        if let Damage::Merge = self.damage {
            pieces.push_back(Piece::Data(chunks.concat().into()));
            return pieces;
        }
        for chunk in chunks {
            self.chunk(chunk, &mut pieces);
            if self.is_over {
                break;
            }
        }
        pieces
    }

    /// Whether the body ends before any of it is sent.
    pub(crate) fn begin(&mut self) -> Option<Piece> {
        match self.damage {
            Damage::EndAfterLines(0) => Some(self.end(Piece::End)),
            Damage::ResetAfter(0) => Some(self.end(Piece::Reset)),
            _ => None,
        }
    }

    fn end(&mut self, piece: Piece) -> Piece {
        self.is_over = true;
        piece
    }

    fn chunk(&mut self, chunk: Bytes, pieces: &mut VecDeque<Piece>) {
        let is_bookmark = chunk.starts_with(br#"{"type":"BOOKMARK""#);
        match self.damage {
            Damage::ResetAfter(limit) => {
                let left = limit.saturating_sub(self.bytes);
                self.bytes += chunk.len();
                if chunk.len() < left {
                    pieces.push_back(Piece::Data(chunk));
                } else {
                    pieces.push_back(Piece::Data(chunk.slice(..left)));
                    pieces.push_back(self.end(Piece::Reset));
                }
            }
            Damage::Split(size) => {
                let parts = (0..chunk.len()).step_by(size);
                pieces.extend(parts.map(|start| Piece::Data(chunk.slice(start..chunk.len().min(start + size)))));
            }
            Damage::HalfCharacter => match chunk.iter().position(|byte| *byte >= 0x80) {
                Some(at) => {
                    pieces.push_back(Piece::Data(chunk.slice(..=at)));
                    pieces.push_back(self.end(Piece::End));
                }
                None => pieces.push_back(Piece::Data(chunk)),
            },
            Damage::DuplicateBookmarks if is_bookmark => {
                pieces.extend([Piece::Data(chunk.clone()), Piece::Data(chunk)]);
            }
            Damage::DropBookmarks if is_bookmark => {}
            Damage::TruncateLine(_) | Damage::GarbageLine(_) | Damage::EndAfterLines(_) => {
                for line in chunk.split_inclusive(|byte| *byte == b'\n') {
                    self.line(chunk.slice_ref(line), pieces);
                    if self.is_over {
                        break;
                    }
                }
            }
            Damage::Merge | Damage::DuplicateBookmarks | Damage::DropBookmarks => pieces.push_back(Piece::Data(chunk)),
        }
    }

    fn line(&mut self, line: Bytes, pieces: &mut VecDeque<Piece>) {
        self.lines += 1;
        match self.damage {
            Damage::TruncateLine(at) if at == self.lines => {
                pieces.push_back(Piece::Data(line.slice(..line.len() / 2)));
                pieces.push_back(self.end(Piece::End));
            }
            Damage::GarbageLine(at) if at == self.lines => {
                let mut damaged = BytesMut::from(&b"<html>502 Bad Gateway</html>\n"[..]);
                damaged.extend_from_slice(&line);
                pieces.push_back(Piece::Data(damaged.freeze()));
            }
            Damage::EndAfterLines(after) if after == self.lines => {
                pieces.push_back(Piece::Data(line));
                pieces.push_back(self.end(Piece::End));
            }
            _ => pieces.push_back(Piece::Data(line)),
        }
    }
}
