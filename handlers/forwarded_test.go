package handlers

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// addressOf asks a server that trusts 127.0.0.1 and 10.0.0.0/8 for the address of
// a request that comes from one and has these lines of a header.
func addressOf(from string, lines ...[2]string) string {
	s := &Server{Config: Config{TrustedProxies: []netip.Prefix{
		netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"),
	}}}
	app := fiber.New()
	var request fasthttp.Request
	for _, line := range lines {
		request.Header.Add(line[0], line[1])
	}
	var ctx fasthttp.RequestCtx
	ctx.Init(&request, &net.TCPAddr{IP: net.ParseIP(from), Port: 1}, nil)
	c := app.AcquireCtx(&ctx)
	defer app.ReleaseCtx(c)
	return s.address(c).String()
}

const (
	xff = fiber.HeaderXForwardedFor
	fwd = fiber.HeaderForwarded
)

func TestAddress(t *testing.T) {
	const proxy, client = "127.0.0.1", "203.0.113.9"
	for _, test := range []struct {
		what, from string
		lines      [][2]string
		want       string
	}{
		{"no proxy", client, [][2]string{{xff, "198.51.100.1"}, {fwd, "for=198.51.100.1"}}, client},
		{"nothing said", proxy, nil, proxy},
		{"an address", proxy, [][2]string{{xff, client}}, client},
		{"a port", proxy, [][2]string{{xff, client + ":51234"}}, client},
		{"IPv6", proxy, [][2]string{{xff, "2001:db8::1"}}, "2001:db8::1"},
		{"IPv6 in brackets", proxy, [][2]string{{xff, "[2001:db8::1]"}}, "2001:db8::1"},
		{"IPv6 with a port", proxy, [][2]string{{xff, "[2001:db8::1]:443"}}, "2001:db8::1"},
		{"IPv6 in quotes", proxy, [][2]string{{xff, `"[2001:db8::1]:443"`}}, "2001:db8::1"},
		{"a zone", proxy, [][2]string{{xff, "fe80::1%eth0"}}, "fe80::1"},
		{"a zone with a port", proxy, [][2]string{{xff, "[fe80::1%25eth0]:443"}}, "fe80::1"},
		{"IPv4 in IPv6", proxy, [][2]string{{xff, "[::ffff:203.0.113.9]:1"}}, client},
		{"IPv4 in IPv6 of a proxy", "::ffff:127.0.0.1", [][2]string{{xff, client}}, client},
		{"what a client made up before", proxy, [][2]string{{xff, "1.2.3.4, " + client}}, client},
		{"more proxies", proxy, [][2]string{{xff, "1.2.3.4," + client + ":1,10.0.0.1:80 , 10.0.0.2"}}, client},
		{"a proxy with IPv6", proxy, [][2]string{{xff, client + ", [fd00::1]:80"}}, client},
		{"proxies alone", proxy, [][2]string{{xff, "10.0.0.1:80"}}, "10.0.0.1"},
		{"two lines", proxy, [][2]string{{xff, "1.2.3.4"}, {xff, client + ":80"}}, client},
		{"proxies in a line of their own", proxy, [][2]string{{xff, client}, {xff, "10.0.0.1"}}, client},
		{"empty elements", proxy, [][2]string{{xff, ", " + client + ", ,"}}, client},
		{"an empty line", proxy, [][2]string{{xff, ""}}, proxy},
		{"unknown", proxy, [][2]string{{xff, client + ", unknown"}}, proxy},
		{"unknown behind a proxy", proxy, [][2]string{{xff, client + ", unknown, 10.0.0.1"}}, "10.0.0.1"},
		{"garbage", proxy, [][2]string{{xff, client + ", <script>"}}, proxy},
		{"no port behind the colon", proxy, [][2]string{{xff, client + ":"}}, proxy},
		{"IPv4 in brackets", proxy, [][2]string{{xff, "[203.0.113.9]:1"}}, proxy},
		{"a bracket left open", proxy, [][2]string{{xff, "[2001:db8::1"}}, proxy},

		{"Forwarded", proxy, [][2]string{{fwd, "for=" + client}}, client},
		{"Forwarded, any case", proxy, [][2]string{{fwd, "By=10.0.0.1;FOR=" + client + ";Proto=https"}}, client},
		{"Forwarded, a port without quotes", proxy, [][2]string{{fwd, "for=203.0.113.9:51234"}}, client},
		{"Forwarded, a port", proxy, [][2]string{{fwd, `for="203.0.113.9:51234"`}}, client},
		{"Forwarded, IPv6", proxy, [][2]string{{fwd, `for="[2001:db8::1]"`}}, "2001:db8::1"},
		{"Forwarded, IPv6 with a port", proxy, [][2]string{{fwd, `for="[2001:db8::1]:443";proto=http`}}, "2001:db8::1"},
		{"Forwarded, a made-up port", proxy, [][2]string{{fwd, `for="203.0.113.9:_p"`}}, client},
		{"Forwarded, escapes", proxy, [][2]string{{fwd, `for="203\.0.113.9"`}}, client},
		{"Forwarded, several", proxy, [][2]string{{fwd, "for=1.2.3.4, for=" + client + ";by=10.9.9.9 , for=10.0.0.1"}}, client},
		{"Forwarded, two lines", proxy, [][2]string{{fwd, "for=1.2.3.4"}, {fwd, "for=" + client}}, client},
		{"Forwarded, commas and semicolons in quotes", proxy, [][2]string{{fwd, `for=203.0.113.9;ext="a,b;for=1.2.3.4"`}}, client},
		{"Forwarded, hidden", proxy, [][2]string{{fwd, "for=1.2.3.4, for=_hidden"}}, proxy},
		{"Forwarded, unknown", proxy, [][2]string{{fwd, "for=1.2.3.4, for=unknown, for=10.0.0.1"}}, "10.0.0.1"},
		{"Forwarded, an element without an address", proxy, [][2]string{{fwd, "for=1.2.3.4, proto=https"}}, proxy},
		{"Forwarded, two addresses in one", proxy, [][2]string{{fwd, "for=1.2.3.4;for=" + client}}, proxy},
		{"Forwarded, a quote left open", proxy, [][2]string{{fwd, `for=1.2.3.4, x="`}}, proxy},
		{"Forwarded, a quote of the client's", proxy, [][2]string{{fwd, `for="1.2.3.4, for=` + client}}, proxy},
		{"Forwarded, a quote left open, then a line", proxy, [][2]string{{fwd, `for="1.2.3.4`}, {fwd, "for=" + client}}, client},
		{"Forwarded, text behind a quote", proxy, [][2]string{{fwd, `for="1.2.3.4"x`}}, proxy},
		{"both", proxy, [][2]string{{fwd, "for=1.2.3.4"}, {xff, client}}, client},
		{"both, one without an address", proxy, [][2]string{{fwd, "for=1.2.3.4"}, {xff, "unknown"}}, proxy},
	} {
		if got := addressOf(test.from, test.lines...); got != test.want {
			t.Errorf("%s: %s, want %s", test.what, got, test.want)
		}
	}
}

// FuzzAddress has a client write what it likes before a proxy adds the address.
// It never passes for another one.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"", "1.2.3.4", `for="`, `for=1.2.3.4, x="`, "for=1.2.3.4;", "[::1]:1, ", "unknown", `for="a\`, "for=1.2.3.4, for=10.0.0.1",
	} {
		f.Add(seed)
	}
	const proxy, client = "127.0.0.1", "203.0.113.9"
	f.Fuzz(func(t *testing.T, sent string) {
		if strings.ContainsAny(sent, "\r\n") {
			return
		}
		for _, test := range [][]string{
			{"a line of X-Forwarded-For made longer", client, addressOf(proxy, [2]string{xff, sent + ", " + client + ":51234"})},
			{"a line of X-Forwarded-For added", client, addressOf(proxy, [2]string{xff, sent}, [2]string{xff, client})},
			{"a line of Forwarded added", client, addressOf(proxy, [2]string{fwd, sent}, [2]string{fwd, `for="` + client + `:1"`})},
			{"Forwarded beside X-Forwarded-For", client, addressOf(proxy, [2]string{fwd, sent}, [2]string{xff, client})},
		} {
			if test[2] != test[1] {
				t.Errorf("%q, %s: %s", sent, test[0], test[2])
			}
		}
		for _, added := range []string{"for=" + client, `for="` + client + `:1"`, "by=10.0.0.1;for=" + client + ";proto=https"} {
			// A quote that the client left open leaves the proxy's own address.
			if got := addressOf(proxy, [2]string{fwd, sent + ", " + added}); got != client && got != proxy {
				t.Errorf("%q, %s: %s", sent, added, got)
			}
		}
	})
}
