// Package netloop waits for many sockets at once, without a goroutine or a buffer for each.
//
// A [Group] has some loops, each of which waits for its share of the sockets. When something
// happens to a [Socket], its [Tenant] gets a turn: the turns of one socket come one after the other.
//
// # Turns
//
// A turn runs on the goroutine of the loop, its driver, so that it costs no hand-over. If it takes longer
// than a moment, another goroutine becomes the driver and goes on with the others,
// and the one that stayed behind ends the turn by itself. When that happens often, the loop
// gives turns on goroutines of their own for a while, a longer one each time: see pause.
//
// A turn that has more to do than is fair returns true, and gets another one after the others.
//
// # Sockets
//
// A Socket is a net.Conn as well. A goroutine that reads or writes waits for the loop
// to say that the descriptor is ready, with deadlines as in package net.
// TryRead and TryWrite do not wait.
//
// The loop waits for a descriptor once, for all that can happen to it ("edge-triggered"), and is told when
// that changes. So whoever has seen that there is nothing to read must not forget that there may be in a moment:
// an event during a turn makes for another turn, and one that finds a goroutine waiting wakes it.
package netloop
