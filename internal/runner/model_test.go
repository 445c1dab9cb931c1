package runner_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"slipway/internal/action"
	"slipway/internal/executor"
	"slipway/internal/jobproto"
	"slipway/internal/runner"
	"slipway/internal/workflow"
)

// pretendPlace runs no programs: a script is a number, the exit code.
type pretendPlace struct{ executor.Place }

func (p pretendPlace) Start(_ context.Context, c executor.Command) (executor.Process, error) {
	script, err := os.ReadFile(c.Args[len(c.Args)-1])
	if err != nil {
		return nil, err
	}
	var code int
	_, err = fmt.Sscan(string(script), &code)
	return pretendProcess(code), err
}

func (pretendPlace) Processes() int { return 0 }

type pretendProcess int

func (p pretendProcess) Wait() (executor.Status, error) { return executor.Status{Code: int(p)}, nil }
func (pretendProcess) Signal(syscall.Signal) error      { return nil }

// madeActions are composite actions made of steps.
type madeActions map[string][]*workflow.Step

func (m madeActions) Resolve(_ context.Context, use action.Use, _ io.Writer) (*action.Action, error) {
	return &action.Action{Ref: use.Ref, Manifest: &action.Manifest{Runs: action.Runs{Using: "composite", Steps: m[use.Ref]}}}, nil
}

// drawn is a random step and what it stands for.
type drawn struct {
	def       *workflow.Step
	condition string
	fails     bool
	soft      bool
	inside    []drawn // of a composite action
}

func drawSteps(t *rapid.T, actions madeActions, depth int) []drawn {
	steps := make([]drawn, rapid.IntRange(1, 5).Draw(t, "steps"))
	for i := range steps {
		s := &steps[i]
		s.def = &workflow.Step{ID: fmt.Sprintf("__step%d_%d", depth, i), Name: workflow.NewString(fmt.Sprintf("%d-%d", depth, i))}
		s.condition = rapid.SampledFrom([]string{"", "", "success()", "failure()", "always()", "cancelled()", "true", "false"}).Draw(t, "if")
		if s.condition != "" {
			token, err := workflow.NewExpression(s.condition)
			if err != nil {
				t.Fatal(err)
			}
			s.def.If = token
		}
		if s.soft = rapid.Bool().Draw(t, "continue-on-error"); s.soft {
			token, err := workflow.NewExpression("true")
			if err != nil {
				t.Fatal(err)
			}
			s.def.ContinueOnError = token
		}
		if depth < 3 && rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
			s.inside = drawSteps(t, actions, depth+1)
			ref := fmt.Sprintf("octo/made%d@v1", len(actions))
			for _, in := range s.inside {
				actions[ref] = append(actions[ref], in.def)
			}
			s.def.Uses = workflow.NewString(ref)
			continue
		}
		s.fails = rapid.Bool().Draw(t, "fails")
		s.def.Shell = workflow.NewString("sh")
		s.def.Run = workflow.NewString("0")
		if s.fails {
			s.def.Run = workflow.NewString("1")
		}
	}
	return steps
}

// expect is what GitHub's documentation says of the steps, and their worst
// conclusion. job is the status of the job, which cancelled() asks.
func expect(steps []drawn, depth int, out *strings.Builder) jobproto.Conclusion {
	status := jobproto.Success
	for _, s := range steps {
		holds := false
		switch s.condition {
		case "", "success()", "true":
			holds = status == jobproto.Success
		case "failure()":
			holds = status == jobproto.Failure
		case "always()":
			holds = true
		}
		name := strings.Repeat("  ", depth) + s.def.Name.Str()
		if !holds {
			fmt.Fprintf(out, "%s: skipped\n", name)
			continue
		}
		outcome := jobproto.Success
		var inside strings.Builder
		if s.fails {
			outcome = jobproto.Failure
		} else if s.inside != nil {
			outcome = expect(s.inside, depth+1, &inside)
		}
		if outcome == jobproto.Failure && s.soft {
			fmt.Fprintf(out, "%s: success (failure)\n%s", name, inside.String())
			continue
		}
		fmt.Fprintf(out, "%s: %s\n%s", name, outcome, inside.String())
		if outcome == jobproto.Failure {
			status = jobproto.Failure
		}
	}
	return status
}

// TestStepsModel runs random lists of steps, composite actions among them, and
// compares which ran and how each ended with what GitHub's rules say.
func TestStepsModel(t *testing.T) {
	place := newPlace(t)
	rapid.Check(t, func(rt *rapid.T) {
		actions := madeActions{}
		steps := drawSteps(rt, actions, 0)
		sink := newRecorder()
		job := &jobproto.Job{Key: "build"}
		for _, s := range steps {
			job.Steps = append(job.Steps, s.def)
		}
		if err := os.RemoveAll(place.Dirs().Host.Home + "/files"); err != nil {
			rt.Fatal(err)
		}
		result := runner.Run(context.Background(), job, runner.Deps{Place: pretendPlace{place}, Actions: actions, Sink: sink})
		var want strings.Builder
		conclusion := expect(steps, 0, &want)
		got := strings.TrimPrefix(sink.outline(), "Set up job: success\n")
		if result.Conclusion != conclusion || got != want.String() {
			rt.Fatalf("the job ended as %s, want %s\n got %s\nwant %s", result.Conclusion, conclusion, got, want.String())
		}
	})
}
