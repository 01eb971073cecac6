package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// Reconnect returns connections to rawURL, one after another:
//
//	for c, err := range client.Reconnect(ctx, rawURL, nil) {
//		if err != nil {
//			return err // there will be no more
//		}
//		… use c until it ends …
//	}
//
// It is a [Reconnector] with its defaults, and the URL and cfg for [Dial].
func Reconnect(ctx context.Context, rawURL string, cfg *Config) iter.Seq2[*conn.Conn, error] {
	r := Reconnector{URL: rawURL, Config: cfg}
	return r.Conns(ctx)
}

// A Reconnector connects again and again, as long as there is hope and no longer.
//
// The first attempt is made at once. Between a connection that was lost, or an attempt
// that failed, and the next attempt there is a random delay,
// from windows that grow until a connection lasts:
//
//	retry  1     2      3       4       5 and later
//	delay  0-5s  5-10s  10-20s  20-40s  30-60s       with the defaults
//
// After 1012 (service restart) and 1013 (try again later) it is at least a random time from 5 to 30 seconds,
// as the registry of these codes asks, but no longer than MaxDelay.
// What a Retry-After field says is waited in addition.
//
// The fields are not changed while it is in use. Any number of goroutines may call its methods.
// It starts no goroutine, and keeps nothing from one call to the next.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-7.2.3
type Reconnector struct {
	// URL and Config are for [Dial]. Config.HandshakeTimeout bounds each attempt to connect.
	// If Config.Conn.Keepalive is nil, one with the defaults of conn.Keepalive is used:
	// without, a server that vanished may go unnoticed for ever. To have none, see NoKeepalive.
	URL    string
	Config *Config

	// NoKeepalive leaves connections without pings if Config.Conn.Keepalive is nil.
	NoKeepalive bool

	// Dial makes a connection instead of URL and Config,
	// such as one with a token that is asked for each time. It must obey ctx,
	// and see to a Keepalive itself.
	// If nil, [Dial] does it.
	Dial func(ctx context.Context) (*conn.Conn, error)

	// OnConnect is called with each new connection before it is used, to log in or to subscribe anew.
	// If it returns an error, the connection is closed and the attempt has failed with that error.
	// It must obey ctx. If nil, the connection is used as it is.
	OnConnect func(ctx context.Context, c *conn.Conn) error

	// OnRetry is called before each delay: err is what ended the attempt or the connection,
	// retry counts from 1 for the first after a connection that lasted.
	// It is for logs and metrics, and delays the rest while it runs. If nil, nobody is told.
	OnRetry func(err error, retry int, delay time.Duration)

	// Stop decides whether there is no use in another attempt after err.
	// If nil, it is [Permanent]. A Stop of one's own may ask that, too.
	Stop func(err error) bool

	// AttemptTimeout is how long Dial and OnConnect may take together.
	// When it has passed, their context ends, with a *conn.LimitError as its cause.
	// If zero, it is 1 minute. If negative, there is no limit but Config.HandshakeTimeout for Dial.
	AttemptTimeout time.Duration

	// FirstDelay bounds the delay before the first retry, which is random between zero and this.
	// Each later window begins where the one before ended, and is as long as all before together.
	// If zero or negative, it is 5 seconds.
	FirstDelay time.Duration

	// MaxDelay bounds every delay, without what Retry-After asks for. The last window is its second half.
	// If zero, it is 1 minute. If negative, there is no limit.
	MaxDelay time.Duration

	// MaxRetryAfter is how much of a Retry-After is waited.
	// If zero, it is 10 minutes. If negative, there is no limit.
	MaxRetryAfter time.Duration

	// HealthyAfter is how long a connection must have been used for the delays to start over.
	// A server that accepts connections and closes them at once is not helped by more of them.
	// If zero, it is 1 minute. If negative, every connection counts.
	HealthyAfter time.Duration

	// MaxRetries is how many retries there may be without a connection that lasts.
	// After so many, the last error is final. If zero or negative, there is no limit.
	MaxRetries int
}

// Conns returns an iterator over connections. The next one is made when the body of the loop
// has finished with the one before, whatever happened to that: to end, leave the loop.
//
// The connection belongs to the loop. If it is still open at the end of the body, it is closed
// with status 1000, which may take Config.Conn.CloseTimeout; if ctx has ended, it is cut.
// While the body runs, ctx has no power over it, except in the calls that it is given to.
//
// The last pair has no connection but the reason why there will be none:
// an error that Stop takes for final, the last one of too many, or that ctx ended,
// which is context.Canceled or context.DeadlineExceeded and the cause of ctx.
// There is no such pair if the server closed a connection with status 1000,
// which means that the purpose is fulfilled, and Stop agrees.
func (r *Reconnector) Conns(ctx context.Context) iter.Seq2[*conn.Conn, error] {
	return func(yield func(*conn.Conn, error) bool) {
		l := newRetryLoop(ctx, r)
		for {
			more, err := l.connect(yield)
			if !more {
				return
			}
			if err = l.await(err); err == errFulfilled {
				return
			} else if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// Messages returns an iterator over the messages of all connections, from each until it ends.
// Messages that were sent while there was none are lost, unless OnConnect asks for them.
// It ends as Conns does.
func (r *Reconnector) Messages(ctx context.Context) iter.Seq2[conn.Message, error] {
	return func(yield func(conn.Message, error) bool) {
		for c, err := range r.Conns(ctx) {
			if err != nil {
				yield(conn.Message{}, err)
				return
			}
			for m, err := range c.Messages(ctx) {
				if err == nil && !yield(m, nil) {
					return
				}
			}
		}
	}
}

// A retryLoop is one run of a Reconnector.
type retryLoop struct {
	Reconnector // with its defaults filled in
	ctx         context.Context
	retries     int // since a connection lasted
}

func newRetryLoop(ctx context.Context, r *Reconnector) *retryLoop {
	l := &retryLoop{Reconnector: *r, ctx: ctx}
	l.AttemptTimeout = cmp.Or(r.AttemptTimeout, time.Minute)
	l.MaxDelay = noLimit(cmp.Or(r.MaxDelay, time.Minute))
	l.MaxRetryAfter = noLimit(cmp.Or(r.MaxRetryAfter, 10*time.Minute))
	l.HealthyAfter = cmp.Or(r.HealthyAfter, time.Minute)
	if l.FirstDelay <= 0 {
		l.FirstDelay = 5 * time.Second
	}
	if l.Stop == nil {
		l.Stop = Permanent
	}
	if l.Dial == nil {
		l.Dial = r.dialer()
	}
	return l
}

// noLimit returns d, and the longest time if d is negative.
func noLimit(d time.Duration) time.Duration {
	if d < 0 {
		return math.MaxInt64
	}
	return d
}

// dialer returns the Dial of URL and Config.
func (r *Reconnector) dialer() func(context.Context) (*conn.Conn, error) {
	cfg := r.config()
	return func(ctx context.Context) (*conn.Conn, error) { return Dial(ctx, r.URL, cfg) }
}

// config returns a copy of Config with the Keepalive that all connections of a loop share.
func (r *Reconnector) config() *Config {
	cfg := new(Config)
	if r.Config != nil {
		*cfg = *r.Config
	}
	if cfg.Conn.Keepalive == nil && !r.NoKeepalive {
		cfg.Conn.Keepalive = new(conn.Keepalive)
	}
	return cfg
}

// connect makes a connection, has it used, and returns how it, or the attempt, ended.
// It reports whether that may be followed by another.
func (l *retryLoop) connect(yield func(*conn.Conn, error) bool) (more bool, err error) {
	ctx, cancel := l.attempt()
	defer cancel()
	c, err := l.dial(ctx)
	if err != nil {
		return true, err
	}
	defer c.CloseNow() // functions of others may panic
	if err := l.prepare(ctx, c); err != nil {
		l.leave(c)
		return true, err
	}
	cancel()
	start := time.Now()
	more = yield(c, nil)
	if time.Since(start) >= l.HealthyAfter {
		l.retries = 0
	}
	return more, l.leave(c)
}

// attempt returns the context of an attempt.
func (l *retryLoop) attempt() (context.Context, context.CancelFunc) {
	if l.AttemptTimeout < 0 {
		return context.WithCancel(l.ctx)
	}
	limit := &conn.LimitError{Option: "AttemptTimeout", Limit: int64(l.AttemptTimeout)}
	return context.WithTimeoutCause(l.ctx, l.AttemptTimeout, limit)
}

// errNoConn is the bug of a Reconnector.Dial.
var errNoConn = errors.New("websocket: Reconnector.Dial returned neither a connection nor an error")

// dial calls Dial.
func (l *retryLoop) dial(ctx context.Context) (*conn.Conn, error) {
	c, err := l.Dial(ctx)
	if c == nil && err == nil {
		return nil, errNoConn
	}
	return c, err
}

// prepare calls OnConnect.
func (l *retryLoop) prepare(ctx context.Context, c *conn.Conn) error {
	if l.OnConnect == nil {
		return nil
	}
	err := l.OnConnect(ctx, c)
	if err != nil {
		err = failure(ctx, "Reconnector.OnConnect", err)
	}
	return err
}

// leave closes c, if it is still open, and returns why it ended.
func (l *retryLoop) leave(c *conn.Conn) error {
	if l.ctx.Err() == nil {
		stop := context.AfterFunc(l.ctx, func() { c.CloseNow() })
		c.Close(frame.StatusNormalClosure, "")
		stop()
	}
	c.CloseNow()
	return context.Cause(c.Context())
}

// errFulfilled ends a loop without an error.
var errFulfilled = errors.New("closed normally")

// await waits until it is time to connect again after err.
// Its error is why that will not happen.
func (l *retryLoop) await(err error) error {
	if l.ctx.Err() != nil {
		return l.cancelled(err)
	}
	switch final := l.Stop(err); {
	case final && fulfilled(err):
		return errFulfilled
	case final:
		return err
	case l.MaxRetries > 0 && l.retries >= l.MaxRetries:
		return fmt.Errorf("websocket: gave up after %d retries: %w", l.retries, bare{err})
	}
	l.retries++
	delay := l.delay(err)
	if l.OnRetry != nil {
		l.OnRetry(err, l.retries, delay)
	}
	select {
	case <-time.After(delay):
		return nil
	case <-l.ctx.Done():
		return fmt.Errorf("%w; the last problem was: %s", l.cancelled(nil), unprefixed(err))
	}
}

// cancelled returns the error for the end of the context. That is err, if it says so itself.
func (l *retryLoop) cancelled(err error) error {
	if _, ok := errors.AsType[*contextError](err); ok {
		return err
	}
	return failure(l.ctx, "connecting again", l.ctx.Err())
}

// delay returns how long to wait after err, before retry number l.retries.
//
// "The first reconnect attempt SHOULD be delayed by a random amount of time. […]
// subsequent reconnect attempts SHOULD be delayed by increasingly longer amounts of time,
// using a method such as truncated binary exponential backoff."
// https://www.rfc-editor.org/rfc/rfc6455#section-7.2.3
func (l *retryLoop) delay(err error) time.Duration {
	d := between(l.window())
	if asksForPatience(err) {
		d = min(max(d, between(5*time.Second, 30*time.Second)), l.MaxDelay)
	}
	e, ok := errors.AsType[refusal](err)
	if !ok {
		return d
	}
	if after, ok := e.RetryAfter(); ok {
		d += min(max(after, 0), l.MaxRetryAfter, math.MaxInt64-d)
	}
	return d
}

// A refusal is a [HandshakeError] or a [ProxyError].
type refusal interface {
	error
	RetryAfter() (time.Duration, bool)
}

// window returns the bounds of the delay before retry number l.retries.
func (l *retryLoop) window() (low, high time.Duration) {
	high = min(l.FirstDelay, l.MaxDelay)
	for i := 1; i < l.retries && high < l.MaxDelay; i++ {
		high += min(high, l.MaxDelay-high)
	}
	if l.retries > 1 {
		low = high / 2
	}
	return low, high
}

// between returns a random time from low on and below high.
func between(low, high time.Duration) time.Duration {
	return low + rand.N(high-low)
}

// asksForPatience reports whether the server closed the connection
// with a code that is registered together with a delay.
//
// https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number
func asksForPatience(err error) bool {
	e, ok := errors.AsType[*conn.CloseError](err)
	return ok && e.ByPeer && (e.Code == frame.StatusServiceRestart || e.Code == frame.StatusTryAgainLater)
}

// A bare error shows itself without the prefix of this module, which it wraps to say more.
type bare struct{ error }

func (b bare) Error() string { return unprefixed(b.error) }

// Unwrap returns the error as it is.
func (b bare) Unwrap() error { return b.error }
