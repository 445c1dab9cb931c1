// Package hashfiles is the expression function hashFiles(): the SHA-256 of the
// files of a workspace that match some patterns. It imports glob and fault only.
//
// Behaviour follows actions/runner HashFilesFunction.cs and
// src/Misc/expressionFunc/hashFiles.
package hashfiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"slipway/internal/fault"
	"slipway/internal/glob"
)

// maxPatterns is how many arguments the function takes.
const maxPatterns = 255

// followOption is the only option, given as the first argument in any case.
const followOption = "--follow-symbolic-links"

// Hash returns the lower-case hexadecimal digest hashFiles(args...) gives in a
// workspace (an absolute path), "" when no file matches. args are the
// function's arguments as text: patterns, each of one or more lines, and first
// `--follow-symbolic-links` or not. ctx bounds it: the caller gives GitHub's
// 120 seconds. Errors have code Invalid (an argument), Cancelled (ctx) or
// Upstream (a file or folder that can't be read).
func Hash(ctx context.Context, workspace string, args []string) (string, error) {
	if len(args) > maxPatterns {
		return "", fault.New(fault.Invalid, "hashFiles takes at most %d patterns, not %d", maxPatterns, len(args))
	}
	follow := false
	if len(args) > 0 && strings.HasPrefix(args[0], "--") {
		if !strings.EqualFold(args[0], followOption) {
			return "", fault.New(fault.Invalid, "Invalid glob option %s, available option: '%s'.", args[0], followOption)
		}
		follow, args = true, args[1:]
	}
	failed := func(code fault.Code, err error) error {
		shown := strings.ReplaceAll(strings.Join(args, ", "), "'", "''")
		return fault.New(code, "hashFiles('%s') failed. Fail to hash files under directory '%s': %w", shown, workspace, err)
	}
	// The original runs in the workspace and asks the system where it is.
	root, err := filepath.EvalSymlinks(workspace)
	if err != nil {
		return "", failed(fault.Upstream, err)
	}
	home, _ := os.UserHomeDir() // only a pattern with ~ needs it, and says so
	patterns, err := glob.Parse(strings.Join(args, "\n"), root, home)
	if err != nil {
		return "", failed(fault.Invalid, err)
	}
	d := &digest{all: sha256.New(), one: sha256.New(), buffer: make([]byte, 128<<10)}
	search := glob.Search{Within: root, Follow: follow}
	switch err := patterns.Walk(ctx, search, func(path string) error { return d.add(ctx, path) }); {
	case err != nil && ctx.Err() != nil:
		return "", failed(fault.Cancelled, context.Cause(ctx))
	case err != nil:
		return "", failed(fault.Upstream, err)
	case d.files == 0:
		return "", nil
	}
	return hex.EncodeToString(d.all.Sum(nil)), nil
}

// digest is the hash of the hashes of the files added.
type digest struct {
	all, one hash.Hash
	buffer   []byte
	files    int
}

// add adds a file, or what a symbolic link leads to; one that leads to a
// folder counts for nothing, one that leads nowhere is an error, as there.
func (d *digest) add(ctx context.Context, path string) error {
	// A pipe must not hold us up before it is known as one.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return err
	}
	if info.Mode().Type() == fs.ModeNamedPipe {
		return fmt.Errorf("%s is a pipe, not a file", path) // the original would wait for its end
	}
	d.one.Reset()
	for {
		n, err := file.Read(d.buffer)
		d.one.Write(d.buffer[:n])
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	d.all.Write(d.one.Sum(d.buffer[:0]))
	d.files++
	return nil
}
