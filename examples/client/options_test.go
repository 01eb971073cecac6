package main

import (
	"errors"
	"flag"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

func TestParseOptions(t *testing.T) {
	o, err := parseOptions([]string{
		"-H", "Authorization: Bearer a:b", "-H", "X-A:1", "-H", "X-A: 2", "-subprotocol", "a, b", "-subprotocol", "c",
		"-origin", "https://example.com", "-insecure", "-timeout", "3s", "-wait", "2s", "-reconnect", "-compress", "-v",
		"-x", "one", "-x", "/ping", "-proxy", "http://proxy:3128", "wss://example.com/feed?x",
	}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if o.url != "wss://example.com/feed?x" || !o.reconnect || !o.verbose || o.wait.Seconds() != 2 {
		t.Errorf("options are %+v", o)
	}
	if want := []string{"one", "/ping"}; !reflect.DeepEqual(o.lines, want) {
		t.Errorf("lines %q, want %q", o.lines, want)
	}
	cfg, err := o.config()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"Authorization": {"Bearer a:b"}, "X-A": {"1", "2"}, "Origin": {"https://example.com"}}
	if !reflect.DeepEqual(map[string][]string(cfg.Header), want) {
		t.Errorf("header %q, want %q", cfg.Header, want)
	}
	if want := []string{"a", "b", "c"}; !reflect.DeepEqual(cfg.Subprotocols, want) {
		t.Errorf("subprotocols %q, want %q", cfg.Subprotocols, want)
	}
	if cfg.HandshakeTimeout.Seconds() != 3 || !cfg.TLS.InsecureSkipVerify {
		t.Errorf("timeout %v, TLS %v", cfg.HandshakeTimeout, cfg.TLS)
	}
	if cfg.Conn.Compression == nil {
		t.Error("no compression")
	}
	if u, err := cfg.Proxy(nil); err != nil || u.String() != "http://proxy:3128" {
		t.Errorf("proxy %v, %v", u, err)
	}
}

// Without flags everything is as the library has it.
func TestParseOptionsDefaults(t *testing.T) {
	for _, tt := range []struct{ arg, url string }{
		{"localhost:9001", "ws://localhost:9001"},
		{"wss://h", "wss://h"},
	} {
		o, err := parseOptions([]string{tt.arg}, t.Output())
		if err != nil || o.url != tt.url {
			t.Fatalf("%s: %v, %v; want %s", tt.arg, o, err, tt.url)
		}
		cfg, err := o.config()
		if err != nil || cfg.TLS != nil || cfg.Proxy != nil || cfg.Conn.Compression != nil || len(cfg.Header) > 0 {
			t.Errorf("%s: config %+v, %v", tt.arg, cfg, err)
		}
	}
}

func TestParseOptionsNoProxy(t *testing.T) {
	o, err := parseOptions([]string{"-proxy", "none", "h"}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := o.config()
	if err != nil {
		t.Fatal(err)
	}
	if u, err := cfg.Proxy(&url.URL{Scheme: "wss", Host: "h"}); u != nil || err != nil {
		t.Errorf("proxy %v, %v; want none", u, err)
	}
}

func TestParseOptionsBad(t *testing.T) {
	for _, tt := range []struct {
		args string // separated by semicolons
		want string
	}{
		{"", "the url is missing"},
		{"-v", "the url is missing"},
		{"ws://h;-v", `"-v" is one argument too many`},
		{"-H;Name;ws://h", "want Name: value"},
		{"-H;: value;ws://h", "want Name: value"},
		{"-x;a\nb;ws://h", "more than one line"},
		{"-z;ws://h", "-z"},
		{"-frames;wss://h", "-frames is for ws urls"},
		{"-timeout;soon;ws://h", "timeout"},
	} {
		var args []string
		if tt.args != "" {
			args = strings.Split(tt.args, ";")
		}
		var told strings.Builder
		if _, err := parseOptions(args, &told); err == nil || !strings.Contains(told.String(), tt.want) || !strings.Contains(told.String(), "usage:") {
			t.Errorf("%q: %v and %q, want %q and the usage", args, err, told.String(), tt.want)
		}
	}
	if _, err := parseOptions([]string{"-h"}, t.Output()); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v, want flag.ErrHelp", err)
	}
	o, err := parseOptions([]string{"-proxy", "http://user:secret@h:x", "ws://h"}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = o.config(); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("-proxy: %v, want an error without the password", err)
	}
}
