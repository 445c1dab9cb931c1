package workflow

import "strings"

// scope is one of the scopes `permissions:` may name.
type scope struct {
	name     string
	readAll  Level // what the shorthand `read-all` gives
	writeAll Level // what the shorthand `write-all` gives
	classic  bool  // GitHub names it when a call asks for too much through a shorthand
}

// scopes are GitHub's, in the order its messages list them (Permissions.cs).
var scopes = [...]scope{
	{"actions", LevelRead, LevelWrite, true},
	{"artifact-metadata", LevelRead, LevelWrite, false},
	{"attestations", LevelRead, LevelWrite, false},
	{"checks", LevelRead, LevelWrite, true},
	{"contents", LevelRead, LevelWrite, true},
	{"deployments", LevelRead, LevelWrite, true},
	{"discussions", LevelRead, LevelWrite, true},
	{"issues", LevelRead, LevelWrite, true},
	{"packages", LevelRead, LevelWrite, true},
	{"pages", LevelRead, LevelWrite, true},
	{"pull-requests", LevelRead, LevelWrite, true},
	{"repository-projects", LevelRead, LevelWrite, true},
	{"statuses", LevelRead, LevelWrite, true},
	{"security-events", LevelRead, LevelWrite, true},
	{"id-token", LevelRead, LevelWrite, true},
	{"models", LevelRead, LevelRead, false},
	{"vulnerability-alerts", LevelRead, LevelRead, false},
	{"code-quality", LevelRead, LevelWrite, false},
	{"copilot-requests", LevelNone, LevelWrite, false},
	{"drives", LevelRead, LevelWrite, false},
}

// String returns the level as the file writes it.
func (l Level) String() string {
	switch l {
	case LevelRead:
		return "read"
	case LevelWrite:
		return "write"
	default:
		return "none"
	}
}

// AllPermissions returns what the shorthand `read-all` (level LevelRead) or
// `write-all` (LevelWrite) gives, without a position.
func AllPermissions(level Level) *Permissions {
	p := &Permissions{Scopes: make(map[string]Level, len(scopes))}
	for _, s := range scopes {
		switch level {
		case LevelRead:
			p.Scopes[s.name] = s.readAll
		case LevelWrite:
			p.Scopes[s.name] = s.writeAll
		}
	}
	return p
}

// DefaultPermissions returns what a policy gives where a file says nothing.
func DefaultPermissions(policy string) *Permissions {
	if policy == PolicyLimitedRead {
		return &Permissions{Scopes: map[string]Level{"contents": LevelRead, "packages": LevelRead}}
	}
	return AllPermissions(LevelWrite)
}

// newPermissions reads `permissions:`. The schema lets no unknown scope or
// level pass.
func newPermissions(t *Token) *Permissions {
	if t.Kind() == TokenString {
		level := LevelRead
		if t.text == "write-all" {
			level = LevelWrite
		}
		p := AllPermissions(level)
		p.Pos = t.Pos()
		return p
	}
	p := &Permissions{Pos: t.Pos(), Scopes: make(map[string]Level, t.Len())}
	for key, value := range t.Pairs() {
		switch value.Str() {
		case "read":
			p.Scopes[key.Str()] = LevelRead
		case "write":
			p.Scopes[key.Str()] = LevelWrite
		default:
			p.Scopes[key.Str()] = LevelNone
		}
	}
	return p
}

// inheritPermissions gives each job that names no permissions those of the
// file, and those of the caller where the file names none.
func (w *Workflow) inheritPermissions(caller *Permissions) {
	if w.Permissions == nil {
		w.Permissions = caller
	}
	for _, job := range w.Jobs {
		if job.Permissions == nil {
			job.Permissions = w.Permissions
		}
	}
}

// checkPermissions checks that a called workflow asks for no more than its
// caller may give, as actions/runner PermissionsHelper.cs does.
func (l *loader) checkPermissions(job *Job, called *Workflow) {
	allowed := job.Permissions
	if allowed == nil {
		allowed = DefaultPermissions(l.options.PermissionsPolicy)
	}
	ref := job.Uses.Ref.Str()
	check := func(who string, requested *Permissions) {
		if requested == nil {
			return
		}
		if asked, granted := excess(requested, allowed); asked != "" {
			l.errors.add(job.Pos, "Error calling workflow '"+ref+"'. The "+who+" is requesting '"+asked+"', but is only allowed '"+granted+"'.")
		}
	}
	check("workflow '"+ref+"'", called.Permissions)
	for _, nested := range called.Jobs {
		name := nested.ID
		if nested.Name.Kind() == TokenString {
			name = nested.Name.Str()
		}
		check("nested job '"+name+"'", nested.Permissions)
	}
}

// excess lists the scopes that requested has above allowed, with both levels.
// The newer scopes are listed only when they are all there is: GitHub's
// shorthands do not complain about them.
func excess(requested, allowed *Permissions) (asked, granted string) {
	for _, classic := range []bool{true, false} {
		var a, g []string
		for _, s := range scopes {
			if want, have := requested.Scopes[s.name], allowed.Scopes[s.name]; s.classic == classic && want > have {
				a = append(a, s.name+": "+want.String())
				g = append(g, s.name+": "+have.String())
			}
		}
		if len(a) > 0 {
			return strings.Join(a, ", "), strings.Join(g, ", ")
		}
	}
	return "", ""
}
