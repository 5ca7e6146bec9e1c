use proc_macro2::{Span, TokenTree};
use syn::spanned::Spanned;
use syn::{Attribute, LitStr, Path, Result, Token, parse_quote};

use super::keywords::KEYWORDS;
use super::{Keywords, Resource, each_entry, flag, serde, text, unknown};
use crate::documentation::documentation;
use crate::names::RenameRule;

/// The attributes of a type.
pub(crate) struct Container {
    /// The path of the crate `kubernetes-core`.
    pub(crate) core: Path,
    pub(crate) rename_all: Option<RenameRule>,
    pub(crate) rename_all_fields: Option<RenameRule>,
    pub(crate) tag: Option<Tag>,
    /// Whether the type implements `Default`.
    pub(crate) has_default: bool,
    /// Whether absent fields take their values from the type's default value.
    pub(crate) fields_default: bool,
    /// Whether the type gets serde's traits from its reader and writer.
    pub(crate) serde: bool,
    /// The place of serde's `transparent`.
    pub(crate) transparent: Option<Span>,
    pub(crate) keywords: Keywords,
    pub(crate) resource: Resource,
}

/// How the variants of an enum are distinguished, if not by the name of a field.
pub(crate) enum Tag {
    Internal(LitStr),
    Untagged(Span),
}

const KNOWN: &[&str] =
    &["crate", "default", "has_default", "rename_all", "rename_all_fields", "serde", "tag", "untagged"];

impl Container {
    /// A type without attributes.
    fn new() -> Self {
        Self {
            core: parse_quote!(::kubernetes_sdk::core),
            rename_all: None,
            rename_all_fields: None,
            tag: None,
            has_default: false,
            fields_default: false,
            serde: false,
            transparent: None,
            keywords: Keywords::default(),
            resource: Resource::default(),
        }
    }

    /// The attributes that decide which traits a type gets, among others that may be wrong.
    pub(crate) fn parse_leniently(attributes: &[Attribute]) -> Self {
        let mut container = Self::new();
        for name in ["serde", "kubernetes"] {
            // The mistake is reported elsewhere.
            let _ = each_entry(attributes, name, |entry, key| {
                match (name, key) {
                    ("kubernetes", "crate") => container.core = entry.value()?.call(Path::parse_mod_style)?,
                    ("kubernetes", "serde") => container.serde = flag(entry)?,
                    ("kubernetes", "cluster") => container.resource.is_namespaced = Some(false),
                    (_, "default") | ("kubernetes", "has_default") => container.has_default = true,
                    _ => {}
                }
                while !entry.input.is_empty() && !entry.input.peek(Token![,]) {
                    entry.input.parse::<TokenTree>()?;
                }
                Ok(())
            });
        }
        container
    }

    pub(crate) fn parse(attributes: &[Attribute], is_resource: bool) -> Result<Self> {
        let mut container = Self::new();
        each_entry(attributes, "serde", |entry, key| {
            match key {
                "rename_all" => container.rename_all = Some(RenameRule::parse(&serde::name(entry)?)?),
                "rename_all_fields" => container.rename_all_fields = Some(RenameRule::parse(&serde::name(entry)?)?),
                "tag" => container.tag = Some(Tag::Internal(text(entry)?)),
                "untagged" => container.tag = Some(Tag::Untagged(entry.path.span())),
                "transparent" => container.transparent = Some(entry.path.span()),
                "default" => {
                    (container.has_default, container.fields_default) = (true, true);
                    serde::other(entry, key)?;
                }
                _ => serde::other(entry, key)?,
            }
            Ok(())
        })?;
        each_entry(attributes, "kubernetes", |entry, key| {
            match key {
                "crate" => container.core = entry.value()?.call(Path::parse_mod_style)?,
                "rename_all" => container.rename_all = Some(RenameRule::parse(&text(entry)?)?),
                "rename_all_fields" => container.rename_all_fields = Some(RenameRule::parse(&text(entry)?)?),
                "tag" => container.tag = Some(Tag::Internal(text(entry)?)),
                "untagged" => container.tag = Some(Tag::Untagged(entry.path.span())),
                "has_default" => container.has_default = flag(entry)?,
                "default" => (container.has_default, container.fields_default) = (true, true),
                "serde" => container.serde = flag(entry)?,
                _ if container.keywords.read(entry, key)? => {}
                _ if is_resource && container.resource.read(entry, key)? => {}
                _ if super::resource::KNOWN.contains(&key) => {
                    return Err(
                        entry.error(format!("`{key}` is an attribute of a resource: derive `CustomResource` for it"))
                    );
                }
                _ => return Err(unknown(entry, key, &[KNOWN, KEYWORDS, super::resource::KNOWN].concat())),
            }
            Ok(())
        })?;
        container.keywords.describe(&documentation(attributes));
        Ok(container)
    }
}
