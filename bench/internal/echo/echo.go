// Package echo is what the servers of the comparison have in common: their flags,
// the message that asks for a broadcast, and how they describe themselves.
//
// A server is a program that calls Main:
//
//	func main() {
//		echo.Main(echo.About{Module: "example.com/library"}, func(o echo.Options) error {
//			return serve(o.Addr)
//		})
//	}
package echo

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"
	"slices"
	"strings"
)

// MaxMessage is the size of the largest message that a server has to echo.
const MaxMessage = 16 << 20

// marker is what a message begins with that goes to all connections.
var marker = []byte("\x00to all:")

// An About says what a server is and what it can do.
type About struct {
	// Module is the path of the library's module, or empty if there is no library.
	Module string `json:"module,omitempty"`

	// Version is that of Module. Main sets it.
	Version string `json:"version,omitempty"`

	// Floor says that the server checks nothing: it is there to be compared to.
	Floor bool `json:"floor,omitempty"`

	// Modes are the ways in which the library can serve. Each is measured as a server of its own.
	// If there are none, there is one way.
	Modes []string `json:"modes,omitempty"`

	// Which of the options the server has.
	Compress  bool `json:"compress,omitempty"`
	Takeover  bool `json:"takeover,omitempty"`
	Broadcast bool `json:"broadcast,omitempty"`

	// Note is what a reader of the results should know about the server.
	Note string `json:"note,omitempty"`
}

// Options say how to serve.
type Options struct {
	Addr      string // where to listen
	Mode      string // one of About.Modes; empty if there are none
	Compress  bool   // agree to permessage-deflate
	Takeover  bool   // with context takeover
	Broadcast bool   // send to all what ToAll is true for
}

// ToAll reports whether a message goes to all connections, its sender included,
// where a server broadcasts.
func ToAll(message []byte) bool { return bytes.HasPrefix(message, marker) }

// Message returns a message of the given size for which ToAll is true.
// It panics if there is no room for the marker.
func Message(size int) []byte {
	p := make([]byte, size)
	copy(p[:len(marker)], marker)
	return p
}

// Main runs a server: it parses the flags and calls serve, which is to return only with an error.
func Main(about About, serve func(Options) error) {
	log.SetFlags(0)
	o, describe, supervised := parse(about, os.Args[1:])
	switch {
	case describe:
		about.Version = version(about.Module)
		json.NewEncoder(os.Stdout).Encode(about)
		return
	case supervised:
		go exitWithInput()
	}
	log.Fatal(serve(o))
}

// parse returns what the flags say. It ends the program if about does not allow it.
func parse(about About, args []string) (o Options, describe, supervised bool) {
	fs := flag.NewFlagSet(os.Args[0], flag.ExitOnError)
	fs.StringVar(&o.Addr, "addr", "127.0.0.1:9001", "`address` to listen on")
	fs.BoolVar(&o.Compress, "compress", false, "agree to permessage-deflate")
	fs.BoolVar(&o.Takeover, "takeover", false, "with -compress: keep the context from one message to the next")
	fs.BoolVar(&o.Broadcast, "broadcast", false, "send a message that begins with the marker to all")
	fs.BoolVar(&describe, "about", false, "describe the server in JSON and exit")
	fs.BoolVar(&supervised, "supervised", false, "exit when the standard input ends")
	if len(about.Modes) > 0 {
		fs.StringVar(&o.Mode, "mode", about.Modes[0], "`way` to serve: "+strings.Join(about.Modes, ", "))
	}
	fs.Parse(args)
	if err := about.check(o); err != nil {
		log.Fatal(err)
	}
	return o, describe, supervised
}

// check reports which option the server does not have.
func (a About) check(o Options) error {
	switch {
	case o.Mode != "" && !slices.Contains(a.Modes, o.Mode):
		return fmt.Errorf("no mode %q; there are %s", o.Mode, strings.Join(a.Modes, ", "))
	case o.Compress && !a.Compress:
		return fmt.Errorf("this server does not compress")
	case o.Takeover && !a.Takeover:
		return fmt.Errorf("this server has no context takeover")
	case o.Broadcast && !a.Broadcast:
		return fmt.Errorf("this server does not broadcast")
	}
	return nil
}

// version returns the version of a module that the program was built with.
func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == module && m.Replace == nil {
			return m.Version
		}
	}
	return ""
}

// exitWithInput ends the program when its standard input ends,
// so that no server outlives the one that started it.
func exitWithInput() {
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
