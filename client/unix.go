package client

import (
	"net/url"
	"strings"
)

// socketSchemes are those of WebSocket over a Unix socket, and whether TLS is on top.
var socketSchemes = map[string]bool{"ws+unix": false, "wss+unix": true}

// socketHost is what a server behind a socket is called in the Host field,
// and in a certificate.
const socketHost = "localhost"

// parseSocketTarget returns where rawURL leads to, which is not one of the schemes
// for TCP. The path of the socket ends at the first colon; one that is in it is
// escaped, as are other characters that a URL cannot have.
//
//	ws-unix-URI = ( "ws+unix:" / "wss+unix:" ) [ "//" ] socket-path [ ":" path [ "?" query ] ]
func parseSocketTarget(rawURL string) (target, error) {
	scheme, rest, _ := strings.Cut(rawURL, ":")
	secure, ok := socketSchemes[strings.ToLower(scheme)]
	if !ok {
		return target{}, errURLScheme
	}
	escaped, resource, _ := strings.Cut(strings.TrimPrefix(rest, "//"), ":")
	path, err := url.PathUnescape(escaped)
	if err != nil || !strings.HasPrefix(path, "/") || strings.Contains(escaped, "?") ||
		strings.Contains(path, "\x00") || resource != "" && resource[0] != '/' {
		return target{}, errURLSocket
	}
	t := target{origin: origin{secure: secure, host: socketHost}, socket: path}
	t.port = t.defaultPort()
	t.resource, err = resourceName(resource)
	return t, err
}

// escapeSocket returns the path of a socket as a URL has it.
func escapeSocket(path string) string {
	return strings.NewReplacer("%2F", "/", ":", "%3A").Replace(url.PathEscape(path))
}
