package engine

import (
	"fmt"
	"time"
)

// grace is how much longer than it may take the engine waits for a runner's
// word. Runners keep their own time; this is for those that don't answer.
const grace = time.Minute

// toldToStop passes on what ends an instance that has begun, once, and
// reports whether that was news.
func (d *decider) toldToStop(n *node) bool {
	req := d.conditions.mustStop(n)
	told := d.job(n).Stopping
	if !req.Asked() || told.Asked() && (told.Force || !req.Force) {
		return false
	}
	d.edit(n).Stopping = CancelRequest{At: d.now, Reason: because(req.Reason, "the job was cancelled"), Force: req.Force}
	return true
}

// watch stops a job that was handed out, when it must end or is over its time.
func (d *decider) watch(n *node) {
	if d.toldToStop(n) {
		d.stop(n)
		if d.job(n).State == Queued {
			d.finish(n, Cancelled, d.job(n).Stopping.Reason)
			return
		}
	}
	if d.job(n).State == Running && d.overTime(d.job(n)) {
		d.giveUp(n)
	}
}

// stop tells n's runner what n.Stopping says.
func (d *decider) stop(n *node) {
	job := d.job(n)
	d.out.Stop = append(d.out.Stop, Stop{Job: job.ID, Reason: job.Stopping.Reason, Force: job.Stopping.Force})
}

// overTime reports whether a running job should have ended, counting the
// time its runner has to end it, and the grace. If not, it will be asked
// again when that time comes.
func (d *decider) overTime(job *Job) bool {
	if job.Started.IsZero() {
		return false
	}
	deadline := job.Started.Add(job.Timeout + job.CancelTimeout + grace)
	if told := &job.Stopping; told.Force {
		deadline = told.At.Add(grace)
	} else if told.Asked() {
		if end := told.At.Add(job.CancelTimeout + grace); end.Before(deadline) {
			deadline = end
		}
	}
	if d.now.Before(deadline) {
		d.wakeAt(deadline)
		return false
	}
	return true
}

// giveUp ends a job over its time whose runner neither keeps it nor answers:
// first it is told to end at once, then it counts as lost, or as cancelled
// when that is what it was asked to be.
func (d *decider) giveUp(n *node) {
	job := d.job(n)
	switch {
	case !job.Stopping.Force:
		reason := because(job.Stopping.Reason, fmt.Sprintf("it ran longer than its timeout of %s", job.Timeout))
		d.edit(n).Stopping = CancelRequest{At: d.now, Reason: reason, Force: true}
		d.stop(n)
		d.wakeAt(d.now.Add(grace))
	case d.conditions.cancelRequest(n).Asked():
		d.finish(n, Cancelled, job.Stopping.Reason)
	default:
		d.finish(n, Lost, job.Stopping.Reason+", and its runner does not answer")
	}
}
