package runner

import (
	"sync"
	"time"
)

// stopper carries a cancellation, asked for or by the job's own timeout, to
// the steps that are running.
type stopper struct {
	job *jobRun

	mu      sync.Mutex
	over    bool // the job's steps have ended: its outcome stands
	asked   bool // the job was cancelled
	reason  string
	running map[stoppable]bool
}

// stoppable is what a cancellation asks whether it may go on.
type stoppable interface{ recheck() }

func newStopper(j *jobRun) *stopper {
	return &stopper{job: j, running: map[stoppable]bool{}}
}

// watch waits for the job's end, its timeout or somebody's word, and gives a
// cancelled job its cancel timeout.
func (s *stopper) watch() {
	job := s.job.job
	limit, grace := job.Timeout, job.CancelTimeout
	if limit <= 0 {
		limit = defaultTimeout
	}
	if grace <= 0 {
		grace = defaultCancelTimeout
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-s.job.ended:
		return
	case <-s.job.ctx.Done():
		s.cancel("")
		return
	case c := <-s.job.deps.Control:
		s.cancel(c.Reason)
	case <-timer.C:
		s.cancel("The job has exceeded the maximum execution time of " + limit.String())
	}
	timer.Reset(grace)
	select {
	case <-s.job.ended:
	case <-s.job.ctx.Done():
	case <-timer.C:
		s.job.endNow(errEnded)
	}
}

// cancel marks the job as cancelled and asks every running step whether it may
// go on (StepsRunner.cs, RunAsync). A step that begins meanwhile waits: it finds
// the job, or the composite action it is inside of, cancelled.
func (s *stopper) cancel(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.asked, s.reason = true, reason
	s.job.status.cancel()
	for r := range s.running {
		r.recheck()
	}
}

// enter makes a step one that a cancellation asks, at once when there was one
// already; leave undoes it.
func (s *stopper) enter(r stoppable) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[r] = true
	if s.asked {
		r.recheck()
	}
}

func (s *stopper) leave(r stoppable) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, r)
}

// close makes a later cancellation come too late. It returns the reason of an
// earlier one in words, "" without one.
func (s *stopper) close() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	return s.reason
}
