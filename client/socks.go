package client

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
)

// The protocol of SOCKS proxies, as far as a client needs it:
// methods, a sub-negotiation for user and password, and one request.
// Every answer tells its length, so nothing is read of what comes behind it.
//
// https://www.rfc-editor.org/rfc/rfc1928
const (
	socksVersion = 5

	socksNoAuth    = 0 // methods
	socksPassword  = 2
	socksNoMethods = 0xFF

	socksPasswordVersion = 1 // https://www.rfc-editor.org/rfc/rfc1929#section-2

	socksConnect = 1 // command

	socksIPv4 = 1 // address types
	socksName = 3
	socksIPv6 = 4
)

// socksReplies are what the replies mean.
//
// https://www.rfc-editor.org/rfc/rfc1928#section-6
var socksReplies = map[byte]string{
	1: "general failure of the proxy",
	2: "connection not allowed by the rules of the proxy",
	3: "network unreachable",
	4: "host unreachable",
	5: "connection refused",
	6: "TTL expired",
	7: "command not supported",
	8: "address type not supported",
}

// What is wrong with a SOCKS proxy, or with the credentials for it.
var (
	errSOCKSHTTP     = errors.New("the proxy answered in HTTP: is it an http URL that is meant?")
	errSOCKSMethods  = errors.New("the proxy wants a user and a password, or accepts none of the ways to authenticate that it was offered")
	errSOCKSPassword = errors.New("the proxy refuses the user or the password")
)

// checkSOCKS reports why p cannot be asked for t.
func (p *proxy) checkSOCKS(t *target) error {
	password, _ := p.at.user.Password()
	switch name := p.at.user.Username(); {
	case len(t.host) > 255:
		return errProxyLongName
	case p.at.user != nil && (name == "" && password != "" || len(name) > 255 || len(password) > 255):
		return errProxyUser
	}
	return nil
}

// socks asks the SOCKS proxy at the other end of nc to connect it to t.
// Names are looked up by the proxy, for socks5 as for socks5h.
func (p *proxy) socks(nc io.ReadWriter, t *target) error {
	method, err := p.chooseMethod(nc)
	if err == nil && method == socksPassword {
		err = p.authenticate(nc)
	}
	if err != nil {
		return err
	}
	if _, err := nc.Write(socksRequest(t)); err != nil {
		return err
	}
	return readReply(nc)
}

// chooseMethod lets the proxy choose how to authenticate.
//
//	VER (8), NMETHODS (8), METHODS … → VER (8), METHOD (8)
//
// https://www.rfc-editor.org/rfc/rfc1928#section-3
func (p *proxy) chooseMethod(nc io.ReadWriter) (method byte, err error) {
	offer := []byte{socksVersion, 1, socksNoAuth}
	if p.hasUser() {
		offer = []byte{socksVersion, 2, socksNoAuth, socksPassword}
	}
	var answer [2]byte
	if err := exchange(nc, offer, answer[:]); err != nil {
		return 0, err
	}
	if err := checkVersion(answer[0]); err != nil {
		return 0, err
	}
	switch method = answer[1]; {
	case method == socksNoAuth || method == socksPassword && p.hasUser():
		return method, nil
	case method == socksNoMethods:
		return 0, errSOCKSMethods
	default:
		return 0, fmt.Errorf("the proxy chooses authentication method %d, which it was not offered", method)
	}
}

// hasUser reports whether p can authenticate.
func (p *proxy) hasUser() bool { return p.at.user.Username() != "" }

// checkVersion reports why an answer that begins with v is not one of SOCKS 5.
func checkVersion(v byte) error {
	switch v {
	case socksVersion:
		return nil
	case 'H':
		return errSOCKSHTTP
	default:
		return fmt.Errorf("the proxy answers with a first byte of %#02x: want 0x05, version 5 of SOCKS", v)
	}
}

// authenticate tells user and password.
//
//	VER (8), ULEN (8), UNAME …, PLEN (8), PASSWD … → VER (8), STATUS (8)
//
// https://www.rfc-editor.org/rfc/rfc1929#section-2
func (p *proxy) authenticate(nc io.ReadWriter) error {
	name := p.at.user.Username()
	password, _ := p.at.user.Password()
	b := append([]byte{socksPasswordVersion, byte(len(name))}, name...)
	b = append(append(b, byte(len(password))), password...)
	var answer [2]byte
	err := exchange(nc, b, answer[:])
	switch {
	case err != nil:
		return err
	case answer[0] != socksPasswordVersion:
		return fmt.Errorf("the proxy answers to the password with a first byte of %#02x: want 0x01", answer[0])
	case answer[1] != 0:
		return errSOCKSPassword
	}
	return nil
}

// socksRequest returns the request to connect to t.
//
//	VER (8), CMD (8), RSV (8), ATYP (8), DST.ADDR …, DST.PORT (16)
//
// https://www.rfc-editor.org/rfc/rfc1928#section-4
func socksRequest(t *target) []byte {
	b := []byte{socksVersion, socksConnect, 0}
	ip, err := netip.ParseAddr(t.host)
	switch ip = ip.Unmap(); {
	case err != nil:
		b = append(append(b, socksName, byte(len(t.host))), t.host...)
	case ip.Is4():
		b = append(append(b, socksIPv4), ip.AsSlice()...)
	default:
		b = append(append(b, socksIPv6), ip.AsSlice()...)
	}
	return append(b, byte(t.port>>8), byte(t.port))
}

// readReply reads the answer to a request. Of one that refuses, nothing counts
// but the code, and some proxies send no more.
//
//	VER (8), REP (8), RSV (8), ATYP (8), BND.ADDR …, BND.PORT (16)
//
// https://www.rfc-editor.org/rfc/rfc1928#section-6
func readReply(nc io.Reader) error {
	var b [4 + 1 + 255 + 2]byte
	if err := readAll(nc, b[:2]); err != nil {
		return err
	}
	if err := checkVersion(b[0]); err != nil {
		return err
	}
	if b[1] != 0 {
		return refusedReply(b[1])
	}
	if err := readAll(nc, b[2:5]); err != nil {
		return err
	}
	rest := 0 // of the address, one byte of which has been read, and the port
	switch b[3] {
	case socksIPv4:
		rest = 4 - 1 + 2
	case socksIPv6:
		rest = 16 - 1 + 2
	case socksName:
		rest = int(b[4]) + 2
	default:
		return fmt.Errorf("the proxy replies with an address of type %d: want 1, 3 or 4", b[3])
	}
	return readAll(nc, b[:rest])
}

// refusedReply returns the error for a reply that is not 0.
func refusedReply(code byte) error {
	words, ok := socksReplies[code]
	if !ok {
		words = "a code that RFC 1928 does not have"
	}
	return &ProxyError{Reply: int(code), Err: fmt.Errorf("the SOCKS reply is %d, %s", code, words)}
}

// exchange sends b and reads an answer that fills p.
func exchange(nc io.ReadWriter, b, p []byte) error {
	if _, err := nc.Write(b); err != nil {
		return err
	}
	return readAll(nc, p)
}

// readAll fills p.
func readAll(nc io.Reader, p []byte) error {
	n, err := io.ReadFull(nc, p)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return fmt.Errorf("the proxy hung up, %d bytes before the end of its answer: %w", len(p)-n, io.ErrUnexpectedEOF)
	default:
		return err
	}
}
