package main

import (
	"fmt"
	"math"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
)

// An option is an entry of the object "options" in a spec file.
type option struct {
	of    mode                          // it exists in this mode only, if not empty
	field func(o *fuzzer.Options) any   // a pointer to what it sets
	check func(n float64) (need string) // if not nil, says what a number has to be, when it is not
}

// options are those of spec files, by their names.
var options = map[string]option{
	"failByDrop":            {field: func(o *fuzzer.Options) any { return &o.FailByDrop }},
	"echoCloseCodeReason":   {field: func(o *fuzzer.Options) any { return &o.EchoCloseCodeReason }},
	"openHandshakeTimeout":  {field: func(o *fuzzer.Options) any { return &o.OpenHandshakeTimeout }},
	"closeHandshakeTimeout": {field: func(o *fuzzer.Options) any { return &o.CloseHandshakeTimeout }},
	"utf8validateIncoming":  {field: func(o *fuzzer.Options) any { return &o.UTF8ValidateIncoming }},
	"applyMask":             {field: func(o *fuzzer.Options) any { return &o.ApplyMask }},
	"maxFramePayloadSize":   {field: func(o *fuzzer.Options) any { return &o.MaxFramePayloadSize }},
	"maxMessagePayloadSize": {field: func(o *fuzzer.Options) any { return &o.MaxMessagePayloadSize }},
	"autoFragmentSize":      {field: func(o *fuzzer.Options) any { return &o.AutoFragmentSize }},
	"tcpNoDelay":            {field: func(o *fuzzer.Options) any { return &o.TCPNoDelay }},
	"autoPingInterval":      {field: func(o *fuzzer.Options) any { return &o.AutoPingInterval }},
	"autoPingTimeout":       {field: func(o *fuzzer.Options) any { return &o.AutoPingTimeout }},
	"autoPingSize":          {field: func(o *fuzzer.Options) any { return &o.AutoPingSize }, check: between(4, 125)},
	"allowHixie76":          {field: func(*fuzzer.Options) any { return hixie{} }},

	"version":                     {clientMode, func(o *fuzzer.Options) any { return &o.Version }, between(10, 18)},
	"serverConnectionDropTimeout": {of: clientMode, field: func(o *fuzzer.Options) any { return &o.ServerConnectionDropTimeout }},
	"acceptMaskedServerFrames":    {of: clientMode, field: func(o *fuzzer.Options) any { return &o.AcceptMaskedServerFrames }},
	"maskClientFrames":            {of: clientMode, field: func(o *fuzzer.Options) any { return &o.MaskClientFrames }},

	"versions":                  {serverMode, func(o *fuzzer.Options) any { return &o.Versions }, eightOr13},
	"requireMaskedClientFrames": {of: serverMode, field: func(o *fuzzer.Options) any { return &o.RequireMaskedClientFrames }},
	"maskServerFrames":          {of: serverMode, field: func(o *fuzzer.Options) any { return &o.MaskServerFrames }},
	"webStatus":                 {of: serverMode, field: func(o *fuzzer.Options) any { return &o.WebStatus }},
	"allowedOrigins":            {of: serverMode, field: func(o *fuzzer.Options) any { return &o.AllowedOrigins }},
	"maxConnections":            {of: serverMode, field: func(o *fuzzer.Options) any { return &o.MaxConnections }},
}

// hixie stands for the protocol before RFC 6455, which nobody speaks any more.
type hixie struct{}

// longest is the longest time that an option may be, in seconds: a day.
const longest = 24 * 60 * 60

func between(low, high float64) func(float64) string {
	return func(n float64) string {
		if n < low || n > high {
			return fmt.Sprintf("a whole number from %g to %g", low, high)
		}
		return ""
	}
}

func eightOr13(n float64) string {
	if n != 8 && n != 13 {
		return "a list of the numbers 8 and 13"
	}
	return ""
}

// set gives the option key of o the value v.
func (p *specParser) set(o *fuzzer.Options, opt option, key string, v *value) (err error) {
	switch field := opt.field(o).(type) {
	case *bool:
		*field = v.truth
		return p.want(v, key, aTruth)
	case hixie:
		if v.truth {
			return p.errorf(v.at, "%q cannot be true: only RFC 6455 and its last drafts are spoken, not the protocol before them", key)
		}
		return p.want(v, key, aTruth)
	case *time.Duration:
		if v.kind != aNumber || v.number < 0 || v.number > longest {
			return p.errorf(v.at, "%q has to be a time in seconds, from 0 to %d", key, longest)
		}
		*field = time.Duration(v.number * float64(time.Second))
	case *int:
		*field, err = p.int(v, key, opt)
	case *[]int:
		if err := p.want(v, key, aList); err != nil {
			return err
		}
		*field = nil
		for _, item := range v.items {
			n, err := p.int(item, key, opt)
			if err != nil {
				return err
			}
			*field = append(*field, n)
		}
	case *[]string:
		*field, err = p.texts(v, key)
	}
	return err
}

// int returns a whole number that opt allows.
func (p *specParser) int(v *value, key string, opt option) (int, error) {
	need := "a whole number that is not negative"
	bad := v.kind != aNumber || v.number < 0 || v.number > math.MaxInt32 || v.number != math.Trunc(v.number)
	if opt.check != nil {
		if n := opt.check(v.number); n != "" {
			need, bad = n, true
		}
	}
	if bad {
		return 0, p.errorf(v.at, "%q has to be %s", key, need)
	}
	return int(v.number), nil
}
