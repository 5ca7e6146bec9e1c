//! Secrets stay out of every text, and hostile files end in an error, soon.

use kubernetes_config::{Config, Kubeconfig, MAX_FILE_BYTES};

use crate::support::{CERTIFICATE, Files, KEY, SERVER, base64, kubeconfig};

#[test]
fn debug_shows_no_secret() {
    let files = Files::new();
    let cluster = format!("{SERVER}\nproxy-url: http://proxy-user:hidden-1@127.0.0.1:3128/");
    let user = format!(
        "client-certificate-data: {}\nclient-key-data: {}\nusername: me\npassword: hidden-2",
        base64(CERTIFICATE),
        base64(KEY)
    );
    let text = kubeconfig(&cluster, &user);
    let kubeconfig = Kubeconfig::read(&files.write("config", &text)).expect("a kubeconfig");
    let config = files.load(&text).expect("a configuration");
    let token = files.load(crate::support::kubeconfig(SERVER, "token: hidden-3")).expect("a configuration");

    let shown = format!("{kubeconfig:?} {config:?} {config:#?} {token:?}");
    for secret in ["hidden", "proxy-user", "S0VZ", &base64(KEY), "PRIVATE KEY"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("http://redacted@127.0.0.1:3128/"), "{shown}");
}

#[test]
fn errors_quote_no_secret() {
    let plain = kubeconfig(SERVER, "token: hidden");
    let files = Files::new();
    for text in [
        plain.replace("user:\n    token: hidden", "user: hidden"),
        plain.replace("token: hidden", "token: [hidden]"),
        plain.replace("token: hidden", "token: \"hidden"),
        plain.replace("token: hidden", "token: hidden: hidden"),
        plain.replace("token: hidden", "token: \"hidden\\qhidden\""),
        plain.replace("token: hidden", "token: *hidden"),
        plain.replace("token: hidden", "token: !hidden 'hidden\u{7}'"),
        plain.replace("token: hidden", "token: \"hidden\\nhidden\""),
        plain.replace("token: hidden", "client-key-data: hidden!\nclient-certificate: ca.pem"),
        plain.replace("token: hidden", "token: hidden\n    password: hidden"),
        plain.replace("https://10.0.0.1:6443", "https://me:hidden@10.0.0.1:6443"),
        plain.replace("https://10.0.0.1:6443", "https://me:hidden hidden@10.0.0.1:6443"),
        plain.replace(SERVER, &format!("{SERVER}\n    proxy-url: ftp://me:hidden@127.0.0.1")),
        plain.replace("token: hidden", "hidden: [}"),
        plain.replace("token: hidden", "hidden: *hidden"),
        plain.replace("token: hidden", "? {hidden: hidden}\n    : [hidden"),
        plain.replace("name: u", "name: 7\n  hidden"),
    ] {
        let error = files.load(&text).expect_err(&text);
        let shown = format!("{} {error:?}", files.error_text(&error));
        assert!(!shown.contains("hidden"), "{shown}\n{text}");
    }
}

#[test]
fn a_huge_file_is_not_read() {
    let files = Files::new();
    let size = usize::try_from(MAX_FILE_BYTES).expect("the limit fits in memory") + 1;
    let error = files.load(vec![b'#'; size]).unwrap_err();
    assert_eq!(files.error_text(&error), "config: can't read the kubeconfig <- the file is larger than 8388608 bytes");
}

#[test]
fn an_endless_file_is_not_read() {
    let files = Files::new();
    let error = files.load(kubeconfig(&format!("{SERVER}\ncertificate-authority: /dev/zero"), "")).unwrap_err();
    assert!(files.error_text(&error).contains("larger than"), "{error}");
}

#[test]
fn deep_and_multiplying_yaml_is_refused() {
    let mut billion_laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}, ", level - 1).repeat(10);
        billion_laughs.push_str(&format!("a{level}: &a{level} [{alias}]\n"));
    }
    let files = Files::new();
    for text in [
        billion_laughs,
        "[".repeat(1_000_000),
        "a: ".repeat(1_000),
        format!("users: {}{}", "[".repeat(100), "]".repeat(100)),
        format!("future: {}", "{a: ".repeat(1_000)),
        "a: &a [*a]\ncurrent-context: *a\n".to_owned(),
    ] {
        let error = files.load(&text).expect_err("hostile YAML");
        assert_eq!(error.file(), Some(files.path("config").as_path()), "{error}");
    }
}

#[test]
fn no_prefix_or_flipped_byte_panics() {
    let files = Files::new();
    let user = format!("client-certificate: ca.pem\nclient-key-data: {}\nas: me", base64(KEY));
    let text = kubeconfig(&format!("{SERVER}\nproxy-url: http://127.0.0.1"), &user);
    let path = files.path("config");
    let resolve = |text: &str| {
        if let Ok(kubeconfig) = Kubeconfig::parse(text, &path) {
            // Either outcome is right; only a panic is not.
            let _ = Config::from_kubeconfig(&kubeconfig, None);
        }
    };
    for index in 0..text.len() {
        resolve(&text[..index]);
        for replacement in [0, b':', b'[', b'&', b'"', 0xff] {
            let mut bytes = text.clone().into_bytes();
            bytes[index] = replacement;
            resolve(&String::from_utf8_lossy(&bytes));
        }
    }
}

#[cfg(unix)]
mod pipes {
    use std::fs::{self, File};
    use std::io::{ErrorKind, Write as _};
    use std::path::{Path, PathBuf};

    use kubernetes_config::{Kubeconfig, MAX_FILE_BYTES, read_file};
    use rustix::fs::{FileType, Mode, mknodat};

    use crate::support::{Files, SERVER, kubeconfig};

    fn pipe(files: &Files) -> PathBuf {
        let path = files.path("pipe");
        mknodat(rustix::fs::CWD, &path, FileType::Fifo, Mode::RWXU, 0).expect("a pipe can be made");
        path
    }

    #[test]
    fn a_kubeconfig_from_a_pipe_is_awaited() {
        let files = Files::new();
        let path = pipe(&files);
        let text = kubeconfig(SERVER, "token: abc");
        let (first, second) = text.split_at(text.len() / 2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut writer = File::options().write(true).open(&path).expect("the reader opens it too");
                writer.write_all(first.as_bytes()).and_then(|()| writer.flush()).expect("the reader reads");
                writer.write_all(second.as_bytes()).expect("the reader reads on");
            });
            assert_eq!(Kubeconfig::read(&path).expect("a kubeconfig").contexts().count(), 1);
        });
    }

    #[test]
    fn a_token_in_a_pipe_or_device_is_refused_at_once() {
        let files = Files::new();
        let path = pipe(&files);
        for path in [path.as_path(), Path::new("/dev/zero"), Path::new("/dev/tty"), Path::new("/")] {
            let user = format!("tokenFile: {}", path.display());
            let error = files.load(kubeconfig(SERVER, &user)).expect_err("nothing to read again and again");
            assert!(files.error_text(&error).contains("can't read a token from"), "{error}");
        }
    }

    #[test]
    fn a_bounded_read_names_its_file() {
        let files = Files::new();
        let path = pipe(&files);
        let error = read_file(&path, MAX_FILE_BYTES).expect_err("nobody writes");
        assert!(error.to_string().starts_with(&format!("{}: is a pipe", path.display())), "{error}");

        let path = files.write("ten", "0123456789");
        assert_eq!(read_file(&path, 10).expect("a small file"), b"0123456789");
        let error = read_file(&path, 9).expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        assert_eq!(error.to_string(), format!("{}: the file is larger than 9 bytes", path.display()));

        let link = files.path("link");
        std::os::unix::fs::symlink(&path, &link).expect("a link can be made");
        assert_eq!(read_file(&link, 10).expect("kubelet's tokens are links"), b"0123456789");
        fs::remove_file(&path).expect("the file is there");
        assert_eq!(read_file(&link, 10).expect_err("no target").kind(), ErrorKind::NotFound);
    }
}
