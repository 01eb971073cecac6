package report

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// A logView is a line of the log.
type logView struct {
	At, Class, Direction string
	Name                 string
	Bits                 []bit
	Size                 string
	Text, Hex            string
}

// A bit is a word about the header of a frame. What is odd stands out.
type bit struct {
	Text string
	Odd  bool
}

// logViews returns the log with a first and a last line of its own.
func logViews(r *fuzzer.Result) []logView {
	var views []logView
	if r.Opened {
		views = append(views, logView{At: "0", Class: "note", Name: "Opening handshake complete"})
	}
	for _, e := range r.Log[:min(len(r.Log), maxLog)] {
		views = append(views, logLine(e))
	}
	if r.LogCut || len(r.Log) > maxLog || !r.Opened {
		return views
	}
	text := pick(r.DroppedByMe, "TCP ended by the fuzzer", "TCP ended by the peer")
	return append(views, logView{At: since(r.Duration), Class: "note", Name: text})
}

// since shows a time in milliseconds, exact enough to tell entries apart.
func since(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	return strconv.FormatFloat(ms, 'f', 2, 64)
}

func logLine(e fuzzer.Entry) logView {
	v := logView{At: since(e.At)}
	switch e.What {
	case fuzzer.RxOctets, fuzzer.RxFrame:
		v.Class, v.Direction = "rx", "← received"
	case fuzzer.TxOctets, fuzzer.TxFrame:
		v.Class, v.Direction = "tx", "→ sent"
	default:
		v.Class = pick(strings.HasPrefix(e.Text, "error of the peer"), "note err", "note")
		v.Name = noteText(e)
		return v
	}
	v.Size = octets(e.Size)
	v.Text, v.Hex = textHex(e.Octets, e.Size)
	if e.What == fuzzer.RxOctets || e.What == fuzzer.TxOctets {
		v.Class += " raw"
		v.Name, v.Text = pick(e.What == fuzzer.RxOctets, "read", "write"), ""
		if e.Late {
			v.Bits = append(v.Bits, bit{"write of its own", false})
		}
		return v
	}
	v.Name, v.Bits = opcode(e.Opcode), bits(e)
	if e.Opcode == suite.OpClose && len(e.Octets) >= 2 {
		s := fuzzer.Status{Code: int(binary.BigEndian.Uint16(e.Octets)), Reason: string(e.Octets[2:])}
		v.Text = strings.TrimPrefix(status(s), "close ")
	}
	return v
}

// bits shows the header of a frame, what is usual left out.
func bits(e fuzzer.Entry) []bit {
	list := []bit{{pick(e.Fin, "FIN", "FIN=0"), false}}
	for i, name := range []string{"RSV1", "RSV2", "RSV3"} {
		if e.RSV&(4>>i) != 0 {
			list = append(list, bit{name, true})
		}
	}
	if e.Masked {
		list = append(list, bit{"mask " + hex.EncodeToString(e.Key[:]), false})
	}
	if e.Chop > 0 {
		list = append(list, bit{fmt.Sprintf("in writes of %d", e.Chop), false})
	}
	if e.Sync {
		list = append(list, bit{"write of its own", false})
	}
	if e.Refused {
		list = append(list, bit{"refused", true})
	}
	return list
}

// noteText says what a line of the log that is no frame is about.
func noteText(e fuzzer.Entry) string {
	switch e.What {
	case fuzzer.DelaySet:
		return "Waiting for " + seconds(e.Delay)
	case fuzzer.DelayDue:
		return "The wait is over"
	case fuzzer.KillSet:
		return "The connection will be failed after " + seconds(e.Delay)
	case fuzzer.KillDue:
		return "Time is up: the fuzzer fails the connection"
	case fuzzer.CloseSet:
		return "The connection will be closed after " + seconds(e.Delay)
	case fuzzer.CloseDue:
		return "Time is up: the fuzzer closes the connection"
	}
	return strings.TrimSuffix(strings.Join(sentence(e.Text), ""), ".")
}

// logEnd says why the log ends before the case did, if it does.
func logEnd(r *fuzzer.Result) string {
	switch {
	case len(r.Log) > maxLog:
		return fmt.Sprintf("Only the first %d of %d lines are shown; the JSON file has them all.", maxLog, len(r.Log))
	case r.LogCut:
		return "The log ends here: there was more than it keeps."
	}
	return ""
}
