package fuzzer

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ws6455/ws/autobahn/internal/suite"
)

const goodRequest = "GET /runCase?case=1&agent=My%20Lib HTTP/1.1\r\n" +
	"Host: localhost:9001\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: keep-alive, Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Version: 13\r\n\r\n"

func TestRequest(t *testing.T) {
	edit := func(old, new string) string {
		s := strings.Replace(goodRequest, old, new, 1)
		if s == goodRequest && old != new {
			t.Fatalf("%q is not in the request", old)
		}
		return s
	}
	add := func(line string) string { return edit("\r\n\r\n", "\r\n"+line+"\r\n\r\n") }
	for name, test := range map[string]struct {
		text, port, status string
	}{
		"good":                      {goodRequest, "9001", ""},
		"version 8":                 {edit("13", "8"), "9001", ""},
		"names in another case":     {edit("Upgrade: websocket", "uPGRADE: WebSocket"), "9001", ""},
		"an extension":              {add("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x"), "9001", ""},
		"default port":              {edit(":9001", ""), "80", ""},
		"POST":                      {edit("GET", "POST"), "9001", "405"},
		"HTTP/1.0":                  {edit("HTTP/1.1", "HTTP/1.0"), "9001", "505"},
		"fragment":                  {edit("Lib ", "Lib#x "), "9001", "400"},
		"no URI":                    {edit("/runCase", "runCase"), "9001", "400"},
		"no field":                  {add("nonsense"), "9001", ""},
		"no host":                   {edit("Host: localhost:9001\r\n", ""), "9001", "400"},
		"two hosts":                 {add("Host: localhost:9001"), "9001", "400"},
		"another port":              {goodRequest, "9002", "400"},
		"no port":                   {edit(":9001", ""), "9001", "400"},
		"Upgrade to something else": {edit("websocket", "websockets"), "9001", "400"},
		"no Connection":             {edit("Connection: keep-alive, Upgrade\r\n", ""), "9001", "400"},
		"Connection without token":  {edit(", Upgrade", ""), "9001", "400"},
		"no key":                    {edit("Sec-WebSocket-Key", "X"), "9001", "400"},
		"two keys":                  {add("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), "9001", "400"},
		"short key":                 {edit("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j"), "9001", "400"},
		"key not base64":            {edit("dGhl", "!!!!"), "9001", "400"},
		"no version":                {edit("Sec-WebSocket-Version: 13\r\n", ""), "9001", "400"},
		"version 7":                 {edit("13", "7"), "9001", "400"},
		"two versions":              {add("Sec-WebSocket-Version: 13"), "9001", "400"},
		"subprotocol twice":         {add("Sec-WebSocket-Protocol: a, b, a"), "9001", "400"},
		"two origins":               {add("Origin: a\r\nOrigin: b"), "9001", "400"},
		"two extension fields":      {add("Sec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: b"), "9001", "400"},
		"bad deflate offer":         {add("Sec-WebSocket-Extensions: permessage-deflate; x=1"), "9001", "400"},
	} {
		r, status, err := parseRequest(test.text, test.port, Defaults())
		if got, _, _ := strings.Cut(status, " "); got != test.status || (err != nil) != (test.status != "") {
			t.Errorf("%s: status %q and error %v, want status %q", name, status, err, test.status)
		}
		if err == nil && (r.Path != "/runCase" || r.Query["agent"][0] != "My Lib" || r.Plain) {
			t.Errorf("%s: got path %q, query %v", name, r.Path, r.Query)
		}
	}
	if r, _, err := parseRequest(edit("Upgrade: websocket\r\n", ""), "9001", Defaults()); err != nil || !r.Plain {
		t.Errorf("without Upgrade: got %v, %v, want a plain request", r, err)
	}
	o := Defaults()
	o.AllowedOrigins = []string{"http://*.example.org:80"}
	if _, status, _ := parseRequest(add("Origin: http://evil.org"), "9001", o); status != "403 Forbidden" {
		t.Errorf("an origin that is not allowed: got status %q", status)
	}
	if _, _, err := parseRequest(add("Origin: http://a.example.org:80"), "9001", o); err != nil {
		t.Errorf("an origin that is allowed: %v", err)
	}
}

func TestResponse(t *testing.T) {
	key := "dGhlIHNhbXBsZSBub25jZQ=="
	plain := &suite.Case{}
	deflated := &suite.Case{Deflate: &suite.Deflate{Offers: "permessage-deflate; client_no_context_takeover; client_max_window_bits"}}
	to := Target{Host: "localhost:9001", Path: "/x?y", Protocols: []string{"chat", "superchat"}}
	good := "HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: WebSocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
	edit := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	add := func(line string) string { return edit("\r\n\r\n", "\r\n"+line+"\r\n\r\n") }
	for name, test := range map[string]struct {
		text     string
		c        *suite.Case
		ok, pmce bool
	}{
		"good":                  {good, plain, true, false},
		"other phrase":          {edit("Switching Protocols", "OK"), plain, true, false},
		"Connection is a list":  {edit("Connection: Upgrade", "connection: keep-alive, upgrade"), plain, true, false},
		"offered subprotocol":   {add("Sec-WebSocket-Protocol: chat"), plain, true, false},
		"empty subprotocol":     {add("Sec-WebSocket-Protocol:"), plain, true, false},
		"deflate":               {add("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10"), deflated, true, true},
		"deflate not agreed":    {good, deflated, true, false},
		"HTTP/1.0":              {edit("HTTP/1.1", "HTTP/1.0"), plain, false, false},
		"status 200":            {edit("101", "200"), plain, false, false},
		"no Upgrade":            {edit("Upgrade: WebSocket\r\n", ""), plain, false, false},
		"two upgrades":          {edit("WebSocket", "websocket, h2c"), plain, false, false},
		"no Connection":         {edit("Connection: Upgrade\r\n", ""), plain, false, false},
		"no accept":             {edit("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", ""), plain, false, false},
		"wrong accept":          {edit("s3pP", "S3pP"), plain, false, false},
		"two accepts":           {add("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), plain, false, false},
		"unknown subprotocol":   {add("Sec-WebSocket-Protocol: soap"), plain, false, false},
		"two subprotocols":      {add("Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: superchat"), plain, false, false},
		"extension not offered": {add("Sec-WebSocket-Extensions: permessage-deflate"), plain, false, false},
		"another extension":     {add("Sec-WebSocket-Extensions: x-webkit-deflate-frame"), deflated, false, false},
		"bad parameter":         {add("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16"), deflated, false, false},
		"two extension fields":  {add("Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Extensions: permessage-deflate"), deflated, false, false},
		"not HTTP at all":       {"SSH-2.0-OpenSSH_9\r\n\r\n", plain, false, false},
	} {
		agreed, err := checkResponse(test.text, request(to, test.c, key, Defaults()), key, test.c)
		if (err == nil) != test.ok || (agreed != nil) != test.pmce {
			t.Errorf("%s: got %v, %v", name, agreed, err)
		}
	}
}

// TestRequestText is what a server sees of the fuzzer.
func TestRequestText(t *testing.T) {
	c := &suite.Case{Deflate: &suite.Deflate{Offers: "permessage-deflate"}}
	to := Target{Host: "localhost:9001", Path: "/x?y", Origin: "http://o", Protocols: []string{"chat", "superchat"}}
	want := "GET /x?y HTTP/1.1\r\nUser-Agent: " + Product + "\r\nHost: localhost:9001\r\nUpgrade: WebSocket\r\n" +
		"Connection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\nSec-WebSocket-Key: KEY\r\nOrigin: http://o\r\n" +
		"Sec-WebSocket-Protocol: chat,superchat\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Version: 13\r\n\r\n"
	if got := request(to, c, "KEY", Defaults()); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	c.Opening = &suite.Opening{Text: "GET {path} HTTP/1.0\nHost: {host}\nSec-WebSocket-Key: {key}\n"}
	if got, want := request(to, c, "KEY", Defaults()), "GET /x?y HTTP/1.0\r\nHost: localhost:9001\r\nSec-WebSocket-Key: KEY\r\n\r\n"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestQuery(t *testing.T) {
	for raw, want := range map[string]string{
		"case=1&agent=My%20Lib%2F1": "map[agent:[My Lib/1] case:[1]]",
		"agent=a+b;case=2":          "map[agent:[a b] case:[2]]",
		"agent=100%&case=":          "map[agent:[100%]]",
		"agent=a&agent=b":           "map[agent:[a b]]",
		"":                          "map[]",
	} {
		if got := fmt.Sprint(parseQuery(raw)); got != want {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
}
