//! Selectors in the form that fields of objects have.

use super::{InvalidSelector, LabelOperator, LabelSelector};
use kubernetes_apimachinery::meta::v1::{LabelSelector as Field, LabelSelectorRequirement};

impl TryFrom<&Field> for LabelSelector {
    type Error = InvalidSelector;

    /// The selector of a Deployment, a NetworkPolicy and so on, with its controller's meaning: an empty selector
    /// matches every object. (Whether a missing selector matches nothing or everything depends on the field.)
    ///
    /// ```
    /// use kubernetes_core::meta::v1;
    /// use kubernetes_core::selector::LabelSelector;
    ///
    /// let field = v1::LabelSelector { match_labels: [("app", "web")].into(), ..Default::default() };
    /// assert_eq!(LabelSelector::try_from(&field)?.to_string(), "app=web");
    /// # Ok::<(), kubernetes_core::selector::InvalidSelector>(())
    /// ```
    fn try_from(field: &Field) -> Result<Self, InvalidSelector> {
        let mut result = Self::from_labels(&field.match_labels)?;
        for expression in &field.match_expressions {
            let operator = match expression.operator.as_str() {
                "In" => LabelOperator::In,
                "NotIn" => LabelOperator::NotIn,
                "Exists" => LabelOperator::Exists,
                "DoesNotExist" => LabelOperator::DoesNotExist,
                other => {
                    return Err(InvalidSelector::new(format!("{other:?} is not an operator of label selectors")));
                }
            };
            result = result.with(&expression.key, operator, &expression.values)?;
        }
        Ok(result)
    }
}

impl TryFrom<&LabelSelector> for Field {
    type Error = InvalidSelector;

    /// The same selector in the form for fields, which has neither `>` nor `<`.
    ///
    /// ```
    /// use kubernetes_core::meta::v1;
    /// use kubernetes_core::selector::LabelSelector;
    ///
    /// let selector: LabelSelector = "app=web,tier!=test".parse()?;
    /// let field = v1::LabelSelector::try_from(&selector)?;
    /// assert_eq!((field.match_labels["app"].as_str(), field.match_expressions[0].operator.as_str()), ("web", "NotIn"));
    /// # Ok::<(), kubernetes_core::selector::InvalidSelector>(())
    /// ```
    fn try_from(selector: &LabelSelector) -> Result<Self, InvalidSelector> {
        let mut field = Self::default();
        for requirement in selector.requirements() {
            let operator = match requirement.operator() {
                LabelOperator::Equals if !field.match_labels.contains_key(requirement.key()) => {
                    field
                        .match_labels
                        .extend(requirement.values().iter().map(|value| (requirement.key(), value.clone())));
                    continue;
                }
                // Another value for the same label: no object matches both, but that is what the selector says.
                LabelOperator::Equals | LabelOperator::In => "In",
                LabelOperator::NotEquals | LabelOperator::NotIn => "NotIn",
                LabelOperator::Exists => "Exists",
                LabelOperator::DoesNotExist => "DoesNotExist",
                LabelOperator::GreaterThan | LabelOperator::LessThan => {
                    return Err(InvalidSelector::new(format!("`{requirement}` has no form for fields of objects")));
                }
            };
            field.match_expressions.push(LabelSelectorRequirement {
                key: requirement.key().into(),
                operator: operator.into(),
                values: requirement.values().to_vec(),
            });
        }
        Ok(field)
    }
}
