use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

const NAME: &str = "\"name\":\"";
const VERSION: &str = "\"resourceVersion\":\"";

/// The pods, cut up so that a version can be put in.
pub(crate) struct Pods {
    pods: Vec<Pod>,
    copies: usize,
}

struct Pod {
    /// As it stands in a list, which tells the kind once for all.
    item: Box<str>,
    /// Where its name ends in it.
    name: usize,
    /// Where its version begins and ends in it.
    version: (usize, usize),
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

/// The versions of the list, of its pods, and of the changes to them.
pub(crate) struct Versions;

impl Versions {
    pub(crate) const LIST: usize = 999_999;

    pub(crate) fn listed(pod: usize) -> usize {
        100_000 + pod
    }

    pub(crate) fn changed(event: usize) -> usize {
        Self::LIST + 1 + event
    }

    /// How many changes a client knows that has this version.
    pub(crate) fn events_before(version: usize) -> usize {
        version.saturating_sub(Self::LIST)
    }
}

impl Pods {
    pub(crate) fn read(list: &Path, copies: usize) -> io::Result<Self> {
        let text = fs::read_to_string(list)?;
        let list: List<'_> = serde_json::from_str(&text)?;
        let pod = |item: &&RawValue| {
            let item: Box<str> = item.get().into();
            let name = item.find(NAME)? + NAME.len();
            let name = name + item[name..].find('"')?;
            let from = item.find(VERSION)? + VERSION.len();
            let to = from + item[from..].find('"')?;
            (name < from).then_some(Pod { item, name, version: (from, to) })
        };
        let pods: Option<Vec<Pod>> = list.items.iter().map(pod).collect();
        let pods = pods.map(|pods| Self { pods, copies }).filter(|pods| pods.len() > 0);
        pods.ok_or_else(|| io::Error::other("a pod has no name, or no resourceVersion after it"))
    }

    pub(crate) fn len(&self) -> usize {
        self.pods.len() * self.copies
    }

    /// A pod, and what its name ends with.
    fn pod(&self, pod: usize) -> (&Pod, String) {
        let (copy, pod) = (pod / self.pods.len(), pod % self.pods.len());
        (&self.pods[pod], if copy == 0 { String::new() } else { format!("-{copy}") })
    }

    /// A page of the pods that are asked for.
    pub(crate) fn list(&self, is_member: impl Fn(usize) -> bool, from: usize, limit: usize) -> Vec<u8> {
        let limit = if limit == 0 { usize::MAX } else { limit };
        let mut members = (from..self.len()).filter(|&pod| is_member(pod));
        let page: Vec<usize> = members.by_ref().take(limit).collect();
        let next = members.next().map(|next| format!(",\"continue\":\"{next}\"")).unwrap_or_default();
        let version = Versions::LIST;
        let metadata = format!("{{\"resourceVersion\":\"{version}\"{next}}}");
        let mut body = format!("{{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{metadata},\"items\":[");
        for (index, pod) in page.into_iter().enumerate() {
            body.push_str(if index == 0 { "" } else { "," });
            let (Pod { item, name, .. }, suffix) = self.pod(pod);
            body.push_str(&item[..*name]);
            body.push_str(&suffix);
            body.push_str(&item[*name..]);
        }
        body.push_str("]}\n");
        body.into_bytes()
    }

    /// A pod in an event of a watch.
    pub(crate) fn event(&self, line: &mut Vec<u8>, kind: &str, pod: usize, version: usize) {
        let (Pod { item, name, version: (from, to) }, suffix) = self.pod(pod);
        let (before, between, after) = (&item[1..*name], &item[*name..*from], &item[*to..]);
        let object = format_args!("{{\"kind\":\"Pod\",\"apiVersion\":\"v1\",{before}{suffix}{between}{version}{after}");
        write_line(line, kind, object);
    }

    pub(crate) fn bookmark(line: &mut Vec<u8>, version: usize, initial_events_end: bool) {
        let annotations = "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"},";
        let annotations = if initial_events_end { annotations } else { "" };
        let metadata = format!("{{{annotations}\"resourceVersion\":\"{version}\",\"creationTimestamp\":null}}");
        let rest = "\"spec\":{\"containers\":null},\"status\":{}}";
        let object = format_args!("{{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{metadata},{rest}");
        write_line(line, "BOOKMARK", object);
    }
}

fn write_line(line: &mut Vec<u8>, kind: &str, object: std::fmt::Arguments<'_>) {
    // Writing to memory can't fail.
    _ = writeln!(line, "{{\"type\":\"{kind}\",\"object\":{object}}}");
}
