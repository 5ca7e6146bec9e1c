//! The columns of built-in resources: those of the real server, for the most common resources.
//!
//! From <https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/printers/internalversion/printers.go>.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{cells, pods};
use crate::object::Object;

/// A column; kubectl shows a wide column only with `-o wide`.
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

/// The columns of a resource, and their content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(super) columns: &'static [Column],
    pub(super) cells: fn(&Object, Timestamp) -> Vec<Value>,
    /// The conditions of a row, with which kubectl recognizes completed objects.
    pub(super) row_conditions: fn(&Object) -> Option<Value>,
}

const fn layout(columns: &'static [Column], cells: fn(&Object, Timestamp) -> Vec<Value>) -> Layout {
    Layout { columns, cells, row_conditions: |_| None }
}

pub(crate) const OTHER: Layout = layout(&[text("Name"), text("Age")], cells::other);
pub(crate) const NAMESPACE: Layout = layout(&[text("Name"), text("Status"), text("Age")], cells::namespace);
pub(crate) const CONFIG_MAP: Layout = layout(&[text("Name"), text("Data"), text("Age")], cells::config_map);
pub(crate) const SECRET: Layout = layout(&[text("Name"), text("Type"), text("Data"), text("Age")], cells::secret);
pub(crate) const LEASE: Layout = layout(&[text("Name"), text("Holder"), text("Age")], cells::lease);

pub(crate) const POD: Layout = Layout {
    row_conditions: pods::row_conditions,
    ..layout(
        &[
            text("Name"),
            text("Ready"),
            text("Status"),
            text("Restarts"),
            text("Age"),
            wide("IP"),
            wide("Node"),
            wide("Nominated Node"),
            wide("Readiness Gates"),
        ],
        pods::cells,
    )
};

pub(crate) const NODE: Layout = layout(
    &[
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
    ],
    cells::node,
);

pub(crate) const SERVICE: Layout = layout(
    &[
        text("Name"),
        text("Type"),
        text("Cluster-IP"),
        text("External-IP"),
        text("Port(s)"),
        text("Age"),
        wide("Selector"),
    ],
    cells::service,
);

pub(crate) const EVENT: Layout = layout(
    &[
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
    ],
    cells::event,
);

pub(crate) const DEPLOYMENT: Layout = layout(
    &[
        text("Name"),
        text("Ready"),
        text("Up-to-date"),
        text("Available"),
        text("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells::deployment,
);

pub(crate) const REPLICA_SET: Layout = layout(
    &[
        text("Name"),
        number("Desired"),
        number("Current"),
        number("Ready"),
        text("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells::replica_set,
);

pub(crate) const STATEFUL_SET: Layout =
    layout(&[text("Name"), text("Ready"), text("Age"), wide("Containers"), wide("Images")], cells::stateful_set);
