//! How a caller proves that its ids can be trusted. Any one condition is enough.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::request::{Headers, Peer};
use crate::secret::Secret;

/// Conditions, any one of which makes a caller trusted.
#[derive(Debug, Default)]
pub struct Trust {
    /// The caller's address lies in one of these networks.
    pub cidr: Vec<Cidr>,
    /// A name in the client's certificate fits one of these patterns.
    pub san: Vec<Pattern>,
    /// Whether a name counts in a certificate that the host has not verified.
    pub san_unverified: bool,
    /// The caller knows a secret.
    pub header: Option<SharedSecret>,
}

impl Trust {
    /// Whether the client shows the secret.
    pub(crate) fn is_shown(&self, headers: Headers<'_>) -> bool {
        self.header
            .as_ref()
            .is_some_and(|secret| secret.is_shown(headers))
    }

    /// Whether any condition holds.
    #[must_use]
    pub fn holds(&self, headers: Headers<'_>, peer: &Peer<'_>) -> bool {
        peer.address
            .is_some_and(|address| self.cidr.iter().any(|cidr| cidr.contains(address)))
            || self.is_named(peer)
            || self.is_shown(headers)
    }

    /// Anybody can put any name into a certificate, so a name counts only if the host has verified the certificate.
    fn is_named(&self, peer: &Peer<'_>) -> bool {
        let fits = |name: &&[u8]| self.san.iter().any(|pattern| pattern.fits(name));
        (peer.is_verified || self.san_unverified) && peer.names.iter().any(fits)
    }
}

/// A network: an address and the number of its leading bits that count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cidr {
    network: u128,
    mask: u128,
    is_v4: bool,
}

impl Cidr {
    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or an address alone.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_| "is not a network like 10.0.0.0/8 or 2001:db8::/32")?;
        let (bits, width, is_v4) = bits(address);
        let length = match length {
            None => width,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits
                .parse()
                .ok()
                .filter(|length| *length <= width)
                .ok_or("has a prefix longer than its address")?,
            Some(_) => return Err("has no number behind its slash"),
        };
        // Shifting by the whole width is not defined, hence the way round.
        let mask = u128::MAX.checked_shl(width - length).unwrap_or(0);
        if bits & !mask != 0 {
            return Err("has bits set behind its prefix");
        }
        Ok(Self {
            network: bits,
            mask,
            is_v4,
        })
    }

    /// Whether the address lies in the network. An IPv4 address in IPv6 clothes is an IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (bits, _, is_v4) = bits(address);
        is_v4 == self.is_v4 && bits & self.mask == self.network
    }
}

fn bits(address: IpAddr) -> (u128, u32, bool) {
    match address.to_canonical() {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32, true),
        IpAddr::V6(address) => (address.to_bits(), 128, false),
    }
}

/// A name with at most one `*`, which stands for any characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    start: String,
    end: Option<String>,
}

impl Pattern {
    /// Reads a pattern like `spiffe://acme/*`.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (start, end) = match text.split_once('*') {
            Some((start, end)) => (start, Some(end)),
            None => (text, None),
        };
        match end {
            Some(end) if end.contains('*') => Err("may hold one * only"),
            Some("") if start.is_empty() => Err("would trust every certificate"),
            None if start.is_empty() => Err("is empty"),
            _ => Ok(Self {
                start: start.into(),
                end: end.map(Into::into),
            }),
        }
    }

    /// Whether the name fits.
    #[must_use]
    pub fn fits(&self, name: &[u8]) -> bool {
        match &self.end {
            None => name == self.start.as_bytes(),
            Some(end) => name
                .strip_prefix(self.start.as_bytes())
                .is_some_and(|rest| rest.ends_with(end.as_bytes())),
        }
    }
}

/// A header that must hold a secret.
#[derive(Debug)]
pub struct SharedSecret {
    /// The header, which never goes upstream.
    pub name: String,
    /// What it must hold.
    pub value: Secret,
}

impl SharedSecret {
    fn is_shown(&self, headers: Headers<'_>) -> bool {
        // Every copy is compared, so that the time tells nothing about which one fits.
        headers
            .named(self.name.as_bytes())
            .fold(false, |shown, value| shown | self.value.equals(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_what_its_prefix_says() {
        for (network, address, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7/32", "192.0.2.6", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
        ] {
            let cidr = Cidr::parse(network).unwrap();
            assert_eq!(
                cidr.contains(address.parse().unwrap()),
                inside,
                "{address} in {network}"
            );
        }
    }

    #[test]
    fn a_network_that_is_none_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.1/8",
            "localhost",
            "2001:db8::/129",
            "10/8",
        ] {
            assert!(Cidr::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pattern_fits_whole_names() {
        let pattern = Pattern::parse("spiffe://acme/*").unwrap();
        assert!(pattern.fits(b"spiffe://acme/ns/default/sa/client"));
        assert!(!pattern.fits(b"spiffe://acme.evil/ns/default"));
        let pattern = Pattern::parse("*.acme.test").unwrap();
        assert!(pattern.fits(b"api.acme.test"));
        assert!(!pattern.fits(b"api.acme.test.evil"));
        assert!(
            !Pattern::parse("a*a").unwrap().fits(b"a"),
            "the two ends may not share a letter"
        );
        assert!(
            !Pattern::parse("client.acme.test")
                .unwrap()
                .fits(b"client.acme.test.evil")
        );
    }
}
