//! Which columns the tables of a resource have.
//!
//! From <https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/printers/internalversion/printers.go>.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{cells, pods};
use crate::object::Object;
use crate::registry::Served;

/// A column, and whether kubectl shows it only with `-o wide`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    name: &'static str,
    type_: &'static str,
    is_wide: bool,
}

impl Column {
    pub(super) fn definition(self) -> Value {
        let format = if self.name == "Name" { "name" } else { "" };
        let priority = u8::from(self.is_wide);
        json!({"name": self.name, "type": self.type_, "format": format, "description": "", "priority": priority})
    }
}

const fn text(name: &'static str) -> Column {
    Column { name, type_: "string", is_wide: false }
}

const fn number(name: &'static str) -> Column {
    Column { name, type_: "integer", is_wide: false }
}

const fn wide(name: &'static str) -> Column {
    Column { name, type_: "string", is_wide: true }
}

/// The columns of a resource, and what is in them.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub(super) columns: &'static [Column],
    pub(super) cells: fn(&Object, Timestamp) -> Vec<Value>,
}

/// Those that the real server has for the resources that are looked at most; name and age for the others.
pub(super) fn layout(served: &Served) -> Layout {
    match (served.group.as_str(), served.plural.as_str()) {
        ("", "pods") => Layout { columns: POD, cells: pods::cells },
        ("", "nodes") => Layout { columns: NODE, cells: cells::node },
        ("", "services") => Layout { columns: SERVICE, cells: cells::service },
        ("", "namespaces") => Layout { columns: NAMESPACE, cells: cells::namespace },
        ("", "configmaps") => Layout { columns: CONFIG_MAP, cells: cells::config_map },
        ("", "secrets") => Layout { columns: SECRET, cells: cells::secret },
        ("", "events") => Layout { columns: EVENT, cells: cells::event },
        ("apps", "deployments") => Layout { columns: DEPLOYMENT, cells: cells::deployment },
        ("apps", "replicasets") => Layout { columns: REPLICA_SET, cells: cells::replica_set },
        ("apps", "statefulsets") => Layout { columns: STATEFUL_SET, cells: cells::stateful_set },
        ("coordination.k8s.io", "leases") => Layout { columns: LEASE, cells: cells::lease },
        _ => Layout { columns: OTHER, cells: cells::other },
    }
}

const OTHER: &[Column] = &[text("Name"), text("Age")];
const NAMESPACE: &[Column] = &[text("Name"), text("Status"), text("Age")];
const CONFIG_MAP: &[Column] = &[text("Name"), text("Data"), text("Age")];
const SECRET: &[Column] = &[text("Name"), text("Type"), text("Data"), text("Age")];
const LEASE: &[Column] = &[text("Name"), text("Holder"), text("Age")];

const POD: &[Column] = &[
    text("Name"),
    text("Ready"),
    text("Status"),
    text("Restarts"),
    text("Age"),
    wide("IP"),
    wide("Node"),
    wide("Nominated Node"),
    wide("Readiness Gates"),
];

const NODE: &[Column] = &[
    text("Name"),
    text("Status"),
    text("Roles"),
    text("Age"),
    text("Version"),
    wide("Internal-IP"),
    wide("External-IP"),
    wide("OS-Image"),
    wide("Kernel-Version"),
    wide("Container-Runtime"),
];

const SERVICE: &[Column] = &[
    text("Name"),
    text("Type"),
    text("Cluster-IP"),
    text("External-IP"),
    text("Port(s)"),
    text("Age"),
    wide("Selector"),
];

const EVENT: &[Column] = &[
    text("Last Seen"),
    text("Type"),
    text("Reason"),
    text("Object"),
    wide("Subobject"),
    wide("Source"),
    text("Message"),
    wide("First Seen"),
    wide("Count"),
    wide("Name"),
];

const DEPLOYMENT: &[Column] = &[
    text("Name"),
    text("Ready"),
    text("Up-to-date"),
    text("Available"),
    text("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

const REPLICA_SET: &[Column] = &[
    text("Name"),
    number("Desired"),
    number("Current"),
    number("Ready"),
    text("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

const STATEFUL_SET: &[Column] = &[text("Name"), text("Ready"), text("Age"), wide("Containers"), wide("Images")];
