package main

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// A mode is what the program is for: the fuzzer as a client, which tests servers, or as a server.
type mode string

const (
	clientMode mode = "fuzzingclient"
	serverMode mode = "fuzzingserver"
)

// outdir is where reports go if nothing else is said.
func (m mode) outdir() string {
	if m == clientMode {
		return "./reports/servers"
	}
	return "./reports/clients"
}

// A spec says what to test and how: the content of a spec file, or of the flags in its place.
type spec struct {
	outdir       string
	cases        []string
	exclude      []string
	excludeAgent map[string][]string // agents that skip cases; both are patterns
	servers      []*target           // of client mode
	listen       *listening          // of server mode
	options      *fuzzer.Options     // of client mode, for a server that the spec does not name
	web          *int                // the port of the page for browsers, if the spec names one
	notes        []string            // about the spec file, to be told
}

// A target is a server to test.
type target struct {
	url       *url.URL
	agent     string // if empty, the server names itself
	origin    string
	hostname  string // for TLS, if it is not that of url
	protocols []string
	options   *fuzzer.Options
}

// A listening is how clients reach the fuzzer.
type listening struct {
	addr      string // host:port; no host means all interfaces
	secure    bool
	key, cert string // files, for TLS
	options   *fuzzer.Options
}

// Templates of the spec files, for those who have none yet.
var templates = map[mode]string{
	clientMode: `{
   "outdir": "./reports/servers",
   "servers": [{"url": "ws://127.0.0.1:9001"}],
   "cases": ["*"],
   "exclude-cases": [],
   "exclude-agent-cases": {}
}
`,
	serverMode: `{
   "url": "ws://127.0.0.1:9001",
   "outdir": "./reports/clients",
   "cases": ["*"],
   "exclude-cases": [],
   "exclude-agent-cases": {}
}
`,
}

// readSpec reads the spec file name. The default one, when name is empty, is written from the template
// if it does not exist; created is its name then.
func readSpec(m mode, name string) (s *spec, created string, err error) {
	if name == "" {
		name = string(m) + ".json"
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			if err := os.WriteFile(name, []byte(templates[m]), 0o666); err != nil {
				return nil, "", err
			}
			created = name
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, created, err
	}
	s, err = parseSpec(m, name, data)
	return s, created, err
}

// parseSpec reads the content of a spec file. An error starts with the name, the line and the column.
func parseSpec(m mode, name string, data []byte) (*spec, error) {
	p := &specParser{mode: m}
	p.name = name
	p.data = bytes.TrimPrefix(data, []byte("\ufeff")) // as some editors write
	root, err := p.parse()
	if err != nil {
		return nil, err
	}
	s := &spec{outdir: m.outdir()}
	var options, servers *value
	fields := fields{
		"outdir":              p.text(&s.outdir),
		"cases":               p.patterns(&s.cases),
		"exclude-cases":       p.patterns(&s.exclude),
		"exclude-agent-cases": p.agents(&s.excludeAgent),
		"options":             p.later(&options),
		"enable-ssl":          p.ignore,       // of old spec files; the URL says it
		"webport":             p.port(&s.web), // of old spec files
	}
	if m == clientMode {
		fields["servers"] = p.later(&servers)
		if err := p.object(root, "a spec", fields, "cases"); err != nil {
			return nil, err
		}
		err := p.servers(s, servers, options)
		s.notes = p.notes
		return s, err
	}
	s.listen = &listening{}
	fields["url"] = p.listen(s.listen)
	fields["key"] = p.text(&s.listen.key)
	fields["cert"] = p.text(&s.listen.cert)
	fields["protocols"] = p.list // accepted, and never used: no subprotocol is selected
	if err := p.object(root, "a spec", fields, "cases", "url"); err != nil {
		return nil, err
	}
	s.listen.options, err = p.options(options)
	s.notes = p.notes
	return s, err
}

// inOptions is what a key stands in that the original does not ignore.
const inOptions = "options"

// A specParser reads a spec file.
type specParser struct {
	file
	mode  mode
	notes []string // to be told, while the spec is good
}

// fields says for each key of an object what takes its value.
type fields map[string]func(key string, v *value) error

// object hands out the members of v. The required ones have to be there. One that is not known is an error
// in options, and if it looks like a slip; otherwise it is ignored, as the original does, with a note.
func (p *specParser) object(v *value, what string, known fields, required ...string) error {
	if err := p.want(v, what, anObject); err != nil {
		return err
	}
	for i, m := range v.members {
		if slices.ContainsFunc(v.members[:i], func(x member) bool { return x.key == m.key }) {
			return p.errorf(m.at, "%q is there twice in %s", m.key, what)
		}
		take, ok := known[m.key]
		if !ok {
			hint := nearest(m.key, slices.Sorted(maps.Keys(known)))
			err := p.errorf(m.at, "unknown key %q in %s%s", m.key, what, hint)
			if hint == "" && what != inOptions {
				p.notes = append(p.notes, err.Error()+": ignored")
				continue
			}
			return err
		}
		if err := take(m.key, m.value); err != nil {
			return err
		}
	}
	for _, key := range required {
		if !slices.ContainsFunc(v.members, func(m member) bool { return m.key == key }) {
			return p.errorf(v.at, "%s needs %q", what, key)
		}
	}
	return nil
}

// text takes a string.
func (p *specParser) text(to *string) func(string, *value) error {
	return func(key string, v *value) error {
		*to = v.text
		return p.want(v, key, aString)
	}
}

// list takes a list of strings that is not used.
func (p *specParser) list(key string, v *value) error {
	_, err := p.texts(v, key)
	return err
}

// later keeps a value that is read when others are known.
func (p *specParser) later(to **value) func(string, *value) error {
	return func(_ string, v *value) error {
		*to = v
		return nil
	}
}

func (p *specParser) ignore(string, *value) error { return nil }

// port takes the number of a port; 0 is none.
func (p *specParser) port(to **int) func(string, *value) error {
	return func(key string, v *value) error {
		n := int(v.number)
		if v.kind != aNumber || float64(n) != v.number || n < 0 || n > 65535 {
			return p.errorf(v.at, "%q has to be the number of a port, or 0 for none", key)
		}
		*to = &n
		return nil
	}
}

// patterns takes a list of patterns of cases.
func (p *specParser) patterns(to *[]string) func(string, *value) error {
	return func(key string, v *value) (err error) {
		*to, err = p.texts(v, key)
		for i, pattern := range *to {
			if err := suite.CheckPattern(pattern); err != nil {
				return p.errorf(v.items[i].at, "%v", err)
			}
		}
		return err
	}
}

// agents takes the object of exclude-agent-cases.
func (p *specParser) agents(to *map[string][]string) func(string, *value) error {
	return func(key string, v *value) error {
		*to = map[string][]string{}
		if err := p.want(v, key, anObject); err != nil {
			return err
		}
		for _, m := range v.members {
			cases, err := p.texts(m.value, m.key)
			if err != nil {
				return err
			}
			(*to)[m.key] = cases // those that do not exist do no harm
		}
		return nil
	}
}

// servers reads the list of servers into s. Global options go before those of each.
func (p *specParser) servers(s *spec, v, global *value) error {
	var err error
	if s.options, err = p.options(global); err != nil || v == nil {
		return err
	}
	if err := p.want(v, "servers", aList); err != nil {
		return err
	}
	for _, item := range v.items {
		t := &target{}
		var own *value
		err := p.object(item, "a server", fields{
			"url":       p.url(&t.url),
			"agent":     p.text(&t.agent),
			"origin":    p.text(&t.origin),
			"hostname":  p.text(&t.hostname),
			"protocols": p.strings(&t.protocols),
			"options":   p.later(&own),
		}, "url")
		if err != nil {
			return err
		}
		if t.options, err = p.options(global, own); err != nil {
			return err
		}
		if t.agent != "" && slices.ContainsFunc(s.servers, func(x *target) bool { return x.agent == t.agent }) {
			p.notes = append(p.notes, p.errorf(item.at, "two servers have the agent %q: the results of the last one count", t.agent).Error())
		}
		s.servers = append(s.servers, t)
	}
	return nil
}

// strings takes a list of strings.
func (p *specParser) strings(to *[]string) func(string, *value) error {
	return func(key string, v *value) (err error) {
		*to, err = p.texts(v, key)
		return err
	}
}

// url takes the URL of a server.
func (p *specParser) url(to **url.URL) func(string, *value) error {
	return func(key string, v *value) error {
		if err := p.want(v, key, aString); err != nil {
			return err
		}
		u, err := parseURL(v.text)
		if err != nil {
			return p.errorf(v.at, "%v", err)
		}
		*to = u
		return nil
	}
}

// listen takes the URL on which clients reach the fuzzer: all interfaces, whatever its host.
func (p *specParser) listen(to *listening) func(string, *value) error {
	return func(key string, v *value) error {
		var u *url.URL
		if err := p.url(&u)(key, v); err != nil {
			return err
		}
		if u.RawQuery != "" {
			return p.errorf(v.at, "the URL to listen on may not have a query: %s", v.text)
		}
		to.addr = ":" + port(u)
		to.secure = u.Scheme == "wss"
		return nil
	}
}

// options returns the defaults, changed by each of vs in turn. One that is nil changes nothing.
func (p *specParser) options(vs ...*value) (*fuzzer.Options, error) {
	o := fuzzer.Defaults()
	known := fields{}
	var others []string
	for name, opt := range options {
		if opt.of != "" && opt.of != p.mode {
			others = append(others, name)
			continue
		}
		known[name] = func(key string, v *value) error { return p.set(o, opt, key, v) }
	}
	for _, v := range vs {
		if v == nil {
			continue
		}
		if err := p.want(v, "options", anObject); err != nil {
			return nil, err
		}
		for _, m := range v.members {
			if slices.Contains(others, m.key) {
				return nil, p.errorf(m.at, "the option %q does not exist for a %s", m.key, p.mode)
			}
		}
		if err := p.object(v, inOptions, known); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// parseURL returns a URL of a WebSocket server.
func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, errors.New("not a URL: " + s)
	case u.Scheme != "ws" && u.Scheme != "wss":
		return nil, errors.New("a URL has to start with ws:// or wss://, not as in " + s)
	case u.Hostname() == "":
		return nil, errors.New("the URL " + s + " names no host")
	case strings.Contains(s, "#"):
		return nil, errors.New("a URL of a WebSocket may not have a fragment: " + s)
	}
	return u, nil
}

// port returns the port of u, which that of the scheme is if u names none.
func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "wss":
		return "443"
	}
	return "80"
}
