//! The result of a kubeconfig, in a form in which the SDK and kubectl can be compared.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kubernetes_sdk::Config;
use kubernetes_sdk::config::{Credentials, InteractiveMode};
use serde_json::{Value, json};

/// Named values; what is not set is left out.
#[derive(Debug, PartialEq)]
pub(crate) struct Summary(BTreeMap<&'static str, Value>);

impl Summary {
    fn add(&mut self, key: &'static str, value: impl Into<Value>) {
        let value = value.into();
        if ![Value::Null, Value::from(""), Value::from(false), json!({})].contains(&value) {
            self.0.insert(key, value);
        }
    }

    pub(crate) fn namespace(&self) -> Value {
        self.0["namespace"].clone()
    }
}

pub(crate) fn ours(config: &Config) -> Summary {
    let mut summary = Summary(BTreeMap::new());
    summary.add("server", config.server.to_string().trim_end_matches('/'));
    summary.add("namespace", config.default_namespace.as_str());
    summary.add("authority", config.certificate_authority.as_deref().map(|pem| STANDARD.encode(pem)));
    summary.add("insecure", config.insecure_skip_tls_verify);
    summary.add("server name", config.tls_server_name.clone());
    summary.add("proxy", config.proxy_url.as_ref().map(|proxy| proxy.to_string().trim_end_matches('/').to_owned()));
    summary.add("no compression", config.disable_compression);
    if let Some(identity) = &config.client_identity {
        summary.add("certificate", STANDARD.encode(&identity.certificate));
        summary.add("key", STANDARD.encode(identity.key.expose()));
    }
    summary.add("credentials", credentials(&config.credentials));
    if let Some(it) = &config.impersonate {
        summary.add("as", json!([it.user, it.uid.clone().unwrap_or_default(), it.groups, it.extra]));
    }
    summary
}

fn credentials(credentials: &Credentials) -> Value {
    match credentials {
        Credentials::Token(token) => json!({ "token": token.expose() }),
        Credentials::TokenFile(path) => json!({ "file": path }),
        Credentials::Basic { username, password } => json!({ "user": username, "password": password.expose() }),
        Credentials::Exec(exec) => {
            let mode = match exec.interactive_mode {
                InteractiveMode::Never => "Never",
                InteractiveMode::IfAvailable => "IfAvailable",
                _ => "Always",
            };
            let env: Vec<_> = exec.env.iter().map(|(name, value)| json!([name, value.expose()])).collect();
            let info = exec.cluster.as_ref().map(|cluster| cluster.config.clone().unwrap_or_default());
            json!({
                "exec": exec.command, "version": exec.api_version.as_str(), "args": exec.args, "env": env,
                "hint": exec.install_hint.clone().unwrap_or_default(), "mode": mode, "cluster": info,
            })
        }
        Credentials::Oidc(oidc) => json!({
            "oidc": oidc.issuer_url.to_string().trim_end_matches('/'), "client": oidc.client_id,
            "secret": oidc.client_secret.as_ref().map(|it| it.expose()),
            "token": oidc.id_token.as_ref().map(|it| it.expose()),
            "refresh": oidc.refresh_token.as_ref().map(|it| it.expose()),
            "authority": oidc.certificate_authority.as_ref().map(|pem| STANDARD.encode(pem)),
        }),
        _ => Value::Null,
    }
}

/// The result of kubectl's reading of the entries, by the rules of client-go's `getUserIdentificationPartialConfig`
/// and `rest.Config`.
pub(crate) fn theirs(view: &Value, directory: &Path) -> Summary {
    let context = &view["contexts"][0]["context"];
    let entries = Entries { cluster: &view["clusters"][0]["cluster"], user: &view["users"][0]["user"], directory };
    let mut summary = Summary(BTreeMap::new());
    let server = server(text(&entries.cluster["server"]));
    let namespace = text(&context["namespace"]);
    summary.add("server", server.as_str());
    summary.add("namespace", if namespace.is_empty() { "default" } else { namespace });
    summary.add("proxy", text(&entries.cluster["proxy-url"]).trim_end_matches('/'));
    summary.add("no compression", entries.cluster["disable-compression"].clone());
    let user = entries.user;
    if !text(&user["as"]).is_empty() {
        let groups = user["as-groups"].as_array().cloned().unwrap_or_default();
        let extra = user["as-user-extra"].as_object().cloned().unwrap_or_default();
        // A null is an empty list in Go.
        let extra: serde_json::Map<_, _> =
            extra.into_iter().map(|(key, it)| (key, if it.is_null() { json!([]) } else { it })).collect();
        summary.add("as", json!([user["as"], text(&user["as-uid"]), groups, extra]));
    }
    if server.starts_with("https") {
        entries.add_secure(&mut summary);
    }
    summary
}

struct Entries<'a> {
    cluster: &'a Value,
    user: &'a Value,
    directory: &'a Path,
}

impl Entries<'_> {
    fn add_secure(&self, summary: &mut Summary) {
        let Self { cluster, user, .. } = self;
        summary.add("authority", self.pem(cluster, "certificate-authority"));
        summary.add("insecure", cluster["insecure-skip-tls-verify"].clone());
        summary.add("server name", cluster["tls-server-name"].clone());
        let certificate = self.pem(user, "client-certificate");
        if certificate.is_some() {
            summary.add("key", self.pem(user, "client-key"));
        }
        let credentials = self.credentials(certificate.is_some());
        summary.add("certificate", certificate);
        summary.add("credentials", credentials);
    }

    fn credentials(&self, has_certificate: bool) -> Value {
        let user = self.user;
        let (token, file) = (text(&user["token"]), text(&user["tokenFile"]));
        let readable = std::fs::read_to_string(self.directory.join(file)).is_ok_and(|token| !token.trim().is_empty());
        if !file.is_empty() && readable {
            return json!({ "file": self.directory.join(file) });
        }
        if !token.is_empty() {
            return json!({ "token": token });
        }
        if !text(&user["username"]).is_empty() {
            return json!({ "user": text(&user["username"]), "password": text(&user["password"]) });
        }
        if user["exec"].is_object() && !has_certificate {
            return self.exec(&user["exec"]);
        }
        if user["auth-provider"].is_object() { self.oidc(&user["auth-provider"]["config"]) } else { Value::Null }
    }

    fn exec(&self, exec: &Value) -> Value {
        let command = text(&exec["command"]);
        let command = if command.contains('/') { self.directory.join(command) } else { command.into() };
        let env = exec["env"].as_array().into_iter().flatten();
        let extensions = self.cluster["extensions"].as_array().into_iter().flatten();
        let mut about = extensions.filter(|it| it["name"] == "client.authentication.k8s.io/exec");
        let about = about.next().map(|it| it["extension"].clone()).unwrap_or_default();
        json!({
            "exec": command, "version": exec["apiVersion"],
            "args": exec["args"].as_array().cloned().unwrap_or_default(),
            "env": env.map(|it| json!([text(&it["name"]), text(&it["value"])])).collect::<Vec<_>>(),
            "hint": text(&exec["installHint"]), "mode": exec["interactiveMode"],
            "cluster": exec["provideClusterInfo"].as_bool().filter(|it| *it).map(|_| about),
        })
    }

    fn oidc(&self, config: &Value) -> Value {
        let secret = |key: &str| Some(text(&config[key])).filter(|text| !text.is_empty());
        json!({
            "oidc": text(&config["idp-issuer-url"]).trim_end_matches('/'), "client": config["client-id"],
            "secret": secret("client-secret"), "token": secret("id-token"), "refresh": secret("refresh-token"),
            "authority": self.pem(config, "idp-certificate-authority"),
        })
    }

    /// Data or a file, as base64.
    fn pem(&self, entry: &Value, key: &str) -> Option<String> {
        let data = text(&entry[format!("{key}-data")]);
        let file = text(&entry[key]);
        match (data, file) {
            ("", "") => None,
            ("", file) => {
                Some(STANDARD.encode(std::fs::read(self.directory.join(file)).expect("a file that kubectl read")))
            }
            (data, _) => Some(data.replace(['\n', '\r'], "")),
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Like client-go's `DefaultServerURL`: no scheme is `http`; query, fragment and trailing slashes do not count.
fn server(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let text = text.trim_end_matches(['/', ':']);
    match text.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_lowercase()),
        None => format!("http://{text}"),
    }
}
