package workflow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Options say how a workflow is read. The zero value reads one file as GitHub
// would with its own limits, without the files it calls.
type Options struct {
	// Called finds the reusable workflow that `uses: ref` in the file called
	// from means. file is the name the called file gets in positions and in
	// calls of its own. When Called is nil, calls are not followed; nor is
	// one for which it returns ErrNotFollowed.
	Called func(ref, from string) (file string, data []byte, err error)

	// PermissionsPolicy is what a token may do where the file says nothing:
	// PolicyWrite (the default) or PolicyLimitedRead. A called workflow may
	// not ask for more than its caller has.
	PermissionsPolicy string

	Limits Limits

	// Experimental names GitHub's experimental features that are on. What
	// they allow is allowed anyway; allowBackgroundSteps makes messages
	// suggest background steps.
	Experimental []string

	// SkipCalled reads only the file itself: Uses.Workflow stays nil.
	SkipCalled bool
}

// ErrNotFollowed, returned by Options.Called, leaves a call as SkipCalled
// would: nothing is known of the called file, and nothing is wrong with it.
var ErrNotFollowed = errors.New("the called workflow is not to be read")

// The policies of Options.PermissionsPolicy, by GitHub's names.
const (
	PolicyWrite       = "Write"
	PolicyLimitedRead = "LimitedRead"
)

// Limits bound what is read. 0 is GitHub's limit.
type Limits struct {
	MaxDepth           int // nested sequences and mappings of a file
	MaxFileSize        int // UTF-16 units of a file
	MaxResultSize      int // bytes that all files take, by GitHub's estimate
	MaxJobs            int // of all files together
	MaxNestedWorkflows int // levels of called workflows below the first file
	MaxFiles           int // different files, the first one included
}

// Set sets the limit that GitHub's own tests call name, such as "max-depth".
func (l *Limits) Set(name string, value int) error {
	if value <= 0 {
		return fmt.Errorf("limit %s: %d is not a positive number", name, value)
	}
	switch name {
	case "max-depth":
		l.MaxDepth = value
	case "max-file-size":
		l.MaxFileSize = value
	case "max-result-size":
		l.MaxResultSize = value
	case "max-job-limit":
		l.MaxJobs = value
	case "max-nested-reusable-workflows-depth":
		l.MaxNestedWorkflows = value
	case "max-files":
		l.MaxFiles = value
	default:
		return fmt.Errorf("unknown limit %q: there are max-depth, max-file-size, max-result-size, max-job-limit, max-nested-reusable-workflows-depth and max-files", name)
	}
	return nil
}

// GitHub's limits on called workflows: ten levels and 50 files beside the first.
const (
	defaultMaxNestedWorkflows = 9
	defaultMaxFiles           = 51
)

// withDefaults replaces 0 by GitHub's limits.
func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		limit *int
		value int
	}{
		{&l.MaxDepth, defaultMaxDepth},
		{&l.MaxFileSize, defaultMaxFileSize},
		{&l.MaxResultSize, defaultMaxBytes},
		{&l.MaxNestedWorkflows, defaultMaxNestedWorkflows},
		{&l.MaxFiles, defaultMaxFiles},
	} {
		if *d.limit == 0 {
			*d.limit = d.value
		}
	}
	return l
}

// Read reads and validates the workflow file called file, and the reusable
// workflows it calls. It returns either the workflow or the errors GitHub
// would reject it with, in the order GitHub finds them. No input makes it
// panic.
func Read(file string, data []byte, o Options) (*Workflow, []*Error) {
	l := newLoader(o)
	w := l.load(file, data)
	if l.failed() {
		return nil, l.errors.errors
	}
	return w, nil
}

// fileReader reads files within limits they share.
type fileReader struct {
	limits Limits
	memory *memory
	errors *errorList
	dialect
}

// dialect is what files are read differently in.
type dialect struct {
	noAnchors       bool // as the runner reads action.yml
	backgroundSteps bool // messages suggest them
}

// read reads one file into tokens that stand where the schema lets them, or
// returns nil when that is impossible; the reasons are in errors.
func (f fileReader) read(file string, data []byte, shape shapeID) *Token {
	data = toUTF8(data)
	if len(data) > f.limits.MaxFileSize && utf16Len(string(data)) > f.limits.MaxFileSize {
		f.errors.add(Pos{File: file}, "The maximum file size of "+itoa(f.limits.MaxFileSize)+" characters has been exceeded")
		return nil
	}
	src := &source{file: file, data: data}
	var document yaml.Node
	if err := loadYAML(src, &document); err != nil {
		pos, message := yamlProblem(err)
		pos.File = file
		f.errors.add(pos, message)
		return nil
	}
	root := newReader(src, &document, f).root(&document, shape)
	if f.errors.failed() {
		return nil
	}
	return root
}

// loadYAML parses the one document of a file. GitHub's parser takes a comment
// right after a quote or bracket (`[a]#b`), ours does not: there a space is
// put, which moves nothing but the comment.
func loadYAML(src *source, into *yaml.Node) error {
	const tooMany = 16 // comments like that, each of which costs another try
	data := src.data
	for try := 0; ; try++ {
		err := parseYAML(data, into)
		problem, ok := errors.AsType[*yaml.LoadError](err)
		if !ok || try == tooMany || problem.ContextMsg != "" || problem.Message != "found a comment without preceding whitespace" {
			return err
		}
		at := (&source{data: data}).offset(problem.Mark.Line, problem.Mark.Column)
		if at <= 0 || at >= len(data) || data[at] != '#' {
			return err
		}
		data = slices.Insert(slices.Clip(data), at, ' ')
	}
}

// parseYAML calls the YAML parser. It is not ours: what it panics with is its
// verdict on the file, not the end of the process.
func parseYAML(data []byte, into *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML parser gave up: %v", p)
		}
	}()
	return yaml.Load(data, into)
}

// yamlProblem says where and why a file is no YAML.
func yamlProblem(err error) (Pos, string) {
	const intro = "You have an error in your yaml syntax"
	load, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		return Pos{}, intro + ": " + err.Error()
	}
	switch load.Message {
	case "yaml: no documents in stream":
		return Pos{}, "Expected document start parse event"
	case "yaml: expected single document, found multiple":
		return Pos{}, "Expected stream end parse event"
	}
	message := intro + ": " + load.Message
	if load.ContextMsg != "" {
		message = intro + ": " + load.ContextMsg + ": " + load.Message
	}
	mark := load.Mark
	if mark.Line == 0 {
		mark = load.ContextMark
	}
	return Pos{Line: mark.Line, Column: mark.Column}, message
}

// toUTF8 converts a file in UTF-16 with a byte order mark, which YAML allows,
// so that positions and text agree. Other files are returned as they are.
func toUTF8(data []byte) []byte {
	if len(data) < 2 {
		return data
	}
	var high, low int
	switch {
	case data[0] == 0xfe && data[1] == 0xff:
		high, low = 0, 1
	case data[0] == 0xff && data[1] == 0xfe:
		high, low = 1, 0
	default:
		return data
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		units = append(units, uint16(data[i+high])<<8|uint16(data[i+low]))
	}
	text := make([]byte, 0, len(data))
	for _, r := range utf16.Decode(units) {
		text = utf8.AppendRune(text, r)
	}
	return text
}

func isASCII(data []byte) bool {
	for ; len(data) >= 8; data = data[8:] {
		if binary.LittleEndian.Uint64(data)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, b := range data {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func itoa(n int) string { return strconv.Itoa(n) }
