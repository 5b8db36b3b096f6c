//! Envoy's spelling of addresses.

use core::net::{IpAddr, SocketAddr};

/// The address of a client. Envoy writes it with its port.
#[must_use]
pub fn client_address(text: &[u8]) -> Option<IpAddr> {
    let text = core::str::from_utf8(text).ok()?;
    text.parse()
        .map(|address: SocketAddr| address.ip())
        .or_else(|_| text.parse())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{Ipv4Addr, Ipv6Addr};

    #[test]
    fn address_is_read_with_and_without_a_port() {
        let v4 = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
        let v6 = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
        for (text, address) in [
            ("203.0.113.9:4711", Some(v4)),
            ("203.0.113.9", Some(v4)),
            ("[2001:db8::1]:4711", Some(v6)),
            ("2001:db8::1", Some(v6)),
            ("@/tmp/socket", None),
            ("", None),
        ] {
            assert_eq!(client_address(text.as_bytes()), address, "{text}");
        }
    }
}
