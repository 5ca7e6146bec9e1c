//! `NO_PROXY`, the hosts that are reached without a proxy.

use std::net::IpAddr;

use crate::url;

/// A parsed list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NoProxy {
    everything: bool,
    ranges: Vec<(IpAddr, u8)>,
    addresses: Vec<(IpAddr, Option<String>)>,
    domains: Vec<Domain>,
}

/// A name and its subdomains.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Domain {
    /// The name with a leading dot.
    suffix: String,
    /// Whether the name without the dot matches, too.
    itself: bool,
    port: Option<String>,
}

impl NoProxy {
    pub(crate) fn parse(list: &str) -> Self {
        let mut rules = Self::default();
        for entry in list.split(',').map(|entry| entry.trim().to_lowercase()).filter(|entry| !entry.is_empty()) {
            if entry == "*" {
                return Self { everything: true, ..Self::default() };
            }
            rules.add(&entry);
        }
        rules
    }

    fn add(&mut self, entry: &str) {
        if let Some((address, bits)) = entry.split_once('/').and_then(|(address, bits)| range(address, bits)) {
            self.ranges.push((address, bits));
            return;
        }
        let (host, port) = split_port(entry);
        let port = port.filter(|port| !port.is_empty()).map(str::to_owned);
        if let Ok(address) = host.parse::<IpAddr>() {
            self.addresses.push((address.to_canonical(), port));
            return;
        }
        let name = if host.starts_with("*.") { host.get(1..).unwrap_or_default() } else { host };
        match name.strip_prefix('.') {
            _ if name.is_empty() => {}
            Some(_) => self.domains.push(Domain { suffix: name.to_owned(), itself: false, port }),
            None => self.domains.push(Domain { suffix: format!(".{name}"), itself: true, port }),
        }
    }

    /// Whether the host, which may be an IPv6 address in brackets, is reached without a proxy.
    pub(crate) fn matches(&self, host: &str, port: u16) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_lowercase();
        let port = port.to_string();
        let allows = |rule: &Option<String>| rule.as_ref().is_none_or(|rule| *rule == port);
        // For an address with a zone (`fe80::1%eth0`), Go compares only the address.
        match host.split('%').next().unwrap_or_default().parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(address) => {
                address.is_loopback()
                    || self.everything
                    || self.ranges.iter().any(|(network, bits)| contains(*network, *bits, address))
                    || self.addresses.iter().any(|(known, port)| *known == address && allows(port))
            }
            Err(_) => {
                url::is_loopback_host(&host)
                    || self.everything
                    || self.domains.iter().any(|domain| domain.matches(&host) && allows(&domain.port))
            }
        }
    }
}

impl Domain {
    fn matches(&self, host: &str) -> bool {
        host.ends_with(&self.suffix) || (self.itself && self.suffix.strip_prefix('.') == Some(host))
    }
}

/// Splits `host:port` or `[address]:port`; several colons without brackets are an IPv6 address (Go's
/// `net.SplitHostPort`).
fn split_port(entry: &str) -> (&str, Option<&str>) {
    if let Some((address, port)) = entry.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        return (address, Some(port));
    }
    match entry.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        _ => (entry, None),
    }
}

fn range(address: &str, bits: &str) -> Option<(IpAddr, u8)> {
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let digits = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
    let bits: u8 = bits.parse().ok().filter(|bits| digits && *bits <= most)?;
    // An IPv4 address written as IPv6 is compared as IPv4, so its range loses the prefix.
    match (address, address.to_canonical()) {
        (IpAddr::V6(_), IpAddr::V4(short)) if bits >= 96 => Some((short.into(), bits - 96)),
        _ => Some((address, bits)),
    }
}

fn contains(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (network.to_bits() ^ address.to_bits()).checked_shr(32 - u32::from(bits)).unwrap_or(0) == 0
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            (network.to_bits() ^ address.to_bits()).checked_shr(128 - u32::from(bits)).unwrap_or(0) == 0
        }
        _ => false,
    }
}
