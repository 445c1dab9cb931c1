package workflow

import (
	"errors"
	"fmt"
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
