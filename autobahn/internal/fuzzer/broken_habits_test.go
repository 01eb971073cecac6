package fuzzer_test

import "time"

// Habits are the ways in which a peer differs from a correct one; the zero value is none.
// A function replaces what a correct peer would do.
type habits struct {
	respond func(p *peer, right string) string // returns the response of a server; right is the correct one
	offers  string                             // of extensions
	answers string                             // to an offer of extensions
	plain   bool                               // it knows no extension
	wide    bool                               // it compresses with a larger window than was agreed on
	eager   bool                               // as client it does not wait for the response
	opened  func(p *peer)                      // is done along with the response, or after it

	echo    func(p *peer, op byte, message []byte)
	ping    func(p *peer, payload []byte)
	pong    func(p *peer, payload []byte)
	skipped func(p *peer, h header)
	turn    func(p *peer)                 // is done at the end of a turn
	reply   func(p *peer, payload []byte) // to a close frame, right or wrong
	fails   func(p *peer, code int)       // code is the right one

	allow   rule  // what it has not heard of
	skip    rule  // frames that break these it throws away
	checks  check // when it looks at text
	ascii   bool  // it takes any other text for wrong
	forgets bool  // it forgets what it was about to say when it fails

	spoil   func(h *header) // of every frame that it sends
	drips   bool            // it writes octet by octet
	bits    bool            // it echoes the reserved bits of a message, too
	stays   bool            // it does not end TCP
	ends    bool            // it ends TCP, even as client
	lingers time.Duration   // before it ends TCP
}

// A rule is one that a peer may not know.
type rule int

const (
	masking rule = 1 << iota
	reservedBits
	reservedOpcodes
	splitControl
	longControl
	strayContinuation
	interleaved
	afterClose // nothing counts after a close frame
)

func (h habits) allows(r rule) bool { return h.allow&r != 0 }
func (h habits) skips(r rule) bool  { return h.skip&r != 0 }

// A check is the moment at which text is found not to be UTF-8.
type check int

const (
	early check = iota // at the first octet that is wrong
	atFrameEnd
	atMessageEnd
	never
)
