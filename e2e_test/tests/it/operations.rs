//! Operations that are not one of the seven verbs on a resource.

use kubernetes_sdk::api::{apis, apps, authentication, core::v1 as core_v1, openid, version};
use kubernetes_sdk::models::authentication::v1::{TokenRequest, TokenRequestSpec};

use crate::cluster;

#[tokio::test]
async fn the_server_describes_itself() {
    let client = cluster::client("admin");
    let info = version::get_code().send(&client).await.unwrap();
    assert!(info.git_version.starts_with("v1."), "{info:?}");
    let groups = apis::get_api_versions().send(&client).await.unwrap();
    assert!(groups.groups.iter().any(|group| group.name == "apps"));
    let group = apps::get_api_group().send(&client).await.unwrap();
    assert_eq!(group.preferred_version.unwrap().version, "v1");
    let resources = core_v1::get_api_resources().send(&client).await.unwrap();
    assert!(resources.resources.iter().any(|resource| resource.name == "pods/log"));
    let keys: serde_json::Value =
        openid::get_service_account_issuer_open_id_keyset().send(&client).await.unwrap().decode().unwrap();
    assert!(keys["keys"].is_array(), "{keys}");
}

#[tokio::test]
async fn a_service_accounts_token_is_issued_and_reviewed() {
    let (client, namespace) = cluster::namespace("token").await;
    let account = kubernetes_sdk::models::core::v1::ServiceAccount::named("robot");
    core_v1::create_namespaced_service_account(&namespace, &account).send(&client).await.unwrap();
    let request = TokenRequest {
        spec: TokenRequestSpec { expiration_seconds: Some(600), ..Default::default() }.into(),
        ..Default::default()
    };
    let issued = core_v1::create_namespaced_service_account_token(&namespace, "robot", &request).send(&client).await;
    let token = issued.unwrap().status.unwrap().token.unwrap();

    let review = kubernetes_sdk::models::authentication::v1::TokenReview {
        spec: kubernetes_sdk::models::authentication::v1::TokenReviewSpec { token, ..Default::default() },
        ..Default::default()
    };
    let reviewed = authentication::v1::create_token_review(&review).send(&client).await.unwrap();
    let user = reviewed.status.unwrap().user.unwrap();
    assert_eq!(user.username.as_deref(), Some(&*format!("system:serviceaccount:{namespace}:robot")));
}
