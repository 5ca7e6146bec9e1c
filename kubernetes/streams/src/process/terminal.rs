/// The size of a terminal, in characters.
///
/// ```
/// use kubernetes_streams::TerminalSize;
///
/// let size = TerminalSize::new(80, 24);
/// assert_eq!((size.width, size.height), (80, 24));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalSize {
    /// The number of columns.
    pub width: u16,
    /// The number of rows.
    pub height: u16,
}

impl TerminalSize {
    /// A size of `width` columns and `height` rows.
    pub const fn new(width: u16, height: u16) -> Self {
        Self { width, height }
    }
}
