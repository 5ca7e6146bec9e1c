use kubernetes_sdk::models::core::v1::Pod;

fn main() {
    let pod = Pod::named("web");
    println!("{}", pod.has_finalizer("example.com/cleanup"));
}
