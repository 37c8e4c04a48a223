package upstream

import (
	"net/netip"
	"strconv"
	"strings"
)

// metadata are the instance metadata services that are not link-local.
var metadata = []netip.Prefix{
	netip.MustParsePrefix("100.100.100.200/32"), // Alibaba Cloud
	netip.MustParsePrefix("168.63.129.16/32"),   // Azure's wire server
	netip.MustParsePrefix("192.0.0.192/32"),     // Oracle Cloud, classic
	netip.MustParsePrefix("fd00:ec2::/32"),      // AWS over IPv6, pod identities too
	netip.MustParsePrefix("fd20:ce::254/128"),   // Google Cloud over IPv6
	netip.MustParsePrefix("fd00:42::42/128"),    // Scaleway over IPv6
}

// embedding are the IPv6 addresses that lead to an IPv4 address they contain,
// and in which bytes.
var embedding = []struct {
	prefix netip.Prefix
	at     [4]int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), [4]int{12, 13, 14, 15}},    // NAT64, RFC 6052
	{localNAT64, [4]int{6, 7, 9, 10}},                                  // the same for local use, RFC 8215,
	{localNAT64, [4]int{7, 9, 10, 11}},                                 // whose prefix is 48 to 96 bits long
	{localNAT64, [4]int{9, 10, 11, 12}},                                //
	{localNAT64, [4]int{12, 13, 14, 15}},                               //
	{netip.MustParsePrefix("::ffff:0:0:0/96"), [4]int{12, 13, 14, 15}}, // IPv4-translated, RFC 2765
	{netip.MustParsePrefix("::/96"), [4]int{12, 13, 14, 15}},           // IPv4-compatible, RFC 4291
	{netip.MustParsePrefix("2002::/16"), [4]int{2, 3, 4, 5}},           // 6to4, RFC 3056
}

var localNAT64 = netip.MustParsePrefix("64:ff9b:1::/48")

// refused tells whether an address, not IPv4-mapped and without zone, is one no
// model answers at: link-local, multicast, unspecified, broadcast or a cloud's
// metadata service, also inside an IPv6 address that stands for an IPv4 one.
func refused(a netip.Addr) bool {
	if a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() {
		return true
	}
	for _, p := range metadata {
		if p.Contains(a) {
			return true
		}
	}
	b := a.As16()
	if a.Is4() {
		return b[12] == 0 || b[12] == 255 && b[13] == 255 && b[14] == 255 && b[15] == 255 // RFC 1122: this network, broadcast
	}
	if a.IsLoopback() {
		return false
	}
	for _, e := range embedding {
		if !e.prefix.Contains(a) {
			continue
		}
		v4 := [4]byte{b[e.at[0]], b[e.at[1]], b[e.at[2]], b[e.at[3]]}
		if e.prefix == localNAT64 && v4[0] == 0 {
			continue // the prefix has another length
		}
		if refused(netip.AddrFrom4(v4)) {
			return true
		}
	}
	return false
}

// literal reads a host that names an address, also in the spellings that only
// inet_aton takes for one ("0xa9fea9fe", "2852039166", "0251.254.43518") and
// with a final dot: a proxy may.
func literal(host string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(host); err == nil {
		return a, true
	}
	host = strings.TrimSuffix(host, ".")
	if a, err := netip.ParseAddr(host); err == nil {
		return a, true
	}
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var ip uint64
	for i, p := range parts {
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (5 - len(parts))
		}
		n, err := strconv.ParseUint(p, 0, bits)
		if err != nil {
			return netip.Addr{}, false
		}
		ip = ip<<bits | n
	}
	return netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}), true
}
