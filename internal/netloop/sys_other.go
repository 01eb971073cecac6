//go:build !linux && !darwin && !freebsd

package netloop

import (
	"errors"
	"net"
	"syscall"
)

// Supported reports whether there are loops on this system.
const Supported = false

// There are no sockets here, and nothing of the following is called.

func openPoller() (poller, error) { return nil, errors.ErrUnsupported }

func readDescriptor(int, []byte) (int, error) { return 0, errors.ErrUnsupported }

func writeDescriptor(int, []byte, []byte) (int, error) { return 0, errors.ErrUnsupported }

func closeDescriptor(int) {}

func shutdownWrite(int) error { return errors.ErrUnsupported }

func localName(int) (syscall.Sockaddr, error) { return nil, errors.ErrUnsupported }

func accept(int) (int, syscall.Sockaddr, error) { return -1, nil, errors.ErrUnsupported }

func getOptions(int) []option { return nil }

func setOptions(int, []option) {}

func duplicate(net.Conn) (int, error) { return -1, errors.ErrUnsupported }
