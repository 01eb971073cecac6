package server

import (
	"strconv"
	"testing"
)

// Keys of those who have left take no memory.
func TestKeysForgotten(t *testing.T) {
	s := Server{MaxConnsPerKey: 2}
	for i := range 100 {
		key := strconv.Itoa(i)
		for range 2 {
			if err := s.admit(key); err != nil {
				t.Fatal(err)
			}
		}
		s.release(key)
		s.release(key)
	}
	if n := len(s.perKey); n != 0 {
		t.Errorf("%d keys are kept", n)
	}
}
