//! Which objects belong to which; the expectations are those of controller-runtime's `controllerutil`.

use kubernetes_core::meta::v1::OwnerReference;
use kubernetes_core::{Object, Raw, extract, json};

use crate::Widget;

fn object(name: &str, namespace: &str, uid: &str) -> Widget {
    let mut widget = Widget::named(name);
    widget.metadata.namespace = Some(namespace.into()).filter(|_| !namespace.is_empty());
    widget.metadata.uid = Some(uid.into()).filter(|_| !uid.is_empty());
    widget
}

fn uids(object: &Widget) -> Vec<&str> {
    object.metadata.owner_references.iter().map(|reference| reference.uid.as_str()).collect()
}

#[test]
fn an_object_has_one_controller_and_any_number_of_owners() {
    let (first, second) = (object("first", "shop", "u-1"), object("second", "shop", "u-2"));
    let mut owned = object("owned", "shop", "");
    owned.set_controller(&first).unwrap();
    owned.set_controller(&first).unwrap();
    owned.set_owner(&second).unwrap();
    assert_eq!(uids(&owned), ["u-1", "u-2"]);
    let controller = owned.controller().unwrap();
    assert_eq!((controller.name.as_str(), controller.block_owner_deletion), ("first", Some(true)));
    assert_eq!(owned.metadata.owner_references[1].controller, None);
    assert!(owned.is_controlled_by(&first) && owned.is_owned_by(&first));
    assert!(!owned.is_controlled_by(&second) && owned.is_owned_by(&second));

    let error = owned.set_controller(&second).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Widget shop/second can't own Widget shop/owned: Widget first is its controller already"
    );
    assert_eq!(error.existing_controller().unwrap().uid, "u-1");
    assert_eq!(owned.controller().unwrap().name, "first", "nothing has changed");

    assert!(owned.remove_owner(&first) && !owned.remove_owner(&first));
    owned.set_controller(&second).unwrap();
    assert_eq!(uids(&owned), ["u-2"], "the reference to an owner becomes the one to the controller");
    assert!(owned.is_controlled_by(&second));
}

#[test]
fn an_owner_that_was_made_again_takes_its_place() {
    let mut owned = object("owned", "shop", "");
    owned.set_controller(&object("owner", "shop", "old")).unwrap();
    let owner = object("owner", "shop", "new");
    assert!(!owned.is_controlled_by(&owner), "it is another object");
    owned.set_controller(&owner).unwrap();
    assert_eq!(uids(&owned), ["new"]);

    // Another version of the same group is the same owner, another group is not.
    owned.metadata.owner_references[0].api_version = "example.com/v1beta1".into();
    owned.set_controller(&owner).unwrap();
    assert_eq!(owned.metadata.owner_references[0].api_version, "example.com/v1");
    owned.metadata.owner_references[0].api_version = "other.example.com/v1".into();
    assert!(owned.set_controller(&owner).unwrap_err().existing_controller().is_some());
}

#[test]
fn an_owner_is_removed_by_its_name() {
    let mut owned = object("owned", "shop", "");
    owned.set_owner(&object("owner", "shop", "u-1")).unwrap();
    owned.set_owner(&object("other", "shop", "u-2")).unwrap();
    assert!(!owned.remove_owner(&Widget::named("third")) && !owned.remove_owner(&Widget::default()));
    assert!(owned.remove_owner(&Widget::named("owner")), "it has no uid here");
    assert!(owned.remove_owner(&object("other", "shop", "made again")));
    assert_eq!(uids(&owned), [""; 0]);
}

#[test]
fn an_owner_that_the_server_would_not_find_is_refused() {
    let message = |object: &mut Widget, owner: &Widget| object.set_owner(owner).unwrap_err().to_string();
    let owner = object("owner", "shop", "u-1");
    assert_eq!(
        message(&mut object("owned", "other", ""), &owner),
        "Widget shop/owner can't own Widget other/owned: an owner in a namespace can only own objects in that namespace"
    );
    assert!(message(&mut object("owned", "", ""), &owner).ends_with("this one's `metadata.namespace` is not set"));
    assert!(message(&mut object("owned", "shop", ""), &object("new", "shop", "")).ends_with("not on the server yet"));
    let untyped: Raw<Widget> = json::from_str(r#"{"metadata": {"name": "raw", "uid": "u-1"}}"#).unwrap();
    let error = Widget::named("owned").set_owner(&untyped).unwrap_err().to_string();
    assert_eq!(error, "raw can't own Widget owned: its type is not known");
    assert!(!Widget::named("owned").remove_owner(&untyped));
    // An owner without a namespace owns objects in any.
    object("owned", "other", "").set_controller(&object("cluster-wide", "", "u-2")).unwrap();
    assert!(!Widget::named("a").is_owned_by(&Widget::named("b")), "neither has a uid");
    assert_eq!(OwnerReference::to(&Widget::named("b")), None);
}

#[test]
fn finalizers_are_there_once() {
    let mut widget = Widget::named("w");
    assert!(widget.add_finalizer("example.com/a") && widget.add_finalizer("example.com/b"));
    assert!(!widget.add_finalizer("example.com/a") && widget.has_finalizer("example.com/a"));
    assert_eq!(widget.metadata.finalizers, ["example.com/a", "example.com/b"]);
    assert!(widget.remove_finalizer("example.com/a") && !widget.remove_finalizer("example.com/a"));
    assert!(!widget.has_finalizer("example.com/a"));
}

/// Owner references are atomic items: the server names their key alone, which stands for all of their fields.
#[test]
fn a_reference_is_extracted_as_a_whole() {
    let pod: Widget = json::from_str(
        r#"{"metadata": {"name": "web-1", "namespace": "shop", "ownerReferences": [
            {"apiVersion": "v1", "kind": "Pod", "name": "web", "uid": "u-1", "controller": true},
            {"apiVersion": "v1", "kind": "Pod", "name": "theirs", "uid": "u-2"}],
            "managedFields": [{"manager": "ours", "operation": "Apply", "fieldsV1": {"f:metadata": {
            "f:ownerReferences": {".": {}, "k:{\"uid\":\"u-1\"}": {}}}}}]}}"#,
    )
    .unwrap();
    let owned = extract(&pod, "ours").unwrap();
    assert_eq!(owned.metadata.owner_references, pod.metadata.owner_references[..1]);
}
