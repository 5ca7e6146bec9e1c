//! Macros that generated code, and users with types of their own, invoke once for each type.

/// Gives a type serde's traits through its [`Value`](crate::json::Value); its one parameter is named with its bounds,
/// two at most.
#[macro_export]
#[doc(hidden)]
macro_rules! serde_by_json {
    ($type:ty $(, $parameter:ident $(: $bound:path $(, $other:path)?)?)?) => {
        impl$(<$parameter $(: $bound $(+ $other)?)?>)? $crate::serde::Serialize for $type {
            fn serialize<S: $crate::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::json::serialize(self, serializer)
            }
        }

        impl<'de $(, $parameter $(: $bound $(+ $other)?)?)?> $crate::serde::Deserialize<'de> for $type {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::json::deserialize(deserializer)
            }
        }
    };
}

/// Gives a model serde's traits, if this crate's feature `serde` is on: they are an eighth of what models take to
/// check.
#[cfg(feature = "serde")]
#[macro_export]
#[doc(hidden)]
macro_rules! serde_of_model {
    ($type:ty) => {
        $crate::serde_by_json!($type);
    };
}

/// Expands to nothing, because this crate's feature `serde` is off.
#[cfg(not(feature = "serde"))]
#[macro_export]
#[doc(hidden)]
macro_rules! serde_of_model {
    ($type:ty) => {};
}

/// Completes a type that is a model: `Debug`, the conversion into an optional field, and serde's traits.
#[macro_export]
#[doc(hidden)]
macro_rules! model {
    ($type:ty) => {
        $crate::plain_model!($type);
        $crate::serde_of_model!($type);
    };
}

/// Like `model!`, for types that always have serde's traits because users' types contain them.
#[macro_export]
#[doc(hidden)]
macro_rules! model_with_serde {
    ($type:ty) => {
        $crate::plain_model!($type);
        $crate::serde_by_json!($type);
    };
}

/// Implements the conversion of a model into an optional field, and `Debug`, which shows the fields that are set.
#[macro_export]
#[doc(hidden)]
macro_rules! plain_model {
    ($type:ty) => {
        impl ::core::fmt::Debug for $type {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::debug::model(::core::stringify!($type), self, f)
            }
        }

        impl ::core::convert::From<$type> for ::core::option::Option<::std::boxed::Box<$type>> {
            #[inline]
            fn from(value: $type) -> Self {
                ::core::option::Option::Some(::std::boxed::Box::new(value))
            }
        }
    };
}

/// Makes an enum open: besides the values in the description, its variant `Other(Str)` holds values of newer servers.
///
/// There are many such enums, and each impl is checked in every program. So everything goes through `as_str`, and a
/// single impl of `PartialEq` serves the enum itself and all kinds of strings.
#[macro_export]
#[doc(hidden)]
macro_rules! open_enum {
    ($name:ident { $($variant:ident = $text:literal,)* }) => {
        impl $name {
            /// The value as it is on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl ::core::default::Default for $name {
            /// The empty string, as in Go.
            #[inline]
            fn default() -> Self {
                Self::Other($crate::Str::EMPTY)
            }
        }

        impl ::core::convert::From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)*
                    _ => Self::Other($crate::Str::from(text)),
                }
            }
        }

        impl ::core::convert::AsRef<str> for $name {
            #[inline]
            fn as_ref(&self) -> &str {
                Self::as_str(self)
            }
        }

        impl ::core::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(Self::as_str(self), f)
            }
        }

        impl ::core::fmt::Debug for $name {
            /// The value on the wire, in quotes.
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(Self::as_str(self), f)
            }
        }

        impl<T: ::core::convert::AsRef<str> + ?Sized> ::core::cmp::PartialEq<T> for $name {
            /// Compares values on the wire, so that a value which becomes known still equals its `Other`.
            fn eq(&self, other: &T) -> bool {
                Self::as_str(self) == ::core::convert::AsRef::as_ref(other)
            }
        }

        impl ::core::cmp::Eq for $name {}

        impl ::core::cmp::PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> ::core::option::Option<::core::cmp::Ordering> {
                ::core::option::Option::Some(::core::cmp::Ord::cmp(self, other))
            }
        }

        impl ::core::cmp::Ord for $name {
            #[inline]
            fn cmp(&self, other: &Self) -> ::core::cmp::Ordering {
                ::core::cmp::Ord::cmp(Self::as_str(self), Self::as_str(other))
            }
        }

        impl ::core::hash::Hash for $name {
            fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
                ::core::hash::Hash::hash(Self::as_str(self), state);
            }
        }

        impl $crate::json::Value for $name {
            fn read(
                &mut self,
                reader: &mut $crate::json::Reader<'_>,
            ) -> ::core::result::Result<(), $crate::json::DecodeError> {
                $crate::json::read_text(self, reader)
            }

            fn write(&self, writer: &mut $crate::json::Writer) {
                $crate::json::Writer::string(writer, Self::as_str(self));
            }
        }

        $crate::serde_of_model!($name);
    };
}

/// Turns a struct with a field `metadata` into an object of one kind. Unlike with [`resource`], it has no path, as is
/// the case for the types of subresources, such as `Eviction` and `Scale`.
#[macro_export]
#[doc(hidden)]
macro_rules! object {
    ($type:ident: $group:literal / $version:literal / $kind:literal $(in $list:literal)?) => {
        $crate::object!(@ unnamed $type: $group / $version / $kind $(in $list)?);
        $crate::object!(@ named $type);
    };
    (@ unnamed $type:ident: $group:literal / $version:literal / $kind:literal $(in $list:literal)?) => {
        impl $crate::Object for $type {
            const TYPE: ::core::option::Option<$crate::StaticType> =
                ::core::option::Option::Some($crate::StaticType::new($group, $version, $kind));
            $(const LIST_KIND: ::core::option::Option<&'static str> = ::core::option::Option::Some($list);)?

            #[inline]
            fn metadata(&self) -> &$crate::ObjectMeta {
                // For a type without the field, the compiler would take `self.metadata` for a method without
                // parentheses.
                let Self { metadata, .. } = self;
                metadata
            }

            #[inline]
            fn metadata_mut(&mut self) -> &mut $crate::ObjectMeta {
                let Self { metadata, .. } = self;
                metadata
            }
        }

        $crate::object!(@ accessors $type);
    };
    (@ named $type:ident) => {
        impl $type {
            /// Creates an object with this name and nothing else.
            pub fn named(name: impl ::core::convert::Into<$crate::Str>) -> Self {
                let mut object = Self::default();
                $crate::Object::metadata_mut(&mut object).name = ::core::option::Option::Some(name.into());
                object
            }
        }
    };
    (@ accessors $type:ident) => {
        impl $type {
            /// `metadata.name`, or the empty string.
            #[inline]
            pub fn name(&self) -> &str {
                $crate::Object::metadata(self).name.as_deref().unwrap_or_default()
            }

            /// `metadata.namespace`.
            #[inline]
            pub fn namespace(&self) -> ::core::option::Option<&str> {
                $crate::Object::metadata(self).namespace.as_deref()
            }

            /// `metadata.uid`, or the empty string.
            #[inline]
            pub fn uid(&self) -> &str {
                $crate::Object::metadata(self).uid.as_deref().unwrap_or_default()
            }
        }
    };
}

/// Makes a type with public fields `metadata` and others a Kubernetes resource.
///
/// ```
/// use kubernetes_core::{ListRequest, ObjectMeta, resource};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
/// struct CronTab {
///     metadata: ObjectMeta,
///     spec: CronTabSpec,
/// }
///
/// #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
/// #[serde(rename_all = "camelCase")]
/// struct CronTabSpec {
///     cron_spec: String,
/// }
///
/// resource!(CronTab: "stable.example.com" / "v1" / "CronTab", "crontabs", namespaced, watch, serde);
///
/// let request = ListRequest::<CronTab>::namespaced("shop").limit(10);
/// let tab = CronTab::named("nightly");
/// assert_eq!(tab.name(), "nightly");
/// ```
///
/// To write the `status` of such an object, use its subresource by a `ReplaceRequest`.
///
/// The parts, in this order: group, version and kind; the plural used in paths; `namespaced` or `cluster`; `watch` if
/// its list can be watched; `serde` if the type is read and written by its own serde derives. (Generated models omit
/// `serde`: they have a faster engine.)
///
/// If the kind of lists is not the object's kind followed by `List`, name both: `"CronTab" in "CronTabs"`.
///
/// A type without a default value, such as one with a required enum, ends with `serde_no_default` instead. It has no
/// function `named`:
///
/// ```
/// use kubernetes_core::{ObjectMeta, json, resource};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// struct Backup {
///     metadata: ObjectMeta,
///     mode: Mode,
/// }
///
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// enum Mode {
///     Full,
///     Incremental,
/// }
///
/// resource!(Backup: "stable.example.com" / "v1" / "Backup", "backups", namespaced, watch, serde_no_default);
///
/// let backup: Backup = json::from_str(r#"{"metadata": {"name": "nightly"}, "mode": "Full"}"#)?;
/// assert_eq!(backup.mode, Mode::Full);
/// let error = json::from_str::<Backup>(r#"{"metadata": {"name": "nightly"}}"#).unwrap_err();
/// assert!(error.to_string().starts_with("missing field `mode`"), "{error}");
/// # Ok::<(), json::DecodeError>(())
/// ```
#[macro_export]
macro_rules! resource {
    ($type:ident: $group:literal / $version:literal / $kind:literal $(in $list:literal)?, $plural:literal, $scope:ident, watch, serde_no_default) => {
        $crate::object!(@ unnamed $type: $group / $version / $kind $(in $list)?);
        $crate::resource!(@ type $type: $plural, $scope, watch, serde_no_default);
    };
    ($type:ident: $group:literal / $version:literal / $kind:literal $(in $list:literal)?, $plural:literal, $scope:ident, serde_no_default) => {
        $crate::object!(@ unnamed $type: $group / $version / $kind $(in $list)?);
        $crate::resource!(@ type $type: $plural, $scope, serde_no_default);
    };
    ($type:ident: $group:literal / $version:literal / $kind:literal $(in $list:literal)?, $plural:literal, $scope:ident $(, $extra:ident)*) => {
        $crate::object!($type: $group / $version / $kind $(in $list)?);
        $crate::resource!(@ type $type: $plural, $scope $(, $extra)*);
    };
    (@ type $type:ident: $plural:literal, $scope:ident $(, $extra:ident)*) => {
        impl $crate::Resource for $type {
            const PLURAL: &'static str = $plural;
        }

        $crate::resource!(@ $scope $type);
        $($crate::resource!(@ $extra $type);)*
    };
    (@ namespaced $type:ident) => {
        impl $crate::NamespacedResource for $type {}
    };
    (@ cluster $type:ident) => {
        impl $crate::ClusterResource for $type {}
    };
    (@ watch $type:ident) => {
        impl $crate::Watchable for $type {}
    };
    (@ serde $type:ident) => {
        impl $crate::json::Value for $type {
            fn read(&mut self, reader: &mut $crate::json::Reader<'_>) -> ::core::result::Result<(), $crate::json::DecodeError> {
                *self = match reader.null()? {
                    true => <Self as ::core::default::Default>::default(),
                    false => $crate::from_serde_object(reader, <Self as $crate::Object>::TYPE)?,
                };
                ::core::result::Result::Ok(())
            }

            fn write(&self, writer: &mut $crate::json::Writer) {
                $crate::to_serde_object(self, <Self as $crate::Object>::TYPE, writer);
            }
        }
    };
    (@ serde_no_default $type:ident) => {
        impl $crate::json::Decode for $type {
            fn decode(reader: &mut $crate::json::Reader<'_>) -> ::core::result::Result<Self, $crate::json::DecodeError> {
                $crate::from_serde_object(reader, <Self as $crate::Object>::TYPE)
            }
        }

        impl $crate::json::Value for $type {
            fn write(&self, writer: &mut $crate::json::Writer) {
                $crate::to_serde_object(self, <Self as $crate::Object>::TYPE, writer);
            }
        }
    };
}

/// A small resource for the examples in the documentation.
#[macro_export]
#[doc(hidden)]
macro_rules! doc_test_resource {
    ($name:ident) => {
        #[derive(Clone, Debug, Default, PartialEq, $crate::serde::Serialize, $crate::serde::Deserialize)]
        #[serde(crate = "kubernetes_core::serde")]
        struct $name {
            metadata: $crate::ObjectMeta,
        }
        $crate::resource!($name: "" / "v1" / "Pod", "pods", namespaced, watch, serde);
    };
}
