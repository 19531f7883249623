package auth

import (
	"net/netip"
	"testing"
)

func TestAddressKey(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.7":                "203.0.113.7",
		"203.0.113.8":                "203.0.113.8",
		"::ffff:203.0.113.7":         "203.0.113.7",
		"::ffff:cb00:7107":           "203.0.113.7",
		"127.0.0.1":                  "127.0.0.1",
		"::1":                        "::/64",
		"2001:db8:1:2::1":            "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff:ffff:1:2": "2001:db8:1:2::/64",
		"2001:db8:1:3::1":            "2001:db8:1:3::/64",
		"fe80::1%eth0":               "fe80::/64",
		"::ffff:203.0.113.7%eth0":    "203.0.113.7",
	} {
		if got := AddressKey(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
	if got := AddressKey(netip.Addr{}); got == "" {
		t.Error("no address has an empty key")
	}
}
