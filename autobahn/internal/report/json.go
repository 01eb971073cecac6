package report

import (
	"encoding/hex"
	"fmt"
	"html"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

type (
	object = map[string]any
	array  = []any
)

// indexJSON returns the verdicts of all agents.
func (b *book) indexJSON() []byte {
	agents := make(object)
	for _, a := range b.agents {
		cases := make(object)
		for _, r := range a.results {
			cases[r.Case.ID] = object{
				"behavior":        string(r.Behavior),
				"behaviorClose":   string(r.BehaviorClose),
				"remoteCloseCode": code(r.RemoteClose),
				"duration":        r.Duration.Milliseconds(),
				"reportfile":      a.file(r.Case.ID) + ".json",
			}
		}
		agents[a.name] = cases
	}
	return appendJSON(nil, agents, "\n")
}

// caseJSON returns everything about a result.
func caseJSON(r *fuzzer.Result) []byte {
	return appendJSON(nil, object{
		"agent":         r.Agent,
		"behavior":      string(r.Behavior),
		"behaviorClose": string(r.BehaviorClose),
		"case":          r.Number,
		"id":            r.Case.ID,
		"description":   html.EscapeString(r.Case.Description),
		"expectation":   html.EscapeString(r.Case.Expectation),
		"started":       r.Started.UTC().Format("2006-01-02T15:04:05.000Z"),
		"duration":      r.Duration.Milliseconds(),
		"expected":      expectedJSON(r.Case),
		"expectedClose": closingJSON(r.Case.Close),
		"received":      eventsJSON(r.Received),
		"result":        r.Text,
		"resultClose":   r.CloseText,
		"isServer":      !r.Client,

		"closedByMe":                     r.ClosedByMe,
		"failedByMe":                     r.FailedByMe,
		"droppedByMe":                    r.DroppedByMe,
		"wasClean":                       r.WasClean,
		"wasNotCleanReason":              orNull(r.NotCleanReason),
		"wasServerConnectionDropTimeout": r.ServerDropTimeout,
		"wasOpenHandshakeTimeout":        r.OpeningTimeout,
		"wasCloseHandshakeTimeout":       r.ClosingTimeout,
		"localCloseCode":                 code(r.LocalClose),
		"localCloseReason":               orNull(r.LocalClose.Reason),
		"remoteCloseCode":                code(r.RemoteClose),
		"remoteCloseReason":              orNull(r.RemoteClose.Reason),

		"httpRequest":            orUnknown(r.HTTPRequest),
		"httpResponse":           orUnknown(r.HTTPResponse),
		"createStats":            true,
		"rxOctetStats":           r.RxOctets,
		"txOctetStats":           r.TxOctets,
		"rxFrameStats":           r.RxFrames,
		"txFrameStats":           r.TxFrames,
		"createWirelog":          true,
		"wirelog":                logJSON(r.Log),
		"reportTime":             timed(r),
		"reportCompressionRatio": r.Case.Deflate != nil && timed(r),
		"trafficStats":           trafficJSON(r.Traffic),
	}, "\n")
}

// code returns the code of a close frame, or nil if there is none.
func code(s fuzzer.Status) any {
	if s.Code == suite.NoCode {
		return nil
	}
	return s.Code
}

// timed reports whether the duration of the case says something about the peer.
func timed(r *fuzzer.Result) bool { return r.Case.Length != nil || hasLoop(r.Case) }

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func orUnknown(s string) string {
	if s == "" {
		return "?"
	}
	return s
}

// expectedJSON returns the lists of events that a case accepts, by the verdict that they lead to.
func expectedJSON(c *suite.Case) object {
	lists := make(object)
	if c.OK != nil {
		lists[string(suite.OK)] = eventsJSON(c.OK)
	}
	if c.NonStrict != nil {
		lists[string(suite.NonStrict)] = eventsJSON(c.NonStrict)
	}
	if in := c.Instead; in != nil && in.Events != nil && lists[string(in.Verdict)] == nil {
		lists[string(in.Verdict)] = eventsJSON(in.Events)
	}
	return lists
}

func closingJSON(c suite.Closing) object {
	codes := make(array, 0, len(c.Codes))
	for _, n := range c.Codes {
		codes = append(codes, n)
	}
	o := object{"closedByMe": !c.ByPeer, "closeCode": codes, "requireClean": c.Clean}
	if c.Fatal {
		o["closedByWrongEndpointIsFatal"] = true
	}
	return o
}

func eventsJSON(events []suite.Event) array {
	list := make(array, 0, len(events))
	for _, e := range events {
		switch e.Kind {
		case suite.Pong:
			list = append(list, array{"pong", payloadText(e.Payload, e.Size)})
		case suite.Timeout:
			list = append(list, array{"timeout", e.Tag})
		default:
			list = append(list, array{"message", payloadText(e.Payload, e.Size), e.Kind == suite.BinaryMessage})
		}
	}
	return list
}

// payloadText returns a payload of size octets that starts with b: the first 64 if it has more than 60,
// in hex if they are not UTF-8.
func payloadText(b []byte, size int) string {
	end := ""
	if size > 60 {
		b, end = b[:min(len(b), 64)], " ..."
	}
	if !utf8.Valid(b) {
		return "0x" + hex.EncodeToString(b) + end
	}
	return string(b) + end
}

// logJSON returns the log in the form that has a kind, then what that kind needs.
func logJSON(entries []fuzzer.Entry) array {
	list := make(array, 0, len(entries))
	for _, e := range entries {
		octets := array{e.Size, hex.EncodeToString(e.Octets[:min(len(e.Octets), 64)])}
		text := array{e.Size, payloadText(e.Octets, e.Size)}
		var key, chop any
		if e.Masked {
			key = hex.EncodeToString(e.Key[:])
		}
		if e.Chop > 0 {
			chop = e.Chop
		}
		switch e.What {
		case fuzzer.RxOctets:
			list = append(list, array{"RO", octets})
		case fuzzer.TxOctets:
			list = append(list, array{"TO", octets, e.Late})
		case fuzzer.RxFrame:
			list = append(list, array{"RF", text, int(e.Opcode), e.Fin, int(e.RSV), e.Masked, key})
		case fuzzer.TxFrame:
			list = append(list, array{"TF", text, int(e.Opcode), e.Fin, int(e.RSV), key, nil, chop, e.Sync})
		case fuzzer.DelaySet:
			list = append(list, array{"CT", e.Delay.Seconds()})
		case fuzzer.DelayDue:
			list = append(list, array{"CTE"})
		case fuzzer.KillSet:
			list = append(list, array{"KL", e.Delay.Seconds()})
		case fuzzer.KillDue:
			list = append(list, array{"KLE"})
		case fuzzer.CloseSet:
			list = append(list, array{"TI", e.Delay.Seconds()})
		case fuzzer.CloseDue:
			list = append(list, array{"TIE"})
		case fuzzer.Note:
			list = append(list, array{"WLM", e.Text})
		}
	}
	return list
}

// trafficJSON returns what was counted, or nil if nothing was.
func trafficJSON(t *fuzzer.Traffic) any {
	if t == nil {
		return nil
	}
	o := object{
		"preopenIncomingOctetsWireLevel": t.PreopenIn,
		"preopenOutgoingOctetsWireLevel": t.PreopenOut,
	}
	for direction, f := range map[string]fuzzer.Flow{"incoming": t.In, "outgoing": t.Out} {
		o[direction+"OctetsWireLevel"] = f.Wire
		o[direction+"OctetsWebSocketLevel"] = f.Payload
		o[direction+"OctetsAppLevel"] = f.App
		o[direction+"WebSocketFrames"] = f.Frames
		o[direction+"WebSocketMessages"] = f.Messages
		o[direction+"CompressionRatio"] = quotient(f.Payload, f.App)
		o[direction+"WebSocketOverhead"] = quotient(f.Wire-f.Payload, f.Payload)
	}
	return o
}

// quotient returns a/b, or nil if there is none.
func quotient(a, b int64) any {
	if b == 0 {
		return nil
	}
	return float64(a) / float64(b)
}

// appendJSON appends v as ASCII, with sorted keys and three spaces for each level.
// Line is the line end and the indentation of v.
func appendJSON(b []byte, v any, line string) []byte {
	inner := line + "   "
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	case string:
		return appendString(b, v)
	case array:
		open := "["
		for _, x := range v {
			b = append(append(b, open...), inner...)
			b = appendJSON(b, x, inner)
			open = ","
		}
		return closeJSON(b, len(v), "[", line, "]")
	case object:
		open := "{"
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b = append(append(b, open...), inner...)
			b = append(appendString(b, k), ": "...)
			b = appendJSON(b, v[k], inner)
			open = ","
		}
		return closeJSON(b, len(v), "{", line, "}")
	case map[int]int:
		open := "{"
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b = append(append(b, open...), inner...)
			b = append(strconv.AppendQuote(b, strconv.Itoa(k)), ": "...)
			b = strconv.AppendInt(b, int64(v[k]), 10)
			open = ","
		}
		return closeJSON(b, len(v), "{", line, "}")
	}
	panic(fmt.Sprintf("no JSON for %T", v))
}

// closeJSON ends an array or object of n values.
func closeJSON(b []byte, n int, open, line, end string) []byte {
	if n == 0 {
		return append(append(b, open...), end...)
	}
	return append(append(b, line...), end...)
}

// appendString appends s in quotes, everything but printable ASCII escaped.
func appendString(b []byte, s string) []byte {
	const named = "\"\\\b\f\n\r\t"
	b = append(b, '"')
	for _, c := range s {
		i := strings.IndexRune(named, c)
		switch {
		case i >= 0:
			b = append(b, '\\', `"\bfnrt`[i])
		case ' ' <= c && c <= '~':
			b = append(b, byte(c))
		case c > 0xffff:
			c -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+c>>10, 0xdc00+c&0x3ff)
		default:
			b = fmt.Appendf(b, `\u%04x`, c)
		}
	}
	return append(b, '"')
}
