package local

import (
	"time"

	"slipway/internal/jobproto"
)

// Reporter is told what happens in the runs, as it happens. Its methods are
// called concurrently for different jobs, in order for each job, and must keep
// nothing of the byte slices they are handed.
type Reporter interface {
	RunStarted(Run)
	JobStarted(Job, time.Time)
	StepStarted(Job, jobproto.StepRef, time.Time)
	Log(job Job, step int, lines []byte)
	Annotation(Job, jobproto.Annotation)
	Summary(job Job, step int, markdown []byte)
	StepFinished(Job, jobproto.StepRef, jobproto.StepResult)
	JobFinished(Job, JobResult)
	RunFinished(Run, RunResult)
	// Notice is a sentence for the user that belongs to no job.
	Notice(text string)
}

// Run names one run to a Reporter.
type Run struct {
	ID       string
	Workflow string // the workflow's display name
	Title    string // run-name, or what stands for it
	File     string
	Event    string
	Ref, SHA string
	Started  time.Time
}

// Job names one job of a run to a Reporter.
type Job struct {
	Run  *Run
	ID   string // unique in the run: "test/1", "call/build"
	Key  string // the workflow's job id: "test"
	Name string // display name: "test (1, a)"
	// Group says that it stands for the jobs of a called workflow, which have events of their own.
	Group bool
}

// JobResult is how a job ended. A job that never started (skipped, cancelled
// while queued) has a zero Started and the reason in words.
type JobResult struct {
	Conclusion jobproto.Conclusion
	Reason     string
	Outputs    map[string]string
	Started    time.Time
	Finished   time.Time
}

// RunResult is how a run ended.
type RunResult struct {
	Conclusion jobproto.Conclusion
	Reason     string
	Finished   time.Time
}
