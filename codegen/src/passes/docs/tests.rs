use expect_test::{Expect, expect};

use super::*;

fn check(description: &str, expected: Expect) {
    expected.assert_eq(&clean(description));
}

#[test]
fn the_first_sentence_is_the_summary() {
    check(
        "Pods run, e.g. Containers. They stop. Then nothing.",
        expect![[r#"
        Pods run, e.g. Containers.

        They stop. Then nothing."#]],
    );
    check("One sentence (with one. Inside) only", expect!["One sentence (with one. Inside) only"]);
}

#[test]
fn html_and_links_are_escaped() {
    check(
        "a <b> [c] *d* __e__ f_g `<h>` ~i~ &lt; [ref](/pkg/x.go#Y) and [JSON patch](https://jsonpatch.com/).",
        expect![[
            r#"a \<b\> \[c\] \*d\* \_\_e\_\_ f_g `<h>` \~i\~ \&lt; ref and [JSON patch](https://jsonpatch.com/)."#
        ]],
    );
    check("odd `tick and <b>", expect![[r#"odd \`tick and \<b\>"#]]);
}

#[test]
fn urls_are_links() {
    check(
        "More info: https://kubernetes.io/docs (see http://a.b/c). https://x.y/z_(w).",
        expect!["More info: <https://kubernetes.io/docs> (see <http://a.b/c>). <https://x.y/z_(w)>."],
    );
}

#[test]
fn indented_text_is_code() {
    check(
        "For example:\n\n\tObject{\n\t  spec: 1\n\n\t}\n\nMore.",
        expect![[r#"
        For example:

        ```text
        Object{
          spec: 1

        }
        ```

        More."#]],
    );
    check(
        "as follows: \"a\": {\n  \"b\": [\n    1\n  ]\n}\n\nIf",
        expect![[r#"
        as follows: "a": {

        ```text
          "b": [
            1
          ]
        }
        ```

        If"#]],
    );
}

#[test]
fn indented_text_without_a_reason_continues() {
    check(
        "Note: 1. No IPs, but\n   the IP.\n2. The rest.\n\t  Currently 80.\nBoth",
        expect![[r#"
        Note: 1. No IPs, but the IP.

        2. The rest. Currently 80.

        Both"#]],
    );
}

#[test]
fn lists_are_kept() {
    check(
        "May be:\n- one\n  of these\n* two\n\n1) `a`: x\n     more\n   - deep\nDefaults to a.",
        expect![[r#"
        May be:

        - one of these
        - two
        1) `a`: x more
           - deep

        Defaults to a."#]],
    );
}

#[test]
fn wrapped_lines_do_not_begin_a_block() {
    let text = format!("{} - dash 1. number # hash", "word ".repeat(21));
    check(
        &text,
        expect![[r#"
        word word word word word word word word word word word word word word word word word word word word word -
        dash 1. number # hash"#]],
    );
    check("# no heading", expect!["\\# no heading"]);
}

#[test]
fn a_value_is_not_named_twice() {
    assert_eq!(without_own_name("JSONPatch indicates", "JSONPatch"), "indicates");
    assert_eq!(without_own_name("means", ""), "means");
}
