package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/internal/expr"
	"slipway/internal/jobproto"
	"slipway/internal/runner"
	"slipway/internal/workflow"
)

// recorder is a Sink that keeps everything.
type recorder struct {
	mu          sync.Mutex
	steps       []*recorded // in the order started
	byNumber    map[int]*recorded
	annotations []jobproto.Annotation
	broken      []string // what a Sink is never to see

	onLog func(step string, lines string) // called without the lock
}

type recorded struct {
	ref     jobproto.StepRef
	log     strings.Builder
	summary string
	result  *jobproto.StepResult
}

func newRecorder() *recorder { return &recorder{byNumber: map[int]*recorded{}} }

func (r *recorder) StepStarted(ref jobproto.StepRef, _ time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byNumber[ref.Number] != nil {
		r.broken = append(r.broken, fmt.Sprintf("step %d started twice", ref.Number))
	}
	s := &recorded{ref: ref}
	r.steps = append(r.steps, s)
	r.byNumber[ref.Number] = s
}

func (r *recorder) Log(step int, lines []byte) {
	r.mu.Lock()
	s := r.byNumber[step]
	name := ""
	switch {
	case s == nil:
		r.broken = append(r.broken, fmt.Sprintf("log of step %d, which has not started: %q", step, lines))
	case s.result != nil:
		r.broken = append(r.broken, fmt.Sprintf("log of %s, which has finished: %q", s.ref.Name, lines))
	case len(lines) == 0 || lines[len(lines)-1] != '\n':
		r.broken = append(r.broken, fmt.Sprintf("log of %s is not whole lines: %q", s.ref.Name, lines))
	default:
		s.log.Write(lines)
		name = s.ref.Name
	}
	r.mu.Unlock()
	if r.onLog != nil {
		r.onLog(name, string(lines))
	}
}

func (r *recorder) Annotation(a jobproto.Annotation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.annotations = append(r.annotations, a)
}

func (r *recorder) StepFinished(ref jobproto.StepRef, result jobproto.StepResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.byNumber[ref.Number]
	if s == nil || s.result != nil {
		r.broken = append(r.broken, fmt.Sprintf("step %d %q finished without being started, or twice", ref.Number, ref.Name))
		return
	}
	s.ref, s.result = ref, &result
}

func (r *recorder) Summary(step int, markdown []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byNumber[step].summary += string(markdown)
}

// step returns the recorded step of a name.
func (r *recorder) step(t testing.TB, name string) *recorded {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.steps {
		if s.ref.Name == name {
			return s
		}
	}
	t.Fatalf("no step %q in %s", name, r.outlineLocked())
	return nil
}

// outline is one line for each step: its depth, name and how it ended.
func (r *recorder) outline() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.outlineLocked()
}

func (r *recorder) outlineLocked() string {
	var out strings.Builder
	for _, s := range r.steps {
		for at := s.ref.Parent; at != 0; at = r.byNumber[at].ref.Parent {
			out.WriteString("  ")
		}
		out.WriteString(s.ref.Name + ": ")
		switch {
		case s.result == nil:
			out.WriteString("UNFINISHED")
		case s.result.Outcome != s.result.Conclusion:
			fmt.Fprintf(&out, "%s (%s)", s.result.Conclusion, s.result.Outcome)
		default:
			out.WriteString(string(s.result.Conclusion))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// logs is every step's log, one after the other.
func (r *recorder) logs() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out strings.Builder
	for _, s := range r.steps {
		out.WriteString(s.log.String())
	}
	return out.String()
}

// said is a step's log without the header that shows what runs.
func (s *recorded) said() string {
	_, after, found := strings.Cut(s.log.String(), "##[endgroup]\n")
	if !found {
		return s.log.String()
	}
	return after
}

// trial is one job to run in a test.
type trial struct {
	job  *jobproto.Job
	deps runner.Deps
	sink *recorder
	host string // the workspace

	control  chan runner.Cancel
	markFile string
}

// newTrial reads the first job of a workflow. yaml may be only `steps`, or
// only a job's keys.
func newTrial(t testing.TB, yaml string) *trial {
	t.Helper()
	yaml = strings.ReplaceAll(strings.Trim(yaml, "\n"), "\t", "  ")
	switch {
	case strings.Contains(yaml, "jobs:"):
	case strings.HasPrefix(yaml, "-"):
		yaml = "on: push\njobs:\n  build:\n    runs-on: x\n    steps:\n" + indent(yaml, "      ")
	default:
		yaml = "on: push\njobs:\n  build:\n    runs-on: x\n" + indent(yaml, "    ")
	}
	w, errs := workflow.Read(".github/workflows/test.yml", []byte(yaml), workflow.Options{Experimental: []string{"allowBackgroundSteps"}})
	if len(errs) > 0 {
		t.Fatalf("%v\n%s", errs, yaml)
	}
	j := w.Jobs[0]
	place := newPlace(t)
	tr := &trial{sink: newRecorder(), control: make(chan runner.Cancel, 1), host: place.Dirs().Host.Workspace}
	tr.job = &jobproto.Job{
		RunID: "1", JobID: "build", Key: j.ID, DisplayName: j.ID,
		Contexts: jobproto.Contexts{
			Github: expr.FromAny(map[string]any{
				"repository": "octo/repo", "repository_owner": "octo", "sha": "0123456789012345678901234567890123456789",
				"ref": "refs/heads/main", "ref_name": "main", "event_name": "push", "actor": "mona", "run_id": "1",
				"run_number": "1", "run_attempt": "1", "server_url": "https://slipway.localhost", "token": "",
			}),
			Secrets: expr.FromAny(map[string]any{}),
		},
		Event: json.RawMessage(`{"head_commit":{"message":"hello"}}`),
		Env:   []*workflow.Token{w.Env, j.Env}, Defaults: []*workflow.Token{w.Defaults, j.Defaults},
		Steps: j.Steps, Outputs: j.Outputs, Container: j.Container, Services: j.Services,
		Repository: "octo/repo", Ref: "refs/heads/main", SHA: "0123456789012345678901234567890123456789",
		Runner: jobproto.RunnerInfo{Name: "test", OS: "Linux", Arch: "X64", Environment: "self-hosted"},
	}
	tr.deps = runner.Deps{
		Place: place, Sink: tr.sink, Control: tr.control,
		Waits: runner.Waits{Interrupt: 2 * time.Second, Terminate: 2 * time.Second, Streams: time.Second, Minute: 100 * time.Millisecond},
	}
	return tr
}

func indent(s, by string) string {
	return by + strings.ReplaceAll(s, "\n", "\n"+by) + "\n"
}

// run runs the job and checks what holds for every job.
func (tr *trial) run(t testing.TB) jobproto.Result {
	t.Helper()
	return tr.runIn(t, context.Background())
}

func (tr *trial) runIn(t testing.TB, ctx context.Context) jobproto.Result {
	t.Helper()
	result := runner.Run(ctx, tr.job, tr.deps)
	for _, problem := range tr.sink.broken {
		t.Error(problem)
	}
	for _, s := range tr.sink.steps {
		if s.result == nil {
			t.Errorf("step %q was not finished", s.ref.Name)
		}
	}
	return result
}

// write puts a file into the workspace.
func (tr *trial) write(t testing.TB, name, content string) {
	t.Helper()
	file := filepath.Join(tr.host, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

func wantConclusion(t testing.TB, tr *trial, got jobproto.Result, want jobproto.Conclusion) {
	t.Helper()
	if got.Conclusion != want {
		t.Errorf("the job ended as %s, want %s\n%s\n%s", got.Conclusion, want, tr.sink.outline(), tr.sink.logs())
	}
}

func wantEqual(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func wantContains(t testing.TB, what, got, part string) {
	t.Helper()
	if !strings.Contains(got, part) {
		t.Errorf("%s lacks %q:\n%s", what, part, got)
	}
}
