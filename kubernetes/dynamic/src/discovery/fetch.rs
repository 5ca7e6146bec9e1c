//! The requests of a discovery.

use futures_util::future::join;
use futures_util::stream::{self, StreamExt};
use kubernetes_client::{Client, Error};
use kubernetes_core::meta::v1::APIResourceList;
use kubernetes_core::{Encoded, Execute, GroupVersion, Method, Path, Request};

use super::documents::Root;
use super::group::State;
use super::{ApiGroup, Discovery, DiscoveryFailure, classic};
use crate::ApiResource;

/// The order of the parameters matters: the server compares it as text
/// (<https://github.com/kubernetes/client-go/blob/v0.37.2/discovery/discovery_client.go>).
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
const WITHOUT_PEERS: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList;profile=nopeer,\
     application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
const CLASSIC: &str = "application/json";

/// The timeout of a request, as in client-go. It is part of the URL, which is the key of kubectl's cache.
const TIMEOUT: &str = "32s";

/// The number of attempts at a discovery when a group disappears between the list and its own document, as in
/// client-go.
const REPEATS: u32 = 2;

/// The number of concurrent requests.
const CONCURRENT: usize = 32;

/// The parameters of the requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fetch {
    pub(crate) without_peers: bool,
}

impl Fetch {
    pub(crate) async fn run(self, client: &Client) -> Result<Discovery, Error> {
        let mut repeats = REPEATS;
        loop {
            let discovery = self.run_once(client).await?;
            let vanished = |failure: &DiscoveryFailure| failure.error().is_some_and(Error::is_not_found);
            if repeats == 0 || !discovery.failures.iter().any(vanished) {
                return Ok(discovery);
            }
            repeats -= 1;
        }
    }

    async fn run_once(self, client: &Client) -> Result<Discovery, Error> {
        let (core, others) = join(self.root(client, "/api"), self.root(client, "/apis")).await;
        let mut discovery = Discovery::default();
        match core {
            Ok(root) => discovery.groups = groups(root),
            // An aggregated API server has no core group, and a user may not be allowed to see it.
            Err(error) if error.is_not_found() => {}
            Err(error) if error.is_forbidden() => {
                discovery.fail(DiscoveryFailure::failed(GroupVersion::new("", "v1"), error));
            }
            Err(error) => return Err(error),
        }
        discovery.groups.extend(groups(others?));
        discovery.complete(client).await;
        Ok(discovery)
    }

    async fn root(self, client: &Client, path: &'static str) -> Result<Root, Error> {
        let accept = if self.without_peers { WITHOUT_PEERS } else { AGGREGATED };
        match get(client, path, accept, Encoded::decode).await {
            // It ignores that plain JSON is acceptable.
            Err(error) if error.http_status().is_some_and(|status| status.as_u16() == 406) => {
                get(client, path, CLASSIC, Encoded::decode).await
            }
            result => result,
        }
    }
}

impl Discovery {
    /// Requests the resources of each version that are not known yet.
    pub(crate) async fn complete(&mut self, client: &Client) {
        let mut unknown = Vec::new();
        for group in &self.groups {
            for version in &group.versions {
                let group_version = GroupVersion::new(&group.name, &version.version);
                match version.state {
                    State::Current => {}
                    State::Stale => self.failures.push(DiscoveryFailure::stale(group_version)),
                    State::Unknown => unknown.push(group_version),
                }
            }
        }
        let answers = stream::iter(unknown).map(|group_version| async {
            let answer = resources(client, &group_version).await;
            (group_version, answer)
        });
        let answers: Vec<_> = answers.buffer_unordered(CONCURRENT).collect().await;
        for (group_version, answer) in answers {
            match answer {
                Ok(resources) => self.set_resources(&group_version, resources),
                Err(error) => self.fail(DiscoveryFailure::failed(group_version, error)),
            }
        }
    }

    pub(crate) fn set_resources(&mut self, group_version: &GroupVersion, resources: Vec<ApiResource>) {
        let groups = self.groups.iter_mut().filter(|group| group.name == group_version.group);
        let mut versions = groups.flat_map(|group| &mut group.versions);
        if let Some(version) = versions.find(|version| version.version == group_version.version) {
            version.resources = resources;
            version.state = State::Current;
        }
    }
}

async fn resources(client: &Client, group_version: &GroupVersion) -> Result<Vec<ApiResource>, Error> {
    let GroupVersion { group, version } = group_version;
    let path = match group.as_str() {
        "" => Path::new("/api/{version}", &[version]),
        group => Path::new("/apis/{group}/{version}", &[group, version]),
    };
    let list: APIResourceList = get_at(client, path, CLASSIC, Encoded::decode).await?;
    Ok(classic::resources(list, group_version))
}

type Decode<T> = fn(&Encoded) -> Result<T, kubernetes_core::json::DecodeError>;

async fn get<T: Send>(client: &Client, path: &str, accept: &'static str, decode: Decode<T>) -> Result<T, Error> {
    get_at(client, Path::new(path, &[]), accept, decode).await
}

async fn get_at<T: Send>(client: &Client, path: Path, accept: &'static str, decode: Decode<T>) -> Result<T, Error> {
    let mut request = Request::new(Method::GET, path);
    request.accept = http::HeaderValue::from_static(accept);
    request.query.set("timeout", TIMEOUT);
    client.execute(request, decode).await
}

fn groups(root: Root) -> Vec<ApiGroup> {
    match root {
        Root::Aggregated(groups) => groups,
        Root::Versions(versions) => vec![classic::core_group(versions)],
        Root::Groups(list) => classic::groups(list),
        Root::Empty => Vec::new(),
    }
}
