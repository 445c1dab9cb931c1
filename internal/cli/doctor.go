package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"slipway/internal/doctor"
)

func newDoctorCommand(s Streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what is here for jobs to run with, and what follows",
		Long: `Look at this machine: git, bash, the versions of Node.js, Python, Docker, how a
job's processes are known, namespaces, disk and tool cache; and say in words
what follows for workflows that run here.

Nothing is changed, and no question takes longer than a few seconds. The exit
code is 0 whatever was found.`,
		Args: noArguments("It looks at this machine; use --json for programs."),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dirs, err := defaultDirs()
			if err != nil {
				return err
			}
			facts := doctor.Examine(cmd.Context(), doctor.Options{
				Environ: os.Environ(), State: dirs.State, ToolCache: filepath.Join(dirs.Cache, "tools"),
			})
			if asJSON {
				return writeDiagnosis(s.Out, facts)
			}
			return printDiagnosis(s.Out, facts)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object: the facts, and advice as a list of {level, text}")
	return cmd
}

func writeDiagnosis(out io.Writer, facts doctor.Facts) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		doctor.Facts
		Advice []doctor.Advice `json:"advice"`
	}{facts, facts.Advice()})
}

// marks of advice in text.
var levelMarks = map[doctor.Level]string{doctor.Info: "-", doctor.Warning: "!", doctor.Problem: "✗"}

func printDiagnosis(out io.Writer, facts doctor.Facts) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range facts.Table() {
		fmt.Fprintf(table, "%s\t%s\n", row.Name, row.Text)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	var text strings.Builder
	text.WriteString("\nWhat follows\n")
	for _, advice := range facts.Advice() {
		fmt.Fprintf(&text, "  %s %s.\n", levelMarks[advice.Level], advice.Text)
	}
	_, err := io.WriteString(out, text.String())
	return err
}
