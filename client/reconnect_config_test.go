package client

import (
	"testing"

	"github.com/ws6455/ws/conn"
)

// Connections have a Keepalive unless that is not wanted. The Config of the user stays as it is.
func TestReconnectKeepalive(t *testing.T) {
	own := new(conn.Keepalive)
	given := &Config{Host: "h"}
	for _, tt := range []struct {
		name string
		r    Reconnector
		want func(*conn.Keepalive) bool
	}{
		{"without a Config", Reconnector{}, func(k *conn.Keepalive) bool { return k != nil }},
		{"with one", Reconnector{Config: given}, func(k *conn.Keepalive) bool { return k != nil }},
		{"with a Keepalive", Reconnector{Config: &Config{Conn: conn.Config{Keepalive: own}}}, func(k *conn.Keepalive) bool { return k == own }},
		{"with none", Reconnector{Config: given, NoKeepalive: true}, func(k *conn.Keepalive) bool { return k == nil }},
	} {
		cfg := tt.r.config()
		if !tt.want(cfg.Conn.Keepalive) || tt.r.Config != nil && cfg.Host != tt.r.Config.Host {
			t.Errorf("%s: the Config is %+v", tt.name, cfg)
		}
	}
	if given.Conn.Keepalive != nil {
		t.Error("the Config of the user was changed")
	}
}
