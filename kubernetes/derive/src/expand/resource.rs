//! `#[derive(CustomResource)]`

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Error, Fields, Ident, LitStr, Result};

use super::fields::{Body, Role};
use super::{RESOURCE, reject_enum_attributes, values};
use crate::attributes::{Column, Container, Default, Resource, Scale};
use crate::names::plural;

pub(super) fn expand(input: &DeriveInput, container: &Container, fields: &Fields) -> Result<TokenStream> {
    let Fields::Named(named) = fields else { return Err(Error::new(input.ident.span(), RESOURCE)) };
    reject_enum_attributes(container)?;
    let names = Names::of(input, &container.resource)?;
    let mut body = Body::parse(fields, container.rename_all, &input.ident)?;
    for field in &body.fields {
        if field.role == Role::Plain && matches!(field.wire.as_str(), "apiVersion" | "kind") {
            let message =
                format!("the derive writes `{}`, and checks it when an object is read: remove the field", field.wire);
            return Err(Error::new(field.span(), message));
        }
        if field.role != Role::Plain && field.role != Role::Skipped {
            return Err(Error::new(
                field.span(),
                "the fields of a resource can't be flattened, because its metadata is next to them",
            ));
        }
    }
    let Some(place) = body.fields.iter().position(|field| field.wire == "metadata") else {
        return Err(Error::new_spanned(named, RESOURCE));
    };
    let metadata = metadata_member(&mut body, place);
    let (api_version, kind) = (names.api_version(), &names.kind);
    let constants = [
        (quote!("apiVersion"), quote!(&mut __json::Constant(#api_version))),
        (quote!("kind"), quote!(&mut __json::Constant(#kind))),
    ];
    let mut code = values::object(container, &body, &constants);
    code.schema = schema(container, &body, place, &metadata);
    let writes = body.write(&quote!(&[]), &|ident| quote!(&self.#ident));
    code.write = quote! {
        fn write_fields(&self, writer: &mut __json::Writer) {
            writer.type_meta(#api_version, #kind);
            #writes
        }
    };
    let values = code.expand(input, container);
    let traits = traits(&input.ident, &names, container.has_default);
    let has_status = body.fields.iter().any(|field| field.wire == "status");
    let declaration = declaration(&input.ident, &names, container, has_status);
    Ok(quote!(#values #traits #declaration))
}

/// The traits of a resource with a mistake.
pub(super) fn placeholder(input: &DeriveInput, container: &Container) -> TokenStream {
    let (name, names) = (&input.ident, Names::placeholder(input, &container.resource));
    let declaration = declaration(name, &names, container, false);
    let named = container.has_default.then(|| quote!(__core::object!(@ named #name);));
    let Names { group, version, kind, plural, .. } = &names;
    let scope = names.scope();
    quote! {
        impl __core::Object for #name {
            const TYPE: ::core::option::Option<__core::StaticType> =
                ::core::option::Option::Some(__core::StaticType::new(#group, #version, #kind));

            fn metadata(&self) -> &__core::ObjectMeta {
                ::core::unimplemented!()
            }

            fn metadata_mut(&mut self) -> &mut __core::ObjectMeta {
                ::core::unimplemented!()
            }
        }
        __core::object!(@ accessors #name);
        #named
        __core::resource!(@ type #name: #plural, #scope, watch);
        #declaration
    }
}

/// The member for `metadata`, with the keywords of `metadata.name`: a schema can't constrain anything else in metadata.
fn metadata_member(body: &mut Body, place: usize) -> TokenStream {
    let field = &mut body.fields[place];
    // An object without metadata has an empty one.
    field.attributes.default.get_or_insert(Default::Trait);
    let keywords = std::mem::take(&mut field.attributes.keywords);
    let properties = match keywords.needs().is_empty() {
        true => quote!(&[]),
        false => {
            let keywords = keywords.tokens();
            quote!(&[__schema::Member::optional("name", &__schema::Type::new(__schema::Shape::String, &[]), #keywords)])
        }
    };
    let presence = if field.attributes.required.is_some() { quote!(required) } else { quote!(optional) };
    quote! {
        __schema::Member::#presence("metadata", &__schema::Type::new(__schema::Shape::Object(#properties), &[]), &[])
    }
}

fn schema(container: &Container, body: &Body, place: usize, metadata: &TokenStream) -> TokenStream {
    let mut members = body.members(container.fields_default);
    members[place] = metadata.clone();
    let meta =
        |name: &str| quote!(__schema::Member::optional(#name, &__schema::Type::new(__schema::Shape::String, &[]), &[]));
    let (api_version, kind) = (meta("apiVersion"), meta("kind"));
    let shape = quote!(__schema::Shape::Object(&[#api_version, #kind, #(#members),*]));
    super::type_expression(&shape, &container.keywords)
}

/// The names of a resource.
struct Names {
    group: LitStr,
    version: LitStr,
    kind: LitStr,
    list_kind: LitStr,
    plural: LitStr,
    singular: LitStr,
    is_namespaced: bool,
}

impl Names {
    fn of(input: &DeriveInput, resource: &Resource) -> Result<Self> {
        let missing = |what: &str| Error::new(input.ident.span(), format!("`#[kubernetes({what})]` is missing"));
        let span = input.ident.span();
        let group = resource.group.clone().ok_or_else(|| missing("group = \"example.com\""))?;
        let version = resource.version.clone().ok_or_else(|| missing("version = \"v1\""))?;
        let is_namespaced = resource.is_namespaced.ok_or_else(|| missing("namespaced)]` or `#[kubernetes(cluster"))?;
        let kind = resource.kind.clone().unwrap_or_else(|| LitStr::new(&input.ident.to_string(), span));
        let or =
            |given: &Option<LitStr>, value: String| given.clone().unwrap_or_else(|| LitStr::new(&value, kind.span()));
        let names = Self {
            list_kind: or(&resource.list_kind, format!("{}List", kind.value())),
            plural: or(&resource.plural, plural(&kind.value())),
            singular: or(&resource.singular, kind.value().to_ascii_lowercase()),
            group,
            version,
            kind,
            is_namespaced,
        };
        names.check(resource)?;
        Ok(names)
    }

    /// Names for a resource whose own may be missing or wrong.
    fn placeholder(input: &DeriveInput, resource: &Resource) -> Self {
        let text = |text: &str| LitStr::new(text, input.ident.span());
        let kind = input.ident.to_string();
        Self {
            group: text("example.com"),
            version: text("v1"),
            list_kind: text(&format!("{kind}List")),
            plural: text(&plural(&kind)),
            singular: text(&kind.to_ascii_lowercase()),
            kind: text(&kind),
            is_namespaced: resource.is_namespaced.unwrap_or(true),
        }
    }

    /// The scope, as `resource!` has it.
    fn scope(&self) -> TokenStream {
        if self.is_namespaced { quote!(namespaced) } else { quote!(cluster) }
    }

    /// Refuses names that the API server would refuse.
    fn check(&self, resource: &Resource) -> Result<()> {
        let group = self.group.value();
        if !group.contains('.') || !group.split('.').all(is_label_or_number) {
            return Err(Error::new(
                self.group.span(),
                "a group must be a DNS name with a dot, such as \"example.com\"",
            ));
        }
        let lists = resource.short_names.iter().chain(&resource.categories);
        for name in [&self.version, &self.plural, &self.singular].into_iter().chain(lists) {
            if !is_label(&name.value()) {
                return Err(Error::new(name.span(), format!("{:?} is not a name: {LABEL}", name.value())));
            }
        }
        for kind in [&self.kind, &self.list_kind] {
            if !is_label(&kind.value().to_ascii_lowercase()) {
                return Err(Error::new(
                    kind.span(),
                    format!("{:?} is not a kind: {LABEL}; capitals are allowed", kind.value()),
                ));
            }
        }
        Ok(())
    }

    fn api_version(&self) -> String {
        format!("{}/{}", self.group.value(), self.version.value())
    }
}

const LABEL: &str = "use at most 63 lower-case letters, digits or '-', starting with a letter";

/// A label by RFC 1035, as Kubernetes checks it.
fn is_label(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_lowercase) && is_label_or_number(text)
}

fn is_label_or_number(text: &str) -> bool {
    let is_inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let bytes = text.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    bytes.len() <= 63 && bytes.iter().all(is_inner) && ends.iter().all(|end| end.is_some_and(|end| *end != b'-'))
}

fn traits(name: &Ident, names: &Names, has_default: bool) -> TokenStream {
    let Names { group, version, kind, list_kind, plural, .. } = names;
    let scope = names.scope();
    let list = (list_kind.value() != format!("{}List", kind.value())).then(|| quote!(in #list_kind));
    let unnamed = (!has_default).then(|| quote!(@ unnamed));
    quote! {
        __core::object!(#unnamed #name: #group / #version / #kind #list);
        __core::resource!(@ type #name: #plural, #scope, watch);
    }
}

fn declaration(name: &Ident, names: &Names, container: &Container, has_status: bool) -> TokenStream {
    let Names { group, version, kind, list_kind, plural, singular, is_namespaced } = names;
    let resource = &container.resource;
    let (short_names, categories) = (&resource.short_names, &resource.categories);
    let scope = if *is_namespaced { quote!(Namespaced) } else { quote!(Cluster) };
    let pairs = |pairs: &[(LitStr, LitStr)]| {
        let pairs = pairs.iter().map(|(key, value)| quote!((#key, #value)));
        quote!(&[#(#pairs),*])
    };
    let (annotations, labels) = (pairs(&resource.annotations), pairs(&resource.labels));
    let served = !resource.is_not_served;
    let deprecated = match &resource.deprecated {
        Some(warning) => quote!(::core::option::Option::Some(#warning)),
        None => quote!(::core::option::Option::None),
    };
    let status = resource.status.map_or(has_status, |(status, _)| status);
    let scale = match &resource.scale {
        Some(paths) => scale(paths),
        None => quote!(::core::option::Option::None),
    };
    let columns = resource.columns.iter().map(column);
    let selectable_fields = &resource.selectable_fields;
    quote! {
        #[automatically_derived]
        impl __schema::CustomResource for #name {
            const DECLARATION: &'static __schema::Declaration = &__schema::Declaration {
                group: #group,
                kind: #kind,
                list_kind: #list_kind,
                plural: #plural,
                singular: #singular,
                short_names: &[#(#short_names),*],
                categories: &[#(#categories),*],
                scope: __schema::Scope::#scope,
                annotations: #annotations,
                labels: #labels,
                version: __schema::Version {
                    name: #version,
                    served: #served,
                    deprecated: #deprecated,
                    schema: <#name as __schema::Schema>::SCHEMA,
                    status: #status,
                    scale: #scale,
                    columns: &[#(#columns),*],
                    selectable_fields: &[#(#selectable_fields),*],
                },
            };
        }
    }
}

fn scale(paths: &Scale) -> TokenStream {
    let Scale { spec, status, selector } = paths;
    let selector = selector.as_ref().map_or_else(String::new, LitStr::value);
    quote! {
        ::core::option::Option::Some(__schema::Scale {
            spec_replicas_path: #spec,
            status_replicas_path: #status,
            label_selector_path: #selector,
        })
    }
}

fn column(column: &Column) -> TokenStream {
    let Column { name, kind, json_path, priority, .. } = column;
    let text = |text: &Option<LitStr>| text.as_ref().map_or_else(String::new, LitStr::value);
    let (format, description) = (text(&column.format), text(&column.description));
    quote! {
        __schema::Column {
            name: #name,
            kind: #kind,
            json_path: #json_path,
            format: #format,
            description: #description,
            priority: #priority,
        }
    }
}
