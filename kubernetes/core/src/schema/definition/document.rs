//! The parts of a definition as JSON.

use crate::Str;
use crate::json::Tree;
use crate::schema::declaration::{Column, Declaration, Scale, Scope, Version};
use crate::schema::definition::ConversionWebhook;
use crate::schema::fields::document;

type Fields = Vec<(Str, Tree)>;

pub(super) fn text(text: &str) -> Tree {
    Tree::String(text.into())
}

fn texts(texts: &[&str]) -> Tree {
    Tree::List(texts.iter().map(|item| text(item)).collect())
}

pub(super) fn names(declaration: &Declaration) -> Tree {
    let mut fields = Fields::new();
    if !declaration.categories.is_empty() {
        fields.push(("categories".into(), texts(declaration.categories)));
    }
    fields.push(("kind".into(), text(declaration.kind)));
    fields.push(("listKind".into(), text(declaration.list_kind)));
    fields.push(("plural".into(), text(declaration.plural)));
    if !declaration.short_names.is_empty() {
        fields.push(("shortNames".into(), texts(declaration.short_names)));
    }
    fields.push(("singular".into(), text(declaration.singular)));
    Tree::Object(fields)
}

pub(super) fn scope(scope: Scope) -> Tree {
    text(match scope {
        Scope::Namespaced => "Namespaced",
        Scope::Cluster => "Cluster",
    })
}

pub(super) fn version(version: &Version, schema: Tree, storage: bool) -> Tree {
    let mut fields = Fields::new();
    if !version.columns.is_empty() {
        let columns = version.columns.iter().map(column).collect();
        fields.push(("additionalPrinterColumns".into(), Tree::List(columns)));
    }
    if let Some(warning) = version.deprecated {
        fields.push(("deprecated".into(), Tree::Bool(true)));
        if !warning.is_empty() {
            fields.push(("deprecationWarning".into(), text(warning)));
        }
    }
    fields.push(("name".into(), text(version.name)));
    fields.push(("schema".into(), Tree::Object(vec![("openAPIV3Schema".into(), schema)])));
    if !version.selectable_fields.is_empty() {
        let paths = version.selectable_fields.iter().map(|path| Tree::Object(vec![("jsonPath".into(), text(path))]));
        fields.push(("selectableFields".into(), Tree::List(paths.collect())));
    }
    fields.push(("served".into(), Tree::Bool(version.served)));
    fields.push(("storage".into(), Tree::Bool(storage)));
    let mut subresources = Fields::new();
    if let Some(paths) = &version.scale {
        subresources.push(("scale".into(), scale(paths)));
    }
    if version.status {
        subresources.push(("status".into(), Tree::Object(Vec::new())));
    }
    if !subresources.is_empty() {
        fields.push(("subresources".into(), Tree::Object(subresources)));
    }
    Tree::Object(fields)
}

fn scale(paths: &Scale) -> Tree {
    let mut fields = Fields::new();
    if !paths.label_selector_path.is_empty() {
        fields.push(("labelSelectorPath".into(), text(paths.label_selector_path)));
    }
    fields.push(("specReplicasPath".into(), text(paths.spec_replicas_path)));
    fields.push(("statusReplicasPath".into(), text(paths.status_replicas_path)));
    Tree::Object(fields)
}

fn column(column: &Column) -> Tree {
    let mut fields = Fields::new();
    if !column.description.is_empty() {
        fields.push(("description".into(), text(column.description)));
    }
    if !column.format.is_empty() {
        fields.push(("format".into(), text(column.format)));
    }
    fields.push(("jsonPath".into(), text(column.json_path)));
    fields.push(("name".into(), text(column.name)));
    if column.priority != 0 {
        fields.push(("priority".into(), document(&column.priority)));
    }
    fields.push(("type".into(), text(column.kind)));
    Tree::Object(fields)
}

pub(super) fn conversion(webhook: &ConversionWebhook) -> Tree {
    let service = Tree::Object(vec![
        ("name".into(), text(&webhook.service)),
        ("namespace".into(), text(&webhook.namespace)),
        ("path".into(), text(&webhook.path)),
        ("port".into(), document(&i32::from(webhook.port))),
    ]);
    let mut config = vec![("service".into(), service)];
    if !webhook.ca_bundle.is_empty() {
        config.insert(0, ("caBundle".into(), document(&crate::ByteString::from(webhook.ca_bundle.clone()))));
    }
    let webhook = Tree::Object(vec![
        ("clientConfig".into(), Tree::Object(config)),
        ("conversionReviewVersions".into(), texts(&["v1"])),
    ]);
    Tree::Object(vec![("strategy".into(), text("Webhook")), ("webhook".into(), webhook)])
}
