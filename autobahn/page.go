package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
)

// page lets the browser that it is opened in run all cases.
//
//go:embed page.html
var page string

var pageTemplate = template.Must(template.New("page").Parse(page))

// html returns the page.
func (s *server) html() []byte {
	scheme := "ws"
	if s.secure {
		scheme = "wss"
	}
	var b bytes.Buffer
	data := struct{ Scheme, Port, Report, Product string }{scheme, s.port, s.index(), fuzzer.Product}
	if err := pageTemplate.Execute(&b, data); err != nil {
		return []byte(template.HTMLEscapeString(err.Error()))
	}
	return b.Bytes()
}

// plain answers a request that is not for a WebSocket. It closes nc.
func (s *server) plain(nc net.Conn, q *fuzzer.Request) {
	switch {
	case !s.options.WebStatus:
		fuzzer.Refuse(nc, "426 Upgrade Required", "this is a WebSocket server")
	case q.Path == "/favicon.ico":
		fuzzer.Refuse(nc, "404 Not Found", "not found")
	default:
		text := s.html()
		nc.SetWriteDeadline(time.Now().Add(connectTimeout))
		fmt.Fprintf(nc, "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
			len(text), text)
		nc.Close()
	}
}

// serveWeb serves the page on a port of its own, if one is asked for. A port that cannot be had is no error.
func (s *server) serveWeb() *http.Server {
	if s.web == 0 {
		return nil
	}
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", s.web))
	if err != nil {
		s.progress.note("no page for browsers on port %d: %v", s.web, err)
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { w.Write(s.html()) })
	h := &http.Server{Handler: mux, ReadHeaderTimeout: connectTimeout}
	go h.Serve(l)
	s.progress.note("page for testing a browser: http://127.0.0.1:%d/", s.web)
	return h
}
