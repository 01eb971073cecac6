package fuzzer

import "time"

// Options change the protocol engine of the fuzzer. The names in a spec file are the field names
// with a small first letter; times are seconds there. Defaults returns the defaults.
type Options struct {
	FailByDrop            bool          // end TCP at once instead of closing, when the peer fails or a case takes too long
	EchoCloseCodeReason   bool          // answer a close frame with its own code and reason, not with 1000
	OpenHandshakeTimeout  time.Duration // of the opening handshake; 0 is none
	CloseHandshakeTimeout time.Duration // from a close frame to that of the peer; 0 is none
	UTF8ValidateIncoming  bool          // check the text that is received
	ApplyMask             bool          // mask for real; otherwise only the header says so
	MaxFramePayloadSize   int           // octets that a received frame may have; 0 is any
	MaxMessagePayloadSize int           // octets that a received message may have; 0 is any
	AutoFragmentSize      int           // octets in each frame of a message that says nothing else; 0 is one frame
	TCPNoDelay            bool
	AutoPingInterval      time.Duration // a ping this long after the last one was answered; 0 is none
	AutoPingTimeout       time.Duration // for the answer; 0 is none
	AutoPingSize          int           // octets in such a ping

	// As client.
	Version                     int           // 18 is RFC 6455; 10 to 18 are the drafts that are spoken
	ServerConnectionDropTimeout time.Duration // from the close frame of a server to the end of TCP; 0 is none
	AcceptMaskedServerFrames    bool
	MaskClientFrames            bool

	// As server.
	Versions                  []int // of Sec-WebSocket-Version that are accepted
	RequireMaskedClientFrames bool
	MaskServerFrames          bool
	WebStatus                 bool     // answer a request without an Upgrade field with a page
	AllowedOrigins            []string // patterns, * for any run of characters
	MaxConnections            int      // at a time; 0 is any number
}

// Defaults returns the options of a run that says nothing about them.
func Defaults() *Options {
	return &Options{
		OpenHandshakeTimeout:        5 * time.Second,
		CloseHandshakeTimeout:       time.Second,
		UTF8ValidateIncoming:        true,
		ApplyMask:                   true,
		TCPNoDelay:                  true,
		AutoPingSize:                4,
		Version:                     18,
		ServerConnectionDropTimeout: time.Second,
		MaskClientFrames:            true,
		Versions:                    []int{8, 13},
		RequireMaskedClientFrames:   true,
		WebStatus:                   true,
		AllowedOrigins:              []string{"*"},
	}
}
