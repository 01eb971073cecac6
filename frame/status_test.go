package frame

import (
	"strings"
	"testing"
)

// statusRanges cut the whole of the 16 bits by what RFC 6455 and the registry
// say of a code.
var statusRanges = []struct {
	name   string
	lo, hi int
	valid  bool
}{
	{"not used", 0, 999, false},
	{"normal, going away, protocol error, unsupported data", 1000, 1003, true},
	{"reserved without a meaning", 1004, 1004, false},
	{"no status", 1005, 1005, false},
	{"abnormal closure", 1006, 1006, false},
	{"invalid payload, policy, too big, extension, internal error", 1007, 1011, true},
	{"service restart, try again later, bad gateway", 1012, 1014, true},
	{"TLS handshake", 1015, 1015, false},
	{"for later versions and extensions", 1016, 2999, false},
	{"for libraries, frameworks and applications", 3000, 3999, true},
	{"for private use", 4000, 4999, true},
	{"not defined", 5000, 65535, false},
}

// A code may be sent if and only if it may be received.
//
// Requirements: 6455-7.4.1-01, 6455-7.4.1-02, 6455-7.4.1-03, 6455-7.4.1-04,
// 6455-7.4.1-05, 6455-7.4.1-10, 6455-7.4.2-01, 6455-7.4.2-02, 6455-7.4.2-03,
// 6455-7.4.2-04, 6455-7.4.2-05, 6455-11.7-01
func TestStatusCodeValid(t *testing.T) {
	next := 0
	for _, tt := range statusRanges {
		if tt.lo != next {
			t.Errorf("%s: starts at %d, want %d", tt.name, tt.lo, next)
		}
		for ; next <= tt.hi; next++ {
			checkStatus(t, StatusCode(next), tt.valid)
		}
	}
	if next != 1<<16 {
		t.Errorf("the ranges end before %d", next)
	}
}

// checkStatus checks that a close frame may or may not hold c.
func checkStatus(t *testing.T, c StatusCode, valid bool) {
	t.Helper()
	if c.Valid() != valid {
		t.Errorf("%v.Valid() = %v, want %v", c, !valid, valid)
	}
	p := []byte{byte(c >> 8), byte(c)}
	code, _, err := ConsumeClose(p)
	if code != c || (err == nil) != valid {
		t.Errorf("ConsumeClose(%x) = %v, %v; want valid %v", p, code, err, valid)
	}
	if c == StatusNoStatus {
		return // stands for a payload without a code
	}
	got, err := AppendClose(nil, c, "")
	if (err == nil) != valid || valid && string(got) != string(p) {
		t.Errorf("AppendClose(%v) = %x, %v; want valid %v", c, got, err, valid)
	}
}

// Requirements: 6455-11.7-01, 6455-11.7-02
func TestStatusCodeString(t *testing.T) {
	tests := []struct {
		code StatusCode
		want string
	}{
		{StatusNormalClosure, "1000 (normal closure)"},
		{StatusGoingAway, "1001 (going away)"},
		{StatusProtocolError, "1002 (protocol error)"},
		{StatusUnsupportedData, "1003 (unsupported data)"},
		{StatusNoStatus, "1005 (no status)"},
		{StatusAbnormalClosure, "1006 (abnormal closure)"},
		{StatusInvalidPayload, "1007 (invalid payload)"},
		{StatusPolicyViolation, "1008 (policy violation)"},
		{StatusMessageTooBig, "1009 (message too big)"},
		{StatusMandatoryExtension, "1010 (mandatory extension)"},
		{StatusInternalError, "1011 (internal error)"},
		{StatusServiceRestart, "1012 (service restart)"},
		{StatusTryAgainLater, "1013 (try again later)"},
		{StatusBadGateway, "1014 (bad gateway)"},
		{StatusTLSHandshake, "1015 (TLS handshake)"},
		{StatusUnauthorized, "3000 (unauthorized)"},
		{StatusForbidden, "3003 (forbidden)"},
		{StatusTimeout, "3008 (timeout)"},
	}
	named := map[StatusCode]bool{}
	for _, tt := range tests {
		named[tt.code] = true
		if got := tt.code.String(); got != tt.want {
			t.Errorf("String() = %q, want %q", got, tt.want)
		}
	}
	for c := range 1 << 16 {
		if s := StatusCode(c).String(); strings.Contains(s, "(") != named[StatusCode(c)] {
			t.Errorf("%d is called %q", c, s)
		}
	}
}
