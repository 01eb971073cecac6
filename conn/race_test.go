//go:build race || allstates

package conn_test

const raceEnabled = true
