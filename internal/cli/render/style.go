package render

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"slipway/internal/jobproto"
)

// Style turns words into terminal colours, or leaves them alone when Plain.
type Style struct{ Colour bool }

func (s Style) paint(code, text string) string {
	if !s.Colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s Style) bold(t string) string   { return s.paint("1", t) }
func (s Style) dim(t string) string    { return s.paint("2", t) }
func (s Style) red(t string) string    { return s.paint("31", t) }
func (s Style) green(t string) string  { return s.paint("32", t) }
func (s Style) yellow(t string) string { return s.paint("33", t) }
func (s Style) cyan(t string) string   { return s.paint("36", t) }

// mark is the sign in front of something that ended.
func (s Style) mark(c jobproto.Conclusion) string {
	switch c {
	case jobproto.Success:
		return s.green("✓")
	case jobproto.Failure:
		return s.red("✗")
	case jobproto.Cancelled:
		return s.yellow("⊘")
	}
	return s.dim("–")
}

// word says a conclusion in a person's words.
func word(c jobproto.Conclusion) string {
	switch c {
	case jobproto.Success:
		return "passed"
	case jobproto.Failure:
		return "failed"
	case jobproto.Cancelled:
		return "cancelled"
	}
	return "skipped"
}

// span prints a duration in at most six characters: 85ms, 2.3s, 4m12s, 1h03m.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// logPrefixes are the marks the log carries for its reader, and how a person sees them.
var logPrefixes = []struct{ mark, shown, colour string }{
	{"##[group]", "▸ ", "36"},
	{"##[error]", "Error: ", "31"},
	{"##[warning]", "Warning: ", "33"},
	{"##[notice]", "Notice: ", "34"},
	{"##[debug]", "debug: ", "2"},
	{"##[command]", "$ ", "36"},
}

// appendLogLine appends a log line without its newline as a person should see
// it; it reports false for lines that only structure the log. Where there are
// no colours, the line's own are left out too.
func (s Style) appendLogLine(dst, line []byte) ([]byte, bool) {
	if !s.Colour && bytes.IndexByte(line, 0x1b) >= 0 {
		line = withoutEscapes(line)
	}
	if len(line) < 4 || line[0] != '#' || line[1] != '#' || line[2] != '[' {
		return append(dst, line...), true
	}
	text := string(line)
	if text == "##[endgroup]" {
		return dst, false
	}
	for _, p := range logPrefixes {
		if rest, ok := strings.CutPrefix(text, p.mark); ok {
			return append(dst, s.paint(p.colour, p.shown+rest)...), true
		}
	}
	return append(dst, line...), true
}

// withoutEscapes is line without its escape sequences.
func withoutEscapes(line []byte) []byte {
	out := make([]byte, 0, len(line))
	for i := 0; i < len(line); {
		if line[i] == 0x1b {
			i += escapeLength(line[i:])
			continue
		}
		out = append(out, line[i])
		i++
	}
	return out
}
