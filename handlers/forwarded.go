package handlers

import (
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// address is the client's: that of the connection, unless a trusted proxy says
// whom it speaks for. The right-most entry that is not itself a trusted proxy
// counts; all before it can be made up. One that cannot be read ends it.
//
// X-Forwarded-For wins over Forwarded (RFC 7239). Most proxies write the former
// alone and pass the latter on as a client sent it.
func (s *Server) address(c *fiber.Ctx) netip.Addr {
	remote, ok := netip.AddrFromSlice(c.Context().RemoteIP())
	if !ok {
		return netip.Addr{}
	}
	remote = remote.Unmap()
	if !s.isProxy(remote) {
		return remote
	}
	read := readForwardedFor
	lines := c.Request().Header.PeekAll(fiber.HeaderXForwardedFor)
	if len(lines) == 0 {
		read, lines = readForwarded, c.Request().Header.PeekAll(fiber.HeaderForwarded)
	}
	// A proxy may add a line of its own instead of lengthening the one there is.
	for i := len(lines) - 1; i >= 0; i-- {
		hops := read(string(lines[i]))
		for j := len(hops) - 1; j >= 0; j-- {
			next, ok := parseNode(hops[j])
			if !ok {
				return remote
			}
			if remote = next; !s.isProxy(remote) {
				return remote
			}
		}
	}
	return remote
}

func (s *Server) isProxy(a netip.Addr) bool {
	for _, p := range s.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// readForwardedFor lists the nodes of a line of X-Forwarded-For.
func readForwardedFor(line string) []string {
	var nodes []string
	for node := range strings.SplitSeq(line, ",") {
		// A list may have empty elements (RFC 9110, section 5.6.1).
		if node = strings.Trim(node, " \t"); node != "" {
			nodes = append(nodes, strings.Trim(node, `"`))
		}
	}
	return nodes
}

// readForwarded lists the nodes of a line of Forwarded. An element without
// for= and a malformed line yield one empty node, which ends the search.
func readForwarded(line string) []string {
	var nodes []string
	node, named, empty := "", false, true
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" || line[0] == ',' {
			if !empty {
				nodes = append(nodes, node)
			}
			node, named, empty = "", false, true
			if line == "" {
				return nodes
			}
			line = line[1:]
			continue
		}
		empty = false
		if line[0] == ';' {
			line = line[1:]
			continue
		}
		name, value, rest, ok := cutPair(line)
		if !ok || named && strings.EqualFold(name, "for") {
			return []string{""}
		}
		if strings.EqualFold(name, "for") {
			node, named = value, true
		}
		line = rest
	}
}

// cutPair reads name=value from the beginning of a line. The value may be in
// quotes, and without them hold the colons and brackets that only a quoted one
// may.
func cutPair(line string) (name, value, rest string, ok bool) {
	name, line, ok = strings.Cut(line, "=")
	if !ok || strings.ContainsAny(name, " \t\",;") {
		return "", "", "", false
	}
	if !strings.HasPrefix(line, `"`) {
		end := strings.IndexAny(line, " \t,;\"")
		if end < 0 {
			end = len(line)
		}
		value, rest = line[:end], line[end:]
	} else if value, rest, ok = cutQuoted(line[1:]); !ok {
		return "", "", "", false
	}
	rest = strings.TrimLeft(rest, " \t")
	return name, value, rest, rest == "" || rest[0] == ',' || rest[0] == ';'
}

// cutQuoted reads a quoted string from behind its first quote.
func cutQuoted(line string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '"':
			return b.String(), line[i+1:], true
		case '\\':
			if i++; i == len(line) {
				return "", "", false
			}
		}
		b.WriteByte(line[i])
	}
	return "", "", false
}

// parseNode reads an address with or without a port, an IPv6 one with or without
// brackets. Names such as "unknown" and "_hidden" are none.
func parseNode(node string) (netip.Addr, bool) {
	host, port := node, ""
	if bracketed, ok := strings.CutPrefix(node, "["); ok {
		if host, port, ok = strings.Cut(bracketed, "]"); !ok || !strings.Contains(host, ":") {
			return netip.Addr{}, false
		}
	} else if at := strings.IndexByte(node, ':'); at >= 0 && at == strings.LastIndexByte(node, ':') {
		host, port = node[:at], node[at:]
	}
	if !isPort(port) {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(host)
	// A zone means something on the proxy's machine alone.
	return a.WithZone("").Unmap(), err == nil
}

// isPort is true for none, one of up to five digits, and a made-up one (RFC 7239,
// section 6).
func isPort(port string) bool {
	if port == "" {
		return true
	}
	port = strings.TrimPrefix(port, ":")
	if madeUp, ok := strings.CutPrefix(port, "_"); ok {
		return madeUp != ""
	}
	return port != "" && len(port) <= 5 && strings.Trim(port, "0123456789") == ""
}
