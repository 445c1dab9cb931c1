package engine

import (
	"fmt"
	"strings"
)

// sum is how a run, a matrix or a call ends, from how its jobs did: jobs that
// may fail do not count as failed, and what was cancelled on request is
// cancelled even when something had failed before.
func sum(jobs []*Job, asked CancelRequest) (State, string) {
	var failed, cancelled []string
	skipped := 0
	for _, job := range jobs {
		switch {
		case job.State == Skipped:
			skipped++
		case job.State == Cancelled:
			cancelled = append(cancelled, job.Display)
		case job.State.failed() && !job.ContinueOnError:
			failed = append(failed, job.Display)
		}
	}
	switch {
	case len(cancelled) > 0 && asked.Asked():
		return Cancelled, because(asked.Reason, "it was cancelled")
	case len(failed) > 0:
		return Failure, listed(failed) + " failed"
	case len(cancelled) > 0:
		return Cancelled, listed(cancelled) + " was cancelled"
	case skipped == len(jobs):
		return Skipped, "all of its jobs were skipped"
	}
	return Success, ""
}

// listed joins a few names.
func listed(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// because is the reason somebody gave, or otherwise.
func because(reason, otherwise string) string {
	if reason != "" {
		return reason
	}
	return otherwise
}
