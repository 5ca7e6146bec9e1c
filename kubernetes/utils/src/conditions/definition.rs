use kubernetes_models::apiextensions::v1::{CustomResourceDefinition, CustomResourceDefinitionCondition};
use kubernetes_watch::{ObjectCondition, Verdict};

use super::explained;

/// Holds if the definition of a custom resource is established: its names are accepted, and the API server serves it.
///
/// Fails if another resource has its names, which are accepted only after that one is gone.
///
/// Source: `WaitForEstablished` in
/// <https://github.com/kubernetes/apiextensions-apiserver/blob/v0.37.2/test/integration/fixtures/resources.go>
pub fn definition_established() -> ObjectCondition<CustomResourceDefinition> {
    ObjectCondition::new("is established", |definition: &CustomResourceDefinition| {
        let established = condition(definition, "Established");
        let accepted = condition(definition, "NamesAccepted");
        match (established, accepted) {
            (_, Some(names)) if names.status == "False" => {
                Verdict::failed(format!("its names are not accepted{}", why(names)))
            }
            (_, None) => Verdict::waiting("its names have not been checked yet"),
            (Some(established), Some(names)) if established.status == "True" && names.status == "True" => Verdict::Met,
            (Some(established), _) => Verdict::waiting(format!("it is not established{}", why(established))),
            (None, _) => Verdict::waiting("it is not established"),
        }
    })
}

fn condition<'a>(
    definition: &'a CustomResourceDefinition,
    type_: &str,
) -> Option<&'a CustomResourceDefinitionCondition> {
    definition.status.as_ref()?.conditions.iter().find(|condition| condition.type_ == type_)
}

fn why(condition: &CustomResourceDefinitionCondition) -> String {
    explained(condition.reason.as_deref(), condition.message.as_deref())
}
