// Command wsclient takes the client of this module through the cases of a fuzzing server.
//
//	wsclient -url ws://127.0.0.1:9001 -agent ws [-parallel N] [-stop]
//
// It echoes in every case and then asks for the reports, which tell how the cases went.
// The exit status is 1 if it could not do that: a case that fails is no reason.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// limit is how long a case may take. The longest that the fuzzing server itself sets is 1000 s.
const limit = 20 * time.Minute

var config = &client.Config{Conn: conn.Config{
	MaxMessageSize: 16 << 20,
	MaxFragments:   1 << 17,
	Compression:    &conn.Compression{Takeover: true}, // a server may answer with any parameters
}}

func main() {
	log.SetFlags(0)
	log.SetPrefix("wsclient: ")
	base := flag.String("url", "ws://127.0.0.1:9001", "`URL` of the fuzzing server")
	agent := flag.String("agent", "ws", "`name` in the reports")
	parallel := flag.Int("parallel", 1, "`cases` to run at once")
	stop := flag.Bool("stop", false, "end the fuzzing server after the reports")
	flag.Parse()
	u, err := url.Parse(*base)
	if err != nil {
		log.Fatal(err)
	}
	d := &driver{base: u, agent: *agent}
	if err := d.run(context.Background(), *parallel, *stop); err != nil {
		log.Fatal(err)
	}
}

// A driver asks the fuzzing server at base to test this module's client under the name agent.
type driver struct {
	base  *url.URL
	agent string
}

// run runs all cases and has the reports written.
func (d *driver) run(ctx context.Context, parallel int, stop bool) error {
	count, err := d.count(ctx)
	if err != nil {
		return fmt.Errorf("getCaseCount: %w", err)
	}
	if err := d.runAll(ctx, count, parallel); err != nil {
		return err
	}
	if err := d.report(ctx, stop); err != nil {
		return fmt.Errorf("updateReports: %w", err)
	}
	return nil
}

// count asks for the number of cases.
func (d *driver) count(ctx context.Context) (int, error) {
	c, err := d.dial(ctx, "getCaseCount", nil)
	if err != nil {
		return 0, err
	}
	defer c.Close(frame.StatusNormalClosure, "")
	_, p, err := c.Read(ctx)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(p))
}

// runAll runs the cases from 1 to count, and stops when nobody listens any more.
func (d *driver) runAll(ctx context.Context, count, parallel int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var started atomic.Int64
	var workers sync.WaitGroup
	for range max(parallel, 1) {
		workers.Go(func() {
			for n := int(started.Add(1)); n <= count && ctx.Err() == nil; n = int(started.Add(1)) {
				err := d.runCase(ctx, n)
				if isGone(err) {
					cancel(fmt.Errorf("case %d: %w", n, err))
				} else if err != nil && ctx.Err() == nil {
					log.Printf("case %d: %v", n, err)
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

// runCase echoes until the connection ends. The error is nil unless it was never opened, or did not end.
func (d *driver) runCase(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not over after %v", limit))
	defer cancel()
	c, err := d.dial(ctx, "runCase", url.Values{"case": {strconv.Itoa(n)}})
	if err != nil {
		return err
	}
	defer c.CloseNow()
	var buf []byte
	for {
		typ, p, err := c.ReadAppend(ctx, buf[:0])
		if err == nil {
			err = c.Write(ctx, typ, p)
		}
		if err != nil {
			return context.Cause(ctx)
		}
		buf = p
	}
}

// report has the reports written. They are when the server closes.
func (d *driver) report(ctx context.Context, stop bool) error {
	query := url.Values{}
	if stop {
		query.Set("shutdownOnComplete", "true")
	}
	c, err := d.dial(ctx, "updateReports", query)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	_, _, err = c.Read(ctx)
	switch {
	case err == nil:
		return errors.New("the server sends a message, not a close frame")
	case stop, conn.CloseCode(err) == frame.StatusNoStatus:
		return nil // one that stops may not get to close first
	default:
		return err
	}
}

func (d *driver) dial(ctx context.Context, command string, query url.Values) (*conn.Conn, error) {
	u := d.base.JoinPath(command)
	if query != nil {
		query.Set("agent", d.agent)
		u.RawQuery = query.Encode()
	}
	return client.Dial(ctx, u.String(), config)
}

// isGone reports whether err says that there was no TCP connection, so that no case can be run.
func isGone(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
