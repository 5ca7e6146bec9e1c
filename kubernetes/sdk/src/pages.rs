//! Compiles and, where possible, runs the programs in the README and the pages in `docs`.

#[doc = include_str!("../../../README.md")]
struct Readme;

#[cfg(feature = "core-v1")]
#[doc = include_str!("../../../docs/client.md")]
struct Client;

#[doc = include_str!("../../../docs/testing.md")]
struct Testing;

#[cfg(feature = "dynamic")]
#[doc = include_str!("../../../docs/dynamic.md")]
struct Dynamic;

#[cfg(feature = "dynamic")]
#[doc = include_str!("../../../docs/manifests.md")]
struct Manifests;

#[cfg(feature = "streams")]
#[doc = include_str!("../../../docs/streams.md")]
struct Streams;

#[doc = include_str!("../../../docs/watching.md")]
struct Watching;

#[cfg(feature = "derive")]
#[doc = include_str!("../../../docs/custom-resources.md")]
struct CustomResources;

#[cfg(all(feature = "controller", feature = "dynamic"))]
#[doc = include_str!("../../../docs/controllers.md")]
struct Controllers;

#[cfg(all(feature = "controller", feature = "derive"))]
#[doc = include_str!("../../../docs/operator.md")]
struct Operator;

#[cfg(feature = "controller")]
#[doc = include_str!("../../../docs/running-controllers.md")]
struct RunningControllers;

#[cfg(feature = "dynamic")]
#[doc = include_str!("../../../docs/kubectl.md")]
struct Kubectl;

#[cfg(feature = "core-v1")]
#[doc = include_str!("../../../docs/models.md")]
struct Models;

#[cfg(all(feature = "webhooks", feature = "controller", feature = "derive"))]
#[doc = include_str!("../../../docs/webhooks.md")]
struct Webhooks;
