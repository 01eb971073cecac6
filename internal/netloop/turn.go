package netloop

// A Tenant is what a socket is for.
type Tenant interface {
	// Turn does what there is to do, without waiting. It is called when something has happened: there is
	// something to read, the peer has hung up, a time has come, somebody has called Ready.
	// It returns true if it has left something to be done, so that others get their turns.
	// It may be called without reason. It is not called again before it has returned.
	//
	// It must have read until there was nothing more to read, as Socket.Drained tells.
	Turn(w *Worker) (more bool)

	// Overstayed says that a turn whose Worker is Watched has taken long, and is not watched any more.
	// It may just be over. It is called from another goroutine and must not wait.
	Overstayed()

	// Rest undoes Worker.Stay.
	Rest()

	// Late says that a time given to Socket.At has come while a turn is under way.
	// There will be one for it after that. It is called from another goroutine and must not wait.
	Late()
}

// Who has the turn of a socket.
const (
	unclaimed = uint32(iota)
	claimed
	claimedAgain // and something has happened since
)

// claim claims the turn of s, or sees to it that there will be another one after that which is under way.
func (s *Socket) claim() bool {
	for {
		switch s.turn.Load() {
		case unclaimed:
			if s.turn.CompareAndSwap(unclaimed, claimed) {
				return true
			}
		case claimed:
			if s.turn.CompareAndSwap(claimed, claimedAgain) {
				return false
			}
		default:
			return false
		}
	}
}

// unclaim ends a turn. It returns true if there has to be another one, for which s remains claimed.
func (s *Socket) unclaim(more bool) (again bool) {
	if !more && s.turn.CompareAndSwap(claimed, unclaimed) {
		return false
	}
	s.turn.Store(claimed)
	return true
}

// Ready makes for a turn, on another goroutine, or after the one that is under way.
func (s *Socket) Ready() {
	if s.claim() {
		s.loop.crew.give(s)
	}
}

// Busy reports whether a turn is under way, or about to begin.
func (s *Socket) Busy() bool { return s.turn.Load() != unclaimed }
