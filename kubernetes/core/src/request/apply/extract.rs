use std::ops::{Deref, DerefMut};

use super::type_path::{Empty, TypeStep, empty_value, zero_value};
use super::unowned::{self, Unowned};
use super::{FieldSet, Step, body, extract_error::ExtractError};
use crate::json::{self, Tree};
use crate::{ApplyRequest, JsonPointer, Object, Path, Resource, Str};
use kubernetes_apimachinery::meta::v1::ManagedFieldsEntry;

/// The fields of an object that one manager has applied and owns, ready to be changed and applied again.
///
/// Created by [`extract`]. It dereferences to an object with these fields, its name and its namespace.
#[derive(Clone, Debug, PartialEq)]
pub struct Extracted<K> {
    object: K,
    manager: Str,
    subresource: Option<Str>,
    /// Owned fields with the default value of their type.
    kept: Vec<JsonPointer>,
    /// Owned fields that the type reads as absent: empty lists and maps.
    empties: Vec<(JsonPointer, Tree)>,
    /// Fields in items of lists that the type writes but the manager does not own.
    unowned: Vec<Unowned>,
}

/// Extracts the fields of `object` that `manager` has applied and owns.
///
/// ```
/// use kubernetes_core::{FieldsV1, Object, extract, json};
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let pod: Pod = json::from_str(r#"{"metadata": {"name": "web", "namespace": "shop",
///     "labels": {"tier": "web", "team": "a"}, "managedFields": [{"manager": "shop-operator", "operation": "Apply",
///     "fieldsV1": {"f:metadata": {"f:labels": {"f:tier": {}}}}}]}}"#)?;
/// let mut owned = extract(&pod, "shop-operator")?;
/// assert_eq!(owned.labels().keys().collect::<Vec<_>>(), ["tier"]);
///
/// owned.metadata.labels.insert("app", "shop");
/// let request = owned.apply().force(true); // keeps all fields that the operator owns
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// If the manager has no entry in `metadata.managedFields`, it owns nothing. Owned fields with default values, empty
/// lists and empty maps are kept. Equivalent to client-go's `Extract…` functions.
///
/// # Errors
/// Returns an error if the managed fields can't be read, or if the manager owns a field that `K` does not have, since
/// applying the rest would remove it.
pub fn extract<K: Object>(object: &K, manager: impl Into<Str>) -> Result<Extracted<K>, ExtractError> {
    extract_subresource(object, manager, None)
}

impl<K: Object> Extracted<K> {
    /// Extracts the fields that `manager` has applied through a subresource, such as `status`, and owns.
    ///
    /// # Errors
    /// See [`extract`].
    pub fn of_subresource(
        object: &K,
        manager: impl Into<Str>,
        subresource: impl Into<Str>,
    ) -> Result<Self, ExtractError> {
        extract_subresource(object, manager, Some(subresource.into()))
    }

    /// The request that applies the fields with the same manager, and to the same subresource.
    pub fn apply(&self) -> ApplyRequest<'_, K>
    where
        K: Resource,
    {
        let metadata = self.object.metadata();
        let namespace = metadata.namespace.as_deref().filter(|namespace| !namespace.is_empty());
        self.apply_at(Path::of::<K>(namespace).object(metadata.name.as_deref().unwrap_or_default()))
    }

    /// Like [`apply`](Self::apply), but to the object at `path`.
    pub fn apply_at(&self, path: Path) -> ApplyRequest<'_, K> {
        let request = ApplyRequest::at(path, &self.object, self.manager.clone()).keep_owned(
            &self.kept,
            &self.empties,
            &self.unowned,
        );
        match &self.subresource {
            Some(subresource) => request.subresource(subresource),
            None => request,
        }
    }

    /// The object with the owned fields.
    pub fn into_object(self) -> K {
        self.object
    }
}

impl<K> Deref for Extracted<K> {
    type Target = K;

    fn deref(&self) -> &K {
        &self.object
    }
}

impl<K> DerefMut for Extracted<K> {
    fn deref_mut(&mut self) -> &mut K {
        &mut self.object
    }
}

fn extract_subresource<K: Object>(
    object: &K,
    manager: impl Into<Str>,
    subresource: Option<Str>,
) -> Result<Extracted<K>, ExtractError> {
    let manager = manager.into();
    let owned = owned_fields(object, &manager, subresource.as_deref())?.unwrap_or_default();
    let mut tree = owned.tree;
    add_identity(&mut tree, object);
    let extracted: K = tree.to_value().map_err(|error| ExtractError::not_whole(object, error))?;
    let sparse = body::body(&extracted, &[], &[], &[]).map_err(ExtractError::invalid)?;
    let sparse: Tree = json::from_str(&sparse).map_err(ExtractError::decode)?;
    let unowned = unowned::find(&owned.fields, &tree, &sparse);
    let mut kept = Vec::new();
    missing(&tree, &sparse, &JsonPointer::ROOT, &mut kept);
    let mut empties = owned.empties;
    let whole = Tree::from_value(&extracted).map_err(ExtractError::encode)?;
    kept.retain(|pointer| match (whole.at(pointer.clone()), tree.at(pointer.clone())) {
        (None, Some(empty)) => {
            empties.push((pointer.clone(), empty.clone()));
            false
        }
        _ => true,
    });
    Ok(Extracted { object: extracted, manager, subresource, kept, empties, unowned })
}

/// The fields that an apply always has, besides the owned ones.
fn add_identity<K: Object>(tree: &mut Tree, object: &K) {
    let metadata = object.metadata();
    let mut set = |place: [&str; 2], value: &Option<Str>| {
        if let Some(value) = value {
            // The place is one of objects.
            let _ = tree.set(place, Tree::String(value.clone()));
        }
    };
    set(["metadata", "name"], &metadata.name);
    set(["metadata", "namespace"], &metadata.namespace);
    if let Some(of_type) = object.group_version_kind() {
        let _ = tree.set("/apiVersion", Tree::String(of_type.api_version()));
        let _ = tree.set("/kind", Tree::String(of_type.kind));
    }
}

/// The pointers to fields of `all` that are missing in `some`.
fn missing(all: &Tree, some: &Tree, place: &JsonPointer, pointers: &mut Vec<JsonPointer>) {
    let (Tree::Object(fields), Tree::Object(_)) = (all, some) else { return };
    for (name, value) in fields {
        let place = place.clone().key(name);
        match some.get(name) {
            Some(other) => missing(value, other, &place, pointers),
            None => {
                missing(value, &Tree::Object(Vec::new()), &place, pointers);
                pointers.push(place);
            }
        }
    }
}

/// The fields of an object that a manager owns.
#[derive(Default)]
pub(super) struct Owned {
    fields: FieldSet,
    pub(super) tree: Tree,
    pub(super) empties: Vec<(JsonPointer, Tree)>,
}

/// The fields of an object that a manager has applied and owns; `None` if there are none.
pub(super) fn owned_fields<K: Object>(
    object: &K,
    manager: &str,
    subresource: Option<&str>,
) -> Result<Option<Owned>, ExtractError> {
    let (mut fields, mut all) = (None, FieldSet::new());
    for entry in &object.metadata().managed_fields {
        let Some(text) = &entry.fields_v1 else { continue };
        let set = FieldSet::from_fields_v1(text).map_err(ExtractError::decode)?;
        all = all.union(&set);
        if fields.is_none() && is_of(entry, manager, subresource) {
            fields = Some(set);
        }
    }
    let Some(fields) = fields else { return Ok(None) };
    let whole = Tree::from_value(object).map_err(ExtractError::encode)?;
    let mut extraction = Extraction { empties: Vec::new(), of_type: empty_value::<K>, zero: zero_value::<K> };
    let tree = extraction.object(&fields, &all, &whole, &mut Vec::new())?;
    Ok(Some(Owned { fields, tree, empties: extraction.empties }))
}

fn is_of(entry: &ManagedFieldsEntry, manager: &str, subresource: Option<&str>) -> bool {
    entry.manager.as_deref() == Some(manager)
        && entry.operation.as_deref() == Some("Apply")
        && entry.subresource.as_deref().filter(|name| !name.is_empty()) == subresource
}

struct Extraction {
    empties: Vec<(JsonPointer, Tree)>,
    of_type: fn(&[TypeStep<'_>]) -> Option<Empty>,
    zero: fn(&[TypeStep<'_>]) -> Option<Tree>,
}

impl Extraction {
    /// The part of a value that is in `fields`; `all` has the fields of all managers.
    fn value<'a>(
        &mut self,
        fields: &'a FieldSet,
        all: &FieldSet,
        value: &Tree,
        path: &mut Vec<TypeStep<'a>>,
    ) -> Result<Tree, ExtractError> {
        match value {
            // It is owned as a whole if none of its fields has an owner of its own.
            _ if fields.is_leaf() && all.is_leaf() => Ok(value.clone()),
            Tree::Object(_) => self.object(fields, all, value, path),
            Tree::List(items) => self.list(fields, all, items, path),
            other => Ok(other.clone()),
        }
    }

    fn object<'a>(
        &mut self,
        fields: &'a FieldSet,
        all: &FieldSet,
        value: &Tree,
        path: &mut Vec<TypeStep<'a>>,
    ) -> Result<Tree, ExtractError> {
        let mut extracted = Vec::new();
        for (element, below) in fields.children() {
            let Some(Step::Field(name)) = element.step() else { continue };
            path.push(TypeStep::Field(name));
            match value.get(name) {
                Some(inner) => {
                    let all = all.child(element).unwrap_or(below);
                    extracted.push((name.into(), self.value(below, all, inner, path)?));
                }
                None => extracted.extend(self.absent(path)?.map(|zero| (name.into(), zero))),
            }
            path.pop();
        }
        Ok(Tree::Object(extracted))
    }

    fn list<'a>(
        &mut self,
        fields: &'a FieldSet,
        all: &FieldSet,
        items: &[Tree],
        path: &mut Vec<TypeStep<'a>>,
    ) -> Result<Tree, ExtractError> {
        let mut extracted: Vec<(usize, Tree)> = Vec::new();
        path.push(TypeStep::Item);
        for (element, below) in fields.children() {
            let step = element.step();
            let Some(place) = items
                .iter()
                .enumerate()
                .position(|(index, item)| step.as_ref().is_some_and(|step| step.is_item(index, item)))
            else {
                continue;
            };
            let item = match &step {
                Some(Step::Keys(keys)) => {
                    let all = all.child(element).unwrap_or(below);
                    let mut item = match below.is_leaf() {
                        // An atomic item, such as an owner reference, is owned as a whole.
                        true if all.is_leaf() => items[place].clone(),
                        // Only the item itself is owned, and the fields that identify it.
                        true => Tree::Object(Vec::new()),
                        false => self.object(below, all, &items[place], path)?,
                    };
                    for (key, value) in keys {
                        let is_absent = item.get(key).is_none();
                        if let (true, Tree::Object(fields)) = (is_absent, &mut item) {
                            fields.push((key.clone(), value.clone()));
                        }
                    }
                    item
                }
                _ => items[place].clone(),
            };
            extracted.push((place, item));
        }
        path.pop();
        extracted.sort_by_key(|(place, _)| *place);
        Ok(Tree::List(extracted.into_iter().map(|(_, item)| item).collect()))
    }

    /// The value of an owned field that is missing in the object because it is zero, which Go omits; notes an empty
    /// list or map. A field that others have removed is no longer owned, except for entries of maps.
    fn absent(&mut self, path: &[TypeStep<'_>]) -> Result<Option<Tree>, ExtractError> {
        let empty = match (self.of_type)(path) {
            None => return Err(ExtractError::unknown_field(path)),
            Some(Empty::Scalar) => return Ok((self.zero)(path)),
            Some(Empty::List) => Tree::List(Vec::new()),
            Some(Empty::Object) => Tree::Object(Vec::new()),
        };
        // Within an item, an empty list or map counts as absent.
        let keys = path.iter().map(|step| match step {
            TypeStep::Field(name) => Some(*name),
            TypeStep::Item => None,
        });
        if let Some(keys) = keys.collect::<Option<Vec<&str>>>() {
            self.empties.push((keys.into_iter().fold(JsonPointer::ROOT, |pointer, key| pointer.key(key)), empty));
        }
        Ok(None)
    }
}
