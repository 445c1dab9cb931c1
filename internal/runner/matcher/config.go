package matcher

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"slipway/internal/fault"
)

// Config is what a problem matcher file says. Only Parse and Load make one
// that a Registry can use.
type Config struct {
	Matchers []*Definition `json:"problemMatcher"`
}

// Definition is one problem matcher.
type Definition struct {
	Owner    string     `json:"owner"`
	Severity string     `json:"severity"` // of problems whose patterns name none
	FromPath string     `json:"fromPath"` // likewise
	Patterns []*Pattern `json:"pattern"`
}

// Pattern is one regular expression of a matcher and the groups of it that
// hold the parts of a problem; nil means it holds no such part.
type Pattern struct {
	Regexp   string `json:"regexp"` // as .NET reads it with RegexOptions.ECMAScript
	File     *int   `json:"file"`
	Line     *int   `json:"line"`
	Column   *int   `json:"column"`
	Severity *int   `json:"severity"`
	Code     *int   `json:"code"` // known to GitHub, but shown nowhere
	Message  *int   `json:"message"`
	FromPath *int   `json:"fromPath"`
	Loop     bool   `json:"loop"` // the last pattern of several matches again and again

	expression *expression
}

// maxFile is the largest problem matcher file read, in bytes.
const maxFile = 1 << 20

// Load is Parse of a file of at most 1 MiB.
func Load(path string) (*Config, error) {
	// A pipe or a device must not hold us up.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "Could not find file '%s'.", path)
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "Could not read the problem matcher file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		return nil, fault.New(fault.Invalid, "The problem matcher file '%s' is no regular file", path)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fault.New(fault.Invalid, "Could not read the problem matcher file: %w", err)
	}
	if len(data) > maxFile {
		return nil, fault.New(fault.Invalid, "The problem matcher file '%s' is larger than 1 MiB", path)
	}
	return Parse(path, data)
}

// Parse reads and checks a problem matcher file, JSON with or without
// comments. name stands in its errors, which have code Invalid and say what
// GitHub's messages say. A file without matchers gives an empty Config.
func Parse(name string, data []byte) (*Config, error) {
	data = withoutComments(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")))
	c := new(Config)
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fault.New(fault.Invalid, "%s%s: %w", name, position(data, err), err)
	}
	owners := map[string]bool{}
	for _, d := range c.Matchers {
		err := d.check()
		if err == nil && owners[strings.ToLower(d.Owner)] {
			err = fmt.Errorf("Duplicate owner name '%s'", d.Owner)
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "%s: %w", name, err)
		}
		owners[strings.ToLower(d.Owner)] = true
	}
	return c, nil
}

// position says where in data a JSON error is, as far as it knows.
func position(data []byte, err error) string {
	offset := int64(0)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = e.Offset
	} else if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = e.Offset
	}
	if offset <= 0 || offset > int64(len(data)) {
		return ""
	}
	before := data[:offset-1]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Sprintf(" (Line: %d, Col: %d)", line, len(before)-bytes.LastIndexByte(before, '\n'))
}

// check checks a definition as IssueMatcherConfig.Validate, in its order.
func (d *Definition) check() error {
	switch {
	case d == nil || d.Owner == "":
		return errors.New("Owner must not be empty")
	case d.Severity != "" && level(d.Severity) == "":
		return fmt.Errorf("Matcher '%s' contains unexpected default severity '%s'", d.Owner, d.Severity)
	case len(d.Patterns) == 0:
		return fmt.Errorf("Matcher '%s' does not contain any patterns", d.Owner)
	}
	seen := map[string]bool{}
	for i, p := range d.Patterns {
		if p == nil {
			return fmt.Errorf("Matcher '%s' contains an empty pattern", d.Owner)
		}
		if err := p.check(i == 0, i == len(d.Patterns)-1, seen); err != nil {
			return err
		}
	}
	if !seen["message"] {
		return errors.New("At least one pattern must set 'message'")
	}
	return nil
}

// check checks a pattern as IssuePatternConfig.Validate and compiles it. seen
// holds the properties the patterns before it set.
func (p *Pattern) check(first, last bool, seen map[string]bool) error {
	switch {
	case p.Loop && (first || !last):
		return errors.New("Only the last pattern in a multiline matcher may set 'loop'")
	case p.Loop && p.Message == nil:
		return errors.New("The loop pattern must set 'message'")
	}
	var err error
	if p.expression, err = compile(p.Regexp); err != nil {
		return err
	}
	for _, property := range []struct {
		name  string
		group *int
	}{
		{"file", p.File}, {"line", p.Line}, {"column", p.Column}, {"severity", p.Severity},
		{"code", p.Code}, {"message", p.Message}, {"fromPath", p.FromPath},
	} {
		switch {
		case property.group == nil:
			continue
		case seen[property.name]:
			return fmt.Errorf("The property '%s' is set twice", property.name)
		case *property.group < 0 || *property.group >= p.expression.groups:
			return fmt.Errorf("The property '%s' is set to %d which is out of range", property.name, *property.group)
		}
		seen[property.name] = true
	}
	return nil
}

// withoutComments blanks out what people put into JSON and GitHub's reader
// (Newtonsoft) accepts: comments, and commas before a closing bracket. Offsets stay.
func withoutComments(data []byte) []byte {
	out := bytes.Clone(data)
	comma := -1 // the last comma, when nothing followed it yet
	for i := 0; i < len(out); {
		end := i + 1
		switch rest := out[i:]; {
		case rest[0] == '"':
			end = i + stringLength(rest)
			comma = -1
		case bytes.HasPrefix(rest, []byte("//")):
			end = blank(out, i, indexOr(rest, "\n", len(rest)))
		case bytes.HasPrefix(rest, []byte("/*")):
			end = blank(out, i, indexOr(rest, "*/", len(rest)-2)+2)
		case rest[0] == ',':
			comma = i
		case (rest[0] == ']' || rest[0] == '}') && comma >= 0:
			out[comma] = ' '
			comma = -1
		case bytes.IndexByte([]byte(" \t\r\n"), rest[0]) < 0:
			comma = -1
		}
		i = end
	}
	return out
}

// stringLength is the length of the JSON string s begins with, or s's.
func stringLength(s []byte) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// blank overwrites n bytes but keeps line ends, and returns the end.
func blank(out []byte, from, n int) int {
	for i := from; i < from+n; i++ {
		if out[i] != '\n' {
			out[i] = ' '
		}
	}
	return from + n
}

func indexOr(s []byte, sep string, otherwise int) int {
	if i := bytes.Index(s, []byte(sep)); i >= 0 {
		return i
	}
	return otherwise
}
