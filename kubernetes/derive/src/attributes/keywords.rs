use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{LitInt, LitStr, Result};

use super::{flag, key, text, texts, unknown};
use crate::literal;

/// Keywords of a schema from the attributes of a type or field.
#[derive(Default)]
pub(crate) struct Keywords {
    /// Expressions of the type `Keyword`, in which `__schema` is the module.
    tokens: Vec<TokenStream>,
    rules: Vec<TokenStream>,
    list_type: Option<(ListKind, Span)>,
    list_map_keys: Vec<LitStr>,
    /// The kind of type that a keyword needs, and the keyword's place.
    needs: Vec<(Need, &'static str, Span)>,
    items: Option<Box<Keywords>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListKind {
    Atomic,
    Set,
    Map,
}

/// The kind of type that a keyword is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Text,
    Number,
    List,
    Object,
}

pub(super) const KEYWORDS: &[&str] = &[
    "at_least_one_of",
    "at_most_one_of",
    "description",
    "embedded_resource",
    "enum",
    "exactly_one_of",
    "example",
    "exclusive_maximum",
    "exclusive_minimum",
    "format",
    "immutable",
    "items",
    "list_map_key",
    "list_map_keys",
    "list_type",
    "map_type",
    "max_items",
    "max_length",
    "max_properties",
    "maximum",
    "min_items",
    "min_length",
    "min_properties",
    "minimum",
    "multiple_of",
    "nullable",
    "pattern",
    "preserve_unknown_fields",
    "rule",
    "struct_type",
    "title",
];

impl Keywords {
    pub(crate) fn needs(&self) -> &[(Need, &'static str, Span)] {
        &self.needs
    }

    pub(crate) fn list_type(&self) -> Option<(ListKind, Span)> {
        self.list_type
    }

    pub(crate) fn list_map_keys(&self) -> &[LitStr] {
        &self.list_map_keys
    }

    /// Adds a keyword that comes before all others.
    pub(crate) fn describe(&mut self, documentation: &str) {
        if !documentation.is_empty() {
            self.tokens.insert(0, quote!(__schema::Keyword::Description(#documentation)));
        }
    }

    pub(crate) fn push(&mut self, keyword: TokenStream) {
        self.tokens.push(keyword);
    }

    /// All keywords as a list of `Keyword`s.
    pub(crate) fn tokens(&self) -> TokenStream {
        let mut tokens = self.tokens.clone();
        let keys = &self.list_map_keys;
        match self.list_type {
            Some((ListKind::Atomic, _)) => tokens.push(quote!(__schema::Keyword::ListType(__schema::ListType::Atomic))),
            Some((ListKind::Set, _)) => tokens.push(quote!(__schema::Keyword::ListType(__schema::ListType::Set))),
            Some((ListKind::Map, _)) => {
                tokens.push(quote!(__schema::Keyword::ListType(__schema::ListType::Map(&[#(#keys),*]))));
            }
            None => {}
        }
        if !self.rules.is_empty() {
            let rules = &self.rules;
            tokens.push(quote!(__schema::Keyword::Rules(&[#(#rules),*])));
        }
        if let Some(items) = &self.items {
            let items = items.tokens();
            tokens.push(quote!(__schema::Keyword::Items(#items)));
        }
        quote!(&[#(#tokens),*])
    }

    /// Reads an entry of an attribute; returns false if it is not one of these.
    pub(super) fn read(&mut self, entry: &ParseNestedMeta<'_>, key: &str) -> Result<bool> {
        let span = entry.path.span();
        match key {
            "minimum" => self.number(entry, quote!(Minimum), "minimum")?,
            "maximum" => self.number(entry, quote!(Maximum), "maximum")?,
            "multiple_of" => self.number(entry, quote!(MultipleOf), "multiple_of")?,
            "exclusive_minimum" => {
                self.exclusive(entry, "exclusive_minimum", quote!(Minimum), quote!(ExclusiveMinimum))?
            }
            "exclusive_maximum" => {
                self.exclusive(entry, "exclusive_maximum", quote!(Maximum), quote!(ExclusiveMaximum))?
            }
            "min_length" => self.count(entry, quote!(MinLength), Need::Text, "min_length")?,
            "max_length" => self.count(entry, quote!(MaxLength), Need::Text, "max_length")?,
            "min_items" => self.count(entry, quote!(MinItems), Need::List, "min_items")?,
            "max_items" => self.count(entry, quote!(MaxItems), Need::List, "max_items")?,
            "min_properties" => self.count(entry, quote!(MinProperties), Need::Object, "min_properties")?,
            "max_properties" => self.count(entry, quote!(MaxProperties), Need::Object, "max_properties")?,
            "pattern" => {
                self.needs.push((Need::Text, "pattern", span));
                self.text(entry, quote!(Pattern))?;
            }
            "format" => self.text(entry, quote!(Format))?,
            "title" => self.text(entry, quote!(Title))?,
            "description" => self.text(entry, quote!(Description))?,
            "example" => {
                let value = literal::json(entry.value()?)?.text;
                self.push(quote!(__schema::Keyword::Example(#value)));
            }
            "enum" => {
                let values;
                syn::parenthesized!(values in entry.input);
                let values = values.parse_terminated(literal::json, syn::Token![,])?;
                let values = values.iter().map(|value| &value.text);
                self.push(quote!(__schema::Keyword::Enum(&[#(#values),*])));
            }
            "nullable" => self.flag(entry, quote!(Nullable))?,
            "preserve_unknown_fields" => self.flag(entry, quote!(PreserveUnknownFields))?,
            "embedded_resource" => {
                self.needs.push((Need::Object, "embedded_resource", span));
                self.flag(entry, quote!(EmbeddedResource))?;
            }
            "rule" => self.rules.push(rule(entry)?),
            "immutable" => {
                let message =
                    if entry.input.peek(syn::Token![=]) { text(entry)?.value() } else { IMMUTABLE.to_owned() };
                self.rules.push(quote!(__schema::Rule { message: #message, ..__schema::Rule::new("self == oldSelf") }));
            }
            _ => return self.read_structure(entry, key),
        }
        Ok(true)
    }

    /// Reads an entry about merging.
    fn read_structure(&mut self, entry: &ParseNestedMeta<'_>, key_: &str) -> Result<bool> {
        let span = entry.path.span();
        match key_ {
            "list_type" => {
                let value = text(entry)?;
                let kind = match value.value().as_str() {
                    "atomic" => ListKind::Atomic,
                    "set" => ListKind::Set,
                    "map" => ListKind::Map,
                    _ => return Err(syn::Error::new(value.span(), "expected atomic, set or map")),
                };
                self.list_type = Some((kind, value.span()));
                self.needs.push((Need::List, "list_type", span));
            }
            "list_map_key" | "list_map_keys" => {
                self.list_map_keys.extend(texts(entry)?);
                self.list_type = Some((ListKind::Map, span));
                self.needs.push((Need::List, "list_map_key", span));
            }
            "map_type" | "struct_type" => {
                let value = text(entry)?;
                let kind = match value.value().as_str() {
                    "atomic" => quote!(Atomic),
                    "granular" => quote!(Granular),
                    _ => return Err(syn::Error::new(value.span(), "expected atomic or granular")),
                };
                self.push(quote!(__schema::Keyword::MapType(__schema::MapType::#kind)));
                self.needs.push((Need::Object, "map_type", span));
            }
            "exactly_one_of" => self.names(entry, quote!(ExactlyOneOf))?,
            "at_most_one_of" => self.names(entry, quote!(AtMostOneOf))?,
            "at_least_one_of" => self.names(entry, quote!(AtLeastOneOf))?,
            "items" => {
                let mut items = self.items.take().unwrap_or_default();
                entry.parse_nested_meta(|entry| {
                    let key = key(&entry);
                    match items.read(&entry, &key)? {
                        true => Ok(()),
                        false => Err(unknown(&entry, &key, KEYWORDS)),
                    }
                })?;
                self.items = Some(items);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn number(&mut self, entry: &ParseNestedMeta<'_>, keyword: TokenStream, name: &'static str) -> Result<()> {
        let value = literal::number(entry.value()?)?.text;
        self.needs.push((Need::Number, name, entry.path.span()));
        self.push(quote!(__schema::Keyword::#keyword(#value)));
        Ok(())
    }

    /// `exclusive_minimum = 0`, or `exclusive_minimum` together with `minimum = 0`.
    fn exclusive(
        &mut self,
        entry: &ParseNestedMeta<'_>,
        name: &'static str,
        limit: TokenStream,
        keyword: TokenStream,
    ) -> Result<()> {
        if entry.input.peek(syn::Token![=]) {
            self.number(entry, limit, name)?;
        }
        self.needs.push((Need::Number, name, entry.path.span()));
        self.push(quote!(__schema::Keyword::#keyword));
        Ok(())
    }

    fn count(
        &mut self,
        entry: &ParseNestedMeta<'_>,
        keyword: TokenStream,
        need: Need,
        name: &'static str,
    ) -> Result<()> {
        let value: u64 = entry.value()?.parse::<LitInt>()?.base10_parse()?;
        self.needs.push((need, name, entry.path.span()));
        self.push(quote!(__schema::Keyword::#keyword(#value)));
        Ok(())
    }

    fn text(&mut self, entry: &ParseNestedMeta<'_>, keyword: TokenStream) -> Result<()> {
        let value = text(entry)?;
        self.push(quote!(__schema::Keyword::#keyword(#value)));
        Ok(())
    }

    fn flag(&mut self, entry: &ParseNestedMeta<'_>, keyword: TokenStream) -> Result<()> {
        if flag(entry)? {
            self.push(quote!(__schema::Keyword::#keyword));
        }
        Ok(())
    }

    fn names(&mut self, entry: &ParseNestedMeta<'_>, keyword: TokenStream) -> Result<()> {
        let names = texts(entry)?;
        self.push(quote!(__schema::Keyword::#keyword(&[#(#names),*])));
        Ok(())
    }
}

const IMMUTABLE: &str = "field is immutable";
const RULE: &[&str] = &["message", "message_expression", "reason", "field_path", "optional_old_self"];
const REASONS: &[&str] = &["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate"];

/// `rule = "self > 0"`, or `rule("self > 0", message = "…", …)`.
fn rule(entry: &ParseNestedMeta<'_>) -> Result<TokenStream> {
    if entry.input.peek(syn::Token![=]) {
        let rule = text(entry)?;
        checked_rule(&rule, None)?;
        return Ok(quote!(__schema::Rule::new(#rule)));
    }
    let content;
    syn::parenthesized!(content in entry.input);
    let rule: LitStr = content.parse()?;
    let (mut fields, mut message) = (Vec::new(), None);
    if !content.is_empty() {
        content.parse::<syn::Token![,]>()?;
    }
    let rest: TokenStream = content.parse()?;
    syn::parse::Parser::parse2(
        syn::meta::parser(|entry| {
            let key = key(&entry);
            let name = entry.path.get_ident().cloned();
            match key.as_str() {
                "optional_old_self" => {
                    let value = flag(&entry)?;
                    fields.push(quote!(optional_old_self: #value));
                }
                _ if RULE.contains(&key.as_str()) => {
                    let value = text(&entry)?;
                    one_line(&key, &value)?;
                    if key == "message" {
                        message = Some(value.clone());
                    }
                    fields.push(quote!(#name: #value));
                }
                _ => return Err(unknown(&entry, &key, RULE)),
            }
            Ok(())
        }),
        rest,
    )?;
    checked_rule(&rule, message.as_ref())?;
    Ok(quote!(__schema::Rule { #(#fields,)* ..__schema::Rule::new(#rule) }))
}

fn checked_rule(rule: &LitStr, message: Option<&LitStr>) -> Result<()> {
    let text = rule.value();
    if text.trim().is_empty() {
        return Err(syn::Error::new(rule.span(), "the rule is empty"));
    }
    if text.contains(['\n', '\r']) && message.is_none() {
        return Err(syn::Error::new(rule.span(), "a CEL rule with line breaks needs a message"));
    }
    Ok(())
}

fn one_line(key: &str, value: &LitStr) -> Result<()> {
    let text = value.value();
    if text.trim().is_empty() {
        return Err(syn::Error::new(value.span(), format!("{key} is empty: leave it out")));
    }
    if text.contains(['\n', '\r']) && key != "message_expression" {
        return Err(syn::Error::new(value.span(), format!("{key} must not have line breaks")));
    }
    if key == "reason" && !REASONS.contains(&text.as_str()) {
        return Err(syn::Error::new(value.span(), format!("expected one of {}", REASONS.join(", "))));
    }
    Ok(())
}
