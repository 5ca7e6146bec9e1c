use super::support::fixtures;
use kubernetes_codegen::{Content, Description, generate};
use serde_json::json;

/// A server says `1.37`, whichever release of it is running.
#[test]
fn a_server_names_its_minor_version() {
    let (_, mut swagger) = fixtures().into_iter().find(|(name, _)| name == "names").expect("the fixture is there");
    swagger["info"]["version"] = json!("1.37");
    let text = swagger.to_string();
    let generate_for = |kubernetes| {
        generate(&Description { source: "a.json", kubernetes, content: Content::Document(text.as_bytes()) })
    };
    assert!(generate_for("v1.37.2").is_ok());
    for other in ["v1.36.3", "v1.370.0", "v1.3.7"] {
        let error = generate_for(other).expect_err("it is another version").to_string();
        assert_eq!(error, format!("a.json: /info/version: the description is of 1.37, but the lock file says {other}"));
    }
}
