package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// Limits on what a client may order.
const (
	maxOrders  = 64       // that wait to be carried out; what is more is ignored
	maxPayload = 16 << 20 // octets of a payload
)

// direct keeps a connection on which the client orders what it wants to be sent: text messages are JSON
// lists of a command and its argument. What is not understood is ignored.
func direct(nc net.Conn, q *fuzzer.Request, o *fuzzer.Options) {
	steps := make(chan []suite.Step, maxOrders)
	fuzzer.Serve(nc, q, o, steps, func(text []byte) {
		order, err := parseOrder(text, o.MaskServerFrames)
		if err != nil {
			return
		}
		select {
		case steps <- order:
		default:
		}
	})
}

// parseOrder returns the steps that carry out an order.
func parseOrder(text []byte, masks bool) ([]suite.Step, error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return nil, err
	}
	var name string
	if len(parts) != 2 || json.Unmarshal(parts[0], &name) != nil {
		return nil, errors.New("an order is a list of a command and its argument")
	}
	switch name {
	case "sendframe":
		var f frameOrder
		if err := json.Unmarshal(parts[1], &f); err != nil {
			return nil, err
		}
		return frameSteps([]frameOrder{f}, masks)
	case "sendframes":
		var fs []frameOrder
		if err := json.Unmarshal(parts[1], &fs); err != nil {
			return nil, err
		}
		return frameSteps(fs, masks)
	case "close":
		return closeSteps(parts[1])
	case "echo":
		var f frameOrder
		if err := json.Unmarshal(parts[1], &f); err != nil {
			return nil, err
		}
		p, err := f.bytes()
		return []suite.Step{suite.Message{Opcode: suite.OpText, Payload: p}}, err
	}
	return nil, fmt.Errorf("unknown command %.40q", name)
}

// A frameOrder is a frame that the client wants.
type frameOrder struct {
	Opcode  byte            `json:"opcode"`
	Payload string          `json:"payload"`
	Fin     *truth          `json:"fin"`
	RSV     byte            `json:"rsv"`
	Mask    json.RawMessage `json:"mask"` // any but null, false and "" asks for a mask
	Length  *int            `json:"payload_len"`
	Chop    int             `json:"chopsize"`
	Sync    truth           `json:"sync"`
}

// A truth is true or false, or a number.
type truth bool

func (t *truth) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "false", "0", "null":
		*t = false
	default:
		*t = true
	}
	return nil
}

// bytes returns the payload, repeated to its length.
func (f frameOrder) bytes() (suite.Payload, error) {
	p := payload(f.Payload)
	if f.Length != nil {
		p.N = *f.Length
	}
	if p.N < 0 || p.N > maxPayload {
		return p, fmt.Errorf("a payload has 0 to %d octets", maxPayload)
	}
	return p, nil
}

func (f frameOrder) masked() bool {
	switch string(f.Mask) {
	case "", "null", "false", "0", `""`:
		return false
	}
	return true
}

// frameSteps returns the steps that send the frames. masks says that all are masked anyway.
func frameSteps(orders []frameOrder, masks bool) ([]suite.Step, error) {
	var steps []suite.Step
	total := 0
	for _, f := range orders {
		p, err := f.bytes()
		if err != nil {
			return nil, err
		}
		if total += p.N; total > maxPayload || f.Opcode > 15 || f.RSV > 7 || f.Chop < 0 {
			return nil, errors.New("a frame that does not exist, or too many octets")
		}
		steps = append(steps, suite.Frame{
			Opcode: f.Opcode, NotFin: f.Fin != nil && !bool(*f.Fin), RSV: f.RSV, Payload: p,
			Chop: f.Chop, Sync: bool(f.Sync), WrongMask: f.masked() && !masks,
		})
	}
	return steps, nil
}

func closeSteps(argument json.RawMessage) ([]suite.Step, error) {
	var c struct {
		Code   *int   `json:"code"`
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(argument, &c); err != nil {
		return nil, err
	}
	step := suite.Close{Code: suite.NoCode}
	if c.Code != nil {
		if *c.Code < 0 || *c.Code > 65535 {
			return nil, errors.New("a code has 16 bits")
		}
		step.Code, step.Reason = *c.Code, []byte(c.Reason[:min(len(c.Reason), 123)])
	}
	return []suite.Step{step}, nil
}
