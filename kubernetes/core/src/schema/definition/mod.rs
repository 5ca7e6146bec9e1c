mod document;
mod names;
mod paths;

use std::fmt;

use super::declaration::Declaration;
use super::error::{InvalidSchema, Violation};
use super::{Schema, fields, render, structural};
use crate::json::{self, DecodeError, Reader, Tree, Value, Writer};
use crate::{ClusterResource, Object, ObjectMeta, Resource, StaticType, Str, Watchable};

/// A resource whose definition is generated from its Rust type by `#[derive(CustomResource)]`.
pub trait CustomResource: Resource + Schema {
    /// The definition as constant data.
    const DECLARATION: &'static Declaration;

    /// The `CustomResourceDefinition` with this version, which is the stored one.
    ///
    /// # Errors
    /// Returns an error if the API server would refuse the definition.
    fn definition() -> Result<Definition, InvalidSchema> {
        Definition::of::<Self>()
    }
}

/// A `CustomResourceDefinition` that is generated from Rust types.
///
/// ```
/// # use kubernetes_core::schema::{CustomResource, Declaration, Definition, InvalidSchema};
/// # use kubernetes_core::ApplyRequest;
/// # fn example<Lantern: CustomResource, OldLantern: CustomResource>() -> Result<(), InvalidSchema> {
/// let definition = Lantern::definition()?.with_version::<OldLantern>()?;
/// let request = ApplyRequest::cluster(&definition, "lantern-operator");
/// println!("{}", definition.to_json());
/// # Ok(())
/// # }
/// ```
///
/// Like any other object, it can be created, applied and compared, even without the models of its group. It is checked
/// by the API server's rules when it is built.
#[derive(Clone, PartialEq)]
pub struct Definition {
    metadata: ObjectMeta,
    spec: Tree,
}

/// The service of a webhook that converts between versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionWebhook {
    /// The namespace of the service.
    pub namespace: String,
    /// The name of the service.
    pub service: String,
    /// The path to send requests to.
    pub path: String,
    /// The port of the service.
    pub port: u16,
    /// The CA certificates that the server trusts, as PEM; empty if an injector adds them.
    pub ca_bundle: Vec<u8>,
}

impl Definition {
    /// Creates a definition with the version `V`, which is served and stored.
    ///
    /// # Errors
    /// Returns an error if the API server would refuse the definition.
    pub fn of<V: CustomResource>() -> Result<Self, InvalidSchema> {
        let declaration = V::DECLARATION;
        let name = format!("{}.{}", declaration.plural, declaration.group);
        let mut metadata = ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() };
        metadata.annotations =
            declaration.annotations.iter().map(|(key, value)| (*key, Str::from_static(value))).collect();
        metadata.labels = declaration.labels.iter().map(|(key, value)| (*key, Str::from_static(value))).collect();
        let spec = Tree::Object(vec![
            ("group".into(), document::text(declaration.group)),
            ("names".into(), document::names(declaration)),
            ("scope".into(), document::scope(declaration.scope)),
        ]);
        let definition = Self { metadata, spec };
        definition.checked(names::violations(declaration))?.added(declaration, true)
    }

    /// Adds another version, which is served but not stored.
    ///
    /// # Errors
    /// Returns an error if the API server would refuse the version, if there already is one with its name, or if the
    /// group, names or scope differ.
    pub fn with_version<V: CustomResource>(self) -> Result<Self, InvalidSchema> {
        let declaration = V::DECLARATION;
        let same = self.spec.get("group") == Some(&document::text(declaration.group))
            && self.spec.get("names") == Some(&document::names(declaration))
            && self.spec.get("scope") == Some(&document::scope(declaration.scope));
        let mut violations = Vec::new();
        if !same {
            violations.push(Violation {
                path: declaration.version.name.to_owned(),
                rule: "all versions must have the same group, names and scope".to_owned(),
            });
        }
        if self.versions().any(|version| fields::text(version, "name") == declaration.version.name) {
            violations.push(Violation {
                path: declaration.version.name.to_owned(),
                rule: "the version occurs twice".to_owned(),
            });
        }
        self.checked(violations)?.added(declaration, false)
    }

    /// Lets a webhook convert between the versions; without one, the server only changes `apiVersion`.
    #[must_use]
    pub fn with_conversion(mut self, webhook: &ConversionWebhook) -> Self {
        self.set("conversion", document::conversion(webhook));
        self
    }

    /// The definition as JSON.
    pub fn to_json(&self) -> String {
        // Writing fails only for types with serde derives.
        json::to_string(self).unwrap_or_default()
    }

    /// The definition as YAML, for a manifest.
    ///
    /// # Errors
    /// Returns an error if the definition can't be written as YAML.
    #[cfg(feature = "yaml")]
    pub fn to_yaml(&self) -> Result<String, crate::yaml::YamlError> {
        crate::yaml::to_string(self)
    }

    /// Converts the definition to another type, such as the model `CustomResourceDefinition`.
    ///
    /// # Errors
    /// Returns an error if the definition does not fit the type.
    pub fn to_value<V: Value>(&self) -> Result<V, DecodeError> {
        json::from_str(&self.to_json())
    }

    /// The schema of a version; `None` if there is no such version.
    pub fn schema(&self, version: &str) -> Option<&Tree> {
        let version = self.versions().find(|other| fields::text(other, "name") == version)?;
        version.get("schema")?.get("openAPIV3Schema")
    }

    /// `metadata.name`
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// `spec`
    pub fn spec(&self) -> &Tree {
        &self.spec
    }

    fn versions(&self) -> impl Iterator<Item = &Tree> {
        match self.spec.get("versions") {
            Some(Tree::List(versions)) => versions.as_slice(),
            _ => &[],
        }
        .iter()
    }

    fn checked(self, violations: Vec<Violation>) -> Result<Self, InvalidSchema> {
        match violations.is_empty() {
            true => Ok(self),
            false => Err(InvalidSchema::new(self.name(), violations)),
        }
    }

    fn added(mut self, declaration: &Declaration, storage: bool) -> Result<Self, InvalidSchema> {
        let version = &declaration.version;
        let schema = render::rendered(version.schema).map_err(|error| error.inside(version.name).of(self.name()))?;
        let mut violations = structural::violations(&schema);
        violations.extend(paths::violations(version, &schema));
        let mut definition = self.clone().checked(violations)?;
        let added = document::version(version, schema, storage);
        let versions = definition.versions().cloned().chain([added]).collect();
        definition.set("versions", Tree::List(versions));
        self.spec = definition.spec;
        Ok(self)
    }

    fn set(&mut self, key: &'static str, value: Tree) {
        if let Tree::Object(spec) = &mut self.spec {
            fields::set(spec, key, value);
            spec.sort_by(|(ours, _), (theirs, _)| ours.cmp(theirs));
        }
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Definition({})", self.name())
    }
}

impl json::Decode for Definition {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (mut metadata, mut spec) = (None, None);
        let constants =
            (&mut json::Constant("apiextensions.k8s.io/v1"), &mut json::Constant("CustomResourceDefinition"));
        reader.fields(Self::FIELDS, &mut [constants.0, constants.1, &mut metadata, &mut spec])?;
        Ok(Self { metadata: reader.required("metadata", metadata)?, spec: reader.required("spec", spec)? })
    }
}

impl Value for Definition {
    const FIELDS: &'static [&'static str] = &["apiVersion", "kind", "metadata", "spec"];

    fn write_fields(&self, writer: &mut Writer) {
        writer.type_meta("apiextensions.k8s.io/v1", "CustomResourceDefinition");
        writer.required("metadata", &self.metadata);
        writer.required("spec", &self.spec);
    }
}

impl Object for Definition {
    const TYPE: Option<StaticType> = Some(StaticType::new("apiextensions.k8s.io", "v1", "CustomResourceDefinition"));

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl Resource for Definition {
    const GROUP: &'static str = "apiextensions.k8s.io";
    const VERSION: &'static str = "v1";
    const KIND: &'static str = "CustomResourceDefinition";
    const PLURAL: &'static str = "customresourcedefinitions";
}

impl ClusterResource for Definition {}
impl Watchable for Definition {}
