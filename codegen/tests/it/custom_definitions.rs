//! Which definitions are taken, and what becomes of those that can't be.

use kubernetes_codegen::{CustomCrate, CustomResources, Error, generate_custom};

fn generate(files: &[(&str, &str)], strict: bool, reuse: bool) -> Result<CustomCrate, Error> {
    let files: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    generate_custom(&CustomResources { files: &files, groups: &[], name: "lamps", sdk: None, strict, reuse })
}

/// A definition of a kind with a version for each schema.
fn definition(kind: &str, schemas: &[&str]) -> String {
    let plural = format!("{}s", kind.to_lowercase());
    let version = |(index, schema): (usize, &&str)| {
        format!("  - {{name: v{}, served: true, schema: {{openAPIV3Schema: {schema}}}}}\n", index + 1)
    };
    let versions: String = schemas.iter().enumerate().map(version).collect();
    format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: {plural}.a.io}}\n\
         spec:\n  group: a.io\n  names: {{kind: {kind}, plural: {plural}}}\n  scope: Cluster\n  versions:\n{versions}"
    )
}

fn file<'a>(generated: &'a CustomCrate, end: &str) -> &'a str {
    let found = generated.tree.files().find(|(path, _)| path.ends_with(end));
    found.unwrap_or_else(|| panic!("{end} was generated")).1
}

const RIGHT: &str = "{type: object, properties: {on: {type: boolean}}}";

#[test]
fn an_invalid_definition_does_not_fail_the_rest() {
    let wrong = "{type: object, properties: {spec: {type: strange}}}";
    // Nothing but the making of types finds this out.
    let odd = r#"{type: object, properties: {'a"b': {type: string}}}"#;
    let text = [definition("Lamp", &[RIGHT, wrong]), definition("Odd", &[odd])].join("---\n");
    let files = [("a.yaml", text.as_str()), ("b.yaml", "kind: CustomResourceDefinition\n{{- if .Values.crds }}\n: [")];
    let generated = generate(&files, false, false).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(generated.kinds, ["a.io/v1 Lamp"]);
    let skipped: Vec<String> =
        generated.skipped.iter().flat_map(Error::problems).map(|problem| problem.to_string()).collect();
    let found = |text: &str| skipped.iter().any(|problem| problem.contains(text));
    assert_eq!(skipped.len(), 3, "{skipped:?}");
    assert!(found("a.yaml: lamps.a.io: /spec/versions/1/schema/openAPIV3Schema/properties/spec/type: "), "{skipped:?}");
    assert!(found("a.yaml: odds.a.io: /spec/versions/0/schema/openAPIV3Schema/properties/a\"b: "), "{skipped:?}");
    assert!(found("b.yaml: it is not valid YAML; if it is a Helm template, render it first"), "{skipped:?}");
    assert!(!generated.tree.files().any(|(path, _)| path.contains("odd")));

    let error = generate(&files, true, false).expect_err("anything that is wrong fails the whole");
    assert_eq!(error.problems().count(), 3, "{error}");
    let only_wrong = definition("Lamp", &[wrong]);
    let error = generate(&[("a.yaml", &only_wrong)], false, false).expect_err("nothing is left").to_string();
    assert!(error.contains("unknown type `strange`"), "{error}");
}

#[test]
fn the_same_definition_twice_is_one() {
    let lamp = definition("Lamp", &[RIGHT]);
    let generated = generate(&[("a.yaml", &lamp), ("all.yaml", &lamp)], true, false).expect("they say the same");
    assert_eq!(generated.kinds, ["a.io/v1 Lamp"]);
    assert_eq!(generated.notes, ["lamps.a.io: its definitions in a.yaml and all.yaml are identical"]);
    let other = definition("Lamp", &["{type: object}"]);
    let error = generate(&[("a.yaml", &lamp), ("all.yaml", &other)], true, false).expect_err("they differ").to_string();
    assert!(error.contains("all.yaml: lamps.a.io: /spec/names/kind: the kind Lamp of version v1 is defined twice"));
}

#[test]
fn names_that_no_server_takes_are_refused() {
    let lamp = definition("Lamp", &[RIGHT]);
    for (from, to, place) in [
        ("group: a.io", "group: ../../a", "/spec/group"),
        ("plural: lamps", "plural: 'l/../s'", "/spec/names/plural"),
        ("kind: Lamp,", "kind: 'La\"mp',", "/spec/names/kind"),
        ("kind: Lamp,", "kind: Lamp, listKind: 1L,", "/spec/names/listKind"),
        ("name: v1,", "name: V1,", "/spec/versions/0/name"),
    ] {
        assert!(lamp.contains(from), "{from}");
        let error = generate(&[("a.yaml", &lamp.replace(from, to))], true, false).expect_err(to).to_string();
        assert!(error.contains(&format!("{place}: ")) && error.contains("is not a valid "), "{error}");
    }
}

#[test]
fn lists_may_be_of_any_kind() {
    let lamp = definition("Lamp", &[RIGHT]).replace("kind: Lamp,", "kind: Lamp, listKind: Lights,");
    let generated = generate(&[("a.yaml", &lamp)], true, false).unwrap_or_else(|error| panic!("{error}"));
    let text = file(&generated, "models/a_io/v1/lamp.rs").split_whitespace().collect::<String>();
    assert!(text.contains(r#"resource!(Lamp:"a.io"/"v1"/"Lamp"in"Lights","lamps",cluster,watch)"#), "{text}");
    assert!(file(&generated, "api/a_io/v1.rs").contains("-> ListRequest<Lamp>"));
}

/// The operations have the parameters that built-in resources have in the pinned description.
#[test]
fn operations_have_the_parameters_of_built_in_ones() {
    let generated = generate(&[("a.yaml", &definition("Lamp", &[RIGHT]))], true, false).expect("it is right");
    let api = file(&generated, "api/a_io/v1.rs");
    for name in ["list_lamp", "create_lamp", "read_lamp", "replace_lamp", "patch_lamp", "delete_lamp"] {
        assert!(api.contains(&format!("pub fn {name}")), "{name}");
    }
    assert!(api.contains("Optional parameters are methods of [`ListRequest`]"));
}

/// A schema that gets another property keeps the names of all types, although equal ones are aliases of one: none
/// depends on what is beside it.
#[test]
fn names_stay_when_a_schema_grows() {
    let schema = |more: &str| {
        let matcher = "{type: object, properties: {exact: {type: string}, prefix: {type: string}}}";
        let grown =
            format!("{{type: object, properties: {{exact: {{type: string}}, prefix: {{type: string}}{more}}}}}");
        format!(
            "{{type: object, properties: {{spec: {{type: object, properties: {{uri: {matcher}, headers: {{type: object, \
             additionalProperties: {grown}}}, httpMatch: {{type: object, properties: {{uri: {matcher}}}}}}}}}}}}}"
        )
    };
    let types = |more: &str| -> Vec<String> {
        let generated = generate(&[("a.yaml", &definition("Lamp", &[&schema(more)]))], true, false).expect("right");
        let mut modules = Vec::new();
        let mut types = Vec::new();
        for line in file(&generated, "models/a_io/v1/lamp.rs").lines().filter(|line| !line.is_empty()) {
            let depth = (line.len() - line.trim_start().len()) / 4;
            modules.truncate(depth);
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["pub", "mod", name, "{"] => modules.push(name.to_owned()),
                ["pub", "struct" | "enum", name, "{"] | ["pub", "type", name, "=", _] => {
                    types.push([&modules[..], &[name.to_owned()]].concat().join("::"));
                }
                _ => {}
            }
        }
        types.sort();
        types
    };
    let before = types("");
    assert_eq!(before, ["Lamp", "Spec", "spec::Headers", "spec::HttpMatch", "spec::Uri", "spec::http_match::Uri"]);
    assert_eq!(types(", regex: {type: string}"), before);
    let grown = types(", httpMatch: {type: object, properties: {uri: {type: string, enum: [a]}}}");
    assert!(before.iter().all(|name| grown.contains(name)), "{grown:?}");
}

/// A built-in type that a schema has written out is that type, on demand.
#[test]
fn built_in_types_are_reused_on_demand() {
    let condition = "{type: object, required: [lastTransitionTime, message, reason, status, type], properties: {\
        lastTransitionTime: {type: string, format: date-time}, message: {type: string, maxLength: 32768}, \
        observedGeneration: {type: integer, format: int64, minimum: 0}, reason: {type: string, minLength: 1}, \
        status: {type: string, enum: ['True', 'False', Unknown]}, type: {type: string}}}";
    let secret = "{type: object, required: [key], properties: {key: {type: string}, name: {type: string, default: ''}, \
        optional: {type: boolean}}, x-kubernetes-map-type: atomic}";
    let more = "{type: object, required: [key], properties: {key: {type: string}, name: {type: string}, \
        optional: {type: boolean}, path: {type: string}}}";
    let schema = format!(
        "{{type: object, properties: {{spec: {{type: object, properties: {{secret: {secret}, more: {more}}}}}, \
         conditions: {{type: array, items: {condition}}}}}}}"
    );
    let lamp = definition("Lamp", &[&schema]);
    let text = |reuse: bool| {
        let generated = generate(&[("a.yaml", &lamp)], true, reuse).unwrap_or_else(|error| panic!("{error}"));
        let features = generated.tree.manifests().map(|(_, lines)| lines.to_owned()).collect::<String>();
        (file(&generated, "models/a_io/v1/lamp.rs").to_owned(), features)
    };
    let (own, features) = text(false);
    assert!(own.contains("pub secret: Option<Box<spec::Secret>>") && own.contains("Option<Vec<Conditions>>"), "{own}");
    assert!(!features.contains("kubernetes-models/core-v1"), "{features}");
    let (reused, features) = text(true);
    assert!(reused.contains("pub secret: Option<Box<SecretKeySelector>>"), "{reused}");
    assert!(reused.contains("pub conditions: Option<Vec<Condition>>"), "{reused}");
    assert!(reused.contains("pub more: Option<Box<spec::More>>"), "a property more is another type: {reused}");
    assert!(features.contains("kubernetes-models/core-v1"), "{features}");
}

/// A choice of types, and one between references, is JSON, and the notes say so.
#[test]
fn every_fallback_to_json_is_noted() {
    let schema = "{type: object, x-kubernetes-preserve-unknown-fields: true, properties: {spec: {type: object, properties: {\
        a: {x-kubernetes-preserve-unknown-fields: true}, b: {type: array, items: {type: object}}, \
        c: {type: object, additionalProperties: true}, \
        d: {type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}, \
        e: {x-kubernetes-int-or-string: true}, f: {x-kubernetes-preserve-unknown-fields: true, \
        anyOf: [{required: [a]}, {required: [b]}]}}}}}";
    let generated = generate(&[("a.yaml", &definition("Lamp", &[schema]))], true, false).expect("it is right");
    assert_eq!(
        generated.notes,
        [
            "a.io/v1 Lamp: kept as JSON, because their schemas declare no type or no fields: spec.b[]",
            "a.io/v1 Lamp: kept as JSON, because their schemas preserve unknown fields without declaring any: spec.a, spec.f",
            "a.io/v1 Lamp: kept as JSON, because their values are arbitrary: spec.c",
            "a.io/v1 Lamp: kept as JSON, because they are arbitrary objects: spec.d",
        ]
    );
}
