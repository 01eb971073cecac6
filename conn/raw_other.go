//go:build !unix

package conn

import (
	"errors"
	"net"
	"syscall"
)

// rawConn returns nil: this system's descriptors are used through package net.
func rawConn(net.Conn) syscall.RawConn { return nil }

// Neither is called without a raw connection.

func (c *Conn) readRaw([]byte) (int, error) { return 0, errors.ErrUnsupported }

func (c *Conn) writeRaw([]byte, []byte) (int, error) { return 0, errors.ErrUnsupported }
