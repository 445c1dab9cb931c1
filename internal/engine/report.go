package engine

import (
	"maps"
	"time"

	"slipway/internal/jobproto"
)

// ReportKind is what a report says of a job.
type ReportKind string

// The kinds of report.
const (
	ReportStarted  ReportKind = "started"
	ReportFinished ReportKind = "finished"
	ReportLost     ReportKind = "lost"
)

// JobReport is news of a job that was handed out.
type JobReport struct {
	Job    string // the instance's ID
	Kind   ReportKind
	At     time.Time
	Result jobproto.Result // of a finished one
	Reason string          // in words, when there is more to say than the log does
}

// Report writes news into the run. It returns false, and changes nothing, when
// it is no news: a report may arrive twice, late, or for a job that has ended.
func (r *Run) Report(rep JobReport) bool {
	r.index = r.indexed()
	n := r.index.get(rep.Job)
	if n == nil || n.job.Kind != KindJob || n.job.State != Queued && n.job.State != Running {
		return false
	}
	job := n.job
	switch rep.Kind {
	case ReportStarted:
		if job.State == Running {
			return false
		}
		job.State, job.Started, job.Reason = Running, rep.At, rep.Reason
	case ReportFinished:
		job.State, job.Finished, job.Reason = stateOf(rep.Result.Conclusion), rep.At, rep.Reason
		job.Outputs, job.EnvironmentURL = maps.Clone(rep.Result.Outputs), rep.Result.EnvironmentURL
		if job.Reason == "" {
			job.Reason = reasonOfEnd(job)
		}
	case ReportLost:
		job.State, job.Finished, job.Reason = Lost, rep.At, rep.Reason
		if job.Reason == "" {
			job.Reason = "its runner stopped answering"
		}
	default:
		return false
	}
	r.Version++
	return true
}

func stateOf(c jobproto.Conclusion) State {
	switch c {
	case jobproto.Success, jobproto.Cancelled, jobproto.Skipped:
		return State(c)
	}
	return Failure
}

func reasonOfEnd(job *Job) string {
	switch job.State {
	case Failure:
		return "a step failed"
	case Cancelled:
		if job.Stopping.Reason != "" {
			return job.Stopping.Reason
		}
		return "the job was cancelled"
	case Skipped:
		return "its runner skipped it"
	}
	return ""
}

// RequestCancel asks for the run (job "") or one of its instances to end. It
// returns false when that has ended, or has been asked for before as strongly.
func (r *Run) RequestCancel(job string, req CancelRequest) bool {
	cancel, final := &r.Cancel, r.State.Final()
	if job != "" {
		r.index = r.indexed()
		n := r.index.get(job)
		if n == nil {
			return false
		}
		cancel, final = &n.job.Cancel, n.job.State.Final()
	}
	if final || !req.Asked() || cancel.Asked() && (cancel.Force || !req.Force) {
		return false
	}
	*cancel = req
	r.Version++
	return true
}
