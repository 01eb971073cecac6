package handshake

import "net/http"

// AppendResponse appends to b the 101 response with which a server
// accepts the request that had this key, and ends its head.
// The next byte the server sends is the first of a frame.
//
// The fields of extra follow those of the handshake, sorted by name.
// A field that [CheckFields] refuses is left out, so that neither
// extra nor a can add to the handshake or start another line.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2
func AppendResponse(b []byte, key string, a Agreement, extra http.Header) []byte {
	b = append(b, "HTTP/1.1 101 Switching Protocols\r\n"...)
	b = append(b, "Upgrade: websocket\r\n"...)
	b = append(b, "Connection: Upgrade\r\n"...)
	b = append(b, "Sec-WebSocket-Accept: "...)
	b = append(appendAccept(b, key), "\r\n"...)
	if IsToken(a.Subprotocol) {
		b = appendField(b, "Sec-WebSocket-Protocol", a.Subprotocol)
	}
	b = appendAnswers(b, a.Extensions)
	b = appendFields(b, extra)
	return append(b, "\r\n"...)
}

// appendAnswers appends the field that lists those of exts which are valid,
// and nothing if there are none.
func appendAnswers(b []byte, exts []Extension) []byte {
	separator := "Sec-WebSocket-Extensions: "
	for _, e := range exts {
		if e.check() == nil {
			b = e.append(append(b, separator...))
			separator = ", "
		}
	}
	if separator == ", " {
		b = append(b, "\r\n"...)
	}
	return b
}
