/// The treatment of symbolic links in a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Links {
    /// Links are copied as links. In a download, a link that leads out of the copy is an error.
    #[default]
    Keep,
    /// Links are skipped.
    Skip,
    /// The targets of links are copied in their place.
    Follow,
}
