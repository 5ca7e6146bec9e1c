use kubernetes_core::json::{DecodeError, Reader, Value, Writer};
use kubernetes_core::{Map, ObjectMeta, Str, resource};

/// The part of a pod that streams need: this crate does without the models.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pod {
    pub(crate) metadata: ObjectMeta,
    pub(crate) spec: PodSpec,
    pub(crate) status: PodStatus,
}

resource!(Pod: "" / "v1" / "Pod", "pods", namespaced, watch);

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PodSpec {
    init_containers: Vec<Container>,
    pub(crate) containers: Vec<Container>,
    ephemeral_containers: Vec<Container>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Container {
    name: Str,
    pub(crate) ports: Vec<ContainerPort>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ContainerPort {
    pub(crate) name: Str,
    container_port: i32,
    protocol: Str,
}

impl ContainerPort {
    pub(crate) fn number(&self) -> u16 {
        u16::try_from(self.container_port).unwrap_or(0)
    }

    /// Whether it is a port of TCP, as one without a protocol is.
    pub(crate) fn is_tcp(&self) -> bool {
        matches!(&*self.protocol, "" | "TCP")
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PodStatus {
    pub(crate) phase: Str,
    pub(crate) init_container_statuses: Vec<ContainerStatus>,
    pub(crate) container_statuses: Vec<ContainerStatus>,
    pub(crate) ephemeral_container_statuses: Vec<ContainerStatus>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ContainerStatus {
    pub(crate) name: Str,
    /// Changes whenever the container is started again.
    pub(crate) container_id: Str,
    /// One of `running`, `terminated` and `waiting`, with its details.
    pub(crate) state: Map<Details>,
    /// The state at the end of the run before, if the container was started again or waits for that.
    last_state: Map<Details>,
}

/// The details of a state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Details {
    reason: Str,
}

impl Pod {
    /// Whether the pod is being deleted.
    pub(crate) fn is_terminating(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }

    /// Whether the server has generated the name, so that no other pod gets it.
    pub(crate) fn has_generated_name(&self) -> bool {
        let prefix = self.metadata.generate_name.as_deref().filter(|prefix| !prefix.is_empty());
        let suffix = prefix.and_then(|prefix| self.name().strip_prefix(prefix));
        // Those of a StatefulSet have a prefix, too, but a number behind it, and are given again.
        suffix.is_some_and(|suffix| suffix.len() == 5 && !suffix.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Whether all containers have ended for good.
    pub(crate) fn has_finished(&self) -> bool {
        matches!(&*self.status.phase, "Succeeded" | "Failed")
    }

    /// The containers that have not started, each with the reason: its own, or the phase of the pod.
    pub(crate) fn unstarted_containers(&self) -> impl Iterator<Item = (&Str, &Str)> {
        let PodSpec { init_containers, containers, ephemeral_containers } = &self.spec;
        let names = [init_containers, containers, ephemeral_containers].into_iter().flatten();
        names.filter_map(|Container { name, .. }| {
            let status = self.status.all_containers().find(|status| status.name == *name);
            match status {
                Some(status) if status.has_started() => None,
                status => {
                    let waiting = status.and_then(|status| status.state.get("waiting"));
                    let reason = waiting.map(|details| &details.reason).filter(|reason| !reason.is_empty());
                    Some((name, reason.unwrap_or(&self.status.phase)))
                }
            }
        })
    }
}

impl PodStatus {
    pub(crate) fn all_containers(&self) -> impl Iterator<Item = &ContainerStatus> {
        let lists = [&self.init_container_statuses, &self.container_statuses, &self.ephemeral_container_statuses];
        lists.into_iter().flatten()
    }
}

impl ContainerStatus {
    pub(crate) fn is_running(&self) -> bool {
        self.state.get("running").is_some()
    }

    /// Whether the container runs, or has run: it may wait to be started again.
    pub(crate) fn has_started(&self) -> bool {
        self.is_running() || self.state.get("terminated").is_some() || self.has_restarted()
    }

    /// Whether the container had another run before its last one.
    pub(crate) fn has_restarted(&self) -> bool {
        self.last_state.get("terminated").is_some()
    }
}

impl Value for Pod {
    const FIELDS: &'static [&'static str] = &["metadata", "spec", "status"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.metadata, &mut self.spec, &mut self.status])
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.required("metadata", &self.metadata);
    }
}

impl Value for PodSpec {
    const FIELDS: &'static [&'static str] = &["initContainers", "containers", "ephemeralContainers"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(
            Self::FIELDS,
            &mut [&mut self.init_containers, &mut self.containers, &mut self.ephemeral_containers],
        )
    }
}

impl Value for Container {
    const FIELDS: &'static [&'static str] = &["name", "ports"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.name, &mut self.ports])
    }
}

impl Value for ContainerPort {
    const FIELDS: &'static [&'static str] = &["name", "containerPort", "protocol"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.name, &mut self.container_port, &mut self.protocol])
    }
}

impl Value for PodStatus {
    const FIELDS: &'static [&'static str] =
        &["phase", "initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(
            Self::FIELDS,
            &mut [
                &mut self.phase,
                &mut self.init_container_statuses,
                &mut self.container_statuses,
                &mut self.ephemeral_container_statuses,
            ],
        )
    }
}

impl Value for ContainerStatus {
    const FIELDS: &'static [&'static str] = &["name", "containerID", "state", "lastState"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader
            .fields(Self::FIELDS, &mut [&mut self.name, &mut self.container_id, &mut self.state, &mut self.last_state])
    }
}

impl Value for Details {
    const FIELDS: &'static [&'static str] = &["reason"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.reason])
    }
}
