//! Errors show their causes with `{error:#}` and `Debug`.

use std::collections::{BTreeMap, BTreeSet};

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, ExprMethodCall, Ident, ImplItem, ItemEnum, ItemImpl, ItemStruct, Macro, Meta, Type};

use super::allowance::{self, Allowance};

/// Errors that hide their causes. The numbers may only shrink.
const ALLOWED_SILENT_ERRORS: Allowance = &[];

/// `fn main() -> Result<(), Box<dyn Error>>` prints `Debug`, and logs and conditions have `{error:#}`.
#[test]
fn errors_show_their_causes() {
    allowance::check(ALLOWED_SILENT_ERRORS, "errors are written by `kubernetes_core::error_text!`", |package| {
        let files = package.files().into_iter().filter(|file| !file.is_test());
        files.flat_map(|file| allowance::places(&file, Errors::silent_ones(&file.syntax()))).collect()
    });
}

/// The types of a file, by their names.
#[derive(Default)]
struct Errors {
    /// Types with `impl Error`: the line, and whether they have sources.
    errors: BTreeMap<String, (usize, bool)>,
    /// Types whose `Display` has a form with the causes.
    with_causes: BTreeSet<String>,
    deriving_debug: BTreeSet<String>,
    /// The type whose `Display` is being visited.
    display: Option<String>,
}

impl Errors {
    fn silent_ones(file: &syn::File) -> Vec<(usize, String)> {
        let mut found = Self::default();
        found.visit_file(file);
        let fault = |(name, (line, has_source)): (&String, &(usize, bool))| {
            if *has_source && !found.with_causes.contains(name) {
                Some((*line, format!("{{:#}} of {name} does not show its source")))
            } else {
                let derives = found.deriving_debug.contains(name);
                derives.then(|| (*line, format!("{name} derives Debug, which shows fields instead of a message")))
            }
        };
        found.errors.iter().filter_map(fault).collect()
    }

    fn note_derives(&mut self, name: &Ident, attributes: &[Attribute]) {
        let derives_debug = |attribute: &Attribute| match &attribute.meta {
            Meta::List(list) if list.path.is_ident("derive") => {
                list.tokens.clone().into_iter().any(|token| token.to_string() == "Debug")
            }
            _ => false,
        };
        if attributes.iter().any(derives_debug) {
            self.deriving_debug.insert(name.to_string());
        }
    }
}

impl<'ast> Visit<'ast> for Errors {
    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let of_trait = item.trait_.as_ref().and_then(|(path, _)| path.segments.last());
        let (Some(of_trait), Type::Path(of_type)) = (of_trait, &*item.self_ty) else { return };
        let Some(name) = of_type.path.get_ident().map(ToString::to_string) else { return };
        match of_trait.ident.to_string().as_str() {
            "Error" | "StdError" => {
                let is_source =
                    |item: &ImplItem| matches!(item, ImplItem::Fn(function) if function.sig.ident == "source");
                self.errors.insert(name, (item.span().start().line, item.items.iter().any(is_source)));
            }
            "Display" => {
                self.display = Some(name);
                visit::visit_item_impl(self, item);
                self.display = None;
            }
            _ => {}
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if call.method == "alternate" {
            self.with_causes.extend(self.display.clone());
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        if item.path.segments.last().is_some_and(|last| last.ident == "error_text") {
            let name = item.tokens.clone().into_iter().next();
            self.with_causes.extend(name.map(|name| name.to_string()));
        }
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.note_derives(&item.ident, &item.attrs);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        self.note_derives(&item.ident, &item.attrs);
        visit::visit_item_enum(self, item);
    }
}

#[test]
fn an_error_that_hides_its_source_is_found() {
    let of = |text: &str| Errors::silent_ones(&syn::parse_str(text).expect("a file"));
    let source = "impl std::error::Error for E { fn source(&self) -> Option<&dyn Error> { None } }";
    assert_eq!(of(&format!("{source} impl fmt::Display for E {{}}")).len(), 1);
    assert_eq!(of(&format!("{source} kubernetes_core::error_text!(E);")).len(), 0);
    let by_hand = "impl fmt::Display for E { fn fmt(&self) { if f.alternate() {} } }";
    assert_eq!(of(&format!("{source} {by_hand}")).len(), 0);
    assert_eq!(of(&format!("#[derive(Clone, Debug)] struct E; {source} {by_hand}")).len(), 1);
    assert_eq!(of("#[derive(Clone, Debug)] struct E; impl Display for E {}").len(), 0);
}
