//! The hints for traits that are not in scope name paths of the SDK.

use kubernetes_sdk::Client;
use kubernetes_sdk::models::core::v1::Pod;

fn is_being_deleted(pod: &Pod) -> bool {
    pod.is_being_deleted()
}

async fn execute(client: &Client, request: kubernetes_sdk::core::Request) {
    let _ = client.execute::<kubernetes_sdk::core::Json>(request).await;
}

fn main() {}
