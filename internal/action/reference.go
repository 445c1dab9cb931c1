package action

import (
	"path"
	"strings"

	"slipway/internal/fault"
	"slipway/internal/gitrepo"
)

// reference is a `uses` of a repository's action, taken apart.
type reference struct {
	Owner, Repo string
	Path        string // folder in the repository, "" for its top
	Ref         string

	server, token string // instead of the configured ones; "" are those
}

// Name is owner/repo as written.
func (r reference) Name() string { return r.Owner + "/" + r.Repo }

// String is the reference as one writes it.
func (r reference) String() string {
	if r.Path == "" {
		return r.Name() + "@" + r.Ref
	}
	return r.Name() + "/" + r.Path + "@" + r.Ref
}

// parseReference takes owner/repo[/path]@ref apart. Errors: fault.Invalid for
// what can't be such a reference, or would lead out of the repository.
func parseReference(uses string) (reference, error) {
	place, ref, ok := strings.Cut(uses, "@")
	parts := strings.SplitN(place, "/", 3)
	if !ok || len(parts) < 2 {
		return reference{}, fault.New(fault.Invalid, "Expected format {org}/{repo}[/path]@ref. Actual %q", uses)
	}
	r := reference{Owner: parts[0], Repo: parts[1], Ref: ref}
	if !validName(r.Owner) || !validName(r.Repo) {
		return reference{}, fault.New(fault.Invalid, "%q names no repository: an owner and a name of letters, digits, '-', '_' and '.' are expected", uses)
	}
	if len(parts) == 3 {
		folder, err := insideFolder(parts[2])
		if err != nil {
			return reference{}, fault.New(fault.Invalid, "%s: %w", uses, err)
		}
		r.Path = folder
	}
	if err := gitrepo.CheckRef(ref); err != nil {
		return reference{}, fault.New(fault.Invalid, "%s: %w", uses, err)
	}
	return r, nil
}

// validName reports whether GitHub allows the name for owners and repositories.
func validName(name string) bool {
	if name == "" || name == "." || name == ".." || len(name) > 100 || name[0] == '-' {
		return false
	}
	return !strings.ContainsFunc(name, func(ch rune) bool {
		return (ch < 'a' || ch > 'z') && (ch < 'A' || ch > 'Z') && (ch < '0' || ch > '9') && ch != '-' && ch != '_' && ch != '.'
	})
}

// insideFolder cleans a slash-separated folder that may not lead out of where it
// starts; "" is that place.
func insideFolder(folder string) (string, error) {
	clean := path.Clean(folder)
	if path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") || strings.ContainsRune(clean, 0) {
		return "", fault.New(fault.Invalid, "the path %q leads out of the repository", folder)
	}
	if clean == "." {
		return "", nil
	}
	return clean, nil
}
