package runner

import (
	"context"
	"log/slog"
	"time"

	"slipway/internal/action"
	"slipway/internal/executor"
	"slipway/internal/jobproto"
)

// Deps is what a job needs besides its message. Place and Sink are required.
type Deps struct {
	Place executor.Place // the caller prepares and closes it
	// Containers says that Place was prepared with the job's container and
	// services (executor.Spec). Without it a job that has any fails.
	Containers bool
	Actions    action.Resolver // nil: a job that uses an action fails
	Sink       jobproto.Sink
	// Control asks the job to end softly: the running step's `if` is evaluated
	// again and, when it no longer holds, the step is stopped; steps whose
	// condition holds for a cancelled job still run. Closing it asks too.
	Control <-chan Cancel

	// Env goes to actions, on top of everything else: ACTIONS_RUNTIME_TOKEN
	// and the like. As on GitHub a `run` step sees of the ACTIONS_ variables
	// only those for OIDC tokens and the orchestration id.
	Env map[string]string
	// JobStarted and JobCompleted are scripts (.sh, .ps1, .js; inner paths)
	// that run before and after the steps: what ACTIONS_RUNNER_HOOK_JOB_STARTED
	// and _COMPLETED name on GitHub's runner. "" is none.
	JobStarted, JobCompleted string

	// Externals is a folder of Node.js runtimes (node20/bin/node, …), searched
	// before the tool cache and PATH; "" is none.
	Externals string
	// State is a folder where facts about this machine are remembered from job
	// to job (the version of a node binary); "" remembers nothing.
	State string

	Waits Waits
	Log   *slog.Logger     // nil: silent
	Now   func() time.Time // nil: time.Now
}

// Cancel asks a job to end softly.
type Cancel struct {
	Reason string // in words, for the job's log; may be ""
}

// Waits are the times GitHub's runner waits. A zero field has GitHub's value.
type Waits struct {
	Interrupt time.Duration // from SIGINT to SIGTERM: 7.5 s
	Terminate time.Duration // from SIGTERM to SIGKILL: 2.5 s
	Streams   time.Duration // for output after a command has ended and left others holding its pipe: 5 s
	Minute    time.Duration // the unit of a step's timeout-minutes: 1 min
}

func (w Waits) withDefaults() Waits {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&w.Interrupt, 7500*time.Millisecond)
	set(&w.Terminate, 2500*time.Millisecond)
	set(&w.Streams, 5*time.Second)
	set(&w.Minute, time.Minute)
	return w
}

// Run runs one job in its place and returns how it ended. It returns when the
// job's steps, post steps and outputs are done; processes that steps left
// behind are the place's to end. Canceling ctx ends everything now: the
// running command is killed and nothing more is started.
func Run(ctx context.Context, job *jobproto.Job, d Deps) jobproto.Result {
	j := newJob(ctx, job, d)
	defer j.close()

	if j.setUp() {
		j.runAll(j.pre, jobproto.Pre)
		j.runAll(j.steps, jobproto.Main)
		j.background.finish()
		j.runAll(j.takePosts(), jobproto.Post)
	}
	return j.complete()
}
