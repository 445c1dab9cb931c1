package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"slipway/internal/lint"
)

// textWriter prints findings for people: the place, the message, and the line
// with the part that is meant underlined.
type textWriter struct{ colour bool }

// The ANSI styles in use.
const (
	styleBold   = "\x1b[1m"
	styleRed    = "\x1b[1;31m"
	styleYellow = "\x1b[1;33m"
	styleGreen  = "\x1b[32m"
	styleFaint  = "\x1b[2m"
)

func (t textWriter) style(style, s string) string {
	if !t.colour {
		return s
	}
	return style + s + "\x1b[0m"
}

func (t textWriter) write(w io.Writer, results []lint.Result) error {
	errs, warnings := 0, 0
	for _, r := range results {
		lines := bytes.Split(r.Data, []byte("\n"))
		err := each(r, func(s severity, f lint.Finding) error {
			var source []byte
			if f.File == r.File && f.Line > 0 && f.Line <= len(lines) {
				source = lines[f.Line-1]
			}
			_, err := io.WriteString(w, t.finding(s, f, source))
			return err
		})
		if err != nil {
			return err
		}
		errs, warnings = errs+len(r.Errors), warnings+len(r.Warnings)
	}
	_, err := fmt.Fprintf(w, "%s: %s, %s\n", count(len(results), "file"), count(errs, "error"), count(warnings, "warning"))
	return err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// finding is one finding with its line of the source, nil when there is none.
func (t textWriter) finding(s severity, f lint.Finding, source []byte) string {
	var b strings.Builder
	place := f.File
	if f.Line > 0 {
		place += fmt.Sprintf(":%d:%d", f.Line, f.Column)
	}
	b.WriteString(t.style(styleBold, printable(place)) + ": ")
	mark := styleYellow
	if s == severityError {
		mark = styleRed
	}
	b.WriteString(t.style(mark, string(s)) + ": " + printable(strings.ReplaceAll(f.Message, "\n", " ")))
	if f.Rule != "" {
		b.WriteString(t.style(styleFaint, " ["+f.Rule+"]"))
	}
	b.WriteByte('\n')
	if source != nil {
		b.WriteString(t.quote(f, source))
	}
	return b.String()
}

// quoteWidth bounds how much of a long line is shown, in characters.
const quoteWidth = 160

// quote is the line of a finding with a caret and tildes below it.
func (t textWriter) quote(f lint.Finding, source []byte) string {
	line := []rune(strings.TrimRight(strings.ToValidUTF8(string(source), "\uFFFD"), "\r"))
	column := min(max(f.Column, 1), len(line)+1) - 1
	width := f.Width
	if width == 0 {
		width = wordWidth(line[column:])
	}
	ahead := ""
	if from := column - quoteWidth/2; len(line) > quoteWidth && from > 0 {
		line, column, ahead = line[from:], column-from, "…"
	}
	behind := ""
	if len(line) > quoteWidth {
		line, behind = line[:quoteWidth], "…"
	}
	width = max(1, min(width, len(line)-column))

	number := fmt.Sprint(f.Line)
	shown := ahead + printable(string(line)) + behind
	under := strings.Repeat(" ", utf8.RuneCountInString(ahead)) + blank(line[:min(column, len(line))]) +
		t.style(styleGreen, "^"+strings.Repeat("~", width-1))
	return fmt.Sprintf("%s %s\n%s %s\n",
		t.style(styleFaint, number+" |"), shown,
		t.style(styleFaint, strings.Repeat(" ", len(number))+" |"), under)
}

// wordWidth is how much to underline when a finding doesn't say: a word, or
// the key before a colon, as most of GitHub's messages are about one scalar.
func wordWidth(rest []rune) int {
	end := len(rest)
	if i := slices.IndexFunc(rest, unicode.IsSpace); i >= 0 {
		end = i
	}
	if end > 1 && rest[end-1] == ':' {
		end--
	}
	return max(1, end)
}

// blank is as wide as the text, tabs kept so that what follows lines up.
func blank(text []rune) string {
	spaces := make([]rune, len(text))
	for i, r := range text {
		if spaces[i] = ' '; r == '\t' {
			spaces[i] = r
		}
	}
	return string(spaces)
}

// printable replaces what would move or restyle a terminal: a file may hold
// anything, and it is quoted.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return '\uFFFD'
		}
		return r
	}, s)
}
