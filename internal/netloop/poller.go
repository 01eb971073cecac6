package netloop

// A poller tells what happens to descriptors.
type poller interface {
	// add makes it tell what happens to fd, from what has happened already on,
	// each time that it happens anew. It ends when the descriptor is closed.
	add(fd int) error

	// wait returns what has happened since the last call. If that is nothing, it waits if block is true.
	// What it returns is valid until the next call. It fails after close, and then all is given back.
	wait(block bool) ([]event, error)

	// close makes wait fail, also while it waits.
	close()
}

// An event is what happened to a descriptor.
type event struct {
	fd   int32
	what uint32
}
