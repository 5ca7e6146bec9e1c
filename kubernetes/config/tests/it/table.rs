//! Kubeconfigs that work, and what they lead to. client-go accepts each of them, except where a case says otherwise.

use kubernetes_config::{ClientIdentity, Config, Credentials, Impersonate, Kubeconfig};

use crate::support::{CERTIFICATE, Files, KEY, OTHER_CERTIFICATE, SERVER, base64, kubeconfig};

type Check = fn(&Config, &Files) -> bool;

fn token(config: &Config) -> &str {
    match &config.credentials {
        Credentials::Token(token) => token.expose(),
        _ => "",
    }
}

fn pem(certificate: &str) -> Option<Vec<u8>> {
    Some(certificate.as_bytes().to_vec())
}

fn check(cases: Vec<(&str, String, Check)>) {
    for (name, text, is_right) in cases {
        let files = Files::new();
        let config = files.load(&text).unwrap_or_else(|error| panic!("{name}: {}\n{text}", files.error_text(&error)));
        assert!(is_right(&config, &files), "{name}: {config:?}\n{text}");
    }
}

#[test]
fn servers() {
    let server = |server: &str| kubeconfig(&format!("server: {server:?}"), "token: abc");
    check(vec![
        ("no port", server("https://api.example.com"), |c, _| c.server == "https://api.example.com"),
        ("trailing slash", server("https://10.0.0.1:6443/"), |c, _| c.server == "https://10.0.0.1:6443"),
        ("prefix", server("https://10.0.0.1/k8s/c-1/"), |c, _| c.server.path() == "/k8s/c-1"),
        ("prefix with slashes", server("https://10.0.0.1/a//"), |c, _| c.server.path() == "/a"),
        ("query and fragment", server("https://10.0.0.1/a?b=1#c"), |c, _| c.server == "https://10.0.0.1/a"),
        ("empty port", server("https://10.0.0.1:/"), |c, _| c.server == "https://10.0.0.1"),
        ("IPv6", server("https://[fd00::1]:6443"), |c, _| c.server.host() == Some("[fd00::1]")),
        ("upper case", server("HTTPS://10.0.0.1:6443"), |c, _| {
            c.server.scheme_str() == Some("https") && token(c) == "abc"
        }),
        ("no scheme", server("10.0.0.1:8080"), |c, _| c.server == "http://10.0.0.1:8080"),
        ("only a host", server("api/"), |c, _| c.server == "http://api/"),
        ("no credentials in the clear", server("http://10.0.0.1"), |c, _| c.credentials == Credentials::None),
    ]);
}

#[test]
fn clusters() {
    let cluster = |keys: &str| kubeconfig(&format!("{SERVER}\n{keys}"), "token: abc");
    let data = format!("certificate-authority-data: {}", base64(CERTIFICATE));
    let encoded = base64(CERTIFICATE);
    let (first, second) = encoded.split_at(40);
    check(vec![
        ("platform trust", cluster(""), |c, _| c.certificate_authority.is_none() && !c.insecure_skip_tls_verify),
        ("data", cluster(&data), |c, _| {
            c.certificate_authority == pem(CERTIFICATE) && c.certificate_authority_file.is_none()
        }),
        ("data in lines", cluster(&format!("certificate-authority-data: |\n  {first}\n  {second}")), |c, _| {
            c.certificate_authority == pem(CERTIFICATE)
        }),
        ("relative file", cluster("certificate-authority: ca.pem"), |c, f| {
            c.certificate_authority == pem(CERTIFICATE) && c.certificate_authority_file == Some(f.path("ca.pem"))
        }),
        // kubectl warns that the data overrides, and stops.
        ("data beats file", cluster(&format!("{data}\ncertificate-authority: certs/client.pem")), |c, _| {
            c.certificate_authority == pem(CERTIFICATE)
        }),
        ("data beats missing file", cluster(&format!("{data}\ncertificate-authority: absent")), |c, _| {
            c.certificate_authority == pem(CERTIFICATE)
        }),
        ("empty is unset", cluster("certificate-authority: ''\ncertificate-authority-data: ''"), |c, _| {
            c.certificate_authority.is_none()
        }),
        ("insecure", cluster("insecure-skip-tls-verify: true"), |c, _| c.insecure_skip_tls_verify),
        ("YAML 1.1 boolean", cluster("insecure-skip-tls-verify: yes"), |c, _| c.insecure_skip_tls_verify),
        ("server name", cluster("tls-server-name: api.example.com"), |c, _| {
            c.tls_server_name.as_deref() == Some("api.example.com")
        }),
        ("proxy", cluster("proxy-url: socks5://127.0.0.1:1080"), |c, _| {
            c.proxy_url.as_ref().is_some_and(|proxy| *proxy == "socks5://127.0.0.1:1080")
        }),
        ("no compression", cluster("disable-compression: true"), |c, _| c.disable_compression),
    ]);
}

#[test]
fn users() {
    let user = |keys: &str| kubeconfig(SERVER, keys);
    let certificate = format!("client-certificate-data: {}", base64(OTHER_CERTIFICATE));
    let key = format!("client-key-data: {}", base64(KEY));
    let identity: Check = |c, _| c.client_identity == Some(ClientIdentity::new(OTHER_CERTIFICATE, KEY));
    check(vec![
        ("anonymous", user(""), |c, _| c.credentials == Credentials::None && c.client_identity.is_none()),
        ("token", user("token: abc"), |c, _| token(c) == "abc"),
        ("token of digits", user("token: '123'"), |c, _| token(c) == "123"),
        ("last of two keys", user("token: abc\ntoken: def"), |c, _| token(c) == "def"),
        ("token file", user("tokenFile: token"), |c, f| c.credentials == Credentials::TokenFile(f.path("token"))),
        ("token file beats token", user("token: abc\ntokenFile: token"), |c, f| {
            c.credentials == Credentials::TokenFile(f.path("token"))
        }),
        ("token while there is no file", user("token: abc\ntokenFile: absent"), |c, _| token(c) == "abc"),
        ("basic", user("username: me\npassword: pw"), |c, _| {
            c.credentials == Credentials::Basic { username: "me".to_owned(), password: "pw".into() }
        }),
        ("certificate and key as data", user(&format!("{certificate}\n{key}")), identity),
        ("as files", user("client-certificate: certs/client.pem\nclient-key: certs/client.key"), |c, f| {
            let mut identity = ClientIdentity::new(OTHER_CERTIFICATE, KEY);
            identity.certificate_file = Some(f.path("certs/client.pem"));
            identity.key_file = Some(f.path("certs/client.key"));
            c.client_identity == Some(identity)
        }),
        ("data and file mixed", user(&format!("{certificate}\nclient-key: certs/client.key")), |c, f| {
            let mut identity = ClientIdentity::new(OTHER_CERTIFICATE, KEY);
            identity.key_file = Some(f.path("certs/client.key"));
            c.client_identity == Some(identity)
        }),
        ("certificate with token", user(&format!("{certificate}\n{key}\ntoken: abc")), |c, _| {
            c.client_identity.is_some() && token(c) == "abc"
        }),
        ("useless key with token", user(&format!("{key}\ntoken: abc")), |c, _| c.client_identity.is_none()),
        ("no plugin", user("token: abc\nexec: null\nauth-provider: ~"), |c, _| token(c) == "abc"),
        (
            "impersonation",
            user("as: jane\nas-uid: '7'\nas-groups: [a, b]\nas-user-extra: { k: [v], 1: null }"),
            |c, _| {
                let mut jane = Impersonate::new("jane");
                jane.uid = Some("7".to_owned());
                jane.groups = vec!["a".to_owned(), "b".to_owned()];
                jane.extra = [("k".to_owned(), vec!["v".to_owned()]), ("1".to_owned(), vec![])].into();
                c.impersonate == Some(jane)
            },
        ),
        ("aliases and merge keys", user("<<: { token: &t abc }\nusername: ''\nfuture: *t"), |c, _| token(c) == "abc"),
    ]);
}

#[test]
fn documents() {
    let plain = kubeconfig(SERVER, "token: abc");
    let json = r#"{"current-context": "x", "users": [{"name": "u", "user": {"token": "abc"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://10.0.0.1:6443"}}]}"#;
    let right: Check =
        |c, _| token(c) == "abc" && c.server == "https://10.0.0.1:6443" && c.default_namespace == "default";
    check(vec![
        ("plain", plain.clone(), right),
        ("byte order mark", format!("\u{feff}{plain}"), right),
        ("Windows line ends", plain.replace('\n', "\r\n"), right),
        ("JSON", json.to_owned(), right),
        ("JSON with tabs", json.replace("  ", "\t"), right),
        ("no kind, no version", plain.replace("apiVersion: v1\nkind: Config\n", ""), right),
        ("unknown keys", format!("{plain}    later: [1, {{ a: b }}]\nmore: {{ x: 1 }}\npreferences: {{}}\n"), right),
        ("null lists and items", format!("{plain}-\nextensions: null\n"), right),
        ("many comments", plain.replace("users:\n", &format!("users:\n{}", "# - name: old\n".repeat(100))), right),
        ("document marks", format!("---\n{plain}---\n"), right),
        ("only the first document", format!("{plain}---\ncurrent-context: [another]\n"), right),
        ("a fault in another user", format!("{plain}- name: other\n  user: {{ client-key-data: '!' }}\n"), right),
        ("namespace", plain.replace("    user: u\n", "    user: u\n    namespace: shop\n"), |c, _| {
            c.default_namespace == "shop"
        }),
        (
            "plugin of an http server",
            kubeconfig(
                "server: http://10.0.0.1",
                "exec: { apiVersion: client.authentication.k8s.io/v1beta1, command: aws }",
            ),
            |c, _| c.credentials == Credentials::None,
        ),
        ("no user in the context", plain.replace("    user: u\n", ""), |c, _| c.credentials == Credentials::None),
    ]);
}

#[test]
fn utf16_with_byte_order_mark() {
    let text = format!("\u{feff}{}", kubeconfig(SERVER, "token: abc"));
    let files = Files::new();
    for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(to_bytes).collect();
        assert_eq!(token(&files.load(bytes).expect("a UTF-16 kubeconfig")), "abc");
    }
}

#[test]
fn a_context_can_be_asked_for() {
    let text = format!(
        "{}- name: v\n  user: {{ token: other }}\n",
        kubeconfig(SERVER, "token: abc").replace(
            "contexts:\n",
            "contexts:\n- { name: other, context: { cluster: c, user: v, namespace: shop } }\n"
        )
    );
    let kubeconfig = Kubeconfig::parse(&text, "config".as_ref()).expect("a kubeconfig");
    assert_eq!(kubeconfig.contexts().collect::<Vec<_>>(), ["other", "x"]);
    assert_eq!(kubeconfig.current_context(), Some("x"));
    let config = Config::from_kubeconfig(&kubeconfig, Some("other")).expect("the context");
    assert_eq!((token(&config), config.default_namespace.as_str()), ("other", "shop"));
    assert_eq!(token(&Config::from_kubeconfig(&kubeconfig, None).expect("the current context")), "abc");
}
