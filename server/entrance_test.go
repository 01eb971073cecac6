package server_test

import (
	"log"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/ws6455/ws/server"
)

// A way is a way in for connections. What is decided on a request does not depend on it.
type way struct {
	name string
	site func(t *testing.T, cfg *server.Config, err *error) *site // echoes; err is set to why a request is refused
	http bool                                                     // a refusal is not the end of the connection
}

var waysIn = []way{
	{"Accept", acceptSite, true},
	{"Serve", serveSite, false},
}

// eachWay runs f for each way, in a bubble of its own. Without a name it is not a test of its own.
func eachWay(t *testing.T, name string, f func(t *testing.T, w way)) {
	for _, w := range waysIn {
		bubble := func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, w) })
		}
		if name == "" {
			bubble(t)
		} else {
			t.Run(name+" by "+w.name, bubble)
		}
	}
}

// acceptSite is the way through net/http. It has a page at /plain, too.
func acceptSite(t *testing.T, cfg *server.Config, err *error) *site {
	return serve(t, mux(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e := server.Go(w, r, cfg, echo); err != nil {
			*err = e
		}
	})))
}

// serveSite is the way of the server's own.
func serveSite(t *testing.T, cfg *server.Config, err *error) *site {
	s := &server.Server{Handler: echo, NoKeepalive: true}
	if cfg != nil {
		s.Config = *cfg
	}
	if err != nil {
		s.Refused = func(_ *http.Request, e error) { *err = e }
	}
	return listen(t, s)
}

// listen starts a site whose listener is that of s.Serve.
// It stops at the end of the test, and then no goroutine may be left.
func listen(t *testing.T, s *server.Server) *site {
	t.Helper()
	st := newSite(t)
	s.ErrorLog = log.New(&st.log, "", 0)
	go s.Serve((*listener)(st))
	t.Cleanup(func() { s.Close() })
	return st
}

// wantAfterRefusal fails the test unless c goes on, or is over, as is usual this way.
func (w way) wantAfterRefusal(c *client) {
	c.t.Helper()
	if w.http {
		c.wantStillHTTP()
		return
	}
	c.wantEnd("the connection is closed", "")
}
