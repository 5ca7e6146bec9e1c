use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use kubernetes_client::Client;
use kubernetes_core::text::printable;
use kubernetes_election::{LeaseConfig, ShardsConfig};

/// The settings of a [`Manager`](super::Manager), which can be read from flags and the environment.
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_controller::Settings;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let arguments = ["--leader-elect-lease-duration=30s".to_owned(), "--color".to_owned()];
/// let mut settings = Settings::new("operator");
/// settings.read_env(|name| std::env::var(name).ok())?;
/// let rest = settings.read_args(arguments)?; // std::env::args().skip(1)
/// assert_eq!(settings.lease_duration, Duration::from_secs(30));
/// assert_eq!(rest, ["--color"]); // flags of the program itself
/// # Ok(())
/// # }
/// ```
///
/// The flags are those of Kubernetes' components where they have them; the variables are the flags in upper case with
/// underscores, such as `LEADER_ELECT_LEASE_DURATION`. [`Settings::help`] lists them. Durations are as Go writes them:
/// `15s`, `1m30s`, `500ms`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Whether one of several replicas is elected: `--leader-elect`. The default is `true`.
    pub leader_elect: bool,
    /// The name of the Lease: `--leader-elect-resource-name`.
    pub lease_name: String,
    /// The namespace of the Lease: `--leader-elect-resource-namespace`. The default is that of the client, in a pod its
    /// own.
    pub lease_namespace: Option<String>,
    /// The identity of this replica: `--leader-elect-identity`. The default is the name of the host and a random part.
    pub identity: Option<String>,
    /// `--leader-elect-lease-duration`, by default 15 s; see [`LeaseConfig::lease_duration`].
    pub lease_duration: Duration,
    /// `--leader-elect-renew-deadline`, by default 10 s; see [`LeaseConfig::renew_deadline`].
    pub renew_deadline: Duration,
    /// `--leader-elect-retry-period`, by default 2 s; see [`LeaseConfig::retry_period`].
    pub retry_period: Duration,
    /// Where `/livez`, `/readyz` and `/metrics` are served: `--admin-bind-address`, by default `:8080`, all
    /// addresses. `0` disables them.
    pub admin_address: Option<SocketAddr>,
    /// The folder of `tls.crt` and `tls.key`, such as a mounted Secret, to serve these over TLS: `--admin-tls-cert-dir`.
    /// The files are read again every 10 s. Without it, the default, they are served over HTTP.
    pub admin_tls_cert_dir: Option<PathBuf>,
    /// Whether `/metrics` requires a bearer token whose user may get that path, which the API server decides:
    /// `--authorize-metrics`. The default is `false`. Use it with [TLS](Self::admin_tls_cert_dir), or anyone who
    /// can read the network traffic gets the tokens.
    pub authorize_metrics: bool,
    /// The time between becoming unready and stopping, so that Services stop routing to the program: `--shutdown-delay`.
    /// The default is none.
    pub shutdown_delay: Duration,
    /// How long services may take to stop: `--graceful-shutdown-timeout`, by default 30 s. A pod's
    /// `terminationGracePeriodSeconds` should be some seconds longer.
    pub graceful_shutdown_timeout: Duration,
}

/// A setting's flag, and what it is for.
struct Setting {
    flag: &'static str,
    help: &'static str,
    /// The valid values.
    values: &'static str,
    set: fn(&mut Settings, &str) -> Option<()>,
}

const BOOLEAN: &str = "true or false";
const TEXT: &str = "a text that is not empty";
const DURATION: &str = "a duration such as 15s, 1m30s or 500ms";
const ADDRESS: &str = "an address such as :8080, 127.0.0.1:8080 or [::1]:8080, or 0 for none";

const SETTINGS: &[Setting] = &[
    Setting {
        flag: "leader-elect",
        help: "whether one of several replicas is elected (true)",
        values: BOOLEAN,
        set: |settings, value| boolean(value).map(|value| settings.leader_elect = value),
    },
    Setting {
        flag: "leader-elect-resource-name",
        help: "name of the Lease",
        values: TEXT,
        set: |settings, value| text(value).map(|value| settings.lease_name = value),
    },
    Setting {
        flag: "leader-elect-resource-namespace",
        help: "namespace of the Lease (the pod's)",
        values: TEXT,
        set: |settings, value| text(value).map(|value| settings.lease_namespace = Some(value)),
    },
    Setting {
        flag: "leader-elect-identity",
        help: "identity of this replica, which must be unique (host name and a random part)",
        values: TEXT,
        set: |settings, value| text(value).map(|value| settings.identity = Some(value)),
    },
    Setting {
        flag: "leader-elect-lease-duration",
        help: "time that other replicas wait after the last renewal (15s)",
        values: DURATION,
        set: |settings, value| duration(value).map(|value| settings.lease_duration = value),
    },
    Setting {
        flag: "leader-elect-renew-deadline",
        help: "time that the leader leads after its last renewal (10s)",
        values: DURATION,
        set: |settings, value| duration(value).map(|value| settings.renew_deadline = value),
    },
    Setting {
        flag: "leader-elect-retry-period",
        help: "time between renewals, and between attempts (2s)",
        values: DURATION,
        set: |settings, value| duration(value).map(|value| settings.retry_period = value),
    },
    Setting {
        flag: "admin-bind-address",
        help: "address of /livez, /readyz and /metrics; 0 for none (:8080)",
        values: ADDRESS,
        set: |settings, value| address(value).map(|value| settings.admin_address = value),
    },
    Setting {
        flag: "admin-tls-cert-dir",
        help: "folder of tls.crt and tls.key, to serve these over TLS (none)",
        values: TEXT,
        set: |settings, value| text(value).map(|value| settings.admin_tls_cert_dir = Some(value.into())),
    },
    Setting {
        flag: "authorize-metrics",
        help: "whether /metrics requires a token with permission to read it (false)",
        values: BOOLEAN,
        set: |settings, value| boolean(value).map(|value| settings.authorize_metrics = value),
    },
    Setting {
        flag: "shutdown-delay",
        help: "time between becoming unready and stopping (0s)",
        values: DURATION,
        set: |settings, value| duration(value).map(|value| settings.shutdown_delay = value),
    },
    Setting {
        flag: "graceful-shutdown-timeout",
        help: "time for services to stop (30s)",
        values: DURATION,
        set: |settings, value| duration(value).map(|value| settings.graceful_shutdown_timeout = value),
    },
];

impl Settings {
    /// The defaults, with this name of the Lease.
    pub fn new(lease_name: &str) -> Self {
        Self {
            leader_elect: true,
            lease_name: lease_name.to_owned(),
            lease_namespace: None,
            identity: None,
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
            admin_address: Some(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 8080))),
            admin_tls_cert_dir: None,
            authorize_metrics: false,
            shutdown_delay: Duration::ZERO,
            graceful_shutdown_timeout: Duration::from_secs(30),
        }
    }

    /// Reads the settings for which a function, such as `|name| std::env::var(name).ok()`, knows a variable. Empty ones
    /// are left as they are.
    ///
    /// # Errors
    ///
    /// Returns an error if a value is not valid.
    pub fn read_env(&mut self, variable: impl Fn(&str) -> Option<String>) -> Result<(), SettingsError> {
        for setting in SETTINGS {
            let name = setting.flag.replace('-', "_").to_uppercase();
            if let Some(value) = variable(&name).filter(|value| !value.is_empty()) {
                (setting.set)(self, &value).ok_or_else(|| SettingsError::new(&name, &value, setting.values))?;
            }
        }
        Ok(())
    }

    /// Reads the flags of the program's arguments that are settings, and returns the others, in their order.
    ///
    /// A flag is `--flag=value`, or `--flag value`, but for `--leader-elect` and
    /// `--authorize-metrics`, which may stand alone. What comes after
    /// `--` is left as it is.
    ///
    /// # Errors
    ///
    /// Returns an error if a value is missing or not valid.
    pub fn read_args(&mut self, arguments: impl IntoIterator<Item = String>) -> Result<Vec<String>, SettingsError> {
        let (mut rest, mut arguments) = (Vec::new(), arguments.into_iter());
        while let Some(argument) = arguments.next() {
            if argument == "--" {
                rest.push(argument);
                rest.extend(arguments);
                break;
            }
            let named = argument.strip_prefix("--").map(|flag| flag.split_once('=').map_or((flag, None), with_value));
            let setting =
                named.and_then(|(flag, value)| Some((SETTINGS.iter().find(|known| known.flag == flag)?, value)));
            let Some((setting, value)) = setting else {
                rest.push(argument);
                continue;
            };
            let value = match value {
                Some(value) => Some(value.to_owned()),
                None if matches!(setting.flag, "leader-elect" | "authorize-metrics") => Some("true".to_owned()),
                None => arguments.next(),
            };
            let value = value.unwrap_or_default();
            (setting.set)(self, &value)
                .ok_or_else(|| SettingsError::new(&format!("--{}", setting.flag), &value, setting.values))?;
        }
        Ok(rest)
    }

    /// The flags and what they are for, a line each.
    pub fn help() -> String {
        SETTINGS.iter().map(|setting| format!("  --{:<33} {}\n", setting.flag, setting.help)).collect()
    }

    /// The election that the settings describe.
    pub(super) fn lease_config(&self, client: &Client) -> LeaseConfig {
        self.lease_config_named(client, &self.lease_name)
    }

    /// The shards of a service, with the timings of the election.
    pub(super) fn shards_config(&self, client: &Client, service: &str, shards: u32) -> ShardsConfig {
        ShardsConfig::new(self.lease_config_named(client, &format!("{}-{service}", self.lease_name)), shards)
    }

    fn lease_config_named(&self, client: &Client, name: &str) -> LeaseConfig {
        let namespace = self.lease_namespace.as_deref().unwrap_or(client.default_namespace());
        let config = LeaseConfig::new(namespace, name)
            .lease_duration(self.lease_duration)
            .renew_deadline(self.renew_deadline)
            .retry_period(self.retry_period);
        match &self.identity {
            Some(identity) => config.identity(identity.as_str()),
            None => config,
        }
    }
}

fn with_value<'a>((flag, value): (&'a str, &'a str)) -> (&'a str, Option<&'a str>) {
    (flag, Some(value))
}

fn text(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

/// Like Go's `strconv.ParseBool`.
fn boolean(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn duration(value: &str) -> Option<Duration> {
    if value == "0" {
        return Some(Duration::ZERO);
    }
    value.parse::<SignedDuration>().ok()?.try_into().ok()
}

/// `:8080` is every address, of IPv6 and IPv4, as in Go.
fn address(value: &str) -> Option<Option<SocketAddr>> {
    match value.strip_prefix(':') {
        _ if value == "0" => Some(None),
        Some(port) => Some(Some(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port.parse().ok()?)))),
        None => value.parse().ok().map(Some),
    }
}

/// A setting that is not valid.
pub struct SettingsError {
    message: String,
}

impl SettingsError {
    fn new(name: &str, value: &str, values: &str) -> Self {
        Self { message: format!("{:?} is not a valid value of {name}: it must be {values}", printable(value, 128)) }
    }
}

kubernetes_core::error_text!(SettingsError);

impl SettingsError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<(Settings, Vec<String>), SettingsError> {
        let mut settings = Settings::new("operator");
        let rest = settings.read_args(arguments.iter().map(|argument| (*argument).to_owned()))?;
        Ok((settings, rest))
    }

    #[test]
    fn flags_are_read_and_others_left() {
        let arguments =
            ["run", "--leader-elect=false", "--x", "--leader-elect-lease-duration", "1m30s", "--", "--leader-elect"];
        let (settings, rest) = read(&arguments).unwrap();
        assert!(!settings.leader_elect);
        assert_eq!(settings.lease_duration, Duration::from_secs(90));
        assert_eq!(rest, ["run", "--x", "--", "--leader-elect"]);
        let (settings, rest) = read(&["--admin-tls-cert-dir", "/certs", "--authorize-metrics"]).unwrap();
        assert_eq!(settings.admin_tls_cert_dir.as_deref(), Some(std::path::Path::new("/certs")));
        assert!(settings.authorize_metrics && rest.is_empty());
        let (settings, rest) = read(&["--leader-elect", "true"]).unwrap();
        assert_eq!((settings.leader_elect, rest), (true, vec!["true".to_owned()]), "as Go's flags");
        for (value, expected) in [("0", None), (":9000", Some("[::]:9000")), ("[::1]:80", Some("[::1]:80"))] {
            let (settings, _) = read(&["--admin-bind-address", value]).unwrap();
            assert_eq!(settings.admin_address.map(|address| address.to_string()).as_deref(), expected);
        }
        for (value, expected) in [("500ms", 500), ("2s", 2000), ("0", 0), ("1h", 3_600_000)] {
            assert_eq!(read(&["--shutdown-delay", value]).unwrap().0.shutdown_delay, Duration::from_millis(expected));
        }
    }

    #[test]
    fn the_environment_is_read_and_flags_win() {
        let mut settings = Settings::new("operator");
        let variable = |name: &str| match name {
            "LEADER_ELECT_IDENTITY" => Some("operator-0".to_owned()),
            "LEADER_ELECT_RETRY_PERIOD" => Some("3s".to_owned()),
            "LEADER_ELECT_RESOURCE_NAME" => Some(String::new()),
            _ => None,
        };
        settings.read_env(variable).unwrap();
        settings.read_args(["--leader-elect-retry-period=4s".to_owned()]).unwrap();
        assert_eq!(settings.identity.as_deref(), Some("operator-0"));
        assert_eq!(settings.retry_period, Duration::from_secs(4));
        assert_eq!(settings.lease_name, "operator", "empty variables do not count");
        let error = settings.read_env(|_| Some("soon".to_owned())).unwrap_err();
        assert!(error.to_string().starts_with("\"soon\" is not a valid value of LEADER_ELECT: "), "{error}");
    }

    #[test]
    fn values_that_are_not_valid_are_refused() {
        for arguments in [
            &["--leader-elect=maybe"][..],
            &["--leader-elect-lease-duration", "15"],
            &["--leader-elect-lease-duration=-15s"],
            &["--leader-elect-lease-duration"],
            &["--leader-elect-resource-name="],
            &["--admin-bind-address", "localhost"],
        ] {
            let error = read(arguments).unwrap_err().to_string();
            assert!(error.contains("is not a valid value of --"), "{error}");
        }
        let error = read(&["--shutdown-delay=5"]).unwrap_err();
        let expected =
            "\"5\" is not a valid value of --shutdown-delay: it must be a duration such as 15s, 1m30s or 500ms";
        assert_eq!(format!("{error:?}"), expected, "`main` prints it");
        assert_eq!(Settings::help().lines().count(), SETTINGS.len());
    }
}
