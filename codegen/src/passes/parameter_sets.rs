use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::ir::{Function, QueryParameter, Verb};

/// The query parameters of each verb's request type.
///
/// The operations of a verb share one set. One may lack some parameters (an older aggregated API server does, and the
/// API server ignores what it does not know), but no two may each have one that the other lacks.
///
/// # Errors
/// Returns an error if the sets of a verb do not form a chain, or a parameter has two types: such an operation needs a verb of
/// its own.
pub(super) fn collect(functions: &[Function]) -> Result<BTreeMap<Verb, Vec<QueryParameter>>> {
    let mut largest: BTreeMap<Verb, &Function> = BTreeMap::new();
    for function in functions {
        let entry = largest.entry(function.verb).or_insert(function);
        if function.operation.query.len() > entry.operation.query.len() {
            *entry = function;
        }
        if function.verb == Verb::Read {
            check_read(function)?;
        }
    }
    for function in functions {
        let Some(whole) = largest.get(&function.verb) else { continue };
        let names: BTreeSet<(&str, _)> =
            whole.operation.query.iter().map(|parameter| (parameter.wire.as_str(), parameter.type_)).collect();
        for parameter in &function.operation.query {
            if !names.contains(&(parameter.wire.as_str(), parameter.type_)) {
                return Err(unclaimed(function, &parameter.wire, &whole.operation.id));
            }
        }
    }
    Ok(largest.into_iter().map(|(verb, function)| (verb, function.operation.query.clone())).collect())
}

/// A read has no parameters but `pretty` and, for custom resources, `resourceVersion`. Any other GET
/// does more than read an object, as `log` does.
fn check_read(function: &Function) -> Result<()> {
    let other =
        function.operation.query.iter().find(|parameter| !["pretty", "resourceVersion"].contains(&&*parameter.wire));
    other.map_or(Ok(()), |parameter| Err(unclaimed(function, &parameter.wire, "other reads")))
}

fn unclaimed(function: &Function, parameter: &str, other: &str) -> Error {
    Error::at(
        function.operation.pointer.clone(),
        format!(
            "no verb claims this set of query parameters: `{parameter}` is unknown to {other}, which is {:?} as well; \
             add a verb to Verb in codegen/src/ir/operations.rs and to verb() in codegen/src/passes/claims.rs, and its \
             request type to kubernetes-core",
            function.verb,
        ),
    )
}
