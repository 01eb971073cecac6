package main

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
)

func TestClientSpec(t *testing.T) {
	s, err := parseSpec(clientMode, "fuzzingclient.json", []byte("\ufeff"+`{
		"outdir": "./out",
		"options": {"failByDrop": true, "openHandshakeTimeout": 2.5, "version": 17},
		"servers": [
			{"agent": "one", "url": "ws://127.0.0.1:9001/echo?a=b", "options": {"failByDrop": false, "tcpNoDelay": false}},
			{"url": "wss://example.com", "origin": "http://x", "protocols": ["a", "b"], "hostname": "sni"}
		],
		"cases": ["1.*", "6.4.1"],
		"exclude-cases": ["1.2.*"],
		"exclude-agent-cases": {"on*": ["1.1.1", "9.*"]},
		"enable-ssl": false
	}`))
	if err != nil {
		t.Fatal(err)
	}
	one, two := s.servers[0], s.servers[1]
	for _, x := range []struct {
		what      string
		got, want any
	}{
		{"the folder", s.outdir, "./out"},
		{"the cases", s.cases, []string{"1.*", "6.4.1"}},
		{"what is excluded", s.exclude, []string{"1.2.*"}},
		{"what is excluded for agents", s.excludeAgent, map[string][]string{"on*": {"1.1.1", "9.*"}}},
		{"the name", one.agent, "one"},
		{"the path", one.url.RequestURI(), "/echo?a=b"},
		{"the port of a scheme", port(two.url), "443"},
		{"the subprotocols", two.protocols, []string{"a", "b"}},
		{"the name for TLS", two.hostname, "sni"},
		{"the origin", two.origin, "http://x"},
		{"an option of the server comes after the global one", one.options.FailByDrop, false},
		{"a global option", two.options.FailByDrop, true},
		{"an option of one server is not that of the next", two.options.TCPNoDelay, true},
		{"a fraction of a second", one.options.OpenHandshakeTimeout, 2500 * time.Millisecond},
		{"an option that nobody sets", one.options.CloseHandshakeTimeout, time.Second},
	} {
		if !reflect.DeepEqual(x.got, x.want) {
			t.Errorf("%s: got %v, want %v", x.what, x.got, x.want)
		}
	}
}

func TestServerSpec(t *testing.T) {
	s, err := parseSpec(serverMode, "fuzzingserver.json", []byte(`{
		"url": "wss://localhost:9007", "cases": ["*"], "key": "k.pem", "cert": "c.pem", "webport": 8080, "protocols": [],
		"options": {"versions": [13], "maxConnections": 5, "allowedOrigins": ["http://*"], "webStatus": false}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	want := fuzzer.Defaults()
	want.Versions, want.MaxConnections, want.AllowedOrigins, want.WebStatus = []int{13}, 5, []string{"http://*"}, false
	l := listening{addr: ":9007", secure: true, key: "k.pem", cert: "c.pem", options: want}
	if !reflect.DeepEqual(*s.listen, l) {
		t.Errorf("got %+v, want %+v", *s.listen, l)
	}
	if s.outdir != "./reports/clients" {
		t.Errorf("got the folder %s", s.outdir)
	}
}

// A broken spec gets an error with the place and what was expected.
func TestBrokenSpec(t *testing.T) {
	for _, x := range []struct {
		mode       mode
		spec, want string
	}{
		{clientMode, "", `f:1:1: the file ends too early`},
		{clientMode, "{\n \"cases\": [\"*\"]\n", `f:2:16: the file ends too early`},
		{clientMode, "{\n \"cases\": [\"*\",]\n}", `f:2:16: not JSON: invalid character ']'`},
		{clientMode, "{\n 'cases': 1}", `f:2:2: not JSON`},
		{clientMode, `{"cases": ["*"], "cases": ["1.*"]}`, `f:1:18: "cases" is there twice in a spec`},
		{serverMode, `{"cases": ["*"], "url": "ws://a:1", "webport": "abc"}`, `"webport" has to be the number of a port`},
		{clientMode, "{} {}", `f:1:4: not JSON`},
		{clientMode, "[]", `f:1:1: "a spec" has to be an object, not a list`},
		{clientMode, "{\n\"servers\": []}", `f:1:1: a spec needs "cases"`},
		{clientMode, "{\"cases\": [\"*\"],\n\n  \"sevrers\": []}", `f:3:3: unknown key "sevrers" in a spec; did you mean "servers"?`},
		{clientMode, `{"cases": "*"}`, `f:1:11: "cases" has to be a list, not a string`},
		{clientMode, `{"cases": ["*", 1]}`, `f:1:17: "cases" has to be a list of strings; this is a number`},
		{clientMode, "{\"cases\": [\"*\"],\n\"exclude-cases\": [\"6.5\"]}", `f:2:19: there is no case "6.5"; a pattern for several has a *, such as "6.5.*"`},
		{clientMode, `{"cases": ["*"], "outdir": null}`, `f:1:28: "outdir" has to be a string, not null`},
		{clientMode, `{"cases": ["*"], "exclude-agent-cases": []}`, `"exclude-agent-cases" has to be an object, not a list`},
		{clientMode, `{"cases": ["*"], "exclude-agent-cases": {"a": "*"}}`, `"a" has to be a list, not a string`},
		{clientMode, `{"cases": ["*"], "servers": [{"agent": "a"}]}`, `f:1:30: a server needs "url"`},
		{clientMode, `{"cases": ["*"], "servers": {}}`, `"servers" has to be a list, not an object`},
		{clientMode, `{"cases": ["*"], "servers": [{"url": 1}]}`, `"url" has to be a string, not a number`},
		{clientMode, `{"cases": ["*"], "servers": [{"url": "http://a"}]}`, `f:1:38: a URL has to start with ws:// or wss://, not as in http://a`},
		{clientMode, `{"cases": ["*"], "servers": [{"url": "ws:///a"}]}`, `names no host`},
		{clientMode, `{"cases": ["*"], "servers": [{"url": "ws://a:b"}]}`, `not a URL: ws://a:b`},
		{clientMode, `{"cases": ["*"], "servers": [{"url": "ws://a/#b"}]}`, `may not have a fragment`},
		{clientMode, `{"cases": ["*"], "servers": [{"url": "ws://a", "agnt": ""}]}`, `f:1:48: unknown key "agnt" in a server; did you mean "agent"?`},
		{clientMode, `{"cases": ["*"], "options": []}`, `"options" has to be an object, not a list`},
		{clientMode, `{"cases": ["*"], "options": {"failbydrop": true}}`, `f:1:30: unknown key "failbydrop" in options; did you mean "failByDrop"?`},
		{clientMode, `{"cases": ["*"], "options": {"failByDrop": 1}}`, `f:1:44: "failByDrop" has to be true or false, not a number`},
		{clientMode, `{"cases": ["*"], "options": {"openHandshakeTimeout": "5"}}`, `"openHandshakeTimeout" has to be a time in seconds, from 0 to 86400`},
		{clientMode, `{"cases": ["*"], "options": {"closeHandshakeTimeout": -1}}`, `"closeHandshakeTimeout" has to be a time`},
		{clientMode, `{"cases": ["*"], "options": {"maxFramePayloadSize": 1.5}}`, `"maxFramePayloadSize" has to be a whole number that is not negative`},
		{clientMode, `{"cases": ["*"], "options": {"autoPingSize": 3}}`, `"autoPingSize" has to be a whole number from 4 to 125`},
		{clientMode, `{"cases": ["*"], "options": {"version": 9}}`, `"version" has to be a whole number from 10 to 18`},
		{clientMode, `{"cases": ["*"], "options": {"allowHixie76": true}}`, `f:1:46: "allowHixie76" cannot be true`},
		{clientMode, `{"cases": ["*"], "options": {"webStatus": true}}`, `f:1:30: the option "webStatus" does not exist for a fuzzingclient`},
		{clientMode, `{"cases": ["*"], "servers": [{"url": "ws://a", "options": {"versions": [13]}}]}`, `the option "versions" does not exist for a fuzzingclient`},
		{serverMode, `{"cases": ["*"]}`, `f:1:1: a spec needs "url"`},
		{serverMode, `{"cases": ["*"], "url": "ws://a:1/?x=y"}`, `the URL to listen on may not have a query`},
		{serverMode, `{"cases": ["*"], "url": "ws://a:1", "options": {"version": 18}}`, `the option "version" does not exist for a fuzzingserver`},
		{serverMode, `{"cases": ["*"], "url": "ws://a:1", "options": {"versions": [7]}}`, `"versions" has to be a list of the numbers 8 and 13`},
		{serverMode, `{"cases": ["*"], "url": "ws://a:1", "options": {"versions": 13}}`, `"versions" has to be a list, not a number`},
	} {
		_, err := parseSpec(x.mode, "f", []byte(x.spec))
		if err == nil || !strings.HasPrefix(err.Error(), "f:") || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s\ngot  %v\nwant %s", x.spec, err, x.want)
		}
	}
}

// TestUnknownKeys ignores keys of others, as the original does, and says so.
func TestUnknownKeys(t *testing.T) {
	s, err := parseSpec(serverMode, "f", []byte(`{"cases": ["*"], "url": "ws://a:1", "servers": [], "zzzzzz": {"x": 1}}`))
	want := []string{`f:1:37: unknown key "servers" in a spec: ignored`, `f:1:52: unknown key "zzzzzz" in a spec: ignored`}
	if err != nil || !slices.Equal(s.notes, want) {
		t.Errorf("got notes %q and error %v, want notes %q", s.notes, err, want)
	}
	var told strings.Builder
	(&config{spec: s}).tell(&told)
	if strings.Count(told.String(), ": ignored\n") != 2 {
		t.Errorf("told %q", told.String())
	}
}

// Without a file the template is written, and it is one that can be read.
func TestTemplates(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, m := range []mode{clientMode, serverMode} {
		s, created, err := readSpec(m, "")
		if err != nil || created != string(m)+".json" || !slices.Equal(s.cases, []string{"*"}) || s.outdir != m.outdir() {
			t.Errorf("%s: got %+v, %q, %v", m, s, created, err)
		}
		if _, created, err = readSpec(m, ""); err != nil || created != "" {
			t.Errorf("%s: the second time got %q, %v", m, created, err)
		}
	}
	if _, _, err := readSpec(clientMode, "other.json"); err == nil {
		t.Error("a file that is named is not written")
	}
}

// Every option of the fuzzer can be set, and each of the names changes the field that it stands for.
func TestOptionNames(t *testing.T) {
	o := fuzzer.Defaults()
	byField := map[any]string{}
	for name, opt := range options {
		byField[opt.field(o)] = name
	}
	v := reflect.ValueOf(o).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i).Name
		if name := byField[v.Field(i).Addr().Interface()]; !strings.EqualFold(name, field) {
			t.Errorf("the field %s is called %q", field, name)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"cases", "exclude-cases", "servers"}
	for s, want := range map[string]string{"case": "cases", "exclude_cases": "exclude-cases", "Servers": "servers", "xyz": "", "": ""} {
		if got := nearest(s, names); want == "" && got != "" || want != "" && !strings.Contains(got, `"`+want+`"`) {
			t.Errorf("nearest(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestConfigure(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("none.json", `{"cases": ["1.*"], "servers": [], "options": {"failByDrop": true}}`)
	write("two.json", `{"cases": ["1.*"], "servers": [{"url": "ws://a"}, {"url": "ws://b"}]}`)
	write("tls.json", `{"cases": ["1.*"], "url": "wss://a:9001"}`)

	refused := []struct{ args, want string }{
		{"", "say what to test"},
		{"-url ws://a -listen :1", "exclude each other"},
		{"-m fuzzingclient -url ws://a", "exclude each other"},
		{"-m massconnect", "-m is fuzzingclient or fuzzingserver"},
		{"-url http://a", "has to start with ws://"},
		{"-url ws://a extra", `what is "extra" for?`},
		{"-url ws://a -cases 6.5", `there is no case "6.5"`},
		{"-url ws://a -exclude 6.5", `there is no case "6.5"`},
		{"-url ws://a -cases 1.* -exclude 1.*", "no case is selected"},
		{"-url ws://a -parallel 0", "-parallel is a number from 1 on"},
		{"-url ws://a -u 80", "-k, -c and -u are for a program that listens"},
		{"-url ws://a -w ws://b", "-w goes with -m fuzzingclient"},
		{"-url ws://a -s two.json", "-s needs -m"},
		{"-url ws://a -expect nothing.json", "nothing.json"},
		{"-url ws://a -nonsense", "-nonsense"},
		{"-listen 9001", "-listen is host:port"},
		{"-listen :9001 -k key.pem", "TLS needs a key and a certificate"},
		{"-listen :9001 -agent a", "clients name themselves"},
		{"-m fuzzingserver -s tls.json", "TLS needs a key and a certificate"},
		{"-m fuzzingserver -s tls.json -k a -c b -u 70000", "-u is the number of a port"},
		{"-m fuzzingclient -s none.json", "no server to test"},
		{"-m fuzzingclient -s two.json -agent a", "-agent can name one server only"},
		{"-m fuzzingclient -s absent.json", "absent.json"},
	}
	for _, x := range refused {
		if _, err := configure(strings.Fields(x.args)); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s\ngot  %v\nwant %s", x.args, err, x.want)
		}
	}

	accepted := []struct {
		args string
		good func(c *config) bool
	}{
		{"-url ws://a:1/x -agent me", func(c *config) bool {
			return c.parallel == 16 && len(c.cases) == 517 && c.spec.servers[0].agent == "me" && c.spec.outdir == "./reports/servers"
		}},
		{"-url ws://a -cases 1.*,2.1 -exclude 1.2.* -parallel 1 -strict -outdir out", func(c *config) bool {
			return c.parallel == 1 && len(c.cases) == 9 && c.strict && c.spec.outdir == "out"
		}},
		{"-url ws://a -cases x.*", func(c *config) bool { return len(c.cases) > 0 && strings.HasPrefix(c.cases[0].ID, "x.") }},
		{"-listen 127.0.0.1:0", func(c *config) bool {
			return c.mode == serverMode && c.parallel == 0 && c.web == 0 && c.spec.listen.addr == "127.0.0.1:0"
		}},
		{"-m fuzzingserver", func(c *config) bool {
			return c.created == "fuzzingserver.json" && c.web == 8080 && c.spec.listen.addr == ":9001"
		}},
		{"-m fuzzingserver -s tls.json -k key -c cert -u 0", func(c *config) bool {
			return c.web == 0 && c.spec.listen.secure && c.spec.listen.key == "key" && len(c.cases) == 16
		}},
		{"-m fuzzingclient -s none.json -w ws://b -cases 2.*", func(c *config) bool {
			return c.spec.servers[0].url.Host == "b" && c.spec.servers[0].options.FailByDrop && len(c.cases) == 11
		}},
		{"-list -cases 9.*", func(c *config) bool { return c.list && len(c.cases) == 54 }},
		{"-list", func(c *config) bool { return len(c.cases) == 517 }},
	}
	for _, x := range accepted {
		if c, err := configure(strings.Fields(x.args)); err != nil || !x.good(c) {
			t.Errorf("%s\ngot %+v, %v", x.args, c, err)
		}
	}
}
