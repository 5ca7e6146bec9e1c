//! Exec plugins: shell scripts that count their runs.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http::Request;
use hyper::body::Incoming;
use kubernetes_client::{Client, Error};
use kubernetes_config::{Config, Credentials, ExecApiVersion, ExecCluster, ExecConfig, InteractiveMode};
use rustix::pty::OpenptFlags;
use tempfile::TempDir;

use crate::server::{Server, answer, hello};
use crate::{chain, config, fetch};

/// Prints the token `token-<number of the run>`.
pub(crate) const TOKEN: &str = r#"credential "\"token\": \"token-$run\"""#;

/// A program that a test writes.
pub(crate) struct Plugin {
    directory: TempDir,
    pub(crate) exec: ExecConfig,
}

impl Plugin {
    /// `script` finds its number in `$run`, and may print by `credential <fields of the status>`.
    pub(crate) fn new(script: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plugin");
        let prelude = r#"
            cd "$DIRECTORY" || exit 99
            echo run >> runs
            run=$(wc -l < runs | tr -d ' ')
            credential() {
                api=$(printf %s "$KUBERNETES_EXEC_INFO" | sed 's/.*"apiVersion":"\([^"]*\)".*/\1/')
                printf '{"apiVersion": "%s", "kind": "ExecCredential", "status": {%s}}' "$api" "$1"
            }
        "#;
        fs::write(&path, format!("{prelude}\n{script}\n")).unwrap();
        let mut exec = ExecConfig::new(ExecApiVersion::V1, "/bin/sh");
        exec.args = vec![path.to_str().unwrap().to_owned()];
        exec.env = vec![("DIRECTORY".to_owned(), directory.path().to_str().unwrap().into())];
        Self { directory, exec }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn runs(&self) -> usize {
        fs::read_to_string(self.file("runs")).map_or(0, |runs| runs.lines().count())
    }

    fn config(&self, server: &Server) -> Config {
        with_exec(config(&server.url("http")), &self.exec)
    }

    fn client(&self, server: &Server) -> Client {
        Client::new(self.config(server)).unwrap()
    }
}

pub(crate) fn with_exec(mut config: Config, exec: &ExecConfig) -> Config {
    config.credentials = Credentials::Exec(Box::new(exec.clone()));
    config
}

/// The `Authorization` headers, request by request.
fn authorizations(server: &Server) -> Vec<String> {
    server.requests().iter().map(|request| request.header("authorization").unwrap_or("none").to_owned()).collect()
}

/// A server that knows some tokens, and answers 401 otherwise.
async fn knowing(tokens: &[&str]) -> (Server, Arc<Mutex<Vec<String>>>) {
    let known = Arc::new(Mutex::new(tokens.iter().map(|token| format!("Bearer {token}")).collect::<Vec<_>>()));
    let handler = {
        let known = Arc::clone(&known);
        move |request: Request<Incoming>| {
            let header = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
            let is_known = header.is_some_and(|header| known.lock().unwrap().contains(&header));
            async move { if is_known { answer(200, "hello") } else { answer(401, "who are you?") } }
        }
    };
    (Server::plain(handler).await, known)
}

#[tokio::test]
async fn runs_once_for_all_requests_and_for_all_clones() {
    let plugin = Plugin::new(&format!("sleep 0.2\n{TOKEN}"));
    let server = Server::plain(hello).await;
    let client = plugin.client(&server);
    assert_eq!(plugin.runs(), 0, "building a client starts nothing");

    let clones = vec![client.clone(); 64];
    for result in join_all(clones.iter().map(fetch)).await {
        result.unwrap();
    }
    for _ in 0..10 {
        fetch(&client).await.unwrap();
    }
    assert_eq!(plugin.runs(), 1);
    assert_eq!(authorizations(&server), ["Bearer token-1"; 74]);
    assert!(!format!("{client:?}").contains("token-1"));
}

#[tokio::test]
async fn runs_again_when_the_credentials_expire() {
    let server = Server::plain(hello).await;
    let in_an_hour = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(8);
    let cases = [
        (in_an_hour.to_string(), 1),
        ("1999-12-31T23:59:59Z".to_owned(), 3),
        // Too soon for a request to arrive in time.
        (soon.to_string(), 3),
    ];
    for (expires, runs) in cases {
        let script = format!(r#"credential "\"token\": \"token-$run\", \"expirationTimestamp\": \"{expires}\"""#);
        let plugin = Plugin::new(&script);
        let client = plugin.client(&server);
        for _ in 0..3 {
            // All of them at once get what was issued for them.
            for result in join_all((0..8).map(|_| fetch(&client))).await {
                result.unwrap();
            }
            crate::pass(Duration::from_secs(3)).await;
        }
        assert_eq!(plugin.runs(), runs, "{expires}");
    }
}

#[tokio::test]
async fn runs_again_when_the_server_refuses_the_token() {
    let plugin = Plugin::new(TOKEN);
    let (server, known) = knowing(&["token-1"]).await;
    let client = plugin.client(&server);
    assert_eq!(fetch(&client).await.unwrap(), "hello");

    // As when the token is revoked: the request is sent again, and nobody notices.
    *known.lock().unwrap() = vec!["Bearer token-2".to_owned()];
    for result in join_all((0..8).map(|_| fetch(&client))).await {
        assert_eq!(result.unwrap(), "hello");
    }
    assert_eq!(plugin.runs(), 2);
}

#[tokio::test]
async fn a_server_that_refuses_everything_does_not_run_the_plugin_for_ever() {
    let plugin = Plugin::new(TOKEN);
    let (server, _) = knowing(&[]).await;
    let client = plugin.client(&server);
    for _ in 0..5 {
        let error = fetch(&client).await.unwrap_err();
        assert!(error.is_unauthorized() && !error.is_retryable(), "{error:?}");
    }
    assert_eq!(plugin.runs(), 2, "once, and once more because of the 401");
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn a_body_that_can_be_sent_once_is_not_sent_again() {
    use tower_service::Service;
    let plugin = Plugin::new(TOKEN);
    let (server, _) = knowing(&["token-2"]).await;
    let mut client = plugin.client(&server);

    let streamed = kubernetes_client::Body::new(http_body_util::Full::new(bytes::Bytes::from_static(b"{}")));
    let request = http::Request::post("/api/v1/namespaces").body(streamed).unwrap();
    assert_eq!(client.call(request).await.unwrap().status(), 401);
    assert_eq!((plugin.runs(), server.requests().len()), (2, 1), "the next request has the new token");

    let request = http::Request::post("/api/v1/namespaces").body("{}".into()).unwrap();
    assert_eq!(client.call(request).await.unwrap().status(), 200);
    assert_eq!(authorizations(&server), ["Bearer token-1", "Bearer token-2"]);

    // What a layer sets counts, and starts no plugin.
    let request = http::Request::get("/").header("authorization", "Bearer other").body("".into()).unwrap();
    assert_eq!(client.call(request).await.unwrap().status(), 401);
    assert_eq!((plugin.runs(), authorizations(&server).last().map(String::as_str)), (2, Some("Bearer other")));
}

/// The error of a request that must not have been sent.
async fn refused(plugin: &Plugin) -> Error {
    let server = Server::plain(hello).await;
    let error = fetch(&plugin.client(&server)).await.unwrap_err();
    assert!(error.is_authentication(), "{error:?}");
    assert!(server.requests().is_empty(), "never as nobody");
    error
}

#[tokio::test]
async fn a_plugin_that_fails_fails_the_request_with_what_it_said() {
    let plugin = Plugin::new("echo s3cret\necho 'You are not logged in:\n  run cloud login' >&2\nexit 7");
    let error = refused(&plugin).await;
    let text = chain(&error);
    assert!(text.starts_with("GET /version failed: no credentials available: the exec plugin"), "{text}");
    assert!(text.contains("exit status: 7): You are not logged in: run cloud login"), "{text}");
    assert!(!format!("{text} {error:?}").contains("s3cret"), "{error:?}");
    assert!(!error.is_retryable() && !error.is_unauthorized());
    assert_eq!(plugin.runs(), 1);

    let plugin = Plugin::new("credential '\"token\": \"s3cret\"'\nexit 1");
    refused(&plugin).await;
    let plugin = Plugin::new("kill -9 $$");
    assert!(chain(&refused(&plugin).await).contains("signal: 9"));
}

#[tokio::test]
async fn a_failure_is_shared_by_those_who_wait_and_kept_no_longer() {
    let plugin = Plugin::new(&format!("sleep 0.2\n[ $run = 1 ] && exit 1\n{TOKEN}"));
    let server = Server::plain(hello).await;
    let client = plugin.client(&server);
    assert!(join_all((0..16).map(|_| fetch(&client))).await.iter().all(Result::is_err));
    assert_eq!(plugin.runs(), 1);
    fetch(&client).await.unwrap();
    assert_eq!(authorizations(&server), ["Bearer token-2"]);
}

#[tokio::test]
async fn output_that_is_wrong_is_an_error() {
    let other_version = r#"printf '{"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential",
        "status": {"token": "s3cret"}}'"#;
    let cases = [
        ("", "standard output is empty"),
        ("echo s3cret", "not a single ExecCredential in JSON"),
        (other_version, "v1beta1"),
        ("credential ''", "neither token"),
        ("head -c 2000000 /dev/zero", "more than 1048576 bytes"),
    ];
    for (script, expected) in cases {
        let text = chain(&refused(&Plugin::new(script)).await);
        assert!(text.contains(expected), "{script}: {text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[tokio::test]
async fn speaks_v1beta1_with_those_who_do() {
    let mut plugin = Plugin::new(TOKEN);
    plugin.exec.api_version = ExecApiVersion::V1Beta1;
    let server = Server::plain(hello).await;
    fetch(&plugin.client(&server)).await.unwrap();
    assert_eq!(authorizations(&server), ["Bearer token-1"]);
}

#[tokio::test]
async fn a_missing_plugin_says_how_to_install_it() {
    let mut plugin = Plugin::new("");
    plugin.exec.command = "kubernetes-client-test-no-such-program".into();
    let text = chain(&refused(&plugin).await);
    assert!(text.contains("no-such-program is not installed: install it, or correct"), "{text}");
    plugin.exec.install_hint = Some("Get it from example.com\n".to_owned());
    let text = chain(&refused(&plugin).await);
    assert!(text.contains("no-such-program is not installed: Get it from example.com"), "{text}");

    // A file that is not a program.
    plugin.exec.command = plugin.file("plugin");
    assert!(chain(&refused(&plugin).await).contains("can't start the exec plugin"));
}

#[tokio::test]
async fn is_told_of_the_cluster_and_gets_arguments_and_variables() {
    let mut plugin = Plugin::new(&format!(
        "printf '%s' \"$KUBERNETES_EXEC_INFO\" > info\nprintf '%s|' \"$@\" \"$COLOR\" > arguments\ncat > input\n{TOKEN}"
    ));
    let mut cluster = ExecCluster::default();
    cluster.server = "https://10.0.0.1:6443".to_owned();
    cluster.config = Some(serde_json::json!({ "audience": "shop" }));
    plugin.exec.cluster = Some(cluster);
    // By no shell, so that this is one argument.
    plugin.exec.args.extend(["a b; exit 1".to_owned(), "$HOME".to_owned()]);
    plugin.exec.env.push(("COLOR".to_owned(), "blue green".into()));
    let server = Server::plain(hello).await;
    fetch(&plugin.client(&server)).await.unwrap();

    let info: serde_json::Value = serde_json::from_str(&fs::read_to_string(plugin.file("info")).unwrap()).unwrap();
    let expected = serde_json::json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "spec": {
            "interactive": false,
            "cluster": { "server": "https://10.0.0.1:6443", "config": { "audience": "shop" } }
        }
    });
    assert_eq!(info, expected);
    assert_eq!(fs::read_to_string(plugin.file("arguments")).unwrap(), "a b; exit 1|$HOME|blue green|");
    assert_eq!(fs::read_to_string(plugin.file("input")).unwrap(), "", "standard input is not ours");
}

#[tokio::test]
async fn is_found_in_our_path_whatever_its_own_is() {
    let mut plugin = Plugin::new(&format!("PATH=$OLD_PATH\n{TOKEN}"));
    plugin.exec.command = "sh".into();
    plugin.exec.env.push(("PATH".to_owned(), "/nowhere".into()));
    plugin.exec.env.push(("OLD_PATH".to_owned(), std::env::var("PATH").unwrap().into()));
    // The prelude runs before the script can set its path.
    let script = fs::read_to_string(plugin.file("plugin")).unwrap();
    fs::write(plugin.file("plugin"), format!("PATH=$OLD_PATH\n{script}")).unwrap();
    let server = Server::plain(hello).await;
    fetch(&plugin.client(&server)).await.unwrap();
}

#[tokio::test]
async fn a_plugin_that_must_talk_needs_a_terminal() {
    if std::env::var_os(IN_CHILD).is_none() {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "exec::a_plugin_that_must_talk_needs_a_terminal"]).env(IN_CHILD, "1");
        let output = child.stdin(std::process::Stdio::null()).output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}");
        return;
    }
    let mut plugin = Plugin::new(TOKEN);
    plugin.exec.interactive_mode = InteractiveMode::Always;
    let text = chain(&refused(&plugin).await);
    assert!(text.contains("standard input is not a terminal"), "{text}");
    assert_eq!(plugin.runs(), 0);

    plugin.exec.interactive_mode = InteractiveMode::IfAvailable;
    let server = Server::plain(hello).await;
    fetch(&plugin.client(&server)).await.unwrap();
}

const IN_CHILD: &str = "KUBERNETES_CLIENT_TEST_EXEC_IN_CHILD";

#[tokio::test]
async fn a_plugin_talks_with_the_user_on_a_terminal() {
    if std::env::var_os(IN_CHILD).is_none() {
        // A process of its own, whose standard input is a terminal.
        let terminal = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        rustix::pty::grantpt(&terminal).unwrap();
        rustix::pty::unlockpt(&terminal).unwrap();
        let name = rustix::pty::ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
        let stdin = fs::File::options().read(true).write(true).open(name).unwrap();
        rustix::io::write(&terminal, b"typed\ntyped\n").unwrap();

        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "exec::a_plugin_talks_with_the_user_on_a_terminal", "--nocapture"]).env(IN_CHILD, "1");
        let output = child.stdin(stdin).output().unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}{stderr}");
        assert_eq!(stderr.matches("Your token: ").count(), 2, "the user is asked on standard error: {stderr}");
        return;
    }
    let script = r#"
        printf 'Your token: ' >&2
        read -r typed
        printf %s "$KUBERNETES_EXEC_INFO" > info
        credential "\"token\": \"$typed\""
    "#;
    for mode in [InteractiveMode::IfAvailable, InteractiveMode::Always] {
        let mut plugin = Plugin::new(script);
        plugin.exec.interactive_mode = mode;
        let server = Server::plain(hello).await;
        fetch(&plugin.client(&server)).await.unwrap();
        assert_eq!(authorizations(&server), ["Bearer typed"]);
        assert!(fs::read_to_string(plugin.file("info")).unwrap().contains(r#""interactive":true"#));
    }
    let plugin = Plugin::new("[ -t 0 ] && exit 1\ncredential '\"token\": \"silent\"'");
    let server = Server::plain(hello).await;
    fetch(&plugin.client(&server)).await.unwrap();
    assert_eq!(authorizations(&server), ["Bearer silent"], "never means never, also where there is a terminal");
}

#[tokio::test]
async fn a_plugin_that_hangs_is_stopped() {
    let plugin = Plugin::new("echo $$ > pid\necho 'waiting for you' >&2\nexec sleep 60");
    let server = Server::plain(hello).await;
    let client = Client::builder(plugin.config(&server)).exec_timeout(Duration::from_millis(300)).build().unwrap();
    let error = fetch(&client).await.unwrap_err();
    assert!(error.is_authentication() && error.is_timeout() && error.is_retryable(), "{error:?}");
    assert!(chain(&error).contains("did not finish within 300ms: waiting for you"), "{}", chain(&error));
    ends(&plugin).await;
}

#[tokio::test]
async fn a_plugin_that_nobody_waits_for_is_stopped() {
    let plugin = Plugin::new("echo $$ > pid\nexec sleep 60");
    let server = Server::plain(hello).await;
    let client = plugin.client(&server);
    let (first, second) = (fetch(&client), fetch(&client));
    let wait = Duration::from_millis(300);
    // The second goes on when the first is given up.
    let (first, second) = tokio::join!(tokio::time::timeout(wait / 2, first), tokio::time::timeout(wait, second));
    assert!(first.is_err() && second.is_err());
    assert_eq!(plugin.runs(), 1);
    ends(&plugin).await;
}

#[tokio::test]
async fn the_timeout_of_a_request_leaves_time_to_log_in() {
    let plugin = Plugin::new(&format!("sleep 0.5\n{TOKEN}"));
    let server = Server::plain(hello).await;
    let limit = Duration::from_millis(250);
    let client = Client::builder(plugin.config(&server)).request_timeout(limit).build().unwrap();
    fetch(&client).await.unwrap();
}

#[tokio::test]
async fn what_a_plugin_leaves_running_is_not_waited_for() {
    let plugin = Plugin::new(&format!("sleep 20 &\n{TOKEN}"));
    let server = Server::plain(hello).await;
    let start = Instant::now();
    fetch(&plugin.client(&server)).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

/// Waits until the program is gone.
async fn ends(plugin: &Plugin) {
    let pid = fs::read_to_string(plugin.file("pid")).unwrap();
    let stat = PathBuf::from(format!("/proc/{}/stat", pid.trim()));
    for _ in 0..100 {
        // Dead, or dead and not yet collected.
        match fs::read_to_string(&stat) {
            Ok(text) if !text.contains(") Z ") => tokio::time::sleep(Duration::from_millis(20)).await,
            _ => return,
        }
    }
    panic!("the plugin still runs");
}
