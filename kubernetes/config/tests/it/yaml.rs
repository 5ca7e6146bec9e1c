//! YAML of any shape, seen in the extension that a cluster has for an exec plugin.

use kubernetes_config::{Config, Credentials, Error, Kubeconfig};
use serde_json::{Value, json};

use crate::support::{SERVER, kubeconfig};

/// The content of `extension` as a plugin gets it: YAML in flow style, or a block that starts on a new line.
fn extension(extension: &str) -> Result<Value, Error> {
    let text = format!(
        "current-context: x\n\
         contexts: [{{ name: x, context: {{ cluster: c, user: u }} }}]\n\
         users: [{{ name: u, user: {{ exec: {{ apiVersion: client.authentication.k8s.io/v1, command: aws, \
         interactiveMode: Never, provideClusterInfo: true }} }} }}]\n\
         clusters:\n- name: c\n  cluster:\n    server: https://10.0.0.1\n    extensions:\n\
         \x20   - name: client.authentication.k8s.io/exec\n      extension: {extension}\n"
    );
    let config = Config::from_kubeconfig(&Kubeconfig::parse(&text, "config".as_ref())?, None)?;
    let Credentials::Exec(exec) = config.credentials else { panic!("the user has a plugin") };
    Ok(exec.cluster.and_then(|cluster| cluster.config).unwrap_or_default())
}

/// The fault without its place.
fn fault(text: &str) -> String {
    let error = extension(text).expect_err(text).to_string();
    error.rsplit_once(": ").expect("a place").1.to_owned()
}

#[test]
fn scalars_are_what_kubectl_takes_them_for() {
    for (text, expected) in [
        ("[~, null, Null, NULL, nULL]", json!([null, null, null, null, "nULL"])),
        ("[true, True, TRUE, tRUE, yes, on, y, 'yes']", json!([true, true, true, "tRUE", true, true, true, "yes"])),
        ("[false, No, OFF, n, \"no\"]", json!([false, false, false, false, "no"])),
        ("[1, -1, +1, 1_000, 0x1F, -0x1f, 0o17, 017, 0b11]", json!([1, -1, 1, 1000, 31, -31, 15, 15, 3])),
        ("[-9223372036854775808, 18446744073709551615]", json!([i64::MIN, u64::MAX])),
        ("[18446744073709551616, -9223372036854775809]", json!([18446744073709551616.0, -9223372036854775809.0])),
        ("[1.5, -.5, 1., 1e3, 1.5E-3, 089]", json!([1.5, -0.5, 1.0, 1000.0, 0.0015, 89.0])),
        ("[., +-1, 0x, 1e, e3, 1.2.3, 1e999, inf]", json!([".", "+-1", "0x", "1e", "e3", "1.2.3", "1e999", "inf"])),
        ("[2001-01-01, 1:30, <<]", json!(["2001-01-01", "1:30", "<<"])),
        (
            "[._5, .6_, .7e_-6, .8__1, .5_5, +.5_5, 1_, 1__0]",
            json!(["._5", ".6_", ".7e_-6", ".8__1", 0.55, 0.55, 1, 10]),
        ),
        ("[!!str 1, ! 1, !!int '1', !!float 1, !!null '']", json!(["1", "1", 1, 1, null])),
        ("[!own 1, !t true, !t , !!timestamp 2001-01-01]", json!(["1", "true", "", "2001-01-01"])),
        ("{ 1: a, true: b, '': c, 1.5: d }", json!({ "1": "a", "true": "b", "": "c", "1.5": "d" })),
    ] {
        assert_eq!(extension(text).unwrap_or_else(|error| panic!("{text}: {error}")), expected, "{text}");
    }
    for text in ["[.inf]", "[-.INF]", "[.nan]"] {
        assert_eq!(fault(text), "a number that JSON can't represent", "{text}");
    }
    for text in ["{ .nan: a }", "{ [a]: b }", "{ ~: a }", "{ : a }"] {
        assert_eq!(fault(text), "a key that JSON can't represent", "{text}");
    }
    for text in ["!!int a", "!!bool 1", "!!int 1.0", "!!null a"] {
        assert_eq!(fault(text), "a value does not fit its tag", "{text}");
    }
    assert_eq!(fault("!!binary VE9LRU4="), "a binary value; write it as text");
}

#[test]
fn every_style_is_read() {
    for (text, expected) in [
        (
            "\n        a: plain text # and a comment\n        b: 'it''s'\n        c: \"a\\tb \\u00e9 \\x41\"\n",
            json!({ "a": "plain text", "b": "it's", "c": "a\tb é A" }),
        ),
        (
            "\n        literal: |\n          one\n           two\n\n        kept: |+\n          one\n\n        cut: |-\n          one\n",
            json!({ "literal": "one\n two\n", "kept": "one\n\n", "cut": "one" }),
        ),
        (
            "\n        folded: >\n          one\n          two\n\n          three\n        cut: >-\n          one\n          two\n",
            json!({ "folded": "one two\nthree\n", "cut": "one two" }),
        ),
        (
            "\n        - a\n        - - b\n          - c\n        - d: e\n          f:\n          - g\n",
            json!(["a", ["b", "c"], { "d": "e", "f": ["g"] }]),
        ),
        ("{ a: [], b: {}, c: , \"d\": 'e', 7: }", json!({ "a": [], "b": {}, "c": null, "d": "e", "7": null })),
        ("\n        ? a\n        : b\n        ? |\n          c\n        : - d\n", json!({ "a": "b", "c\n": ["d"] })),
        (
            "{ a: &x { k: v }, b: *x, c: [*x, &y z], d: *y }",
            json!({ "a": { "k": "v" }, "b": { "k": "v" }, "c": [{ "k": "v" }, "z"], "d": "z" }),
        ),
    ] {
        assert_eq!(extension(text).expect(text), expected, "{text}");
    }
}

#[test]
fn a_block_at_the_end_of_a_file_gets_no_line_break() {
    let text = kubeconfig(SERVER, "token: |\n  TOKEN");
    let parsed = Kubeconfig::parse(text.trim_end(), "config".as_ref()).expect("a kubeconfig");
    let config = Config::from_kubeconfig(&parsed, None).expect("a configuration");
    assert_eq!(config.credentials, Credentials::Token("TOKEN".into()));
}

#[test]
fn documents_that_kubectl_takes_otherwise() {
    for text in [
        "{\"current-context\": \"\\ud83d\\ude00\"}",
        "current-context: \"\\/\"",
        "%YAML 1.2\n---\ncurrent-context: x",
        "kind: Config\n\t\ncurrent-context: x",
    ] {
        let kubeconfig = Kubeconfig::parse(text, "config".as_ref()).expect(text);
        assert!(kubeconfig.current_context().is_some(), "{text}");
    }
    let error = Kubeconfig::parse("{\"current-context\": \"x\"}\n}", "config".as_ref()).unwrap_err();
    assert!(error.to_string().ends_with(":2: is not valid YAML; check indentation, quotes and colons"), "{error}");
}

#[test]
fn of_equal_keys_the_last_counts_also_if_it_is_merged() {
    for (text, expected) in [
        ("{ k: own, k: last }", json!({ "k": "last" })),
        ("{ k: own, <<: { k: merged } }", json!({ "k": "merged" })),
        ("{ <<: { k: merged }, k: own }", json!({ "k": "own" })),
        (
            "{ <<: { k: first, l: first }, <<: { l: second, m: second } }",
            json!({ "k": "first", "l": "second", "m": "second" }),
        ),
        ("{ k: own, <<: [{ k: first, l: first }, { k: b, m: b }] }", json!({ "k": "first", "l": "first", "m": "b" })),
        (
            "[&x { k: v, l: w }, { <<: *x, k: own }, { k: own, <<: [{ k: first }, *x] }]",
            json!([{ "k": "v", "l": "w" }, { "k": "own", "l": "w" }, { "k": "first", "l": "w" }]),
        ),
        ("{ '<<': { k: v } }", json!({ "<<": { "k": "v" } })),
    ] {
        assert_eq!(extension(text).expect(text), expected, "{text}");
    }
    for text in ["{ <<: a }", "{ <<: ~ }", "{ <<: [[{ k: v }]] }"] {
        assert_eq!(fault(text), "the value of << must be a mapping", "{text}");
    }
}

#[test]
fn depth_and_expansion_are_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let too_much = "too deeply nested, or too many values or aliases for a kubeconfig";
    extension(&nested(50)).expect("50 levels");
    assert_eq!(fault(&nested(70)), too_much);
    // Each level by an alias of the last.
    let chain: String = (1..70).map(|level| format!(", &a{level} [*a{}]", level - 1)).collect();
    assert_eq!(fault(&format!("[&a0 []{chain}]")), too_much);
    let long = "x".repeat(1 << 20);
    let copies = "*long, ".repeat(100);
    assert_eq!(fault(&format!("[&long {long}, {copies}]")), too_much, "100 MiB by aliases");
    let anchors: String = (0..50).map(|level| format!("&a{level} [")).collect();
    let anchored = format!("{anchors}{}{}", "x".repeat(4 << 20), "]".repeat(50));
    assert_eq!(fault(&anchored), too_much, "4 MiB in 50 values that could be referred to");
    let anchored = format!("{anchors}{}{}", "[],".repeat(900_000), "]".repeat(50));
    assert_eq!(fault(&anchored), too_much, "many values in 50 that could be referred to");
    assert_eq!(fault("&a [*a]"), "an alias refers to itself");
}
