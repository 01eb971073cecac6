package load

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
)

// tail is what a compressor ends a message with and the sender leaves out.
//
// https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1
var tail = []byte{0x00, 0x00, 0xFF, 0xFF}

// deflate returns the payload of a compressed message that may refer to history.
func deflate(p, history []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriterDict(&b, flate.DefaultCompression, history)
	if err != nil {
		panic(err) // only of a level that there is not
	}
	w.Write(p)
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), tail)
}

// A flateCheck verifies compressed replies to the frames of a stream.
// It inflates what it has not seen before.
type flateCheck struct {
	stream   *stream
	takeover bool           // the server keeps its context
	known    map[int][]byte // by position, a payload that is right
	reader   io.ReadCloser
	out      []byte
}

// check reports whether payload is a compressed reply to frame i.
func (f *flateCheck) check(i int, payload []byte) error {
	i = f.stream.position(i)
	if known, ok := f.known[i]; ok && bytes.Equal(known, payload) {
		return nil // with the same history, it is the same message
	}
	got, err := f.inflate(payload, i)
	if err != nil {
		return fmt.Errorf("a reply cannot be inflated: %w", err)
	}
	if !bytes.Equal(got, f.stream.message(i)) {
		return errors.New("an inflated reply is not the message that was sent")
	}
	f.known[i] = bytes.Clone(payload)
	return nil
}

// inflate returns the content of payload, which is valid until the next call.
func (f *flateCheck) inflate(payload []byte, i int) ([]byte, error) {
	var history []byte
	if f.takeover {
		history = f.stream.history(i)
	}
	in := io.MultiReader(bytes.NewReader(payload), bytes.NewReader(tail))
	if f.reader == nil {
		f.reader = flate.NewReaderDict(in, history)
	} else if err := f.reader.(flate.Resetter).Reset(in, history); err != nil {
		return nil, err
	}
	f.out = f.out[:0]
	for buf := make([]byte, 4096); ; {
		n, err := f.reader.Read(buf)
		f.out = append(f.out, buf[:n]...)
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF: // the message is no end of the stream
			return f.out, nil
		default:
			return nil, err
		}
	}
}
