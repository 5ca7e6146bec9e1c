use crate::names::lower_schema_reference;

/// What a document is written in. Either is read into the types of Swagger 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Swagger,
    OpenApi,
}

/// The keys of what a schema has beyond Swagger 2.0.
pub(super) struct BeyondSwagger {
    pub(super) nullable: &'static str,
    pub(super) one_of: &'static str,
    pub(super) any_of: &'static str,
    pub(super) not: &'static str,
}

impl Dialect {
    /// OpenAPI 3.0 has keys of its own, Swagger 2.0 extensions in their place.
    pub(super) fn beyond_swagger(self) -> BeyondSwagger {
        match self {
            Self::Swagger => {
                BeyondSwagger { nullable: "x-nullable", one_of: "x-oneOf", any_of: "x-anyOf", not: "x-not" }
            }
            Self::OpenApi => BeyondSwagger { nullable: "nullable", one_of: "oneOf", any_of: "anyOf", not: "not" },
        }
    }

    /// A reference to a schema, as Swagger 2.0 writes it.
    pub(super) fn reference(self, reference: String) -> String {
        match self {
            Self::Swagger => reference,
            Self::OpenApi => lower_schema_reference(&reference),
        }
    }
}
