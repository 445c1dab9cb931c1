package engine

import (
	"slices"
	"strings"
)

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
