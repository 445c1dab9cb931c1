// Package cli is the command line: it reads flags and files, calls the rooms
// and prints what they answer. It is the only package that knows exit codes.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"slipway/internal/fault"
)

// Exit codes of every command.
const (
	ExitPassed    = 0
	ExitFailed    = 1
	ExitUsage     = 2 // bad usage or an invalid workflow
	ExitCancelled = 130
)

// Streams are the process's input and outputs.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// exit is an error that carries the exit code of a command that has already
// said everything it had to say.
type exit struct{ code int }

func (e exit) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// Main runs the command line args (without the program's name) and returns
// the exit code.
func Main(ctx context.Context, args []string, s Streams) int {
	root := newRootCommand(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitPassed
	}
	if e, ok := errors.AsType[exit](err); ok {
		return e.code
	}
	fmt.Fprintf(s.Err, "slipway: %s\n", err)
	switch fault.CodeOf(err) {
	case fault.Cancelled:
		return ExitCancelled
	case fault.Usage, fault.Invalid:
		return ExitUsage
	}
	return ExitFailed
}

func newRootCommand(s Streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "slipway",
		Short:         "Run the workflows your team already has, here and now",
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fault.New(fault.Usage, "%w\nSee '%s --help'.", err, cmd.CommandPath())
	})
	root.AddCommand(newEvalCommand(s))
	root.AddCommand(newRunCommand(s))
	root.AddCommand(newLintCommand(s))
	root.AddCommand(newDoctorCommand(s))
	return root
}

// complete lets the shell complete a flag's value with these words.
func complete(cmd *cobra.Command, flag string, values []string) {
	// It fails only for a flag that doesn't exist.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// version is the module's version and the commit it was built from, as far as the build recorded them.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 && !strings.Contains(text, s.Value[:12]) {
			text += " " + s.Value[:12]
		}
	}
	return text + " " + info.GoVersion
}

// StandardStreams are the streams of this process.
func StandardStreams() Streams { return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr} }
