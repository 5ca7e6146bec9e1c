use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use super::mapping::PortMapping;
use crate::port_forward::port::Port;

/// A local address that is listened on, and the port of the target that its connections lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    local: SocketAddr,
    remote: Port,
}

impl Binding {
    /// The local address, with the port that was chosen.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The port of the target.
    pub fn remote(&self) -> &Port {
        &self.remote
    }
}

/// A name for addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Address {
    /// Sorted first: an address that is named has to be bound, while one of those of localhost may fail.
    Ip(IpAddr),
    /// Both loopback addresses, one of which a machine may lack.
    Localhost,
}

impl Address {
    fn parse(text: &str) -> io::Result<Self> {
        if text == "localhost" {
            return Ok(Self::Localhost);
        }
        text.parse().map(Self::Ip).map_err(|_| invalid(format!("{text:?} is not an IP address and not localhost")))
    }

    fn ips(&self) -> Vec<IpAddr> {
        match self {
            Self::Localhost => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            Self::Ip(address) => vec![*address],
        }
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// Opens every port on every address.
pub(super) async fn bind(addresses: &[&str], ports: &[PortMapping]) -> io::Result<Vec<(TcpListener, Binding)>> {
    let addresses = addresses.iter().map(|text| Address::parse(text)).collect::<io::Result<BTreeSet<_>>>()?;
    if addresses.is_empty() || ports.is_empty() {
        return Err(invalid("there must be at least one address and one port to listen on".to_owned()));
    }
    let mut locals = BTreeSet::new();
    if let Some(twice) = ports.iter().find(|port| port.local() != 0 && !locals.insert(port.local())) {
        return Err(invalid(format!("the local port {} is listed twice", twice.local())));
    }
    if let Some(zero) = ports.iter().find(|port| *port.remote() == Port::Number(0)) {
        return Err(invalid(format!("{zero} is not a valid port mapping: the port of the target must not be 0")));
    }
    let mut bound = Vec::new();
    // An IP address may also be one of those of localhost.
    let mut known = BTreeSet::new();
    for (number, port) in ports.iter().enumerate() {
        let mut local = port.local();
        for address in &addresses {
            let (mut opened, mut failure) = (0, None);
            for ip in address.ips() {
                if !known.insert((ip, number)) {
                    opened += 1;
                    continue;
                }
                match listen(SocketAddr::new(ip, local)).await {
                    Ok((listener, at)) => {
                        opened += 1;
                        // A port that was chosen is the same on all addresses.
                        local = at.port();
                        bound.push((listener, Binding { local: at, remote: port.remote().clone() }));
                    }
                    Err(error) => failure = Some(error),
                }
            }
            if let Some(error) = failure.filter(|_| opened == 0) {
                return Err(error);
            }
        }
    }
    Ok(bound)
}

async fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let opened = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    opened.await.map_err(|error: io::Error| io::Error::new(error.kind(), format!("can't listen on {address}: {error}")))
}
