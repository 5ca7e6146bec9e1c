//! From what is described to what is rendered.

mod claims;
mod deleted_collections;
mod deprecated_watch;
mod docs;
mod features;
mod fold_lists;
mod parameter_sets;
mod presence;
mod required;
mod resources;
mod secrets;
mod served;
mod shared_enums;
mod shared_types;

use std::collections::BTreeMap;

pub(crate) use features::{Feature, Features};
pub(crate) use served::{Served, ServedSubresource};

use crate::error::Result;
use crate::ir::{Api, Definition, Function, QueryParameter, Verb};

/// All that is rendered.
pub(crate) struct Plan {
    pub(crate) definitions: BTreeMap<String, Definition>,
    pub(crate) functions: Vec<Function>,
    /// The parameters of each verb's request type.
    pub(crate) parameters: BTreeMap<Verb, Vec<QueryParameter>>,
    pub(crate) features: Features,
    /// The resources that a server of this description has at its paths.
    pub(crate) served: Vec<Served>,
    pub(crate) counts: Counts,
    /// A note for the user, where types differ from the description.
    pub(crate) note: Option<String>,
}

/// Counts for the report.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) definitions: usize,
    /// Groups of definitions, each version counted.
    pub(crate) groups: usize,
    pub(crate) folded_lists: usize,
    pub(crate) deprecated_watches: usize,
}

/// Runs every pass.
pub(crate) fn run(mut api: Api) -> Result<Plan> {
    let note = required::keep(&mut api.definitions);
    let deprecated_watches = deprecated_watch::drop(&mut api.operations)?;
    deleted_collections::unwatch(&mut api.operations);
    let folded_lists = fold_lists::fold(&mut api.definitions);
    shared_enums::share(&mut api.definitions);
    shared_types::share(&mut api.definitions);
    resources::mark(&mut api)?;
    presence::decide(&mut api.definitions);
    secrets::mark(&mut api)?;
    let operations = std::mem::take(&mut api.operations);
    let functions = claims::claim(&api, operations)?;
    let parameters = parameter_sets::collect(&functions)?;
    let served = served::collect(&functions)?;
    let features = features::compute(&api.definitions, &functions);
    let counts = Counts {
        definitions: api.definitions.len(),
        groups: api
            .definitions
            .values()
            .map(|definition| module(&definition.name))
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        folded_lists,
        deprecated_watches,
    };
    let mut plan = Plan { definitions: api.definitions, functions, parameters, features, served, counts, note };
    docs::clean_all(&mut plan);
    Ok(plan)
}

/// The name of a definition without that of its type.
fn module(definition: &str) -> &str {
    definition.rsplit_once('.').map_or("", |(module, _)| module)
}
