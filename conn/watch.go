package conn

import "context"

// A watch wakes the reader when a context ends. It is kept from one call
// to the next, so that many reads with one context cost one registration.
type watch struct {
	done <-chan struct{}
	stop func() bool
}

// set watches ctx, and it alone, for the reader of c.
func (w *watch) set(ctx context.Context, c *Conn) {
	done := ctx.Done()
	if done == w.done {
		return
	}
	w.clear()
	if done != nil {
		w.done, w.stop = done, context.AfterFunc(ctx, c.wakeReader)
	}
}

// clear watches nothing.
func (w *watch) clear() {
	if w.stop != nil {
		w.stop()
	}
	w.done, w.stop = nil, nil
}
