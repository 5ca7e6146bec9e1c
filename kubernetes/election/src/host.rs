/// The name of this host; in a pod, the pod's.
#[cfg(unix)]
#[doc(hidden)]
pub fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

/// The name of this host.
#[cfg(not(unix))]
#[doc(hidden)]
pub fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "localhost".to_owned())
}
