// Package envfile reads the files through which a step speaks to the runner:
// GITHUB_ENV, GITHUB_OUTPUT, GITHUB_STATE, GITHUB_PATH and
// GITHUB_STEP_SUMMARY. It imports fault only.
//
// Behaviour follows actions/runner FileCommandManager.cs on Linux.
package envfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode/utf16"
	"unicode/utf8"

	"slipway/internal/fault"
)

// Kind is one of the files. Its value is the name of the variable that holds
// the file's path.
type Kind string

// The kinds.
const (
	Env     Kind = "GITHUB_ENV"
	Output  Kind = "GITHUB_OUTPUT"
	State   Kind = "GITHUB_STATE"
	Path    Kind = "GITHUB_PATH"
	Summary Kind = "GITHUB_STEP_SUMMARY"
)

// ContextName is the file's name in the github context and in GitHub's
// messages: "env", "output", "state", "path", "step_summary".
func (k Kind) ContextName() string {
	return strings.ToLower(strings.TrimPrefix(string(k), "GITHUB_"))
}

// MaxBytes is the largest file read. GitHub sets no limit for any but the
// summary; ours keeps a step from filling the runner's memory.
const MaxBytes = 16 << 20

// MaxSummaryBytes is the largest summary a step may leave.
const MaxSummaryBytes = 1 << 20

// Pair is one name and value of a file.
type Pair struct {
	Name, Value string
	Line        int // 1-based, where the name stands
}

// ReadPairs reads the pairs of an Env, Output or State file. A missing file
// has none. On an error in the middle the pairs before it are returned with
// it: they count, as on GitHub. Errors have code Invalid and name the file's
// kind and the line; the step that wrote the file fails.
func ReadPairs(kind Kind, path string) ([]Pair, error) {
	data, err := read(kind, path)
	if err != nil {
		return nil, err
	}
	return ParsePairs(kind, data)
}

// ParsePairs is ReadPairs of a file's contents: lines `NAME=VALUE`, and
// heredocs `NAME<<DELIMITER`, lines, `DELIMITER`. Empty lines are skipped; a
// line ends at LF, and a CR before it belongs to the value or the delimiter.
func ParsePairs(kind Kind, data []byte) ([]Pair, error) {
	var pairs []Pair
	lines := &scanner{rest: decode(data)}
	for {
		line, _, ok := lines.next()
		if !ok {
			return pairs, nil
		}
		if line == "" {
			continue
		}
		pair := Pair{Line: lines.number}
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		var err error
		switch {
		case equals >= 0 && (heredoc < 0 || equals < heredoc):
			pair.Name, pair.Value = line[:equals], line[equals+1:]
			if pair.Name == "" {
				err = problem(kind, pair.Line, "Invalid format '%s'. Name must not be empty", shorten(line))
			}
		case heredoc >= 0:
			pair.Name = line[:heredoc]
			pair.Value, err = readHeredoc(kind, lines, line, heredoc)
		default:
			err = problem(kind, pair.Line, "Invalid format '%s'. Expected NAME=VALUE or NAME<<DELIMITER", shorten(line))
		}
		if err == nil {
			err = checkNUL(kind, pair)
		}
		if err != nil {
			return pairs, err
		}
		pairs = append(pairs, pair)
	}
}

// readHeredoc reads the value that follows the line `NAME<<DELIMITER`.
func readHeredoc(kind Kind, lines *scanner, first string, at int) (string, error) {
	start, delimiter := lines.number, first[at+2:]
	if at == 0 || delimiter == "" {
		return "", problem(kind, start, "Invalid format '%s'. Name must not be empty and delimiter must not be empty", shorten(first))
	}
	body := lines.rest
	size := 0 // of the value, without the line ending before the delimiter
	for {
		before := len(lines.rest)
		line, ended, ok := lines.next()
		switch {
		case ok && line == delimiter:
			return body[:size], nil
		case !ok:
			return "", problem(kind, start, "Invalid value. Matching delimiter not found '%s'", shorten(delimiter))
		case !ended:
			return "", problem(kind, lines.number, "Invalid value. EOF marker missing new line. Matching delimiter not found '%s'", shorten(delimiter))
		}
		size = len(body) - before + len(line)
	}
}

// checkNUL refuses what no process could be given.
func checkNUL(kind Kind, p Pair) error {
	if kind == Env && (strings.Contains(p.Name, "\x00") || strings.Contains(p.Value, "\x00")) {
		return problem(kind, p.Line, "The variable '%s' holds a NUL byte, which an environment can't", shorten(p.Name))
	}
	return nil
}

// Blocked reports whether a step may not set an environment variable through
// GITHUB_ENV, and GitHub's message for it; the step goes on.
func Blocked(name string) (message string, blocked bool) {
	if !strings.EqualFold(name, "NODE_OPTIONS") {
		return "", false
	}
	return "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.", true
}

// ReadPath reads the folders of a GITHUB_PATH file in order; empty lines are
// skipped. A missing file has none.
func ReadPath(path string) ([]string, error) {
	data, err := read(Path, path)
	if err != nil {
		return nil, err
	}
	var folders []string
	for number, line := range splitLines(decode(data)) {
		if strings.Contains(line, "\x00") {
			return folders, problem(Path, number+1, "The folder holds a NUL byte, which a path can't")
		}
		if line != "" {
			folders = append(folders, line)
		}
	}
	return folders, nil
}

// Prepend adds a folder to those a job prepends to PATH, the last one being
// the first searched; one that is there already moves to the end.
func Prepend(folders []string, folder string) []string {
	out := make([]string, 0, len(folders)+1)
	for _, f := range folders {
		if f != folder {
			out = append(out, f)
		}
	}
	return append(out, folder)
}

// ReadSummary reads a step's summary: whole lines, each ended by LF, so that
// they can be masked. It is nil when the step left none. A summary larger than
// MaxSummaryBytes is an error with GitHub's message: it is dropped, the step
// goes on.
func ReadSummary(path string) ([]byte, error) {
	file, err := open(Summary, path)
	if err != nil || file == nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, unreadable(Summary, err)
	}
	if info.Size() > MaxSummaryBytes {
		return nil, fault.New(fault.Invalid, "$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of %dk, got %dk. For more information see: https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions#adding-a-markdown-summary",
			MaxSummaryBytes/1024, info.Size()/1024)
	}
	data, err := io.ReadAll(io.LimitReader(file, MaxSummaryBytes))
	if err != nil {
		return nil, unreadable(Summary, err)
	}
	if len(data) == 0 {
		return nil, nil
	}
	return []byte(strings.Join(splitLines(decode(data)), "\n") + "\n"), nil
}

// read reads a whole file of at most MaxBytes; a missing one is empty.
func read(kind Kind, path string) ([]byte, error) {
	file, err := open(kind, path)
	if err != nil || file == nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxBytes+1))
	if err != nil {
		return nil, unreadable(kind, err)
	}
	if len(data) > MaxBytes {
		return nil, fault.New(fault.Invalid, "%s: the file is larger than %d MiB, the most that is read; write large data to a file in the workspace and pass its path", kind, MaxBytes>>20)
	}
	return data, nil
}

// open opens a regular file, or gives nil for none. A step may have put
// anything in its place: a pipe must not block us, nor a device feed us forever.
func open(kind Kind, path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(kind, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("it is no regular file any more but %s", info.Mode().Type())
	}
	if err != nil {
		file.Close()
		return nil, unreadable(kind, err)
	}
	return file, nil
}

func unreadable(kind Kind, err error) error {
	return fault.New(fault.Invalid, "%s: the step's file can't be read: %w", kind, err)
}

func problem(kind Kind, line int, format string, args ...any) error {
	return fault.New(fault.Invalid, "%s, line %d: %s", kind, line, fmt.Sprintf(format, args...))
}

// shorten keeps a message readable when a file is not what it should be.
func shorten(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// scanner walks text line by line.
type scanner struct {
	rest   string
	number int // of the line last returned, from 1
}

// next returns a line, whether it ended in LF, and false after the last one.
func (s *scanner) next() (line string, ended, ok bool) {
	if s.rest == "" {
		return "", false, false
	}
	s.number++
	line, s.rest, ended = strings.Cut(s.rest, "\n")
	return line, ended, true
}

// splitLines splits at LF, CRLF and lone CR, as .NET's File.ReadAllLines.
func splitLines(text string) []string {
	if strings.Contains(text, "\r") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// decode gives a file's text: a byte order mark is dropped and says how the
// rest is encoded, UTF-8 without one.
func decode(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		return string(data[3:])
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		return decode16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return decode16(data[2:], binary.BigEndian)
	}
	return string(data)
}

func decode16(data []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}
