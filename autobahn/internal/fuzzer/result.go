package fuzzer

import (
	"time"

	"github.com/ws6455/ws/autobahn/internal/suite"
)

// A Result is what a session found out about a peer in one case.
type Result struct {
	Case   *suite.Case
	Agent  string
	Number int  // of the case, from 1: in the list of all for a server, in the selected ones for a client
	Client bool // the fuzzer was the client: the peer is a server

	Started  time.Time
	Duration time.Duration // from the end of the opening handshake to that of TCP

	Behavior      suite.Verdict
	BehaviorClose suite.Verdict
	Text          string // why Behavior is what it is
	CloseText     string // why BehaviorClose is what it is

	Received []suite.Event

	// PeerError is the first thing in the frames of the peer that the fuzzer took for an error.
	PeerError string

	// How the connection ended.
	Opened             bool // the opening handshake was completed
	ClosedByMe         bool // the fuzzer sent the first close frame
	FailedByMe         bool // the fuzzer failed the connection
	DroppedByMe        bool // the fuzzer ended TCP
	WasClean           bool // both sent a close frame
	NotCleanReason     string
	ServerDropTimeout  bool // the server did not end TCP in time
	OpeningTimeout     bool // the opening handshake took too long
	ClosingTimeout     bool // the close frame of the peer did not come in time
	LocalClose         Status
	RemoteClose        Status
	HTTPRequest        string
	HTTPResponse       string
	RxOctets, TxOctets map[int]int // size of a read or write -> how many
	RxFrames, TxFrames map[int]int // opcode -> how many
	Traffic            *Traffic    // of the cases with compression only
	Log                []Entry     // what happened, in order
	LogCut             bool        // Log ends before the case did: there was too much
}

// A Status is the content of a close frame.
type Status struct {
	Code   int // suite.NoCode if there was none
	Reason string
}

// Traffic counts what went over a connection after the opening handshake, and before it.
type Traffic struct {
	In, Out Flow
	// Octets of the opening handshake.
	PreopenIn, PreopenOut int
}

// Flow counts one direction.
type Flow struct {
	Wire     int64 // octets of TCP
	Frames   int64
	Messages int64
	Payload  int64 // octets of the payloads of data frames, compressed
	App      int64 // octets of the messages, before compression
}

// A What says what an Entry of the log is about.
type What int

const (
	RxOctets What = iota // a read
	TxOctets             // a write
	RxFrame              // a whole frame was received
	TxFrame              // a frame was handed to the network
	DelaySet             // a Wait has begun
	DelayDue
	KillSet // KillAfter was armed
	KillDue
	CloseSet // CloseAfter was armed
	CloseDue
	Note // Text says it
)

// An Entry is a line of the log of a session.
type Entry struct {
	At      time.Duration // since the end of the opening handshake
	What    What
	Size    int           // octets of the read, of the write, or of the payload
	Octets  []byte        // the first of them, 64 at the most; those of a payload are unmasked
	Delay   time.Duration // of a timer
	Text    string        // of a Note
	Late    bool          // a write that was chopped or kept apart from others
	Opcode  byte
	Fin     bool
	RSV     byte
	Masked  bool
	Key     [4]byte // of a masked frame
	Chop    int
	Sync    bool
	Refused bool // a received frame that the fuzzer took for an error
}
