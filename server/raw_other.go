//go:build !unix

package server

import (
	"net"
	"syscall"
)

// errAgain is the error of a descriptor that is not ready.
const errAgain = syscall.EAGAIN

// rawConn returns nil: this system's descriptors are used through package net.
func rawConn(net.Conn) syscall.RawConn { return nil }

// Neither is called without a raw connection.

func (h *half) readOnce(uintptr) bool  { return true }
func (h *half) writeOnce(uintptr) bool { return true }
