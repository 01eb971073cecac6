package handshake

import "testing"

// Requirements: 6455-4.1-28
func TestNewKey(t *testing.T) {
	nonce := [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	// The RFC prints "…PEC=="; this is what erratum 3150 corrects it to.
	if got, want := NewKey(nonce), "AQIDBAUGBwgJCgsMDQ4PEA=="; got != want {
		t.Errorf("NewKey(1 to 16) = %q, want %q", got, want)
	}
	if got := NewKey([16]byte([]byte("the sample nonce"))); got != goldenKey {
		t.Errorf("NewKey = %q, want the key of section 1.3, %q", got, goldenKey)
	}
	for i := range 256 {
		if key := NewKey([16]byte{15: byte(i)}); !ValidKey(key) {
			t.Errorf("ValidKey(%q) = false for a key of NewKey", key)
		}
	}
}

// Requirements: 6455-4.2.1-08, 6455-4.3-05
func TestValidKey(t *testing.T) {
	for _, tt := range []struct {
		name, key string
		want      bool
	}{
		{"the key of section 1.3", goldenKey, true},
		{"an empty key", "", false},
		{"15 bytes", "dGhlIHNhbXBsZSBub25j", false},
		{"17 bytes", "dGhlIHNhbXBsZSBub25jZWU=", false},
		{"18 bytes fill 24 characters", "dGhlIHNhbXBsZSBub25jZWVl", false},
		{"padding bits that are not zero, as the RFC prints it", "AQIDBAUGBwgJCgsMDQ4PEC==", false},
		{"no padding", "dGhlIHNhbXBsZSBub25jZQ", false},
		{"half of the padding", "dGhlIHNhbXBsZSBub25jZQ=", false},
		{"text after the padding", "dGhlIHNhbXBsZSBub25jZQ==AAAA", false},
		{"24 characters of no base64", "????????????????????????", false},
		{"the alphabet for URLs", "_-_-_-_-_-_-_-_-_-_-_A==", false},
		{"a space inside", "dGhlIHNhbXBs ZSBub25jZQ=", false},
		{"a space in front", " dGhlIHNhbXBsZSBub25jZQ==", false},
		{"line breaks, which lenient decoders skip", "dGhlIHNhbXBsZSBub25j\r\nZQ==", false},
		{"line breaks that make up the 24 characters", "dGhlIHNhbXBsZSBub25j\r\n\r\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := ValidKey(tt.key); got != tt.want {
				t.Errorf("ValidKey(%q) = %t, want %t", tt.key, got, tt.want)
			}
		})
	}
}

// Requirements: 6455-4.2.2-18
func TestAcceptKey(t *testing.T) {
	for _, tt := range []struct{ name, key, want string }{
		{"the key of section 1.3", goldenKey, goldenAccept},
		{"the text counts, not the bytes that it stands for", "AQIDBAUGBwgJCgsMDQ4PEA==", "C/0nmHhBztSRGR1CwL6Tf4ZjwpY="},
		{"no key", "", "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w="},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := AcceptKey(tt.key); got != tt.want {
				t.Errorf("AcceptKey(%q) = %q, want %q", tt.key, got, tt.want)
			}
		})
	}
}
