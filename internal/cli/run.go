package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"slipway/internal/cli/render"

	"slipway/internal/fault"
	"slipway/internal/gitrepo"
	"slipway/internal/jobproto"
	"slipway/internal/lint"
	"slipway/internal/lint/report"
	"slipway/internal/local"
)

// runFlags are the flags of `slipway run` as they were typed.
type runFlags struct {
	dir         string
	paths       []string
	job         string
	event       string
	eventFile   string
	ref         string
	inputs      []string
	secrets     []string
	secretFiles []string
	vars        []string
	env         []string
	matrix      []string
	on          []string
	strict      bool
	actions     []string
	builtin     string
	offline     bool
	workspace   string
	artifacts   string
	parallel    int
	keep        bool
	dryRun      bool
	json        bool
	verbose     bool
	debug       bool
	ghToken     bool
}

const runLong = `Run the workflows of the repository you stand in, on this machine.

Without arguments: the workflows that a push of HEAD would start. Every job
starts in an empty workspace of its own, as on GitHub; actions/checkout of this
repository gives your working tree, uncommitted edits included.

Exit codes: 0 passed, 1 failed, 2 bad usage or invalid workflow, 130 cancelled.
Flags win over .slipway/run.yaml in the repository, and that over
slipway/run.yaml in your configuration folder.`

const runExamples = `  slipway run                                   what a push of HEAD would start
  slipway run -j test --matrix python:3.12      one job, one leg, and what they need
  slipway run -W ci.yml -e workflow_dispatch --input level=debug
  slipway run --secret TOKEN --secret-file .env secrets from the environment and a file
  slipway run --actions 'file:///srv/actions/{owner}/{repo}.git'
  slipway run --dry-run                         draw the graph, run nothing
  slipway run --json | jq .                     one object a line, for programs`

func newRunCommand(s Streams) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:     "run",
		Short:   "Run this repository's workflows here and now",
		Long:    runLong,
		Example: runExamples,
		Args:    noArguments("To run one workflow file use -W FILE; to run one job use -j JOB."),
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), s, f) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.dir, "directory", "C", ".", "run as if started in `DIR`")
	flags.StringArrayVarP(&f.paths, "workflow", "W", nil, "workflow `FILE` or folder of them (repeatable; default .github/workflows)")
	flags.StringVarP(&f.job, "job", "j", "", "run only `JOB` and what it needs")
	flags.StringVarP(&f.event, "event", "e", "", "the `EVENT` that starts it (default push)")
	flags.StringVar(&f.eventFile, "event-file", "", "the event's payload, a JSON `FILE`")
	flags.StringVar(&f.ref, "ref", "", "check out this `COMMIT`, branch or tag instead of the working tree")
	flags.StringArrayVar(&f.inputs, "input", nil, "workflow_dispatch input `KEY=VALUE` (repeatable)")
	flags.StringArrayVar(&f.secrets, "secret", nil, "secret `KEY[=VALUE]`; without a value it comes from the environment (repeatable)")
	flags.StringArrayVar(&f.secretFiles, "secret-file", nil, "`FILE` of KEY=VALUE lines (repeatable)")
	flags.BoolVar(&f.ghToken, "gh-token", false, "let GITHUB_TOKEN be what `gh auth token` prints")
	flags.StringArrayVar(&f.vars, "var", nil, "variable `KEY=VALUE` of the vars context (repeatable)")
	flags.StringArrayVar(&f.env, "env", nil, "environment variable `KEY=VALUE` of every job (repeatable)")
	flags.StringArrayVar(&f.matrix, "matrix", nil, "run only the matrix legs where `KEY:VALUE` holds (repeatable)")
	flags.StringArrayVar(&f.on, "on", nil, "run jobs with this runner label in this executor, `LABEL=EXECUTOR` (host, sandbox; repeatable)")
	flags.BoolVar(&f.strict, "strict-runners", false, "fail jobs for systems that are not here instead of skipping them")
	flags.StringArrayVar(&f.actions, "actions", nil, "action mirror, a URL `TEMPLATE` with {owner}, {repo}, {ref} (repeatable)")
	flags.StringVar(&f.builtin, "builtin", "", "built-in actions: `MODE` fallback, always or never (default fallback)")
	flags.BoolVar(&f.offline, "offline", false, "fetch nothing: actions come from the cache and file:// mirrors")
	flags.StringVar(&f.workspace, "workspace", "", "what a job's workspace holds at the start: `empty|tree` (default empty)")
	flags.StringVar(&f.artifacts, "artifacts", "", "keep uploaded artifacts under `DIR`")
	flags.IntVar(&f.parallel, "parallel", 0, "at most `N` jobs at once (default: one a processor)")
	flags.BoolVar(&f.keep, "keep", false, "leave the jobs' folders and say where they are")
	flags.BoolVar(&f.dryRun, "dry-run", false, "draw the graph and run nothing")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line (see docs/events.md)")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "print every log line, in a terminal too")
	flags.BoolVar(&f.debug, "debug", false, "debug logging: ACTIONS_STEP_DEBUG and ACTIONS_RUNNER_DEBUG")
	for name, values := range map[string][]string{
		"workspace": {"empty", "tree"}, "builtin": {"fallback", "always", "never"},
		"event": {"push", "pull_request", "workflow_dispatch", "schedule", "repository_dispatch", "release", "workflow_run"},
		"on":    {"ubuntu-latest=host", "windows-latest=host", "macos-latest=host", "self-hosted=host", "ubuntu-latest=sandbox"},
	} {
		complete(cmd, name, values)
	}
	return cmd
}

// noArguments refuses positional arguments with a hint.
func noArguments(hint string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return fault.New(fault.Usage, "unexpected argument %q. %s\nSee '%s --help'.", args[0], hint, cmd.CommandPath())
	}
}

// run is `slipway run`.
func run(ctx context.Context, s Streams, f runFlags) error {
	repo, err := gitrepo.Open(f.dir)
	if err != nil {
		return err
	}
	o, err := f.options(ctx, repo.Root())
	if err != nil {
		return err
	}
	plan, err := local.Prepare(ctx, o)
	if err != nil {
		return explainInvalid(s, err)
	}
	if f.dryRun {
		return plan.Graph(s.Out)
	}
	reporter, finish := f.reporter(s, len(plan.Runs) > 1)
	announce(plan, reporter)
	stop, release := interrupts(ctx)
	conclusion, err := plan.Run(ctx, stop, reporter)
	release()
	finish()
	switch {
	case err != nil:
		return err
	case conclusion == jobproto.Cancelled:
		return exit{ExitCancelled}
	case conclusion == jobproto.Failure:
		return exit{ExitFailed}
	}
	return nil
}

// announce says what the plan leaves out, and why.
func announce(plan *local.Plan, reporter local.Reporter) {
	for _, text := range plan.Notices {
		reporter.Notice(text)
	}
	if len(plan.Runs) > 0 {
		return
	}
	reporter.Notice("nothing to run:")
	for _, p := range plan.PassedOver {
		reporter.Notice(fmt.Sprintf("  %s: %s", p.File, p.Reason))
	}
}

// reporter picks how to show the runs: JSON lines, a live tree in a terminal,
// plain lines elsewhere. finish must be called when they have ended.
func (f runFlags) reporter(s Streams, many bool) (r local.Reporter, finish func()) {
	file, isFile := s.Out.(*os.File)
	terminal := isFile && term.IsTerminal(int(file.Fd()))
	style := render.Style{Colour: colourful(s.Out)}
	switch {
	case f.json:
		return render.NewJSON(s.Out), func() {}
	case terminal && !f.verbose && os.Getenv("TERM") != "dumb":
		tree := render.NewTree(s.Out, style, func() (int, int) {
			width, height, err := term.GetSize(int(file.Fd()))
			if err != nil {
				return 80, 24
			}
			return width, height
		})
		return tree, tree.Close
	}
	return render.NewPlain(s.Out, style, many), func() {}
}

// interrupts passes SIGINT, SIGTERM and SIGHUP on as wishes to stop, until release.
func interrupts(ctx context.Context) (stop <-chan struct{}, release func()) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	wishes, done := make(chan struct{}), make(chan struct{})
	go func() {
		for {
			select {
			case <-signals:
			case <-done:
				return
			}
			select {
			case wishes <- struct{}{}:
			case <-done:
				return
			}
		}
	}()
	return wishes, func() { signal.Stop(signals); close(done) }
}

// explainInvalid prints what is wrong with workflow files as `slipway lint` does.
func explainInvalid(s Streams, err error) error {
	invalid, ok := errors.AsType[*local.InvalidError](err)
	if !ok {
		return err
	}
	var results []lint.Result
	for _, f := range invalid.Files {
		result := lint.Result{File: f.Name, Data: f.Data}
		for _, e := range f.Errors {
			result.Errors = append(result.Errors, lint.Finding{
				File: e.Where(), Line: e.Line, Column: e.Column, Message: e.Message, Caller: e.Caller,
			})
		}
		results = append(results, result)
	}
	if err := report.ForFormat("text", colourful(s.Err))(s.Err, results); err != nil {
		return err
	}
	return exit{ExitUsage}
}

// colourful reports whether out is a terminal that wants colours.
func colourful(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
