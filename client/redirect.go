package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/handshake"
)

// "[…] the server might redirect the client using a 3xx status code
// (but clients are not required to follow them)."
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1

// Reasons to follow no redirect. They quote nothing of it: the query may be secret.
var (
	errLocationMissing   = errors.New("it has no Location, or several")
	errLocationSyntax    = errors.New("its Location is not a URL")
	errLocationUser      = errors.New("its Location has user information")
	errLocationDowngrade = errors.New("its Location leads away from TLS: want wss or https")
	errLocationScheme    = errors.New("the scheme of its Location is none of ws, wss, http and https")
)

// follow returns the dialer for where r redirects to.
// It is nil if r is no redirect, redirects are not followed, or there is an error.
func (d *dialer) follow(r *handshake.Response) (*dialer, error) {
	switch {
	case d.cfg.MaxRedirects < 0 || !isRedirect(r.Status):
		return nil, nil
	case d.redirects == d.cfg.MaxRedirects:
		return nil, &conn.LimitError{
			Option: "MaxRedirects", Limit: int64(d.cfg.MaxRedirects), Got: int64(d.redirects) + 1,
		}
	}
	next, err := d.redirected(r.Header["Location"])
	if err != nil {
		return nil, fmt.Errorf("the status is %d, a redirect that is not followed: %w", r.Status, err)
	}
	return next, nil
}

// isRedirect reports whether a response with that status says where to look instead.
//
// https://www.rfc-editor.org/rfc/rfc9110#section-15.4
func isRedirect(status int) bool {
	return slices.Contains([]int{
		http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
	}, status)
}

// redirected returns the dialer for a Location.
func (d *dialer) redirected(location []string) (*dialer, error) {
	if len(location) != 1 || location[0] == "" {
		return nil, errLocationMissing
	}
	t, err := d.target.resolve(location[0])
	if err != nil {
		return nil, err
	}
	cfg := d.cfg
	if t.origin != d.target.origin {
		cfg.leave(d.target.host != t.host)
	}
	next, err := newDialer(t, cfg, newNonce())
	if err != nil {
		return nil, err
	}
	next.redirects = d.redirects + 1
	return next, nil
}

// resolve returns where a Location leads to from t.
// At the same origin, the way to it and the user stay the same.
//
// "Before making use of an "http" or "https" URI reference received from an
// untrusted source, a recipient SHOULD parse for userinfo and treat its
// presence as an error"
// https://www.rfc-editor.org/rfc/rfc9110#section-4.2.4
func (t *target) resolve(location string) (target, error) {
	ref, err := url.Parse(location)
	if err != nil {
		return target{}, errLocationSyntax
	}
	u := t.url("ws", "wss").ResolveReference(ref)
	scheme, ok := redirectSchemes[u.Scheme] // which url.Parse has put in lower case
	switch {
	case !ok || u.Opaque != "":
		return target{}, errLocationScheme
	case u.User != nil:
		return target{}, errLocationUser
	case t.secure && !schemes[scheme]:
		return target{}, errLocationDowngrade
	}
	u.Scheme, u.Fragment, u.RawFragment = scheme, "", ""
	r, err := parseTarget(u.String())
	if err == nil && r.origin == t.origin {
		r.zone, r.socket, r.user = t.zone, t.socket, t.user
	}
	return r, err
}

// redirectSchemes are those that a Location may have, and what they mean here.
var redirectSchemes = map[string]string{"ws": "ws", "http": "ws", "wss": "wss", "https": "wss"}

// leave removes from c what is for one origin only, before it is used for another:
// credentials, the Host field, the client's certificate,
// and the name to expect in that of the server if the host is another.
// Nothing that c refers to is modified. What was removed does not come back
// if a later redirect returns to the origin.
func (c *Config) leave(otherHost bool) {
	c.Host = ""
	h := make(http.Header, len(c.Header))
	for name, values := range c.Header {
		if !isCredential(name) {
			h[name] = values
		}
	}
	c.Header = h
	if c.TLS != nil {
		c.TLS = anonymous(c.TLS, otherHost)
	}
}

// credentialWords are what the name of a field has that no stranger may see.
var credentialWords = []string{
	"auth", "cookie", "credential", "jwt", "key", "passw", "secret", "session", "signature", "token",
}

// isCredential reports whether the field sounds as if it had credentials,
// such as Authorization, Cookie and X-Api-Key.
func isCredential(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(credentialWords, func(w string) bool { return strings.Contains(name, w) })
}

// anonymous returns a copy of cfg without the client's certificate.
func anonymous(cfg *tls.Config, otherHost bool) *tls.Config {
	cfg = cfg.Clone()
	cfg.Certificates, cfg.GetClientCertificate = nil, nil
	if otherHost {
		cfg.ServerName = ""
	}
	return cfg
}
