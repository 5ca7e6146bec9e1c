//! The meaning of an error for the caller.

use std::io;

use http::{StatusCode, Uri};
use kubernetes_core::Status;

use super::chain::{find, is_refused_certificate};
use super::transport::{ConnectFailed, ConnectTimeout, IdleTimeout, NotSent};
use super::{BoxError, Error, Kind};

impl Error {
    /// An error of the service behind a client.
    pub(crate) fn from_service(error: BoxError, server: Option<&Uri>) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(error) => return *error,
            Err(error) => error,
        };
        if !error.is::<ConnectFailed>() {
            return Self::new(Kind::Transport(error));
        }
        Self::new(Kind::Connect { server: server.map(origin), source: error })
    }

    /// Whether the object or the path does not exist (404).
    ///
    /// # Troubleshooting
    ///
    /// - The name or namespace is wrong: see [`path`](Self::path). A client without a namespace in its kubeconfig uses
    ///   `default`.
    /// - The resource is not served: the definition of the custom resource is missing or not established yet, or the
    ///   server has no such version of the group (`kubectl api-resources`). `Status::is_unknown_path` of
    ///   [`status`](Self::status) distinguishes this from a missing object.
    /// - A cache was read before its watch saw the object.
    pub fn is_not_found(&self) -> bool {
        self.status_is(Status::is_not_found)
    }

    /// Whether an object with that name already exists (409 `AlreadyExists`).
    ///
    /// # Troubleshooting
    ///
    /// - The program ran before: apply the object ([`ApplyRequest`](kubernetes_core::ApplyRequest)) instead of creating
    ///   it, or treat this error as success.
    /// - An object with that name is being deleted and waits for its finalizers: wait until it is gone.
    pub fn is_already_exists(&self) -> bool {
        self.status_is(Status::is_already_exists)
    }

    /// Whether the object has changed since it was read, or is in a state that forbids the request (409).
    ///
    /// Read the object again, repeat the change, and send that.
    ///
    /// # Troubleshooting
    ///
    /// - Another program, often a controller, wrote the object between your read and your write: `modify` or
    ///   `retry_on_conflict` of `kubernetes-utils` handle this.
    /// - An apply sets a field that another manager owns: `RequestError::conflicts` lists fields and managers; omit the
    ///   field, or use `force(true)`.
    /// - An eviction, a scale or a binding is not possible in the object's current state.
    pub fn is_conflict(&self) -> bool {
        self.status_is(Status::is_conflict)
    }

    /// Whether the server has forgotten the resourceVersion or continue token (410, `Gone` or `Expired`): list again.
    ///
    /// # Troubleshooting
    ///
    /// API servers forget versions after about five minutes. This affects slow reading of a list page by page, and
    /// programs that resume from a stored version. `Informer` and `Reflector` of `kubernetes-watch` list again
    /// automatically.
    pub fn is_gone(&self) -> bool {
        self.status_is(Status::is_gone) || self.http_status() == Some(StatusCode::GONE)
    }

    /// Whether the user is not allowed to do this (403).
    ///
    /// # Troubleshooting
    ///
    /// - A role lacks the verb, resource or subresource (`pods/exec`, `deployments/status`): the message names user,
    ///   verb and resource; check with `kubectl auth can-i`.
    /// - In a pod, the user is the service account: check its RoleBinding, and the namespace of the binding.
    /// - An admission webhook or policy refused the object: the message has its reason.
    /// - The user is `system:anonymous`: no credentials were sent; check the user of the kubeconfig's context.
    pub fn is_forbidden(&self) -> bool {
        self.status_is(Status::is_forbidden)
    }

    /// Whether the server does not accept the credentials: they are missing, wrong or expired (401).
    ///
    /// # Troubleshooting
    ///
    /// - The token or client certificate has expired: log in again, or run the exec plugin by hand. The message says
    ///   when a token expired.
    /// - The kubeconfig belongs to another cluster with the same address, such as a local cluster that was created
    ///   again.
    /// - The clock of this machine is wrong.
    ///
    /// Token files, exec plugins and OpenID Connect are refreshed before this error is returned.
    pub fn is_unauthorized(&self) -> bool {
        self.status_is(Status::is_unauthorized)
    }

    /// Whether the object is not valid (422); `status().details.causes` names the fields.
    ///
    /// # Troubleshooting
    ///
    /// - A field has a value that the type or the schema of the custom resource does not allow: the message has the
    ///   path of each field.
    /// - An update changes an immutable field, such as a Job's template or a Deployment's selector: delete the object
    ///   and create it again.
    pub fn is_invalid(&self) -> bool {
        self.status_is(Status::is_invalid)
    }

    /// Whether the server is too busy, or an eviction would violate a disruption budget (429).
    ///
    /// # Troubleshooting
    ///
    /// - If the server sent a `Retry-After`, the client has already retried
    ///   ([`retries`](crate::ClientBuilder::retries)). Use one informer instead of many lists, or
    ///   [`rate_limit`](crate::ClientBuilder::rate_limit).
    /// - For an eviction: wait until more of the workload's pods are ready, or check its PodDisruptionBudget.
    pub fn is_too_many_requests(&self) -> bool {
        self.status_is(Status::is_too_many_requests) || self.http_status() == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// Whether a timeout was reached: for connecting, for the request, in the server (408, 504 or `Timeout`), or for
    /// data of a stream ([`idle_timeout`](crate::ClientBuilder::idle_timeout)).
    ///
    /// Except when connecting, the server may have carried out the request.
    ///
    /// # Troubleshooting
    ///
    /// - The server or a webhook it calls is slow: raise [`request_timeout`](crate::ClientBuilder::request_timeout), or
    ///   list with a `limit`.
    /// - Packets are dropped, by a firewall or a VPN that is down: `kubectl version` hangs too.
    ///   [`is_connect`](Self::is_connect) is true if there was no connection.
    pub fn is_timeout(&self) -> bool {
        match &self.0.kind {
            Kind::Timeout { .. } | Kind::HookTimeout { .. } => true,
            Kind::Authentication(failure) => failure.is_timeout(),
            Kind::Body(source) => source.is::<IdleTimeout>(),
            Kind::Connect { source, .. } => find::<ConnectTimeout>(source.as_ref()).is_some() || is_io_timeout(source),
            _ => self.status_is(Status::is_timeout) || self.http_status() == Some(StatusCode::REQUEST_TIMEOUT),
        }
    }

    /// Whether connecting failed, because of the name, the network or TLS, so that the request was not sent.
    ///
    /// # Troubleshooting
    ///
    /// - "connection refused": nothing listens there. The API server is down, the port is wrong, or the kubeconfig
    ///   belongs to a local cluster that was stopped.
    /// - The name does not resolve: check the cluster's `server` in the kubeconfig, and the VPN.
    /// - A proxy interferes: the client uses `proxy-url` of the kubeconfig, or else `HTTPS_PROXY` and `NO_PROXY`.
    /// - TLS failed: see [`is_certificate`](Self::is_certificate).
    pub fn is_connect(&self) -> bool {
        matches!(self.0.kind, Kind::Connect { .. })
    }

    /// Whether a certificate was rejected in TLS: the server's (its CA is unknown, it is for another name, or it has
    /// expired), or the client's by the server. The message says which, and what to do.
    ///
    /// The server may also reject the client's certificate with a response: see
    /// [`is_unauthorized`](Self::is_unauthorized).
    ///
    /// # Troubleshooting
    ///
    /// - Unknown CA: set the cluster's `certificate-authority` or `certificate-authority-data` to the cluster's own CA.
    /// - Another name: connect by a name that the certificate covers, or set `tls-server-name`.
    /// - Expired: renew the server's certificate (`kubeadm certs renew`), and check this machine's clock.
    pub fn is_certificate(&self) -> bool {
        match &self.0.kind {
            Kind::Connect { source, .. } | Kind::Transport(source) => is_refused_certificate(source.as_ref()),
            _ => false,
        }
    }

    /// The server has refused our certificate in TLS.
    pub(crate) fn is_certificate_refused(&self) -> bool {
        let (Kind::Connect { source, .. } | Kind::Transport(source)) = &self.0.kind else { return false };
        self.is_certificate() && matches!(find(source.as_ref()), Some(rustls::Error::AlertReceived(_)))
    }

    /// Whether there are no credentials, because an exec plugin, an OpenID Connect provider or a token file failed, so
    /// that the request was not sent. [`source`](std::error::Error::source) says what failed, and what to do.
    ///
    /// # Troubleshooting
    ///
    /// - The plugin is not installed or not on `PATH`, such as `aws`, `gke-gcloud-auth-plugin` or `kubelogin`: `{:#}`
    ///   shows the command and its output.
    /// - The plugin's login has expired: run its login command, then try again.
    /// - The plugin needs to prompt the user, but the program has no terminal.
    pub fn is_authentication(&self) -> bool {
        matches!(self.0.kind, Kind::Authentication(_))
    }

    /// Whether the server may have rejected our certificate, which some proxies hide.
    pub(crate) fn may_be_about_credentials(&self) -> bool {
        self.is_unauthorized() || matches!(self.0.kind, Kind::Connect { .. } | Kind::Transport(_))
    }

    /// Whether a [hook](crate::WriteHook) refused or revoked the write, or its permit expired, in which case
    /// [`is_timeout`](Self::is_timeout) is true, too. [`source`](std::error::Error::source) is the hook's own error.
    ///
    /// A refused write was not sent; one whose permit ended may have been carried out.
    ///
    /// # Troubleshooting
    ///
    /// With leader election, this process no longer leads, or could not renew its Lease in time: end the work, and let
    /// the new leader repeat it.
    pub fn is_not_permitted(&self) -> bool {
        matches!(self.0.kind, Kind::Hook(_) | Kind::HookTimeout { .. })
    }

    /// Whether the response can't be decoded.
    ///
    /// # Troubleshooting
    ///
    /// - The type does not match the server's objects, such as a custom resource whose definition has changed: the
    ///   source names the field. `raw()` and `DynamicObject` read objects of any shape.
    /// - The address is that of a proxy or a website, not of an API server.
    /// - The response is larger than the [decode budget](crate::ClientBuilder::decode_budget) allows.
    pub fn is_decode(&self) -> bool {
        matches!(self.0.kind, Kind::Decode(_))
    }

    /// Whether the same request may succeed later. This includes connection failures (except those because of a
    /// certificate), timeouts (even of an exec plugin), an OpenID Connect provider that can't be reached, 429, and 5xx
    /// except 501 and 505.
    ///
    /// The request may have been carried out, except in the cases of [`is_connect`](Self::is_connect) and
    /// [`is_too_many_requests`](Self::is_too_many_requests). A read can always be sent again.
    pub fn is_retryable(&self) -> bool {
        match &self.0.kind {
            // With TLS 1.3, the server's refusal of the client's certificate comes after the handshake.
            Kind::Connect { source, .. } | Kind::Transport(source) => !is_refused_certificate(source.as_ref()),
            Kind::Body(_) | Kind::Timeout { .. } => true,
            Kind::Authentication(failure) => failure.is_passing(),
            Kind::Status(_) => {
                self.is_too_many_requests() || self.is_timeout() || self.http_status().is_some_and(is_transient)
            }
            Kind::Build(..)
            | Kind::Config(_)
            | Kind::Request(_)
            | Kind::NoRuntime
            | Kind::Uri(_)
            | Kind::Hook(_)
            | Kind::HookTimeout { .. }
            | Kind::NotUpgraded { .. }
            | Kind::Compression(_)
            | Kind::TooLarge { .. }
            | Kind::Decode(_) => false,
        }
    }

    /// Whether the server has certainly not processed the request, so that even a write may be sent again (RFC 9113,
    /// §8.7).
    pub(crate) fn is_unseen(&self) -> bool {
        let Kind::Transport(source) = &self.0.kind else { return false };
        if is_refused_certificate(source.as_ref()) {
            return false;
        }
        source.is::<NotSent>()
            || find::<h2::Error>(source.as_ref()).is_some_and(|error| {
                error.is_remote()
                    && (error.is_go_away() || (error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)))
            })
    }

    /// Whether the connection was lost before the response.
    pub(crate) fn is_lost_connection(&self) -> bool {
        let Kind::Transport(source) = &self.0.kind else { return false };
        let lost = |error: &hyper::Error| {
            error.is_incomplete_message() || error.is_closed() || error.is_canceled() || error.is_timeout()
        };
        !is_refused_certificate(source.as_ref())
            && (find::<hyper::Error>(source.as_ref()).is_some_and(lost)
                || find::<io::Error>(source.as_ref()).is_some_and(|error| is_loss(error.kind()))
                || find::<h2::Error>(source.as_ref()).and_then(h2::Error::get_io).is_some_and(|e| is_loss(e.kind())))
    }

    fn status_is(&self, predicate: fn(&Status) -> bool) -> bool {
        self.status().is_some_and(predicate)
    }
}

fn origin(server: &Uri) -> String {
    let scheme = server.scheme_str().unwrap_or_default();
    let authority = server.authority().map_or("", |authority| authority.as_str());
    format!("{scheme}://{authority}")
}

fn is_transient(code: StatusCode) -> bool {
    code.is_server_error() && !matches!(code, StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED)
}

fn is_loss(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, TimedOut, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | TimedOut | UnexpectedEof)
}

/// Whether the operating system gave up connecting.
fn is_io_timeout(error: &BoxError) -> bool {
    find::<io::Error>(error.as_ref()).is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}
