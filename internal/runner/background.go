package runner

import (
	"context"
	"slices"
	"strings"

	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// maxBackground is how many background steps run at once; more wait their turn.
const maxBackground = 10

// background runs a job's background steps (BackgroundStepCoordinator.cs). Its
// methods but for started steps' own goroutines are called by the job's.
type background struct {
	job   *jobRun
	slots chan struct{}
	steps []*backgroundStep // in the order they were started
}

// backgroundStep is one that was started.
type backgroundStep struct {
	run       *stepRun
	name      string
	done      chan struct{}
	into      *frame // where its changes go when it is waited for
	merged    bool   // they have
	onPurpose bool   // a cancel step asked for its end
	end       context.CancelCauseFunc
}

func newBackground(j *jobRun) *background {
	return &background{job: j, slots: make(chan struct{}, maxBackground)}
}

// launch starts a step of into beside the others, shown inside the step
// parent. When its condition doesn't hold it has ended, as the conclusion says.
func (b *background) launch(s *step, into *frame, parent int) (*backgroundStep, jobproto.Conclusion) {
	f := into.forked()
	ctx, end := context.WithCancelCause(into.ctx)
	f.ctx = ctx
	r := f.newRun(s, jobproto.Main)
	r.background = true
	r.ref.Parent = parent
	b.job.stopper.enter(&r.gate)
	if !r.admitted() {
		b.job.stopper.leave(&r.gate)
		end(nil)
		into.steps.merge(f.steps, s.id())
		return nil, r.conclusion
	}
	started := &backgroundStep{run: r, name: r.ref.Name, done: make(chan struct{}), into: into, end: end}
	b.steps = append(b.steps, started)
	r.gate.setCancel(end)
	finish := func() {
		b.job.stopper.leave(&r.gate)
		end(nil)
		close(started.done)
	}
	select {
	case b.slots <- struct{}{}: // started here, so that the order is that of the workflow
		r.start(started.name)
		go func() { defer finish(); b.perform(r) }()
	default:
		go func() { defer finish(); b.await(ctx, started) }()
	}
	return started, ""
}

// perform runs a step that has a slot.
func (b *background) perform(r *stepRun) {
	defer func() { <-b.slots }()
	r.perform()
}

// await runs a step when there is a slot for it.
func (b *background) await(ctx context.Context, s *backgroundStep) {
	r := s.run
	select {
	case b.slots <- struct{}{}:
		r.start(s.name)
		b.perform(r)
	case <-ctx.Done():
		r.start(s.name)
		r.log.error("The operation was canceled.")
		r.finish(jobproto.Cancelled, jobproto.Cancelled)
	}
}

// wait waits for steps to end, takes over what they changed and returns the
// worst of their conclusions.
func (b *background) wait(steps []*backgroundStep) jobproto.Conclusion {
	result := jobproto.Success
	for _, s := range steps {
		<-s.done
	}
	for _, s := range steps {
		if !s.merged {
			s.merged = true
			s.into.env.merge(s.run.frame.env)
			s.into.steps.merge(s.run.frame.steps, s.run.step.id())
		}
		result = worst(result, s.run.conclusion)
	}
	return result
}

// named returns the started steps of these ids, the latest of each.
func (b *background) named(ids []string) []*backgroundStep {
	var out []*backgroundStep
	for _, id := range ids {
		for _, s := range slices.Backward(b.steps) {
			if strings.EqualFold(s.run.step.id(), id) {
				out = append(out, s)
				break
			}
		}
	}
	return out
}

// waiting returns the steps nobody has waited for yet.
func (b *background) waiting() []*backgroundStep {
	var out []*backgroundStep
	for _, s := range b.steps {
		if !s.merged {
			out = append(out, s)
		}
	}
	return out
}

// finish waits for what is still running before post steps start, and lets
// every background step's end count for the job; a step that was cancelled on
// purpose doesn't fail it.
func (b *background) finish() {
	b.wait(b.waiting())
	for _, s := range b.steps {
		if s.onPurpose && s.run.conclusion == jobproto.Cancelled || s.run.conclusion == jobproto.Skipped {
			continue
		}
		b.job.status.merge(s.run.conclusion)
	}
}

// addImplicitWait adds a step that waits for the background steps which no
// step of the workflow waits for or cancels (JobExtension.cs).
func (b *background) addImplicitWait() {
	uncovered := map[string]bool{}
	for _, s := range b.job.steps {
		if s.def.Background {
			uncovered[strings.ToLower(s.id())] = true
		}
	}
	for _, s := range b.job.steps {
		switch t := s.task.(type) {
		case waitAllTask:
			clear(uncovered)
		case waitTask:
			for _, id := range t.ids {
				delete(uncovered, strings.ToLower(id))
			}
		case cancelTask:
			delete(uncovered, strings.ToLower(t.id))
		}
	}
	if len(uncovered) == 0 {
		return
	}
	def := &workflow.Step{ID: "__implicit_wait_all", Name: workflow.NewString("Wait for all background steps"), WaitAll: true}
	b.job.steps = append(b.job.steps, newStep(def, nil))
}

// waitTask waits for some background steps.
type waitTask struct{ ids []string }

func (t waitTask) title(*stepRun) string { return "Wait" }

func (t waitTask) run(_ context.Context, r *stepRun) error {
	steps := r.job.background.named(t.ids)
	r.log.print("Waiting for background step(s) to complete: " + names(steps))
	r.log.flush()
	result := r.job.background.wait(steps)
	report(r.log, "Finished waiting for background step(s).", steps)
	return endedAs(result)
}

// waitAllTask waits for all background steps nobody has waited for.
type waitAllTask struct{}

func (waitAllTask) title(*stepRun) string { return "Wait for all" }

func (waitAllTask) run(_ context.Context, r *stepRun) error {
	steps := r.job.background.waiting()
	if len(steps) == 0 {
		r.log.print("No background steps remaining to wait for.")
	} else {
		r.log.print("Waiting for all background step(s) to complete: " + names(steps))
	}
	r.log.flush()
	result := r.job.background.wait(steps)
	report(r.log, "Finished waiting for all background step(s).", steps)
	return endedAs(result)
}

// cancelTask cancels a background step.
type cancelTask struct{ id string }

func (t cancelTask) title(*stepRun) string { return "Cancel" }

func (t cancelTask) run(_ context.Context, r *stepRun) error {
	steps := r.job.background.named([]string{t.id})
	r.log.print("Cancelling background step(s): " + names(steps))
	r.log.flush()
	for _, s := range steps {
		s.onPurpose = true
		s.end(errCancelled)
	}
	r.job.background.wait(steps)
	report(r.log, "Finished cancelling background step(s).", steps)
	return nil
}

// parallelTask runs a group of steps beside each other and waits for them.
type parallelTask struct{ steps []*step }

func (t *parallelTask) title(*stepRun) string { return "Parallel group" }

func (t *parallelTask) run(_ context.Context, r *stepRun) error {
	r.log.flush()
	var started []*backgroundStep
	for _, s := range t.steps {
		b, conclusion := r.job.background.launch(s, r.frame, r.ref.Number)
		if b != nil {
			started = append(started, b)
		} else if conclusion == jobproto.Failure {
			r.does.fail()
		}
	}
	result := r.job.background.wait(started)
	if len(started) == 0 && !r.does.hasFailed() {
		result = jobproto.Skipped
	}
	return endedAs(result)
}

// names lists steps for the log.
func names(steps []*backgroundStep) string {
	if len(steps) == 0 {
		return "(none)"
	}
	out := make([]string, len(steps))
	for i, s := range steps {
		out[i] = s.name
	}
	return strings.Join(out, ", ")
}

// report says how steps ended.
func report(log *stepLog, summary string, steps []*backgroundStep) {
	log.print(summary)
	for _, s := range steps {
		log.print("  " + s.name + ": " + string(s.run.conclusion))
	}
}
