package main

import (
	"reflect"
	"testing"

	"github.com/ws6455/ws/conn"
)

// What the flags say about compression.
func TestCompression(t *testing.T) {
	for _, tt := range []struct {
		name               string
		compress, takeover bool
		window             int
		level              string
		want               *conn.Compression
		err                string
	}{
		{"the defaults", true, false, 15, "balanced", &conn.Compression{Window: 15}, ""},
		{"all", true, true, 8, "best", &conn.Compression{Takeover: true, Window: 8, Level: conn.Best}, ""},
		{"none", false, true, 8, "fastest", nil, ""},
		{"a window too small", true, true, 7, "best", nil, "-window 7: want 8 to 15 bits"},
		{"a window too large", true, true, 16, "best", nil, "-window 16: want 8 to 15 bits"},
		{"a window too large for what is not used", false, false, 16, "best", nil, "-window 16: want 8 to 15 bits"},
		{"no level", true, true, 15, "9", nil, "-level 9: want fastest, balanced or best"},
	} {
		*compress, *takeover, *window, *level = tt.compress, tt.takeover, tt.window, tt.level
		got, err := compression()
		if !reflect.DeepEqual(got, tt.want) || (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
			t.Errorf("%s: %+v, %v; want %+v, %q", tt.name, got, err, tt.want, tt.err)
		}
	}
}
