use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{LitInt, LitStr, Result, Token};

use super::{flag, key, text, texts, unknown};

/// The attributes of a custom resource.
#[derive(Default)]
pub(crate) struct Resource {
    pub(crate) group: Option<LitStr>,
    pub(crate) version: Option<LitStr>,
    pub(crate) kind: Option<LitStr>,
    pub(crate) list_kind: Option<LitStr>,
    pub(crate) plural: Option<LitStr>,
    pub(crate) singular: Option<LitStr>,
    pub(crate) short_names: Vec<LitStr>,
    pub(crate) categories: Vec<LitStr>,
    /// Whether objects are in namespaces.
    pub(crate) is_namespaced: Option<bool>,
    pub(crate) status: Option<(bool, Span)>,
    pub(crate) scale: Option<Scale>,
    pub(crate) columns: Vec<Column>,
    pub(crate) selectable_fields: Vec<LitStr>,
    pub(crate) deprecated: Option<String>,
    pub(crate) is_not_served: bool,
    pub(crate) annotations: Vec<(LitStr, LitStr)>,
    pub(crate) labels: Vec<(LitStr, LitStr)>,
}

/// `scale(spec_replicas_path = "…", status_replicas_path = "…", label_selector_path = "…")`
pub(crate) struct Scale {
    pub(crate) spec: LitStr,
    pub(crate) status: LitStr,
    pub(crate) selector: Option<LitStr>,
}

/// `column(name = "…", type = "…", json_path = "…", …)`
pub(crate) struct Column {
    pub(crate) name: LitStr,
    pub(crate) kind: LitStr,
    pub(crate) json_path: LitStr,
    pub(crate) format: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    pub(crate) priority: i32,
}

pub(super) const KNOWN: &[&str] = &[
    "annotation",
    "category",
    "cluster",
    "column",
    "deprecated",
    "group",
    "kind",
    "label",
    "list_kind",
    "namespaced",
    "plural",
    "scale",
    "selectable_field",
    "served",
    "short_name",
    "singular",
    "status",
    "version",
];

impl Resource {
    /// Reads an entry of an attribute; returns false if it is not one of these.
    pub(super) fn read(&mut self, entry: &ParseNestedMeta<'_>, key: &str) -> Result<bool> {
        match key {
            "group" => self.group = Some(text(entry)?),
            "version" => self.version = Some(text(entry)?),
            "kind" => self.kind = Some(text(entry)?),
            "list_kind" => self.list_kind = Some(text(entry)?),
            "plural" => self.plural = Some(text(entry)?),
            "singular" => self.singular = Some(text(entry)?),
            "short_name" => self.short_names.extend(texts(entry)?),
            "category" => self.categories.extend(texts(entry)?),
            "namespaced" | "cluster" => {
                if self.is_namespaced.is_some() {
                    return Err(entry.error("specify either `namespaced` or `cluster`"));
                }
                self.is_namespaced = Some(key == "namespaced");
            }
            "status" => self.status = Some((flag(entry)?, entry.path.span())),
            "scale" => self.scale = Some(scale(entry)?),
            "column" => self.columns.push(column(entry)?),
            "selectable_field" => self.selectable_fields.extend(texts(entry)?),
            "deprecated" if entry.input.peek(Token![=]) => self.deprecated = Some(text(entry)?.value()),
            "deprecated" => self.deprecated = Some(String::new()),
            "served" => self.is_not_served = !flag(entry)?,
            "annotation" => self.annotations.push(pair(entry)?),
            "label" => self.labels.push(pair(entry)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `annotation("key", "value")`
fn pair(entry: &ParseNestedMeta<'_>) -> Result<(LitStr, LitStr)> {
    match <[LitStr; 2]>::try_from(texts(entry)?) {
        Ok([key, value]) => Ok((key, value)),
        Err(_) => Err(entry.error("expected a key and a value: (\"key\", \"value\")")),
    }
}

const SCALE: &[&str] = &["label_selector_path", "spec_replicas_path", "status_replicas_path"];

fn scale(entry: &ParseNestedMeta<'_>) -> Result<Scale> {
    let (mut spec, mut status, mut selector) = (None, None, None);
    entry.parse_nested_meta(|entry| {
        let key = key(&entry);
        match key.as_str() {
            "spec_replicas_path" => spec = Some(text(&entry)?),
            "status_replicas_path" => status = Some(text(&entry)?),
            "label_selector_path" => selector = Some(text(&entry)?),
            _ => return Err(unknown(&entry, &key, SCALE)),
        }
        Ok(())
    })?;
    match (spec, status) {
        (Some(spec), Some(status)) => Ok(Scale { spec, status, selector }),
        _ => Err(entry.error("scale needs `spec_replicas_path` and `status_replicas_path`")),
    }
}

const COLUMN: &[&str] = &["description", "format", "json_path", "name", "priority", "type"];
const COLUMN_TYPES: &[&str] = &["integer", "number", "string", "boolean", "date"];

fn column(entry: &ParseNestedMeta<'_>) -> Result<Column> {
    let (mut name, mut kind, mut json_path, mut format, mut description, mut priority) =
        (None, None, None, None, None, 0);
    entry.parse_nested_meta(|entry| {
        let key = key(&entry);
        match key.as_str() {
            "name" => name = Some(text(&entry)?),
            "type" => kind = Some(text(&entry)?),
            "json_path" => json_path = Some(text(&entry)?),
            "format" => format = Some(text(&entry)?),
            "description" => description = Some(text(&entry)?),
            "priority" => priority = entry.value()?.parse::<LitInt>()?.base10_parse()?,
            _ => return Err(unknown(&entry, &key, COLUMN)),
        }
        Ok(())
    })?;
    let (Some(name), Some(kind), Some(json_path)) = (name, kind, json_path) else {
        return Err(entry.error("column needs `name`, `type` and `json_path`"));
    };
    if !COLUMN_TYPES.contains(&kind.value().as_str()) {
        return Err(syn::Error::new(kind.span(), format!("expected one of {}", COLUMN_TYPES.join(", "))));
    }
    if !json_path.value().starts_with('.') {
        return Err(syn::Error::new(json_path.span(), "a path must start with `.`, as in `.spec.replicas`"));
    }
    Ok(Column { name, kind, json_path, format, description, priority })
}
