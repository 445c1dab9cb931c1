package action

import (
	"context"
	"sync"
)

// flights does each piece of work once and keeps its result. Whoever asks while
// it is under way waits for it and shares its result, a failure too; but whoever
// asks after a failure has it tried again. The zero value is ready.
type flights[T any] struct {
	mu sync.Mutex
	by map[string]*flight[T]
}

// flight is one piece of work: done is closed when it has ended.
type flight[T any] struct {
	done      chan struct{}
	value     T
	err       error
	abandoned bool // by whoever did it, whose context ended
}

// do returns the result of the work called key, which runs under ctx. When ctx
// ends it, one of those who wait takes over.
func (f *flights[T]) do(ctx context.Context, key string, work func() (T, error)) (T, error) {
	for {
		mine, leading := f.join(key)
		if leading {
			mine.value, mine.err = work()
			if mine.err != nil {
				mine.abandoned = ctx.Err() != nil
				f.forget(key)
			}
			close(mine.done)
			return mine.value, mine.err
		}
		select {
		case <-mine.done:
			if !mine.abandoned {
				return mine.value, mine.err
			}
		case <-ctx.Done():
			var none T
			return none, context.Cause(ctx)
		}
	}
}

func (f *flights[T]) join(key string) (_ *flight[T], leading bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if under, ok := f.by[key]; ok {
		return under, false
	}
	if f.by == nil {
		f.by = map[string]*flight[T]{}
	}
	f.by[key] = &flight[T]{done: make(chan struct{})}
	return f.by[key], true
}

func (f *flights[T]) forget(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.by, key)
}
