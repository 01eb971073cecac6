//go:build allstates

package conn

// allStates makes all connections do without a state while nothing is going on, so that every test is one of that:
//
//	go test -tags allstates ./conn
const allStates = true
