package suite

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"io"
	"os"
	"strings"
	"testing"
)

// Every case is complete: whoever reads its report knows what it is about, and it ends.
func TestBeyond(t *testing.T) {
	known := requirements(t)
	seen := make(map[string]string)
	for _, c := range beyond() {
		t.Run(c.ID, func(t *testing.T) {
			if len(c.Requirements) == 0 {
				t.Error("no requirement")
			}
			for _, id := range c.Requirements {
				if !known[id] {
					t.Errorf("there is no requirement %s", id)
				}
			}
			if !strings.HasSuffix(c.Description, ".") || !strings.HasSuffix(c.Expectation, ".") {
				t.Errorf("no sentences: %q, %q", c.Description, c.Expectation)
			}
			if other := seen[c.Description]; other != "" {
				t.Errorf("described as %s is", other)
			}
			seen[c.Description] = c.ID
			checkEnd(t, c)
			checkHandshake(t, c)
			if c.Refusal == nil && (c.OK == nil || len(c.Close.Codes) == 0) {
				t.Error("nothing to judge by")
			}
		})
	}
}

// requirements returns the ids of the project's table of requirements.
func requirements(t *testing.T) map[string]bool {
	b, err := os.ReadFile("../../../internal/conformance/requirements.tsv")
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for line := range strings.Lines(string(b)) {
		id, _, _ := strings.Cut(line, "\t")
		known[id] = true
	}
	return known
}

// checkEnd checks that a case ends, whatever the peer does.
func checkEnd(t *testing.T, c *Case) {
	if c.Role == Client && c.Refusal != nil {
		if c.Steps != nil {
			t.Error("a case that ends with a response has steps")
		}
		return
	}
	if _, ok := c.Steps[len(c.Steps)-1].(KillAfter); !ok {
		t.Error("the last step is no timer")
	}
}

// checkHandshake checks a handshake that is written out.
func checkHandshake(t *testing.T, c *Case) {
	if c.Opening == nil {
		if c.Refusal != nil {
			t.Error("nothing to refuse")
		}
		return
	}
	s := c.Opening.Text
	if strings.Contains(s, "\r") || strings.HasSuffix(s, "\n") {
		t.Error("lines end in LF, and the last does not")
	}
	switch c.Role {
	case Client:
		if s == request || c.Refusal != nil && len(c.Refusal.Statuses) == 0 || c.Refusal == nil && !strings.Contains(s, "{key}") {
			t.Errorf("a request of no use: %.300q", s)
		}
	case Server:
		if s == response && c.ID != "x.6.1" || c.Refusal == nil && !strings.Contains(s, "{accept}") {
			t.Errorf("a response of no use: %.300q", s)
		}
	default:
		t.Error("no role")
	}
}

// The order of the cases is that of their ids.
func TestBeyondOrder(t *testing.T) {
	last, n := "", 0
	for _, c := range beyond() {
		group, _, _ := strings.Cut(strings.TrimPrefix(c.ID, "x."), ".")
		if group < last {
			t.Errorf("%s comes after group %s", c.ID, last)
		}
		last = group
		n++
	}
	if n < 200 {
		t.Errorf("%d cases, there were more", n)
	}
}

// Keys in requests that have to be refused are what their cases say.
func TestBeyondKeys(t *testing.T) {
	for key, n := range map[string]int{
		"AAECAwQFBgcICQoLDA0O":                         15,
		"AAECAwQFBgcICQoLDA0ODxA=":                     17,
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=": 32,
		strings.NewReplacer("-", "+", "_", "/").Replace("__________________8ODw=="): 16,
	} {
		if b, err := base64.StdEncoding.DecodeString(key); len(b) != n || err != nil {
			t.Errorf("%s: %d octets, %v; want %d", key, len(b), err, n)
		}
	}
}

// inflate returns what a compressed message says, when it follows context.
func inflate(message, context string) (string, error) {
	var got strings.Builder
	r := io.Reader(strings.NewReader(message + tail))
	for {
		// A reader stops after a block with BFINAL set: what follows begins at the next octet.
		f := flate.NewReaderDict(r, []byte(context+got.String()))
		n, err := io.Copy(&got, f)
		if err != nil || n == 0 {
			if err == io.ErrUnexpectedEOF && r.(*strings.Reader).Len() == 0 {
				err = nil // the tail is an empty block, not the final one
			}
			return got.String(), err
		}
	}
}

// What is said of a compressed message is what inflates from it.
func TestBeyondInflate(t *testing.T) {
	for _, tt := range []struct{ name, payload, context, want string }{
		{"plain", deflated, "", "Hello"},
		{"again", deflatedAgain, "Hello", "Hello"},
		{"final", deflatedFinal, "", "Hello"},
		{"stored", storedBlock, "", "Hello"},
		{"two blocks", twoBlocks, "", "Hello"},
		{"after a final block", afterFinal, "", "Hello"},
		{"empty", deflatedEmpty, "", ""},
		{"own codes", deflateText(dynamicText), "", dynamicText},
		{"full window", fullWindow(), "", string(repeat(windowPattern, 32768).Bytes()) + windowPattern[:3]},
		{"cut code point", "\x00\x03\x00\xfc\xff\xe2\x82\xac\x00", "", "€"},
		{"not UTF-8", "\x00\x01\x00\xfe\xff\xff\x00", "", "\xff"},
		{"half a code point", "\x00\x02\x00\xfd\xff\xe2\x82\x00", "", "\xe2\x82"},
	} {
		if got, err := inflate(tt.payload, tt.context); got != tt.want || err != nil {
			t.Errorf("%s: %.40q, %v; want %.40q", tt.name, got, err, tt.want)
		}
	}
	if deflateText(dynamicText)[0]>>1&3 != 2 {
		t.Error("the text is not in a block with codes of its own")
	}
	for _, bad := range []string{badBlock, badStored, deflatedAgain, zlibMessage, cutMessage, cutStored, "Hello"} {
		f := flate.NewReader(strings.NewReader(bad + tail + "\x01\x00\x00\xff\xff"))
		if b, err := io.ReadAll(f); err == nil {
			t.Errorf("%x inflates to %q", bad, b)
		}
	}
}

// A bomb has the size that its case names, in one frame and in many.
func TestBeyondBombs(t *testing.T) {
	for _, c := range bombs() {
		var wire bytes.Buffer
		for _, step := range c.Steps {
			if f, ok := step.(Frame); ok {
				wire.Write(bytes.Repeat(f.Payload.Bytes(), max(1, f.Times)))
			}
		}
		size := wire.Len()
		wire.WriteString(tail + "\x01\x00\x00\xff\xff")
		n, err := io.Copy(io.Discard, flate.NewReader(&wire))
		if n != 64<<20 || err != nil || size > 70<<10 {
			t.Errorf("%s: %d octets become %d, %v", c.Description, size, n, err)
		}
	}
}
