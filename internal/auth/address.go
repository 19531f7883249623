package auth

import "net/netip"

// addressKeyBits is how much of an IPv6 address tells networks apart: one
// customer commonly has a whole /64 to pick addresses from (RFC 6177).
const addressKeyBits = 64

// AddressKey returns the text by which attempts from one address are counted: an
// IPv4 address whole, an IPv6 one as its /64, and an IPv4 address mapped into
// IPv6 as the IPv4 one it is. Addresses that are not valid share one key.
func AddressKey(ip netip.Addr) string {
	ip = ip.Unmap()
	if !ip.Is6() {
		return ip.String()
	}
	// The length fits every IPv6 address, so there is no error; the zone, which
	// only means something on one link, is dropped.
	network, _ := ip.Prefix(addressKeyBits)
	return network.String()
}
