package workflow

import "strings"

// isLocal reports whether uses means a folder of the workspace.
func isLocal(uses string) bool {
	return strings.HasPrefix(uses, "./") || strings.HasPrefix(uses, `.\`)
}

// isSelfRepository reports whether uses means a folder of the repository whose
// workflow or action says so: $/path.
func isSelfRepository(uses string) bool {
	rest, ok := strings.CutPrefix(uses, "$/")
	return ok && strings.TrimLeft(rest, "/") != ""
}

// ownerAndName returns the repository that owner/name[/path]@ref names.
func ownerAndName(uses string) (repository string, ok bool) {
	path, ref, found := strings.Cut(uses, "@")
	if !found || ref == "" || strings.Contains(ref, "@") {
		return "", false
	}
	segments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' })
	if len(segments) < 2 {
		return "", false
	}
	return segments[0] + "/" + segments[1], true
}

// actionID is what the id of a step that uses an action is made of.
func actionID(uses string) string {
	if image, ok := strings.CutPrefix(uses, dockerPrefix); ok && image != "" {
		return image
	}
	switch {
	case isLocal(uses):
		return "self"
	case isSelfRepository(uses):
		return "selfRepository"
	}
	if repository, ok := ownerAndName(uses); ok {
		return repository
	}
	return "run"
}
