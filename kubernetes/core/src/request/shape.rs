//! The common parts of all types of requests: each is a [`Request`](super::Request) with the type of its response.

/// Defines a type of request: the struct, its constructor from a path, `Clone` and `Debug`.
///
/// The braces hold the method, the documentation of `at`, and further fields. (`Clone` and `Debug` are not derived, so
/// that they do not depend on the type of the response. The body is never shown, because it may contain secrets.)
macro_rules! request_type {
    (
        $(#[$attribute:meta])*
        $name:ident<$($lifetime:lifetime,)? $($of:ident $(= $default:ident)?),*> {
            $method:ident, $at:literal $(, $body:ident: $body_type:ty)?
        }
    ) => {
        $crate::request::shape::request_type! {
            $(#[$attribute])*
            $name<$($lifetime,)? $($of $(= $default)?),*> { $($body: $body_type)? }
        }

        impl<$($lifetime,)? $($of),*> $name<$($lifetime,)? $($of),*> {
            #[doc = $at]
            pub fn at(path: $crate::Path $(, $body: $body_type)?) -> Self {
                Self::from_request($crate::Request::new(::http::Method::$method, path) $(, $body)?)
            }
        }
    };
    (
        $(#[$attribute:meta])*
        $name:ident<$($lifetime:lifetime,)? $($of:ident $(= $default:ident)?),*> { $($body:ident: $body_type:ty)? }
    ) => {
        $(#[$attribute])*
        #[must_use = "a request does nothing until it is sent"]
        pub struct $name<$($lifetime,)? $($of $(= $default)?),*> {
            pub(crate) request: $crate::Request,
            $($body: $body_type,)?
            types: ::std::marker::PhantomData<fn() -> ($($of,)*)>,
        }

        impl<$($lifetime,)? $($of),*> $name<$($lifetime,)? $($of),*> {
            pub(super) fn from_request(request: $crate::Request $(, $body: $body_type)?) -> Self {
                Self { request, $($body,)? types: ::std::marker::PhantomData }
            }

            /// The request for a transport, without its body.
            pub fn request(&self) -> &$crate::Request {
                &self.request
            }
        }

        impl<$($lifetime,)? $($of),*> ::std::clone::Clone for $name<$($lifetime,)? $($of),*> {
            fn clone(&self) -> Self {
                Self { request: self.request.clone(), $($body: ::std::clone::Clone::clone(&self.$body),)? types: ::std::marker::PhantomData }
            }
        }

        impl<$($lifetime,)? $($of),*> ::std::fmt::Debug for $name<$($lifetime,)? $($of),*> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.request).finish()
            }
        }
    };
}
pub(crate) use request_type;

/// Constructors of a request for one object, by name.
macro_rules! for_name {
    ($of:ident, $verb:literal $(, $body:ident: $body_type:ty)?) => {
        #[doc = concat!($verb, " an object in a namespace.")]
        pub fn namespaced(
            namespace: impl AsRef<str>,
            name: impl AsRef<str>
            $(, $body: $body_type)?
        ) -> Self
        where
            $of: $crate::NamespacedResource,
        {
            Self::at($crate::Path::namespaced::<$of>(namespace, name) $(, $body)?)
        }

        #[doc = concat!($verb, " an object of a cluster-scoped resource.")]
        pub fn cluster(name: impl AsRef<str> $(, $body: $body_type)?) -> Self
        where
            $of: $crate::ClusterResource,
        {
            Self::at($crate::Path::cluster::<$of>(name) $(, $body)?)
        }
    };
}
pub(crate) use for_name;

/// Constructors of a request whose body is the object, by the name in the body.
macro_rules! for_object {
    ($of:ident, $lifetime:lifetime, $verb:literal $(, $argument:ident: $argument_type:ty)?) => {
        #[doc = concat!($verb, " the object with this name in a namespace.")]
        pub fn namespaced(
            namespace: impl AsRef<str>,
            object: &$lifetime $of
            $(, $argument: $argument_type)?
        ) -> Self
        where
            $of: $crate::NamespacedResource,
        {
            let name = object.metadata().name.as_deref().unwrap_or_default();
            Self::at($crate::Path::namespaced::<$of>(namespace, name), object $(, $argument)?)
        }

        #[doc = concat!($verb, " the object with this name of a cluster-scoped resource.")]
        pub fn cluster(object: &$lifetime $of $(, $argument: $argument_type)?) -> Self
        where
            $of: $crate::ClusterResource,
        {
            let name = object.metadata().name.as_deref().unwrap_or_default();
            Self::at($crate::Path::cluster::<$of>(name), object $(, $argument)?)
        }
    };
}
pub(crate) use for_object;

/// Constructors of a request for all objects of a resource.
macro_rules! for_objects {
    ($of:ident, $verb:literal, $objects:literal $(, $body:ident: $body_type:ty)?) => {
        #[doc = concat!($verb, " ", $objects, " in a namespace.")]
        pub fn namespaced(namespace: impl AsRef<str> $(, $body: $body_type)?) -> Self
        where
            $of: $crate::NamespacedResource,
        {
            Self::at($crate::Path::of::<$of>(Some(namespace.as_ref())) $(, $body)?)
        }

        #[doc = concat!($verb, " ", $objects, " of a cluster-scoped resource.")]
        pub fn cluster($($body: $body_type)?) -> Self
        where
            $of: $crate::ClusterResource,
        {
            Self::at($crate::Path::of::<$of>(None) $(, $body)?)
        }
    };
}
pub(crate) use for_objects;

/// Redirects a request to a subresource of the object's own type.
macro_rules! subresource {
    ($verb:literal) => {
        #[doc = concat!($verb, " a subresource of the object's own type, such as `status`.")]
        ///
        /// For a subresource of another type, use [`Path::subresource`](crate::Path::subresource).
        pub fn subresource(mut self, name: impl AsRef<str>) -> Self {
            self.request.path = self.request.path.subresource(name);
            self
        }
    };
}
pub(crate) use subresource;
