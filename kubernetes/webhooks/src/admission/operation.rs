use kubernetes_core::Str;

/// An operation of the API.
#[derive(Clone)]
pub enum Operation {
    /// An object is created.
    Create,
    /// An object is changed.
    Update,
    /// An object is deleted: there is only the old object.
    Delete,
    /// A connection is made, as by `kubectl exec`: the object is its options.
    Connect,
    /// One that this version of the crate does not know.
    Other(Str),
}

kubernetes_core::open_enum!(Operation { Create = "CREATE", Update = "UPDATE", Delete = "DELETE", Connect = "CONNECT", });
