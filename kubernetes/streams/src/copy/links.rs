/// How symbolic links are copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Links {
    /// They are copied as links. In a download, one that leads out of the copy is an error.
    #[default]
    Keep,
    /// They are left out.
    Skip,
    /// The files and folders that they lead to are copied in their place.
    Follow,
}
