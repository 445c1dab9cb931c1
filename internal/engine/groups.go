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

// claim takes a place in a group for n, or for the run as a whole when n is
// nil. GitHub: one holds, one waits, and a newer one replaces the one that
// waits; `queue: max` lets more wait; cancel-in-progress also ends the holder.
// It reports whether n is first; refused says why n can't even wait.
func (v *view) claim(n *node, c workflow.Concurrency) (first bool, refused string) {
	own := v.claimOf(n, foldGroup(c.Group))
	if place := v.groups.place(own); place >= 0 {
		return place == 0, ""
	}
	earlier := v.groups.claims(own.Group)
	if len(earlier) > maxWaiting && c.Queue == "max" {
		return false, fmt.Sprintf("Canceling since the concurrency group '%s' has %d waiting already", c.Group, maxWaiting)
	}
	var replaced, stay []Claim
	for i, other := range earlier {
		if (i == 0 && c.CancelInProgress || i > 0 && c.Queue != "max") && !own.inside(other) {
			replaced = append(replaced, other)
		} else {
			stay = append(stay, other)
		}
	}
	if with, found := v.groups.deadlock(own, stay); found {
		return false, v.whyDeadlock(n, c.Group, with)
	}
	for _, other := range replaced {
		v.evict(other, other.same(earlier[0]), fmt.Sprintf(
			"Canceling since a higher priority waiting request for '%s' exists", c.Group))
	}
	own.Since = v.now
	v.groups.append(own)
	v.d.Claims = append(v.d.Claims, own)
	return v.groups.place(own) == 0, ""
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

// inside reports whether c is a part of d, which then can't end before c has.
func (c Claim) inside(d Claim) bool {
	return c.Run == d.Run && c.Job != d.Job && (d.Job == "" || strings.HasPrefix(c.Job, d.Job+"/"))
}

// deadlock looks for somebody who can't end before own has, among those who
// must end before own can begin: the earlier claims of its group, and those
// that what is inside of them waits for in its turn.
func (s *groupSet) deadlock(own Claim, earlier []Claim) (with Claim, found bool) {
	groups := s.list()
	seen := map[Claim]bool{}
	for queue := slices.Clone(earlier); len(queue) > 0; queue = queue[1:] {
		c := queue[0]
		if own.inside(c) {
			return c, true
		}
		if seen[c] {
			continue
		}
		seen[c] = true
		for _, g := range groups {
			for i, waiting := range g.Claims {
				if i > 0 && (waiting.same(c) || waiting.inside(c)) {
					queue = append(queue, g.Claims[:i]...)
				}
			}
		}
	}
	return Claim{}, false
}

// whyDeadlock words a deadlock as GitHub does.
func (v *view) whyDeadlock(n *node, group string, with Claim) string {
	other := "top level workflow"
	if holder := v.node(with.Job); holder != nil {
		other = v.job(holder).Display
	}
	return fmt.Sprintf("Canceling since a deadlock for concurrency group '%s' was detected between '%s' and '%s'",
		group, other, v.job(n).Display)
}
