//! Discovery documents on disk, in kubectl's own layout, so that either program uses the other's files.
//!
//! Sources: <https://github.com/kubernetes/client-go/tree/v0.37.2/discovery/cached/disk> and
//! `pkg/genericclioptions/config_flags.go` of <https://github.com/kubernetes/cli-runtime/tree/v0.37.2>.

mod documents;
mod files;
mod http;
mod response;

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_config::{Config, Environment};

pub(crate) use documents::Documents;

/// A disk cache for discovery documents: kubectl's.
///
/// ```no_run
/// use kubernetes_client::Client;
/// use kubernetes_config::Config;
/// use kubernetes_dynamic::{DiskCache, Mapper};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::from_env()?;
/// let client = Client::new(config.clone())?;
/// let mut mapper = Mapper::builder(&client);
/// if let Some(cache) = DiskCache::of_kubectl(&config) {
///     mapper = mapper.disk_cache(cache);
/// }
/// let deployments = mapper.build().resource("deploy").await?; // no request, if kubectl has run in the last 6 hours
/// # Ok(())
/// # }
/// ```
///
/// `discovery/<host>_<port>` has the groups and the resources of each version, which are used for [6 hours](Self::TTL).
/// `http` has the responses, so that later requests only fetch changes (`If-None-Match`). A file that is damaged, or
/// that can't be read or written, counts as missing.
#[derive(Clone, Debug)]
pub struct DiskCache {
    folder: PathBuf,
    /// The server's URL, without a trailing slash.
    server: String,
    ttl: Duration,
}

impl DiskCache {
    /// The time for which files are used, the same as in kubectl.
    pub const TTL: Duration = Duration::from_secs(6 * 3600);

    /// The cache that kubectl uses for the server of `config`: in `$KUBECACHEDIR`, or else in `~/.kube/cache`; `None`
    /// if there is no home directory.
    pub fn of_kubectl(config: &Config) -> Option<Self> {
        let folder = match env::var_os("KUBECACHEDIR").filter(|folder| !folder.is_empty()) {
            Some(folder) => folder.into(),
            None => Environment::from_process().home?.join(".kube").join("cache"),
        };
        Some(Self::at(folder, config))
    }

    /// A cache in another folder, as with kubectl's `--cache-dir`.
    pub fn at(folder: impl Into<PathBuf>, config: &Config) -> Self {
        let server = config.server.to_string().trim_end_matches('/').to_owned();
        Self { folder: folder.into(), server, ttl: Self::TTL }
    }

    /// Sets the time for which files are used, by default [6 hours](Self::TTL).
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// The folder of the discovery documents.
    fn documents_folder(&self) -> PathBuf {
        let host = self.server.replacen("https://", "", 1).replacen("http://", "", 1);
        let safe = |c: char| if c.is_ascii_alphanumeric() || "_/.()".contains(c) { c } else { '_' };
        self.folder.join("discovery").join(host.chars().map(safe).collect::<String>())
    }

    /// The discovery documents.
    pub(crate) fn documents(&self) -> Documents {
        Documents::new(self.documents_folder(), self.ttl)
    }

    /// A client whose GET requests use the cache of responses.
    pub(crate) fn client(&self, client: &Client) -> Client {
        let cached = http::HttpCache::new(client.clone(), &self.server, self.folder.join("http"));
        Client::with_service(cached, client.default_namespace())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_that_of_kubectl() {
        // The results of `computeDiscoverCacheDir` for the same servers.
        let cases = [
            ("https://127.0.0.1:6443", "127.0.0.1_6443"),
            ("https://example.com", "example.com"),
            ("http://[::1]:8080", "___1__8080"),
            ("https://example.com:443/k8s/clusters/c-1/", "example.com_443/k8s/clusters/c_1"),
        ];
        for (server, folder) in cases {
            let config = Config::new(server.parse().unwrap());
            let cache = DiskCache::at("/cache", &config);
            assert_eq!(cache.documents_folder(), PathBuf::from("/cache/discovery").join(folder), "{server}");
        }
    }
}
