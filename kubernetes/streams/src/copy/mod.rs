//! Copies of files and folders, by `tar` in the container, as `kubectl cp` makes them.

mod archive;
mod blocking;
mod download;
mod install;
mod links;
mod progress;
mod remote;
mod source;
mod staging;
mod upload;
mod upload_script;

pub use download::Download;
pub use links::Links;
pub use progress::{Copied, Progress};
pub use upload::Upload;

/// The permissions that are copied. A setuid or setgid bit would give the rights of another owner, as that is not copied.
const PERMISSIONS: u32 = 0o777;

/// The setters of uploads and downloads, which are the same.
macro_rules! setters {
    () => {
        /// Sets the container. Without it, the server uses the only one, and refuses a pod with several.
        pub fn container(mut self, container: impl Into<Str>) -> Self {
            self.container.name = Some(container.into());
            self
        }

        /// Uses kubectl's default container if none is set: that of the annotation
        /// `kubectl.kubernetes.io/default-container`, or else the first. This reads the pod first, for which the role
        /// needs the verb `get` on `pods`.
        pub fn default_container(mut self) -> Self {
            self.container.is_default = true;
            self
        }

        /// Sets whether symbolic links are kept, skipped or followed.
        pub fn links(mut self, links: Links) -> Self {
            self.links = links;
            self
        }

        /// Calls a function for each entry and each part of a file. It runs on the thread of the copy, which waits for
        /// it.
        pub fn on_progress(mut self, observe: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
            self.observer = Some(Observer::new(observe));
            self
        }
    };
}
use setters;
