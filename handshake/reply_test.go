package handshake

import (
	"reflect"
	"testing"
)

// Requirements: 6455-4.1-40
func TestOfferCheckAccepts(t *testing.T) {
	offer := &Offer{goldenKey, []string{"a", "chat"}, []Extension{ext("foo"), deflate}}
	chat := Agreement{Subprotocol: "chat"}
	for _, tt := range []struct {
		id, name string
		changes  []string
		want     Agreement
	}{
		{"6455-4.1-40", "the response of section 1.2", nil, chat},
		{"6455-4.1-41", "another reason phrase", []string{"^HTTP/1.1 101 Moo"}, chat},
		{"6455-4.1-42", "Upgrade in other letters", []string{"Upgrade: WebSocket"}, chat},
		{"6455-4.1-42", "white space around Upgrade", []string{"Upgrade:\t websocket "}, chat},
		{"6455-4.1-43", "Connection with a choice", []string{"Connection: keep-alive, UPGRADE"}, chat},
		{"6455-4.1-43", "two Connections", []string{"Connection: keep-alive", "+Connection: Upgrade"}, chat},
		{"6455-4.1-45", "white space around Accept", []string{"Sec-WebSocket-Accept: \t" + goldenAccept + "\t "}, chat},
		{"6455-4.1-48", "no subprotocol though some were offered", []string{"-Sec-WebSocket-Protocol"}, Agreement{}},
		{"6455-4.1-47", "the first of those offered", []string{"Sec-WebSocket-Protocol: a "}, Agreement{Subprotocol: "a"}},
		{"6455-4.1-46", "an extension that was offered", []string{"-Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions: foo; x=1"},
			Agreement{Extensions: []Extension{ext("foo", "x=1")}}},
		{"6455-11.3.2-02", "extensions on two lines, as erratum 3433 has it",
			[]string{"Sec-WebSocket-Extensions: " + deflateText, "+Sec-WebSocket-Extensions: foo"},
			Agreement{"chat", []Extension{deflate, ext("foo")}}},
		{"6455-4.1-50", "names in other letters", []string{
			"-Upgrade", "+uPgRaDe: websocket", "-Connection", "+CONNECTION: upgrade",
			"-Sec-WebSocket-Accept", "+sEc-wEbSoCkEt-AcCePt: " + goldenAccept,
			"-Sec-WebSocket-Protocol", "+sec-websocket-protocol: a",
			"+SEC-WEBSOCKET-EXTENSIONS: foo"}, Agreement{"a", []Extension{ext("foo")}}},
		{"6455-4.1-40", "fields that nobody knows", []string{"Server: x", "+Set-Cookie: a=b", "+Sec-WebSocket-New: x"}, chat},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := consume(t, edit(goldenResponse, tt.changes...))
			if got, err := offer.Check(r); err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Check = %v, %v; want %v", got, err, tt.want)
			}
		})
	}
	t.Run("white space that the caller has left around values", func(t *testing.T) {
		r := consume(t, goldenResponse)
		for _, name := range []string{"Upgrade", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"} {
			r.Header.Set(name, "\t "+r.Header.Get(name)+" \t")
		}
		if got, err := offer.Check(r); err != nil || got.Subprotocol != "chat" {
			t.Errorf("Check = %v, %v; want chat", got, err)
		}
	})
}

// Each row breaks one rule.
//
// Requirements: 6455-4.1-40, 6455-4.1-49
func TestOfferCheckRefuses(t *testing.T) {
	const (
		accept   = "Sec-WebSocket-Accept: "
		protocol = "Sec-WebSocket-Protocol: "
		extend   = "Sec-WebSocket-Extensions: "
	)
	for _, tt := range []struct {
		id, name string
		changes  []string
		want     string
	}{
		{"6455-4.1-41", "200", []string{"^HTTP/1.1 200 OK"}, `the status is 200 "OK": want 101`},
		{"6455-4.1-41", "100", []string{"^HTTP/1.1 100 Continue"}, `the status is 100 "Continue": want 101`},
		{"6455-4.1-41", "302", []string{"^HTTP/1.1 302 "}, `the status is 302 "": want 101`},
		{"6455-4.1-41", "401, of HTTP/1.0", []string{"^HTTP/1.0 401 Who?"}, `the status is 401 "Who?": want 101`},
		{"6455-4.1-49", "HTTP/1.0", []string{"^HTTP/1.0 101 OK"}, `version "HTTP/1.0": want HTTP/1.1`},
		{"6455-4.1-49", "HTTP/2", []string{"^HTTP/2.0 101 OK"}, `version "HTTP/2.0": want HTTP/1.1`},

		{"6455-4.1-42", "no Upgrade", []string{"-Upgrade"}, `field Upgrade is missing: want "websocket"`},
		{"6455-4.1-42", "another Upgrade", []string{"Upgrade: h2c"}, `field Upgrade is "h2c"`},
		{"6455-4.1-42", "Upgrade is a longer word", []string{"Upgrade: websocket2"}, `field Upgrade is "websocket2"`},
		{"6455-4.1-42", "Upgrade with a version", []string{"Upgrade: websocket/13"}, `field Upgrade is "websocket/13"`},
		{"6455-4.1-42", "Upgrade is a list", []string{"Upgrade: websocket, h2c"}, `field Upgrade is "websocket, h2c"`},
		{"6455-4.1-42", "two Upgrades", []string{"+Upgrade: websocket"}, `field Upgrade is "websocket, websocket"`},
		{"6455-4.1-42", "an empty Upgrade", []string{"Upgrade:"}, `field Upgrade is ""`},
		{"6455-4.1-43", "no Connection", []string{"-Connection"}, `field Connection is missing: want "Upgrade" in it`},
		{"6455-4.1-43", "another Connection", []string{"Connection: close"}, `field Connection is "close"`},
		{"6455-4.1-43", "Connection is a longer word", []string{"Connection: Upgraded"}, `field Connection is "Upgraded"`},

		{"6455-4.1-44", "no Accept", []string{"-Sec-WebSocket-Accept"}, `field Sec-WebSocket-Accept is missing: want "` + goldenAccept + `"`},
		{"6455-4.1-44", "an empty Accept", []string{accept}, `field Sec-WebSocket-Accept is ""`},
		{"6455-4.1-44", "Accept for another key", []string{accept + AcceptKey("AQIDBAUGBwgJCgsMDQ4PEA==")}, "field Sec-WebSocket-Accept is"},
		{"6455-4.1-44", "Accept is the hash in hex", []string{accept + "b37a4f2cc0624f1690f64606cf385945b2bec4ea"}, "field Sec-WebSocket-Accept is"},
		{"6455-4.1-44", "Accept for the bytes of the key", []string{accept + AcceptKey("the sample nonce")}, "field Sec-WebSocket-Accept is"},
		{"6455-4.1-44", "Accept is the key", []string{accept + goldenKey}, "field Sec-WebSocket-Accept is"},
		{"6455-4.1-45", "Accept in other letters", []string{accept + "S3PPLMBITXAQ9KYGZZHZRBK+XOO="}, "field Sec-WebSocket-Accept is"},
		{"6455-4.1-45", "a space inside Accept", []string{accept + "s3pPLMBiTxaQ9 kYGzzhZRbK+xOo="}, "field Sec-WebSocket-Accept is"},
		{"6455-11.3.3-01", "two Accepts, both right", []string{"+" + accept + goldenAccept}, "field Sec-WebSocket-Accept is"},
		{"6455-11.3.3-01", "two Accepts, the first right", []string{"+" + accept + "x"}, "field Sec-WebSocket-Accept is"},

		{"6455-4.1-46", "an extension that was not offered", []string{extend + "bar"}, `field Sec-WebSocket-Extensions is "bar": extension "bar" was not offered`},
		{"6455-4.1-46", "one that was offered, one that was not", []string{extend + deflateText + ", bar"}, `extension "bar" was not offered`},
		{"6455-9-01", "one on the second line that was not", []string{extend + "foo", "+" + extend + "bar"}, `extension "bar" was not offered`},
		{"6455-9.1-09", "an extension in other letters", []string{extend + "Permessage-Deflate"}, `extension "Permessage-Deflate" was not offered`},
		{"6455-9.1-01", "an extension list that is malformed", []string{extend + "foo;"}, "want the name of a parameter"},
		{"6455-9.1-01", "an extension list without end", []string{extend + `foo; a="`}, "no closing quote"},
		{"6455-4.3-03", "an empty extension list", []string{extend}, "no element"},

		{"6455-4.1-47", "a subprotocol that was not offered", []string{protocol + "b"}, `field Sec-WebSocket-Protocol is "b": it was not offered`},
		{"6455-4.1-47", "a subprotocol in other letters", []string{protocol + "Chat"}, "it was not offered"},
		{"6455-4.1-47", "an empty subprotocol", []string{protocol}, `field Sec-WebSocket-Protocol is "": want one token`},
		{"6455-4.3-06", "two subprotocols on a line", []string{protocol + "a, chat"}, `field Sec-WebSocket-Protocol is "a, chat": want one token`},
		{"6455-11.3.4-02", "two subprotocols on two lines", []string{"+" + protocol + "a"}, "want it once at most"},
		{"6455-11.3.4-02", "the same subprotocol on two lines", []string{"+" + protocol + "chat"}, "want it once at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			offer := &Offer{goldenKey, []string{"a", "chat"}, []Extension{ext("foo"), deflate}}
			got, err := offer.Check(consume(t, edit(goldenResponse, tt.changes...)))
			wantReason(t, err, tt.want)
			if !reflect.DeepEqual(got, Agreement{}) {
				t.Errorf("Check = %v with an error", got)
			}
		})
	}
	t.Run("nothing was offered and something is chosen", func(t *testing.T) {
		offer := &Offer{Key: goldenKey}
		_, err := offer.Check(consume(t, goldenResponse))
		wantReason(t, err, "it was not offered")
		_, err = offer.Check(consume(t, edit(goldenResponse, "-Sec-WebSocket-Protocol", extend+deflateText)))
		wantReason(t, err, `extension "permessage-deflate" was not offered`)
	})
	t.Run("a response of nothing", func(t *testing.T) {
		_, err := new(Offer).Check(&Response{})
		wantReason(t, err, "the status is 0")
	})
}

// Requirements: 6455-4.4-02, 6455-11.3.5-02
func TestOfferCheckVersions(t *testing.T) {
	for _, tt := range []struct {
		name    string
		changes []string
		want    string
	}{
		{"versions on two lines", []string{"Sec-WebSocket-Version: 25, 8", "+Sec-WebSocket-Version: 7"},
			`the status is 426 "Upgrade Required": the server speaks versions "25, 8, 7" of the protocol, not 13`},
		{"a single version", []string{"Sec-WebSocket-Version: 8"}, `the server speaks versions "8" of the protocol, not 13`},
		{"13 among them, so that is not why", []string{"Sec-WebSocket-Version: 8, 13"}, `the status is 426 "Upgrade Required": want 101`},
		{"versions that are no list", []string{"Sec-WebSocket-Version: ?"}, `the status is 426 "Upgrade Required": want 101`},
		{"no versions", nil, `the status is 426 "Upgrade Required": want 101`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			head := edit(goldenResponse, append(tt.changes, "^HTTP/1.1 426 Upgrade Required")...)
			_, err := (&Offer{Key: goldenKey}).Check(consume(t, head))
			wantReason(t, err, tt.want)
		})
	}
}
