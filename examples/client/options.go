package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
)

// options are what the command line says.
type options struct {
	url          string
	header       http.Header
	subprotocols []string
	origin       string
	proxy        string
	insecure     bool
	compress     bool
	timeout      time.Duration
	wait         time.Duration
	reconnect    bool
	verbose      bool
	frames       bool
	lines        []string // of -x; instead of standard input
}

// parseOptions returns the options that args are. What is wrong with them is told on errOut.
func parseOptions(args []string, errOut io.Writer) (*options, error) {
	o := &options{header: http.Header{}}
	f := flag.NewFlagSet("client", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.Usage = func() {
		fmt.Fprintln(errOut, "usage: client [flags] url")
		f.PrintDefaults()
	}
	f.Func("H", "send the header `field` \"Name: value\"; may be repeated", o.addField)
	f.Func("subprotocol", "offer the subprotocol `name`; may be repeated, or a list with commas", o.addSubprotocols)
	f.StringVar(&o.origin, "origin", "", "send this `origin`, such as https://example.com, as a page from there would")
	f.StringVar(&o.proxy, "proxy", "", "connect through the proxy at this `url` (http, https, socks5); \"none\" for no proxy;\nwithout the flag HTTPS_PROXY, HTTP_PROXY and NO_PROXY count")
	f.BoolVar(&o.insecure, "insecure", false, "accept any certificate of the server")
	f.BoolVar(&o.compress, "compress", false, "offer to compress messages with permessage-deflate")
	f.DurationVar(&o.timeout, "timeout", 30*time.Second, "how long connecting may take")
	f.DurationVar(&o.wait, "wait", time.Second, "how long to wait for messages after the last line, before closing")
	f.BoolVar(&o.reconnect, "reconnect", false, "connect again when the connection is lost")
	f.BoolVar(&o.verbose, "v", false, "tell more")
	f.BoolVar(&o.frames, "frames", false, "show the frames, too, if TLS does not hide them")
	f.Func("x", "send this `line`, as if it was typed, instead of standard input; may be repeated", o.addLine)
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	err := o.setURL(f.Args())
	if err != nil {
		fmt.Fprintln(errOut, err)
		f.Usage()
	}
	return o, err
}

// addField adds "Name: value" to the header.
func (o *options) addField(s string) error {
	name, value, ok := strings.Cut(s, ":")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return errors.New("want Name: value")
	}
	o.header.Add(name, strings.TrimSpace(value))
	return nil
}

// addSubprotocols adds names that are separated by commas.
func (o *options) addSubprotocols(s string) error {
	for name := range strings.SplitSeq(s, ",") {
		o.subprotocols = append(o.subprotocols, strings.TrimSpace(name))
	}
	return nil
}

// addLine adds a line to send.
func (o *options) addLine(s string) error {
	if strings.Contains(s, "\n") {
		return errors.New("it is more than one line")
	}
	o.lines = append(o.lines, s)
	return nil
}

// setURL takes the URL from the arguments that are no flags. Its scheme may be missing.
func (o *options) setURL(args []string) error {
	switch {
	case len(args) == 0:
		return errors.New("the url is missing")
	case len(args) > 1:
		return fmt.Errorf("%q is one argument too many: flags come before the url", args[1])
	}
	o.url = args[0]
	if !strings.Contains(o.url, "://") {
		o.url = "ws://" + o.url
	}
	if o.frames && !strings.HasPrefix(strings.ToLower(o.url), "ws:") {
		return errors.New("-frames is for ws urls: TLS hides what passes")
	}
	return nil
}

// config returns what the options say about connecting.
func (o *options) config() (*client.Config, error) {
	cfg := &client.Config{
		Header:           o.header,
		Subprotocols:     o.subprotocols,
		HandshakeTimeout: o.timeout,
	}
	if o.origin != "" {
		cfg.Header.Set("Origin", o.origin)
	}
	if o.compress {
		cfg.Conn.Compression = &conn.Compression{Takeover: true} // as browsers offer it
	}
	if o.insecure {
		cfg.TLS = &tls.Config{InsecureSkipVerify: true}
	}
	switch o.proxy {
	case "":
	case "none":
		cfg.Proxy = client.NoProxy
	default:
		proxy, err := url.Parse(o.proxy)
		if err != nil {
			return nil, errors.New("-proxy: not a URL") // err may have the password in it
		}
		cfg.Proxy = func(*url.URL) (*url.URL, error) { return proxy, nil }
	}
	return cfg, nil
}
