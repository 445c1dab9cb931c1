package report

import (
	"fmt"
	"io"
	"strings"

	"slipway/internal/lint"
)

// What the runner turns back when it reads a workflow command: percent signs
// and line ends in the message, colons and commas too in a property
// (actions/runner ActionCommand.cs).
var (
	commandMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// writeGitHub prints one workflow command a finding; in a job on GitHub they
// become annotations of the files.
func writeGitHub(w io.Writer, results []lint.Result) error {
	for _, r := range results {
		err := each(r, func(s severity, f lint.Finding) error {
			_, err := fmt.Fprintf(w, "::%s %s::%s\n", s, commandProperties(f), commandMessage.Replace(f.Message))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func commandProperties(f lint.Finding) string {
	var b strings.Builder
	b.WriteString("file=" + commandProperty.Replace(f.File))
	if f.Line > 0 {
		fmt.Fprintf(&b, ",line=%d", f.Line)
	}
	if f.Column > 0 {
		fmt.Fprintf(&b, ",col=%d", f.Column)
	}
	if f.Column > 0 && f.Width > 0 {
		fmt.Fprintf(&b, ",endColumn=%d", f.Column+f.Width)
	}
	if f.Rule != "" {
		b.WriteString(",title=" + commandProperty.Replace(f.Rule))
	}
	return b.String()
}
