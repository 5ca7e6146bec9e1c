//! Kubeconfigs put together at random, from a fixed start.

use super::cases::{Case, Text};

const CLUSTERS: &[&str] = &[
    "insecure-skip-tls-verify: true",
    "insecure-skip-tls-verify: false",
    "certificate-authority: ca.pem",
    "certificate-authority-data: CERTIFICATE",
    "tls-server-name: localhost",
    "tls-server-name: ''",
    "proxy-url: http://127.0.0.1:2",
    "disable-compression: true",
    "disable-compression: yes",
    "future: {a: [1, b, ~]}",
    "extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: 'a', n: 1.5, l: [~, true]}}]",
];

const USERS: &[&str] = &[
    "token: abc",
    "token: ''",
    "tokenFile: token",
    "username: me",
    "password: 'p: w'",
    "client-certificate: client.pem\nclient-key: client.key",
    "client-certificate-data: CERTIFICATE\nclient-key-data: KEY",
    "as: jane",
    "as-groups: [a, 'b c']",
    "as-uid: '7'",
    "as-user-extra: {k: [v, w]}",
    "exec: {apiVersion: client.authentication.k8s.io/v1, command: 'false', interactiveMode: Never, provideClusterInfo: yes}",
    "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: 'false', args: [-x, '--y=z']}",
    "auth-provider: {name: oidc, config: {idp-issuer-url: 'https://127.0.0.1:1', client-id: a, refresh-token: r}}",
    "future: [a, {b: c}]",
];

const SERVERS: &[&str] = &[
    "https://127.0.0.1:1",
    "https://127.0.0.1:1/",
    "https://127.0.0.1:1/prefix/",
    "http://127.0.0.1:1",
    "127.0.0.1:1",
];

const CONTEXTS: &[&str] = &[
    "cluster: c\nuser: u",
    "cluster: c\nuser: u\nnamespace: shop",
    "user: u\nnamespace: \"\"\ncluster: c",
    "cluster: c",
];

const TAILS: &[&str] = &["", "preferences: {}\n", "# the end\n", "- name: v\n  user: {token: other}\n", "...\n"];

/// Marsaglia's xorshift: the same numbers everywhere and always.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("a small number")
    }

    fn one_of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    /// Up to `most` lines of the list, no key twice.
    fn some_of(&mut self, list: &[&str], most: usize) -> String {
        let mut chosen: Vec<&str> = Vec::new();
        for _ in 0..self.below(most + 1) {
            let line = self.one_of(list);
            let key = |line: &str| line.split(':').next().map(|key| key.trim_end_matches("-data").to_owned());
            if !chosen.iter().any(|other| key(other) == key(line)) {
                chosen.push(line);
            }
        }
        chosen.join("\n")
    }
}

pub(crate) fn cases(count: usize, certificate: &str, key: &str) -> Vec<Case> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let case = |index| {
        let server = random.one_of(SERVERS);
        let text = Text {
            cluster: format!("server: {server}\n{}", random.some_of(CLUSTERS, 3)),
            user: random.some_of(USERS, 3),
            context: random.one_of(CONTEXTS).to_owned(),
            tail: random.one_of(TAILS).to_owned(),
        };
        let text = text.render().replace("CERTIFICATE", certificate).replace("KEY", key);
        let text = match random.below(8) {
            0 => text.replace('\n', "\r\n"),
            1 => format!("\u{feff}{text}"),
            2 => format!("---\n{text}"),
            _ => text,
        };
        Case { name: format!("generated {index}"), content: text.into() }
    };
    (0..count).map(case).collect()
}
