//! Invariants of any kubeconfig, shared by the fuzz target `kubeconfig` and the test that replays its corpus.

use std::path::Path;
use std::{fs, thread};

use kubernetes_config::{Config, Credentials, Kubeconfig, Overrides, Secret};

const TOKEN: &str = "written-by-the-check";

/// Nothing panics, and what is written back is read again, with nothing else changed.
pub(crate) fn check(bytes: &[u8]) {
    // Devices could block, or never end.
    if [b"/dev".as_slice(), b"/proc", b"/sys"].iter().any(|path| bytes.windows(path.len()).any(|it| it == *path)) {
        return;
    }
    let directory =
        std::env::temp_dir().join(format!("kubeconfig-{}-{:?}", std::process::id(), thread::current().id()));
    fs::create_dir_all(&directory).expect("a directory for the kubeconfig");
    let path = directory.join("config");
    fs::write(&path, bytes).expect("the kubeconfig is written");
    if let Ok(kubeconfig) = Kubeconfig::read(&path) {
        let _ = format!("{kubeconfig:?}");
        check_contexts(&kubeconfig);
        check_writing(kubeconfig, &path);
    }
    fs::remove_dir_all(&directory).expect("the directory is removed");
}

fn check_contexts(kubeconfig: &Kubeconfig) {
    for context in kubeconfig.contexts().take(8) {
        let Ok(config) = Config::from_kubeconfig_with(kubeconfig, &Overrides::context(context)) else { continue };
        let _ = format!("{config:?}");
        assert!(config.server.host().is_some_and(|host| !host.is_empty()));
        assert!(config.proxy_for(&config.server).is_ok(), "a proxy-url is checked when it is read");
        match &config.credentials {
            Credentials::Exec(exec) => assert!(exec.exec_info(false).starts_with('{')),
            Credentials::Oidc(oidc) => assert!(oidc.id_token.is_some() || oidc.refresh_token.is_some()),
            other => assert!(*other == Credentials::None || config.server.scheme_str() == Some("https")),
        }
    }
}

/// Names, and the entries that they name.
fn shape(kubeconfig: &Kubeconfig) -> String {
    let contexts: Vec<_> =
        kubeconfig.context_entries().map(|it| format!("{:?}", (it.name, it.cluster, it.user, it.namespace))).collect();
    format!("{contexts:?} {:?} {:?}", kubeconfig.clusters().collect::<Vec<_>>(), kubeconfig.users().collect::<Vec<_>>())
}

fn check_writing(mut kubeconfig: Kubeconfig, path: &Path) {
    let before = fs::read(path).expect("the kubeconfig");
    let (was, current) = (shape(&kubeconfig), kubeconfig.current_context().map(str::to_owned));
    let unchanged = || fs::read(path).expect("the kubeconfig") == before;

    let user = kubeconfig.users().next().and_then(|name| kubeconfig.user(name));
    match user.map(|user| user.save_token(&Secret::new(TOKEN))) {
        Some(Ok(())) => {
            let text = fs::read_to_string(path).expect("the kubeconfig");
            assert!(text.contains(TOKEN));
            let read = Kubeconfig::read(path).expect("what was written is a kubeconfig");
            assert_eq!((shape(&read), read.current_context()), (was.clone(), current.as_deref()));
            fs::write(path, &before).expect("the kubeconfig is written");
        }
        _ => assert!(unchanged(), "an error leaves the file as it was"),
    }

    let Some(name) = kubeconfig.contexts().last().map(str::to_owned) else { return };
    match kubeconfig.save_current_context(&name) {
        Ok(()) => {
            let read = Kubeconfig::read(path).expect("what was written is a kubeconfig");
            assert_eq!(shape(&read), was);
            assert_eq!(read.current_context().unwrap_or_default(), name);
            assert_eq!(read.current_context(), kubeconfig.current_context());
        }
        Err(_) => assert!(unchanged(), "an error leaves the file as it was"),
    }
}
