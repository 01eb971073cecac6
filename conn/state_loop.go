//go:build !allstates

package conn

// allStates says that not only connections in a loop do without a state while nothing is going on.
const allStates = false
