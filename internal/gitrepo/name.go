package gitrepo

import (
	"context"
	"net/url"
	"path/filepath"
	"strings"
)

// Name is the repository's owner and name as GitHub would have them: the last
// two parts of the URL of its remote, else "local" and the folder's name.
func (r *Repo) Name(ctx context.Context) (owner, name string, err error) {
	remote, err := r.RemoteURL(ctx)
	if err != nil {
		return "", "", err
	}
	if owner, name, ok := nameFromURL(remote); ok {
		return owner, name, nil
	}
	return "local", nameFromPath(r.root), nil
}

// RemoteURL is the URL of the remote that stands for where the repository
// lives: origin, else the one the branch follows, else the first; "" when there
// is none. It may hold credentials: Redact it before showing it.
func (r *Repo) RemoteURL(ctx context.Context) (string, error) {
	c, err := r.readConfig(ctx)
	if err != nil {
		return "", err
	}
	if remote := c.last("remote.origin.url"); remote != "" {
		return remote, nil
	}
	head, err := r.Head(ctx)
	if err != nil {
		return "", err
	}
	if followed := c.last("branch." + head.Branch() + ".remote"); followed != "" {
		if remote := c.last("remote." + followed + ".url"); remote != "" {
			return remote, nil
		}
	}
	first := "" // of the configuration's keys, by name: maps have no order
	for key := range c {
		if strings.HasPrefix(key, "remote.") && strings.HasSuffix(key, ".url") && (first == "" || key < first) {
			first = key
		}
	}
	return c.last(first), nil
}

// nameFromURL reads owner and name from a remote's URL: https, ssh and file
// URLs, git's host:path, and paths.
func nameFromURL(remote string) (owner, name string, ok bool) {
	path := remote
	if u, err := url.Parse(remote); err == nil && u.Scheme != "" && strings.Contains(remote, "://") {
		path = u.Path
	} else if host, rest, found := strings.Cut(remote, ":"); found && !strings.Contains(host, "/") {
		path = rest
	}
	parts := strings.FieldsFunc(path, func(ch rune) bool { return ch == '/' })
	if len(parts) > 0 && parts[len(parts)-1] == ".git" { // a path to a clone's git directory
		parts = parts[:len(parts)-1]
	}
	if len(parts) < 2 {
		return "", "", false
	}
	owner, name = parts[len(parts)-2], strings.TrimSuffix(parts[len(parts)-1], ".git")
	if owner == ".." || owner == "." {
		return "", "", false
	}
	return cleanName(owner), cleanName(name), name != ""
}

// nameFromPath is a repository name made of a folder's.
func nameFromPath(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".git")
	if name == "" || name == "/" {
		return "repository"
	}
	return cleanName(name)
}

// cleanName replaces what GitHub doesn't allow in names.
func cleanName(name string) string {
	clean := strings.Map(func(ch rune) rune {
		switch {
		case ch >= 'a' && ch <= 'z', ch >= 'A' && ch <= 'Z', ch >= '0' && ch <= '9', ch == '-', ch == '_', ch == '.':
			return ch
		}
		return '-'
	}, name)
	if clean == "." || clean == ".." {
		return "repository"
	}
	return clean
}

// Redact hides the user and password a URL may hold, wherever the URL stands in
// a text.
func Redact(text string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "://")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		out.WriteString("://")
		end := strings.IndexAny(after, "/ \t\r\n'\"")
		if end < 0 {
			end = len(after)
		}
		if at := strings.LastIndexByte(after[:end], '@'); at > 0 && after[:at] != "git" {
			out.WriteString("***")
			after = after[at:]
		}
		text = after
	}
}
