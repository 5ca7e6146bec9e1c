//! Examples on a real cluster.

use crate::cluster;

#[allow(dead_code, reason = "its main function connects to a cluster of the user's")]
#[path = "../../../examples/custom_resource.rs"]
mod custom_resource;

#[tokio::test]
async fn a_custom_resource_is_defined_and_watched() {
    let (client, namespace) = cluster::namespace("lanterns").await;
    let seen = custom_resource::run(&client, &namespace).await.unwrap();
    assert_eq!(seen, ["ADDED red red", "DELETED red red"]);
}
