//! Which internet addresses are everybody's, and which are somebody's own: ours, above all.
//!
//! A forge redirects downloads to where its archives are kept. Nobody else may send us to a service of our own network, or
//! to the address under which a cloud tells a machine its credentials (`169.254.169.254`, `fd00:ec2::254`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks of IPv4 that are not of the public internet: the address, and how many of its bits count. After IANA's registry
/// of special-purpose addresses; also multicast.
const PRIVATE_V4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
];

/// The same of IPv6, within the part that is handed out (`2000::/3`). Everything outside of it is private.
const PRIVATE_V6: &[([u16; 3], u32)] = &[
    // Teredo, benchmarks, ORCHID and the like.
    ([0x2001, 0, 0], 23),
    ([0x2001, 0xdb8, 0], 32),
    ([0x3fff, 0, 0], 20),
];

/// Whether the address is of the public internet. Addresses that stand for one of IPv4 (mapped, NAT64, 6to4) are judged by
/// that one.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match stands_for(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let address = address.to_bits();
    !PRIVATE_V4.iter().any(|(block, bits)| (address ^ u32::from_be_bytes(*block)) >> (32 - bits) == 0)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let address = address.to_bits();
    let within = |[a, b, c]: [u16; 3], bits: u32| {
        let block = Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_bits();
        (address ^ block) >> (128 - bits) == 0
    };
    within([0x2000, 0, 0], 3) && !PRIVATE_V6.iter().any(|(block, bits)| within(*block, *bits))
}

/// The address of IPv4 that this one leads to.
fn stands_for(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let embedded = |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match address.segments() {
        // NAT64's well-known prefix, `64:ff9b::/96`. Its prefix for networks' own use, `64:ff9b:1::/48`, is private as a whole.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        _ => address.to_ipv4_mapped(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().expect("an address"))
    }

    #[test]
    fn nobody_is_sent_to_our_own_network() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn the_public_internet_is_public_up_to_its_edges() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "140.82.112.10",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:140.82.112.10",
            "64:ff9b::140.82.112.10",
            "2002:8c52:700a::1",
            "2001:200::1",
            "2606:50c0:8000::153",
            "2a00:1450::1",
        ] {
            assert!(public(address), "{address}");
        }
    }

    proptest! {
        #[test]
        fn an_address_that_stands_for_another_is_judged_like_it(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let [high, low] = [(bits >> 16) as u16, (bits & 0xffff) as u16];
            let plain = is_public(address.into());
            prop_assert_eq!(is_public(address.to_ipv6_mapped().into()), plain);
            prop_assert_eq!(is_public(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low).into()), plain);
            prop_assert_eq!(is_public(Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1).into()), plain);
        }

        #[test]
        fn what_the_standard_library_knows_to_be_private_is_not_public(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let private = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_multicast() || address.is_broadcast() || address.is_documentation() || address.is_unspecified();
            prop_assert!(!(private && is_public(address.into())));
        }
    }
}
