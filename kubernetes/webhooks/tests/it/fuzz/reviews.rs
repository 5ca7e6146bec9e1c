use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use kubernetes_core::json::{self, Tree};
use kubernetes_webhooks::{Authentication, Authorization, Webhooks};
use tower_service::Service as _;

/// The errors of the handler begin with it, and no others: these quote keys with control characters.
const MARK: char = '\u{1}';

/// Any body is answered in the version that it came in, with the uid of the review: about a token always by a review, which
/// never has the token; about an access by a decision that has seen the user's name and groups, or by 400.
pub(crate) fn check(body: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let webhooks = Webhooks::new()
        .authenticate_tokens(|request| async move { Err::<Authentication, _>(format!("{MARK}{}", request.spec.token)) })
        .authorize(|request| async move {
            let seen =
                Tree::List(request.spec.groups.iter().cloned().chain(request.spec.user).map(Tree::String).collect());
            Ok::<_, String>(Authorization::no_opinion().reason(seen.to_text()))
        });
    let sent: Tree = json::from_slice(body).unwrap_or_default();
    runtime.block_on(async {
        let (status, answer) = post(&webhooks, "/authenticate", body).await;
        assert_eq!((status, text(&answer, "/kind")), (200, "TokenReview"));
        assert_eq!(answer.at("/status/authenticated"), Some(&Tree::Bool(false)));
        let (error, token) = (text(&answer, "/status/error"), text(&sent, "/spec/token"));
        assert!(!error.is_empty() && answer.at("/spec") == Some(&Tree::Object(Vec::new())));
        if let Some(rest) = error.strip_prefix(MARK) {
            assert!(rest == "[token]" && !token.is_empty());
            check_identity(&sent, &answer, "authentication.k8s.io/v1");
        }

        let (status, answer) = post(&webhooks, "/authorize", body).await;
        if status == 400 {
            return;
        }
        assert_eq!((status, text(&answer, "/kind")), (200, "SubjectAccessReview"));
        check_identity(&sent, &answer, "authorization.k8s.io/v1");
        let is_beta = text(&sent, "/apiVersion") == "authorization.k8s.io/v1beta1";
        let groups = sent.at(if is_beta { "/spec/group" } else { "/spec/groups" });
        let mut expected = match groups {
            Some(Tree::List(groups)) => groups.clone(),
            _ => Vec::new(),
        };
        expected.extend(sent.at("/spec/user").filter(|user| user.as_str().is_some()).cloned());
        let seen: Tree = json::from_str(text(&answer, "/status/reason")).unwrap();
        assert_eq!(seen, Tree::List(expected));
    });
}

fn check_identity(sent: &Tree, answer: &Tree, default: &str) {
    let version = match text(sent, "/apiVersion") {
        "" => default,
        version => version,
    };
    assert_eq!(text(answer, "/apiVersion"), version);
    assert_eq!(text(answer, "/metadata/uid"), text(sent, "/metadata/uid"));
}

fn text<'a>(tree: &'a Tree, pointer: &str) -> &'a str {
    tree.at(pointer).and_then(Tree::as_str).unwrap_or_default()
}

async fn post(webhooks: &Webhooks, path: &str, body: &[u8]) -> (u16, Tree) {
    let request = Request::post(path).header("content-type", "application/json");
    let request = request.body(Full::new(Bytes::copy_from_slice(body))).unwrap();
    let response = webhooks.clone().call(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, json::from_slice(&body).unwrap_or_default())
}
