package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/ws6455/ws/frame"
)

func TestParseCommand(t *testing.T) {
	text := func(s string) command { return command{verb: "send", typ: frame.Text, data: []byte(s)} }
	for _, tt := range []struct {
		line string
		want command
	}{
		{"hello", text("hello")},
		{"", text("")},
		{" /ping", text(" /ping")},
		{"//ping", text("/ping")},
		{"//", text("/")},
		{"/binary 00 fF", command{verb: "send", typ: frame.Binary, data: []byte{0, 255}}},
		{"/binary 00ff", command{verb: "send", typ: frame.Binary, data: []byte{0, 255}}},
		{"/binary", command{verb: "send", typ: frame.Binary, data: []byte{}}},
		{"/ping", command{verb: "ping"}},
		{"/ping ", command{verb: "ping"}},
		{"/close", command{verb: "close", code: 1000}},
		{"/close 4000", command{verb: "close", code: 4000}},
		{"/close 4000 bye bye", command{verb: "close", code: 4000, reason: "bye bye"}},
		{"/close 1005", command{verb: "close", code: 1005}},
		{"/quit", command{verb: "quit"}},
		{"/help", command{verb: "help"}},
	} {
		got, err := parseCommand(tt.line)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: %+v, %v; want %+v", tt.line, got, err, tt.want)
		}
	}
}

func TestParseCommandBad(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"/", "there is no /"},
		{"/pong", "there is no /pong"},
		{"/etc/passwd", "there is no /etc/passwd"},
		{"/PING", "there is no /PING"},
		{"/ping now", "stands alone"},
		{"/binary 0", "hexadecimal"},
		{"/binary xy", "hexadecimal"},
		{"/close bye", "status code"},
		{"/close -1", "status code"},
		{"/close 70000", "status code"},
		{"/close 1006", "1006"},
		{"/close 999", "999"},
		{"/close 4000 " + strings.Repeat("r", 124), "123 bytes"},
		{"/close 4000 \xff", "UTF-8"},
	} {
		if got, err := parseCommand(tt.line); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %+v, %v; want an error with %q", tt.line, got, err, tt.want)
		}
	}
}
