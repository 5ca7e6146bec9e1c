//! YAML of any shape: what an exec plugin is handed on, of what its cluster has for it.

use kubernetes_config::{Config, Credentials, Error, Kubeconfig};
use serde_json::{Value, json};

/// What a plugin gets of `extension`, which is YAML in flow style, or a block that starts on a new line.
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
        ("[!!str 1, ! 1, !!int '1', !!float 1, !!null '', !own 1]", json!(["1", "1", 1, 1, null, 1])),
        ("{ 1: a, true: b, ~: c, 1.5: d }", json!({ "1": "a", "true": "b", "null": "c", "1.5": "d" })),
    ] {
        assert_eq!(extension(text).unwrap_or_else(|error| panic!("{text}: {error}")), expected, "{text}");
    }
    for text in ["[.inf]", "[-.INF]", "[.nan]", "!!int a", "!!bool 1", "{ .nan: a }", "{ [a]: b }", "{ <<: a }"] {
        extension(text).expect_err(text);
    }
}

#[test]
fn every_style_is_read_as_by_another_parser() {
    for text in [
        "\n        a: plain text # and a comment\n        b: 'it''s'\n        c: \"a\\tb \\u00e9 \\x41\"\n",
        "\n        literal: |\n          one\n           two\n\n        kept: |+\n          one\n\n        cut: |-\n          one\n",
        "\n        folded: >\n          one\n          two\n\n          three\n        cut: >-\n          one\n          two\n",
        "\n        - a\n        - - b\n          - c\n        - d: e\n          f:\n          - g\n",
        "{ a: [], b: {}, c: , \"d\": 'e', 7: }",
        "\n        ? a\n        : b\n        ? |\n          c\n        : - d\n",
        "{ a: &x { k: v }, b: *x, c: [*x, &y z], d: *y }",
        "{ a: &x { k: v, l: w }, b: { <<: *x, k: own }, c: { k: own, <<: [{ k: first, m: n }, *x] } }",
    ] {
        let document: Value = serde_saphyr::from_str(&format!("extension: {text}\n")).expect(text);
        assert_eq!(extension(text).expect(text), document["extension"], "{text}");
    }
}

#[test]
fn of_equal_keys_the_last_counts_and_merged_ones_are_behind_the_own() {
    let merged = "{ k: own, k: last, <<: { k: merged, l: first }, <<: { l: second, m: second } }";
    assert_eq!(extension(merged).expect(merged), json!({ "k": "last", "l": "first", "m": "second" }));
}

#[test]
fn depth_and_expansion_are_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    extension(&nested(50)).expect("50 levels");
    let error = extension(&nested(70)).unwrap_err();
    assert_eq!(
        error.to_string().rsplit_once(": ").map(|(_, message)| message),
        Some("too deeply nested, or too many values or aliases for a kubeconfig")
    );
    // Each level by an alias of the last.
    let chain: String = (1..70).map(|level| format!(", &a{level} [*a{}]", level - 1)).collect();
    extension(&format!("[&a0 []{chain}]")).expect_err("70 levels by aliases");
    let long = "x".repeat(1 << 20);
    let copies = "*long, ".repeat(100);
    extension(&format!("[&long {long}, {copies}]")).expect_err("100 MiB by aliases");
    let anchors: String = (0..60).map(|level| format!("&a{level} [")).collect();
    let nested = format!("{anchors}{}{}", "x".repeat(4 << 20), "]".repeat(60));
    extension(&nested).expect_err("4 MiB in 60 values that could be referred to");
    extension("&a [*a]").expect_err("an alias inside of what it stands for");
}
