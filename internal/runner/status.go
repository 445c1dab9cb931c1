package runner

import (
	"sync"

	"slipway/internal/jobproto"
)

// worst merges two conclusions as actions/runner TaskResultUtil.cs does: the
// worse one stays, and once cancelled nothing changes it.
func worst(current, coming jobproto.Conclusion) jobproto.Conclusion {
	if rank(coming) >= rank(current) && rank(current) <= rank(jobproto.Failure) {
		return coming
	}
	return current
}

func rank(c jobproto.Conclusion) int {
	switch c {
	case jobproto.Failure:
		return 1
	case jobproto.Cancelled:
		return 2
	case jobproto.Skipped:
		return 3
	}
	return 0
}

// status is how a job, or a composite action, stands: what success(),
// failure() and cancelled() ask. It is safe for concurrent use, because a
// cancellation comes from outside the steps.
type status struct {
	mu    sync.Mutex
	value jobproto.Conclusion
}

func newStatus() *status { return &status{value: jobproto.Success} }

func (s *status) get() jobproto.Conclusion {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value
}

func (s *status) merge(c jobproto.Conclusion) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = worst(s.value, c)
}

// cancel makes the status cancelled whatever it was.
func (s *status) cancel() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = jobproto.Cancelled
}
