package workflow

import (
	"errors"
	"slices"
	"strings"
)

// loader reads a workflow and, depth first, the reusable workflows it calls,
// as actions/runner ReusableWorkflowsLoader.cs does. All files of one run
// share their limits and the list of errors.
type loader struct {
	options Options
	limits  Limits
	memory  memory
	errors  errorList
	jobs    int
	files   foldSet
	read    map[string]readFile // called files, by their name
}

// readFile is a called file that was read once and may be called again.
type readFile struct {
	root  *Token
	bytes int // what it takes, each time it is called
}

func newLoader(o Options) *loader {
	limits := o.Limits.withDefaults()
	return &loader{
		options: o,
		limits:  limits,
		memory:  memory{max: limits.MaxResultSize, maxDepth: limits.MaxDepth},
	}
}

// load reads the first file and everything it calls.
func (l *loader) load(file string, data []byte) *Workflow {
	l.addFile(file)
	root := l.reader().read(file, data, shapeWorkflow)
	if root == nil || l.failed() {
		return nil
	}
	w := workflowConverter{errorList: &l.errors}.convert(file, root)
	if l.failed() {
		return nil
	}
	w.inheritPermissions(nil)
	l.jobs += len(w.Jobs)
	l.follow(w, 1)
	if !l.failed() && l.limits.MaxJobs > 0 && l.jobs > l.limits.MaxJobs {
		l.errors.add(Pos{}, "The workflow may not contain more than "+itoa(l.limits.MaxJobs)+" jobs")
	}
	return w
}

func (l *loader) reader() fileReader {
	return fileReader{
		limits: l.limits, memory: &l.memory, errors: &l.errors,
		dialect: dialect{backgroundSteps: slices.Contains(l.options.Experimental, "allowBackgroundSteps")},
	}
}

// addFile remembers the name of a file; GitHub's estimate of memory counts it.
func (l *loader) addFile(file string) {
	l.files.add(file)
	l.memory.used += stringBytes + 2*utf16Len(file)
}

func (l *loader) failed() bool { return l.errors.failed() }

// follow reads what the jobs of w call; level is how deep those files are.
func (l *loader) follow(w *Workflow, level int) {
	if l.options.SkipCalled || l.options.Called == nil {
		return
	}
	for _, job := range w.Jobs {
		if job.Uses == nil {
			continue
		}
		if level > l.limits.MaxNestedWorkflows {
			l.errors.add(Pos{}, "Nested reusable workflow depth exceeded "+itoa(l.limits.MaxNestedWorkflows)+".")
			return
		}
		before := len(l.errors.errors)
		called := l.call(w.File, job)
		l.errors.calledFrom(before, job.Uses.Ref.Pos())
		if l.failed() {
			return
		}
		if called == nil {
			continue
		}
		job.Uses.Workflow = called
		l.jobs += len(called.Jobs)
		if l.limits.MaxJobs > 0 && l.jobs > l.limits.MaxJobs {
			return
		}
		if l.follow(called, level+1); l.failed() {
			return
		}
	}
}

// call reads the file that job calls and checks the call against it. It
// returns nil for a call that isn't followed.
func (l *loader) call(from string, job *Job) *Workflow {
	ref := job.Uses.Ref
	file, data, err := l.options.Called(ref.Str(), from)
	if errors.Is(err, ErrNotFollowed) {
		return nil
	}
	if err != nil {
		l.errors.add(ref.Pos(), "Unable to find reusable workflow '"+ref.Str()+"': "+err.Error())
		return nil
	}
	if !l.files.has(file) {
		l.addFile(file)
		if l.files.len() > l.limits.MaxFiles {
			l.errors.add(Pos{}, "The maximum file count of "+itoa(l.limits.MaxFiles)+" has been exceeded")
			return nil
		}
	}
	root := l.tokens(file, data)
	if root == nil || l.failed() {
		return nil
	}
	w := workflowConverter{&l.errors, job}.convert(file, root)
	l.checkPermissions(job, w)
	w.inheritPermissions(job.Permissions)
	if l.failed() {
		return nil
	}
	return w
}

// tokens reads a called file. One that is called again is not parsed again,
// but what it takes counts every time: that bounds the tree of calls.
func (l *loader) tokens(file string, data []byte) *Token {
	if known, ok := l.read[file]; ok {
		if l.memory.used += known.bytes; l.memory.used > l.memory.max {
			l.errors.add(Pos{File: file}, "Maximum object size exceeded")
			return nil
		}
		return known.root
	}
	before := l.memory.used
	root := l.reader().read(file, data, shapeWorkflow)
	if l.read == nil {
		l.read = map[string]readFile{}
	}
	l.read[file] = readFile{root, l.memory.used - before}
	return root
}

// calledFrom marks the errors from index first on that are not about the
// caller's own file as found through its call.
func (l *errorList) calledFrom(first int, call Pos) {
	for _, e := range l.errors[min(first, len(l.errors)):] {
		if !strings.HasPrefix(e.Error(), call.File) {
			e.Caller = call
		}
	}
}
