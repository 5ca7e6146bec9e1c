use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::{CreateRequest, ReadRequest, ReplaceRequest};
use kubernetes_models::coordination::v1beta1::{LeaseCandidate, LeaseCandidateSpec};

use crate::clock::{self, Instant};
use crate::config::LeaseConfig;
use crate::coordination::Coordination;
use crate::failure::Failure;
use crate::lock::within;

/// client-go's `requeueInterval`.
const RENEW_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Announces this process as a candidate of a coordinated election.
#[derive(Clone)]
pub(crate) struct Candidate {
    client: Client,
    config: Arc<LeaseConfig>,
    coordination: Coordination,
    renewed_at: Option<Instant>,
}

impl Candidate {
    /// `None` for an election that is not coordinated.
    pub(crate) fn of(client: &Client, config: &Arc<LeaseConfig>) -> Option<Self> {
        let coordination = config.coordination.clone()?;
        Some(Self { client: client.clone(), config: Arc::clone(config), coordination, renewed_at: None })
    }

    /// Creates the `LeaseCandidate`, or renews it when it is time, or the server asks whether the candidate is there.
    pub(crate) async fn announce(&mut self) -> Result<(), Failure> {
        let namespace = self.config.key.namespace().unwrap_or_default();
        let request = ReadRequest::<LeaseCandidate>::namespaced(namespace, &self.config.identity);
        let limit = self.config.request_timeout();
        let now = clock::now();
        let Some(mut candidate) = within(limit, request.send_opt(&self.client)).await? else {
            let candidate = self.candidate();
            let request = CreateRequest::<LeaseCandidate>::namespaced(namespace, &candidate);
            within(limit, request.send(&self.client)).await?;
            self.renewed_at = Some(now);
            return Ok(());
        };
        let spec = &mut candidate.spec;
        let is_asked = spec.ping_time.is_some_and(|asked| spec.renew_time.is_none_or(|renewed| asked > renewed));
        let is_due = self.renewed_at.is_none_or(|renewed| clock::later(renewed, RENEW_INTERVAL) <= now);
        if is_asked || is_due {
            spec.renew_time = Some(clock::micro_time());
            let request = ReplaceRequest::<LeaseCandidate>::namespaced(namespace, &candidate);
            within(limit, request.send(&self.client)).await?;
            self.renewed_at = Some(now);
        }
        Ok(())
    }

    fn candidate(&self) -> LeaseCandidate {
        let mut candidate = LeaseCandidate::named(&*self.config.identity);
        candidate.metadata.namespace = self.config.key.namespace().map(Into::into);
        candidate.spec = LeaseCandidateSpec {
            lease_name: self.config.key.name().into(),
            binary_version: self.coordination.binary_version.clone(),
            emulation_version: Some(self.coordination.emulation_version.clone()),
            strategy: self.coordination.strategy.clone(),
            ping_time: None,
            renew_time: Some(clock::micro_time()),
        };
        candidate
    }
}
