package action

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"slipway/internal/fault"
	"slipway/internal/gitrepo"
)

// mirror is a URL template of places where repositories are found. It may hold
// {owner}, {repo} and {ref}.
type mirror struct {
	template string
	token    string
}

// newMirror checks a template. Errors: fault.Usage.
func newMirror(template string) (mirror, error) {
	rest := strings.NewReplacer("{owner}", "", "{repo}", "", "{ref}", "").Replace(template)
	switch {
	case !strings.Contains(template, "{repo}"):
		return mirror{}, fault.New(fault.Usage, "the action mirror %q should hold {repo}, as in file:///srv/actions/{owner}/{repo}.git", gitrepo.Redact(template))
	case strings.ContainsAny(rest, "{}"):
		return mirror{}, fault.New(fault.Usage, "the action mirror %q holds a placeholder other than {owner}, {repo} and {ref}", gitrepo.Redact(template))
	case strings.ContainsAny(template, "\x00\n\r") || strings.HasPrefix(template, "-"):
		return mirror{}, fault.New(fault.Usage, "the action mirror %q is no URL", template)
	}
	scheme, _, isURL := strings.Cut(template, "://")
	if isURL {
		switch scheme {
		case "https", "http", "ssh", "git", "file":
		default:
			return mirror{}, fault.New(fault.Usage, "the action mirror %q should be an https, http, ssh, git or file URL", gitrepo.Redact(template))
		}
		return mirror{template: template}, nil
	}
	if host, _, scp := strings.Cut(template, ":"); scp && !strings.Contains(host, "/") {
		if strings.Contains(template, "::") {
			return mirror{}, fault.New(fault.Usage, "the action mirror %q should be an https, http, ssh, git or file URL", template)
		}
		return mirror{template: template}, nil // git@host:owner/repo
	}
	absolute, err := filepath.Abs(template)
	if err != nil {
		return mirror{}, fault.New(fault.Usage, "the action mirror %q: %w", template, err)
	}
	return mirror{template: absolute}, nil
}

// remote is the place of one repository.
func (m mirror) remote(owner, repo, ref string) gitrepo.Remote {
	if strings.Contains(m.template, "://") {
		segments := strings.Split(ref, "/")
		for i := range segments {
			segments[i] = url.PathEscape(segments[i])
		}
		ref = strings.Join(segments, "/")
	}
	return gitrepo.Remote{
		URL:   strings.NewReplacer("{owner}", owner, "{repo}", repo, "{ref}", ref).Replace(m.template),
		Token: m.token,
	}
}

// perRef reports whether each ref has a place of its own.
func (m mirror) perRef() bool { return strings.Contains(m.template, "{ref}") }

// localPath is the folder a remote means on this machine, or "" when it is elsewhere.
func localPath(remote string) string {
	if filepath.IsAbs(remote) {
		return remote
	}
	if u, err := url.Parse(remote); err == nil && u.Scheme == "file" && (u.Host == "" || u.Host == "localhost") {
		return u.Path
	}
	return ""
}

// hostOf names who answers for a remote: its host with the port, or "" for this machine.
func hostOf(remote string) string {
	if localPath(remote) != "" {
		return ""
	}
	if u, err := url.Parse(remote); err == nil && u.Host != "" {
		return u.Host
	}
	host, _, _ := strings.Cut(remote, ":")
	return host
}

// isPlainFolder reports whether a path is a folder that git would take for no
// repository: none under any of the names git tries.
func isPlainFolder(path string) bool {
	for _, name := range []string{path, path + ".git"} {
		for _, head := range []string{"HEAD", ".git"} {
			if _, err := os.Lstat(filepath.Join(name, head)); err == nil {
				return false
			}
		}
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
