package gitrepo

import "sync"

// lazy holds a value that is computed when first asked for. A computation that
// fails is tried again by the next caller, so that one canceled caller doesn't
// spoil the value for the others.
type lazy[T any] struct {
	mu    sync.Mutex
	done  bool
	value T
}

func (l *lazy[T]) get(compute func() (T, error)) (T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return l.value, nil
	}
	value, err := compute()
	if err != nil {
		return value, err
	}
	l.value, l.done = value, true
	return value, nil
}
