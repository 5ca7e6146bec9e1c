//! Kubeconfigs that somebody wrote, or will write.

/// A kubeconfig with a name to find it by.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
}

/// A kubeconfig in parts, each of which a case can change; keys are lines without indentation.
pub(crate) struct Text {
    pub(crate) cluster: String,
    pub(crate) user: String,
    pub(crate) context: String,
    pub(crate) tail: String,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            cluster: "server: https://127.0.0.1:1".to_owned(),
            user: "token: abc".to_owned(),
            context: "cluster: c\nuser: u".to_owned(),
            tail: String::new(),
        }
    }
}

impl Text {
    pub(crate) fn render(&self) -> String {
        let indent = |keys: &str| keys.lines().map(|line| format!("    {line}\n")).collect::<String>();
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: \"x\"\n\
             contexts:\n- name: \"x\"\n  context:\n{}clusters:\n- name: c\n  cluster:\n{}users:\n- name: u\n  user:\n{}{}",
            indent(&self.context),
            indent(&self.cluster),
            indent(&self.user),
            self.tail
        )
    }
}

fn plain() -> String {
    Text::default().render()
}

pub(crate) fn all(certificate: &str, key: &str) -> Vec<Case> {
    let pem = |text: &str| text.replace("CERTIFICATE", certificate).replace("KEY", key);
    let parts = [
        of(CLUSTERS, |text| Text { cluster: format!("server: https://127.0.0.1:1\n{}", pem(text)), ..Text::default() }),
        of(SERVERS, |text| Text { cluster: format!("server: {text}"), ..Text::default() }),
        of(USERS, |text| Text { user: pem(text), ..Text::default() }),
        of(CONTEXTS, |text| Text { context: text.to_owned(), ..Text::default() }),
        of(TAILS, |text| Text { tail: text.to_owned(), ..Text::default() }),
        of(HTTP, |text| {
            let (cluster, user) = text.split_once("---").unwrap_or((text, "token: abc"));
            let cluster = format!("server: http://127.0.0.1:1\n{cluster}");
            Text { cluster, user: user.trim().to_owned(), ..Text::default() }
        }),
    ];
    parts.into_iter().flatten().chain(documents()).collect()
}

fn of(list: &[(&str, &str)], text: impl Fn(&str) -> Text) -> Vec<Case> {
    list.iter().map(|(name, keys)| Case { name: (*name).to_owned(), content: text(keys).render().into() }).collect()
}

/// Keys beside `server`.
const CLUSTERS: &[(&str, &str)] = &[
    ("nothing more", ""),
    ("insecure by off", "insecure-skip-tls-verify: off"),
    ("insecure by yes", "insecure-skip-tls-verify: yes"),
    ("insecure by True", "insecure-skip-tls-verify: True"),
    ("insecure by a string", "insecure-skip-tls-verify: \"true\""),
    ("insecure by a number", "insecure-skip-tls-verify: 1"),
    ("authority as data", "certificate-authority-data: CERTIFICATE"),
    ("authority as file", "certificate-authority: ca.pem"),
    ("authority as a file above", "certificate-authority: ./../../absent.pem"),
    ("authority as data and file", "certificate-authority: ca.pem\ncertificate-authority-data: CERTIFICATE"),
    ("authority as data and missing file", "certificate-authority: absent\ncertificate-authority-data: CERTIFICATE"),
    ("missing authority", "certificate-authority: absent"),
    ("garbage as authority", "certificate-authority: garbage"),
    ("empty authority", "certificate-authority: ''\ncertificate-authority-data: ''"),
    ("null authority", "certificate-authority: ~\ncertificate-authority-data:"),
    ("garbage as data", "certificate-authority-data: Z2FyYmFnZQ=="),
    ("no base64", "certificate-authority-data: '!!!'"),
    ("base64 without padding", "certificate-authority-data: Z2FyYmFnZQ"),
    ("data in a block", "certificate-authority-data: |\n  CERTIFICATE"),
    ("data in a folded block", "certificate-authority-data: >-\n  CERTIFICATE"),
    ("data with a space", "certificate-authority-data: 'CERTIFICATE '"),
    ("insecure with authority", "insecure-skip-tls-verify: true\ncertificate-authority: ca.pem"),
    ("server name", "tls-server-name: localhost"),
    ("anchor and alias", "tls-server-name: &n localhost\nfuture: *n"),
    ("proxy", "proxy-url: http://u:p@127.0.0.1:2"),
    ("proxy with https", "proxy-url: https://127.0.0.1:2/"),
    ("proxy socks5", "proxy-url: socks5://127.0.0.1:2"),
    ("proxy socks5h", "proxy-url: socks5h://127.0.0.1:2"),
    ("proxy ftp", "proxy-url: ftp://127.0.0.1:2"),
    ("proxy without scheme", "proxy-url: 127.0.0.1:2"),
    ("empty proxy", "proxy-url: ''"),
    ("no compression", "disable-compression: true"),
    ("unknown keys", "future: [1, {a: b}]\nextensions:\n- name: minikube.sigs.k8s.io\n  extension: {version: 1.37}"),
];

const SERVERS: &[(&str, &str)] = &[
    ("no server", "''"),
    ("null server", "~"),
    ("no scheme", "127.0.0.1:1"),
    ("no scheme with path", "127.0.0.1:1/abc"),
    ("ftp", "ftp://127.0.0.1:1"),
    ("upper case", "HTTPS://127.0.0.1:1/"),
    ("path", "https://127.0.0.1:1/a/b/"),
    ("path with slashes", "https://127.0.0.1:1/a//"),
    ("query", "https://127.0.0.1:1/a?x=1#f"),
    ("IPv6", "'https://[::1]:1'"),
    ("port too high", "https://127.0.0.1:99999"),
    ("port with letters", "https://127.0.0.1:abc"),
    ("empty port", "'https://127.0.0.1:'"),
    ("a user in the server's URL", "https://u:pw@127.0.0.1:1"),
    ("no host", "'https://'"),
    ("a space behind the server", "'https://127.0.0.1:1 '"),
    ("a space in the server's path", "'https://127.0.0.1:1/a b'"),
];

const USERS: &[(&str, &str)] = &[
    ("null token", "token: null"),
    ("number as token", "token: 12345"),
    ("digits as token", "token: '12345'"),
    ("tagged token", "token: !!str 12345"),
    ("float as token", "token: 1.5"),
    ("token with a line end", "token: |\n  abc"),
    ("token twice", "token: abc\ntoken: def"),
    ("token in other case", "Token: abc"),
    ("control character", "token: \"a\\u0001b\""),
    ("merge key", "<<: {token: abc}"),
    ("token file", "tokenFile: token"),
    ("missing token file", "tokenFile: absent"),
    ("missing token file and token", "tokenFile: absent\ntoken: abc"),
    ("token and token file", "tokenFile: token\ntoken: abc"),
    ("token and password", "token: abc\nusername: u\npassword: p"),
    ("basic", "username: u\npassword: p"),
    ("password alone", "password: p"),
    ("certificate", "client-certificate-data: CERTIFICATE\nclient-key-data: KEY"),
    ("certificate files", "client-certificate: client.pem\nclient-key: ./client.key"),
    ("certificate and token", "client-certificate: client.pem\nclient-key-data: KEY\ntoken: abc"),
    ("certificate without key", "client-certificate-data: CERTIFICATE"),
    ("certificate with missing key", "client-certificate-data: CERTIFICATE\nclient-key: absent"),
    ("certificate and key swapped", "client-certificate-data: KEY\nclient-key-data: CERTIFICATE"),
    (
        "certificate and key as data and file",
        "client-certificate: client.pem\nclient-certificate-data: CERTIFICATE\nclient-key: client.key\nclient-key-data: KEY",
    ),
    ("a key without certificate", "client-key-data: KEY"),
    ("useless key", "client-key-data: KEY\ntoken: abc"),
    ("impersonation", "token: abc\nas: jane\nas-uid: '1'\nas-groups: [a, b]\nas-user-extra: {k: [v], n: ~}"),
    ("groups without user", "token: abc\nas-groups: [a]"),
    ("groups of an empty user", "token: abc\nas: ''\nas-groups: [a]"),
    ("empty groups", "token: abc\nas: ''\nas-groups: []\nas-uid: ~"),
    ("exec", "exec: {apiVersion: client.authentication.k8s.io/v1, command: 'false', interactiveMode: Never}"),
    (
        "exec with everything",
        "exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: 'false'\n  args: [a, ~, '1']\n  env:\n  \
         - {name: A, value: b}\n  - {name: B}\n  installHint: \"one\\ntwo\"\n  provideClusterInfo: true\n  \
         interactiveMode: IfAvailable\n  future: 1",
    ),
    ("older exec", "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: 'false'}"),
    (
        "oldest exec",
        "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: 'false', interactiveMode: Never}",
    ),
    ("exec without mode", "exec: {apiVersion: client.authentication.k8s.io/v1, command: 'false'}"),
    (
        "exec with unknown mode",
        "exec: {apiVersion: client.authentication.k8s.io/v1, command: 'false', interactiveMode: No}",
    ),
    ("exec without version", "exec: {command: 'false', interactiveMode: Never}"),
    ("exec without command", "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}"),
    (
        "exec with a nameless variable",
        "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: 'false', env: [{value: a}]}",
    ),
    ("exec and token", "token: abc\nexec: {apiVersion: client.authentication.k8s.io/v1beta1, command: 'false'}"),
    ("wrong exec and token", "token: abc\nexec: {command: 'false'}"),
    ("no exec", "exec: ~\ntoken: abc"),
    ("empty exec", "exec: {}\ntoken: abc"),
    (
        "exec and certificate",
        "client-certificate: client.pem\nclient-key: client.key\nexec: {apiVersion: client.authentication.k8s.io/v1beta1, command: 'false'}",
    ),
    (
        "OIDC",
        "auth-provider: {name: oidc, config: {idp-issuer-url: 'https://127.0.0.1:1', client-id: a, id-token: none, refresh-token: r}}",
    ),
    (
        "OIDC with authority",
        "auth-provider:\n  name: oidc\n  config:\n    idp-issuer-url: https://127.0.0.1:1/\n    client-id: a\n    \
         client-secret: s\n    refresh-token: r\n    idp-certificate-authority-data: CERTIFICATE",
    ),
    ("OIDC without issuer", "auth-provider: {name: oidc, config: {client-id: b, refresh-token: r}}"),
    (
        "OIDC without client",
        "auth-provider: {name: oidc, config: {idp-issuer-url: 'https://127.0.0.1:1', refresh-token: r}}",
    ),
    (
        "OIDC with a number",
        "auth-provider: {name: oidc, config: {idp-issuer-url: 'https://127.0.0.1:1', client-id: 7, refresh-token: r}}",
    ),
    (
        "an OIDC provider without tokens",
        "token: ''\nauth-provider: {name: oidc, config: {idp-issuer-url: 'https://127.0.0.1:1', client-id: a}}",
    ),
    (
        "an OIDC provider over http",
        "auth-provider: {name: oidc, config: {idp-issuer-url: 'http://login.invalid', client-id: a, id-token: none}}",
    ),
    (
        "OIDC and exec",
        "auth-provider: {name: oidc, config: {}}\nexec: {apiVersion: client.authentication.k8s.io/v1beta1, command: 'false'}",
    ),
    (
        "OIDC and token",
        "token: abc\nauth-provider: {name: oidc, config: {idp-issuer-url: 'https://127.0.0.1:1', client-id: a, refresh-token: r}}",
    ),
    ("gcp", "auth-provider: {name: gcp, config: {access-token: a}}"),
    ("azure", "auth-provider: {name: azure}"),
    ("an unknown auth provider", "auth-provider: {name: other, config: {}}"),
];

const CONTEXTS: &[(&str, &str)] = &[
    ("namespace", "cluster: c\nuser: u\nnamespace: shop"),
    ("number as namespace", "cluster: c\nuser: u\nnamespace: 123"),
    ("boolean as namespace", "cluster: c\nuser: u\nnamespace: no"),
    ("no user", "cluster: c"),
    ("a user that does not exist", "cluster: c\nuser: absent"),
    ("a cluster that does not exist", "cluster: absent\nuser: u"),
    ("no cluster", "user: u"),
];

const TAILS: &[(&str, &str)] = &[
    ("garbage behind", "]\n"),
    ("a broken second document", "---\n[}"),
    ("a second document", "---\nfoo: bar\n"),
    ("a mark of the next document", "---\n"),
    ("a mark of the end", "...\n"),
    ("a name twice", "- name: u\n  user: {token: other}\n"),
    ("null extensions", "extensions: null\npreferences: ~\n"),
    ("a null entry", "- \n"),
    ("more keys", "- name: z\n  extra: 1\n  user: {}\nmore: {x: [1]}\n"),
    ("a fault in another user", "- name: z\n  user: {client-key-data: '!!!'}\n"),
    ("a tab", "\tfoo: 1\n"),
];

/// Cluster and user of a server without TLS.
const HTTP: &[(&str, &str)] = &[
    ("http", ""),
    ("http with exec", "---\nexec: {apiVersion: client.authentication.k8s.io/v1beta1, command: 'false'}"),
    ("http with half an exec", "---\nexec: {command: 'false'}"),
    ("http with token and password", "---\ntoken: a\nusername: b"),
    ("http with impersonation", "---\nas: jane"),
    ("http and insecure with authority", "insecure-skip-tls-verify: true\ncertificate-authority: ca.pem"),
    ("http with a missing file", "certificate-authority: absent"),
];

fn documents() -> Vec<Case> {
    let case = |name: &str, content: Vec<u8>| Case { name: name.to_owned(), content };
    let plain = plain();
    let utf16 =
        |unit: fn(u16) -> [u8; 2]| format!("\u{feff}{plain}").encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let json = r#"{"current-context":"x","contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}],
        "clusters":[{"name":"c","cluster":{"server":"https://127.0.0.1:1"}}],"users":[{"name":"u","user":{"token":"abc"}}]}"#;
    let changed = |from: &str, to: &str| {
        assert!(plain.contains(from), "nothing to change");
        plain.replace(from, to).into_bytes()
    };
    vec![
        case("byte order mark", format!("\u{feff}{plain}").into()),
        case("UTF-16, little end first", utf16(u16::to_le_bytes)),
        case("UTF-16, big end first", utf16(u16::to_be_bytes)),
        case("latin-1", [plain.as_bytes(), b"# caf\xe9\n"].concat()),
        case("JSON", json.into()),
        case("JSON with escaped slashes", json.replace("https://", "https:\\/\\/").into()),
        case("Windows line ends", changed("\n", "\r\n")),
        case("a leading mark", format!("---\n{plain}").into()),
        case("another kind", changed("kind: Config", "kind: Pod")),
        case("another version", changed("apiVersion: v1", "apiVersion: v2")),
        case("no kind, no version", changed("apiVersion: v1\nkind: Config\n", "")),
        case("no version", changed("apiVersion: v1\n", "")),
        case("an unknown current context", changed("current-context: \"x\"", "current-context: z")),
        case("no current context", changed("current-context: \"x\"\n", "")),
        case("users as a mapping", changed("- name: u\n  user:\n    token: abc", "  u: {token: abc}")),
        case("a user as a string", changed("  user:\n    token: abc", "  user: abc")),
        case("no YAML", "{[".into()),
        case("a list", "- a\n- b".into()),
        case("a word", "hello".into()),
        case("nothing", "".into()),
        case("a comment", "# x\n".into()),
    ]
}

/// Plain scalars, of which YAML 1.1, 1.2 and Go's reader each take others for strings.
pub(crate) const SCALARS: &str = "y Y n N yes Yes no NO on off true TRUE tRUE false null Null ~ 1 +1 -1 0 007 0o7 08 \
    0x1f 0X1F 0b11 1_000 _1 1_ 1e5 1E5 12e3 1234e56 1e999 1e 1.5 .5 5. 1.e3 .inf -.inf .nan .NaN inf nan 2024-01-01 \
    2024-01-01T00:00:00Z 1:30 190:20:30 1.2.3 1.2.3.4 0xg 1a a1 - = << @a %a `a ? 1- 12345678901234567890123 0777 0b12 \
    +.5 1__0 0x 0x_1 0o8 1,000 nil None";

/// Files that are read together, in every order.
pub(crate) const MERGED: &[(&str, &str)] = &[
    ("empty", ""),
    ("current", "current-context: b\n"),
    (
        "first",
        "current-context: a\ncontexts:\n- {name: a, context: {cluster: c, user: u, namespace: first}}\n\
         clusters:\n- {name: c, cluster: {server: 'https://first', tls-server-name: first}}\n\
         users:\n- {name: u, user: {token: first}}\n",
    ),
    (
        "second",
        "current-context: b\ncontexts:\n- {name: a, context: {cluster: c, user: u}}\n\
         - {name: b, context: {cluster: d, user: u}}\n\
         clusters:\n- {name: c, cluster: {server: 'https://second'}}\n- {name: d, cluster: {server: 'https://d'}}\n\
         users:\n- {name: u, user: {token: second, as: jane}}\n",
    ),
    ("broken", "clusters: 7\n"),
];
