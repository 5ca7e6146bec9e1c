//! Writing back: what changes in the file, and what must not.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use kubernetes_config::{Config, Credentials, Kubeconfig, MAX_FILE_BYTES, Secret};

use crate::support::{Files, SERVER, kubeconfig};

const COMMENTED: &str = "\
# Mine, all mine.
apiVersion: v1
kind: Config
current-context: x   # the usual one
contexts:
- { name: x, context: { cluster: c, user: u } }
- name: other
  context: {cluster: c, user: u, namespace: shop}
clusters:
- name: c
  cluster:
    server: 'https://10.0.0.1:6443'
    future: { a: [1, 2.5, ~] }
users:
- name: u
  # from the provider
  user:
    auth-provider:
      name: oidc
      config:
        client-id: shop
        id-token: old.old.old
        idp-issuer-url: https://login.example.com
        extra: kept
x-mine: yes
";

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("the file")
}

fn load(path: &Path) -> Kubeconfig {
    Kubeconfig::read(path).expect("a kubeconfig")
}

#[test]
fn the_current_context_changes_and_nothing_else() {
    let files = Files::new();
    let path = files.write("config", COMMENTED);
    let mut kubeconfig = load(&path);
    kubeconfig.save_current_context("other").expect("it is written");
    assert_eq!(kubeconfig.current_context(), Some("other"));
    assert_eq!(read(&path), COMMENTED.replace("current-context: x ", "current-context: \"other\" "));
    assert!(!files.path("config.lock").exists());

    let error = kubeconfig.save_current_context("third").unwrap_err();
    assert_eq!(files.error_text(&error), "config: there is no context \"third\"; the contexts are \"x\", \"other\"");
}

#[test]
fn refreshed_tokens_are_kept() {
    let files = Files::new();
    let path = files.write("config", COMMENTED);
    let config = Config::from_kubeconfig(&load(&path), None).expect("a configuration");
    let Credentials::Oidc(oidc) = config.credentials else { panic!("no OIDC: {config:?}") };
    let store = oidc.store.expect("a place for tokens");
    store
        .save_auth_provider(&[("id-token", &Secret::new("new.new.new")), ("refresh-token", &Secret::new("r\"1: x"))])
        .expect("they are written");

    assert_eq!(
        read(&path),
        COMMENTED
            .replace("old.old.old", "\"new.new.new\"")
            .replace("        client-id", "        refresh-token: \"r\\\"1: x\"\n        client-id")
    );
    let config = Config::from_kubeconfig(&load(&path), None).expect("a configuration");
    let Credentials::Oidc(oidc) = config.credentials else { panic!("no OIDC: {config:?}") };
    assert_eq!(oidc.refresh_token, Some(Secret::new("r\"1: x")));
}

/// Each case: what it is, a file whose context `x` exists, and what it becomes with the current context `x`.
#[test]
fn every_style_of_document_can_be_changed() {
    let rest = "contexts: [{name: x, context: {cluster: c}}]";
    let comments = format!("contexts:\n{}- {{name: x}}\n", "# - name: old\n".repeat(200));
    for (name, before, after) in [
        ("many comments", format!("current-context: old\n{comments}"), format!("current-context: \"x\"\n{comments}")),
        ("no key", format!("# top\n{rest}\n"), format!("# top\ncurrent-context: \"x\"\n{rest}\n")),
        ("after a mark", format!("---\n{rest}"), format!("---\ncurrent-context: \"x\"\n{rest}")),
        ("nothing", format!("current-context:\n{rest}"), format!("current-context: \"x\"\n{rest}")),
        ("null", format!("current-context: ~ # none\n{rest}"), format!("current-context: \"x\" # none\n{rest}")),
        ("quoted", format!("current-context: 'old'\n{rest}\n"), format!("current-context: \"x\"\n{rest}\n")),
        ("in lines", format!("current-context: |\n  old\n{rest}\n"), format!("current-context: \"x\"\n{rest}\n")),
        (
            "twice",
            format!("current-context: old\ncurrent-context: older\n{rest}"),
            format!("current-context: old\ncurrent-context: \"x\"\n{rest}"),
        ),
        ("anchored", format!("current-context: &a old\n{rest}\n"), format!("current-context: &a \"x\"\n{rest}\n")),
        ("JSON", format!("{{{rest}}}"), format!("{{\"current-context\": \"x\", {rest}}}")),
        (
            "JSON with key",
            format!("{{\"current-context\":\"old\", {rest}}}"),
            format!("{{\"current-context\":\"x\", {rest}}}"),
        ),
        ("Windows", format!("current-context: old\r\n{rest}\r\n"), format!("current-context: \"x\"\r\n{rest}\r\n")),
        (
            "a mark of order",
            format!("\u{feff}current-context: old\n{rest}"),
            format!("\u{feff}current-context: \"x\"\n{rest}"),
        ),
        ("another document", format!("{rest}\n---\na: 1\n"), format!("current-context: \"x\"\n{rest}\n---\na: 1\n")),
    ] {
        let files = Files::new();
        let path = files.write("config", &before);
        let mut kubeconfig = load(&path);
        kubeconfig.save_current_context("x").unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read(&path), after, "{name}");
        assert_eq!(load(&path).current_context(), Some("x"), "{name}");
    }
}

#[test]
fn what_cannot_be_changed_in_place_is_written_anew() {
    let files = Files::new();
    let text =
        kubeconfig(SERVER, "token: &t abc\nfuture: *t") + "# gone\nmore: { '1': yes, 2: 0x10, n: ~, s: '0x10' }\n";
    let second = "---\nsecond: document # stays\n...\n# end\n";
    let path = files.write("config", text + second);
    let user = load(&path).user("u").expect("the user");
    user.save_token(&Secret::new("def")).expect("it is written");

    let text = read(&path);
    assert!(!text.contains("# gone"), "{text}");
    let text = text.strip_suffix(second).expect("the second document");
    let config = Config::from_kubeconfig(&load(&path), None).expect("a configuration");
    assert_eq!(config.credentials, Credentials::Token("def".into()));
    let value: serde_json::Value = serde_saphyr::from_str(text).expect("YAML");
    assert_eq!(value["users"][0]["user"]["future"], "abc");
    assert_eq!(value["more"]["s"], "0x10");
    assert_eq!(value["more"]["n"], serde_json::Value::Null);
}

#[test]
fn what_follows_the_first_document_stays() {
    let files = Files::new();
    for rest in ["---\na: 1", "...\n", "...\n%TAG !e! tag:e,2000:\n---\n!e!t a: [\n", "--- {a: 1}\n"] {
        let path = files.write("config", kubeconfig(SERVER, "token: &t abc\nfuture: *t") + rest);
        load(&path).user("u").expect("the user").save_token(&Secret::new("def")).expect("it is written");
        let text = read(&path);
        let document = text.strip_suffix(rest).unwrap_or_else(|| panic!("{rest:?} is not in {text}"));
        assert!(document.ends_with("token: def\n"), "{text}");
    }
}

#[test]
fn a_token_that_a_merge_key_would_cover_replaces_it() {
    let files = Files::new();
    let text = format!("future: &t {{ token: old }}\n{}", kubeconfig(SERVER, "<<: *t\nusername: \"\""));
    let path = files.write("config", text);
    load(&path).user("u").expect("the user").save_token(&Secret::new("new")).expect("it is written");

    let text = read(&path);
    let value: serde_json::Value = serde_saphyr::from_str(&text).expect("YAML");
    assert_eq!(value["users"][0]["user"], serde_json::json!({ "token": "new", "username": "" }));
    assert_eq!(value["future"]["token"], "old");
    assert!(!text.contains("<<"), "what counts depends on the reader: {text}");
}

#[test]
fn a_file_does_not_become_too_large_to_be_read() {
    let files = Files::new();
    let text = kubeconfig(SERVER, "token: abc");
    let size = usize::try_from(MAX_FILE_BYTES).expect("the limit fits in memory");
    let text = format!("{text}#{}\n", "x".repeat(size - text.len() - 2));
    let path = files.write("config", &text);
    let error = load(&path).user("u").expect("the user").save_token(&Secret::new("def")).unwrap_err();
    assert_eq!(files.error_text(&error), "config: would become larger than 8388608 bytes");
    assert!(read(&path) == text, "the file has changed");
}

#[test]
fn of_several_files_the_one_with_the_entry_is_changed() {
    let files = Files::new();
    let first = files.write("first", "# empty\n");
    let second = files.write("second", kubeconfig(SERVER, "token: abc"));
    let mut merged = load(&first);
    merged.merge(load(&second));
    merged.user("u").expect("the user").save_token(&Secret::new("def")).expect("it is written");
    assert_eq!(read(&first), "# empty\n");
    assert_eq!(read(&second), kubeconfig(SERVER, "token: \"def\""));
    // As kubectl, into the first file, which decides about the current context.
    merged.save_current_context("x").expect("it is written");
    assert_eq!(read(&first), "# empty\ncurrent-context: \"x\"\n");
}

#[test]
fn an_entry_that_has_gone_is_an_error() {
    let files = Files::new();
    let path = files.write("config", COMMENTED);
    let user = load(&path).user("u").expect("the user");
    let save = || files.error_text(&user.save_auth_provider(&[("id-token", &Secret::new("a.b.c"))]).unwrap_err());
    files.write("config", COMMENTED.replace("auth-provider:", "other:"));
    assert_eq!(save(), "config: has no auth-provider for the user any more");
    files.write("config", COMMENTED.replace("- name: u", "- name: v"));
    assert_eq!(save(), "config: no longer has the user");
    files.write("config", "users: 7\n");
    assert_eq!(save(), "config:1: users: expected a list");
    fs::remove_file(&path).expect("remove the file");
    assert_eq!(save(), "config: can't read the kubeconfig <- No such file or directory (os error 2)");
    assert!(!files.path("config").exists() && !files.path("config.lock").exists());

    let error = user.save_token(&Secret::new("hidden\n")).unwrap_err();
    assert_eq!(
        files.error_text(&error),
        "config: users[name=u].user.token: the new token is empty, or contains a character not allowed in a header"
    );
}

#[test]
fn the_lock_is_waited_for_and_then_an_error() {
    let files = Files::new();
    let path = files.write("config", COMMENTED);
    let user = load(&path).user("u").expect("the user");
    let lock = files.write("config.lock", "");
    let unlock = {
        let lock = lock.clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            fs::remove_file(lock).expect("the lock is still there");
        })
    };
    user.save_token(&Secret::new("abc")).expect("it is written after the lock has gone");
    unlock.join().expect("no panic");
    assert!(read(&path).contains("token: \"abc\""));

    let before = read(&path);
    files.write("config.lock", "");
    let error = user.save_token(&Secret::new("def")).unwrap_err();
    assert_eq!(
        files.error_text(&error),
        "config: another program is changing it; if none is running, remove config.lock <- File exists (os error 17)"
    );
    assert_eq!(read(&path), before);
    assert!(lock.exists(), "another's lock is not removed");
}

#[test]
fn concurrent_changes_are_all_kept() {
    let files = Files::new();
    let path = files.write("config", COMMENTED);
    thread::scope(|scope| {
        for index in 0..4 {
            let user = load(&path).user("u").expect("the user");
            scope.spawn(move || {
                let key = format!("key-{index}");
                user.save_auth_provider(&[(&key, &Secret::new("value"))]).expect("it is written");
            });
        }
    });
    let text = read(&path);
    for index in 0..4 {
        assert!(text.contains(&format!("key-{index}: \"value\"")), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn mode_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let files = Files::new();
    let path = files.write("real/config", COMMENTED);
    let link = files.path("link");
    symlink(&path, &link).expect("a link");
    for mode in [0o600, 0o640, 0o400] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("the mode");
        load(&link).user("u").expect("the user").save_token(&Secret::new(format!("{mode}"))).expect("it is written");
        assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, mode);
        assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
        assert!(read(&path).contains(&format!("token: \"{mode}\"")));
    }
    let left: Vec<_> = fs::read_dir(files.path("real")).expect("the directory").collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// As a writer that was killed between making the new file and renaming it.
#[test]
fn files_of_a_killed_writer_are_removed_by_the_next() {
    let files = Files::new();
    let path = files.write("config", COMMENTED);
    let leftovers = [".config.1.tmp", ".config.4194304.tmp", &format!(".config.{}.tmp", std::process::id())];
    let others = [".config.tmp", ".config.a.tmp", ".other.1.tmp", "config.1.tmp", ".config.1.tmp.bak"];
    for name in leftovers.iter().chain(&others) {
        files.write(name, "half of a kubeconf");
    }
    load(&path).user("u").expect("the user").save_token(&Secret::new("def")).expect("it is written");
    for name in leftovers {
        assert!(!files.path(name).exists(), "{name} is left");
    }
    for name in others {
        assert!(files.path(name).exists(), "{name} is another program's");
    }
}

#[cfg(unix)]
#[test]
fn a_link_and_its_target_are_not_changed_at_once() {
    let files = Files::new();
    let path = files.write("real/config", COMMENTED);
    let link = files.path("link");
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    files.write("real/config.lock", "");
    let error = load(&link).user("u").expect("the user").save_token(&Secret::new("def")).unwrap_err();
    let lock = fs::canonicalize(files.path("real/config.lock")).expect("the lock of another program stays");
    assert!(error.to_string().contains(&format!("remove {}", lock.display())), "{error}");
    assert!(!files.path("link.lock").exists(), "the other lock is given back");
}
