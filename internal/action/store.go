package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"slipway/internal/fault"
	"slipway/internal/gitrepo"
)

// Fetched is a repository's files at a commit, unpacked.
type Fetched struct {
	Dir    string // shared and read-only by convention
	Commit string // full sha
	// Notes are lines for whoever asked: where it came from, and why it may not
	// be the newest.
	Notes []string
}

// Files unpacks a repository's files at a ref, once for each commit: they stand
// in actions/OWNER/REPO/COMMIT under the cache folder. name is owner/repo.
// Errors: fault.NotFound, fault.Upstream when somebody could not be asked,
// fault.Invalid for a name or ref that can be none.
func (r *Repositories) Files(ctx context.Context, name, ref string) (Fetched, error) {
	parsed, err := parseRepository(name, ref)
	if err != nil {
		return Fetched{}, err
	}
	at, err := r.locate(ctx, parsed)
	if err != nil {
		return Fetched{}, err
	}
	var notes []string
	if at.note != "" {
		notes = append(notes, "##[warning]"+at.note)
	}
	if at.Commit != "" {
		if u := r.unpacked(parsed, at.Commit); u.complete() {
			return Fetched{Dir: u.dir, Commit: at.Commit, Notes: append(notes, fmt.Sprintf("Use action repository '%s' (SHA:%s) from the cache", parsed, at.Commit))}, nil
		}
	}
	repo, commit, err := r.fetch(ctx, parsed, at, false)
	if err != nil {
		return Fetched{}, err
	}
	u := r.unpacked(parsed, commit)
	leftOut, err := u.make(ctx, repo, commit)
	if err != nil {
		return Fetched{}, err
	}
	line := fmt.Sprintf("Download action repository '%s' (SHA:%s)", parsed, commit)
	if at.From.URL != "" {
		line += " from " + gitrepo.Redact(at.From.URL)
	}
	notes = append(notes, line)
	if len(leftOut) > 0 {
		notes = append(notes, fmt.Sprintf("##[warning]%s: symbolic links that lead out of the repository were left out: %s", parsed, strings.Join(leftOut, ", ")))
	}
	return Fetched{Dir: u.dir, Commit: commit, Notes: notes}, nil
}

// unpacked is a commit's folder in the cache. It is complete when the file
// beside it says so; a folder without is somebody's who was killed.
type unpacked struct {
	dir string
}

func (r *Repositories) unpacked(ref reference, commit string) unpacked {
	return unpacked{dir: filepath.Join(r.config.CacheDir, "actions", strings.ToLower(ref.Owner), strings.ToLower(ref.Repo), commit)}
}

func (u unpacked) marker() string { return u.dir + ".complete" }

func (u unpacked) complete() bool {
	if _, err := os.Stat(u.marker()); err != nil {
		return false
	}
	info, err := os.Stat(u.dir)
	return err == nil && info.IsDir()
}

// make unpacks the commit, unless another process has done so meanwhile.
func (u unpacked) make(ctx context.Context, repo *gitrepo.Repo, commit string) (leftOut []string, err error) {
	parent := filepath.Dir(u.dir)
	lock, err := gitrepo.AcquireLock(ctx, parent+".lock")
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	if u.complete() {
		return nil, nil
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, fault.New(fault.Internal, "unpack an action: %w", err)
	}
	if err := u.clear(); err != nil {
		return nil, fault.New(fault.Internal, "remove what is left of an interrupted unpacking: %w", err)
	}
	temp, err := os.MkdirTemp(parent, tempPrefix)
	if err != nil {
		return nil, fault.New(fault.Internal, "unpack an action: %w", err)
	}
	leftOut, err = repo.Unpack(ctx, commit, temp)
	if err == nil {
		err = u.publish(temp)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(temp))
	}
	return leftOut, nil
}

const tempPrefix = ".unpacking-"

// clear removes this commit's folder and every temporary one: with the lock
// held, their makers are dead.
func (u unpacked) clear() error {
	err := errors.Join(os.RemoveAll(u.marker()), os.RemoveAll(u.dir))
	entries, readErr := os.ReadDir(filepath.Dir(u.dir))
	if readErr != nil && !errors.Is(readErr, fs.ErrNotExist) {
		return errors.Join(err, readErr)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), tempPrefix) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(filepath.Dir(u.dir), entry.Name())))
		}
	}
	return err
}

func (u unpacked) publish(temp string) error {
	err := os.Chmod(temp, 0o755)
	if err == nil {
		err = os.Rename(temp, u.dir)
	}
	if err == nil {
		err = os.WriteFile(u.marker(), nil, 0o644)
	}
	if err != nil {
		return fault.New(fault.Internal, "publish an unpacked action: %w", err)
	}
	return nil
}
