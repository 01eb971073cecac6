package frame

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// closeTests are close payloads, which are decoded and encoded again.
var closeTests = []struct {
	name    string
	payload string
	code    StatusCode
	reason  string
	err     error
}{
	{"nothing", "", StatusNoStatus, "", nil},
	{"half a code", "\x03", 0, "", ErrCloseTruncated},
	{"a code alone", "\x03\xe8", StatusNormalClosure, "", nil},
	{"a code and a reason", "\x03\xe9bye", StatusGoingAway, "bye", nil},
	{"the bytes of a code in their order", "\x0f\xa1", 4001, "", nil},
	{"a reason in several scripts", "\x0b\xb8ça va 人 😀", StatusUnauthorized, "ça va 人 😀", nil},
	{"a reason with a NUL", "\x03\xe8a\x00b", StatusNormalClosure, "a\x00b", nil},
	{"the longest reason", "\x03\xe8" + strings.Repeat("r", MaxCloseReason), StatusNormalClosure, strings.Repeat("r", MaxCloseReason), nil},
	{"the code for no code", "\x03\xed", StatusNoStatus, "", ErrCloseCode},
	{"the code for no close frame", "\x03\xeebye", StatusAbnormalClosure, "", ErrCloseCode},
	{"code 0", "\x00\x00", 0, "", ErrCloseCode},
	{"a bad code before a bad reason", "\xff\xff\xff", 65535, "", ErrCloseCode},
	{"a reason that is not UTF-8", "\x03\xe8\xc3\x28", StatusNormalClosure, "", ErrCloseReasonUTF8},
	{"a reason that ends inside a character", "\x03\xe8bye\xe2\x82", StatusNormalClosure, "", ErrCloseReasonUTF8},
	{"a reason with a surrogate", "\x03\xe8\xed\xa0\x80", StatusNormalClosure, "", ErrCloseReasonUTF8},
}

// Requirements: 6455-5.5.1-02, 6455-5.5.1-03, 6455-5.5.1-04, 6455-7.4-01
func TestConsumeClose(t *testing.T) {
	for _, tt := range closeTests {
		code, reason, err := ConsumeClose([]byte(tt.payload))
		if code != tt.code || reason != tt.reason || err != tt.err {
			t.Errorf("%s: ConsumeClose = %v, %q, %v; want %v, %q, %v", tt.name, code, reason, err, tt.code, tt.reason, tt.err)
		}
	}
}

// The reason is the caller's to keep.
func TestConsumeCloseCopies(t *testing.T) {
	p := []byte("\x03\xe8bye")
	_, reason, _ := ConsumeClose(p)
	clear(p)
	if reason != "bye" {
		t.Errorf("reason = %q after its payload was overwritten", reason)
	}
}

// Requirements: 6455-5.5.1-02, 6455-5.5.1-04, 6455-7.4-01
func TestAppendClose(t *testing.T) {
	for _, tt := range closeTests {
		if tt.err != nil {
			continue
		}
		got, err := AppendClose([]byte("before"), tt.code, tt.reason)
		if want := "before" + tt.payload; string(got) != want || err != nil {
			t.Errorf("%s: AppendClose = %q, %v; want %q", tt.name, got, err, want)
		}
	}
}

// Requirements: 6455-5.5-01, 6455-5.5.1-04, 6455-7.4.1-02, 6455-7.4.1-03, 6455-7.4.1-04
func TestAppendCloseError(t *testing.T) {
	tests := []struct {
		name   string
		code   StatusCode
		reason string
		want   error
	}{
		{"a reason without a code", StatusNoStatus, "bye", ErrCloseReasonAlone},
		{"no close frame", StatusAbnormalClosure, "", ErrCloseCode},
		{"TLS handshake", StatusTLSHandshake, "", ErrCloseCode},
		{"zero", 0, "", ErrCloseCode},
		{"a reason of 124 bytes", StatusNormalClosure, strings.Repeat("r", 124), ErrCloseReasonTooLong},
		{"a reason of 124 bytes in 62 characters", StatusNormalClosure, strings.Repeat("é", 62), ErrCloseReasonTooLong},
		{"a reason that is not UTF-8", StatusNormalClosure, "\xff", ErrCloseReasonUTF8},
		{"a reason cut inside a character", StatusNormalClosure, "é"[:1], ErrCloseReasonUTF8},
	}
	for _, tt := range tests {
		got, err := AppendClose([]byte("before"), tt.code, tt.reason)
		if string(got) != "before" || err != tt.want {
			t.Errorf("%s: AppendClose = %q, %v; want %v and nothing appended", tt.name, got, err, tt.want)
		}
	}
}

// A payload that is decoded is encoded as the same bytes.
func FuzzClose(f *testing.F) {
	for _, tt := range closeTests {
		f.Add([]byte(tt.payload))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		code, reason, err := ConsumeClose(p)
		if err != nil {
			if len(p) != 1 && code.Valid() && utf8.Valid(p[2:]) {
				t.Fatalf("ConsumeClose(%x) = %v", p, err)
			}
			return
		}
		got, err := AppendClose(nil, code, reason)
		if want := error(nil); len(p) > MaxControlPayload {
			want = ErrCloseReasonTooLong
			if err != want {
				t.Fatalf("AppendClose of %d bytes: %v, want %v", len(p), err, want)
			}
		} else if string(got) != string(p) || err != nil {
			t.Fatalf("ConsumeClose(%x) = %v, %q, which is encoded as %x, %v", p, code, reason, got, err)
		}
	})
}
