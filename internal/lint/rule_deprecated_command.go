package lint

import (
	"strings"

	"slipway/internal/workflow"
)

var deprecatedCommand = rule{
	Rule: Rule{"deprecated-command", "A script prints a workflow command that was replaced by a file"},
	step: func(p *pass, s *step) {
		for _, line := range scriptLines(s.Run) {
			for _, c := range replacedCommands {
				if i := strings.Index(line.text, c.prints); i >= 0 {
					p.report(p.source.part(s.Run, line.offset+i, line.offset+i+len(c.prints)), "%s", c.message)
				}
			}
		}
	},
}

// replacedCommands are the commands actions/runner warns of or ignores
// (ActionCommandManager.cs).
var replacedCommands = [...]struct{ prints, message string }{
	{"::set-output name=", `the command 'set-output' is deprecated; write "name=value" to the file $GITHUB_OUTPUT`},
	{"::save-state name=", `the command 'save-state' is deprecated; write "name=value" to the file $GITHUB_STATE`},
	{"::set-env name=", `the command 'set-env' is disabled and does nothing; write "name=value" to the file $GITHUB_ENV`},
	{"::add-path::", `the command 'add-path' is disabled and does nothing; write the folder to the file $GITHUB_PATH`},
}

// scriptLine is a line of a script that isn't only a comment.
type scriptLine struct {
	text   string
	offset int // in the script
}

// scriptLines splits a script, leaving out lines that are comments in every
// shell with '#' comments.
func scriptLines(script *workflow.Token) []scriptLine {
	var lines []scriptLine
	offset := 0
	for text := range strings.Lines(script.Str()) {
		if !strings.HasPrefix(strings.TrimSpace(text), "#") {
			lines = append(lines, scriptLine{text, offset})
		}
		offset += len(text)
	}
	return lines
}
