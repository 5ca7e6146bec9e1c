//! Which proxy a request goes through. The cases of `NO_PROXY` are those of Go's `httpproxy` tests.

use kubernetes_config::{Config, Environment, Proxy, ProxyRules, ProxyScheme};

use crate::support::{Files, SERVER, kubeconfig};

fn environment(https: &str, no_proxy: &str) -> Environment {
    let mut environment = Environment::default();
    environment.https_proxy = Some(https.into());
    environment.http_proxy = Some(https.into());
    environment.no_proxy = Some(no_proxy.to_owned());
    environment
}

fn rules(no_proxy: &str) -> ProxyRules {
    ProxyRules::from_environment(&environment("http://proxy", no_proxy)).expect("rules")
}

fn is_direct(rules: &ProxyRules, host: &str) -> bool {
    rules.for_uri(&format!("https://{host}/api").parse().expect("a URL")).is_none()
}

#[test]
fn no_proxy() {
    let list = "foobar.com, .barbaz.net, *.wild.org, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30, \
                2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64, port.example:8443, \
                ::ffff:10.9.0.0/112, :80, 300.1.1.1/8, x.com/8";
    let rules = rules(list);
    for (host, direct) in [
        ("localhost", true),
        ("127.0.0.1", true),
        ("127.0.0.2", true),
        ("[::1]", true),
        ("[::2]", false),
        ("192.168.1.1", true),
        ("192.168.1.1:8443", true),
        ("192.168.1.2:81", true),
        ("192.168.1.2:82", false),
        ("192.168.1.3", false),
        ("192.168.1.4", false),
        ("192.168.1.100", false),
        ("10.0.0.2", true),
        ("10.0.0.3:6443", true),
        ("10.0.0.4", false),
        ("10.10.0.4", false),
        ("10.9.0.4", true),
        ("[2001:db8::52:0:1]", true),
        ("[2001:0db8:0:0:0:52:0:1]:6443", true),
        ("[2001:db8::52:0:2]", true),
        ("[2001:db8::52:0:2]:123", false),
        ("[2001:db8::52:0:3]", false),
        ("[2002:db8:a:0:1::1]", true),
        ("[2002:db8:a:1::1]", false),
        ("foobar.com", true),
        ("FooBar.COM", true),
        ("www.foobar.com", true),
        ("foofoobar.com", false),
        ("foobar.com.", false),
        ("barbaz.net", false),
        ("www.barbaz.net", true),
        ("wild.org", false),
        ("a.b.wild.org", true),
        ("port.example", false),
        ("a.port.example:8443", true),
        ("baz.com", false),
        ("example.localhost", false),
    ] {
        assert_eq!(is_direct(&rules, host), direct, "{host}");
    }
}

#[test]
fn no_proxy_for_everything_and_for_nothing() {
    assert!(is_direct(&rules("a.com , * "), "203.0.113.1"));
    assert!(is_direct(&rules("a.com,*"), "b.com"));
    assert!(!is_direct(&rules(""), "b.com"));
    assert!(!is_direct(&rules(",, ,"), "b.com"));
    // A name is not looked up, so a range does not match it.
    assert!(!is_direct(&rules("0.0.0.0/0,::/0"), "b.com"));
    assert!(is_direct(&rules("0.0.0.0/0"), "203.0.113.1"));
}

#[test]
fn the_scheme_chooses_the_variable() {
    let mut environment = Environment::default();
    let host = |environment: &Environment, uri: &str| {
        let rules = ProxyRules::from_environment(environment).expect("rules");
        rules.for_uri(&uri.parse().expect("a URL")).map(|proxy| proxy.host.clone())
    };
    assert_eq!(host(&environment, "https://a"), None);
    environment.all_proxy = Some("socks5://all".into());
    assert_eq!(host(&environment, "https://a").as_deref(), Some("all"));
    environment.https_proxy = Some("s".into());
    environment.http_proxy = Some("".into());
    assert_eq!(host(&environment, "https://a").as_deref(), Some("s"));
    assert_eq!(host(&environment, "wss://a").as_deref(), Some("s"));
    assert_eq!(host(&environment, "http://a").as_deref(), Some("all"));
    assert_eq!(host(&environment, "ftp://a"), None);
}

#[test]
fn a_proxy_is_read_and_never_shown_with_its_password() {
    let read = |text: &str| {
        let rules = ProxyRules::from_environment(&environment(text, "")).expect("rules");
        rules.for_uri(&"https://a".parse().expect("a URL")).cloned().expect("a proxy")
    };
    let summary = |proxy: &Proxy| (proxy.scheme, proxy.host.clone(), proxy.port);
    assert_eq!(summary(&read("a.example")), (ProxyScheme::Http, "a.example".to_owned(), 80));
    assert_eq!(summary(&read("a.example:3128")), (ProxyScheme::Http, "a.example".to_owned(), 3128));
    assert_eq!(summary(&read("https://a.example/")), (ProxyScheme::Https, "a.example".to_owned(), 443));
    assert_eq!(summary(&read("socks5h://[::1]:9")), (ProxyScheme::Socks5h, "::1".to_owned(), 9));
    let proxy = read("socks5://me%40x:hidden%3A1@a");
    assert_eq!(summary(&proxy), (ProxyScheme::Socks5, "a".to_owned(), 1080));
    let (user, password) = proxy.credentials.clone().expect("credentials");
    assert_eq!((user.as_str(), password.expose()), ("me@x", "hidden:1"));
    let shown = format!("{proxy:?} {:?} {:?}", rules(""), environment("http://me:hidden@a", ""));
    assert!(!shown.contains("hidden"), "{shown}");
}

#[test]
fn a_wrong_variable_is_an_error_without_its_value() {
    for (value, expected) in [
        ("ftp://me:hidden@a", "$HTTP_PROXY must start with http://, https://, socks5:// or socks5h://"),
        ("http://me:hidden@a:99999", "$HTTP_PROXY is not a valid URL: the port must be between 0 and 65535"),
        ("http://%ff:hidden@a", "$HTTP_PROXY its user or password is not valid UTF-8"),
    ] {
        let error = ProxyRules::from_environment(&environment(value, "")).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn the_kubeconfig_beats_the_environment() {
    let files = Files::new();
    let mut environment = environment("http://from-environment", "10.0.0.1");
    let proxy = |environment: &Environment| {
        let config = Config::from_environment(environment).expect("a configuration");
        config.proxy_for(&config.server).expect("no wrong proxy").map(|proxy| proxy.host)
    };
    environment.kubeconfig = Some(files.write("config", kubeconfig(SERVER, "token: a")).into());
    assert_eq!(proxy(&environment), None, "in NO_PROXY");
    environment.no_proxy = None;
    assert_eq!(proxy(&environment).as_deref(), Some("from-environment"));
    environment.no_proxy = Some("*".to_owned());
    files.write("config", kubeconfig(&format!("{SERVER}\nproxy-url: http://named"), "token: a"));
    assert_eq!(proxy(&environment).as_deref(), Some("named"), "NO_PROXY is not about it");
}
