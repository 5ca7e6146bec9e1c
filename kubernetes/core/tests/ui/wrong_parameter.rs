use http::Method;
use kubernetes_core::{ConnectRequest, Path, PortForward};

fn main() {
    let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}/portforward", &["shop", "web"]);
    let _ = ConnectRequest::<PortForward>::at(Method::GET, path).command(["ls"]);
}
