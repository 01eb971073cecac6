package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ws6455/ws/frame"
)

// A command is what a line asks for.
type command struct {
	verb   string // "send", "ping", "close", "quit" or "help"
	typ    frame.Opcode
	data   []byte
	code   frame.StatusCode
	reason string
}

// commandHelp is the answer to /help.
const commandHelp = `a line         send it as a text message
//a line       send it with one slash at the beginning
/binary 00 ff  send these bytes as a binary message
/ping          send a ping and wait for the pong
/close 4000 r  close with a status code and a reason; both may be left out
/quit          close with status 1000
/help          show this`

// parseCommand returns what a line asks for.
func parseCommand(line string) (command, error) {
	if !strings.HasPrefix(line, "/") || strings.HasPrefix(line, "//") {
		return command{verb: "send", typ: frame.Text, data: []byte(strings.TrimPrefix(line, "/"))}, nil
	}
	verb, rest, _ := strings.Cut(line[1:], " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "binary":
		return parseBinary(rest)
	case "close":
		return parseClose(rest)
	case "ping", "quit", "help":
		if rest != "" {
			return command{}, fmt.Errorf("/%s stands alone", verb)
		}
		return command{verb: verb}, nil
	}
	return command{}, fmt.Errorf("there is no /%s: see /help; // at the beginning sends a slash", verb)
}

// parseBinary returns the command to send the bytes that s has in hexadecimal, with or without spaces.
func parseBinary(s string) (command, error) {
	data, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		return command{}, errors.New("/binary wants bytes in hexadecimal, such as 00 ff")
	}
	return command{verb: "send", typ: frame.Binary, data: data}, nil
}

// parseClose returns the command to close with the code and reason in s.
// The defaults are 1000 and none.
func parseClose(s string) (command, error) {
	c := command{verb: "close", code: frame.StatusNormalClosure}
	if s == "" {
		return c, nil
	}
	number, reason, _ := strings.Cut(s, " ")
	code, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return command{}, errors.New("/close wants a status code, such as 1000 or 4000, and a reason")
	}
	c.code, c.reason = frame.StatusCode(code), strings.TrimSpace(reason)
	if _, err := frame.AppendClose(nil, c.code, c.reason); err != nil {
		return command{}, fmt.Errorf("/close %d: %w", code, err)
	}
	return c, nil
}
