package client

import (
	"net/http"
	"net/url"
	"strings"
)

// withCookies returns h with the cookies that jar has for u.
// Those of h come first, all in one field. h is not modified.
//
// "the user agent MUST NOT attach more than one Cookie header field."
// https://www.rfc-editor.org/rfc/rfc6265#section-5.4
func withCookies(h http.Header, jar http.CookieJar, u *url.URL) http.Header {
	if jar == nil {
		return h
	}
	cookies := jar.Cookies(u)
	if len(cookies) == 0 {
		return h
	}
	r := http.Request{Header: make(http.Header)}
	if own := takeField(&h, "Cookie"); len(own) > 0 {
		r.Header.Set("Cookie", strings.Join(own, "; "))
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return with(h, "Cookie", r.Header.Get("Cookie"))
}

// takeField returns the values of the field, be its name in upper or lower case,
// and replaces *h by a copy without it.
func takeField(h *http.Header, name string) (values []string) {
	rest := make(http.Header, len(*h))
	for key, v := range *h {
		if http.CanonicalHeaderKey(key) == name {
			values = append(values, v...)
		} else {
			rest[key] = v
		}
	}
	*h = rest
	return values
}

// keepCookies stores the cookies that a response with the fields h sets.
func (d *dialer) keepCookies(h http.Header) {
	if d.cfg.Jar == nil {
		return
	}
	r := http.Response{Header: h}
	if cookies := r.Cookies(); len(cookies) > 0 {
		d.cfg.Jar.SetCookies(d.target.url("http", "https"), cookies)
	}
}
