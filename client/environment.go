package client

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"unicode"
)

// ProxyFromEnvironment returns the proxy that the environment has for target,
// or nil if it has none. It is what Config.Proxy is by default.
//
// The proxy of wss targets is HTTPS_PROXY, that of ws targets HTTP_PROXY, and that of
// both ALL_PROXY if the former is not set. Lower case counts where upper case is not set.
// The value is a URL, or "host:port" for an http proxy; what is neither is an error,
// so that no connection goes around a proxy because of a slip of the pen.
//
// NO_PROXY lists what is reached without a proxy, separated by commas or spaces:
//
//	example.com      the name and all below it
//	.example.com     all below the name; so does *.example.com
//	192.0.2.1        an IP address, not the names that have it
//	192.0.2.0/24     a range of addresses
//	example.com:81   the same for one port only; [2001:db8::1]:81
//	*                everything
//
// Neither localhost and the names below it nor a loopback address is ever
// reached through a proxy.
//
// In a CGI program, which has REQUEST_METHOD, HTTP_PROXY is an error:
// whoever sends it a request with a Proxy field chooses its value.
//
// The environment is read each time.
func ProxyFromEnvironment(target *url.URL) (*url.URL, error) {
	name, value := proxyVariable(target.Scheme)
	switch {
	case value == "" || isDirect(target, firstVariable("NO_PROXY")):
		return nil, nil
	case strings.EqualFold(name, "HTTP_PROXY") && os.Getenv("REQUEST_METHOD") != "":
		return nil, misuse{errCGI}
	}
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil {
		return nil, misuse{fmt.Errorf("%s is not a URL", name)} // err quotes it, with the password
	}
	if _, err := parseProxy(u); err != nil {
		return nil, misuse{fmt.Errorf("%s: %w", name, err)}
	}
	return u, nil
}

// errCGI refuses a proxy that a stranger may have chosen.
var errCGI = errors.New("HTTP_PROXY is not used where REQUEST_METHOD is set: in a CGI program, a request can set it")

// proxyVariable returns the variable that counts for a scheme, and its value.
func proxyVariable(scheme string) (name, value string) {
	name = "HTTP_PROXY"
	if scheme == "wss" || scheme == "https" {
		name = "HTTPS_PROXY"
	}
	if value = firstVariable(name); value == "" {
		name = "ALL_PROXY"
		value = firstVariable(name)
	}
	return name, value
}

// firstVariable returns the value of the variable in upper or else in lower case.
func firstVariable(name string) string {
	if v := strings.TrimSpace(os.Getenv(name)); v != "" {
		return v
	}
	return strings.TrimSpace(os.Getenv(strings.ToLower(name)))
}

// isDirect reports whether u is reached without a proxy, for noProxy or because it is local.
func isDirect(u *url.URL, noProxy string) bool {
	host, port := plainName(u.Hostname()), u.Port()
	if port == "" {
		port = map[string]string{"ws": "80", "http": "80"}[u.Scheme]
		if port == "" {
			port = "443"
		}
	}
	ip, _ := netip.ParseAddr(host)
	ip = ip.Unmap().WithZone("")
	if ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	isSeparator := func(r rune) bool { return r == ',' || unicode.IsSpace(r) }
	for rule := range strings.FieldsFuncSeq(noProxy, isSeparator) {
		if covers(rule, host, ip, port) {
			return true
		}
	}
	return false
}

// plainName returns name in the form in which names can be compared.
func plainName(name string) string {
	name = strings.TrimSuffix(name, ".")
	if ascii, err := asciiHost(name); err == nil {
		return ascii
	}
	return name
}

// covers reports whether host, which is ip if that is valid, and port
// are what an element of NO_PROXY says.
func covers(rule, host string, ip netip.Addr, port string) bool {
	if rule == "*" {
		return true
	}
	if prefix, err := netip.ParsePrefix(rule); err == nil {
		return prefix.Contains(ip)
	}
	name := strings.Trim(rule, "[]")
	if h, p, err := net.SplitHostPort(rule); err == nil {
		if p != port && p != "" {
			return false
		}
		name = h
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return a.Unmap() == ip
	}
	return !ip.IsValid() && coversName(name, host)
}

// coversName reports whether host is name, or one below it.
// A name that begins with a dot is not itself covered.
func coversName(name, host string) bool {
	below, only := strings.CutPrefix(strings.TrimPrefix(name, "*"), ".")
	below = plainName(below)
	return below != "" && (strings.HasSuffix(host, "."+below) || !only && host == below)
}
