//! Metadata alone, tables, and server-side apply.

use http::Method;
use kubernetes_core::{
    ApplyRequest, List, ListRequest, Object, PartialObjectMetadata, Printed, ReadRequest, Table, Watchable, json,
};

use crate::Widget;

const METADATA: &str = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json";

#[test]
fn asks_for_metadata() {
    let list = ListRequest::<Widget>::namespaced("shop").metadata_only().label_selector("a=b").limit(5);
    assert_eq!(
        format!("{:?}", list.request()),
        "GET /apis/example.com/v1/namespaces/shop/widgets?labelSelector=a%3Db&limit=5"
    );
    let accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json";
    assert_eq!(list.request().accept, accept);

    let watch = list.into_watch();
    assert_eq!(watch.request().accept, METADATA, "the events of a watch carry single objects");
    assert_eq!(ReadRequest::<Widget>::namespaced("shop", "w").metadata_only().request().accept, METADATA);
    assert_eq!(ListRequest::<Widget>::namespaced("shop").into_watch().request().accept, "application/json");

    fn watchable<K: Watchable + Object>() {}
    watchable::<PartialObjectMetadata<Widget>>();
}

#[test]
fn reads_metadata_of_whole_objects_too() {
    let partial = r#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a"}}"#;
    let whole =
        r#"{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"name":"a","namespace":"shop"},"size":3}"#;
    for text in [partial, whole] {
        let object: PartialObjectMetadata<Widget> = json::from_str(text).unwrap();
        assert_eq!((object.name(), object.uid()), ("a", ""));
    }
    let lists = [("meta.k8s.io/v1", "PartialObjectMetadataList"), ("example.com/v1", "WidgetList")];
    for (version, kind) in lists {
        let text = format!(
            r#"{{"kind":"{kind}","apiVersion":"{version}","metadata":{{"resourceVersion":"7"}},"items":[{whole}]}}"#
        );
        let list: List<PartialObjectMetadata<Widget>> = json::from_str(&text).unwrap();
        assert_eq!((list.resource_version(), list.items[0].namespace()), ("7", Some("shop")));
    }
    let object: PartialObjectMetadata<Widget> = json::from_str(whole).unwrap();
    let written = json::to_string(&object).unwrap();
    assert!(
        written.starts_with(r#"{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{"#),
        "{written}"
    );
    assert_eq!(serde_json::from_str::<PartialObjectMetadata<Widget>>(&written).unwrap(), object);
}

#[test]
fn asks_for_tables_and_reads_them() {
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    assert_eq!(ListRequest::<Widget>::namespaced("shop").limit(5).table().request().accept, accept);
    let read = ReadRequest::<Widget>::namespaced("shop", "w").table();
    assert_eq!(format!("{:?}", read.request()), "GET /apis/example.com/v1/namespaces/shop/widgets/w");
    assert_eq!(read.request().accept, accept);

    let text = r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"7","continue":"t"},
        "columnDefinitions":[{"name":"Name","type":"string","format":"name","description":"d","priority":0},
                             {"name":"Restarts","type":"integer","format":"","description":"","priority":0},
                             {"name":"Node","type":"string","format":"","description":"","priority":1}],
        "rows":[{"cells":["w\"eb",3,null],"conditions":[{"type":"Completed","status":"True"}],
                 "object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"web"}}},
                {"cells":[]}]}"#;
    let table: Table = json::from_str(text).unwrap();
    assert_eq!((table.resource_version(), table.continue_token()), ("7", Some("t")));
    assert_eq!((table.column("Node"), table.column("node")), (Some(2), None));
    let row = &table.rows[0];
    assert_eq!([row.text(0), row.text(1), row.text(2), row.text(3)], ["w\"eb", "3", "", ""]);
    assert_eq!(row.object_metadata().unwrap().unwrap().name.as_deref(), Some("web"));
    assert_eq!((row.conditions[0].type_.as_str(), row.conditions[0].status.as_str()), ("Completed", "True"));
    assert_eq!(table.rows[1].object_metadata().unwrap(), None);
    assert_eq!(json::from_str::<Table>(&json::to_string(&table).unwrap()).unwrap(), table);

    let error =
        json::from_str::<Table>(r#"{"kind":"WidgetList","apiVersion":"example.com/v1","items":[]}"#).unwrap_err();
    assert_eq!(error.path(), "kind", "a server that has no tables: {error}");
}

#[test]
fn lists_and_watches_rows_of_tables() {
    let request = ListRequest::<Widget>::namespaced("shop").printed();
    assert_eq!(request.request().accept, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
    let watch = request.clone().into_watch();
    assert_eq!(watch.request().accept, request.request().accept);

    let text = r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"7","continue":"t"},
        "columnDefinitions":[{"name":"Name","type":"string","format":"name","description":"d","priority":0}],
        "rows":[{"cells":["a"],"object":{"metadata":{"name":"a","resourceVersion":"5"}}},
                {"cells":["b"],"object":{"metadata":{"name":"b","namespace":"shop"}}}]}"#;
    let list: List<Printed<Widget>> = json::from_str(text).unwrap();
    assert_eq!((list.resource_version(), list.continue_token()), ("7", Some("t")));
    let [a, b] = list.items.as_slice() else { panic!("{list:?}") };
    assert_eq!((a.name(), &*a.row.text(0), a.columns.len()), ("a", "a", 1));
    assert_eq!((b.name(), b.namespace(), b.columns.len()), ("b", Some("shop"), 0));
    assert_eq!(json::from_str::<List<Printed<Widget>>>(&json::to_string(&list).unwrap()).unwrap(), list);
    assert_eq!(json::from_str::<Printed<Widget>>(&json::to_string(a).unwrap()).unwrap(), *a);

    let error = json::from_str::<Printed<Widget>>(text).unwrap_err();
    assert_eq!(error.path(), "rows", "an event has one row: {error}");
    let error = json::from_str::<List<Printed<Widget>>>(r#"{"kind":"WidgetList","items":[]}"#).unwrap_err();
    assert_eq!(error.path(), "kind", "a server that has no tables: {error}");
    let error = json::from_str::<List<Printed<Widget>>>(r#"{"rows":[{"cells":["a"]}]}"#).unwrap_err();
    assert_eq!(error.path(), "rows[0]", "{error}");
}

#[test]
fn applies_by_name() {
    let widget = Widget::named("a b");
    let request = ApplyRequest::namespaced("shop", &widget, "me").force(true).dry_run("All").field_validation("Strict");
    assert_eq!(request.request().method, Method::PATCH);
    assert_eq!(
        format!("{:?}", request.request()),
        "PATCH /apis/example.com/v1/namespaces/shop/widgets/a%20b?fieldManager=me&force=true&dryRun=All&fieldValidation=Strict"
    );
    let nameless = Widget::default();
    let request = ApplyRequest::namespaced("shop", &nameless, "me");
    assert!(request.request().path.as_str().unwrap_err().to_string().contains("empty"));
}

#[test]
fn a_table_is_text_as_kubectl_prints_it() {
    let text = r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{},
        "columnDefinitions":[{"name":"Name","type":"string"},{"name":"IP","type":"string","priority":1},
            {"name":"Restarts","type":"integer"},{"name":"Note","type":"string"}],
        "rows":[{"cells":["web-1","10.0.0.1",12,"\u001b[31mred"],"object":{"metadata":{"namespace":"shop"}}},
            {"cells":["ü",null,0,"one\ntwo"],"object":{"metadata":{}}}]}"#;
    let table: Table = json::from_str(text).unwrap();
    let narrow = ["NAME    RESTARTS   NOTE", "web-1   12         \\u{1b}[31mred", "ü       0          one..."];
    assert_eq!(table.to_string(), narrow.join("\n"));
    let wide = ["NAME    IP         RESTARTS   NOTE", "web-1   10.0.0.1   12         \\u{1b}[31mred"];
    assert_eq!(format!("{table:#}").lines().take(2).collect::<Vec<_>>(), wide);

    let table = table.with_namespaces().unwrap();
    assert_eq!(table.to_string().lines().next(), Some("NAMESPACE   NAME    RESTARTS   NOTE"));
    assert_eq!((table.rows[0].text(0), table.rows[1].text(0)), ("shop".into(), "".into()));

    assert_eq!(Table { rows: Vec::new(), ..table }.to_string(), "");

    let long = "x".repeat(70_000);
    let head = r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","#;
    let text =
        format!(r#"{head}"columnDefinitions":[{{"name":"A"}},{{"name":"B"}}],"rows":[{{"cells":["{long}",1]}}]}}"#);
    let table: Table = json::from_str(&text).unwrap();
    assert!(table.to_string().ends_with("xxx   1"));
}
