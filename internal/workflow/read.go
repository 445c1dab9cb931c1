package workflow

import (
	"strconv"

	"go.yaml.in/yaml/v4"
)

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
	if err := loadYAML(data, &document); err != nil {
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

func itoa(n int) string { return strconv.Itoa(n) }
