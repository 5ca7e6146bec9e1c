use syn::{Attribute, Result};

use super::keywords::KEYWORDS;
use super::{Keywords, each_entry, flag, serde, text, unknown};
use crate::documentation::documentation;
use crate::names::RenameRule;

/// The attributes of a variant.
#[derive(Default)]
pub(crate) struct Variant {
    pub(crate) rename: Option<String>,
    pub(crate) rename_all: Option<RenameRule>,
    pub(crate) skip: bool,
    /// Whether unknown values are read as this variant.
    pub(crate) other: bool,
    pub(crate) keywords: Keywords,
}

const KNOWN: &[&str] = &["other", "rename", "rename_all", "skip"];

impl Variant {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut variant = Self::default();
        each_entry(attributes, "serde", |entry, key| {
            match key {
                "rename" => variant.rename = Some(serde::name(entry)?.value()),
                "rename_all" => variant.rename_all = Some(RenameRule::parse(&serde::name(entry)?)?),
                "skip" => variant.skip = true,
                "other" => variant.other = true,
                "untagged" => {
                    return Err(
                        entry.error("a single untagged variant has no structural schema; make the whole enum untagged")
                    );
                }
                _ => serde::other(entry, key)?,
            }
            Ok(())
        })?;
        each_entry(attributes, "kubernetes", |entry, key| {
            match key {
                "rename" => variant.rename = Some(text(entry)?.value()),
                "rename_all" => variant.rename_all = Some(RenameRule::parse(&text(entry)?)?),
                "skip" => variant.skip = flag(entry)?,
                "other" => variant.other = flag(entry)?,
                _ if variant.keywords.read(entry, key)? => {}
                _ => return Err(unknown(entry, key, &[KNOWN, KEYWORDS].concat())),
            }
            Ok(())
        })?;
        variant.keywords.describe(&documentation(attributes));
        Ok(variant)
    }
}
