package runner

import (
	"sync"
	"time"

	"slipway/internal/jobproto"
	"slipway/internal/runner/mask"
)

// reporter passes what happens to the job's Sink. Nothing reaches the Sink
// but through it, and nothing goes through it unmasked. It is safe for
// concurrent use.
type reporter struct {
	sink  jobproto.Sink
	masks *mask.Masker
	now   func() time.Time

	mu   sync.Mutex
	last int // the highest step number given out
}

// number gives out the next step number.
func (r *reporter) number() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	return r.last
}

func (r *reporter) started(ref *jobproto.StepRef) {
	ref.Name = r.masks.String(ref.Name)
	r.sink.StepStarted(*ref, r.now())
}

func (r *reporter) finished(ref jobproto.StepRef, result jobproto.StepResult) {
	result.Message = r.masks.String(result.Message)
	result.Finished = r.now()
	r.sink.StepFinished(ref, result)
}

func (r *reporter) summary(step int, markdown []byte) {
	r.sink.Summary(step, r.masks.Lines(nil, markdown))
}

// Limits of annotations (actions/runner ExecutionContext.cs).
const (
	maxAnnotations       = 10   // of one level in one step
	maxAnnotationMessage = 4096 // characters
)

// annotations counts what one step has annotated; a composite action's steps
// share the count of the step they are inside of.
type annotations struct {
	mu    sync.Mutex
	count [3]int // notices, warnings, errors
}

// take reports whether one more annotation of a level is within the limit.
func (c *annotations) take(level jobproto.Level) bool {
	at := 0
	switch level {
	case jobproto.Warning:
		at = 1
	case jobproto.Error:
		at = 2
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count[at]++
	return c.count[at] <= maxAnnotations
}

// annotate reports an annotation of a step, masked and cut, if count allows.
func (r *reporter) annotate(a jobproto.Annotation, count *annotations) {
	if !count.take(a.Level) {
		return
	}
	a.Message = cut(r.masks.String(a.Message), maxAnnotationMessage)
	a.Title = r.masks.String(a.Title)
	a.File = r.masks.String(a.File)
	r.sink.Annotation(a)
}

// cut shortens s to at most n characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
