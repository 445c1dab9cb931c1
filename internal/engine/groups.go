package engine

import (
	"fmt"
	"slices"
	"strings"

	"slipway/internal/workflow"
)

// maxWaiting is how many may wait for a group with `queue: max`.
const maxWaiting = 100

// groupSet is a view of the concurrency groups that never changes the claims
// it was made from.
type groupSet struct {
	groups  []Group
	given   map[string][]Claim // groups by key, made when first asked for
	changed map[string][]Claim // replaces the claims of a group, by key
	order   []string           // the keys of changed, in order
}

func (s *groupSet) claims(key string) []Claim {
	if claims, ok := s.changed[key]; ok {
		return claims
	}
	if s.given == nil && len(s.groups) > 0 {
		s.given = make(map[string][]Claim, len(s.groups))
		for _, g := range s.groups {
			s.given[g.Key] = g.Claims
		}
	}
	return s.given[key]
}

func (s *groupSet) set(key string, claims []Claim) {
	if s.changed == nil {
		s.changed = map[string][]Claim{}
	}
	if _, ok := s.changed[key]; !ok {
		s.order = append(s.order, key)
	}
	s.changed[key] = claims
}

// place returns where c stands in its group, 0 being who holds it, or -1.
func (s *groupSet) place(c Claim) int {
	return slices.IndexFunc(s.claims(c.Group), c.same)
}

func (s *groupSet) append(c Claim) {
	claims := s.claims(c.Group)
	s.set(c.Group, append(claims[:len(claims):len(claims)], c))
}

// release removes c, and reports whether it was there.
func (s *groupSet) release(c Claim) bool {
	i := s.place(c)
	if i < 0 {
		return false
	}
	s.set(c.Group, slices.Delete(slices.Clone(s.claims(c.Group)), i, i+1))
	return true
}

// list returns all groups with claims: the old ones in their order, then new ones.
func (s *groupSet) list() []Group {
	var groups []Group
	add := func(key string) {
		if claims := s.claims(key); len(claims) > 0 {
			groups = append(groups, Group{key, claims})
		}
	}
	for i := range s.groups {
		add(s.groups[i].Key)
	}
	for _, key := range s.order {
		if _, old := s.given[key]; !old {
			add(key)
		}
	}
	return groups
}

// foldGroup is the key of a group: names ignore case.
func foldGroup(name string) string { return strings.ToLower(name) }

// standing is what became of a claim.
type standing int

const (
	holds   standing = iota // first in its group: go on
	waits                   // behind somebody
	refused                 // the group's queue is full
)

// claim takes a place in a group for n, or for the run as a whole when n is
// nil. GitHub: one holds, one waits, and a newer one replaces the one that
// waits; `queue: max` lets more wait; cancel-in-progress also ends the holder.
func (v *view) claim(n *node, c workflow.Concurrency) standing {
	own := v.claimOf(n, foldGroup(c.Group))
	switch place := v.groups.place(own); {
	case place == 0:
		return holds
	case place > 0:
		return waits
	}
	earlier := v.groups.claims(own.Group)
	if len(earlier) > maxWaiting && c.Queue == "max" {
		return refused
	}
	for i, other := range earlier {
		if i == 0 && c.CancelInProgress || i > 0 && c.Queue != "max" {
			v.evict(other, i == 0, fmt.Sprintf(
				"Canceling since a higher priority waiting request for '%s' exists", c.Group))
		}
	}
	own.Since = v.now
	v.groups.append(own)
	v.d.Claims = append(v.d.Claims, own)
	if v.groups.place(own) == 0 {
		return holds
	}
	return waits
}

func (v *view) claimOf(n *node, group string) Claim {
	c := Claim{Group: group, Run: v.run.ID}
	if n != nil {
		c.Job = n.job.ID
	}
	return c
}

// evict cancels who has a claim. One that holds the group keeps it to its end.
func (v *view) evict(c Claim, holding bool, reason string) {
	if !holding {
		v.release(c)
	}
	if c.Run != v.run.ID {
		v.d.Evictions = append(v.d.Evictions, Eviction{c, reason})
		return
	}
	if n := v.node(c.Job); n != nil {
		v.requestCancel(n, CancelRequest{At: v.now, Reason: reason})
	}
}

// release removes a claim, whether it is old or was made by this decision.
func (v *view) release(c Claim) {
	if !v.groups.release(c) {
		return
	}
	if i := slices.IndexFunc(v.d.Claims, c.same); i >= 0 {
		v.d.Claims = slices.Delete(v.d.Claims, i, i+1)
		return
	}
	v.d.Releases = append(v.d.Releases, c)
}

// releaseAll gives back what an ended job claimed, and wakes those of this
// run that waited for it.
func (v *view) releaseAll(n *node) {
	groups := v.job(n).Groups
	if len(groups) == 0 {
		return
	}
	v.edit(n).Groups = nil
	for _, group := range groups {
		v.release(v.claimOf(n, group))
		v.wakeHolder(group)
	}
}

// wakeHolder looks again at the job of this run that now holds a group.
func (v *view) wakeHolder(group string) {
	claims := v.groups.claims(group)
	if len(claims) == 0 || claims[0].Run != v.run.ID || claims[0].Job == "" {
		return
	}
	if n := v.node(claims[0].Job); n != nil {
		v.push(n)
	}
}

// holdsAll reports whether n (the run when nil) is first in all of these
// groups. A claim that got lost is made again.
func (v *view) holdsAll(n *node, groups ...string) bool {
	first := true
	for _, group := range groups {
		c := v.claimOf(n, group)
		if v.groups.place(c) < 0 {
			c.Since = v.now
			v.groups.append(c)
			v.d.Claims = append(v.d.Claims, c)
		}
		first = first && v.groups.place(c) == 0
	}
	return first
}

// deadlock says why n can never get a group: the run, or a call it is part
// of, holds it until n has ended. "" is no deadlock.
func (v *view) deadlock(n *node, group string) string {
	with := ""
	key := foldGroup(group)
	if v.state.GroupKey == key {
		with = "top level workflow"
	}
	for up := n; up != nil && with == ""; up = v.above(up) {
		if up != n && slices.Contains(v.job(up).Groups, key) {
			with = v.job(up).Display
		}
	}
	if with == "" {
		return ""
	}
	return fmt.Sprintf("Canceling since a deadlock for concurrency group '%s' was detected between '%s' and '%s'",
		group, with, v.job(n).Display)
}
