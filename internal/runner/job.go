package runner

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"slipway/internal/jobproto"
	"slipway/internal/runner/mask"
	"slipway/internal/runner/matcher"
	"slipway/internal/workflow"
)

// GitHub's limits for a job that sets none.
const (
	defaultTimeout       = 360 * time.Minute
	defaultCancelTimeout = 5 * time.Minute
)

// jobRun is one job on its way: what all its steps share.
type jobRun struct {
	job  *jobproto.Job
	deps Deps
	dirs paths

	ctx     context.Context // ends when nothing more may run
	endNow  context.CancelCauseFunc
	stopper *stopper
	ended   chan struct{} // closed when Run is done

	report   *reporter
	status   *status
	matchers matcher.Registry
	contexts *contexts
	defaults workflow.Defaults
	shells   *shellFinder
	nodes    *nodeFinder

	top        *frame
	pre, steps []*step
	background *background
	scratch    *scratch
	ready      bool         // set up
	resolved   atomic.Int64 // actions so far
	processes  *processes

	mu    sync.Mutex
	posts []*step // in the order registered; they run last in, first out
}

func newJob(ctx context.Context, job *jobproto.Job, d Deps) *jobRun {
	d.Waits = d.Waits.withDefaults()
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	j := &jobRun{job: job, deps: d, dirs: paths(d.Place.Dirs()), status: newStatus(), ended: make(chan struct{})}
	j.ctx, j.endNow = context.WithCancelCause(ctx)
	j.processes = &processes{place: d.Place, waits: d.Waits, ended: j.ctx, log: d.Log}
	j.shells = newShellFinder(j.dirs.same())
	j.nodes = newNodeFinder(j)
	j.report = &reporter{sink: d.Sink, masks: &mask.Masker{}, now: d.Now}
	j.scratch = newScratch(j.dirs.Host.Home, j.dirs.Inner.Home)
	j.registerMasks()

	placeEnv := d.Place.Env()
	j.contexts = newContexts(j)
	j.top = newTopFrame(j, newOutside(placeEnv, j.contexts.variables()))
	j.background = newBackground(j)
	j.steps = newSteps(job.Steps, nil)
	j.stopper = newStopper(j)
	go j.stopper.watch()
	return j
}

// close ends what the job keeps in this process. What runs in the place is the place's.
func (j *jobRun) close() {
	close(j.ended)
	j.endNow(errEnded)
	j.processes.close()
}

// registerMasks hides every secret, the job's tokens, and GITHUB_TOKEN also as
// git sends it (ExecutionContext.cs, InitializeJob).
func (j *jobRun) registerMasks() {
	masks := j.report.masks
	if secrets := j.job.Contexts.Secrets.Object(); secrets != nil {
		for _, value := range secrets.All() {
			masks.AddSecret(value.Text())
		}
	}
	for _, value := range j.job.Masks {
		masks.AddSecret(value)
	}
	for name, value := range j.deps.Env {
		if strings.HasSuffix(name, "_TOKEN") {
			masks.AddSecret(value)
		}
	}
	if token := j.job.Contexts.Github.Field("token").Text(); token != "" {
		masks.AddSecret(token)
		masks.Add(base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token)))
	}
}

// runAll runs steps one after the other in the job's own frame.
func (j *jobRun) runAll(steps []*step, phase jobproto.Phase) {
	for _, s := range steps {
		if j.ctx.Err() != nil {
			return
		}
		if phase == jobproto.Main && s.def.Background {
			if b, c := j.background.launch(s, j.top, 0); b == nil {
				j.note(c)
			}
			continue
		}
		j.note(j.top.newRun(s, phase).execute())
	}
}

// note lets the end of a step count for the job: only a failure does.
func (j *jobRun) note(c jobproto.Conclusion) {
	if c == jobproto.Failure {
		j.status.merge(c)
	}
}

// addPost registers a step's post phase.
func (j *jobRun) addPost(s *step) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.posts = append(j.posts, s)
}

// takePosts returns the registered post steps, the last one first.
func (j *jobRun) takePosts() []*step {
	j.mu.Lock()
	defer j.mu.Unlock()
	return lastFirst(j.posts)
}

// lastFirst returns the steps whose post phase has something to do, reversed.
func lastFirst(posts []*step) []*step {
	var out []*step
	for i := len(posts) - 1; i >= 0; i-- {
		if posts[i].hasPost() {
			out = append(out, posts[i])
		}
	}
	return out
}

// eventFile is where the event payload lies, relative to Layout.Home.
const eventFile = "event.json"

// writeEvent writes the event payload for GITHUB_EVENT_PATH.
func (j *jobRun) writeEvent() error {
	payload := j.job.Event
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	file := scratchFile{name: eventFile}
	if err := j.scratch.make(file); err != nil {
		return fmt.Errorf("make the file of the event: %w", err)
	}
	return j.scratch.write(file, string(payload))
}
