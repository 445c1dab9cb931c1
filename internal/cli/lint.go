package cli

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"slipway/internal/fault"
	"slipway/internal/lint"
	"slipway/internal/lint/report"
	"slipway/internal/workflow"
)

// lintFlags are what the command line of `slipway lint` says.
type lintFlags struct {
	json         bool
	format       string
	strict       bool
	called       []string // REF=FILE
	policy       string
	limits       []string // NAME=N
	experimental []string
}

func newLintCommand(s Streams) *cobra.Command {
	var f lintFlags
	cmd := &cobra.Command{
		Use:   "lint [FILE | DIR]...",
		Short: "Check workflow files as GitHub does, and for mistakes it doesn't see",
		Long: `Check workflow files. Errors are GitHub's own: for each of them GitHub
refuses to run the file, with the same message. Warnings are mistakes that
would only show while the workflow runs, or never.

Without arguments all workflows of the repository you stand in are checked. A
DIR stands for the workflows in it, or in its .github/workflows. A FILE called
action.yml or action.yaml is checked as an action.

A comment "# lint-ignore: RULE" at the end of a line, or alone on the line
above, allows what the rule warns of there.

Exit status: 0 without errors, 1 with errors, 2 for bad usage or a file that
can't be read.`,
		Example: `  slipway lint
  slipway lint --strict .github/workflows/ci.yml
  slipway lint --format sarif > lint.sarif
  slipway lint --called octo-org/shared/.github/workflows/build.yml@v1=../shared/build.yml`,
		RunE: func(_ *cobra.Command, args []string) error { return runLint(s, f, args) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"yml", "yaml"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.json, "json", false, "print one JSON object; the same as --format json")
	flags.StringVar(&f.format, "format", "text", "how to print: "+strings.Join(report.Formats(), ", "))
	flags.BoolVar(&f.strict, "strict", false, "count warnings as errors")
	flags.StringArrayVar(&f.called, "called", nil, "read the reusable workflow REF from FILE (`REF=FILE`, repeatable); other remote ones are not checked")
	flags.StringVar(&f.policy, "permissions-policy", workflow.PolicyWrite, "what a token may do where no file says: "+strings.Join(permissionPolicies(), ", "))
	flags.StringArrayVar(&f.limits, "limit", nil, "set a limit of GitHub's (`NAME=N`, repeatable): max-depth, max-file-size, max-result-size, max-job-limit, max-nested-reusable-workflows-depth")
	flags.StringArrayVar(&f.experimental, "experimental", nil, "turn on an experimental `FEATURE` of GitHub's (repeatable)")
	complete(cmd, "format", report.Formats())
	complete(cmd, "permissions-policy", permissionPolicies())
	return cmd
}

func permissionPolicies() []string {
	return []string{workflow.PolicyLimitedRead, "LimitedWrite", workflow.PolicyWrite}
}

func runLint(s Streams, f lintFlags, args []string) error {
	print, err := f.writer(s.Out)
	if err != nil {
		return err
	}
	options, err := f.readOptions()
	if err != nil {
		return err
	}
	called, err := f.calledFiles()
	if err != nil {
		return err
	}
	files, err := filesToLint(args)
	if err != nil {
		return err
	}
	linters := repositoryLinters{options: options, called: called, byRoot: map[string]*lint.Linter{}}
	var results []lint.Result
	failed := false
	for _, file := range files {
		data, err := os.ReadFile(filepath.FromSlash(file))
		if err != nil {
			return fault.New(fault.Usage, "can't read the file to check: %w", err)
		}
		r := linters.of(file).File(file, data)
		if f.strict {
			r = r.Strict()
		}
		failed = failed || len(r.Errors) > 0
		results = append(results, r)
	}
	if err := print(s.Out, results); err != nil {
		return err
	}
	if failed {
		return exit{ExitFailed}
	}
	return nil
}

// writer returns what prints the results.
func (f lintFlags) writer(out io.Writer) (report.Writer, error) {
	format := f.format
	if f.json {
		if format != "text" && format != "json" {
			return nil, fault.New(fault.Usage, "--json and --format %s can't both be; leave one out", format)
		}
		format = "json"
	}
	file, ok := out.(*os.File)
	colour := ok && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(file.Fd()))
	print := report.ForFormat(format, colour)
	if print == nil {
		return nil, fault.New(fault.Usage, "unknown --format '%s': there are %s", format, strings.Join(report.Formats(), ", "))
	}
	return print, nil
}

// readOptions are the flags about how GitHub's check is done.
func (f lintFlags) readOptions() (workflow.Options, error) {
	o := workflow.Options{PermissionsPolicy: f.policy, Experimental: f.experimental}
	known := false
	for _, policy := range permissionPolicies() {
		known = known || policy == f.policy
	}
	if !known {
		return o, fault.New(fault.Usage, "unknown --permissions-policy '%s': there are %s", f.policy, strings.Join(permissionPolicies(), ", "))
	}
	for _, limit := range f.limits {
		name, value, _ := strings.Cut(limit, "=")
		n, err := strconv.Atoi(value)
		if err != nil {
			return o, fault.New(fault.Usage, "--limit %s: expected NAME=N, as in max-depth=20", limit)
		}
		if err := o.Limits.Set(name, n); err != nil {
			return o, fault.New(fault.Usage, "--limit %s: %w", limit, err)
		}
	}
	return o, nil
}

// calledFiles maps the references given by --called to files.
func (f lintFlags) calledFiles() (map[string]string, error) {
	files := map[string]string{}
	for _, pair := range f.called {
		ref, file, ok := strings.Cut(pair, "=")
		if !ok || ref == "" || file == "" {
			return nil, fault.New(fault.Usage, "--called %s: expected REF=FILE, as in octo-org/shared/.github/workflows/build.yml@v1=build.yml", pair)
		}
		files[ref] = file
	}
	return files, nil
}
