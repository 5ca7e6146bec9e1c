use kubernetes_derive::Schema;

#[derive(Default, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct TwoMakers {
    size: i32,
}

fn main() {}
