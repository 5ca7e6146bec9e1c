use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use kubernetes_core::json::{self, Tree, Value};
use kubernetes_core::{Json, JsonPatch, Status};

use super::decision::{Allowed, Annotations, Denied, Mutated};
use super::operation::Operation;
use super::request::AdmissionRequest;
use super::review::{Answer, Wire};
use crate::clock::Instant;

/// The outcome of one handler: the patch that it makes, if any.
pub(crate) type Outcome = Result<(Allowed, Option<JsonPatch>), Denied>;

/// A handler, type-erased.
pub(crate) trait Admit: Send + Sync {
    /// Decides about a request, whose object is as the handlers before have left it.
    fn admit<'a>(
        &'a self,
        request: &'a Wire,
        object: &'a Json,
        deadline: Instant,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;
}

/// A handler that decides.
pub(crate) struct Validate<K, F>(F, PhantomData<fn(K)>);

/// A handler that changes the object.
pub(crate) struct Mutate<K, F>(F, PhantomData<fn(K)>);

impl<K, F> Validate<K, F> {
    pub(crate) fn new(handler: F) -> Self {
        Self(handler, PhantomData)
    }
}

impl<K, F> Mutate<K, F> {
    pub(crate) fn new(handler: F) -> Self {
        Self(handler, PhantomData)
    }
}

impl<K, F, T, A, E> Admit for Validate<K, F>
where
    K: Value + Send + 'static,
    F: Fn(AdmissionRequest<K>) -> T + Send + Sync,
    T: Future<Output = Result<A, E>> + Send,
    A: Into<Allowed>,
    E: Into<Denied>,
{
    fn admit<'a>(
        &'a self,
        request: &'a Wire,
        object: &'a Json,
        deadline: Instant,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>> {
        Box::pin(async move {
            let request = AdmissionRequest::decode(request, object, deadline)?;
            let allowed = (self.0)(request).await.map_err(Into::into)?;
            Ok((allowed.into(), None))
        })
    }
}

impl<K, F, T, M, E> Admit for Mutate<K, F>
where
    K: Value + Send + 'static,
    F: Fn(K, AdmissionRequest<K>) -> T + Send + Sync,
    T: Future<Output = Result<M, E>> + Send,
    M: Into<Mutated<K>>,
    E: Into<Denied>,
{
    fn admit<'a>(
        &'a self,
        request: &'a Wire,
        document: &'a Json,
        deadline: Instant,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>> {
        Box::pin(async move {
            // There is nothing to change in a deletion, and so no need to read an object that may be of an old form.
            if request.operation == Operation::Delete {
                return Ok((Allowed::new(), None));
            }
            let mut request = AdmissionRequest::<K>::decode_object(request, document, deadline)?;
            if let Some(error) = &request.old_object_error {
                let (namespace, name) = (&*request.namespace, &*request.name);
                tracing::debug!(%error, namespace, name, "a mutating webhook gets no old object");
            }
            let Some(object) = request.object.take() else { return Ok((Allowed::new(), None)) };
            let before = written(&object)?;
            let Mutated { object, allowed } = (self.0)(object, request).await.map_err(Into::into)?.into();
            Ok((allowed, difference(document, &before, &written(&object)?)?))
        })
    }
}

fn written<K: Value>(object: &K) -> Result<String, Denied> {
    json::to_string(object).map_err(|error| Denied::error(500, format!("can't write the object: {error}")))
}

/// The operations that change the document as sent, with the fields that the type does not know, as the object changed.
fn difference(document: &Json, before: &str, after: &str) -> Result<Option<JsonPatch>, Denied> {
    if before == after {
        return Ok(None);
    }
    let [document, before, after] = [document.as_str(), before, after].map(json::from_str::<Tree>);
    let patch = JsonPatch::between(&document?, &before?, &after?);
    Ok(Some(patch).filter(|patch| !patch.is_empty()))
}

/// Asks the handlers one after the other, each about the object that the ones before have left. The first refusal counts,
/// and nothing is changed then.
pub(crate) async fn decide(handlers: &[Box<dyn Admit>], request: &Wire, deadline: Instant) -> Answer {
    match gather(handlers, request, deadline).await {
        Ok((annotations, patches)) => match joined(&patches) {
            Ok(patch) => {
                let status = Status { code: Some(200), ..Status::default() };
                Answer {
                    allowed: true,
                    patch,
                    status,
                    warnings: annotations.warnings,
                    audit_annotations: annotations.audit_annotations,
                }
            }
            Err(error) => Answer::error(500, format!("can't write the patch: {error}")),
        },
        Err(Denied { status, annotations }) => Answer {
            status: *status,
            warnings: annotations.warnings,
            audit_annotations: annotations.audit_annotations,
            ..Answer::default()
        },
    }
}

async fn gather(
    handlers: &[Box<dyn Admit>],
    request: &Wire,
    deadline: Instant,
) -> Result<(Annotations, Vec<JsonPatch>), Denied> {
    let (mut annotations, mut patches) = (Annotations::default(), Vec::new());
    let mut object = request.object.clone();
    for (index, handler) in handlers.iter().enumerate() {
        let (allowed, patch) = handler.admit(request, &object, deadline).await?;
        annotations.warnings.extend(allowed.annotations.warnings);
        annotations.audit_annotations.extend(allowed.annotations.audit_annotations);
        let Some(patch) = patch else { continue };
        if index + 1 < handlers.len() {
            object = patched(&object, &patch)?;
        }
        patches.push(patch);
    }
    Ok((annotations, patches))
}

fn patched(object: &Json, patch: &JsonPatch) -> Result<Json, Denied> {
    let mut tree: Tree = json::from_str(object.as_str())?;
    patch.apply(&mut tree).map_err(|error| Denied::error(500, format!("can't apply the patch: {error}")))?;
    Ok(Json::from(tree))
}

/// The operations of all patches in one list.
fn joined(patches: &[JsonPatch]) -> Result<String, json::EncodeError> {
    let [first, rest @ ..] = patches else { return Ok(String::new()) };
    let mut text = first.to_text()?;
    for patch in rest {
        // A list of operations is never empty here.
        text.pop();
        text.push(',');
        text.push_str(&patch.to_text()?[1..]);
    }
    Ok(text)
}
