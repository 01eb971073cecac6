package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/report"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// A config is what the command line and the spec file ask for.
type config struct {
	mode     mode // empty with list only
	spec     *spec
	cases    []*suite.Case // the selected ones
	list     bool          // only list the cases
	parallel int           // cases at once; 0 is any number
	web      int           // port of the page for browsers; 0 is none
	strict   bool
	expected report.Expected // what the results have to be, if not nil
	record   string          // the file to record results in
	junit    string          // the file for a build server
	created  string          // the spec file that was written because there was none
}

// flags are the values of the command line.
type flags struct {
	*flag.FlagSet
	url, listen, cases, exclude, agent, outdir, expect, record, junit string
	mode, file, target, key, cert                                     string
	parallel, web                                                     int
	strict, list                                                      bool
}

const usage = `Checks an implementation of WebSocket (RFC 6455, RFC 7692) against the Autobahn conformance suite.
Servers and clients alike have to echo every message as it came; clients follow the protocol
that the page of the listening program shows.

  autobahn -url ws://127.0.0.1:9001                        test a server
  autobahn -listen 127.0.0.1:9001 -parallel 1              test the clients that connect, one case at a time
  autobahn -url ws://127.0.0.1:9001 -cases '1.*,5.*' -junit ws.xml -expect known.json
                                                           some cases, in a build
  autobahn -m fuzzingclient -s fuzzingclient.json          with a spec file of the original

Exit status: 0 if all cases passed, 1 if some did not or differ from -expect,
2 if something is wrong with the command, the spec file or the connection.

`

// define returns the flags.
func define() *flags {
	f := &flags{FlagSet: flag.NewFlagSet("autobahn", flag.ContinueOnError)}
	f.SetOutput(io.Discard) // errors are returned
	f.StringVar(&f.url, "url", "", "`URL` of the server to test")
	f.StringVar(&f.listen, "listen", "", "`host:port` on which to listen for the clients to test")
	f.StringVar(&f.cases, "cases", "*", "comma-separated `patterns` of cases, such as 1.*,5.7; x.* are those beyond the original")
	f.StringVar(&f.exclude, "exclude", "", "comma-separated `patterns` of cases to leave out")
	f.StringVar(&f.agent, "agent", "", "`name` of the server in the reports (default the one it gives itself)")
	f.StringVar(&f.outdir, "outdir", "", "`folder` for the reports (default ./reports/servers or ./reports/clients)")
	f.IntVar(&f.parallel, "parallel", 0, "cases at once; 1 is one by one in their order (default 16 for servers, as many as clients like)")
	f.BoolVar(&f.strict, "strict", false, "NON-STRICT is a failure")
	f.StringVar(&f.expect, "expect", "", "`file` of -record, or index.json of a report: any difference from it is a failure, nothing else is")
	f.StringVar(&f.record, "record", "", "`file` to record the verdicts in, for -expect")
	f.StringVar(&f.junit, "junit", "", "`file` for the results as JUnit XML")
	f.BoolVar(&f.list, "list", false, "list the cases, run none")
	f.StringVar(&f.mode, "m", "", "`mode`: fuzzingclient or fuzzingserver, with a spec file")
	f.StringVar(&f.file, "s", "", "spec `file` (default fuzzingclient.json or fuzzingserver.json, written if there is none)")
	f.StringVar(&f.target, "w", "", "`URL` of the server to test, if the spec file names none")
	f.StringVar(&f.key, "k", "", "`file` of the key, to listen with TLS")
	f.StringVar(&f.cert, "c", "", "`file` of the certificate, to listen with TLS")
	f.IntVar(&f.web, "u", 8080, "`port` of the page for testing browsers; 0 is none; only with -m fuzzingserver, or if given")
	return f
}

// help writes what -h asks for.
func help(out io.Writer) {
	f := define()
	f.SetOutput(out)
	fmt.Fprint(out, usage)
	f.PrintDefaults()
}

// given reports whether the flag is on the command line.
func (f *flags) given(name string) bool {
	found := false
	f.Visit(func(x *flag.Flag) { found = found || x.Name == name })
	return found
}

// configure reads the command line, and the spec file if it asks for one.
func configure(args []string) (*config, error) {
	f := define()
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	c := &config{list: f.list, strict: f.strict, record: f.record, junit: f.junit}
	var err error
	switch {
	case f.mode != "":
		c.mode = mode(f.mode)
		c.spec, c.created, err = readSpec(c.mode, f.file)
	case f.url != "":
		c.mode = clientMode
		c.spec = &spec{outdir: c.mode.outdir()}
	case f.listen != "":
		c.mode = serverMode
		c.spec = &spec{outdir: c.mode.outdir(), listen: &listening{addr: f.listen, options: fuzzer.Defaults()}}
	default: // f.list
		c.spec = &spec{}
	}
	if err != nil {
		return c, err
	}
	if err := f.apply(c); err != nil {
		return c, err
	}
	return c, c.choose()
}

// check refuses flags that do not go together.
func (f *flags) check() error {
	modes := 0
	for _, name := range []string{"url", "listen", "m"} {
		if f.given(name) {
			modes++
		}
	}
	client := f.given("url") || f.mode == string(clientMode)
	server := f.given("listen") || f.mode == string(serverMode)
	switch {
	case f.NArg() > 0:
		return fmt.Errorf("what is %q for? Everything is said with flags; see -h", f.Arg(0))
	case modes == 0 && !f.list:
		return errors.New("say what to test: -url, -listen or -m; see -h")
	case modes > 1:
		return errors.New("-url, -listen and -m exclude each other")
	case f.given("m") && !client && !server:
		return fmt.Errorf("-m is fuzzingclient or fuzzingserver, not %q", f.mode)
	case f.given("s") && f.mode == "":
		return errors.New("-s needs -m, which says what the spec file is for")
	case f.given("w") && f.mode != string(clientMode):
		return errors.New("-w goes with -m fuzzingclient")
	case (f.given("k") || f.given("c") || f.given("u")) && !server:
		return errors.New("-k, -c and -u are for a program that listens")
	case f.given("agent") && server:
		return errors.New("-agent is for servers; clients name themselves")
	case f.given("parallel") && (f.parallel < 0 || client && f.parallel == 0):
		return errors.New("-parallel is a number from 1 on")
	}
	return nil
}

// apply puts the flags over what the spec says.
func (f *flags) apply(c *config) (err error) {
	s := c.spec
	s.outdir = cmp.Or(f.outdir, s.outdir)
	if f.given("cases") || s.cases == nil {
		s.cases = list(f.cases)
	}
	if f.exclude != "" {
		s.exclude = list(f.exclude)
	}
	if f.expect != "" {
		if c.expected, err = report.ReadExpected(f.expect); err != nil {
			return err
		}
	}
	switch c.mode {
	case clientMode:
		return f.applyClient(c)
	case serverMode:
		return f.applyServer(c)
	}
	return nil
}

// list returns the elements of a comma-separated list.
func list(s string) []string {
	var all []string
	for e := range strings.SplitSeq(s, ",") {
		if e = strings.TrimSpace(e); e != "" {
			all = append(all, e)
		}
	}
	return all
}

func (f *flags) applyClient(c *config) error {
	s := c.spec
	if c.parallel = 16; f.given("parallel") {
		c.parallel = f.parallel
	}
	if len(s.servers) == 0 {
		text := cmp.Or(f.url, f.target)
		if text == "" {
			return errors.New("no server to test: the spec file names none, and there is no -w")
		}
		u, err := parseURL(text)
		if err != nil {
			return err
		}
		o := s.options
		if o == nil {
			o = fuzzer.Defaults()
		}
		s.servers = []*target{{url: u, options: o}}
	}
	if f.target != "" && (len(s.servers) > 1 || s.servers[0].url.String() != f.target) {
		s.notes = append(s.notes, "-w is ignored: the spec file names a server")
	}
	if f.agent != "" && len(s.servers) > 1 {
		return errors.New("-agent can name one server only; the spec file has several")
	}
	s.servers[0].agent = cmp.Or(f.agent, s.servers[0].agent)
	return nil
}

func (f *flags) applyServer(c *config) error {
	l := c.spec.listen
	if f.given("parallel") {
		c.parallel = f.parallel
	}
	if f.mode != "" || f.given("u") {
		c.web = f.web
	}
	if c.spec.web != nil && !f.given("u") {
		c.web = *c.spec.web
	}
	if c.web < 0 || c.web > 65535 {
		return fmt.Errorf("-u is the number of a port, not %d", c.web)
	}
	l.key, l.cert = cmp.Or(f.key, l.key), cmp.Or(f.cert, l.cert)
	l.secure = l.secure || f.mode == "" && (f.key != "" || f.cert != "") // a spec file says it with the URL
	if l.secure && (l.key == "" || l.cert == "") {
		return errors.New("TLS needs a key and a certificate: -k and -c, or \"key\" and \"cert\" in the spec file")
	}
	if _, _, err := net.SplitHostPort(l.addr); err != nil {
		return fmt.Errorf("-listen is host:port, not %q", l.addr)
	}
	return nil
}

// choose selects the cases.
func (c *config) choose() error {
	cases, err := suite.Select(c.spec.cases, c.spec.exclude)
	if err != nil {
		return err
	}
	role := map[mode]suite.Role{clientMode: suite.Client, serverMode: suite.Server}[c.mode]
	if c.cases = suite.For(role, cases); len(c.cases) == 0 {
		return fmt.Errorf("no case is selected by %q without %q", c.spec.cases, c.spec.exclude)
	}
	return nil
}
