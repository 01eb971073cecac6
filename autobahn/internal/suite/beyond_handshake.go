package suite

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// request is an opening handshake that is correct.
const request = `GET {path} HTTP/1.1
Host: {host}
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Key: {key}
Sec-WebSocket-Version: 13`

// response is a correct answer.
const response = `HTTP/1.1 101 Switching Protocols
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Accept: {accept}`

// headerSize is the size of a header that nobody has to accept, in octets.
const headerSize = 2 << 20

// An edit is a change to a handshake: old is replaced by new. An old that is empty stands for its end,
// and a new that is empty takes the whole line away.
type edit struct{ requirements, what, old, new string }

// of returns the handshake after the edit.
func (e edit) of(text string) string {
	switch {
	case e.old == "":
		return text + "\n" + e.new
	case e.new == "":
		return strings.Replace(text, e.old+"\n", "", 1)
	default:
		return strings.Replace(text, e.old, e.new, 1)
	}
}

// goodRequests returns the cases of group x.5 in which the server has to take a request that looks unusual.
func goodRequests() []*Case {
	const extensions = "Sec-WebSocket-Extensions: "
	edits := []edit{
		{"6455-4.1-50", "has field names in odd letters", request, `GET {path} HTTP/1.1
hOST: {host}
UPGRADE: websocket
connection: Upgrade
sec-websocket-KEY: {key}
SEC-WEBSOCKET-VERSION: 13`},
		{"6455-4.2.1-01", "has its fields in another order", request, `GET {path} HTTP/1.1
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: {key}
Connection: Upgrade
Upgrade: websocket
Host: {host}`},
		{"6455-4.2.1-01", "has 64 fields that no server knows", "", unknownFields(64, 16)},
		{"6455-4.2.1-04", "has a target in absolute form", "GET {path}", "GET http://{host}{path}"},
		{"6455-4.2.1-06", `has "Upgrade: WebSocket"`, "Upgrade: websocket", "Upgrade: WebSocket"},
		{"6455-4.2.1-06", `has "Upgrade: WEBSOCKET"`, "Upgrade: websocket", "Upgrade: WEBSOCKET"},
		{"6455-4.2.1-06", `has "Upgrade: websocket, x-unknown"`, "Upgrade: websocket", "Upgrade: websocket, x-unknown"},
		{"6455-4.2.1-06", `has "Upgrade: x-unknown/1.0, websocket"`, "Upgrade: websocket", "Upgrade: x-unknown/1.0, websocket"},
		{"6455-4.2.1-07", `has "Connection: keep-alive, Upgrade"`, "Connection: Upgrade", "Connection: keep-alive, Upgrade"},
		{"6455-4.2.1-07", `has "Connection: UPGRADE"`, "Connection: Upgrade", "Connection: UPGRADE"},
		{"6455-4.2.1-07", `has "Connection: upgrade,,keep-alive"`, "Connection: Upgrade", "Connection: upgrade,,keep-alive"},
		{"6455-4.2.1-07", "has two Connection fields, keep-alive and Upgrade", "Connection: Upgrade", "Connection: keep-alive\nConnection: Upgrade"},
		{"6455-4.2.1-01", "has no white space behind the colons", request, strings.ReplaceAll(request, ": ", ":")},
		{"6455-4.2.1-01", "has spaces and tabs around the values", request,
			strings.ReplaceAll(strings.ReplaceAll(request, ": ", ": \t "), "\nUpgrade: \t websocket", "\nUpgrade: \t websocket \t ")},
		{"6455-4.2.1-11 6455-4.2.2-10", "offers two subprotocols, of which the server may choose one", "", "Sec-WebSocket-Protocol: x-one, x-two"},
		{"6455-4.2.1-12 6455-11.3.4-01", "offers two subprotocols in two fields", "", "Sec-WebSocket-Protocol: x-one\nSec-WebSocket-Protocol: x-two"},
		{"6455-4.2.1-11 6455-4.2.2-13", "offers an extension that does not exist", "", extensions + `x-unknown; one; two=2; three="3"`},
		{"6455-4.3-02 6455-4.3-03", "offers extensions that do not exist, with white space and empty elements in the list", "",
			extensions + ", x-unknown ; one=1 ,, x-other"},
		{"6455-4.2.1-12 6455-11.3.2-01", "offers extensions that do not exist, in two fields", "", extensions + "x-unknown\n" + extensions + "x-other"},
		{"7692-7-03 7692-7-07", "offers permessage-deflate with a parameter that does not exist", "", extensions + "permessage-deflate; x_unknown=1"},
		{"7692-7-04 7692-7-07", "offers permessage-deflate with a window of 16 bits", "", extensions + "permessage-deflate; server_max_window_bits=16"},
		{"7692-7-04 7692-7-07", "offers permessage-deflate with the window 08", "", extensions + "permessage-deflate; client_max_window_bits=08"},
		{"7692-7-04 7692-7-07", "offers permessage-deflate with server_max_window_bits without a value", "",
			extensions + "permessage-deflate; server_max_window_bits"},
		{"7692-7-04 7692-7-07", "offers permessage-deflate with server_no_context_takeover=1", "",
			extensions + "permessage-deflate; server_no_context_takeover=1"},
		{"7692-7-05 7692-7-07", "offers permessage-deflate with a parameter twice", "",
			extensions + "permessage-deflate; client_max_window_bits; client_max_window_bits=10"},
	}
	var cases []*Case
	for _, e := range edits {
		expected := "The server accepts the request and echoes the message."
		if strings.HasPrefix(e.requirements, "7692") {
			expected = "The server accepts the request without the extension, since the offer is not valid, and echoes the message."
		}
		c := accepts(e.requirements, "As client: the request "+e.what+". Then sends a text message.", expected,
			[]Event{textOf(once(hello))}, text(hello))
		c.Role, c.Opening = Client, &Opening{e.of(request)}
		cases = append(cases, c)
	}
	return cases
}

// badRequests returns the cases of group x.5 in which the server has to refuse.
func badRequests() []*Case {
	const (
		host       = "Host: {host}"
		upgrade    = "Upgrade: websocket"
		connection = "Connection: Upgrade"
		key        = "Sec-WebSocket-Key: {key}"
		versionTag = "Sec-WebSocket-Version: 13"
		extensions = "Sec-WebSocket-Extensions: "
	)
	var (
		badRequest = []int{400}
		method     = []int{400, 405, 501}
		notAtAll   = []int{400, 426, 200, 404} // what does not ask for an upgrade may get a page, too
		oldHTTP    = []int{400, 426, 505}
		badVersion = []int{426, 400}
		tooLarge   = []int{431, 400, 413, 414, 0}
	)
	var cases []*Case
	add := func(statuses []int, edits ...edit) {
		for _, e := range edits {
			cases = append(cases, badRequestCase(statuses, e))
		}
	}
	add(oldHTTP, edit{"6455-4.2.1-03 6455-11.1.1-03", "has version HTTP/1.0", "HTTP/1.1", "HTTP/1.0"})
	add(method,
		edit{"6455-4.2.1-03", "has the method POST", "GET", "POST"},
		edit{"6455-4.2.1-03", "has the method get, in small letters", "GET", "get"})
	add(badRequest,
		edit{"6455-4.2.1-05", "has no Host", host, ""},
		edit{"6455-4.2.1-05", "has two Hosts that differ", host, host + "\nHost: other.example"})
	add(notAtAll,
		edit{"6455-4.2.1-06", "has no Upgrade", upgrade, ""},
		edit{"6455-4.2.1-06", `has "Upgrade: h2c"`, upgrade, "Upgrade: h2c"},
		edit{"6455-4.2.1-06", `has "Upgrade: websockets"`, upgrade, "Upgrade: websockets"},
		edit{"6455-4.2.1-06", `has "Upgrade: web socket"`, upgrade, "Upgrade: web socket"},
		edit{"6455-4.2.1-07", "has no Connection", connection, ""},
		edit{"6455-4.2.1-07", `has "Connection: keep-alive"`, connection, "Connection: keep-alive"},
		edit{"6455-4.2.1-07", `has "Connection: upgraded"`, connection, "Connection: upgraded"},
		edit{"6455-4.2.1-07", `has "Connection: not-upgrade"`, connection, "Connection: not-upgrade"})
	add(badRequest,
		edit{"6455-4.2.1-08", "has no Sec-WebSocket-Key", key, ""},
		edit{"6455-4.2.1-08", "has an empty Sec-WebSocket-Key", key, "Sec-WebSocket-Key:"},
		edit{"6455-11.3.1-01", "has two Sec-WebSocket-Keys that are the same", key, key + "\n" + key},
		edit{"6455-11.3.1-01", "has two Sec-WebSocket-Keys that differ", key, key + "\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw=="},
		edit{"6455-4.2.1-08", "has a key of 15 octets", "{key}", "AAECAwQFBgcICQoLDA0O"},
		edit{"6455-4.2.1-08", "has a key of 17 octets, as long in base64 as one of 16", "{key}", "AAECAwQFBgcICQoLDA0ODxA="},
		edit{"6455-4.2.1-08", "has a key of 32 octets", "{key}", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
		edit{"6455-4.3-05", "has a key without its padding", "{key}", "AAECAwQFBgcICQoLDA0ODw"},
		edit{"6455-4.3-05", "has a key with a character that is not base64", "{key}", "AAECAwQFBgcICQoLDA0OD*=="},
		edit{"6455-4.3-05", "has a key in the alphabet of base64url", "{key}", "__________________8ODw=="},
		edit{"6455-4.3-05", "has a key with a space in it", "{key}", "AAECAwQFBgc ICQoLDA0Ow=="},
		edit{"6455-4.2.1-08", "has a key in hexadecimal", "{key}", "000102030405060708090a0b0c0d0e0f"})
	add(badVersion,
		edit{"6455-4.2.1-09 6455-4.2.2-07", "has no Sec-WebSocket-Version", "\n" + versionTag, "\nX-Unknown: 13"},
		edit{"6455-4.2.2-06 6455-4.2.2-07 6455-4.4-01", "has version 7", versionTag, "Sec-WebSocket-Version: 7"},
		edit{"6455-11.6-01 6455-4.2.2-07 6455-4.4-01", "has version 9, which is reserved", versionTag, "Sec-WebSocket-Version: 9"},
		edit{"6455-4.2.2-06 6455-4.2.2-07 6455-4.4-01", "has version 99", versionTag, "Sec-WebSocket-Version: 99"},
		edit{"6455-4.2.1-09 6455-4.2.2-07", `has the list "13, 8" as version`, versionTag, "Sec-WebSocket-Version: 13, 8"},
		edit{"6455-11.3.5-01 6455-4.2.2-07", "has the versions 13 and 8 in two fields", versionTag, versionTag + "\nSec-WebSocket-Version: 8"},
		edit{"6455-4.3-04 6455-4.2.2-07", "has the version 013", versionTag, "Sec-WebSocket-Version: 013"},
		edit{"6455-4.3-04 6455-4.2.2-07", "has the version +13", versionTag, "Sec-WebSocket-Version: +13"},
		edit{"6455-4.3-04 6455-4.2.2-07", "has the version 13.0", versionTag, "Sec-WebSocket-Version: 13.0"},
		edit{"6455-4.2.1-09 6455-4.2.2-07", "has the version websocket", versionTag, "Sec-WebSocket-Version: websocket"})
	add(badRequest,
		edit{"6455-4.2.1-02", "has a space before the colon of Upgrade", upgrade, "Upgrade : websocket"},
		edit{"6455-4.2.1-02", "has a line without a colon", "", "Not a field"},
		edit{"6455-9.1-01", `has the extension list "permessage-deflate;"`, "", extensions + "permessage-deflate;"},
		edit{"6455-9.1-01", `has the extension list "; x"`, "", extensions + "; x"},
		edit{"6455-9.1-01", `has the extension list "x-unknown y"`, "", extensions + "x-unknown y"},
		edit{"6455-9.1-01", `has the extension list "x-unknown; a="`, "", extensions + "x-unknown; a="},
		edit{"6455-9.1-01", "has an extension parameter with a quote that does not end", "", extensions + `x-unknown; a="b`},
		edit{"6455-4.3-01", "has an extension parameter in quotes that is no token", "", extensions + `x-unknown; a="b c"`})
	add(tooLarge,
		edit{"6455-10.4-01", "has a field of 2 MiB", "", "X-Endless: " + strings.Repeat("x", headerSize)},
		edit{"6455-10.4-01", "has 2048 fields of 1 KiB each", "", unknownFields(2048, headerSize/2048)})
	return cases
}

// badRequestCase returns a case in which the server answers a request with one of statuses.
func badRequestCase(statuses []int, e edit) *Case {
	refusal := &Refusal{Statuses: statuses}
	var texts []string
	for _, s := range statuses {
		if s != 0 {
			texts = append(texts, fmt.Sprint(s))
		}
	}
	expected := "The server answers with status " + strings.Join(texts, ", ")
	if slices.Contains(statuses, 0) {
		expected += ", or ends TCP without an answer"
	}
	expected += "."
	if strings.Contains(e.requirements, "6455-4.2.2-07") {
		refusal.Field = "Sec-WebSocket-Version"
		expected += " The response has the field Sec-WebSocket-Version; without it the verdict is NON-STRICT."
	}
	expected += " NON-STRICT if it refuses in another way. It must not accept."
	return &Case{
		Requirements: strings.Fields(e.requirements),
		Description:  "As client: the request " + e.what + ".",
		Expectation:  expected,
		Role:         Client,
		Opening:      &Opening{e.of(request)},
		Refusal:      refusal,
	}
}

// goodResponses returns the cases of group x.6 in which the client has to take a response that looks unusual.
func goodResponses() []*Case {
	edits := []edit{
		{"6455-4.1-51 6455-4.2.2-20", "is as it should be", "101", "101"},
		{"6455-4.1-50", "has field names in odd letters", response, `HTTP/1.1 101 Switching Protocols
UPGRADE: websocket
connection: Upgrade
sEC-wEBsOCKET-aCCEPT: {accept}`},
		{"6455-4.1-40", "has its fields in another order and some that no client knows", response, `HTTP/1.1 101 Switching Protocols
Date: Sun, 06 Nov 1994 08:49:37 GMT
Sec-WebSocket-Accept: {accept}
X-Unknown: one
Connection: Upgrade
X-Unknown: two
Set-Cookie: a=b
Upgrade: websocket`},
		{"6455-4.1-42", `has "Upgrade: WebSocket"`, "Upgrade: websocket", "Upgrade: WebSocket"},
		{"6455-4.1-43", `has "Connection: keep-alive, UPGRADE"`, "Connection: Upgrade", "Connection: keep-alive, UPGRADE"},
		{"6455-4.1-43", "has two Connection fields, keep-alive and Upgrade", "Connection: Upgrade", "Connection: keep-alive\nConnection: Upgrade"},
		{"6455-4.1-45", "has spaces and a tab around the value of Sec-WebSocket-Accept", "{accept}", " \t {accept} \t "},
		{"6455-4.1-40", "has no white space behind the colons", response, strings.ReplaceAll(response, ": ", ":")},
		{"6455-4.2.2-15", "has another reason phrase", "Switching Protocols", "Web Socket Protocol Handshake"},
		{"6455-4.2.2-15", "has an empty reason phrase", " Switching Protocols", " "},
		{"6455-4.1-41", "comes behind one with status 100", response, "HTTP/1.1 100 Continue\n\n" + response},
		{"6455-4.1-41", "comes behind one with status 103 and a field", response, "HTTP/1.1 103 Early Hints\nLink: </style.css>; rel=preload\n\n" + response},
	}
	var cases []*Case
	for _, e := range edits {
		c := accepts(e.requirements, "As server: the response "+e.what+". A text message follows in the same write.",
			"The client accepts the response and echoes the message.", []Event{textOf(once(hello))}, text(hello))
		c.Role, c.Opening = Server, &Opening{e.of(response)}
		cases = append(cases, c)
	}
	return cases
}

// badResponses returns the cases of group x.6 in which the client has to refuse.
func badResponses() []*Case {
	const (
		start      = "HTTP/1.1 101 Switching Protocols"
		upgrade    = "Upgrade: websocket"
		connection = "Connection: Upgrade"
		accept     = "Sec-WebSocket-Accept: {accept}"
		another    = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
		protocol   = "Sec-WebSocket-Protocol: "
		extensions = "Sec-WebSocket-Extensions: "
	)
	edits := []edit{
		{"6455-4.1-41", "has status 200", start, "HTTP/1.1 200 OK\nContent-Length: 0"},
		{"6455-4.1-41", "has status 400", start, "HTTP/1.1 400 Bad Request\nContent-Length: 0"},
		{"6455-4.1-41", "has status 302 and no Location", start, "HTTP/1.1 302 Found\nContent-Length: 0"},
		{"6455-4.1-41", "has status 401", start, "HTTP/1.1 401 Unauthorized\nContent-Length: 0"},
		{"6455-4.1-41", "has status 503", start, "HTTP/1.1 503 Service Unavailable\nContent-Length: 0"},
		{"6455-4.1-49", "has version HTTP/1.0", "HTTP/1.1", "HTTP/1.0"},
		{"6455-4.1-49", `has the status 1O1, with a letter`, "101", "1O1"},
		{"6455-4.1-49", "does not begin with HTTP", "HTTP/1.1", "HTTQ/1.1"},
		{"6455-4.1-49", "has a line without a colon", "", "Not a field"},
		{"6455-4.1-42", "has no Upgrade", upgrade, ""},
		{"6455-4.1-42", `has "Upgrade: h2c"`, upgrade, "Upgrade: h2c"},
		{"6455-4.1-42", `has "Upgrade: websocket2"`, upgrade, "Upgrade: websocket2"},
		{"6455-4.1-42", `has "Upgrade: websocket, h2c"`, upgrade, "Upgrade: websocket, h2c"},
		{"6455-4.1-43", "has no Connection", connection, ""},
		{"6455-4.1-43", `has "Connection: keep-alive"`, connection, "Connection: keep-alive"},
		{"6455-4.1-43", `has "Connection: Upgraded"`, connection, "Connection: Upgraded"},
		{"6455-4.1-44", "has no Sec-WebSocket-Accept", "\n" + accept, "\nX-Unknown: {accept}"},
		{"6455-4.1-44", "has an empty Sec-WebSocket-Accept", accept, "Sec-WebSocket-Accept:"},
		{"6455-4.1-44", "has the Sec-WebSocket-Accept of another key", accept, another},
		{"6455-4.1-45", "has an octet behind the right Sec-WebSocket-Accept", accept, accept + "="},
		{"6455-11.3.3-01", "has the right Sec-WebSocket-Accept twice", accept, accept + "\n" + accept},
		{"6455-11.3.3-01 6455-4.1-49", "has the right Sec-WebSocket-Accept, then that of another key", accept, accept + "\n" + another},
		{"6455-4.1-47", "chooses a subprotocol that was not offered", "", protocol + "x-never-offered"},
		{"6455-4.1-47", "chooses an empty subprotocol", "", "Sec-WebSocket-Protocol:"},
		{"6455-11.3.4-02", "chooses two subprotocols in two fields", "", protocol + "x-one\n" + protocol + "x-two"},
		{"6455-4.1-46", "accepts an extension that was not offered", "", extensions + "x-never-offered"},
		{"6455-9.1-01", `has the extension list "permessage-deflate;"`, "", extensions + "permessage-deflate;"},
		{"7692-7-08 6455-4.1-46", "accepts permessage-deflate, offered or not, with a parameter that does not exist", "",
			extensions + "permessage-deflate; x_unknown=1"},
		{"7692-7-09 6455-4.1-46", "accepts permessage-deflate, offered or not, with a window of 16 bits", "",
			extensions + "permessage-deflate; server_max_window_bits=16"},
		{"7692-7-09 6455-4.1-46", "accepts permessage-deflate, offered or not, with client_max_window_bits without a value", "",
			extensions + "permessage-deflate; client_max_window_bits"},
		{"7692-7-10 6455-4.1-46", "accepts permessage-deflate, offered or not, with a parameter twice", "",
			extensions + "permessage-deflate; server_no_context_takeover; server_no_context_takeover"},
		{"7692-5-10 6455-4.1-46", "accepts permessage-deflate, offered or not, twice", "", extensions + "permessage-deflate, permessage-deflate"},
	}
	var cases []*Case
	for _, e := range edits {
		cases = append(cases, &Case{
			Requirements: strings.Fields(e.requirements),
			Description:  "As server: the response " + e.what + ". A text frame follows.",
			Expectation: "The client refuses the response and ends TCP without having sent a frame. " +
				"NON-STRICT if it sends a close frame, and nothing else.",
			Role:    Server,
			Opening: &Opening{e.of(response)},
			Steps:   []Step{text(hello), KillAfter{5 * time.Second}},
			Refusal: &Refusal{},
		})
	}
	return append(cases,
		endlessResponse("has a field of 2 MiB", "X-Endless: "+strings.Repeat("x", headerSize)),
		endlessResponse("has 2048 fields of 1 KiB each", unknownFields(2048, headerSize/2048)))
}

// endlessResponse returns a case in which the response is so large that a client does well to refuse it.
func endlessResponse(what, fields string) *Case {
	e := edit{"", "", "", fields}
	c := slow(tolerable(refuses("6455-10.4-01 6455-4.1-49", []int{1002, 1008, 1009},
		"As server: the response "+what+". A text message follows.", text(hello)), textOf(once(hello))))
	c.Role, c.Opening = Server, &Opening{e.of(response)}
	return c
}

// unknownFields returns n fields of size octets each, line ends included.
func unknownFields(n, size int) string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("X-Unknown-%d: ", i)
		lines[i] += strings.Repeat("x", max(1, size-len(lines[i])-len("\r\n")))
	}
	return strings.Join(lines, "\n")
}
