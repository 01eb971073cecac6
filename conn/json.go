package conn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/ws6455/ws/frame"
)

// A JSONError says that a message was received, but is not what ReadJSON wants.
// The connection is not affected, and the next message can be read.
type JSONError struct {
	Type frame.Opcode // of the message
	Size int          // of it, in bytes
	Err  error        // why: usually one of package encoding/json
}

func (e *JSONError) Error() string {
	return fmt.Sprintf("websocket: %s message of %d bytes: %v", e.Type, e.Size, e.Err)
}

// Unwrap returns e.Err.
func (e *JSONError) Unwrap() error { return e.Err }

var errNotText = errors.New("JSON comes as text")

// ReadJSON reads the next message, which must be text and one JSON value with nothing but
// white space around it, into what v points to, as json.Unmarshal does.
//
// Anything else is a [*JSONError]: the message is used up, v may be changed in part,
// and the connection stays as it is. Other errors are those of [Conn.Read].
func (c *Conn) ReadJSON(ctx context.Context, v any) error {
	buf := jsonBuffers.Get().(*jsonBuffer)
	defer buf.giveBack()
	typ, p, err := c.ReadAppend(ctx, buf.b)
	if err != nil {
		return err
	}
	buf.b = p
	if typ != frame.Text {
		err = errNotText
	} else {
		err = json.Unmarshal(p, v)
	}
	if err != nil {
		return &JSONError{typ, len(p), err}
	}
	return nil
}

// WriteJSON sends v as one text message, encoded as json.Marshal does,
// but with <, > and & as they are: a message is not a web page.
// If v cannot be encoded nothing is sent; other errors are those of [Conn.Write].
func (c *Conn) WriteJSON(ctx context.Context, v any) error {
	buf := jsonBuffers.Get().(*jsonBuffer)
	defer buf.giveBack()
	if err := buf.enc.Encode(v); err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	return c.Write(ctx, frame.Text, bytes.TrimSuffix(buf.b, []byte("\n")))
}

// jsonMost is the size up to which a buffer for JSON is kept for others.
const jsonMost = 64 << 10

// A jsonBuffer holds one message. It is borrowed for a call.
type jsonBuffer struct {
	b   []byte
	enc *json.Encoder // appends to b
}

var jsonBuffers = sync.Pool{New: func() any {
	b := new(jsonBuffer)
	b.enc = json.NewEncoder(b)
	b.enc.SetEscapeHTML(false)
	return b
}}

// Write implements io.Writer.
func (b *jsonBuffer) Write(p []byte) (n int, err error) {
	b.b = append(b.b, p...)
	return len(p), nil
}

func (b *jsonBuffer) giveBack() {
	if cap(b.b) <= jsonMost {
		b.b = b.b[:0]
		jsonBuffers.Put(b)
	}
}
